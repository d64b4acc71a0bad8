"""The Korean catalogue says all that the code and the templates say, and nothing that they do not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
KOREAN = ROOT / "sandbox/translations/ko/LC_MESSAGES/messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|\{\w*\}")


@pytest.fixture(scope="module")
def korean() -> Catalog:
    with KOREAN.open("rb") as file:
        return read_po(file, locale="ko", abort_invalid=True)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What is to be translated now, taken out as `make messages` does it."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "--mapping",
        "pyproject.toml",
    ]
    command += ["--ignore-dirs", ".*", "--output-file", str(template), "."]
    subprocess.run(command, cwd=ROOT, check=True)
    with template.open("rb") as file:
        return read_po(file)


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def texts(value: str | tuple[str, ...]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def key(message: Message) -> tuple[str | None, tuple[str, ...]]:
    return (message.context, tuple(texts(message.id)))


def test_catalogue_holds_what_the_code_says(korean, extracted):
    said = {key(message) for message in messages(extracted)}
    known = {key(message) for message in messages(korean)}
    assert said - known == set(), "run `make messages` and translate what it adds"
    assert known - said == set(), "run `make messages`: these are no longer said"


def test_every_message_is_translated(korean):
    assert [m.id for m in messages(korean) if not all(text.strip() for text in texts(m.string))] == []


def test_no_translation_is_a_guess(korean):
    assert [m.id for m in messages(korean) if m.fuzzy] == []


def test_translations_keep_the_placeholders(korean):
    for message in messages(korean):
        # Korean has one plural form; it stands for the last, the general one, of the source.
        wanted = sorted(PLACEHOLDER.findall(texts(message.id)[-1]))
        for text in texts(message.string):
            assert sorted(PLACEHOLDER.findall(text)) == wanted, message.id


def test_a_percent_sign_is_doubled_where_it_stands_for_itself(korean):
    """A template formats every text; in one without placeholders too a lone sign is an error."""
    lone = re.compile(r"(?<!%)%(?:%%)*(?![%(])")
    assert [
        m.id for m in messages(korean) if any(lone.search(t.replace("%%", "")) for t in texts(m.string))
    ] == []


def test_no_text_hides_in_an_f_string():
    """Before Python 3.12 what stands inside one is not extracted."""
    hidden = [
        f"{module.relative_to(ROOT)}:{call.lineno}"
        for module in (ROOT / "sandbox").rglob("*.py")
        for string in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"_", "gettext", "ngettext"}
    ]
    assert hidden == []
