"""The end of a period: time limits that look ahead to it, what the day after brings, and what is deemed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox import documents
from sandbox.clocks import running
from sandbox.clocks.models import Clock
from sandbox.documents.facts import Fact
from sandbox.exemptions.models import Exemption
from sandbox.period.models import Conversion, Extension, ExtensionStatus, LawRequest, RequestStatus
from sandbox.pilots.models import LIVE, Pilot, PilotStatus
from sandbox.pilots.table import PILOT, record

PERIOD = "period"
REPORT = "report"
FARTHEST_EAST = timedelta(hours=14)
OPEN_REQUESTS = (RequestStatus.FILED, RequestStatus.UNDER_REVIEW, RequestStatus.ESCALATED)
UNTIL_LAW_KO, UNTIL_LAW_EN = "법령 정비가 완료될 때까지", "Until the amendment of the law is complete"
NO_REQUEST_KO, NO_REQUEST_EN = "요청이 필요하지 않음", "No request is needed"


def expect(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """Start the clocks that run backwards from the last day of the period (K06, K07)."""
    regime, last = pilot.exemption.regime, pilot.exemption.granted_to
    rules = regime.period
    if rules is None or last is None:
        return
    events = [] if granted_extension(session, pilot) else ["period_ends"]
    if pilot.exemption.kind in rules.requesting_kinds:
        events.append("demonstration_ends")
    for event in events:
        running.start(
            session,
            regime,
            event,
            case=pilot.exemption.case,
            subject=PERIOD,
            owed_by_id=pilot.company_id,
            by=by,
            at=at,
            on=last,
        )


def expect_if_missing(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """Start the clocks of the end for a case that was granted before there were any."""
    known = select(Clock.id).where(Clock.exemption_id == pilot.exemption_id, Clock.subject == PERIOD)
    if session.scalar(known.limit(1)) is None:
        expect(session, pilot, by=by, at=at)


def expect_anew(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """The period ends on another day: what looked ahead to the old one is counted from the new one."""
    for clock in running.running(session, pilot.exemption.case, subject=PERIOD):
        running.void_one(session, clock, by=by, at=at, reason="The period ends on another day.")
    expect(session, pilot, by=by, at=at)


def owe_report(session: Session, pilot: Pilot, *, on: date, by: Actor, at: datetime) -> None:
    """Start the time for the final report from the last day of the period (K08), once."""
    if clock_of_report(session, pilot) is None:
        running.start(
            session,
            pilot.exemption.regime,
            "period_ended",
            case=pilot.exemption.case,
            subject=REPORT,
            owed_by_id=pilot.company_id,
            by=by,
            at=at,
            on=on,
        )


def clock_of_report(session: Session, pilot: Pilot) -> Clock | None:
    """The clock of the final report, running or not; None before the period has ended."""
    query = select(Clock).where(Clock.exemption_id == pilot.exemption_id, Clock.subject == REPORT)
    return session.scalar(query.limit(1))


def over(session: Session, pilot: Pilot, *, on: date, by: Actor, at: datetime) -> None:
    """What follows when a pilot has run out, however it did: no other clock runs on, the report is owed."""
    running.void(session, pilot.exemption.case, by=by, at=at, reason="The pilot has ended.")
    owe_report(session, pilot, on=on, by=by, at=at)


def tick(session: Session, *, at: datetime) -> list[Pilot]:
    """End the periods that are over at `at`, or deem them extended where the law does; those that moved."""
    over_by_law = [
        (pilot, last) for pilot, last in _over_by_date(session, at) if not _goes_on(session, pilot)
    ]
    for pilot, last in over_by_law:
        _end(session, pilot, last, at)
    return [pilot for pilot, _last in over_by_law]


def is_any_over(session: Session, *, at: datetime) -> bool:
    """Whether `tick` may find something; it only reads."""
    return any(not _goes_on(session, pilot) for pilot, _last in _over_by_date(session, at))


def end_deemed(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """The deemed extension is over: the pilot runs on in the rest of its period, or has ended today."""
    PILOT.perform(session, pilot, "end_deemed", by=by, at=at)
    record(session, pilot, "end_deemed", by, at)
    run_on(session, pilot, by=by, at=at)
    last = pilot.exemption.granted_to
    if last is not None and last < today(pilot, at):
        _to_report(session, pilot, today(pilot, at), at)


def run_on(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """A pilot that runs again does so in the period that it was in: extended, deemed extended, or neither."""
    if pilot.status != PilotStatus.RUNNING:
        return
    if open_request(session, pilot) is not None or awaits_conversion(session, pilot):
        PILOT.perform(session, pilot, "run_on_deemed", by=by, at=at)
    elif granted_extension(session, pilot) is not None:
        PILOT.perform(session, pilot, "run_on_extended", by=by, at=at)


def granted_extension(session: Session, pilot: Pilot) -> Extension | None:
    """The one extension of the period, where there was one."""
    granted = (Extension.pilot_id == pilot.id) & (Extension.status == ExtensionStatus.GRANTED)
    return session.scalar(select(Extension).where(granted))


def latest_request(session: Session, pilot: Pilot) -> LawRequest | None:
    """The request to amend the law that was filed last."""
    query = select(LawRequest).where(LawRequest.pilot_id == pilot.id)
    return session.scalar(query.order_by(LawRequest.id.desc()).limit(1))


def open_request(session: Session, pilot: Pilot) -> LawRequest | None:
    """The request to amend the law that is being processed."""
    latest = latest_request(session, pilot)
    return latest if latest is not None and latest.status in OPEN_REQUESTS else None


def awaits_conversion(session: Session, pilot: Pilot) -> bool:
    """Whether the amendment is needed, and the operator may still convert or has applied to."""
    latest = latest_request(session, pilot)
    if latest is None or latest.status != RequestStatus.NEEDED:
        return False
    clocks = [
        clock
        for clock in session.scalars(
            select(Clock).where(Clock.exemption_id == pilot.exemption_id, Clock.subject == _subject(latest))
        )
        if "conversion_filed" in clock.rule.ends_on
    ]
    if conversion_of(session, pilot) is not None and any(clock.ended_on for clock in clocks):
        return True
    return any(clock.is_running and clock.lapsed_on is None for clock in clocks)


def conversion_of(session: Session, pilot: Pilot) -> Conversion | None:
    """The conversion that this demonstration is going through, or went."""
    return session.scalar(select(Conversion).where(Conversion.pilot_id == pilot.id))


def certify(
    session: Session,
    pilot: Pilot,
    *,
    requested_on: date | None,
    by: Actor,
    at: datetime,
) -> None:
    """Issue the certificate of the deemed extension (D58-3(4)) where the regime has one."""
    requested = requested_on.isoformat() if requested_on else None
    until_ko = UNTIL_LAW_KO if requested is None else "법령 정비 요청의 처리가 끝날 때까지"
    until_en = UNTIL_LAW_EN if requested is None else "Until the request has been processed"
    documents.issue(
        session,
        pilot,
        "deem_extended",
        by=by,
        at=at,
        facts={
            "requested_on": Fact(requested or NO_REQUEST_KO, requested or NO_REQUEST_EN),
            "deemed_until": Fact(until_ko, until_en),
        },
    )


def today(pilot: Pilot, at: datetime) -> date:
    """The day in the zone of the pilot's regime."""
    return at.astimezone(ZoneInfo(pilot.exemption.regime.zone)).date()


