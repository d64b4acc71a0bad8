"""Data hubs: what is asked where, as whom and how often, and one question to see whether a hub answers."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import Schema, fields, validate

from experiments.collection import probe
from experiments.collection.credentials import CredentialsSchema, Vault
from experiments.collection.description import HubSchema
from experiments.collection.models import Hub
from experiments.collection.probe import Sample
from experiments.errors import Refused
from experiments.fields import Line, Whole
from sandbox import hub_desk
from sandbox.api.room import Room
from sandbox.api.values import ReasonSchema
from sandbox.config import Settings
from sandbox.db import db
from sandbox.serving import collection_settings
from sandbox.web.rim import actor, now

resources = Room(
    "api-hubs",
    __name__,
    url_prefix="/hubs",
    description="Data hubs of the own city; secrets go in, and never come out.",
)


class ShownHubSchema(HubSchema):
    """A hub as it stands; `has_credentials` is all that is told of them."""

    id = fields.Integer()
    version = fields.Integer(metadata={"description": "to be sent back with a change"})
    territory = Line(attribute="territory.code", allow_none=True)
    has_credentials = fields.Function(lambda hub: hub.credentials is not None, metadata={"type": "boolean"})
    failures = fields.Integer(metadata={"description": "windows that failed in a row"})
    resting_until = fields.AwareDateTime(allow_none=True)


class HubsSchema(Schema):
    items = fields.List(fields.Nested(ShownHubSchema))


class ChangedHubSchema(HubSchema):
    version = Whole(required=True, validate=validate.Range(1))


class HubCredentialsSchema(CredentialsSchema):
    """What proves to the hub who asks; named apart from the credentials that people sign in with."""


class QuestionSchema(Schema):
    path = fields.String(
        load_default="",
        validate=validate.Regexp(probe.PATH, error="Write a path that begins with a slash, without blanks."),
        metadata={"description": "below the hub's address, with its query"},
    )


class SampleSchema(Schema):
    """What came back: `status` is null where nothing did, `fault` where a collector can read the answer."""

    address = fields.String()
    status = fields.Integer(allow_none=True)
    headers = fields.List(fields.List(fields.String()))
    begins = fields.String(metadata={"description": "the first kilobyte of the body"})
    is_whole = fields.Boolean()
    seconds = fields.Float()
    fault = fields.String(allow_none=True)


@resources.get("", endpoint="index")
@resources.response(200, HubsSchema)
def index() -> dict[str, Any]:
    """The hubs that this person may read, by name."""
    return {"items": [line.hub for line in hub_desk.lines(db.session, actor())]}


@resources.post("", endpoint="register")
@resources.arguments(HubSchema)
@resources.response(201, ShownHubSchema)
def register(sent: dict[str, Any]) -> Hub:
    """Enter a hub; addresses in private networks are refused unless the operator allows them."""
    return hub_desk.register(db.session, sent, private_hubs=_settings().private_hubs, by=actor(), at=now())


@resources.get("/<key:hub_id>", endpoint="read")
@resources.response(200, ShownHubSchema)
def read(hub_id: int) -> Hub:
    """One hub."""
    return _hub(hub_id)


@resources.put("/<key:hub_id>", endpoint="edit")
@resources.arguments(ChangedHubSchema)
@resources.response(200, ShownHubSchema)
def edit(sent: dict[str, Any], hub_id: int) -> Hub:
    """Replace the description; where scheme, host or port change, the credentials are removed."""
    found, seen = _hub(hub_id), sent.pop("version")
    hub_desk.edit(
        db.session,
        found,
        sent,
        seen_version=seen,
        private_hubs=_settings().private_hubs,
        by=actor(),
        at=now(),
    )
    return found


@resources.put("/<key:hub_id>/credentials", endpoint="store_credentials")
@resources.arguments(HubCredentialsSchema)
@resources.response(200, ShownHubSchema)
def store_credentials(sent: dict[str, Any], hub_id: int) -> Hub:
    """Seal credentials in place of what was there."""
    found = _hub(hub_id)
    stated = sent | {"kind": sent["kind"].value}
    hub_desk.store_credentials(
        db.session,
        found,
        stated,
        Vault(_settings().credential_keys),
        private_hubs=_settings().private_hubs,
        by=actor(),
        at=now(),
    )
    return found


@resources.delete("/<key:hub_id>/credentials", endpoint="remove_credentials")
@resources.response(200, ShownHubSchema)
def remove_credentials(hub_id: int) -> Hub:
    """Ask the hub without credentials from now on."""
    found = _hub(hub_id)
    hub_desk.remove_credentials(db.session, found, by=actor(), at=now())
    return found


@resources.post("/<key:hub_id>/withdraw", endpoint="withdraw")
@resources.arguments(ReasonSchema)
@resources.response(204)
def withdraw(sent: dict[str, Any], hub_id: int) -> None:
    """Take back a hub that was registered by mistake and that no source ever read from."""
    hub_desk.withdraw(db.session, _hub(hub_id), reason=sent["reason"], by=actor(), at=now())


@resources.post("/<key:hub_id>/wake", endpoint="wake")
@resources.response(200, ShownHubSchema)
def wake(hub_id: int) -> Hub:
    """End the rest of a hub that kept failing."""
    found = _hub(hub_id)
    hub_desk.wake(db.session, found, by=actor(), at=now())
    return found


@resources.post("/<key:hub_id>/test", endpoint="test")
@resources.arguments(QuestionSchema)
@resources.response(200, SampleSchema)
def test(sent: dict[str, Any], hub_id: int) -> Sample:
    """Ask one question and tell how the answer begins, without the hub's secrets; nothing is stored."""
    found = _hub(hub_id)
    if not hub_desk.may_keep(db.session, found, actor()):
        raise Refused("hub.test", "keeper_of_the_hub")
    question = probe.question_of(found, sent["path"])
    # No transaction waits for a hub.
    db.session.rollback()
    return probe.ask(question, collection_settings(_settings()))


def _hub(hub_id: int) -> Hub:
    return hub_desk.find(db.session, hub_id, actor())


def _settings() -> Settings:
    settings: Settings = current_app.settings  # type: ignore[attr-defined]
    return settings
