"""Webhooks of the caller's office: addresses, events, deliveries."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import Schema, fields

from sandbox.api.room import Answer, Room
from sandbox.db import db
from sandbox.notices.texts import TEXTS
from sandbox.web.rim import actor, now, seal
from sandbox.webhooks import desk
from sandbox.webhooks.desk import EndpointSchema
from sandbox.webhooks.models import Endpoint

resources = Room(
    "api-webhooks",
    __name__,
    url_prefix="/webhooks",
    description="Addresses that an office's programs are told at, for whoever keeps them.",
)


class WebhookEventSchema(Schema):
    """An event with the sentence that people are told; `{case}` and others stand for what it is about."""

    event = fields.String()
    text_ko = fields.String()
    text_en = fields.String()


class WebhookAttemptSchema(Schema):
    at = fields.AwareDateTime()
    status = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)


class DeliverySchema(Schema):
    id = fields.Integer()
    event = fields.String()
    subject = fields.String()
    at = fields.AwareDateTime()
    status = fields.String()
    next_at = fields.AwareDateTime()
    attempts = fields.List(fields.Nested(WebhookAttemptSchema))


class WebhookSchema(Schema):
    """An address; its secret is told once, by the answer that opened it."""

    id = fields.Integer()
    url = fields.String()
    events = fields.List(fields.String())
    made_at = fields.AwareDateTime()
    failing_since = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    end_reason = fields.String(allow_none=True)


class OpenedWebhookSchema(WebhookSchema):
    secret = fields.String()


class WebhookLogSchema(WebhookSchema):
    deliveries = fields.List(fields.Nested(DeliverySchema))


@resources.get("/events", endpoint="events")
@resources.response(200, WebhookEventSchema(many=True))
def events() -> Answer:
    """Every event that there is."""
    said = {code: TEXTS[code] for code in desk.EVENTS}
    return [{"event": code, "text_ko": ko, "text_en": en} for code, (ko, en) in said.items()], {}


@resources.get("", endpoint="index")
@resources.response(200, WebhookSchema(many=True))
def index() -> Answer:
    """The addresses of the caller's office."""
    return desk.endpoints(db.session, actor()), {}


@resources.post("", endpoint="open")
@resources.arguments(EndpointSchema)
@resources.response(201, OpenedWebhookSchema)
def open_endpoint(sent: dict[str, Any]) -> Answer:
    """Open an address; the answer tells its secret, this once."""
    opened = desk.open_endpoint(
        db.session,
        **sent,
        private_hubs=current_app.settings.private_hubs,  # type: ignore[attr-defined]
        seal=seal(),
        by=actor(),
        at=now(),
    )
    return _shown(opened.endpoint) | {"secret": opened.secret}, {}


@resources.get("/<key:endpoint_id>", endpoint="read")
@resources.response(200, WebhookLogSchema)
def read(endpoint_id: int) -> Answer:
    """One address with its latest deliveries."""
    return _log(_endpoint(endpoint_id)), {}


@resources.post("/<key:endpoint_id>/test", endpoint="test")
@resources.response(200, WebhookLogSchema)
def test(endpoint_id: int) -> Answer:
    """Send an event that says nothing."""
    endpoint = _endpoint(endpoint_id)
    desk.send_test(db.session, endpoint, by=actor(), at=now())
    return _log(endpoint), {}


@resources.post("/<key:endpoint_id>/remove", endpoint="remove")
@resources.response(200, WebhookLogSchema)
def remove(endpoint_id: int) -> Answer:
    """Close the address; its log stays."""
    endpoint = _endpoint(endpoint_id)
    desk.remove(db.session, endpoint, by=actor(), at=now())
    return _log(endpoint), {}


@resources.post("/<key:endpoint_id>/deliveries/<key:delivery_id>/resend", endpoint="resend")
@resources.response(200, WebhookLogSchema)
def resend(endpoint_id: int, delivery_id: int) -> Answer:
    """Send once more what was taken or given up."""
    endpoint = _endpoint(endpoint_id)
    delivery = desk.delivery_of(db.session, endpoint, delivery_id)
    desk.resend(db.session, delivery, by=actor(), at=now())
    return _log(endpoint), {}


def _endpoint(endpoint_id: int) -> Endpoint:
    return desk.find(db.session, endpoint_id, actor())


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in WebhookSchema().fields}


def _log(endpoint: Endpoint) -> dict[str, Any]:
    return _shown(endpoint) | {"deliveries": desk.deliveries(db.session, endpoint)}
