"""The countdown to the end of a permitted period: so many months and days before it, as the regime says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.clocks.arithmetic import shifted
from sandbox.clocks.rules import Length, Unit
from sandbox.exemptions.models import Exemption
from sandbox.insurance.cover import first_day, last_day
from sandbox.notices.outbox import CITY, COMPANY, EVALUATORS, REVIEWERS, Office, tell
from sandbox.pilots.models import LIVE, Pilot, PilotStatus

FARTHEST = timedelta(days=1200)
COUNTED = frozenset({PilotStatus.APPROVED, *LIVE, PilotStatus.SUSPENDED})


@dataclass(frozen=True)
class Step:
    """One distance of a countdown, and the day on which it is reached."""

    length: Length
    on: date


def count_down(session: Session, *, today: date, at: datetime) -> int:
    """Tell the parties of every pilot how near the end of its period is; how many people were told.

    Each distance is told once for each end, however often this runs. After a time in which nothing
    ran only the nearest one is told, and none that lies before the period itself.
    """
    ending = (
        select(Pilot)
        .join(Exemption, Exemption.id == Pilot.exemption_id)
        .where(Exemption.granted_to.between(today, today + FARTHEST))
        .order_by(Pilot.id)
    )
    told = 0
    for pilot in session.scalars(ending):
        step = reached(pilot, today) if pilot.status in COUNTED else None
        if step is not None:
            told += _tell(session, pilot, step, today, at)
    return told


def reached(pilot: Pilot, today: date) -> Step | None:
    """The nearest distance of the pilot's regime that was reached by `today`, within the period."""
    steps = [Step(length, _before(last_day(pilot), length)) for length in pilot.exemption.regime.countdown]
    past = [step for step in steps if first_day(pilot) <= step.on <= today]
    return max(past, key=lambda step: step.on, default=None)


def _tell(session: Session, pilot: Pilot, step: Step, today: date, at: datetime) -> int:
    end = last_day(pilot)
    return tell(
        session,
        "pilot.period_ends_soon",
        subject=pilot.key,
        to=_parties(pilot),
        at=at,
        facts={"due_on": end.isoformat(), "days": (end - today).days},
        once=f"{end}:{step.length.value}{step.length.unit}",
    )


def _parties(pilot: Pilot) -> Iterable[Office]:
    exemption = pilot.exemption
    return (
        Office(pilot.company_id, COMPANY),
        Office(exemption.lead_id, REVIEWERS),
        Office(exemption.city_id, CITY),
        Office(pilot.evaluator_id, EVALUATORS),
    )


def _before(day: date, length: Length) -> date:
    if length.unit is Unit.DAY:
        return day - timedelta(days=length.value)
    return shifted(day, -length.months)
