"""Conditions imposed without terms: nobody has said what shows that they are kept, a task from the grant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.conditions.models import Duty
from sandbox.exemptions.models import Condition, ExemptionStatus
from sandbox.notices.outbox import COMPANY, REVIEWERS, Office, tell
from sandbox.pilots.models import LIVE, Pilot, PilotStatus

OPERATES: frozenset[str] = frozenset({*LIVE, PilotStatus.APPROVED, PilotStatus.SUSPENDED})
"""Before the end of the operation: after it no window falls due any more."""


def unbound_conditions(session: Session, pilot: Pilot) -> list[Condition]:
    """Imposed conditions without terms, where the regime judges conditions and the pilot goes on."""
    exemption = pilot.exemption
    is_approved = exemption.status == ExemptionStatus.APPROVED and pilot.status in OPERATES
    if not is_approved or exemption.regime.conditions is None:
        return []
    bound = set(session.scalars(select(Duty.condition_id).where(Duty.pilot_id == pilot.id)))
    return [each for each in exemption.conditions if each.is_imposed and each.id not in bound]


def tell_of_unbound(session: Session, pilot: Pilot, *, at: datetime) -> int:
    """Right after the grant: tell company and ministries which of them are yet to be made checkable.

    Returns how many conditions these are.
    """
    left = unbound_conditions(session, pilot)
    if left:
        exemption = pilot.exemption
        asked = sorted({each.requested_by_id for each in left} | {exemption.lead_id})
        offices = [Office(pilot.company_id, COMPANY), *(Office(each, REVIEWERS) for each in asked)]
        tell(
            session,
            "condition.unbound",
            subject=pilot.key,
            to=offices,
            at=at,
            facts={"count": len(left)},
            once="grant",
        )
    return len(left)
