"""The room "Risk" of a case: questions of the regime, and the sign-offs that the answers call for."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.db import db
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.risks import answers, sign_offs
from sandbox.risks.answers import AnswerSchema
from sandbox.risks.sign_offs import SignOffSchema
from sandbox.web import complaints, forms, risk_words
from sandbox.web.filters import pick
from sandbox.web.rim import actor, now

pages = Blueprint("risks", __name__, url_prefix="/cases/<number>/risks")


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    return _page(_pilot(number), {})


@pages.post("")
def answer(number: str) -> ResponseReturnValue:
    """Answer every question that was ticked; those left open stay open."""
    pilot = _pilot(number)
    exemption = pilot.exemption
    try:
        typed = {
            question.id: {
                "is_yes": request.form[f"is_yes.{question.id}"],
                "explanation": request.form.get(f"explanation.{question.id}", ""),
            }
            for question in answers.rules_of(exemption).questions
            if request.form.get(f"is_yes.{question.id}")
        }
        given = {key: load(AnswerSchema(), said) for key, said in typed.items()}
        answers.answer(db.session, exemption, given, by=actor(), at=now())
    except Invalid as error:
        errors = {
            f"explanation.{field.split('.')[1]}" if field.startswith("answers.") else field: messages
            for field, messages in error.errors.items()
        }
        return _refused(number, errors)
    flash(gettext("The answers are stored."), "success")
    return _done(number)


@pages.post("/<kind>")
def give(number: str, kind: str) -> ResponseReturnValue:
    """Say that a kind of risk was looked at."""
    pilot = _pilot(number)
    try:
        said = load(SignOffSchema(), {"statement": request.form.get(f"statement.{kind}", "")})
        sign_offs.give(db.session, pilot.exemption, kind, **said, by=actor(), at=now())
    except Invalid as error:
        return _refused(number, {f"{field}.{kind}": texts for field, texts in error.errors.items()})
    flash(gettext("The sign-off is given."), "success")
    return _done(number)


@pages.post("/<kind>/take-back")
def take_back(number: str, kind: str) -> ResponseReturnValue:
    pilot = _pilot(number)
    try:
        why = forms.reason({"reason": request.form.get(f"reason.{kind}", "")})
        sign_offs.take_back(db.session, pilot.exemption, kind, reason=why, by=actor(), at=now())
    except Invalid as error:
        return _refused(number, {f"{field}.{kind}": texts for field, texts in error.errors.items()})
    flash(gettext("The sign-off is taken back."), "success")
    return _done(number)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _done(number: str) -> ResponseReturnValue:
    return redirect(url_for("risks.index", number=number), 303)


def _refused(number: str, errors: dict[str, list[str]]) -> ResponseReturnValue:
    db.session.rollback()
    return _page(_pilot(number), errors), 422


def _page(pilot: Pilot, errors: dict[str, list[str]]) -> str:
    exemption, asking = pilot.exemption, actor()
    rules = exemption.regime.risk
    questions = rules.questions if rules else ()
    return render_template(
        "risks/index.html",
        pilot=pilot,
        rules=rules,
        answers=answers.answers_of(db.session, exemption),
        required=answers.required(db.session, exemption),
        past=sign_offs.past(db.session, exemption),
        kinds={kind.id: kind for kind in rules.sign_offs} if rules else {},
        may_answer=answers.may_answer(exemption, asking),
        may_sign=lambda kind: sign_offs.may_sign(exemption, kind, asking),
        risk_words=risk_words,
        errors=complaints.translated(errors),
        labels={f"explanation.{question.id}": pick(question, "name") for question in questions},
    )
