"""Errors of the statistics core cross the border between two processes whole."""

from __future__ import annotations

import pickle

import pytest

from stats.errors import DesignError, DocumentError, EstimationError, PanelError

ERRORS = [
    PanelError("outcomes", "the cell is missing", unit="D01", period="2026-07"),
    DesignError({"predictors.0.periods": ["is empty"]}),
    DocumentError("effect.value", "is missing"),
    EstimationError("margin", "must be 0 or more"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_in_another_process(error):
    there = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert vars(there) == vars(error)
