"""How the hub of one source keeps to the NGSI-LD standard, with the questions and answers that show it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from experiments.collection import preview
from experiments.collection.conformance import Finding, examine
from experiments.collection.http import HubClient
from experiments.collection.preview import Trial
from experiments.errors import NotFound, Refused
from sandbox import collection_health
from sandbox.collection_desk import may_keep
from sandbox.db import db
from sandbox.serving import collection_settings
from sandbox.web import fault_words, source_words
from sandbox.web.rim import actor, now

pages = Blueprint("conformance", __name__, url_prefix="/sources/<key:source_id>/conformance")


@pages.route("", methods=["GET", "POST"])
def index(source_id: int) -> ResponseReturnValue:
    """What the report looks at, and the report once the hub was asked."""
    source = collection_health.find(db.session, source_id, actor())
    if source.hub.kind != "ngsi_ld":
        raise NotFound("conformance report", source_id)
    keeps = may_keep(db.session, source.territory_id, actor())
    trial = preview.trial_of(db.session, source, at=now())
    findings = None
    if request.method == "POST":
        if not keeps:
            raise Refused("source.conformance", "data_officer_of_the_city")
        # No transaction waits for a hub.
        db.session.rollback()
        findings = _examined(trial)
        source = collection_health.find(db.session, source_id, actor())
    return render_template(
        "sources/conformance.html",
        source=source,
        start=trial.query.start,
        end=trial.query.end,
        findings=findings,
        may_ask=keeps,
        source_words=source_words,
        fault_words=fault_words,
    )


def _examined(trial: Trial) -> list[Finding]:
    settings = collection_settings(current_app.settings)  # type: ignore[attr-defined]
    hasty = replace(settings, tries=1, read_seconds=min(settings.read_seconds, 10.0), answer_seconds=20.0)
    with HubClient(hasty) as client:
        return examine(partial(client.get, access=trial.access), trial.query)
