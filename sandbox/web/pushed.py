"""The form that opens a source to which the city's own systems send readings by token."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from experiments.collection.description import CADENCES
from experiments.errors import Invalid
from experiments.metrics import Metric
from sandbox import collection_desk, pushed_sources
from sandbox.db import db
from sandbox.web import complaints, options, source_words
from sandbox.web.filters import pick
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now

pages = Blueprint("pushed", __name__, url_prefix="/sources/pushed")


@pages.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    own = collection_desk.territories(db.session, actor())
    sent = Sent(request.form, {"territory": own[0].code if own else ""})
    metrics, districts = request.form.getlist("metrics"), request.form.getlist("districts")
    if request.method == "POST":
        typed = {name: sent.one(name).strip() for name in ("name", "territory", "starts_on")}
        described = typed | {
            "metrics": metrics,
            "districts": districts,
            "cadence": sent.one("cadence") or None,
        }
        try:
            made = pushed_sources.open_pushed(db.session, described, by=actor(), at=now())
            flash(gettext("The source is open. Make a token for every sender."), "success")
            return redirect(url_for("tokens.index", source_id=made.id), 303)
        except Invalid as refusal:
            sent.errors = complaints.translated(refusal.errors)
    codes = dict.fromkeys(db.session.scalars(select(Metric.code).order_by(Metric.code)))
    cadences = [("", source_words.cadence(None)), *((each, source_words.cadence(each)) for each in CADENCES)]
    page = render_template(
        "sources/pushed.html",
        sent=sent,
        errors=sent.errors,
        chosen={"metrics": metrics, "districts": districts},
        territories=[(each.code, pick(each, "name")) for each in own],
        metrics=[(code, code) for code in codes],
        districts=[pair for each in own for pair in options.districts(each.districts)],
        cadences=cadences,
        labels={
            "name": gettext("Name"),
            "territory": gettext("Territory"),
            "metrics": gettext("Metrics"),
            "districts": gettext("Districts"),
            "cadence": gettext("A reading is expected"),
            "starts_on": gettext("Readings are taken from this day on"),
        },
    )
    return page, 422 if sent.errors else 200
