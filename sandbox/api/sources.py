"""Data sources: what is collected, how it is doing, and the acts of the city's data officer on it."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from experiments.collection import preview, set_aside
from experiments.collection.connectors.options import PUSHED
from experiments.collection.description import AttributeSchema, EntitySchema, SourceSchema
from experiments.collection.models import Backfill, DataSource, from_microseconds
from experiments.collection.preview import Preview
from experiments.errors import Refused
from experiments.fields import Line, Whole
from sandbox import collection_desk, collection_health, pushed_sources
from sandbox.api.room import Room
from sandbox.api.values import ReasonSchema
from sandbox.db import db
from sandbox.pushed_sources import PushedSourceSchema
from sandbox.serving import collection_settings
from sandbox.web.rim import actor, now

resources = Room(
    "api-sources",
    __name__,
    url_prefix="/sources",
    description="Data sources of the own city, their attempts and the days that are read again.",
)
READINGS_SHOWN = 100


class MappedAttributeSchema(AttributeSchema):
    """Attribute -> metric in one version."""

    metric = fields.String(attribute="metric.code")
    version = fields.Integer(attribute="metric.version")


class MappedEntitySchema(EntitySchema):
    district = Line(attribute="district.code")


class AttemptSchema(Schema):
    """One window, request or file: what came of it, and why it failed where it did. `dropped` maps a reason
    to its count and its first case."""

    id = fields.Integer()
    way = fields.String()
    status = fields.String()
    started_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime()
    window_start = fields.AwareDateTime()
    window_end = fields.AwareDateTime()
    pages = fields.Integer()
    hub_count = fields.Integer(allow_none=True)
    readings = fields.Integer()
    inserted = fields.Integer()
    revised = fields.Integer()
    unchanged = fields.Integer()
    quarantined = fields.Integer()
    dropped = fields.Dict()
    error = fields.String(allow_none=True)
    error_url = fields.String(allow_none=True)


class SourceLineSchema(Schema):
    """A source in the list, with what it needs and what came of its latest attempt."""

    id = fields.Integer(attribute="source.id")
    name = fields.String(attribute="source.name")
    territory = fields.String(attribute="source.territory.code")
    hub = fields.String(attribute="source.hub.name")
    kind = fields.String(attribute="source.hub.kind")
    watermark = fields.AwareDateTime(attribute="source.watermark")
    health = fields.String()
    waiting = fields.Integer(metadata={"description": "readings in quarantine that wait for a decision"})
    latest = fields.Nested(AttemptSchema, allow_none=True)


class SourceListSchema(Schema):
    items = fields.List(fields.Nested(SourceLineSchema))


class SetAsideSchema(Schema):
    """Since when and why the readings of a source count for nothing."""

    since = fields.AwareDateTime()
    reason = fields.String()
    by = fields.String(attribute="by_name")


class ShownSourceSchema(SourceSchema):
    """A source as it stands, with its latest attempts, newest first."""

    id = fields.Integer()
    version = fields.Integer(metadata={"description": "to be sent back with a change"})
    hub = Line(attribute="hub.name")
    territory = Line(attribute="territory.code")
    attributes = fields.List(fields.Nested(MappedAttributeSchema))
    entities = fields.List(fields.Nested(MappedEntitySchema))
    paused = fields.Boolean()
    watermark = fields.AwareDateTime()
    next_due_at = fields.Function(
        lambda source: None if source.hub.kind == PUSHED else source.next_due_at.isoformat(),
        metadata={"type": "string", "format": "date-time", "nullable": True},
    )
    failures = fields.Integer()
    health = fields.Function(lambda source: _page(source).health, metadata={"type": "string"})
    attempts = fields.Function(
        lambda source: AttemptSchema(many=True).dump(_page(source).attempts), metadata={"type": "array"}
    )
    set_aside = fields.Function(
        lambda source: SetAsideSchema().dump(row) if (row := set_aside.current(db.session, source)) else None,
        metadata={"type": "object", "nullable": True},
    )


class ChangedSourceSchema(SourceSchema):
    version = Whole(required=True, validate=validate.Range(1))


class DaysSchema(Schema):
    """The first and the last day to be read again, in the territory's zone."""

    first = fields.Date(required=True)
    last = fields.Date(required=True)


