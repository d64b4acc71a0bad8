"""Pilots: the public list, one pilot, its case file; registering and editing a draft."""

from __future__ import annotations

from typing import Any

from flask import url_for
from marshmallow import RAISE, fields, validate

from experiments.districts import territory
from experiments.errors import Invalid, NotFound
from experiments.fields import Line, Whole, load
from sandbox.api.pages import case_page, party_pilot, pilot_page, readable_pilot, seen_version
from sandbox.api.room import Answer, Room
from sandbox.api.shapes import CaseFileSchema, ListingSchema, PilotPageSchema
from sandbox.api.values import PageToken
from sandbox.db import db
from sandbox.exemptions.application import ApplicationFields, ApplicationSchema
from sandbox.organisations import Organisation
from sandbox.pilots import register, registration
from sandbox.pilots.register import SearchSchema
from sandbox.pilots.registration import PilotSchema
from sandbox.programmes.models import Site
from sandbox.regimes import Regime, regime
from sandbox.web.rim import actor, now

resources = Room(
    "api-pilots",
    __name__,
    url_prefix="/pilots",
    description="Pilots, public from the signed application on; a draft is its parties' own.",
)

MOST_PER_PAGE = 1000


class PilotQuerySchema(SearchSchema):
    """Filters as on the register's page, and the stretch of the list."""

    class Meta:
        unknown = RAISE
        exclude = ("sort", "page")

    page_size = Whole(load_default=100, validate=validate.Range(1, MOST_PER_PAGE))
    page_token = PageToken(load_default=None)


class EditSchema(PilotSchema):
    """What the company writes: the pilot, and its application under the regime."""

    application = fields.Nested(ApplicationFields, required=True)


class RegistrationSchema(EditSchema):
    """A new pilot: where, by whom evaluated, under which lead and regime. Organisations by id."""

    site = Line(required=True, longest=64, metadata={"description": "code of the site"})
    evaluator = Whole(required=True)
    lead = Whole(required=True)
    regime = Line(required=True, longest=64)


@resources.get("", endpoint="index")
@resources.arguments(PilotQuerySchema, location="query")
@resources.response(200, ListingSchema)
def index(wanted: dict[str, Any]) -> dict[str, Any]:
    """The public pilots, newest first."""
    size, key = wanted.pop("page_size"), wanted.pop("page_token")
    entries, following = register.entries_before(db.session, wanted, key=key, most=size)
    return {"items": entries, "next_page_token": following}


@resources.get("/<number>", endpoint="read")
@resources.response(200, PilotPageSchema)
def read(number: str) -> Answer:
    """One pilot, with what whoever asks may do with it now."""
    return pilot_page(readable_pilot(number))


@resources.get("/<number>/case", endpoint="case")
@resources.response(200, CaseFileSchema)
def case(number: str) -> Answer:
    """The case file, for its parties."""
    return case_page(party_pilot(number))


@resources.post("", endpoint="register")
@resources.arguments(RegistrationSchema)
@resources.response(201, CaseFileSchema)
def register_pilot(sent: dict[str, Any]) -> Answer:
    """Register a pilot as a draft."""
    law = _regime(sent.pop("regime"))
    parties = _parties(sent.pop("site"), sent.pop("evaluator"), sent.pop("lead"))
    application_values = _application(law, sent.pop("application"))
    pilot = registration.register(
        db.session,
        **parties,
        regime_id=law.id,
        values=sent,
        application_values=application_values,
        by=actor(),
        at=now(),
    )
    page, headers = case_page(pilot)
    return page, headers | {"Location": url_for("api-pilots.read", number=pilot.number)}


@resources.put("/<number>", endpoint="edit")
@resources.arguments(EditSchema)
@resources.response(200, CaseFileSchema)
@resources.doc(
    parameters=[{"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}]
)
def edit(sent: dict[str, Any], number: str) -> Answer:
    """Replace the draft, unless somebody saved it since the version in If-Match was read."""
    pilot = party_pilot(number)
    registration.edit(
        db.session,
        pilot,
        application_values=_application(pilot.exemption.regime, sent.pop("application")),
        values=sent,
        seen_version=seen_version(),
        by=actor(),
        at=now(),
    )
    return case_page(pilot)


def _regime(key: str) -> Regime:
    try:
        law = regime(key)
    except NotFound:
        raise Invalid({"regime": [f"unknown regime {key}"]}) from None
    if not law.takes_applications:
        raise Invalid({"regime": ["This regime takes no applications."]})
    return law


def _parties(site_code: str, evaluator_id: int, lead_id: int) -> dict[str, Any]:
    parties = {
        "site": _site(site_code),
        "evaluator": db.session.get(Organisation, evaluator_id),
        "lead": db.session.get(Organisation, lead_id),
    }
    if unknown := [name for name, party in parties.items() if party is None]:
        raise Invalid({name: ["There is no such record."] for name in unknown})
    return parties


def _site(code: str) -> Site | None:
    try:
        place = territory(db.session, code)
    except NotFound:
        return None
    return db.session.query(Site).filter_by(territory_id=place.id).one_or_none()


def _application(law: Regime, values: dict[str, Any]) -> dict[str, Any]:
    try:
        return load(ApplicationSchema(law), values)
    except Invalid as error:
        raise Invalid({f"application.{field}": texts for field, texts in error.errors.items()}) from error
