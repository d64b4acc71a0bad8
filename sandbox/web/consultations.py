"""What passes between a ministry and the applicant while it is consulted: supplements, extensions."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from sandbox.db import db
from sandbox.exemptions import review
from sandbox.exemptions.models import Consultation, Supplement
from sandbox.exemptions.review import SupplementAnswerSchema, SupplementSchema
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.web import clock_words, complaints, drafts, forms, labels
from sandbox.web.rim import actor, now

pages = Blueprint("consultations", __name__, url_prefix="/cases")

ROWS_OF_ITEMS = 5


@pages.route("/<number>/supplement", methods=["GET", "POST"])
def supplement(number: str) -> ResponseReturnValue:
    """A ministry asks for a supplement; its clock stands still until the answer."""
    pilot = file.find(db.session, number, actor())
    asked = _consultation(pilot)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(
                SupplementSchema(),
                {"items": sent.lines("items", ROWS_OF_ITEMS), "reason": sent.one("reason")},
            )
            review.ask_supplement(db.session, asked, **values, by=actor(), at=now())
            flash(gettext("The applicant is asked; the clock of your ministry stands still."), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    return _form("cases/supplement.html", pilot, sent, asked=asked, rows=ROWS_OF_ITEMS)


@pages.route("/<number>/supplement-answer", methods=["GET", "POST"])
def answer(number: str) -> ResponseReturnValue:
    """The applicant answers the oldest supplement that is still open, or declines to."""
    pilot = file.find(db.session, number, actor())
    wanted = request.values.get("supplement", type=int)
    asked = _supplement(pilot, wanted)
    about = f"{number}+{asked.id}"
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(
                SupplementAnswerSchema(),
                {"answer": sent.one("answer"), "declines": sent.one("declines") == "on"},
            )
            review.answer_supplement(db.session, asked, **values, by=actor(), at=now())
            drafts.sent("supplement", about)
            flash(gettext("The answer is recorded; the ministry's clock runs on."), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    draft = drafts.address("supplement", about)
    return _form("cases/supplement_answer.html", pilot, sent, asked=asked, draft_address=draft)


@pages.route("/<number>/extension", methods=["GET", "POST"])
def extension(number: str) -> ResponseReturnValue:
    """A ministry takes the one extension of its reply, with a reason."""
    pilot = file.find(db.session, number, actor())
    asked = _consultation(pilot)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            reason = sent.texts(["reason"], longest=2000)["reason"]
            review.extend_reply(db.session, asked, reason=reason, by=actor(), at=now())
            flash(gettext("The period for the reply is extended."), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    return _form("cases/extension.html", pilot, sent, asked=asked, clock_words=clock_words)


def _consultation(pilot: Pilot) -> Consultation:
    asked = file.consultation_of(pilot, actor())
    if asked is None:
        abort(404)
    return asked


def _supplement(pilot: Pilot, wanted: int | None) -> Supplement:
    open_ones = file.open_supplements(pilot)
    chosen = [each for each in open_ones if wanted in (None, each.id)]
    if not chosen:
        raise NotFound("supplement", str(wanted or pilot.number))
    return chosen[0]


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("cases.file", number=number), 303)


def _form(template: str, pilot: Pilot, sent: forms.Sent, **context: object) -> ResponseReturnValue:
    errors = complaints.translated(sent.errors)
    page = render_template(
        template, pilot=pilot, sent=sent, errors=errors, labels=labels.of_case(errors, pilot), **context
    )
    return page, 422 if sent.errors else 200
