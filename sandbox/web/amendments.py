"""The law-amendment board: everybody reads it, the competent ministry moves its items."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.amendments import board
from sandbox.amendments.board import AmendmentDraftSchema, AmendmentInForceSchema, AmendmentReportSchema
from sandbox.amendments.models import Amendment, AmendmentStatus
from sandbox.amendments.table import (
    AMENDMENT,
    ministry_of_a_linked_case,
    reviewer_of_the_competent_ministry,
)
from sandbox.db import db
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.web import amendment_words, complaints, forms, options, words
from sandbox.web.rim import actor, actor_or_none, now, today

pages = Blueprint("amendments", __name__, url_prefix="/law-changes")

BEFORE_REVIEW = (AmendmentStatus.IDENTIFIED, AmendmentStatus.REQUESTED)
WRITTEN = (AmendmentStatus.COMPLETED, AmendmentStatus.IN_FORCE)


@pages.get("")
def index() -> ResponseReturnValue:
    return render_template("amendments/index.html", items=board.items(db.session))


@pages.get("/<key:amendment_id>")
def item(amendment_id: int) -> ResponseReturnValue:
    return _item(board.find(db.session, amendment_id))


@pages.post("/<key:amendment_id>/moves/<verb>")
def move(amendment_id: int, verb: str) -> ResponseReturnValue:
    """A step of the item; the entry into force is posted with its day."""
    amendment = board.find(db.session, amendment_id)
    known = {each.verb for each in AMENDMENT.transitions}
    if verb not in known:
        abort(404)
    try:
        if verb == "enter_into_force":
            day = load(AmendmentInForceSchema(), {"in_force_on": request.form.get("in_force_on", "")})
            board.enter_into_force(db.session, amendment, **day, by=actor(), at=now())
        else:
            why = forms.reason(request.form)
            board.move(db.session, amendment, verb, by=actor(), at=now(), reason=why)
    except Invalid as error:
        return _refused(amendment_id, error, {"reason": f"reason.{verb}"})
    return _done(amendment_id, words.deed("amendment", verb))


@pages.post("/<key:amendment_id>/draft")
def write(amendment_id: int) -> ResponseReturnValue:
    """The wording that the ministry proposes, and what the evidence says."""
    amendment = board.find(db.session, amendment_id)
    try:
        values = load(
            AmendmentDraftSchema(), {name: request.form.get(name, "") for name in ("draft", "assessment")}
        )
        board.write(db.session, amendment, **values, by=actor(), at=now())
    except Invalid as error:
        return _refused(amendment_id, error, {})
    return _done(amendment_id, gettext("The wording is saved."))


@pages.post("/<key:amendment_id>/ministry")
def hand_over(amendment_id: int) -> ResponseReturnValue:
    """Hand the item to the ministry whose law it is."""
    amendment = board.find(db.session, amendment_id)
    chosen = request.form.get("ministry", "")
    try:
        key = int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 10 else 0
        board.hand_over(db.session, amendment, key, by=actor(), at=now())
    except Invalid as error:
        return _refused(amendment_id, error, {})
    return _done(amendment_id, gettext("The item is with the competent ministry."))


@pages.post("/<key:amendment_id>/steps/<key:step_id>/report")
def report(amendment_id: int, step_id: int) -> ResponseReturnValue:
    """When and where the committee was told of a step."""
    amendment = board.find(db.session, amendment_id)
    step = board.step_of(db.session, amendment, step_id)
    try:
        typed = {name: request.form.get(name, "") for name in ("reported_on", "meeting")}
        values = load(AmendmentReportSchema(), typed)
        board.report_step(db.session, step, amendment, values=values, by=actor(), at=now())
    except Invalid as error:
        return _refused(amendment_id, error, {})
    return _done(amendment_id, gettext("The report to the committee is noted."))


def _refused(amendment_id: int, error: Invalid, names: dict[str, str]) -> ResponseReturnValue:
    db.session.rollback()
    wrong = {names.get(field, field): messages for field, messages in error.errors.items()}
    return _item(board.find(db.session, amendment_id), complaints.translated(wrong))


def _done(amendment_id: int, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("amendments.item", amendment_id=amendment_id), 303)


def _item(amendment: Amendment, errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    wrong, reader = errors or {}, actor_or_none()
    is_competent = reader is not None and reviewer_of_the_competent_ministry(reader, amendment)
    may_hand_over = is_competent or (reader is not None and ministry_of_a_linked_case(reader, amendment))
    ministries = select(Organisation).where(Organisation.kind == OrganisationKind.MINISTRY)
    shown = board.item(db.session, amendment)
    page = render_template(
        "amendments/item.html",
        item=shown,
        amendment=amendment,
        moves=_moves(amendment, wrong),
        may_write=is_competent and amendment.status not in WRITTEN,
        may_report=is_competent,
        unreported=[step for step in shown.past if step.reported_on is None],
        may_hand_over=may_hand_over and amendment.status in BEFORE_REVIEW,
        may_enter_into_force="enter_into_force" in _open(amendment),
        ministries=options.named(db.session.scalars(ministries.order_by(Organisation.id)).all()),
        sent=forms.Sent(request.form, {"draft": amendment.draft, "assessment": amendment.assessment}),
        today=today(),
        errors=wrong,
        labels={name: str(text) for name, text in amendment_words.LABELS.items()},
        amendment_words=amendment_words,
    )
    return page, 422 if wrong else 200


def _open(amendment: Amendment) -> list[str]:
    reader = actor_or_none()
    return [each.verb for each in AMENDMENT.open_to(amendment, reader)] if reader else []


def _moves(amendment: Amendment, errors: complaints.Errors) -> list[dict[str, Any]]:
    made = []
    for verb in _open(amendment):
        if verb == "enter_into_force":
            continue
        transition = AMENDMENT.transition(verb)
        wrong = errors.get(f"reason.{verb}")
        made.append(
            {
                "verb": verb,
                "label": words.verb("amendment", verb),
                "url": url_for("amendments.move", amendment_id=amendment.id, verb=verb),
                "tone": "secondary",
                "reason": "required" if transition.needs_reason else "none",
                "hint": None,
                "typed": request.form.get("reason", "") if wrong else None,
                "errors": wrong,
            }
        )
    return made
