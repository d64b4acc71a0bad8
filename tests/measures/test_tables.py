"""The lifecycles of suspensions, orders, incidents, inspections and tasks, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.exemptions.models import Exemption
from sandbox.incidents.models import Incident
from sandbox.incidents.table import INCIDENT
from sandbox.inspections.models import Inspection
from sandbox.inspections.table import INSPECTION
from sandbox.orders.models import Order
from sandbox.orders.table import ORDER
from sandbox.pilots.models import Pilot
from sandbox.remedies.models import RemedyTask
from sandbox.remedies.table import TASK
from sandbox.suspensions.models import Suspension, SuspensionProposal
from sandbox.suspensions.table import PROPOSAL, SUSPENSION
from tests.cells import HOMES, Move, cells, expected_rows, found, row_expected, row_found, rows

COMPANY, REVIEWER, DECIDER = "company_author", "ministry_reviewer", "decider"
SUPERVISORS = "city_reviewer ministry_reviewer"

TABLES = {
    "proposal": (
        PROPOSAL,
        SuspensionProposal,
        {
            "act": Move("open", "acted", DECIDER),
            "dismiss": Move("open", "dismissed", DECIDER, needs_reason=True),
        },
    ),
    "suspension": (
        SUSPENSION,
        Suspension,
        {
            "report_measures": Move("in_force", "reported", COMPANY),
            "accept_measures": Move("reported", "closed", REVIEWER),
            "send_back": Move("reported", "in_force", REVIEWER, needs_reason=True),
            "close_without_measures": Move("in_force", "closed", REVIEWER, needs_reason=True),
            "lift": Move("closed", "lifted", DECIDER, needs_reason=True),
            "stop_for_good": Move("in_force reported closed", "made_permanent", DECIDER, needs_reason=True),
        },
    ),
    "order": (
        ORDER,
        Order,
        {
            "state_position": Move("announced", "heard", COMPANY),
            "record_hearing": Move("announced", "heard", REVIEWER),
            "issue": Move("heard", "issued", DECIDER),
            "extend": Move("issued", "issued", DECIDER, needs_reason=True),
            "report": Move("issued missed", "reported", COMPANY),
            "accept": Move("reported", "done", REVIEWER),
            "send_back": Move("reported", "issued", REVIEWER, needs_reason=True),
            "miss": Move("issued", "missed", "service"),
            "withdraw": Move("announced heard", "withdrawn", REVIEWER, needs_reason=True),
        },
    ),
    "incident": (
        INCIDENT,
        Incident,
        {
            "follow_up": Move("reported", "reported", f"{COMPANY} {SUPERVISORS}"),
            "close": Move("reported", "closed", REVIEWER, needs_reason=True),
        },
    ),
    "inspection": (
        INSPECTION,
        Inspection,
        {
            "attach": Move("planned", "planned", SUPERVISORS),
            "record": Move("planned", "recorded", SUPERVISORS),
            "cancel": Move("planned", "cancelled", SUPERVISORS, needs_reason=True),
        },
    ),
    "task": (
        TASK,
        RemedyTask,
        {
            "report": Move("open", "reported", COMPANY),
            "accept": Move("reported", "done", SUPERVISORS),
            "send_back": Move("reported", "open", SUPERVISORS, needs_reason=True),
        },
    ),
}
CELLS = [
    (kind, *cell) for kind, (lifecycle, _model, table) in TABLES.items() for cell in cells(lifecycle, table)
]


@pytest.mark.parametrize("kind", TABLES)
def test_the_table_is_the_expected_one(kind):
    lifecycle, _model, table = TABLES[kind]
    assert rows(lifecycle) == expected_rows(table)


@pytest.mark.parametrize(("kind", "status", "verb"), CELLS)
def test_cells(kind, status, verb):
    lifecycle, model, table = TABLES[kind]
    exemption = Exemption(lead_id=HOMES["ministry"], city_id=HOMES["city"])
    subject = model(status=status, pilot=Pilot(company_id=HOMES["company"], exemption=exemption))
    assert row_found(lifecycle, subject, verb) == row_expected(table, status, verb)


def test_the_law_knows_one_extension():
    exemption = Exemption(lead_id=HOMES["ministry"])
    order = Order(status="issued", extended_from="2026-09-01", pilot=Pilot(exemption=exemption))
    assert found(ORDER, order, "extend", "decider") == "wrong moment"
