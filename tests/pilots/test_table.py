"""The pilot's lifecycle, cell by cell."""

from __future__ import annotations

import pytest

from experiments.registrations.models import Experiment, PlanVersion
from sandbox.exemptions.models import Exemption
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT
from sandbox.programmes.models import Site
from tests.cells import HOMES, Move, cells, expected, expected_rows, found, rows

TABLE = {
    "edit": Move("draft", "draft", "company_author"),
    "revise": Move("returned", "returned", "company_author"),
    "file": Move("draft returned", "in_review", "company_signatory"),
    "return": Move("in_review", "returned", "ministry_reviewer", needs_reason=True),
    "approve": Move("in_review", "approved", "decider"),
    "reject": Move("in_review", "rejected", "decider", needs_reason=True),
    "start": Move("approved", "running", "company_signatory"),
    "suspend": Move("running", "suspended", "decider", needs_reason=True),
    "lift": Move("suspended", "running", "decider", needs_reason=True),
    "finish": Move("running suspended", "finished", "company_signatory"),
    "conclude": Move("running suspended finished", "concluded", "decider"),
    "stop": Move("running suspended finished", "stopped", "decider", needs_reason=True),
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
        exemption=Exemption(status=exemption_status, lead_id=HOMES["ministry"]),
        experiment=Experiment(versions=[PlanVersion(number=1)] if locked else []),
    )


def test_the_table_is_the_expected_one():
    assert rows(PILOT) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb", "who"), cells(PILOT, TABLE))
def test_cell(status, verb, who):
    assert found(PILOT, create_pilot(status), verb, who) == expected(TABLE, status, verb, who)


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
    assert [t.verb for t in PILOT.transitions if not t.public] == ["edit", "revise"]
