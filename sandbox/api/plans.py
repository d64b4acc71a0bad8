"""The analysis plan: its draft, the lock, amendments, and the locked text itself."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import RAISE, Schema, fields, validate

from experiments.fields import Prose, Whole
from experiments.registrations import PlanVersion, plan_problems
from experiments.registrations.plan import PlanSchema
from sandbox.api.pages import party_pilot
from sandbox.api.room import Room, document, json_object
from sandbox.db import db
from sandbox.pilots import plan as plans
from sandbox.pilots import published
from sandbox.pilots.models import Pilot
from sandbox.web.rim import actor, now

resources = Room(
    "api-plans",
    __name__,
    url_prefix="/pilots/<number>/plan",
    description="Analysis plans: drafted, locked as canonical JSON with its SHA-256, then only amended.",
)


class WhichVersionSchema(Schema):
    class Meta:
        unknown = RAISE

    version = Whole(load_default=None, validate=validate.Range(1))


class DraftSchema(Schema):
    """The plan as it is being written, and what keeps it from being locked, by dotted path."""

    draft = fields.Dict()
    problems = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class PlanVersionSchema(Schema):
    number = fields.Integer()
    kind = fields.String()
    sha256 = fields.String()
    locked_at = fields.AwareDateTime()
    locked_by = fields.String(attribute="locked_by_name")
    reason = fields.String(allow_none=True)
    is_prospective = fields.Boolean()


class AmendmentSchema(Schema):
    plan = fields.Dict(keys=fields.String(), required=True, metadata={"description": "as `Plan`"})
    reason = Prose(load_default="", blank=True, longest=4000)


@resources.get("", endpoint="read")
@resources.arguments(WhichVersionSchema, location="query")
@resources.response(200, PlanSchema)
def read(which: dict[str, Any], number: str) -> Response:
    """The locked plan, byte for byte as its SHA-256 covers it; the entity tag is that digest."""
    version = published.plan_version(db.session, number, which["version"])
    return document(version.document, version.sha256)


@resources.get("/draft", endpoint="draft")
@resources.response(200, DraftSchema)
def draft(number: str) -> dict[str, Any]:
    """The plan as it is being written."""
    return _draft(party_pilot(number))


@resources.put("", endpoint="save")
@resources.response(200, DraftSchema)
@resources.doc(requestBody={"required": True, "content": {"application/json": {"schema": PlanSchema}}})
def save(number: str) -> dict[str, Any]:
    """Keep the plan as far as it is written, complete or not; it is checked when it is locked."""
    pilot = party_pilot(number)
    plans.save_draft(db.session, pilot, json_object(request), by=actor(), at=now())
    return _draft(pilot)


@resources.post("/lock", endpoint="lock")
@resources.response(201, PlanVersionSchema)
def lock(number: str) -> PlanVersion:
    """Fix the draft as version 1."""
    return plans.lock(db.session, party_pilot(number), by=actor(), at=now())


@resources.post("/amendments", endpoint="amend")
@resources.arguments(AmendmentSchema)
@resources.response(201, PlanVersionSchema)
def amend(sent: dict[str, Any], number: str) -> PlanVersion:
    """Supersede the plan in force; the reason stays beside it for good."""
    pilot = party_pilot(number)
    return plans.amend(db.session, pilot, sent["plan"], reason=sent["reason"], by=actor(), at=now())


def _draft(pilot: Pilot) -> dict[str, Any]:
    permit = plans.permit_of(db.session, pilot)
    written = pilot.experiment.draft
    return {
        "draft": written,
        "problems": plan_problems(db.session, pilot.site.territory_id, written, permit),
    }
