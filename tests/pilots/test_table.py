"""The pilot's lifecycle, cell by cell."""

from __future__ import annotations

import pytest

from experiments.registrations.models import Experiment, PlanVersion
from sandbox.exemptions.models import Exemption
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT
from sandbox.programmes.models import Site
from tests.cells import HOMES, Move, cells, expected_rows, found, row_expected, row_found, rows

LIVE = "running extended deemed_extended"

TABLE = {
    "edit": Move("draft", "draft", "company_author"),
    "revise": Move("returned", "returned", "company_author"),
    "file": Move("draft returned", "in_review", "company_signatory"),
    "return": Move("in_review", "returned", "ministry_reviewer", needs_reason=True),
    "approve": Move("in_review", "approved", "decider"),
    "find_not_required": Move("in_review", "not_required", "decider", needs_reason=True),
    "reject": Move("in_review", "rejected", "decider", needs_reason=True),
    "start": Move("approved", "running", "company_signatory"),
    "suspend": Move(LIVE, "suspended", "decider", needs_reason=True),
    "lift": Move("suspended", "running", "decider", needs_reason=True),
    "run_on_extended": Move("running", "extended", "decider service"),
    "run_on_deemed": Move("running", "deemed_extended", "decider"),
    "extend": Move("running", "extended", "decider"),
    "deem_extended": Move("running extended", "deemed_extended", "company_signatory service"),
    "end_deemed": Move("deemed_extended", "running", "decider service"),
    "convert": Move("deemed_extended", "converted", "decider"),
    "finish": Move(f"{LIVE} suspended", "report_due", "company_signatory"),
    "end_period": Move(f"{LIVE} suspended", "report_due", "service"),
    "report": Move("report_due", "reported", "company_signatory"),
    "conclude": Move(f"{LIVE} suspended report_due reported", "concluded", "decider"),
    "stop": Move(f"{LIVE} suspended report_due reported", "stopped", "decider", needs_reason=True),
    "revoke": Move(f"approved {LIVE} suspended", "revoked", "decider", needs_reason=True),
    "regularise": Move(f"{LIVE} suspended report_due reported concluded", "regularised", "ministry_reviewer"),
    "withdraw": Move(
        "draft in_review returned", "withdrawn", "company_author company_signatory", needs_reason=True
    ),
}


def create_pilot(status: str, *, exemption_status: str = "approved", locked: bool = True) -> Pilot:
    """A pilot that may start, unless told otherwise; nothing of it is stored."""
    return Pilot(
        status=status,
        company_id=HOMES["company"],
        site=Site(city_id=HOMES["city"]),
        # A regime without a start gate: what the others ask for is tried on stored pilots.
        exemption=Exemption(
            status=exemption_status,
            lead_id=HOMES["ministry"],
            regime_id="known-history",
            regime_version="2026-11",
        ),
        experiment=Experiment(versions=[PlanVersion(number=1)] if locked else []),
    )


def test_the_table_is_the_expected_one():
    assert rows(PILOT) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(PILOT, TABLE))
def test_cells(status, verb):
    assert row_found(PILOT, create_pilot(status), verb) == row_expected(TABLE, status, verb)


@pytest.mark.parametrize(
    ("verb", "status", "who", "pilot"),
    [
        ("start", "approved", "company_signatory", {"exemption_status": "rejected"}),
        ("start", "approved", "company_signatory", {"locked": False}),
        ("approve", "in_review", "decider", {"exemption_status": "consulted"}),
    ],
)
def test_guards_hold_the_move_back(verb, status, who, pilot):
    assert found(PILOT, create_pilot(status, **pilot), verb, who) == "wrong moment"


def test_what_is_being_written_alone_is_kept_from_the_public_timeline():
    assert [t.verb for t in PILOT.transitions if not t.public] == [
        *("edit", "revise", "run_on_extended", "run_on_deemed")
    ]
