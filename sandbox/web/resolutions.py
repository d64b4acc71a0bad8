"""A case before the committee: who was consulted, what was resolved and how, and what experts said."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from experiments.errors import Invalid
from experiments.fields import load
from sandbox import access
from sandbox.accounts import Person
from sandbox.committee import experts, reading
from sandbox.committee.experts import AssessmentSchema, ExpertSchema, ReportSchema
from sandbox.committee.table import keeps
from sandbox.committee.voting import InterestSchema
from sandbox.db import db
from sandbox.exemptions.models import Resolution
from sandbox.organisations import Organisation
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.roles import Role
from sandbox.web import committee_words, complaints, forms, labels, words
from sandbox.web.rim import actor, now

pages = Blueprint("resolutions", __name__, url_prefix="/cases")


@pages.get("/<number>/committee", endpoint="index")
def index(number: str) -> ResponseReturnValue:
    return _page(file.find(db.session, number, actor()), forms.Sent(request.form))


@pages.post("/<number>/committee/<verb>", endpoint="move")
def move(number: str, verb: str) -> ResponseReturnValue:
    """One act of the secretariat or of an expert."""
    act = ACTS.get(verb)
    if act is None:
        abort(404)
    pilot = file.find(db.session, number, actor())
    sent = forms.Sent(request.form)
    try:
        act(pilot, sent)
    except Invalid as error:
        db.session.rollback()
        sent.refuse(error)
        return _page(pilot, sent)
    flash(str(committee_words.DONE[verb]), "success")
    return redirect(url_for("resolutions.index", number=number), 303)


def _ask(pilot: Pilot, sent: forms.Sent) -> None:
    values = load(
        ExpertSchema(), {"person": sent.one("person"), "affiliation": sent.one("affiliation") or None}
    )
    expert = db.session.get(Person, values["person"])
    office = db.session.get(Organisation, values["affiliation"]) if values["affiliation"] else None
    if expert is None:
        raise Invalid({"person": ["There is no such record."]})
    experts.ask(db.session, pilot.exemption, expert=expert, affiliation=office, by=actor(), at=now())


def _declare(pilot: Pilot, sent: forms.Sent) -> None:
    mine = reading.assessment_of(db.session, pilot.exemption, actor())
    values = load(InterestSchema(), {"has_conflict": sent.one("has_conflict"), "reason": sent.one("reason")})
    experts.declare(db.session, mine, **values, by=actor(), at=now())


def _assess(pilot: Pilot, sent: forms.Sent) -> None:
    mine = reading.assessment_of(db.session, pilot.exemption, actor())
    criteria = pilot.exemption.regime.approval_criteria
    scores = {each.id: sent.one(f"scores.{each.id}") for each in criteria}
    values = load(
        AssessmentSchema(),
        {
            "scores": {key: score for key, score in scores.items() if score},
            "text": sent.one("text"),
            "recommendation": sent.one("recommendation"),
        },
    )
    experts.assess(db.session, mine, **values, by=actor(), at=now())


def _report(pilot: Pilot, sent: forms.Sent) -> None:
    values = load(ReportSchema(), {"recommendation": sent.one("recommendation")})
    experts.report(db.session, pilot.exemption, **values, by=actor(), at=now())


ACTS: dict[str, Callable[[Pilot, forms.Sent], None]] = {
    "ask_expert": _ask,
    "declare_as_expert": _declare,
    "assess": _assess,
    "report_experts": _report,
}


def _page(pilot: Pilot, sent: forms.Sent) -> ResponseReturnValue:
    exemption = pilot.exemption
    errors = complaints.translated(sent.errors)
    rows = experts.assessments_of(db.session, exemption)
    keeps_it = keeps(actor(), exemption.regime)
    people = select(Person).where(Person.role == Role.EXPERT, Person.disabled_at.is_(None))
    offices = select(Organisation).order_by(Organisation.name_ko)
    page = render_template(
        "committee/case.html",
        pilot=pilot,
        sent=sent,
        errors=errors,
        labels=labels.of_committee(errors),
        items=reading.items_of(db.session, exemption),
        may_open_meetings=access.readers_of_committees(actor()),
        reads_experts=access.readers_of_committee_rooms(actor()),
        assessments=rows,
        means=experts.means(exemption, rows),
        mine=next((row for row in rows if row.person_id == actor().person_id), None),
        is_open=exemption.status == "consulted" and exemption.regime.committee is not None,
        keeps_it=keeps_it,
        people=db.session.scalars(people.order_by(Person.name)).all() if keeps_it else [],
        offices=db.session.scalars(offices).all() if keeps_it else [],
        choices=[(each.value, words.status("resolution", each)[0]) for each in Resolution],
    )
    return page, 422 if sent.errors else 200
