"""The page of lifecycles is the one that the service runs by, and none is missing from it."""

from __future__ import annotations

import gc
from pathlib import Path

from click.testing import CliRunner

import sandbox.tables  # noqa: F401 - brings every lifecycle that there is
from experiments.lifecycle import Lifecycle
from sandbox.cli import main
from sandbox.lifecycles import LIFECYCLES, document

PAGE = Path(__file__).parents[2] / "docs" / "lifecycles.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == document(), "run: sandbox lifecycles > docs/lifecycles.md"


def test_the_command_prints_the_page():
    assert CliRunner().invoke(main, ["lifecycles"]).output == document()


def test_no_lifecycle_is_missing():
    of_the_product = {
        found.kind
        for found in gc.get_objects()
        if isinstance(found, Lifecycle)
        and found.transitions
        and not found.transitions[0].who.__module__.startswith("tests")
    }
    assert of_the_product == {lifecycle.kind for _title, lifecycle in LIFECYCLES}
