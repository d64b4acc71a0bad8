"""Rapid confirmation on pages: the list, one request, and the acts of company, agencies and lead ministry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import Schema
from sqlalchemy import select

from experiments.errors import Invalid, WrongMoment
from experiments.fields import Whole, load
from sandbox import access
from sandbox.confirmations import desk, replies, requests
from sandbox.confirmations.models import Confirmation
from sandbox.confirmations.replies import COMPETENT, AgencyReplySchema, RouteSchema
from sandbox.confirmations.requests import RequestSchema
from sandbox.confirmations.table import CONFIRMATION
from sandbox.db import db
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.pilots.parts import deeds_of
from sandbox.regimes import Regime, open_regimes
from sandbox.web import clock_words, complaints, forms, labels, regime_choice, words
from sandbox.web.rim import actor, now, today

pages = Blueprint("confirmations", __name__, url_prefix="/confirmations")

CHOOSE = "Choose a ministry."
FIELDS = ("title", "technology", "description")
REPLY_FIELDS = ("reply", "text", "requirements", "procedure")

# The acts without a form of their own.
MOVES: dict[str, Callable[..., None]] = {
    "submit": requests.submit,
    "take_alone": replies.take_alone,
    "withdraw": requests.withdraw,
}
# The acts that have a page of their own.
FORMS = {
    "edit": "confirmations.edit",
    "route": "confirmations.route",
    "reply": "confirmations.reply",
    "answer": "confirmations.answer",
}


class LeadSchema(Schema):
    """The ministry that receives the request, by id."""

    lead = Whole(required=True, error_messages={"invalid": CHOOSE, "too_large": CHOOSE})


@pages.get("")
def index() -> ResponseReturnValue:
    return render_template(
        "confirmations/index.html",
        rows=desk.rows(db.session, actor()),
        may_request=access.company_author(actor()),
        clock_words=clock_words,
        today=today(),
    )


@pages.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """A new request to a ministry, under a regime that knows such requests."""
    offered = [law for law in open_regimes() if law.has_confirmation]
    law = regime_choice.chosen(offered)
    if law is None:
        return regime_choice.page(offered, "confirmations.new")
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            confirmation = _draft(sent, law)
            flash(gettext("The draft is registered as %(number)s.", number=confirmation.number), "success")
            return _back(confirmation)
        except Invalid as error:
            sent.refuse(error)
    return _request_form(sent, None, 0)


@pages.route("/<number>/edit", methods=["GET", "POST"])
def edit(number: str) -> ResponseReturnValue:
    """Edit a draft; a draft that somebody else saved meanwhile is not overwritten."""
    confirmation = _found(number)
    typed = {name: getattr(confirmation, name) for name in FIELDS}
    sent = forms.Sent(request.form, typed | {"articles": "\n".join(confirmation.articles)})
    seen = request.form.get("version", confirmation.version, type=int)
    if request.method == "POST":
        try:
            requests.edit(db.session, confirmation, _values(sent), seen_version=seen, by=actor(), at=now())
            flash(gettext("The draft is saved."), "success")
            return _back(confirmation)
        except Invalid as error:
            sent.refuse(error)
    return _request_form(sent, confirmation, seen)


@pages.get("/<number>", endpoint="file")
def file_page(number: str) -> ResponseReturnValue:
    return _file(_found(number))


@pages.post("/<number>/moves/<verb>")
def move(number: str, verb: str) -> ResponseReturnValue:
    """One act without a form of its own; `reason` is posted where one is asked for."""
    act = MOVES.get(verb)
    if act is None:
        abort(404)
    confirmation = _found(number)
    why = forms.reason(request.form)
    options = {"reason": why} if CONFIRMATION.transition(verb).needs_reason else {}
    try:
        act(db.session, confirmation, by=actor(), at=now(), **options)
    except Invalid as error:
        db.session.rollback()
        return _file(_found(number), verb, why, error)
    flash(words.deed("confirmation", verb), "success")
    return _back(confirmation)


@pages.route("/<number>/route", methods=["GET", "POST"])
def route(number: str) -> ResponseReturnValue:
    """Which agencies are asked."""
    confirmation = _found(number)
    sent = forms.Sent(request.form)
    agencies = db.session.scalars(
        select(Organisation)
        .where(Organisation.kind.in_(COMPETENT), Organisation.id != confirmation.lead_id)
        .order_by(Organisation.kind.desc(), Organisation.id)
    ).all()
    if request.method == "POST":
        try:
            chosen = load(RouteSchema(), {"agencies": sent.many("agencies")})["agencies"]
            asked = [agency for agency in agencies if agency.id in chosen]
            replies.route(db.session, confirmation, asked, by=actor(), at=now())
            flash(words.deed("confirmation", "route"), "success")
            return _back(confirmation)
        except Invalid as error:
            sent.refuse(error)
    (reply_clock,) = confirmation.regime.clocks_started_by("agency_notified")
    return _form("confirmations/route.html", confirmation, sent, agencies=agencies, reply_clock=reply_clock)


@pages.route("/<number>/reply", methods=["GET", "POST"])
def reply(number: str) -> ResponseReturnValue:
    """One agency's reply."""
    confirmation = _found(number)
    agency = desk.asked(confirmation, actor())
    if agency is None:
        raise WrongMoment("confirmation.reply", confirmation.status, needs="agency_is_asked")
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            replies.reply(db.session, agency, **_reply(sent), by=actor(), at=now())
            flash(gettext("The reply is recorded."), "success")
            return _back(confirmation)
        except Invalid as error:
            sent.refuse(error)
    return _reply_form(confirmation, sent, agency.clock)