def _subject(request: LawRequest) -> str:
    return f"law_request:{request.id}"


def _over_by_date(session: Session, at: datetime) -> Iterator[tuple[Pilot, date]]:
    """Pilots in operation whose last day has passed in their own zone, under regimes that end periods."""
    found = session.scalars(
        select(Pilot)
        .join(Exemption, Exemption.id == Pilot.exemption_id)
        .where(
            Pilot.status.in_([*LIVE, PilotStatus.SUSPENDED]),
            Exemption.granted_to < (at + FARTHEST_EAST).date(),
        )
        .order_by(Pilot.id)
    )
    for pilot in found.unique():
        last = pilot.exemption.granted_to
        if pilot.exemption.regime.period is not None and last is not None and last < today(pilot, at):
            yield pilot, last


def _end(session: Session, pilot: Pilot, last: date, at: datetime) -> None:
    if pilot.status == PilotStatus.DEEMED_EXTENDED:
        end_deemed(session, pilot, by=running.SERVICE, at=at)
    elif _is_deemed_by_law(pilot):
        PILOT.perform(session, pilot, "deem_extended", by=running.SERVICE, at=at)
        record(session, pilot, "deem_extended", running.SERVICE, at)
        certify(session, pilot, requested_on=None, by=running.SERVICE, at=at)
    else:
        _to_report(session, pilot, last, at)


def _goes_on(session: Session, pilot: Pilot) -> bool:
    """Whether the period is deemed extended beyond its last day, or will be once a suspension is lifted."""
    if open_request(session, pilot) is not None or awaits_conversion(session, pilot):
        return True
    is_running = pilot.status not in (PilotStatus.DEEMED_EXTENDED, PilotStatus.SUSPENDED)
    return _is_deemed_by_law(pilot) and not is_running


def _is_deemed_by_law(pilot: Pilot) -> bool:
    """An innovation project goes on until the amendment of the law is complete (Art. 51(2))."""
    rules = pilot.exemption.regime.period
    return rules is not None and pilot.exemption.kind in rules.deemed_kinds


def _to_report(session: Session, pilot: Pilot, last: date, at: datetime) -> None:
    PILOT.perform(session, pilot, "end_period", by=running.SERVICE, at=at)
    record(session, pilot, "end_period", running.SERVICE, at, last_day=last.isoformat())
    over(session, pilot, on=last, by=running.SERVICE, at=at)
