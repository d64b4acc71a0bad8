"""Whether every uncertainty of a pilot is settled: what the end of the pilot asks, and nothing else."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import object_session

from sandbox.pilots.models import Pilot
from sandbox.uncertainties.models import Uncertainty, UncertaintyStatus


def open_uncertainties(pilot: Pilot) -> list[Uncertainty]:
    """What was named and is neither answered, tested nor declared open."""
    session = object_session(pilot)
    if session is None:
        return []
    query = select(Uncertainty).where(
        Uncertainty.pilot_id == pilot.id, Uncertainty.status == UncertaintyStatus.NAMED
    )
    # A rule is asked in the middle of an act; a half-made act must not reach the database.
    with session.no_autoflush:
        return list(session.scalars(query.order_by(Uncertainty.id)))


def every_uncertainty_is_settled(pilot: Pilot) -> bool:
    """Answered, tested or declared open: nothing that was named at approval is forgotten (our rule)."""
    return not open_uncertainties(pilot)
