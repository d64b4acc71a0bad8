"""Trying a source out: what is asked, what comes, where it would go, and what would be left out."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from experiments.collection import preview
from experiments.collection.models import from_microseconds
from experiments.errors import Refused
from sandbox import collection_health
from sandbox.collection_desk import may_keep
from sandbox.db import db
from sandbox.serving import collection_settings
from sandbox.web import quarantine_words, source_words
from sandbox.web.rim import actor, now

pages = Blueprint("try_it", __name__, url_prefix="/sources/<key:source_id>/try")

READINGS_SHOWN = 20


@pages.get("")
def index(source_id: int) -> ResponseReturnValue:
    """Ask the hub now and show what it says; nothing is stored."""
    source = collection_health.find(db.session, source_id, actor())
    if not may_keep(db.session, source.territory_id, actor()):
        raise Refused("source.try", "data_officer_of_the_city")
    trial = preview.trial_of(db.session, source, at=now())
    # No transaction waits for a hub.
    db.session.rollback()
    found = preview.run(trial, collection_settings(current_app.settings), at=now())  # type: ignore[attr-defined]
    source = collection_health.find(db.session, source_id, actor())
    metrics = {each.attribute: each for each in source.attributes}
    districts = {each.entity: each.district for each in source.entities}
    return render_template(
        "sources/try.html",
        source=source,
        found=found,
        readings=[
            (from_microseconds(each.at), each, districts[each.entity], metrics[each.attribute])
            for each in found.readings[:READINGS_SHOWN]
        ],
        suspects=[(from_microseconds(each.reading.at), each) for each in found.suspects[:READINGS_SHOWN]],
        source_words=source_words,
        quarantine_words=quarantine_words,
    )
