"""Alerts of data health, and changes of devices on record."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from experiments.collection.quality_models import DeviceChange, HealthAlert
from sandbox import data_health
from sandbox.api.room import Room
from sandbox.api.sources import source_of
from sandbox.data_health import ChangeSchema
from sandbox.db import db
from sandbox.web.rim import actor, now

resources = Room(
    "api-alerts",
    __name__,
    description="What stands out in the readings of the own city's sources and experiments.",
)


class AlertSchema(Schema):
    """A trouble of one source, or of the two sides of one experiment; it closes by itself."""

    id = fields.Integer()
    territory = fields.String(attribute="territory.code")
    source = fields.Integer(attribute="source_id", allow_none=True)
    experiment = fields.Integer(attribute="experiment_id", allow_none=True)
    trouble = fields.String()
    detail = fields.Dict()
    opened_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    seen_at = fields.AwareDateTime(allow_none=True)
    seen_by = fields.String(attribute="seen_by_name", allow_none=True)


class AlertListSchema(Schema):
    items = fields.List(fields.Nested(AlertSchema))


class AlertQuerySchema(Schema):
    closed = fields.Boolean(load_default=False, metadata={"description": "also those that have passed"})


class ShownChangeSchema(Schema):
    """A change of a device; of all districts of the source where none is named."""

    district = fields.String(attribute="district.code", allow_none=True)
    changed_at = fields.AwareDateTime()
    description = fields.String()
    recorded_at = fields.AwareDateTime()
    recorded_by = fields.String(attribute="recorded_by_name")


class ChangesSchema(Schema):
    items = fields.List(fields.Nested(ShownChangeSchema))


class DeviceChangeSchema(ChangeSchema):
    """A change of a device, to be put on record."""


@resources.get("/alerts", endpoint="index")
@resources.arguments(AlertQuerySchema, location="query")
@resources.response(200, AlertListSchema)
def index(wanted: dict[str, Any]) -> dict[str, Any]:
    """The alerts that concern this person, open ones first, newest first."""
    return {"items": data_health.alerts(db.session, actor(), with_closed=wanted["closed"])}


@resources.post("/alerts/<key:alert_id>/seen", endpoint="see")
@resources.response(200, AlertSchema)
def see(alert_id: int) -> HealthAlert:
    """Say that somebody knows of it."""
    found = data_health.alert(db.session, alert_id, actor())
    data_health.see(db.session, found, by=actor(), at=now())
    return found


@resources.get("/sources/<key:source_id>/device-changes", endpoint="changes")
@resources.response(200, ChangesSchema)
def changes(source_id: int) -> dict[str, Any]:
    """Devices that were replaced, moved or calibrated, newest first."""
    return {"items": data_health.changes(db.session, source_of(source_id))}


@resources.post("/sources/<key:source_id>/device-changes", endpoint="record_change")
@resources.arguments(DeviceChangeSchema)
@resources.response(201, ShownChangeSchema)
def record_change(sent: dict[str, Any], source_id: int) -> DeviceChange:
    """Put a change of a device on record."""
    described = sent | {"changed_at": sent["changed_at"].isoformat()}
    return data_health.record_change(db.session, source_of(source_id), described, by=actor(), at=now())
