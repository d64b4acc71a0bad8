"""What a pilot still lacks for its start, with the way to each thing, and the form about residents."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from experiments.errors import Invalid
from experiments.fields import load
from sandbox import access
from sandbox.db import db
from sandbox.insurance.cover import gaps_of
from sandbox.pilots import file, start_gate
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT, author_of_the_company
from sandbox.residents import informing
from sandbox.residents.informing import GOES_ON, ResidentNoticeSchema
from sandbox.web import complaints, forms, insurance_words, measure_words, words
from sandbox.web.rim import actor, now

pages = Blueprint("start", __name__, url_prefix="/cases/<number>/start")

FIELDS = ("informed_on", "how", "text", "link")


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    return _index(_pilot(number), forms.Sent(request.form))


@pages.post("/residents")
def inform(number: str) -> ResponseReturnValue:
    """The company attests, or the city confirms, that residents were informed."""
    pilot, sent = _pilot(number), forms.Sent(request.form)
    try:
        values = load(ResidentNoticeSchema(), {name: sent.one(name) for name in FIELDS})
        informing.inform(db.session, pilot, **values, by=actor(), at=now())
    except Invalid as error:
        db.session.rollback()
        sent.refuse(error)
        return _index(_pilot(number), sent)
    flash(str(measure_words.ACTS["residents.inform"]), "success")
    return redirect(url_for("start.index", number=number), 303)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _index(pilot: Pilot, sent: forms.Sent) -> ResponseReturnValue:
    reader, gate = actor(), pilot.exemption.regime.start_gate
    steps = start_gate.steps(pilot)
    may_inform = author_of_the_company(reader, pilot) or access.city_staff_of(reader, pilot.site.city_id)
    page = render_template(
        "cases/start.html",
        pilot=pilot,
        steps=[(step, measure_words.STEPS[step.guard], _lacks(pilot, step)) for step in steps],
        is_ready=all(step.is_met for step in steps),
        may_start=any(each.verb == "start" for each in PILOT.open_to(pilot, reader)),
        start_label=words.verb("pilot", "start"),
        notices=informing.notices_of(db.session, pilot),
        may_inform=gate is not None and may_inform and pilot.status in GOES_ON,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={name: measure_words.label(name) for name in FIELDS},
    )
    return page, 422 if sent.errors else 200


def _lacks(pilot: Pilot, step: start_gate.Step) -> list[str]:
    """What exactly is missing, in sentences; of the baseline also what is there."""
    gate = pilot.exemption.regime.start_gate
    if step.guard == "baseline_is_collected" and gate is not None:
        return [
            measure_words.share(share, gate.baseline_least_pct) for share in start_gate.baseline_of(pilot)
        ]
    if step.is_met:
        return []
    if step.guard == "cover_is_complete":
        return [insurance_words.gap(each) for each in gaps_of(db.session, pilot)]
    return [words.need(step.guard)]
