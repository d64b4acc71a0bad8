"""Conditions of a case: how each is checked, what was found, evidence, breaches, changes."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import NameSchema, ReasonSchema
from sandbox.conditions import binding, desk, proof
from sandbox.conditions.binding import AgreedTermsSchema, ConditionChangeSchema, TermsSchema
from sandbox.conditions.proof import BreachExplanationSchema, ConditionEvidenceSchema
from sandbox.db import db
from sandbox.pilots import register
from sandbox.pilots.models import Pilot
from sandbox.web.rim import actor, now

resources = Room(
    "api-conditions",
    __name__,
    description="Conditions and how they are kept; judged by collected readings wherever a metric shows it.",
)


class ConditionTermsSchema(Schema):
    """A version of what a condition says and how it is checked."""

    number = fields.Integer()
    text = fields.String()
    purpose_item = fields.String()
    purpose = fields.String()
    basis = fields.String()
    metric = fields.Function(lambda terms: terms.metric.code if terms.metric else None)
    bound = fields.Float(allow_none=True)
    side = fields.String(allow_none=True)
    gathering = fields.String(allow_none=True)
    evidence = fields.String(allow_none=True)
    frequency = fields.String()
    first_due_on = fields.Date()
    valid_from = fields.Date()


class ConditionCheckSchema(Schema):
    """A finding: `basis` says whether readings or filed evidence judged it."""

    first_day = fields.Date()
    due_on = fields.Date()
    basis = fields.String()
    verdict = fields.String()
    value = fields.Float(allow_none=True)
    bound = fields.Float(allow_none=True)
    district = fields.String(allow_none=True)
    completeness = fields.Float(allow_none=True)
    as_of = fields.AwareDateTime()


class EvidenceFileSchema(Schema):
    name = fields.String()
    size = fields.Integer()
    sha256 = fields.String()


class FiledEvidenceSchema(Schema):
    id = fields.Integer()
    due_on = fields.Date()
    text = fields.String()
    status = fields.String()
    filed_at = fields.AwareDateTime()
    files = fields.List(fields.Nested(EvidenceFileSchema))


class ConditionBreachSchema(Schema):
    id = fields.Integer()
    due_on = fields.Date()
    status = fields.String()
    opened_at = fields.AwareDateTime()
    explanation = fields.String(allow_none=True)


class ConditionChangeRequestSchema(Schema):
    wanted = fields.String()
    reason = fields.String()
    proof = fields.String()
    asked_at = fields.AwareDateTime()
    is_agreed = fields.Boolean(allow_none=True)
    answer = fields.String(allow_none=True)


class DutySchema(Schema):
    status = fields.String()
    versions = fields.List(fields.Nested(ConditionTermsSchema))
    evidence = fields.List(fields.Nested(FiledEvidenceSchema))
    breaches = fields.List(fields.Nested(ConditionBreachSchema))
    changes = fields.List(fields.Nested(ConditionChangeRequestSchema))


class StandingSchema(Schema):
    """A condition; `duty` is null while nobody has said how it is checked."""

    id = fields.Integer(attribute="condition.id")
    text = fields.String(attribute="condition.text")
    legal_basis = fields.String(attribute="condition.legal_basis")
    necessity = fields.String(attribute="condition.necessity")
    proportionality = fields.String(attribute="condition.proportionality")
    requested_by = fields.Nested(NameSchema, attribute="condition.requested_by")
    is_imposed = fields.Boolean(attribute="condition.is_imposed")
    duty = fields.Nested(DutySchema, allow_none=True)
    checks = fields.List(fields.Nested(ConditionCheckSchema))


class StandingsSchema(Schema):
    conditions = fields.List(fields.Nested(StandingSchema))


class PublicStandingSchema(Schema):
    """What everybody may read of an imposed condition."""

    text = fields.String(attribute="condition.text")
    legal_basis = fields.String(attribute="condition.legal_basis")
    terms = fields.Nested(ConditionTermsSchema, attribute="duty.terms", dump_default=None, allow_none=True)
    checks = fields.List(fields.Nested(ConditionCheckSchema))


class PublicStandingsSchema(Schema):
    conditions = fields.List(fields.Nested(PublicStandingSchema))


@resources.get("/pilots/<number>/conditions", endpoint="read")
@resources.response(200, StandingsSchema)
def read(number: str) -> Answer:
    """The conditions of a case, for its parties."""
    return _shown(party_pilot(number)), {}


@resources.get("/pilots/<number>/compliance", endpoint="public")
@resources.response(200, PublicStandingsSchema)
def public(number: str) -> Answer:
    """How the conditions of a public pilot are kept."""
    return {"conditions": desk.in_public(db.session, register.find(db.session, number))}, {}


@resources.put("/pilots/<number>/conditions/<key:condition_id>/terms", endpoint="bind")
@resources.arguments(TermsSchema)
@resources.response(200, StandingsSchema)
def bind(sent: dict[str, Any], number: str, condition_id: int) -> Answer:
    """Say how a condition is checked, before it is imposed, or once where nobody did."""
    pilot = party_pilot(number)
    condition = binding.condition_of(pilot, condition_id)
    binding.bind(db.session, pilot, condition, sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/conditions/<key:condition_id>/changes", endpoint="ask_change")
@resources.arguments(ConditionChangeSchema)
@resources.response(200, StandingsSchema)
def ask_change(sent: dict[str, Any], number: str, condition_id: int) -> Answer:
    """The company asks for another condition (Art. 52(1))."""
    pilot = party_pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    binding.ask_change(db.session, duty, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/conditions/<key:condition_id>/agree", endpoint="agree_change")
@resources.arguments(AgreedTermsSchema)
@resources.response(200, StandingsSchema)
def agree_change(sent: dict[str, Any], number: str, condition_id: int) -> Answer:
    """The lead ministry agrees, with the terms from then on."""
    pilot = party_pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    binding.agree_change(db.session, duty, sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/conditions/<key:condition_id>/refuse", endpoint="refuse_change")
@resources.arguments(ReasonSchema)
@resources.response(200, StandingsSchema)
def refuse_change(sent: dict[str, Any], number: str, condition_id: int) -> Answer:
    """The lead ministry leaves the condition as it is."""
    pilot = party_pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    binding.refuse_change(db.session, duty, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/conditions/<key:condition_id>/lift", endpoint="lift")
@resources.arguments(ReasonSchema)
@resources.response(200, StandingsSchema)
def lift(sent: dict[str, Any], number: str, condition_id: int) -> Answer:
    """The condition binds no longer."""
    pilot = party_pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    binding.lift(db.session, duty, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/conditions/<key:condition_id>/evidence", endpoint="file_evidence")
@resources.arguments(ConditionEvidenceSchema)
@resources.response(200, StandingsSchema)
def file_evidence(sent: dict[str, Any], number: str, condition_id: int) -> Answer:
    """The company files evidence for one due day."""
    pilot = party_pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    proof.file_evidence(db.session, duty, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/condition-evidence/<key:evidence_id>/accept", endpoint="accept_evidence")
@resources.response(200, StandingsSchema)
def accept_evidence(number: str, evidence_id: int) -> Answer:
    """The ministry takes the evidence."""
    pilot = party_pilot(number)
    filed = proof.evidence_of(db.session, pilot, evidence_id)
    proof.accept_evidence(db.session, filed, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/condition-evidence/<key:evidence_id>/return", endpoint="return_evidence")
@resources.arguments(ReasonSchema)
@resources.response(200, StandingsSchema)
def return_evidence(sent: dict[str, Any], number: str, evidence_id: int) -> Answer:
    """The ministry does not take the evidence, and says why."""
    pilot = party_pilot(number)
    filed = proof.evidence_of(db.session, pilot, evidence_id)
    proof.return_evidence(db.session, filed, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/breaches/<key:breach_id>/explain", endpoint="explain")
@resources.arguments(BreachExplanationSchema)
@resources.response(200, StandingsSchema)
def explain(sent: dict[str, Any], number: str, breach_id: int) -> Answer:
    """The company says why a condition was broken."""
    pilot = party_pilot(number)
    breach = proof.breach_of(db.session, pilot, breach_id)
    proof.explain(db.session, breach, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/breaches/<key:breach_id>/ask-again", endpoint="ask_again")
@resources.arguments(ReasonSchema)
@resources.response(200, StandingsSchema)
def ask_again(sent: dict[str, Any], number: str, breach_id: int) -> Answer:
    """The ministry asks for another explanation."""
    pilot = party_pilot(number)
    proof.ask_again(db.session, proof.breach_of(db.session, pilot, breach_id), **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/breaches/<key:breach_id>/close", endpoint="close")
@resources.arguments(ReasonSchema)
@resources.response(200, StandingsSchema)
def close(sent: dict[str, Any], number: str, breach_id: int) -> Answer:
    """The ministry closes a breach, and says what follows."""
    pilot = party_pilot(number)
    proof.close(db.session, proof.breach_of(db.session, pilot, breach_id), **sent, by=actor(), at=now())
    return _shown(pilot), {}


def _shown(pilot: Pilot) -> dict[str, Any]:
    db.session.flush()
    return {"conditions": desk.standings(db.session, pilot)}
