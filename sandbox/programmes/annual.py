"""The annual report (연차보고): what was filed, approved and refused, what ran, and what came out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select
from sqlalchemy.orm import Session, joinedload

from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation
from experiments.registrations.models import PlanVersion
from sandbox.decisions.models import Decision, DecisionStatus
from sandbox.exemptions.models import Exemption
from sandbox.incidents.models import Incident
from sandbox.pilots.models import Pilot, PilotHistory
from sandbox.pilots.register import is_public
from sandbox.pilots.table import PILOT

ZONE = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True)
class Lesson:
    """A decision of the year: on which finding, what was decided, and why."""

    number: str
    title_ko: str
    title_en: str
    finding: str
    outcome: str
    reasons: str
    decided_at: datetime


@dataclass(frozen=True)
class Overdue:
    """A pilot whose period was over without a signed result."""

    number: str
    title_ko: str
    title_en: str
    last_day: date


@dataclass(frozen=True)
class Results:
    """What was promised and what came out, at the end of the year.

    locked    pilots whose analysis plan was fixed
    signed    of these, with a signed result
    due       approved pilots whose period was over
    reported  of these, with a signed result; the others are `overdue`
    """

    locked: int
    signed: int
    due: int
    reported: int
    overdue: tuple[Overdue, ...]


@dataclass(frozen=True)
class Incidents:
    """Reported in the year; `late` after the set time."""

    reported: int
    late: int
    deaths: int
    injured: int


@dataclass(frozen=True)
class Annual:
    """One year in the register's zone, up to `as_of` where it is not over.

    steps     verb of the pilot's lifecycle -> how many in the year
    standing  status -> how many public pilots stood in it at the end
    """

    year: int
    as_of: datetime
    is_over: bool
    steps: tuple[tuple[str, int], ...]
    standing: tuple[tuple[str, int], ...]
    results: Results
    incidents: Incidents
    lessons: tuple[Lesson, ...]


def years(session: Session, *, now: datetime) -> tuple[int, ...]:
    """The years that have a report, the latest first: from the first filing to this one."""
    first = session.scalar(select(func.min(PilotHistory.at)).where(PilotHistory.verb == "file"))
    this = now.astimezone(ZONE).year
    return tuple(range(this, (first.astimezone(ZONE).year if first else this) - 1, -1))


def annual(session: Session, year: int, *, now: datetime) -> Annual:
    """The report of `year`, of public pilots alone; NotFound for a year without one."""
    if year not in years(session, now=now):
        raise NotFound("annual report", str(year))
    begin, end = _midnight(year), min(_midnight(year + 1), now)
    return Annual(
        year=year,
        as_of=end,
        is_over=_midnight(year + 1) <= now,
        steps=_steps(session, begin, end),
        standing=_standing(session, end),
        results=_results(session, end),
        incidents=_incidents(session, begin, end),
        lessons=_lessons(session, begin, end),
    )


def _midnight(year: int) -> datetime:
    """The first instant of the year where the register is."""
    return datetime(year, 1, 1, tzinfo=ZONE).astimezone(UTC)


def _within(moment: SQLColumnExpression[Any], begin: datetime, end: datetime) -> ColumnElement[bool]:
    return (moment >= begin) & (moment < end)


def _of_public_pilots() -> ColumnElement[bool]:
    """Rows of histories that anyone may know of."""
    return PilotHistory.subject_id.in_(select(Pilot.id).where(is_public()))


def _steps(session: Session, begin: datetime, end: datetime) -> tuple[tuple[str, int], ...]:
    counts = session.execute(
        select(PilotHistory.verb, func.count(PilotHistory.id))
        .where(_of_public_pilots(), _within(PilotHistory.at, begin, end))
        .group_by(PilotHistory.verb)
    )
    found: dict[str, int] = {row[0]: row[1] for row in counts}
    return tuple((row.verb, found.get(row.verb, 0)) for row in PILOT.transitions if row.public)


def _standing(session: Session, end: datetime) -> tuple[tuple[str, int], ...]:
    last = (
        select(func.max(PilotHistory.id))
        .where(_of_public_pilots(), PilotHistory.at < end)
        .group_by(PilotHistory.subject_id)
    )
    counts = session.execute(
        select(PilotHistory.new_status, func.count(PilotHistory.id))
        .where(PilotHistory.id.in_(last))
        .group_by(PilotHistory.new_status)
    )
    found: dict[str, int] = {row[0]: row[1] for row in counts}
    return tuple((status.value, found[status]) for status in PILOT.states if found.get(status))


def _results(session: Session, end: datetime) -> Results:
    signed = (
        select(Evaluation.id)
        .where(Evaluation.experiment_id == Pilot.experiment_id, Evaluation.signed_at < end)
        .exists()
    )
    locked = (
        select(PlanVersion.id)
        .where(PlanVersion.experiment_id == Pilot.experiment_id, PlanVersion.locked_at < end)
        .exists()
    )
    # The last day belongs to the period.
    is_due = Exemption.granted_to < end.astimezone(ZONE).date()
    pilots = select(Pilot).join(Exemption, Exemption.id == Pilot.exemption_id).where(is_public())
    overdue = session.scalars(
        pilots.where(is_due, ~signed)
        .order_by(Exemption.granted_to, Pilot.number)
        .options(joinedload(Pilot.exemption))
    )

    def count(*which: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(pilots.where(*which).subquery())) or 0

    return Results(
        locked=count(locked),
        signed=count(locked, signed),
        due=count(is_due),
        reported=count(is_due, signed),
        overdue=tuple(_overdue(pilot) for pilot in overdue),
    )


def _overdue(pilot: Pilot) -> Overdue:
    assert pilot.exemption.granted_to is not None  # asked for
    return Overdue(str(pilot.number), pilot.title_ko, pilot.title_en, pilot.exemption.granted_to)


def _incidents(session: Session, begin: datetime, end: datetime) -> Incidents:
    counted = (
        select(
            func.count(Incident.id),
            func.count(Incident.id).filter(Incident.reported_at > Incident.due_at),
            func.coalesce(func.sum(Incident.deaths), 0),
            func.coalesce(func.sum(Incident.injured), 0),
        )
        .join(Pilot, Pilot.id == Incident.pilot_id)
        .where(is_public(), _within(Incident.reported_at, begin, end))
    )
    return Incidents(*(int(value) for value in session.execute(counted).one()))


def _lessons(session: Session, begin: datetime, end: datetime) -> tuple[Lesson, ...]:
    decided = session.scalars(
        select(Decision)
        .join(Pilot, Pilot.id == Decision.pilot_id)
        .where(
            is_public(), Decision.status == DecisionStatus.DECIDED, _within(Decision.decided_at, begin, end)
        )
        .order_by(Decision.decided_at, Decision.id)
        .options(joinedload(Decision.pilot), joinedload(Decision.evaluation))
    )
    return tuple(
        Lesson(
            number=str(each.pilot.number),
            title_ko=each.pilot.title_ko,
            title_en=each.pilot.title_en,
            finding=str(each.evaluation.finding),
            outcome=each.outcome,
            reasons=each.reasons,
            decided_at=each.decided_at,
        )
        for each in decided
        if each.decided_at is not None
    )
