"""The room "Uncertainties and guidance" of a case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.db import db
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import is_over
from sandbox.uncertainties import guidance, register
from sandbox.uncertainties.guidance import GuidanceSchema, StatementSchema
from sandbox.uncertainties.register import UncertaintyLinkSchema, UncertaintySchema
from sandbox.uncertainties.table import GUIDANCE, UNCERTAINTY
from sandbox.web import amendment_words, complaints, forms, words
from sandbox.web.rim import actor, now

pages = Blueprint("uncertainties", __name__, url_prefix="/cases/<number>")


@pages.get("/uncertainties")
def index(number: str) -> ResponseReturnValue:
    return _index(_pilot(number))


@pages.post("/uncertainties")
def name(number: str) -> ResponseReturnValue:
    """Name something that nobody knows."""
    pilot = _pilot(number)
    try:
        typed = _typed("name", "text", "linked_to", "link")
        register.name(db.session, pilot, **load(UncertaintySchema(), typed), by=actor(), at=now())
    except Invalid as error:
        return _refused(number, error, "name")
    return _done(number, "uncertainty", "create")


@pages.post("/uncertainties/<key:uncertainty_id>/<verb>")
def settle(number: str, uncertainty_id: int, verb: str) -> ResponseReturnValue:
    """Link it, settle it with what was learned, or take it up again."""
    found = register.find(db.session, _pilot(number), uncertainty_id)
    try:
        if verb == "link":
            typed = _typed(f"uncertainty-link-{uncertainty_id}", "linked_to", "link")
            register.link_to(db.session, found, **load(UncertaintyLinkSchema(), typed), by=actor(), at=now())
        elif verb in register.SETTLING:
            why = forms.reason(request.form)
            register.settle(db.session, found, verb, by=actor(), at=now(), reason=why)
        elif verb == "reopen":
            register.reopen(db.session, found, by=actor(), at=now(), reason=forms.reason(request.form))
        else:
            abort(404)
    except Invalid as error:
        return _refused(number, error, f"uncertainty-{verb}-{uncertainty_id}")
    return _done(number, "uncertainty", verb)


@pages.post("/guidance")
def give(number: str) -> ResponseReturnValue:
    """Record what an authority told the company."""
    pilot = _pilot(number)
    try:
        typed = _typed("give", "text", "given_on")
        guidance.give(db.session, pilot, **load(GuidanceSchema(), typed), by=actor(), at=now())
    except Invalid as error:
        return _refused(number, error, "give")
    return _done(number, "guidance", "create")


@pages.post("/guidance/<key:guidance_id>/<verb>")
def follow(number: str, guidance_id: int, verb: str) -> ResponseReturnValue:
    """The company states whether it followed; the authority confirms or contests."""
    found = guidance.find(db.session, _pilot(number), guidance_id)
    try:
        if verb == "state":
            typed = _typed(f"guidance-state-{guidance_id}", "is_followed", "statement")
            guidance.state(db.session, found, **load(StatementSchema(), typed), by=actor(), at=now())
        elif verb == "confirm":
            guidance.confirm(db.session, found, by=actor(), at=now())
        elif verb == "contest":
            guidance.contest(db.session, found, by=actor(), at=now(), reason=forms.reason(request.form))
        else:
            abort(404)
    except Invalid as error:
        return _refused(number, error, f"guidance-{verb}-{guidance_id}")
    return _done(number, "guidance", verb)


def _typed(box: str, *names: str) -> dict[str, str]:
    """What was posted of the form `box`; several forms share the page, and none a name."""
    return {name: request.form.get(f"{name}.{box}", "") for name in names}


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _done(number: str, kind: str, verb: str) -> ResponseReturnValue:
    flash(words.deed(kind, verb), "success")
    return redirect(url_for("uncertainties.index", number=number), 303)


def _refused(number: str, error: Invalid, box: str) -> ResponseReturnValue:
    """The room again, with what is wrong at the form `box` that was sent."""
    db.session.rollback()
    wrong = complaints.translated(error.errors)
    return _index(_pilot(number), {f"{field}.{box}": texts for field, texts in wrong.items()})


def _index(pilot: Pilot, errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    wrong = errors or {}
    page = render_template(
        "uncertainties/index.html",
        pilot=pilot,
        uncertainties=register.uncertainties_of(db.session, pilot),
        guidance=guidance.guidance_of(db.session, pilot),
        may_name=register.may_name(pilot, actor()) and not is_over(pilot),
        may_give=guidance.may_give(pilot, actor()) and not is_over(pilot),
        may=_may,
        moves=lambda kind, subject: _moves(pilot, kind, subject, wrong),
        sent=forms.Sent(request.form),
        amendment_words=amendment_words,
        errors=wrong,
        labels={field: amendment_words.label(field.partition(".")[0]) for field in wrong},
    )
    return page, 422 if wrong else 200


def _may(kind: str, verb: str, subject: Any) -> bool:
    lifecycle = UNCERTAINTY if kind == "uncertainty" else GUIDANCE
    return any(each.verb == verb for each in lifecycle.open_to(subject, actor()))


def _moves(pilot: Pilot, kind: str, subject: Any, errors: complaints.Errors) -> list[dict[str, Any]]:
    """Acts by a button, with a reason where one is asked for."""
    lifecycle = UNCERTAINTY if kind == "uncertainty" else GUIDANCE
    endpoint = "uncertainties.settle" if kind == "uncertainty" else "uncertainties.follow"
    made = []
    for each in lifecycle.open_to(subject, actor()):
        if each.verb in ("link", "state"):
            continue
        box = f"{kind}-{each.verb}-{subject.id}"
        wrong = errors.get(f"reason.{box}")
        address = {"number": pilot.number, f"{kind}_id": subject.id, "verb": each.verb}
        made.append(
            {
                "verb": box,
                "label": words.verb(kind, each.verb),
                "url": url_for(endpoint, **address),
                "tone": "secondary",
                "reason": "required" if each.needs_reason else "none",
                "hint": None,
                "typed": request.form.get("reason", "") if wrong else None,
                "errors": wrong,
            }
        )
    return made
