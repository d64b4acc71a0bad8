"""Acts on an application that need more than one reason: its return, a refusal, a modification."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.db import db
from sandbox.exemptions import application
from sandbox.exemptions.application import ModificationSchema
from sandbox.exemptions.decide import RefusalSchema, follows
from sandbox.exemptions.review import ReturnSchema
from sandbox.exemptions.table import EXEMPTION
from sandbox.pilots import case, file
from sandbox.pilots.models import Pilot
from sandbox.web import complaints, forms, labels, words
from sandbox.web.rim import actor, now

pages = Blueprint("rulings", __name__, url_prefix="/cases")


@pages.route("/<number>/return", methods=["GET", "POST"])
def return_filing(number: str) -> ResponseReturnValue:
    """Send the filing back, for reasons of the law (D52(3))."""
    pilot = file.find(db.session, number, actor())
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(ReturnSchema(), {"codes": sent.many("codes"), "reason": sent.one("reason")})
            case.return_filing(db.session, pilot, **values, by=actor(), at=now())
            return _done(number, "return_filing")
        except Invalid as error:
            sent.refuse(error)
    else:
        EXEMPTION.check(pilot.exemption, "return_filing", by=actor(), reason="-")
    return _form("cases/return.html", pilot, sent)


@pages.route("/<number>/refusal", methods=["GET", "POST"])
def refuse(number: str) -> ResponseReturnValue:
    """Reject the application, with or against the committee."""
    return _decision(number, "refuse", case.refuse)


@pages.route("/<number>/not-required", methods=["GET", "POST"])
def find_not_required(number: str) -> ResponseReturnValue:
    """Find that no exemption is needed, with or against the committee."""
    return _decision(number, "find_not_required", case.find_not_required)


@pages.route("/<number>/modification", methods=["GET", "POST"])
def modify(number: str) -> ResponseReturnValue:
    """The company changes its plan after the committee's resolution."""
    pilot = file.find(db.session, number, actor())
    sent = forms.Sent(request.form)
    items = pilot.exemption.regime.plan_contents
    if request.method == "POST":
        try:
            contents = {item.id: sent.one(f"contents.{item.id}") for item in items}
            values = load(ModificationSchema(pilot.exemption.regime), {"contents": contents})
            application.modify(db.session, pilot.exemption, values, by=actor(), at=now())
            return _done(number, "modify")
        except Invalid as error:
            sent.refuse(error)
    else:
        EXEMPTION.check(pilot.exemption, "modify", by=actor())
    return _form("cases/modification.html", pilot, sent, items=items)


def _decision(number: str, verb: str, use_case: Callable[..., None]) -> ResponseReturnValue:
    pilot = file.find(db.session, number, actor())
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(RefusalSchema(), {"reason": sent.one("reason"), "against": sent.one("against")})
            use_case(db.session, pilot, **values, by=actor(), at=now())
            return _done(number, verb)
        except Invalid as error:
            sent.refuse(error)
    else:
        EXEMPTION.check(pilot.exemption, verb, by=actor(), reason="-")
    return _form(
        "cases/refusal.html",
        pilot,
        sent,
        title=words.verb("exemption", verb),
        follows=follows(pilot.exemption, verb),
    )


def _done(number: str, verb: str) -> ResponseReturnValue:
    flash(words.deed("exemption", verb), "success")
    return redirect(url_for("cases.file", number=number), 303)


def _form(template: str, pilot: Pilot, sent: forms.Sent, **context: object) -> ResponseReturnValue:
    errors = complaints.translated(sent.errors)
    page = render_template(
        template, pilot=pilot, sent=sent, errors=errors, labels=labels.of_case(errors, pilot), **context
    )
    return page, 422 if sent.errors else 200
