"""A company's own readings of its pilot: the source is opened once, its tokens are kept here."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.collection.description import CADENCES
from experiments.errors import Invalid
from sandbox.db import db
from sandbox.pilots import file, telemetry
from sandbox.pilots.models import Pilot
from sandbox.source_tokens import SENSIBLE_DAYS
from sandbox.web import complaints, fault_words, source_words
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now

pages = Blueprint("telemetry", __name__, url_prefix="/company/pilots/<number>/telemetry")


@pages.route("", methods=["GET", "POST"])
def index(number: str) -> ResponseReturnValue:
    """What the company sends, and the form that makes a token."""
    pilot = _pilot(number)
    sent = Sent(request.form, {"days": SENSIBLE_DAYS})
    if request.method == "POST":
        try:
            days, label = request.form.get("days", 0, type=int), sent.one("label")
            secret = telemetry.make_token(db.session, pilot, label=label, days=days, by=actor(), at=now())
            return _page(pilot, _blank(days), secret)
        except Invalid as refusal:
            sent.refuse(refusal)
    return _page(pilot, sent), 422 if sent.errors else 200


@pages.post("/open")
def open_source(number: str) -> ResponseReturnValue:
    pilot = _pilot(number)
    codes, cadence = request.form.getlist("metrics"), request.form.get("cadence") or None
    try:
        telemetry.open_telemetry(db.session, pilot, codes=codes, cadence=cadence, by=actor(), at=now())
    except Invalid as refusal:
        sent = _blank(SENSIBLE_DAYS)
        sent.refuse(refusal)
        return _page(pilot, sent, chosen=codes, cadence=cadence), 422
    flash(gettext("The source is open. Make a token for every sender."), "success")
    return redirect(url_for("telemetry.index", number=number), 303)


@pages.post("/start")
def move_start(number: str) -> ResponseReturnValue:
    """Take readings from an earlier day on."""
    pilot, sent = _pilot(number), _blank(SENSIBLE_DAYS)
    try:
        telemetry.move_start(
            db.session, pilot, {"starts_on": request.form.get("starts_on")}, by=actor(), at=now()
        )
    except Invalid as refusal:
        sent.refuse(refusal)
        return _page(pilot, sent), 422
    flash(gettext("Readings are taken from the earlier day on."), "success")
    return redirect(url_for("telemetry.index", number=number), 303)


@pages.post("/tokens/<key:token_id>/rotate")
def rotate(number: str, token_id: int) -> ResponseReturnValue:
    pilot = _pilot(number)
    secret = telemetry.rotate_token(db.session, pilot, token_id, by=actor(), at=now())
    return _page(pilot, _blank(SENSIBLE_DAYS), secret)


@pages.post("/tokens/<key:token_id>/revoke")
def revoke(number: str, token_id: int) -> ResponseReturnValue:
    telemetry.revoke_token(db.session, _pilot(number), token_id, by=actor(), at=now())
    flash(gettext("The token is revoked."), "success")
    return redirect(url_for("telemetry.index", number=number), 303)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _blank(days: int) -> Sent:
    return Sent(request.form.__class__(), {"days": days})


def _page(
    pilot: Pilot,
    sent: Sent,
    secret: str | None = None,
    *,
    chosen: list[str] | None = None,
    cadence: str | None = None,
) -> str:
    cadences = [("", source_words.cadence(None)), *((each, source_words.cadence(each)) for each in CADENCES)]
    return render_template(
        "company/telemetry.html",
        pilot=pilot,
        page=telemetry.page(db.session, pilot, by=actor()),
        secret=secret,
        sent=sent,
        chosen=chosen or [],
        cadence=cadence or "",
        cadences=cadences,
        fault_words=fault_words,
        errors=complaints.translated(sent.errors),
        labels={
            "label": gettext("What it is for"),
            "days": gettext("Works for"),
            "metrics": gettext("Metrics to send"),
            "cadence": gettext("A reading is expected"),
            "starts_on": gettext("Readings from this day on"),
        },
        now=now(),
    )
