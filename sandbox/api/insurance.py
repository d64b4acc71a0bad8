"""A pilot's insurance: policies and their renewals, the compensation plan in their place, what is missing."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import ReasonSchema
from sandbox.db import db
from sandbox.insurance import cover, filing
from sandbox.insurance.filing import CompensationSchema, PolicySchema
from sandbox.pilots.models import Pilot
from sandbox.web.rim import actor, now

resources = Room(
    "api-insurance",
    __name__,
    url_prefix="/pilots/<number>/insurance",
    description="Insurance of a pilot and what its cover lacks. For the parties of its case alone.",
)


class GapSchema(Schema):
    """What is missing, and since or until which day."""

    code = fields.String()
    source = fields.String()
    day = fields.Date(allow_none=True)


class MinimumSchema(Schema):
    id = fields.String()
    source = fields.String()
    name_ko = fields.String()
    name_en = fields.String()
    won = fields.Integer()


class FiledPolicySchema(Schema):
    """A policy as filed; `renews` is the id of the one before, `covers` are sums in won."""

    id = fields.Integer()
    renews = fields.Integer(attribute="renews_id", allow_none=True)
    insurer = fields.String()
    number = fields.String()
    covers = fields.Dict(keys=fields.String(), values=fields.Integer())
    covers_from = fields.Date()
    covers_to = fields.Date()
    filed_at = fields.AwareDateTime()
    filed_by = fields.String(attribute="filed_by_name")


class FiledPlanSchema(Schema):
    """The compensation plan filed last."""

    status = fields.String()
    text = fields.String()
    why_uninsurable = fields.String()
    covers = fields.Dict(keys=fields.String(), values=fields.Integer())
    filed_at = fields.AwareDateTime()


class InsuranceSchema(Schema):
    """Everything about a pilot's cover; `gaps` is empty where nothing is missing for the start."""

    minimum = fields.List(fields.Nested(MinimumSchema))
    policies = fields.List(fields.Nested(FiledPolicySchema))
    plan = fields.Nested(FiledPlanSchema, allow_none=True)
    gaps = fields.List(fields.Nested(GapSchema))


@resources.get("", endpoint="read")
@resources.response(200, InsuranceSchema)
def read(number: str) -> Answer:
    """The pilot's cover."""
    return _shown(party_pilot(number)), {}


@resources.post("/policies", endpoint="file_policy")
@resources.arguments(PolicySchema)
@resources.response(200, InsuranceSchema)
def file_policy(sent: dict[str, Any], number: str) -> Answer:
    """File a policy; it renews the one before (D57(4))."""
    pilot = party_pilot(number)
    filing.file_policy(db.session, pilot, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/plans", endpoint="file_plan")
@resources.arguments(CompensationSchema)
@resources.response(200, InsuranceSchema)
def file_plan(sent: dict[str, Any], number: str) -> Answer:
    """File a compensation plan in place of insurance (D57-2)."""
    pilot = party_pilot(number)
    filing.file_plan(db.session, pilot, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/plans/approve", endpoint="approve_plan")
@resources.response(200, InsuranceSchema)
def approve_plan(number: str) -> Answer:
    """The lead ministry takes the plan filed last."""
    pilot = party_pilot(number)
    filing.approve_plan(db.session, filing.open_plan(db.session, pilot), by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/plans/refuse", endpoint="refuse_plan")
@resources.arguments(ReasonSchema)
@resources.response(200, InsuranceSchema)
def refuse_plan(sent: dict[str, Any], number: str) -> Answer:
    """The lead ministry does not take the plan filed last, and says why."""
    pilot = party_pilot(number)
    filing.refuse_plan(db.session, filing.open_plan(db.session, pilot), **sent, by=actor(), at=now())
    return _shown(pilot), {}


def _shown(pilot: Pilot) -> dict[str, Any]:
    return {
        "minimum": pilot.exemption.regime.minimum_cover,
        "policies": cover.policies_of(db.session, pilot),
        "plan": cover.latest_plan(db.session, pilot),
        "gaps": cover.gaps_of(db.session, pilot),
    }
