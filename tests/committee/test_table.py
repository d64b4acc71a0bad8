"""The lifecycle of a meeting, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.committee.models import AgendaItem, Called, Meeting
from sandbox.committee.table import MEETING
from sandbox.exemptions.models import Exemption
from tests.cells import PEOPLE, Move, cells, expected_rows, found, row_expected, row_found, rows
from tests.factories import REGIME

# The delegate keeps one committee for all ministries (Art. 56, D58).
SECRETARIAT = "secretariat other_secretariat"
TABLE = {
    "edit": Move("planned", "planned", SECRETARIAT),
    "call": Move("planned", "called", SECRETARIAT),
    "cancel": Move("planned", "cancelled", SECRETARIAT, needs_reason=True),
    "close": Move("called", "closed", SECRETARIAT),
    "sign": Move("closed", "signed", "committee_member"),
}


def create_meeting(status="planned", *, is_chair=True, resolution="approve", **changes):
    """A meeting on one resolved case, with written minutes; not stored."""
    chair = Called(person_id=PEOPLE["committee_member"].person_id, is_chair=is_chair)
    item = AgendaItem(resolution=resolution, exemption=Exemption(status="tabled"))
    facts = {"called": [chair], "items": [item], "minutes": "Resolved."} | changes
    return Meeting(status=status, regime_id=REGIME, regime_version="2026-09", **facts)


def test_the_table_is_the_expected_one():
    assert rows(MEETING) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(MEETING, TABLE))
def test_cells(status, verb):
    assert row_found(MEETING, create_meeting(status), verb) == row_expected(TABLE, status, verb)


@pytest.mark.parametrize(
    ("status", "verb", "who", "missing"),
    [
        ("planned", "call", "secretariat", {"items": []}),
        ("called", "close", "secretariat", {"resolution": None}),
        ("closed", "sign", "committee_member", {"minutes": "  "}),
    ],
)
def test_guards_hold_the_step_back(status, verb, who, missing):
    assert found(MEETING, create_meeting(status, **missing), verb, who) == "wrong moment"


def test_a_member_who_does_not_chair_signs_no_minutes():
    meeting = create_meeting("closed", is_chair=False)
    assert found(MEETING, meeting, "sign", "committee_member") == "refused"
