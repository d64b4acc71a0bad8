"""What tests announce, report and inspect."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.incidents import reporting
from sandbox.incidents.models import Incident
from sandbox.inspections import inspecting
from sandbox.inspections.models import Inspection
from sandbox.orders import hearing, issuing
from sandbox.orders.models import Order
from tests.factories import Case

# Ten in the morning in Seoul, after every act of a walked history.
MORNING = datetime(2026, 3, 10, 1, tzinfo=UTC)
ITEMS = ("progress", "conditions", "criteria", "damage")


def order_values(**changes: Any) -> dict[str, Any]:
    """What `OrderAnnouncementSchema` gives."""
    return {
        "kind": "corrective",
        "legal_ground": "Art. 52(4)",
        "content": "Repair the signals at both crossings.",
        "answer_by": date(2026, 3, 20),
    } | changes


def issue_values(**changes: Any) -> dict[str, Any]:
    """What `OrderIssueSchema` gives."""
    return {
        "content": "Repair the signals at both crossings.",
        "appeal": "An appeal is open within 90 days.",
        "due_on": date(2026, 9, 10),
        "city_opinion": "",
        "committee_reference": "",
    } | changes


def incident_values(case: Case, **changes: Any) -> dict[str, Any]:
    """What `IncidentSchema` gives."""
    return {
        "severity": "minor",
        "happened_at": case.at - timedelta(hours=2),
        "place": "Crossing 3",
        "what": "A signal stayed green for both directions.",
        "deaths": 0,
        "injured": 0,
        "damage_won": 0,
        "done": "The signal was switched off.",
    } | changes


def checklist(**findings: dict[str, Any]) -> dict[str, Any]:
    """What `InspectionRecordSchema` gives: everything in order but the `findings`."""
    fine = {"result": "in_order", "text": "", "due_on": None}
    return {
        "inspected_on": date(2026, 3, 2),
        "present": "The site manager and two inspectors",
        "items": {key: findings.get(key, fine) for key in ITEMS},
    }


def announce(case: Case, who: str = "reviewer", **changes: Any) -> Order:
    case.at = max(case.at, MORNING)
    return hearing.announce(
        case.session, case.pilot, order_values(**changes), by=case.actor(who), at=case.tick()
    )


def issued(case: Case, **changes: Any) -> Order:
    """An order that the company answered and the decider issued."""
    order = announce(case)
    hearing.state_position(case.session, order, text="We agree.", by=case.actor("author"), at=case.tick())
    issuing.issue(case.session, order, issue_values(**changes), by=case.actor("decider"), at=case.tick())
    return order


def report_incident(case: Case, who: str = "author", **changes: Any) -> Incident:
    values = incident_values(case, **changes)
    return reporting.report(case.session, case.pilot, values, by=case.actor(who), at=case.tick())


def plan_inspection(case: Case, who: str = "city_reviewer", **changes: Any) -> Inspection:
    values = {"planned_on": date(2026, 3, 10), "purpose": "After complaints.", "is_joint": True} | changes
    return inspecting.plan(case.session, case.pilot, values, by=case.actor(who), at=case.tick())
