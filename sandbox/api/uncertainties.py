"""Uncertainties of a pilot and the guidance given to its company, for the parties of its case."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from experiments.errors import NotFound
from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import NameSchema, ReasonSchema
from sandbox.db import db
from sandbox.pilots.models import Pilot
from sandbox.uncertainties import guidance, register
from sandbox.uncertainties.guidance import GuidanceSchema, StatementSchema
from sandbox.uncertainties.register import UncertaintyLinkSchema, UncertaintySchema
from sandbox.web.rim import actor, now

resources = Room(
    "api-uncertainties",
    __name__,
    url_prefix="/pilots/<number>",
    description="What nobody knew at approval, and guidance with whether it was followed.",
)


class NamedUncertaintySchema(Schema):
    id = fields.Integer()
    text = fields.String()
    status = fields.String()
    linked_to = fields.String()
    link = fields.String(allow_none=True)
    conclusion = fields.String(allow_none=True)
    office = fields.Nested(NameSchema)
    named_at = fields.AwareDateTime()


class GivenGuidanceSchema(Schema):
    """Guidance; `is_followed` as the company states it, null before."""

    id = fields.Integer()
    text = fields.String()
    given_on = fields.Date()
    office = fields.Nested(NameSchema)
    status = fields.String()
    is_followed = fields.Boolean(allow_none=True)
    statement = fields.String(allow_none=True)


class UncertaintiesSchema(Schema):
    uncertainties = fields.List(fields.Nested(NamedUncertaintySchema))
    guidance = fields.List(fields.Nested(GivenGuidanceSchema))


@resources.get("/uncertainties", endpoint="read")
@resources.response(200, UncertaintiesSchema)
def read(number: str) -> Answer:
    """Both registers of the case."""
    return _shown(party_pilot(number)), {}


@resources.post("/uncertainties", endpoint="name")
@resources.arguments(UncertaintySchema)
@resources.response(200, UncertaintiesSchema)
def name(sent: dict[str, Any], number: str) -> Answer:
    """Name what is not known; by offices that review, decide on or evaluate the case."""
    pilot = party_pilot(number)
    register.name(db.session, pilot, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.put("/uncertainties/<key:uncertainty_id>/link", endpoint="link")
@resources.arguments(UncertaintyLinkSchema)
@resources.response(200, UncertaintiesSchema)
def link(sent: dict[str, Any], number: str, uncertainty_id: int) -> Answer:
    """Say what is to settle it."""
    pilot = party_pilot(number)
    found = register.find(db.session, pilot, uncertainty_id)
    register.link_to(db.session, found, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/uncertainties/<key:uncertainty_id>/<verb>", endpoint="settle")
@resources.arguments(ReasonSchema)
@resources.response(200, UncertaintiesSchema)
def settle(sent: dict[str, Any], number: str, uncertainty_id: int, verb: str) -> Answer:
    """`answer`, `test`, `declare_open` with what was learned; `reopen` with the reason."""
    pilot = party_pilot(number)
    found = register.find(db.session, pilot, uncertainty_id)
    if verb == "reopen":
        register.reopen(db.session, found, **sent, by=actor(), at=now())
    elif verb in register.SETTLING:
        register.settle(db.session, found, verb, **sent, by=actor(), at=now())
    else:
        raise NotFound("uncertainty verb", verb)
    return _shown(pilot), {}


@resources.post("/guidance", endpoint="give")
@resources.arguments(GuidanceSchema)
@resources.response(200, UncertaintiesSchema)
def give(sent: dict[str, Any], number: str) -> Answer:
    """Record what an authority told the company."""
    pilot = party_pilot(number)
    guidance.give(db.session, pilot, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/guidance/<key:guidance_id>/state", endpoint="state")
@resources.arguments(StatementSchema)
@resources.response(200, UncertaintiesSchema)
def state(sent: dict[str, Any], number: str, guidance_id: int) -> Answer:
    """The company states whether it followed."""
    pilot = party_pilot(number)
    found = guidance.find(db.session, pilot, guidance_id)
    guidance.state(db.session, found, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/guidance/<key:guidance_id>/confirm", endpoint="confirm")
@resources.response(200, UncertaintiesSchema)
def confirm(number: str, guidance_id: int) -> Answer:
    """The authority confirms the statement."""
    pilot = party_pilot(number)
    guidance.confirm(db.session, guidance.find(db.session, pilot, guidance_id), by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/guidance/<key:guidance_id>/contest", endpoint="contest")
@resources.arguments(ReasonSchema)
@resources.response(200, UncertaintiesSchema)
def contest(sent: dict[str, Any], number: str, guidance_id: int) -> Answer:
    """The authority does not agree with the statement."""
    pilot = party_pilot(number)
    found = guidance.find(db.session, pilot, guidance_id)
    guidance.contest(db.session, found, **sent, by=actor(), at=now())
    return _shown(pilot), {}


def _shown(pilot: Pilot) -> dict[str, Any]:
    return {
        "uncertainties": register.uncertainties_of(db.session, pilot),
        "guidance": guidance.guidance_of(db.session, pilot),
    }
