"""What the lifting of a suspension waits for; asked by the lifecycle of the pilot."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from sandbox.pilots.models import Pilot
from sandbox.suspensions.models import Suspension, SuspensionStatus

S = SuspensionStatus
UNENDED = (S.IN_FORCE, S.REPORTED, S.CLOSED)


def suspension_in_force(session: Session, pilot: Pilot) -> Suspension | None:
    """The suspension that keeps the pilot from running now."""
    query = select(Suspension).where(Suspension.pilot_id == pilot.id, Suspension.status.in_(UNENDED))
    with session.no_autoflush:
        return session.scalar(query.order_by(Suspension.id.desc()).limit(1))


def measures_are_closed(pilot: Pilot) -> bool:
    """The measures against what led to the suspension are recorded as closed (Art. 52(4))."""
    session = object_session(pilot)
    suspension = suspension_in_force(session, pilot) if session else None
    return suspension is None or suspension.status == S.CLOSED