@pages.route("/<number>/answer", methods=["GET", "POST"])
def answer(number: str) -> ResponseReturnValue:
    """The lead ministry's own part, with which the company is notified."""
    confirmation = _found(number)
    CONFIRMATION.check(confirmation, "answer", by=actor())
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            replies.answer(db.session, confirmation, **_reply(sent), by=actor(), at=now())
            flash(words.deed("confirmation", "answer"), "success")
            return _back(confirmation)
        except Invalid as error:
            sent.refuse(error)
    running = [clock for clock in confirmation.clocks if clock.is_running]
    return _reply_form(confirmation, sent, running[0] if running else None)


def _found(number: str) -> Confirmation:
    return desk.find(db.session, number, actor())


def _draft(sent: forms.Sent, law: Regime) -> Confirmation:
    errors: dict[str, list[str]] = {}
    lead, values = None, {}
    try:
        lead = db.session.get(Organisation, load(LeadSchema(), {"lead": sent.one("lead")})["lead"])
        errors |= {} if lead else {"lead": [CHOOSE]}
    except Invalid as error:
        errors |= error.errors
    try:
        values = _values(sent)
    except Invalid as error:
        errors |= error.errors
    if errors or lead is None:
        raise Invalid(errors)
    return requests.draft(db.session, regime=law, lead=lead, values=values, by=actor(), at=now())


def _values(sent: forms.Sent) -> dict[str, Any]:
    typed = {name: sent.one(name) for name in FIELDS}
    return load(RequestSchema(), typed | {"articles": sent.each_line("articles")})


def _reply(sent: forms.Sent) -> dict[str, Any]:
    return load(AgencyReplySchema(), {name: sent.one(name) for name in REPLY_FIELDS})


def _file(
    confirmation: Confirmation, verb: str = "", typed: str = "", refused: Invalid | None = None
) -> ResponseReturnValue:
    messages = complaints.translated(refused.errors).get("reason", []) if refused else []
    errors = {f"reason.confirmation.{verb}": messages} if messages else {}
    page = render_template(
        "confirmations/file.html",
        confirmation=confirmation,
        verbs=desk.verbs(confirmation, actor()),
        timeline=words.deeds(deeds_of("confirmation", CONFIRMATION.past(confirmation))),
        forms_of=FORMS,
        moves_of={each: CONFIRMATION.transition(each) for each in MOVES},
        errors=errors,
        labels=dict.fromkeys(errors, " – ".join((words.verb("confirmation", verb), gettext("Reason"))))
        if errors
        else {},
        typed=typed,
        clock_words=clock_words,
        today=today(),
    )
    return page, 422 if refused else 200


def _request_form(sent: forms.Sent, confirmation: Confirmation | None, seen: int) -> ResponseReturnValue:
    ministries = db.session.scalars(
        select(Organisation).where(Organisation.kind == OrganisationKind.MINISTRY).order_by(Organisation.id)
    ).all()
    return _form("confirmations/request.html", confirmation, sent, seen=seen, ministries=ministries)


def _reply_form(confirmation: Confirmation, sent: forms.Sent, clock: Any) -> ResponseReturnValue:
    choices = [(each.value, words.status("agency_reply", each)[0]) for each in replies.SAID]
    return _form("confirmations/reply.html", confirmation, sent, choices=choices, clock=clock)


def _form(
    template: str, confirmation: Confirmation | None, sent: forms.Sent, **context: Any
) -> ResponseReturnValue:
    errors = complaints.translated(sent.errors)
    page = render_template(
        template,
        confirmation=confirmation,
        sent=sent,
        errors=errors,
        labels=labels.of_confirmation(errors),
        clock_words=clock_words,
        **context,
    )
    return page, 422 if sent.errors else 200


def _back(confirmation: Confirmation) -> ResponseReturnValue:
    return redirect(url_for("confirmations.file", number=confirmation.number), 303)
