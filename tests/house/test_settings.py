"""Every setting is read, and each has its line in the README."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from sandbox.config import Settings, read_settings

README = Path(__file__).parents[2] / "README.md"
NAMES = {f"SANDBOX_{field.name.upper()}" for field in fields(Settings)}
# Read by tests/conftest.py, not by the service.
FOR_TESTS = {"SANDBOX_TEST_DATABASE_URL"}


class Watched(dict):
    """An environment that notes what is asked of it."""

    def __init__(self, **values: str) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


def test_every_setting_is_read_under_its_own_name(tmp_path):
    environ = Watched(SANDBOX_VAR_DIR=str(tmp_path))
    read_settings(environ)
    assert environ.asked == NAMES


def test_readme_has_a_row_for_every_setting_and_no_other():
    rows = re.findall(r"^\| `(SANDBOX_[A-Z_]+)` \|", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(rows) == NAMES | FOR_TESTS
    assert len(rows) == len(set(rows))
