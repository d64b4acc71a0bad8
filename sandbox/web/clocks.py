"""Statutory time limits on pages: the arithmetic of one clock, and the holidays it rests on."""

from __future__ import annotations

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
from sandbox.db import db
from sandbox.pilots import file
from sandbox.pilots.desk import pilots_of
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
    derivation = running.derivation(db.session, found)
    return render_template(
        "clocks/clock.html",
        pilot=pilot,
        clock=found,
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
        pilots=pilots_of(db.session, found),
        feed=feeds.feed_of(db.session, actor()),
        address=address,
        clock_words=clock_words,
        today=today(),
    )


def _calendar(clocks: list[Clock], name: str) -> ResponseReturnValue:
    pilots = pilots_of(db.session, clocks)
    titles = {}
    for each in clocks:
        what, who = pick(each.rule, "name"), pick(each.owed_by, "name")
        titles[each.id] = f"{pilots[each.id].number} {what} – {who}"
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
