"""The lifecycle of a claim, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.claims.models import Claim
from sandbox.claims.table import CLAIM
from sandbox.pilots.models import Pilot
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows

COMPANY = "company_author company_signatory"
TABLE = {
    "inform": Move("filed", "informed", COMPANY),
    "pay": Move("informed", "paid", "company_signatory"),
    "refuse": Move("informed", "refused", "company_signatory"),
    "report": Move("paid refused", "reported", COMPANY),
}


def test_the_table_is_the_expected_one():
    assert rows(CLAIM) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(CLAIM, TABLE))
def test_cells(status, verb):
    claim = Claim(status=status, pilot=Pilot(company_id=HOMES["company"]))
    assert row_found(CLAIM, claim, verb) == row_expected(TABLE, status, verb)
