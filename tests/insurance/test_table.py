"""The lifecycle of a compensation plan, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.exemptions.models import Exemption
from sandbox.insurance.models import CompensationPlan
from sandbox.insurance.table import COMPENSATION
from sandbox.pilots.models import Pilot
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows

TABLE = {
    "approve": Move("filed", "approved", "decider"),
    "refuse": Move("filed", "refused", "decider", needs_reason=True),
}


def test_the_table_is_the_expected_one():
    assert rows(COMPENSATION) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(COMPENSATION, TABLE))
def test_cells(status, verb):
    pilot = Pilot(exemption=Exemption(lead_id=HOMES["ministry"]))
    plan = CompensationPlan(status=status, pilot=pilot)
    assert row_found(COMPENSATION, plan, verb) == row_expected(TABLE, status, verb)
