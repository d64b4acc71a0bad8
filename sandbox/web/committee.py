"""The committee's rooms: its meetings and seats, one meeting with its agenda, and a case's resolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from sandbox import access
from sandbox.accounts import Person
from sandbox.committee import meetings, reading, seats, voting
from sandbox.committee.meetings import MeetingDaysSchema, MeetingSchema, MinutesSchema
from sandbox.committee.models import Assessment, Meeting, Seat
from sandbox.committee.table import MEETING, keeper_of_the_committee, keeps
from sandbox.committee.voting import BallotSchema, InterestSchema
from sandbox.db import db
from sandbox.exemptions.models import Exemption, Resolution
from sandbox.exemptions.table import EXEMPTION
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot
from sandbox.regimes import Regime, regimes
from sandbox.roles import Role
from sandbox.web import committee_words, complaints, forms, labels, words
from sandbox.web.filters import pick
from sandbox.web.rim import actor, now, today

Row = TypeVar("Row")

pages = Blueprint("committee", __name__, url_prefix="/committee")


@pages.get("", endpoint="index")
def index() -> ResponseReturnValue:
    """Every meeting that the reader may read, the seats, and what an expert was asked."""
    return _index(forms.Sent(request.form))


@pages.post("/meetings", endpoint="plan")
def plan() -> ResponseReturnValue:
    sent = forms.Sent(request.form)
    try:
        names = ("mode", "begins_on", "ends_on")
        values = load(MeetingSchema(), {name: sent.one(name) or None for name in names})
        made = meetings.plan(db.session, _regime(), **values, by=actor(), at=now())
    except Invalid as error:
        sent.refuse(error)
        return _index(sent)
    flash(gettext("The meeting is being prepared."), "success")
    return redirect(url_for("committee.meeting", key=made.id), 303)


@pages.post("/seats", endpoint="appoint")
def appoint() -> ResponseReturnValue:
    sent = forms.Sent(request.form)
    try:
        values = load(
            seats.SeatSchema(),
            {
                "person": sent.one("person"),
                "affiliation": sent.one("affiliation") or None,
                "is_chair": sent.one("is_chair") == "on",
                "from_on": sent.one("from_on"),
                "until_on": sent.one("until_on") or None,
            },
        )
        values["person"] = _one(Person, values["person"], "person")
        if values["affiliation"] is not None:
            values["affiliation"] = _one(Organisation, values["affiliation"], "affiliation")
        seats.appoint(db.session, _regime(), **values, by=actor(), at=now())
    except Invalid as error:
        sent.refuse(error)
        return _index(sent)
    flash(gettext("The seat is given."), "success")
    return redirect(url_for("committee.index"), 303)


@pages.post("/seats/<key:key>/end", endpoint="end_seat")
def end_seat(key: int) -> ResponseReturnValue:
    seat = db.session.get(Seat, key)
    if seat is None:
        raise NotFound("seat", str(key))
    seats.end_seat(db.session, _regime(), seat, until_on=today(), by=actor(), at=now())
    flash(gettext("The seat ends today."), "success")
    return redirect(url_for("committee.index"), 303)


@pages.get("/meetings/<key:key>", endpoint="meeting")
def meeting(key: int) -> ResponseReturnValue:
    return _meeting(reading.find(db.session, key, actor()), forms.Sent(request.form))


@pages.post("/meetings/<key:key>/<verb>", endpoint="move")
def move(key: int, verb: str) -> ResponseReturnValue:
    """One act on a meeting or on one item of its agenda."""
    act = ACTS.get(verb)
    if act is None:
        abort(404)
    found = reading.find(db.session, key, actor())
    sent = forms.Sent(request.form)
    try:
        act(found, sent)
    except Invalid as error:
        db.session.rollback()
        sent.refuse(error)
        return _meeting(found, sent)
    flash(str(committee_words.DONE[verb]), "success")
    return redirect(url_for("committee.meeting", key=key), 303)


def _add_item(meeting: Meeting, sent: forms.Sent) -> None:
    number = sent.one("case")
    pilot = db.session.scalar(select(Pilot).where(Pilot.number == number)) if number.isprintable() else None
    if pilot is None:
        raise Invalid({"case": ["There is no such record."]})
    meetings.add_item(db.session, meeting, pilot.exemption, by=actor(), at=now())


def _remove_item(meeting: Meeting, sent: forms.Sent) -> None:
    meetings.remove_item(db.session, meeting, reading.item_of(meeting, _item(sent)), by=actor(), at=now())


def _redate(meeting: Meeting, sent: forms.Sent) -> None:
    sent_days = {name: sent.one(name) or None for name in ("begins_on", "ends_on")}
    days = load(MeetingDaysSchema(), sent_days)
    meetings.redate(db.session, meeting, **days, by=actor(), at=now())


def _cancel(meeting: Meeting, sent: forms.Sent) -> None:
    reason = forms.reason({"reason": sent.one("reason")})
    meetings.cancel(db.session, meeting, reason=reason, by=actor(), at=now())


def _call(meeting: Meeting, _sent: forms.Sent) -> None:
    meetings.call(db.session, meeting, by=actor(), at=now())


def _attend(meeting: Meeting, sent: forms.Sent) -> None:
    attended = [int(each) for each in sent.many("attended") if each.isdecimal()]
    meetings.note_attendance(db.session, meeting, attended, by=actor(), at=now())


def _declare(meeting: Meeting, sent: forms.Sent) -> None:
    values = load(InterestSchema(), {"has_conflict": sent.one("has_conflict"), "reason": sent.one("reason")})
    voting.declare(db.session, reading.item_of(meeting, _item(sent)), **values, by=actor(), at=now())


def _vote(meeting: Meeting, sent: forms.Sent) -> None:
    choice = load(BallotSchema(), {"choice": sent.one("choice")})["choice"]
    voting.vote(db.session, reading.item_of(meeting, _item(sent)), choice, by=actor(), at=now())


def _resolve(meeting: Meeting, sent: forms.Sent) -> None:
    voting.resolve(db.session, reading.item_of(meeting, _item(sent)), by=actor(), at=now())


def _write_minutes(meeting: Meeting, sent: forms.Sent) -> None:
    minutes = load(MinutesSchema(), {"minutes": sent.one("minutes")})["minutes"]
    meetings.write_minutes(db.session, meeting, minutes, by=actor(), at=now())


def _close(meeting: Meeting, _sent: forms.Sent) -> None:
    meetings.close(db.session, meeting, by=actor(), at=now())


def _sign(meeting: Meeting, _sent: forms.Sent) -> None:
    meetings.sign(db.session, meeting, by=actor(), at=now())


ACTS: dict[str, Callable[[Meeting, forms.Sent], None]] = {
    "add_item": _add_item,
    "remove_item": _remove_item,
    "redate": _redate,
    "cancel": _cancel,
    "call": _call,
    "note_attendance": _attend,
    "declare": _declare,
    "vote": _vote,
    "resolve": _resolve,
    "write_minutes": _write_minutes,
    "close": _close,
    "sign": _sign,
}


def _item(sent: forms.Sent) -> int:
    key = sent.one("item")
    return int(key) if key.isdecimal() and len(key) < 10 else 0


def _index(sent: forms.Sent) -> ResponseReturnValue:
    law = _regime()
    rules = law.committee
    assert rules is not None  # _regime names one with a committee
    errors = complaints.translated(sent.errors)
    people = select(Person).where(Person.role == Role.COMMITTEE_MEMBER, Person.disabled_at.is_(None))
    offices = select(Organisation).order_by(Organisation.name_ko)
    may_seat = access.administrator(actor()) or keeps(actor(), law)
    page = render_template(
        "committee/index.html",
        sent=sent,
        errors=errors,
        labels=labels.of_committee(errors),
        rules=rules,
        meetings=reading.meetings(db.session, actor()),
        seats=seats.seats(db.session, rules.id) if access.keepers_of_seats(actor()) else [],
        people=db.session.scalars(people.order_by(Person.name)).all() if may_seat else [],
        offices=db.session.scalars(offices).all() if may_seat else [],
        assessments=_asked_of_me(),
        may_plan=keeps(actor(), law),
        may_seat=may_seat,
        today=today(),
    )
    return page, 422 if sent.errors else 200


def _asked_of_me() -> list[tuple[Assessment, Pilot]]:
    if not access.expert(actor()):
        return []
    rows = (
        select(Assessment, Pilot)
        .join(Pilot, Pilot.exemption_id == Assessment.exemption_id)
        .where(Assessment.person_id == actor().person_id)
        .order_by(Assessment.id.desc())
    )
    return [(assessment, pilot) for assessment, pilot in db.session.execute(rows)]


def _meeting(found: Meeting, sent: forms.Sent) -> ResponseReturnValue:
    errors = complaints.translated(sent.errors)
    pilots = {
        pilot.exemption_id: pilot
        for pilot in db.session.scalars(
            select(Pilot).where(Pilot.exemption_id.in_([item.exemption_id for item in found.items]))
        )
    }
    me = actor().person_id
    page = render_template(
        "committee/meeting.html",
        meeting=found,
        sent=sent,
        errors=errors,
        labels=labels.of_committee(errors),
        pilots=pilots,
        names={each.person_id: each.person.name for each in found.called},
        recused={item.id: voting.recused(item) for item in found.items},
        tallies={item.id: item.arithmetic or voting.secret(voting.tally(item)) for item in found.items},
        interests={item.id: {each.person_id: each for each in item.interests} for item in found.items},
        ballots={item.id: {each.person_id: each for each in item.ballots} for item in found.items},
        me=me,
        is_called=any(each.person_id == me for each in found.called),
        keeps_it=keeper_of_the_committee(actor(), found),
        open_verbs={each.verb for each in MEETING.open_to(found, actor())},
        choices=[(each.value, words.status("resolution", each)[0]) for each in Resolution],
        to_table=_to_table(found),
    )
    return page, 422 if sent.errors else 200


def _to_table(found: Meeting) -> list[tuple[str, str]]:
    """Cases that may be put on this agenda, by number."""
    if found.status != "planned" or not keeper_of_the_committee(actor(), found):
        return []
    on_it = {item.exemption_id for item in found.items}
    sources = [status.value for status in EXEMPTION.transition("table").sources]
    rows = (
        select(Pilot)
        .join(Exemption, Exemption.id == Pilot.exemption_id)
        .where(Exemption.status.in_(sources))
        .order_by(Pilot.id)
    )
    return [
        (str(pilot.number), f"{pilot.number} {pick(pilot, 'title')}")
        for pilot in db.session.scalars(rows)
        if pilot.exemption_id not in on_it
        and any(each.verb == "table" for each in EXEMPTION.open_to(pilot.exemption, actor()))
    ]


def _regime() -> Regime:
    """The newest law with a committee; meetings are planned under it."""
    known = [law for law in regimes() if law.committee is not None]
    return known[-1]


def _one(kind: type[Row], key: int, field: str) -> Row:
    row = db.session.get(kind, key)
    if row is None:
        raise Invalid({field: ["There is no such record."]})
    return row
