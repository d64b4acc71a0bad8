"""Cards of metrics: read by everybody who is signed in, written as new versions by those who may."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid
from experiments.metrics import Aggregation, Direction, Verification
from sandbox import access, metric_desk
from sandbox.db import db
from sandbox.web import complaints, metric_words, options
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now

pages = Blueprint("metrics", __name__, url_prefix="/metrics")


@pages.get("")
def index() -> ResponseReturnValue:
    """Every metric with all versions of its definition, newest first."""
    rows = metric_desk.cards(db.session)
    may_keep = access.keepers_of_metrics(actor())
    return render_template(
        "metrics/index.html", metrics=rows, may_keep=may_keep, options=options, words_of=metric_words
    )


@pages.get("/<code>/<key:version>")
def card(code: str, version: int) -> ResponseReturnValue:
    shown = metric_desk.card(db.session, code, version)
    may_keep = access.keepers_of_metrics(actor())
    return render_template(
        "metrics/card.html", card=shown, may_keep=may_keep, options=options, words_of=metric_words
    )


@pages.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """The form of a metric's first version."""
    sent = Sent(request.form, {"direction": Direction.DECREASE.value, "aggregation": Aggregation.MEAN.value})
    if request.method == "POST":
        try:
            made = metric_desk.define(db.session, _typed(), by=actor(), at=now())
            return _made(made.code, made.version)
        except Invalid as refusal:
            db.session.rollback()
            sent.refuse(refusal)
    return _form(sent), 422 if sent.errors else 200


@pages.route("/<code>/next", methods=["GET", "POST"])
def supersede(code: str) -> ResponseReturnValue:
    """The form of the next version, as the newest one stands."""
    newest = metric_desk.card(db.session, code).metric
    sent = Sent(request.form, metric_desk.written(newest))
    if request.method == "POST":
        seen = request.form.get("seen_version", 0, type=int)
        try:
            made = metric_desk.supersede(db.session, code, _typed(), seen_version=seen, by=actor(), at=now())
            return _made(made.code, made.version)
        except Invalid as refusal:
            db.session.rollback()
            sent.refuse(refusal)
    return _form(sent, newest), 422 if sent.errors else 200


def _typed() -> dict[str, Any]:
    return {name: request.form.get(name, "") for name in metric_desk.FIELDS if name in request.form}


def _made(code: str, version: int) -> ResponseReturnValue:
    flash(gettext("The version is on record."), "success")
    return redirect(url_for("metrics.card", code=code, version=version), 303)


def _form(sent: Sent, newest: Any = None) -> str:
    return render_template(
        "metrics/form.html",
        sent=sent,
        newest=newest,
        errors=complaints.translated(sent.errors),
        labels={name: str(label) for name, label in metric_words.LABELS.items()},
        directions=[(each.value, str(metric_words.DIRECTIONS[each])) for each in Direction],
        aggregations=[(each.value, str(metric_words.AGGREGATIONS[each])) for each in Aggregation],
        verifications=[(each.value, str(metric_words.VERIFICATIONS[each])) for each in Verification],
    )
