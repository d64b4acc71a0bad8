"""The lifecycle of a compensation plan, and how acts on a pilot's insurance are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.insurance.models import CompensationPlan, CompensationPlanHistory, CompensationStatus
from sandbox.notices.outbox import CITY, COMPANY, DECIDERS, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot

S = CompensationStatus


def decider_of_the_lead_ministry(actor: Actor, plan: CompensationPlan) -> bool:
    return access.decider_at(actor, plan.pilot.exemption.lead_id)


COMPENSATION: Lifecycle[CompensationStatus] = Lifecycle(
    "compensation",
    CompensationStatus,
    CompensationPlanHistory,
    [
        Transition("approve", (S.FILED,), S.APPROVED, decider_of_the_lead_ministry, source="D57-2"),
        Transition(
            "refuse", (S.FILED,), S.REFUSED, decider_of_the_lead_ministry, needs_reason=True, source="D57-2"
        ),
    ],
)


def record(session: Session, pilot: Pilot, act: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on the pilot's insurance into the ledger, and tell those who have to know."""
    ledger.append(session, act=act, subject=pilot.key, by=by, at=at, details=details)
    tell(session, act, subject=pilot.key, to=_told(pilot, act), by=by, at=at)


def _told(pilot: Pilot, act: str) -> tuple[Office, ...]:
    """The Minister and the local head hear of what is filed (Art. 53(6)), the company of what is decided."""
    exemption = pilot.exemption
    city = Office(exemption.city_id, CITY)
    if act in {"insurance.file", "compensation.create"}:
        return (Office(exemption.lead_id, REVIEWERS | DECIDERS), city)
    return (Office(pilot.company_id, COMPANY), city)