class BackfillSchema(Schema):
    """A past span that is read beside the live schedule; everything before `watermark` was read."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    watermark = fields.AwareDateTime()
    requested_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    failures = fields.Integer()


class BackfillsSchema(Schema):
    items = fields.List(fields.Nested(BackfillSchema))


class QuestionSentSchema(Schema):
    address = fields.String()
    headers = fields.List(fields.List(fields.String()))


class TriedReadingSchema(Schema):
    entity = fields.String()
    attribute = fields.String()
    observed_at = fields.Function(lambda reading: from_microseconds(reading.at).isoformat())
    value = fields.Raw()
    unit = fields.String(allow_none=True)


class DoubtfulSchema(Schema):
    reading = fields.Nested(TriedReadingSchema)
    reason = fields.String()


class TrialSchema(Schema):
    """What was asked and what came, of which nothing is stored; `fault` where the answer cannot be used."""

    start = fields.AwareDateTime()
    end = fields.AwareDateTime()
    requests = fields.List(fields.Nested(QuestionSentSchema))
    readings = fields.Function(
        lambda found: TriedReadingSchema(many=True).dump(found.readings[:READINGS_SHOWN]),
        metadata={"type": "array", "description": f"the first {READINGS_SHOWN}"},
    )
    count = fields.Function(lambda found: len(found.readings), metadata={"type": "integer"})
    suspects = fields.Function(
        lambda found: DoubtfulSchema(many=True).dump(found.suspects[:READINGS_SHOWN]),
        metadata={"type": "array", "description": "what would go into quarantine"},
    )
    dropped = fields.Dict()
    fault = fields.String(allow_none=True)
    is_whole = fields.Boolean()


@resources.get("", endpoint="index")
@resources.response(200, SourceListSchema)
def index() -> dict[str, Any]:
    """The sources that this person watches, by territory and name."""
    return {"items": collection_health.lines(db.session, actor(), now())}


@resources.post("", endpoint="register")
@resources.arguments(SourceSchema)
@resources.response(201, ShownSourceSchema)
def register(sent: dict[str, Any]) -> DataSource:
    """Describe a source of a hub that is there; its first run is due at once."""
    return collection_desk.register(db.session, _plain(sent), by=actor(), at=now())


@resources.post("/pushed", endpoint="open_pushed")
@resources.arguments(PushedSourceSchema)
@resources.response(201, ShownSourceSchema)
def open_pushed(sent: dict[str, Any]) -> DataSource:
    """Open a source without a hub, to which readings are sent with its tokens."""
    plain = {**sent, "starts_on": sent["starts_on"].isoformat()}
    return pushed_sources.open_pushed(db.session, plain, by=actor(), at=now())


@resources.get("/<key:source_id>", endpoint="read")
@resources.response(200, ShownSourceSchema)
def read(source_id: int) -> DataSource:
    """One source."""
    return source_of(source_id)


@resources.put("/<key:source_id>", endpoint="edit")
@resources.arguments(ChangedSourceSchema)
@resources.response(200, ShownSourceSchema)
def edit(sent: dict[str, Any], source_id: int) -> DataSource:
    """Replace the description; what is new of the past is read beside the live schedule."""
    found, seen = source_of(source_id), sent.pop("version")
    collection_desk.edit(db.session, found, _plain(sent), seen_version=seen, by=actor(), at=now())
    return found


@resources.post("/<key:source_id>/pause", endpoint="pause")
@resources.response(200, ShownSourceSchema)
def pause(source_id: int) -> DataSource:
    """Collect no more until it is resumed."""
    found = source_of(source_id)
    collection_desk.pause(db.session, found, by=actor(), at=now())
    return found


@resources.post("/<key:source_id>/resume", endpoint="resume")
@resources.response(200, ShownSourceSchema)
def resume(source_id: int) -> DataSource:
    """Collect again from where it stood."""
    found = source_of(source_id)
    collection_desk.resume(db.session, found, by=actor(), at=now())
    return found


@resources.post("/<key:source_id>/collect", endpoint="collect")
@resources.response(200, ShownSourceSchema)
def collect(source_id: int) -> DataSource:
    """Make the next run due at once."""
    found = source_of(source_id)
    collection_desk.collect_now(db.session, found, by=actor(), at=now())
    return found


@resources.post("/<key:source_id>/set-aside", endpoint="set_aside")
@resources.arguments(ReasonSchema)
@resources.response(200, ShownSourceSchema)
def set_source_aside(sent: dict[str, Any], source_id: int) -> DataSource:
    """Let its readings count for nothing from now on; they are kept."""
    found = source_of(source_id)
    collection_desk.set_source_aside(db.session, found, **sent, by=actor(), at=now())
    return found


@resources.post("/<key:source_id>/count-again", endpoint="count_again")
@resources.response(200, ShownSourceSchema)
def count_again(source_id: int) -> DataSource:
    """Let the readings of a source that was set aside count again."""
    found = source_of(source_id)
    collection_desk.let_source_count(db.session, found, by=actor(), at=now())
    return found


@resources.post("/<key:source_id>/try", endpoint="try")
@resources.response(200, TrialSchema)
def try_it(source_id: int) -> Preview:
    """Ask the hub now, in at most six requests, and tell what would become of its answer."""
    found = source_of(source_id)
    if not collection_desk.may_keep(db.session, found.territory_id, actor()):
        raise Refused("source.try", "data_officer_of_the_city")
    trial = preview.trial_of(db.session, found, at=now())
    # No transaction waits for a hub.
    db.session.rollback()
    return preview.run(trial, collection_settings(current_app.settings), at=now())  # type: ignore[attr-defined]


@resources.get("/<key:source_id>/backfills", endpoint="backfills")
@resources.response(200, BackfillsSchema)
def backfills(source_id: int) -> dict[str, Any]:
    """Past spans that were asked for, newest first."""
    query = select(Backfill).where(Backfill.source_id == source_of(source_id).id)
    return {"items": db.session.scalars(query.order_by(Backfill.id.desc())).all()}


@resources.post("/<key:source_id>/backfills", endpoint="backfill")
@resources.arguments(DaysSchema)
@resources.response(201, BackfillSchema)
def backfill(sent: dict[str, Any], source_id: int) -> Backfill:
    """Have days read again beside the live schedule."""
    return collection_desk.backfill(db.session, source_of(source_id), **sent, by=actor(), at=now())


def source_of(source_id: int) -> DataSource:
    """The source, for whoever watches it; NotFound for everybody else."""
    return collection_health.find(db.session, source_id, actor())


def _page(source: DataSource) -> collection_health.SourcePage:
    return collection_health.page(db.session, source, actor(), now())


def _plain(sent: dict[str, Any]) -> dict[str, Any]:
    """The description as JSON has it: it is checked once more where it is used."""
    return sent | {"starts_at": sent["starts_at"].isoformat()}
