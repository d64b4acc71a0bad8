"""Every finding and every reason that stats can give stands in docs/statistics.md, and nothing else does."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

import stats
from stats import reasons
from stats.design import Design
from stats.evaluate import evaluate
from stats.panel import Panel
from stats.recommend_words import SENTENCES

ROOT = Path(stats.__file__).parent
DOCS = (ROOT.parent / "docs" / "statistics.md").read_text()
CODE = re.compile(r"[a-z][a-z0-9_]*")


def constants(node):
    """The codes among a value's string constants, also of a conditional or a concatenation of tuples."""
    return {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and CODE.fullmatch(each.value)
    }


def given(call, place, name):
    """The argument of `call` at `place` or by `name`."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return named or call.args[place : place + 1]


def told(makers, names):
    """Codes handed to calls of `makers` (name: place of the code) or bound to one of `names`."""
    found = {}
    for path in sorted(set(ROOT.rglob("*.py")) - {ROOT / "recommend.py"}):
        for node in ast.walk(ast.parse(path.read_text())):
            values = []
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in makers:
                values = given(node, makers[node.func.id], "code")
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in names:
                values = [node.value]
            for value in values:
                found |= dict.fromkeys(constants(value), path.name)
    return found


def rows(title):
    """The codes in the first column of the table below the heading `title`."""
    section = DOCS.split(f"\n{title}\n")[1].split("\n## ")[0].split("\n### ")[0]
    return [
        code
        for line in section.splitlines()
        if line.startswith("| `")
        for code in re.findall(r"`([a-z0-9_]+)`", line.split("|")[1])
    ]


FINDINGS = told({"Finding": 1, "_judged": 1, "_moved": 1, "_silent": 0}, {"code", "CODES"})
REASONS = told({"NotComputable": 0}, set())
GROUNDS = set(SENTENCES)
TABLES = {"## Findings": set(FINDINGS), "## Reasons": set(REASONS), "## Recommend": GROUNDS}


@pytest.mark.parametrize("title", TABLES)
def test_every_code_has_its_line_in_the_docs_and_every_line_its_code(title):
    found = rows(title)
    assert len(found) == len(set(found))
    assert set(found) == TABLES[title]


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCS.split("\n## Documents\n")[1], flags=re.DOTALL)


def agrees(shown, actual, path=""):
    """Whether what the docs show is what there is; of lists of objects they show the first."""
    if isinstance(shown, dict) and path != ".design":
        assert set(shown) == set(actual), path
        for key in shown:
            agrees(shown[key], actual[key], f"{path}.{key}")
    elif isinstance(shown, list) and shown and isinstance(shown[0], dict):
        agrees(shown[0], actual[0], f"{path}.0")
    elif path != ".design":
        assert shown == actual, path


def test_the_example_of_the_docs_gives_the_document_of_the_docs():
    design, document, reason = (json.loads(block) for block in blocks("json"))
    names = {"np": np, "Panel": Panel, "Design": Design, "evaluate": evaluate, "design": design}
    exec(blocks("python")[0], names)  # noqa: S102
    actual = names["evaluation"].document()
    agrees(document, actual)
    assert actual["design"] == design
    assert set(reason) == set(reasons.few_treated().document())
