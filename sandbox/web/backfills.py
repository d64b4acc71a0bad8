"""Days of a source that are read again beside its live schedule, and the form that asks for more."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import Schema, fields
from sqlalchemy import select

from experiments.collection.connectors.options import PUSHED, SUBSCRIBED
from experiments.collection.models import Backfill, DataSource
from experiments.errors import Invalid
from experiments.fields import load
from sandbox import collection_desk, collection_health
from sandbox.db import db
from sandbox.web import complaints
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now

pages = Blueprint("backfills", __name__, url_prefix="/sources/<key:source_id>/backfills")

# The lab speaks of instants where the form has days.
FIELDS = {"starts_at": "first", "ends_at": "last"}


class DaysSchema(Schema):
    """The first and the last day to be read again."""

    first = fields.Date(required=True)
    last = fields.Date(required=True)


@pages.get("")
def index(source_id: int) -> ResponseReturnValue:
    return _page(_source(source_id), Sent(request.form))


@pages.post("")
def ask(source_id: int) -> ResponseReturnValue:
    """Have days read again; the first window is due with the next beat."""
    source = _source(source_id)
    sent = Sent(request.form)
    try:
        days = load(DaysSchema(), {name: sent.one(name) for name in ("first", "last")})
        collection_desk.backfill(db.session, source, **days, by=actor(), at=now())
    except Invalid as error:
        errors = {FIELDS.get(field, field): texts for field, texts in error.errors.items()}
        db.session.rollback()
        sent.refuse(Invalid(errors))
        return _page(_source(source_id), sent)
    flash(gettext("These days are read again beside the live schedule."), "success")
    return redirect(url_for("backfills.index", source_id=source_id), 303)


def _page(source: DataSource, sent: Sent) -> ResponseReturnValue:
    query = select(Backfill).where(Backfill.source_id == source.id).order_by(Backfill.id.desc())
    page = render_template(
        "sources/backfills.html",
        source=source,
        backfills=db.session.scalars(query).all(),
        may_ask=collection_desk.may_keep(db.session, source.territory_id, actor()) and _can_be_asked(source),
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={"first": gettext("First day"), "last": gettext("Last day")},
    )
    return page, 422 if sent.errors else 200


def _can_be_asked(source: DataSource) -> bool:
    """Whether there is a hub that can be asked for the past."""
    return source.hub.kind != PUSHED and source.hub.kind not in SUBSCRIBED


def _source(source_id: int) -> DataSource:
    return collection_health.find(db.session, source_id, actor())
