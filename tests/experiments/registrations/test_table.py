"""The registration's lifecycle, cell by cell."""

from __future__ import annotations

import pytest

from experiments.registrations.models import EXPERIMENT, Experiment
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows

TABLE = {
    "save_draft": Move("draft", "draft", "evaluator"),
    "lock": Move("draft", "locked", "evaluator"),
    "amend": Move("locked", "locked", "evaluator", needs_reason=True),
    "sign_result": Move("locked evaluated", "evaluated", "evaluator"),
    "withdraw": Move("draft locked", "withdrawn", "evaluator", needs_reason=True),
}


def test_the_table_is_the_expected_one():
    assert rows(EXPERIMENT) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(EXPERIMENT, TABLE))
def test_cells(status, verb):
    experiment = Experiment(status=status, evaluator_organisation_id=HOMES["institute"])
    assert row_found(EXPERIMENT, experiment, verb) == row_expected(TABLE, status, verb)


def test_the_draft_alone_is_kept_from_the_public_timeline():
    assert [t.verb for t in EXPERIMENT.transitions if not t.public] == ["save_draft"]
