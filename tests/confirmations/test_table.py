"""The lifecycle of a request for rapid confirmation, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.confirmations.models import Agency, Confirmation
from sandbox.confirmations.table import CONFIRMATION
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows
from tests.factories import REGIME

COMPANY = "company_author company_signatory"
TABLE = {
    "edit": Move("draft", "draft", "company_author"),
    "submit": Move("draft", "received", "company_signatory"),
    "route": Move("received", "waiting", "ministry_reviewer"),
    "take_alone": Move("received", "all_in", "ministry_reviewer", needs_reason=True),
    "collect": Move("waiting", "all_in", "ministry_reviewer service"),
    "answer": Move("all_in", "notified", "ministry_reviewer"),
    "apply": Move("notified", "notified", "company_author"),
    "withdraw": Move("draft received waiting all_in", "withdrawn", COMPANY, needs_reason=True),
}


def create_confirmation(status: str) -> Confirmation:
    """A request on which its one agency, the ministry itself, has replied; nothing of it is stored."""
    confirmation = Confirmation(
        regime_id=REGIME,
        regime_version="2026-09",
        company_id=HOMES["company"],
        lead_id=HOMES["ministry"],
        title="Delivery robot",
        technology="robot",
        description="It delivers parcels on pavements.",
        articles=[],
        status=status,
        outcome="permit_needed",
    )
    confirmation.agencies.append(Agency(organisation_id=HOMES["ministry"], reply="no_permit"))
    return confirmation


def test_the_table_is_the_expected_one():
    assert rows(CONFIRMATION) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(CONFIRMATION, TABLE))
def test_cells(status, verb):
    assert row_found(CONFIRMATION, create_confirmation(status), verb) == row_expected(TABLE, status, verb)


def test_every_step_but_edits_and_withdrawal_names_its_provision():
    assert [t.verb for t in CONFIRMATION.transitions if not t.source] == ["edit", "withdraw"]
