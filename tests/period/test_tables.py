"""The lifecycles of what happens within a period, cell by cell."""

from __future__ import annotations

from datetime import date

import pytest

from sandbox.exemptions.models import Exemption
from sandbox.period.models import Change, ChangeReply, Extension, LawRequest, Revocation
from sandbox.period.tables import CHANGE, EXTENSION, REQUEST, REVOCATION
from sandbox.pilots.models import Pilot
from sandbox.regimes import regime
from tests.cells import HOMES, Move, cells, expected_rows, found, row_expected, row_found, rows
from tests.factories import REGIME

COMPANY, REVIEWER, DECIDER = "company_author company_signatory", "ministry_reviewer", "decider"
DAY = date(2026, 9, 1)

TABLES = {
    "change": (
        CHANGE,
        {
            "contest": Move("recorded", "filed", REVIEWER, needs_reason=True),
            "consult": Move("filed", "consulting", REVIEWER),
            "deliberate": Move("consulting", "deliberated", REVIEWER),
            "approve": Move("deliberated", "approved", DECIDER, needs_reason=True),
            "refuse": Move("deliberated", "refused", DECIDER, needs_reason=True),
            "withdraw": Move("filed consulting deliberated", "withdrawn", COMPANY, needs_reason=True),
        },
    ),
    "extension": (
        EXTENSION,
        {
            "deliberate": Move("filed", "deliberated", REVIEWER),
            "grant": Move("deliberated", "granted", DECIDER, needs_reason=True),
            "refuse": Move("deliberated", "refused", DECIDER, needs_reason=True),
            "withdraw": Move("filed deliberated", "withdrawn", COMPANY, needs_reason=True),
        },
    ),
    "law_request": (
        REQUEST,
        {
            "assess": Move("filed under_review", "under_review", REVIEWER),
            "escalate": Move("under_review", "escalated", DECIDER, needs_reason=True),
            "find_needed": Move("under_review escalated", "needed", DECIDER, needs_reason=True),
            "find_not_needed": Move("under_review escalated", "not_needed", DECIDER, needs_reason=True),
            "withdraw": Move("filed under_review", "withdrawn", COMPANY, needs_reason=True),
        },
    ),
    "revocation": (
        REVOCATION,
        {
            "consult_city": Move("open", "open", "city_reviewer"),
            "deliberate": Move("open", "open", REVIEWER),
            "invite": Move("open", "open", REVIEWER),
            "hear": Move("open", "open", REVIEWER),
            "revoke": Move("open", "revoked", DECIDER, needs_reason=True),
            "drop": Move("open", "dropped", DECIDER, needs_reason=True),
        },
    ),
}
CELLS = [(kind, *cell) for kind, (lifecycle, table) in TABLES.items() for cell in cells(lifecycle, table)]

# For each guard one fact that is not there yet; everything else of `create_part` is.
HELD = [
    ("change", "consulting", "deliberate", REVIEWER, {"replies": []}),
    ("change", "deliberated", "approve", DECIDER, {"committee_agrees": False}),
    ("change", "deliberated", "approve", DECIDER, {"committee_agrees": None}),
    ("extension", "deliberated", "grant", DECIDER, {"committee_agrees": False}),
    ("law_request", "under_review", "find_needed", DECIDER, {"assessment": {}}),
    ("law_request", "escalated", "find_not_needed", DECIDER, {"assessment": {}}),
    ("revocation", "open", "deliberate", REVIEWER, {"city_opinion": None}),
    ("revocation", "open", "hear", REVIEWER, {"hearing_on": None}),
    ("revocation", "open", "revoke", DECIDER, {"city_opinion": None}),
    ("revocation", "open", "revoke", DECIDER, {"committee_on": None}),
    ("revocation", "open", "revoke", DECIDER, {"operator_came": None}),
]


def create_part(kind, status, **changes):
    """A change, extension, request or revocation for which every guard is satisfied; not stored."""
    exemption = Exemption(
        lead_id=HOMES["ministry"], city_id=HOMES["city"], regime_id=REGIME, regime_version="2026-09"
    )
    pilot = Pilot(company_id=HOMES["company"], exemption=exemption)
    model, facts = FACTS[kind]
    return model(status=status, pilot=pilot, **(facts() | changes))


FACTS = {
    "change": (Change, lambda: {"replies": [ChangeReply(agrees=False)], "committee_agrees": True}),
    "extension": (Extension, lambda: {"committee_agrees": True}),
    "law_request": (LawRequest, lambda: {"assessment": {each.id: "Seen." for each in criteria()}}),
    "revocation": (
        Revocation,
        lambda: {"city_opinion": "Yes.", "committee_on": DAY, "hearing_on": DAY, "operator_came": False},
    ),
}


def criteria():
    return regime(REGIME, "2026-09").period.criteria


@pytest.mark.parametrize("kind", TABLES)
def test_the_table_is_the_expected_one(kind):
    lifecycle, table = TABLES[kind]
    assert rows(lifecycle) == expected_rows(table)


@pytest.mark.parametrize(("kind", "status", "verb"), CELLS)
def test_cells(kind, status, verb):
    lifecycle, table = TABLES[kind]
    assert row_found(lifecycle, create_part(kind, status), verb) == row_expected(table, status, verb)


@pytest.mark.parametrize(("kind", "status", "verb", "who", "missing"), HELD)
def test_guards_hold_the_step_back(kind, status, verb, who, missing):
    lifecycle, _table = TABLES[kind]
    assert found(lifecycle, create_part(kind, status, **missing), verb, who) == "wrong moment"
