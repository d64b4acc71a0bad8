"""Readings that came and could not be stored: a list with reasons, to be tried again or given up."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from experiments.collection.ingest import BEFORE_THE_START
from experiments.collection.intake import Doubt
from experiments.collection.models import DataSource, Verdict, from_microseconds
from experiments.errors import Invalid
from sandbox import collection_health, quarantine_desk
from sandbox.collection_desk import may_keep
from sandbox.db import db
from sandbox.web import complaints, forms, quarantine_words
from sandbox.web.rim import actor, now

pages = Blueprint("quarantine", __name__)


@pages.get("/sources/<key:source_id>/quarantine")
def index(source_id: int) -> ResponseReturnValue:
    return _page(_source(source_id), {})


@pages.post("/sources/<key:source_id>/quarantine")
def decide(source_id: int) -> ResponseReturnValue:
    """Try the ticked readings again, or give them up with a reason."""
    source = _source(source_id)
    chosen = request.form.getlist("readings", type=int)
    try:
        if request.form.get("verb") == "discard":
            reason = forms.reason(request.form)
            quarantine_desk.discard(db.session, source, chosen, reason=reason, by=actor(), at=now())
            flash(gettext("The readings are given up."), "success")
        else:
            attempt = quarantine_desk.reprocess(db.session, source, chosen, by=actor(), at=now())
            stored = attempt.inserted + attempt.revised + attempt.unchanged
            flash(ngettext("%(num)s reading was stored.", "%(num)s readings were stored.", stored), "success")
            if early := attempt.dropped.get(BEFORE_THE_START):
                told = gettext(
                    "%(count)s lie before the start of the source and stay here.", count=early["count"]
                )
                flash(told, "warning")
    except Invalid as refusal:
        return _page(source, complaints.translated(refusal.errors)), 422
    return redirect(url_for("quarantine.index", source_id=source_id), 303)


def _source(source_id: int) -> DataSource:
    return collection_health.find(db.session, source_id, actor())


def _page(source: DataSource, errors: dict[str, list[str]]) -> str:
    query = {name: value for name, value in request.args.items() if value.strip()}
    verdict = query.get("verdict", "")
    verdict = verdict if verdict in set(Verdict) else Verdict.OPEN.value
    page = min(max(request.args.get("page", 1, type=int), 1), 100_000)
    return render_template(
        "quarantine/index.html",
        source=source,
        shelf=quarantine_desk.shelf(
            db.session, source, verdict=verdict, reason=query.get("reason"), page=page
        ),
        page=page,
        query=query,
        verdict=verdict,
        verdicts=[(each.value, quarantine_words.verdict(each)[0]) for each in Verdict],
        reasons=[(each.value, quarantine_words.doubt(each)) for each in Doubt],
        may_decide=may_keep(db.session, source.territory_id, actor()) and verdict == Verdict.OPEN,
        moment=from_microseconds,
        errors=errors,
        quarantine_words=quarantine_words,
    )
