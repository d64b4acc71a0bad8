"""Statutory time limits on pages: the arithmetic of one clock, and the holidays it rests on."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from sandbox.clocks import calendar, running
from sandbox.clocks.arithmetic import Day, Why
from sandbox.clocks.holidays import FIRST_YEAR, LAST_YEAR
from sandbox.clocks.models import Clock
from sandbox.db import db
from sandbox.pilots import file
from sandbox.web import clock_words, complaints, forms, labels
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
