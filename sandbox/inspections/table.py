"""The lifecycle of an inspection, and how acts on it are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.inspections.models import Inspection, InspectionHistory, InspectionStatus
from sandbox.notices.outbox import CITY, COMPANY, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot

S = InspectionStatus


def inspector(actor: Actor, pilot: Pilot) -> bool:
    """Reviewers of the city and of the lead ministry, who inspect jointly or each alone (Art. 53(1))."""
    lead = access.ministry_reviewer(actor) and actor.organisation_id == pilot.exemption.lead_id
    return lead or access.city_staff_of(actor, pilot.exemption.city_id)


def inspector_of_the_pilot(actor: Actor, inspection: Inspection) -> bool:
    return inspector(actor, inspection.pilot)


INSPECTION: Lifecycle[InspectionStatus] = Lifecycle(
    "inspection",
    InspectionStatus,
    InspectionHistory,
    [
        Transition(
            "attach",
            (S.PLANNED,),
            S.PLANNED,
            inspector_of_the_pilot,
            source="Art. 53(1), D56(1)",
            public=False,
        ),
        Transition("record", (S.PLANNED,), S.RECORDED, inspector_of_the_pilot, source="Art. 53(1), D56(1)"),
        Transition("cancel", (S.PLANNED,), S.CANCELLED, inspector_of_the_pilot, needs_reason=True),
    ],
)


def record(
    session: Session, inspection: Inspection, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    """Put one act on `inspection` into the ledger; the company hears of all but the photos."""
    pilot = inspection.pilot
    facts = {"inspection": inspection.id} | details
    ledger.append(session, act=f"inspection.{verb}", subject=pilot.key, by=by, at=at, details=facts)
    if verb != "attach":
        offices = (
            Office(pilot.company_id, COMPANY),
            Office(pilot.exemption.city_id, CITY),
            Office(pilot.exemption.lead_id, REVIEWERS),
        )
        tell(session, f"inspection.{verb}", subject=pilot.key, to=offices, by=by, at=at)
