"""Plan a meeting, set its agenda, call its members, close it and sign the minutes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose, load
from experiments.lifecycle import Actor, touch
from sandbox.committee.models import AgendaItem, Called, Meeting, MeetingStatus
from sandbox.committee.seats import seats_on
from sandbox.committee.table import MEETING, keeper_of_the_committee, keeps, record
from sandbox.exemptions import deliberation
from sandbox.exemptions.models import Exemption
from sandbox.exemptions.table import EXEMPTION
from sandbox.notices.outbox import MEMBERS, Office, tell
from sandbox.regimes import Regime
from sandbox.regimes.committees import Mode

MOST_ITEMS = 100
LONGEST_WINDOW = timedelta(days=60)


class MeetingSchema(Schema):
    """A meeting: an oral one ends on the day on which it begins."""

    mode = fields.String(required=True, validate=validate.OneOf([mode.value for mode in Mode]))
    begins_on = fields.Date(required=True)
    ends_on = fields.Date(load_default=None, allow_none=True)

    @validates_schema
    def days_fit_the_mode(self, data: Mapping[str, Any], **_: Any) -> None:
        ends_on = data["ends_on"] or data["begins_on"]
        if ends_on < data["begins_on"]:
            raise ValidationError("The meeting ends before it begins.", "ends_on")
        if data["mode"] == Mode.ORAL and ends_on != data["begins_on"]:
            raise ValidationError("An oral meeting is held on one day.", "ends_on")
        if ends_on - data["begins_on"] > LONGEST_WINDOW:
            raise ValidationError("A written deliberation is open for at most 60 days.", "ends_on")


class MeetingDaysSchema(Schema):
    """Other days of a meeting; whether they fit its mode is checked with it."""

    begins_on = fields.Date(required=True)
    ends_on = fields.Date(load_default=None, allow_none=True)


class MinutesSchema(Schema):
    """What was said, beside what the register writes itself."""

    minutes = Prose(required=True)


def plan(
    session: Session,
    regime: Regime,
    *,
    mode: str,
    begins_on: date,
    ends_on: date | None,
    by: Actor,
    at: datetime,
) -> Meeting:
    """A meeting in preparation, numbered on from the last one of its committee."""
    if regime.committee is None:
        raise WrongMoment("meeting.plan", "no_committee", needs="regime_has_a_committee")
    if not keeps(by, regime):
        raise Refused("meeting.plan", "keeper_of_the_committee")
    if mode not in regime.committee.modes:
        raise Invalid({"mode": ["This committee does not deliberate in this way."]})
    _check_day(regime, begins_on, at)
    last = session.scalar(select(func.max(Meeting.number)).where(Meeting.committee == regime.committee.id))
    meeting = Meeting(
        regime_id=regime.id,
        regime_version=regime.version,
        committee=regime.committee.id,
        number=(last or 0) + 1,
        mode=mode,
        begins_on=begins_on,
        ends_on=ends_on or begins_on,
        status=MeetingStatus.PLANNED,
    )
    MEETING.begin(session, meeting, by=by, at=at)
    record(session, meeting, "create", by, at, mode=mode, begins_on=begins_on.isoformat())
    return meeting


def redate(
    session: Session, meeting: Meeting, *, begins_on: date, ends_on: date | None, by: Actor, at: datetime
) -> None:
    """Move a meeting that is still in preparation to other days."""
    MEETING.check(meeting, "edit", by=by)
    load(MeetingSchema(), {"mode": meeting.mode, "begins_on": str(begins_on), "ends_on": _text(ends_on)})
    _check_day(meeting.regime, begins_on, at)
    meeting.begins_on, meeting.ends_on = begins_on, ends_on or begins_on
    MEETING.perform(session, meeting, "edit", by=by, at=at)
    days = {"begins_on": begins_on.isoformat(), "ends_on": meeting.ends_on.isoformat()}
    record(session, meeting, "redate", by, at, **days)


def cancel(session: Session, meeting: Meeting, *, reason: str, by: Actor, at: datetime) -> None:
    """Give up a meeting that was not called, with the reason; its cases are free for another agenda."""
    MEETING.perform(session, meeting, "cancel", by=by, at=at, reason=reason)
    cases = [item.exemption.case.key for item in meeting.items]
    meeting.items.clear()
    record(session, meeting, "cancel", by, at, reason=reason, cases=cases)


def add_item(
    session: Session, meeting: Meeting, exemption: Exemption, *, by: Actor, at: datetime
) -> AgendaItem:
    """Put a case on the agenda in preparation; it is tabled when the meeting is called."""
    MEETING.check(meeting, "edit", by=by)
    if len(meeting.items) >= MOST_ITEMS:
        raise Invalid({"case": [f"at most {MOST_ITEMS} cases on one agenda"]})
    if exemption.regime.committee is None or exemption.regime.committee.id != meeting.committee:
        raise Invalid({"case": ["This case belongs to another committee."]})
    EXEMPTION.check(exemption, "table", by=by)
    if _planned_elsewhere(session, exemption):
        raise Invalid({"case": ["This case is on an agenda already."]})
    item = AgendaItem(exemption=exemption)
    meeting.items.append(item)
    MEETING.perform(session, meeting, "edit", by=by, at=at)
    record(session, meeting, "add_item", by, at, case=exemption.case.key)
    return item


def remove_item(session: Session, meeting: Meeting, item: AgendaItem, *, by: Actor, at: datetime) -> None:
    """Take a case off an agenda that is still in preparation."""
    MEETING.check(meeting, "edit", by=by)
    case = item.exemption.case.key
    meeting.items.remove(item)
    MEETING.perform(session, meeting, "edit", by=by, at=at)
    record(session, meeting, "remove_item", by, at, case=case)


def call(session: Session, meeting: Meeting, *, by: Actor, at: datetime) -> None:
    """Call everybody who has a seat on the first day, and table every case: they read the papers now."""
    MEETING.check(meeting, "call", by=by)
    if meeting.begins_on < _earliest(meeting.regime, at):
        raise WrongMoment("meeting.call", meeting.status, needs="meeting_lies_ahead")
    seated = seats_on(session, meeting.committee, meeting.begins_on)
    if not seated:
        raise WrongMoment("meeting.call", meeting.status, needs="members_are_seated")
    meeting.called.extend(
        Called(person_id=seat.person_id, affiliation_id=seat.affiliation_id, is_chair=seat.is_chair)
        for seat in seated
    )
    for item in meeting.items:
        deliberation.table(session, item.exemption, meeting=meeting.key, by=by, at=at)
    MEETING.perform(session, meeting, "call", by=by, at=at)
    offices = {Office(seat.person.organisation_id, MEMBERS) for seat in seated}
    for item in meeting.items:
        tell(session, "meeting.call", subject=item.exemption.case.key, to=offices, by=by, at=at)
    record(session, meeting, "call", by, at, called=[seat.person_id for seat in seated])


def note_attendance(
    session: Session, meeting: Meeting, attended: Collection[int], *, by: Actor, at: datetime
) -> None:
    """Who of the called sits in an oral meeting, by person id; it may be noted anew until it is closed."""
    if not keeper_of_the_committee(by, meeting):
        raise Refused("meeting.note_attendance", "keeper_of_the_committee")
    if meeting.status != MeetingStatus.CALLED or meeting.mode != Mode.ORAL:
        raise WrongMoment("meeting.note_attendance", meeting.status, needs="oral_meeting_is_called")
    if unknown := sorted(set(attended) - {each.person_id for each in meeting.called}):
        raise Invalid({"attended": [f"not called to this meeting: {unknown}"]})
    touch(meeting)
    for each in meeting.called:
        each.attended = each.person_id in attended
    record(session, meeting, "note_attendance", by, at, attended=sorted(attended))


def write_minutes(session: Session, meeting: Meeting, minutes: str, *, by: Actor, at: datetime) -> None:
    """What was said, until a chair has signed it."""
    if not keeper_of_the_committee(by, meeting):
        raise Refused("meeting.write_minutes", "keeper_of_the_committee")
    if meeting.status not in (MeetingStatus.CALLED, MeetingStatus.CLOSED):
        raise WrongMoment("meeting.write_minutes", meeting.status, needs="minutes_can_be_written")
    touch(meeting)
    meeting.minutes = minutes
    record(session, meeting, "write_minutes", by, at)


def close(session: Session, meeting: Meeting, *, by: Actor, at: datetime) -> None:
    """Every case has its resolution: nobody votes any more."""
    MEETING.perform(session, meeting, "close", by=by, at=at)
    record(session, meeting, "close", by, at)


def sign(session: Session, meeting: Meeting, *, by: Actor, at: datetime) -> None:
    """A co-chair signs the minutes; they stay as they are."""
    MEETING.check(meeting, "sign", by=by)
    meeting.signed_at, meeting.signed_by_id = at, by.person_id
    MEETING.perform(session, meeting, "sign", by=by, at=at)
    record(session, meeting, "sign", by, at, minutes=meeting.minutes)


def _earliest(regime: Regime, at: datetime) -> date:
    """The first day on which a meeting that is called at `at` may begin."""
    rules = regime.committee
    assert rules is not None  # a meeting is planned under a regime with a committee
    return at.astimezone(ZoneInfo(regime.zone)).date() + timedelta(days=rules.call_days)


def _check_day(regime: Regime, begins_on: date, at: datetime) -> None:
    earliest = _earliest(regime, at)
    if begins_on < earliest:
        raise Invalid({"begins_on": [f"The meeting begins on {earliest} at the earliest."]})


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _planned_elsewhere(session: Session, exemption: Exemption) -> bool:
    return (
        session.scalar(
            select(AgendaItem.id)
            .join(Meeting, Meeting.id == AgendaItem.meeting_id)
            .where(AgendaItem.exemption_id == exemption.id, Meeting.status == MeetingStatus.PLANNED)
        )
        is not None
    )
