"""Running clocks: started and ended by what happens in a case, stopped, resumed, extended, lapsed.

Every act adds an event; the due date is worked out anew from all events each time.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from experiments.errors import WrongMoment
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.clocks.arithmetic import Derivation, Standstill, derive
from sandbox.clocks.calendar import working_days
from sandbox.clocks.holidays import WorkingDays
from sandbox.clocks.models import Case, Clock, ClockEvent, EventKind
from sandbox.clocks.rules import Lapse
from sandbox.regimes import Regime, regimes

SERVICE = Actor(None, "sandbox", "service")


def start(
    session: Session,
    regime: Regime,
    event: str,
    *,
    case: Case,
    subject: str,
    owed_by_id: int,
    by: Actor,
    at: datetime,
    on: date | None = None,
) -> list[Clock]:
    """Start every clock of `regime` that `event` sets going, counting from `on` (default: today)."""
    day = on or _day(regime, at)
    started = []
    for rule in regime.clocks_started_by(event):
        clock = Clock(
            regime_id=regime.id,
            regime_version=regime.version,
            rule_id=rule.id,
            exemption_id=case.id if case.kind == "exemption" else None,
            confirmation_id=case.id if case.kind == "confirmation" else None,
            subject=subject,
            owed_by_id=owed_by_id,
            started_on=day,
        )
        session.add(clock)
        _note(session, clock, EventKind.STARTED, by, at, day=day)
        started.append(clock)
    session.flush()
    return started


def end(session: Session, case: Case, event: str, *, subject: str, by: Actor, at: datetime) -> None:
    """End the clocks of `subject` that wait for `event`."""
    for clock in running(session, case, subject=subject):
        if event in clock.rule.ends_on:
            clock.ended_on = max(clock.started_on, _day(clock.regime, at))
            _note(session, clock, EventKind.ENDED, by, at)


def void(session: Session, case: Case, *, by: Actor, at: datetime, reason: str) -> None:
    """End every running clock of a case that is over, but those that outlive it."""
    for clock in running(session, case):
        if clock.rule.outlives_case:
            continue
        clock.ended_on = max(clock.started_on, _day(clock.regime, at))
        _note(session, clock, EventKind.VOIDED, by, at, reason=reason)


def void_one(session: Session, clock: Clock, *, by: Actor, at: datetime, reason: str) -> None:
    """End one clock whose act is not waited for any more."""
    _must_run(clock, "void")
    clock.ended_on = max(clock.started_on, _day(clock.regime, at))
    _note(session, clock, EventKind.VOIDED, by, at, reason=reason)


def stop(session: Session, clock: Clock, *, by: Actor, at: datetime, reason: str) -> None:
    """Let the clock stand still; WrongMoment if it does already, has ended or cannot stop."""
    _must_run(clock, "stop")
    if not clock.rule.stops or derivation(session, clock).stands_still:
        raise WrongMoment("clock.stop", "stopped")
    _note(session, clock, EventKind.STOPPED, by, at, reason=reason)


def resume(session: Session, clock: Clock, *, by: Actor, at: datetime) -> None:
    """Let a stopped clock run on; nothing happens to one that has ended meanwhile."""
    if clock.is_running and derivation(session, clock).stands_still:
        _note(session, clock, EventKind.RESUMED, by, at)


def extend(session: Session, clock: Clock, *, by: Actor, at: datetime, reason: str) -> None:
    """Lengthen the clock as its rule allows, before it has lapsed; WrongMoment otherwise."""
    _must_run(clock, "extend")
    if not can_be_extended(clock):
        raise WrongMoment("clock.extend", "lapsed" if clock.lapsed_on else "extended")
    _note(session, clock, EventKind.EXTENDED, by, at, reason=reason)


def can_be_extended(clock: Clock) -> bool:
    """Whether the rule leaves an extension, and the clock has not lapsed."""
    allowed = clock.rule.extension
    return (
        clock.is_running
        and clock.lapsed_on is None
        and allowed is not None
        and _count(clock, EventKind.EXTENDED) < allowed.times
    )


def lapse(session: Session, *, at: datetime) -> list[Clock]:
    """Note every running clock whose last day is over. It goes on running: nothing is approved by silence."""
    lapsed = []
    for clock in session.scalars(_overdue(at).order_by(Clock.id)):
        if clock.rule.on_lapse is Lapse.NOT_BEFORE or clock.due_on is None:
            continue
        today = _day(clock.regime, at)
        if clock.due_on < today:
            clock.lapsed_on = today
            _note(session, clock, EventKind.LAPSED, SERVICE, at, reason=clock.rule.on_lapse)
            lapsed.append(clock)
    return lapsed


def is_any_overdue(session: Session, *, at: datetime) -> bool:
    """Whether `lapse` may find something; it only reads."""
    return session.scalar(select(_overdue(at).exists())) or False


def recount(session: Session) -> int:
    """Work out the due dates of all running clocks anew, as when a holiday changed; how many moved."""
    moved = 0
    calendars: dict[str, WorkingDays] = {}
    for clock in session.scalars(select(Clock).where(Clock.ended_on.is_(None))):
        country = clock.regime.holidays
        if country not in calendars:
            calendars[country] = working_days(session, country)
        due_on = _derived(clock, calendars[country]).due_on
        moved += due_on != clock.due_on
        clock.due_on = due_on
    return moved


def running(session: Session, case: Case, *, subject: str | None = None) -> list[Clock]:
    """The clocks of a case that have not ended, in the order in which they started."""
    query = select(Clock).where(_of_case(case), Clock.ended_on.is_(None))
    if subject is not None:
        query = query.where(Clock.subject == subject)
    return list(session.scalars(query.order_by(Clock.id)))


def derivation(session: Session, clock: Clock) -> Derivation:
    """The due date with its arithmetic, from the clock's events."""
    return _derived(clock, working_days(session, clock.regime.holidays))


