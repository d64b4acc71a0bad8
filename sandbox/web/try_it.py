"""Trying a source out: what is asked, what comes, where it would go, and what would be left out."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from experiments.collection import preview
from experiments.errors import Refused
from sandbox import collection_health
from sandbox.collection_desk import may_keep
from sandbox.db import db
from sandbox.web import fault_words, quarantine_words, source_words, trials
from sandbox.web.rim import actor, now

pages = Blueprint("try_it", __name__, url_prefix="/sources/<key:source_id>/try")


@pages.get("")
def index(source_id: int) -> ResponseReturnValue:
    """Ask the hub now and show what it says; nothing is stored."""
    source = collection_health.find(db.session, source_id, actor())
    if not may_keep(db.session, source.territory_id, actor()):
        raise Refused("source.try", "data_officer_of_the_city")
    shown = trials.tried(preview.trial_of(db.session, source, at=now()))
    return render_template(
        "sources/try.html",
        source=collection_health.find(db.session, source_id, actor()),
        shown=shown,
        fault_words=fault_words,
        source_words=source_words,
        quarantine_words=quarantine_words,
    )
