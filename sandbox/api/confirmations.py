"""Requests for rapid confirmation (Art. 49-2): file, route, reply, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from marshmallow import Schema, fields

from experiments.errors import Invalid, Refused
from experiments.fields import Line, Whole
from sandbox.api.room import Answer, Room
from sandbox.api.values import NameSchema, ReasonSchema
from sandbox.confirmations import desk, replies, requests
from sandbox.confirmations.models import Confirmation
from sandbox.confirmations.replies import AgencyReplySchema, RouteSchema
from sandbox.confirmations.requests import RequestSchema
from sandbox.db import db
from sandbox.organisations import Organisation
from sandbox.regimes import regime
from sandbox.web.rim import actor, now

resources = Room(
    "api-confirmations",
    __name__,
    url_prefix="/confirmations",
    description="Rapid confirmation: does a technology need a permit, and whose. For its parties alone.",
)


class NewRequestSchema(RequestSchema):
    """A new request: to which ministry, by id, and under which regime."""

    lead = Whole(required=True)
    regime = Line(required=True, longest=64)


class AgencySchema(Schema):
    """An agency asked; `deemed_not_required` is what the law makes of its silence."""

    organisation = fields.Nested(NameSchema)
    due_on = fields.Date(attribute="clock.due_on", allow_none=True)
    reply = fields.String(allow_none=True)
    text = fields.String(allow_none=True)
    requirements = fields.String(allow_none=True)
    procedure = fields.String(attribute="procedure_text", allow_none=True)
    replied_at = fields.AwareDateTime(allow_none=True)


class ConfirmationSchema(Schema):
    """One request with what the agencies and the lead ministry say of it."""

    number = fields.String()
    status = fields.String()
    outcome = fields.String(allow_none=True)
    title = fields.String()
    technology = fields.String()
    description = fields.String()
    articles = fields.List(fields.String())
    company = fields.Nested(NameSchema)
    lead = fields.Nested(NameSchema)
    agencies = fields.List(fields.Nested(AgencySchema))
    lead_reply = fields.String(allow_none=True)
    lead_text = fields.String(allow_none=True)
    lead_requirements = fields.String(allow_none=True)
    lead_procedure = fields.String(allow_none=True)
    verbs = fields.List(fields.String(), metadata={"description": "what the caller may do with it now"})


class ConfirmationListSchema(Schema):
    items = fields.List(fields.Nested(ConfirmationSchema))


@resources.get("", endpoint="index")
@resources.response(200, ConfirmationListSchema)
def index() -> Answer:
    """The requests that the caller's office has a part in; what waits for it stands first."""
    return {"items": [_shown(row.confirmation) for row in desk.rows(db.session, actor())]}, {}


@resources.post("", endpoint="draft")
@resources.arguments(NewRequestSchema)
@resources.response(201, ConfirmationSchema)
def draft(sent: dict[str, Any]) -> Answer:
    """A new request of the caller's company."""
    law, (lead,) = regime(sent.pop("regime")), _organisations([sent.pop("lead")], "lead")
    made = requests.draft(db.session, regime=law, lead=lead, values=sent, by=actor(), at=now())
    return _shown(made), {}


@resources.get("/<number>", endpoint="read")
@resources.response(200, ConfirmationSchema)
def read(number: str) -> Answer:
    """One request, for its parties."""
    return _shown(_found(number)), {}


@resources.post("/<number>/submit")
@resources.response(200, ConfirmationSchema)
def submit(number: str) -> Answer:
    """A second person of the company submits (Art. 49-2(1))."""
    return _move(number, requests.submit)


@resources.post("/<number>/route")
@resources.arguments(RouteSchema)
@resources.response(200, ConfirmationSchema)
def route(sent: dict[str, Any], number: str) -> Answer:
    """Ask the competent agencies, each with its own clock (Art. 49-2(2))."""
    confirmation = _found(number)
    agencies = _organisations(sent["agencies"], "agencies.{}")
    replies.route(db.session, confirmation, agencies, by=actor(), at=now())
    return _shown(confirmation), {}


@resources.post("/<number>/take_alone")
@resources.arguments(ReasonSchema)
@resources.response(200, ConfirmationSchema)
def take_alone(sent: dict[str, Any], number: str) -> Answer:
    """Say why no other agency is competent."""
    return _move(number, replies.take_alone, **sent)


@resources.post("/<number>/replies", endpoint="reply")
@resources.arguments(AgencyReplySchema)
@resources.response(200, ConfirmationSchema)
def reply(sent: dict[str, Any], number: str) -> Answer:
    """The reply of the caller's agency, once (Art. 49-2(3))."""
    confirmation = _found(number)
    for agency in confirmation.agencies:
        if agency.organisation_id == actor().organisation_id:
            replies.reply(db.session, agency, **sent, by=actor(), at=now())
            return _shown(confirmation), {}
    raise Refused("confirmation.reply", "reviewer_of_the_asked_agency")


@resources.post("/<number>/answer")
@resources.arguments(AgencyReplySchema)
@resources.response(200, ConfirmationSchema)
def answer(sent: dict[str, Any], number: str) -> Answer:
    """The lead ministry's own part; the company is notified of the whole (Art. 49-2(6))."""
    return _move(number, replies.answer, **sent)


@resources.post("/<number>/withdraw")
@resources.arguments(ReasonSchema)
@resources.response(200, ConfirmationSchema)
def withdraw(sent: dict[str, Any], number: str) -> Answer:
    """Take the request back before it is answered."""
    return _move(number, requests.withdraw, **sent)


def _found(number: str) -> Confirmation:
    return desk.find(db.session, number, actor())


def _move(number: str, use_case: Callable[..., None], **sent: Any) -> Answer:
    confirmation = _found(number)
    use_case(db.session, confirmation, **sent, by=actor(), at=now())
    return _shown(confirmation), {}


def _shown(confirmation: Confirmation) -> dict[str, Any]:
    names = [name for name in ConfirmationSchema().fields if name != "verbs"]
    shown = {name: getattr(confirmation, name) for name in names}
    return shown | {"verbs": list(desk.verbs(confirmation, actor()))}


def _organisations(ids: Sequence[int], field: str) -> list[Organisation]:
    found = {key: db.session.get(Organisation, key) for key in ids}
    missing = [i for i, key in enumerate(ids) if not found[key]]
    if missing:
        raise Invalid({field.format(i): ["There is no such record."] for i in missing})
    return [organisation for key in ids if (organisation := found[key])]
