"""Answers to the regime's questions about risk, and sign-offs, for the parties of a case."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import NameSchema, ReasonSchema
from sandbox.db import db
from sandbox.pilots.models import Pilot
from sandbox.risks import answers, sign_offs
from sandbox.risks.answers import AnswerSchema
from sandbox.risks.sign_offs import SignOffSchema
from sandbox.web.rim import actor, now

resources = Room(
    "api-risks",
    __name__,
    url_prefix="/pilots/<number>/risks",
    description="Questions about risk, and the sign-offs that their answers call for.",
)


class RiskAnswersSchema(Schema):
    answers = fields.Dict(keys=fields.String(), values=fields.Nested(AnswerSchema), required=True)


class ShownAnswerSchema(Schema):
    is_yes = fields.Boolean()
    explanation = fields.String()
    answered_at = fields.AwareDateTime()
    answered_by = fields.String(attribute="answered_by_name")


class AskedRiskSchema(NameSchema):
    """A question; `answer` is null until it is answered."""

    id = fields.String()
    source = fields.String()
    sign_offs = fields.List(fields.String())
    answer = fields.Nested(ShownAnswerSchema, allow_none=True)


class GivenSignOffSchema(Schema):
    statement = fields.String()
    given_at = fields.AwareDateTime()
    given_by = fields.String(attribute="given_by_name")
    office = fields.Nested(NameSchema)


class RequiredSignOffSchema(NameSchema):
    """A sign-off that answers call for; `given` is null while it is missing."""

    id = fields.String()
    source = fields.String()
    by = fields.String()
    given = fields.Nested(GivenSignOffSchema, allow_none=True)


class RisksSchema(Schema):
    questions = fields.List(fields.Nested(AskedRiskSchema))
    sign_offs = fields.List(fields.Nested(RequiredSignOffSchema))


@resources.get("", endpoint="read")
@resources.response(200, RisksSchema)
def read(number: str) -> Answer:
    """Questions with their answers, and the sign-offs called for."""
    return _shown(party_pilot(number)), {}


@resources.put("/answers", endpoint="answer")
@resources.arguments(RiskAnswersSchema)
@resources.response(200, RisksSchema)
def answer(sent: dict[str, Any], number: str) -> Answer:
    """Answer questions, by id; a yes needs its explanation."""
    pilot = party_pilot(number)
    answers.answer(db.session, pilot.exemption, sent["answers"], by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/sign-offs/<kind>", endpoint="give")
@resources.arguments(SignOffSchema)
@resources.response(201, RisksSchema)
def give(sent: dict[str, Any], number: str, kind: str) -> Answer:
    """Say that a kind of risk was looked at."""
    pilot = party_pilot(number)
    sign_offs.give(db.session, pilot.exemption, kind, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/sign-offs/<kind>/take-back", endpoint="take_back")
@resources.arguments(ReasonSchema)
@resources.response(200, RisksSchema)
def take_back(sent: dict[str, Any], number: str, kind: str) -> Answer:
    """Take a sign-off back before the decision, with a reason."""
    pilot = party_pilot(number)
    sign_offs.take_back(db.session, pilot.exemption, kind, **sent, by=actor(), at=now())
    return _shown(pilot), {}


def _shown(pilot: Pilot) -> dict[str, Any]:
    rules = pilot.exemption.regime.risk
    known = answers.answers_of(db.session, pilot.exemption)
    names = ("id", "source", "name_ko", "name_en")
    return {
        "questions": [
            {name: getattr(each, name) for name in (*names, "sign_offs")} | {"answer": known.get(each.id)}
            for each in (rules.questions if rules else ())
        ],
        "sign_offs": [
            {name: getattr(each.kind, name) for name in (*names, "by")} | {"given": each.given}
            for each in answers.required(db.session, pilot.exemption)
        ],
    }