def _derived(clock: Clock, days: WorkingDays) -> Derivation:
    return derive(
        clock.rule,
        clock.started_on,
        days,
        standstills=standstills(clock),
        extensions=_count(clock, EventKind.EXTENDED),
    )


def standstills(clock: Clock) -> tuple[Standstill, ...]:
    """The stretches over which the clock stood still; the end of the clock ends the last of them."""
    stretches: list[Standstill] = []
    since: date | None = None
    for event in clock.events:
        if event.kind == EventKind.STOPPED:
            since = event.day
        elif since is not None and event.kind in (EventKind.RESUMED, EventKind.ENDED, EventKind.VOIDED):
            stretches.append(Standstill(since, event.day))
            since = None
    return (*stretches, *([Standstill(since, None)] if since else ()))


def _of_case(case: Case) -> ColumnElement[bool]:
    column = Clock.exemption_id if case.kind == "exemption" else Clock.confirmation_id
    return column == case.id


def _overdue(at: datetime) -> Select[Clock]:
    """Clocks whose last day is over where it is latest; their own zone decides."""
    latest = max(_day(regime, at) for regime in regimes())
    return select(Clock).where(Clock.ended_on.is_(None), Clock.lapsed_on.is_(None), Clock.due_on < latest)


def _note(
    session: Session,
    clock: Clock,
    kind: EventKind,
    by: Actor,
    at: datetime,
    *,
    day: date | None = None,
    reason: str | None = None,
) -> None:
    day = day or _day(clock.regime, at)
    clock.events.append(
        ClockEvent(kind=kind, day=day, at=at, actor_id=by.person_id, actor_name=by.name, reason=reason)
    )
    clock.due_on = derivation(session, clock).due_on
    session.flush()
    details = {
        "rule": clock.rule_id,
        "subject": clock.subject,
        "day": day.isoformat(),
        "due_on": clock.due_on and clock.due_on.isoformat(),
    }
    if reason:
        details["reason"] = reason
    ledger.append(session, act=f"clock.{kind}", subject=clock.case.key, by=by, at=at, details=details)


def _must_run(clock: Clock, verb: str) -> None:
    if not clock.is_running:
        raise WrongMoment(f"clock.{verb}", "ended")


def _count(clock: Clock, kind: EventKind) -> int:
    return sum(event.kind == kind for event in clock.events)


def _day(regime: Regime, at: datetime) -> date:
    return at.astimezone(ZoneInfo(regime.zone)).date()
