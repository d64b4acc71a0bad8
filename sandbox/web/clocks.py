"""Statutory time limits on pages: the arithmetic of one clock, and the holidays it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from sandbox.clocks import calendar, running
from sandbox.clocks import feed as feeds
from sandbox.clocks.arithmetic import Day, Why
from sandbox.clocks.holidays import FIRST_YEAR, LAST_YEAR
from sandbox.clocks.models import Clock
from sandbox.confirmations import desk as confirmations
from sandbox.db import db
from sandbox.desks.lists import pilots_of
from sandbox.pilots import file
from sandbox.web import clock_words, complaints, forms, labels
from sandbox.web.filters import pick
from sandbox.web.rim import actor, now, today

pages = Blueprint("clocks", __name__)


@pages.get("/cases/<number>/clocks/<key:clock_id>")
def clock(number: str, clock_id: int) -> ResponseReturnValue:
    """How one due date came about, day by day."""
    pilot = file.find(db.session, number, actor())
    found = db.session.get(Clock, clock_id)
    if found is None or found.exemption_id != pilot.exemption_id:
        raise NotFound("clock", str(clock_id))
    address = url_for("cases.file", number=number)
    return _clock(found, case=(address, f"{pilot.number} {pick(pilot, 'title')}"))


@pages.get("/confirmations/<number>/clocks/<key:clock_id>")
def of_confirmation(number: str, clock_id: int) -> ResponseReturnValue:
    """The same for a clock of a rapid confirmation."""
    confirmation = confirmations.find(db.session, number, actor())
    found = db.session.get(Clock, clock_id)
    if found is None or found.confirmation_id != confirmation.id:
        raise NotFound("clock", str(clock_id))
    address = url_for("confirmations.file", number=number)
    return _clock(found, case=(address, f"{confirmation.number} {confirmation.title}"))


def _clock(clock: Clock, *, case: tuple[str, str]) -> ResponseReturnValue:
    """The page of one clock; `case` is the address and the name of what it belongs to."""
    derivation = running.derivation(db.session, clock)
    return render_template(
        "clocks/clock.html",
        case=case,
        clock=clock,
        derivation=derivation,
        stretches=stretches(derivation.days),
        clock_words=clock_words,
        today=today(),
    )


def stretches(days: tuple[Day, ...]) -> list[list[Day]]:
    """The days in runs of one kind: counted weeks read as one line, everything else by the day."""

    def kind(day: Day) -> object:
        if day.why in (Why.COUNTED, Why.STANDING_STILL):
            return day.why
        return (day.why, day.on)

    return [list(run) for _, run in groupby(days, kind)]


@pages.get("/cases/<number>/clocks.ics")
def case_calendar(number: str) -> ResponseReturnValue:
    """The due dates of one case, for a calendar."""
    pilot = file.find(db.session, number, actor())
    return _calendar([each for each in pilot.exemption.clocks if each.is_running], pick(pilot, "title"))


@pages.get("/due-dates")
def mine() -> ResponseReturnValue:
    """What this person's office has to do by when, and the address for a calendar."""
    return _mine()


@pages.post("/due-dates/feed")
def open_feed() -> ResponseReturnValue:
    """A new secret address; it is shown on this page and never again."""
    token = feeds.open_feed(db.session, by=actor(), at=now())
    return _mine(url_for("clocks.feed", token=token, _external=True))


@pages.post("/due-dates/feed/revoke")
def revoke_feed() -> ResponseReturnValue:
    feeds.revoke_feed(db.session, by=actor(), at=now())
    flash(gettext("The address of your calendar is closed."), "success")
    return redirect(url_for("clocks.mine"), 303)


@pages.get("/calendar/<token>.ics")
def feed(token: str) -> ResponseReturnValue:
    """Due dates under a secret address; an unknown one is no record."""
    reader = feeds.reader(db.session, token)
    if reader is None:
        raise NotFound("calendar", "")
    return _calendar(feeds.clocks_of_office(db.session, reader), gettext("Statutory time limits"))


def _mine(address: str | None = None) -> ResponseReturnValue:
    found = feeds.clocks_of_office(db.session, actor())
    return render_template(
        "clocks/mine.html",
        clocks=found,
        cases=_cases(found),
        feed=feeds.feed_of(db.session, actor()),
        address=address,
        clock_words=clock_words,
        today=today(),
    )


@dataclass(frozen=True)
class ShownCase:
    """The case of a clock as a list shows it; `clock_url` leads to the clock's arithmetic."""

    number: str
    title: str
    url: str
    clock_url: str


def _cases(clocks: list[Clock]) -> dict[int, ShownCase]:
    """What each clock belongs to, by the clock's id."""
    shown = {}
    for clock_id, pilot in pilots_of(db.session, clocks).items():
        number = str(pilot.number)
        clock_url = url_for("clocks.clock", number=number, clock_id=clock_id)
        url = url_for("cases.file", number=number)
        shown[clock_id] = ShownCase(number, pick(pilot, "title"), url, clock_url)
    for clock_id, confirmation in confirmations.confirmations_of(db.session, clocks).items():
        number = str(confirmation.number)
        clock_url = url_for("clocks.of_confirmation", number=number, clock_id=clock_id)
        url = url_for("confirmations.file", number=number)
        shown[clock_id] = ShownCase(number, confirmation.title, url, clock_url)
    return shown


def _calendar(clocks: list[Clock], name: str) -> ResponseReturnValue:
    cases = _cases(clocks)
    titles = {}
    for each in clocks:
        what, who = pick(each.rule, "name"), pick(each.owed_by, "name")
        titles[each.id] = f"{cases[each.id].number} {what} – {who}"
    body = feeds.calendar_of(clocks, titles=titles, name=name, at=now())
    return Response(body, mimetype="text/calendar", headers={"Cache-Control": "private, no-store"})


@pages.route("/holidays", methods=["GET", "POST"])
def holidays() -> ResponseReturnValue:
    """The public holidays of a year, and the form that changes one."""
    year = request.args.get("year", today().year, type=int)
    year = min(max(year, FIRST_YEAR), LAST_YEAR)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            names = ("day", "name_ko", "name_en", "reason")
            values = load(
                calendar.HolidaySchema(),
                {name: sent.one(name) for name in names} | {"is_holiday": sent.one("is_holiday") == "yes"},
            )
            calendar.change_holiday(db.session, **values, by=actor(), at=now())
            moved = running.recount(db.session)
            flash(gettext("The holidays are changed; %(count)s due dates moved.", count=moved), "success")
            return redirect(url_for("clocks.holidays", year=values["day"].year), 303)
        except Invalid as error:
            sent.refuse(error)
    errors = complaints.translated(sent.errors)
    page = render_template(
        "clocks/holidays.html",
        year=year,
        days=calendar.holidays_of(db.session, "KR", year),
        clock_words=clock_words,
        changes=calendar.changes_of(db.session, year),
        sent=sent,
        errors=errors,
        labels=labels.of_holiday(errors),
    )
    return page, 422 if sent.errors else 200
