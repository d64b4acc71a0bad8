"""The page of lifecycles is the one that the service runs by, and none is missing from it."""

from __future__ import annotations

import gc
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import sandbox.tables  # noqa: F401 - brings every lifecycle that there is
from experiments.lifecycle import Lifecycle
from sandbox.cli import main
from sandbox.lifecycles import LIFECYCLES, document

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "lifecycles.md"


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


@pytest.fixture(scope="module")
def tested() -> set[tuple[str, str, str]]:
    """(kind, status, verb) of every row of cells that a test compares with a table written down in it."""
    return {
        (lifecycle.kind, *row)
        for module in modules_with_cells()
        for lifecycle in vars(module).values()
        if isinstance(lifecycle, Lifecycle)
        for row in rows_of(module)
    }


def modules_with_cells() -> Iterator[ModuleType]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path != Path(__file__) and "row_found(" in path.read_text(encoding="utf-8"):
            yield importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def rows_of(module: ModuleType) -> set[tuple[str, str]]:
    """(status, verb), the last two parameters of each test that asks everybody."""
    return {
        values[-2:]
        for test in vars(module).values()
        if inspect.isfunction(test) and "row_found" in test.__code__.co_names
        for mark in getattr(test, "pytestmark", ())
        if mark.name == "parametrize"
        for values in mark.args[1]
        if isinstance(values, tuple)
    }


@pytest.mark.parametrize("lifecycle", [each for _title, each in LIFECYCLES], ids=lambda each: each.kind)
def test_every_cell_is_tested(lifecycle, tested):
    every = {
        (lifecycle.kind, status.value, transition.verb)
        for status in lifecycle.states
        for transition in lifecycle.transitions
    }
    assert every <= tested
