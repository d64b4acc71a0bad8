"""Register a pilot with its application, and edit both while they are a draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments import registrations
from experiments.districts import District
from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.confirmations import requests
from sandbox.confirmations.models import Confirmation
from sandbox.exemptions import application
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.pilots.table import PILOT, record
from sandbox.programmes.models import Site
from sandbox.regimes import regime


class PilotSchema(Schema):
    """A pilot as the company registers it; districts by code."""

    title_ko = Line(required=True)
    title_en = Line(required=True)
    summary_ko = Prose(required=True, longest=3000)
    summary_en = Prose(required=True, longest=3000)
    technology = Line(required=True, longest=80)
    contact = Line(required=True)
    planned_from = fields.Date(required=True)
    planned_to = fields.Date(required=True)
    districts = fields.List(
        Line(longest=64), required=True, validate=validate.Length(min=1, error="Name a district.")
    )

    @validates_schema
    def days_are_in_order(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["planned_to"] <= data["planned_from"]:
            raise ValidationError("The pilot ends before it starts.", "planned_to")


def register(
    session: Session,
    *,
    site: Site,
    evaluator: Organisation,
    lead: Organisation,
    regime_id: str,
    values: Mapping[str, Any],
    application_values: Mapping[str, Any],
    confirmation: Confirmation | None = None,
    by: Actor,
    at: datetime,
) -> Pilot:
    """A new pilot in draft, with its application and an empty registration for the evaluator.

    confirmation: the request for rapid confirmation that said a permit is needed, where there was one.
    """
    if not access.company_author(by):
        raise Refused("pilot.register", "company_author")
    _check_parts(evaluator, lead)
    company = session.get_one(Organisation, by.organisation_id)
    districts = _districts(session, site, values["districts"])
    exemption = application.draft(
        session,
        regime=regime(regime_id),
        company=company,
        city=site.city,
        lead=lead,
        values=application_values,
        by=by,
        at=at,
    )
    if confirmation is not None:
        requests.apply_with(session, confirmation, exemption, by=by, at=at)
    experiment = registrations.draft(
        session, territory_id=site.territory_id, evaluator_organisation_id=evaluator.id, by=by, at=at
    )
    pilot = Pilot(
        site_id=site.id,
        company_id=company.id,
        evaluator_id=evaluator.id,
        exemption_id=exemption.id,
        experiment_id=experiment.id,
        status=PilotStatus.DRAFT,
        registered_at=at,
        **{name: value for name, value in values.items() if name != "districts"},
    )
    pilot.districts = districts
    PILOT.begin(session, pilot, by=by, at=at)
    year = at.astimezone(ZoneInfo(site.territory.zone)).year
    pilot.number = f"RS-{year}-{pilot.id:04d}"
    record(session, pilot, "register", by, at, title=pilot.title_en, districts=[d.code for d in districts])
    return pilot


def edit(
    session: Session,
    pilot: Pilot,
    *,
    values: Mapping[str, Any],
    application_values: Mapping[str, Any],
    seen_version: int,
    by: Actor,
    at: datetime,
) -> None:
    """Replace the draft, unless somebody saved it since `seen_version` was read."""
    verb = "revise" if pilot.status == PilotStatus.RETURNED else "edit"
    PILOT.check(pilot, verb, by=by)
    if pilot.version != seen_version:
        raise WrongMoment("pilot.edit", "changed_meanwhile", meanwhile=PILOT.last_move(pilot))
    districts = _districts(session, pilot.site, values["districts"])
    for name, value in values.items():
        if name != "districts":
            setattr(pilot, name, value)
    pilot.districts = districts
    application.edit(session, pilot.exemption, application_values, by=by, at=at)
    PILOT.perform(session, pilot, verb, by=by, at=at)
    record(session, pilot, verb, by, at)


def _check_parts(evaluator: Organisation, lead: Organisation) -> None:
    errors: dict[str, list[str]] = {}
    if evaluator.kind != OrganisationKind.INSTITUTE:
        errors["evaluator"] = ["an evaluating institute is needed"]
    if lead.kind != OrganisationKind.MINISTRY:
        errors["lead"] = ["a ministry is needed"]
    if errors:
        raise Invalid(errors)


def _districts(session: Session, site: Site, codes: list[str]) -> list[District]:
    rows = session.scalars(
        select(District).where(District.territory_id == site.territory_id, District.code.in_(codes))
    )
    found = {district.code: district for district in rows}
    errors = {
        f"districts.{position}": [f"unknown district {code}"]
        for position, code in enumerate(codes)
        if code not in found
    }
    if errors:
        raise Invalid(errors)
    return [found[code] for code in dict.fromkeys(codes)]
