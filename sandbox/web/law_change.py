"""The room "Law change" of a case: what is to show that its articles have to change."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from experiments.errors import Invalid
from experiments.fields import load
from experiments.metrics import Metric
from sandbox.amendments import board, evidence
from sandbox.amendments.evidence import EvidenceLineSchema
from sandbox.db import db
from sandbox.exemptions.models import ExemptionStatus
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.web import amendment_words, complaints, forms
from sandbox.web.filters import pick
from sandbox.web.options import unit
from sandbox.web.rim import actor, now

pages = Blueprint("law_change", __name__, url_prefix="/cases/<number>/law-change")

FIELDS = ("article", "criterion", "shown_by", "metric", "document", "would_show")


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    return _index(file.find(db.session, number, actor()))


@pages.route("/evidence", methods=["GET", "POST"])
def enter(number: str) -> ResponseReturnValue:
    """A line of evidence for one of the articles."""
    pilot = file.find(db.session, number, actor())
    missing = evidence.articles_without_evidence(pilot.exemption)
    first = (missing or pilot.exemption.articles or [""])[0]
    sent = forms.Sent(request.form, {"article": first, "shown_by": "metric"})
    if request.method == "POST":
        try:
            values = load(EvidenceLineSchema(), {name: sent.one(name) for name in FIELDS})
            evidence.enter_line(db.session, pilot.exemption, values, by=actor(), at=now())
            flash(gettext("The evidence is named."), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    rules = pilot.exemption.regime.amendments
    page = render_template(
        "amendments/line.html",
        pilot=pilot,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels=_labels(),
        articles=[(each, each) for each in pilot.exemption.articles],
        criteria=[(each.id, pick(each, "name")) for each in (rules.criteria if rules else ())],
        metrics=_metrics(),
        amendment_words=amendment_words,
    )
    return page, 422 if sent.errors else 200


@pages.post("/evidence/<key:line_id>/remove")
def remove(number: str, line_id: int) -> ResponseReturnValue:
    """Take a line back, with the reason."""
    pilot = file.find(db.session, number, actor())
    line = evidence.line_of(db.session, pilot.exemption, line_id)
    try:
        why = forms.reason(request.form)
        evidence.remove_line(db.session, pilot.exemption, line, by=actor(), at=now(), reason=why)
    except Invalid as error:
        db.session.rollback()
        found = file.find(db.session, number, actor())
        return _index(found, {f"reason.remove-{line_id}": error.errors["reason"]})
    flash(gettext("The evidence is taken back."), "success")
    return _back(number)


def _index(pilot: Pilot, errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    exemption = pilot.exemption
    wrong = complaints.translated(errors or {})
    may_enter = evidence.may_enter(exemption, actor())
    rules = exemption.regime.amendments
    lines = evidence.lines_of(db.session, exemption)
    page = render_template(
        "amendments/case.html",
        pilot=pilot,
        lines=lines,
        criteria={each.id: each for each in (rules.criteria if rules else ())},
        metric_names=dict(_metrics()),
        missing=evidence.articles_without_evidence(exemption),
        is_needed=rules is not None and rules.needs_evidence,
        items=board.items_of(db.session, exemption),
        may_enter=may_enter and rules is not None,
        removal=lambda line: _removal(pilot, line.id, wrong) if may_enter else [],
        amendment_words=amendment_words,
        errors=wrong,
        labels=dict.fromkeys(wrong, amendment_words.label("reason")),
    )
    return page, 422 if wrong else 200


def _removal(pilot: Pilot, line_id: int, errors: complaints.Errors) -> list[dict[str, Any]]:
    if pilot.exemption.status == ExemptionStatus.APPROVED:
        return []
    wrong = errors.get(f"reason.remove-{line_id}")
    return [
        {
            "verb": f"remove-{line_id}",
            "label": gettext("Take back"),
            "url": url_for("law_change.remove", number=pilot.number, line_id=line_id),
            "tone": "secondary",
            "reason": "required",
            "hint": None,
            "typed": request.form.get("reason", "") if wrong else None,
            "errors": wrong,
        }
    ]


def _metrics() -> list[tuple[str, str]]:
    rows = db.session.scalars(select(Metric).order_by(Metric.code, Metric.version))
    newest = {metric.code: metric for metric in rows}.values()
    return [(metric.code, f"{pick(metric, 'name')} ({unit(metric)})") for metric in newest]


def _labels() -> dict[str, str]:
    return {name: str(text) for name, text in amendment_words.LABELS.items()}


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("law_change.index", number=number), 303)
