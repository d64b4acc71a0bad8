"""Nothing public is ever deleted: only attempts that were counted, and lines made from other rows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORGETTABLE = {
    "SignInAttempt",  # who tried to sign in, for the throttle
    "ClaimFiling",  # from where claims came, for the throttle
    "FormDraft",  # what was typed and not sent, once it is sent or old
    "CaseArticle",  # words to search by
}
# Files that delete objects, each with what: lines of desks, which the next act writes anew.
DELETING = {"sandbox/desks/keeping.py"}


def calls(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def deleted(path):
    """Classes in `delete(Class)`, and the file itself for `session.delete(row)`."""
    for call in calls(path):
        if isinstance(call.func, ast.Name) and call.func.id == "delete":
            yield ast.unparse(call.args[0])
        elif ast.unparse(call.func).endswith("session.delete"):
            yield path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", ["experiments", "sandbox"])
def test_only_what_may_be_forgotten_is_deleted(package):
    found = {each for path in (ROOT / package).rglob("*.py") for each in deleted(path)}
    assert found <= FORGETTABLE | DELETING


def test_no_sql_of_ours_deletes():
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "sandbox").rglob("*.py")}
    assert [path for path, text in texts.items() if "DELETE FROM" in text] == []
