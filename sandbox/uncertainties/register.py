"""Uncertainties of a pilot: named, linked to what is to settle them, and settled before the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from experiments.metrics import Metric
from sandbox import access
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import is_over
from sandbox.uncertainties.models import LinkedTo, Uncertainty, UncertaintyStatus
from sandbox.uncertainties.table import UNCERTAINTY, record

MOST = 100
SETTLING = ("answer", "test", "declare_open")


class UncertaintyLinkSchema(Schema):
    """What is to settle an uncertainty: a metric's code, a condition's key or a plan item's id."""

    linked_to = fields.String(required=True, validate=validate.OneOf([each.value for each in LinkedTo]))
    link = fields.String(load_default="", validate=validate.Length(max=120))

    @validates_schema
    def a_link_leads_somewhere(self, data: Mapping[str, Any], **_: Any) -> None:
        leads = data["linked_to"] != LinkedTo.NOTHING_YET
        if leads != bool(data["link"].strip()):
            raise ValidationError("Name what it is linked to, and nothing else.", "link")


class UncertaintySchema(UncertaintyLinkSchema):
    text = Prose(required=True, longest=2000)


def name(
    session: Session, pilot: Pilot, *, text: str, linked_to: str, link: str, by: Actor, at: datetime
) -> Uncertainty:
    """Put on record what nobody knows: by a reviewing office, the decider or the evaluator of the case."""
    if not may_name(pilot, by):
        raise Refused("uncertainty.create", "reviewing_office_of_the_case")
    if is_over(pilot):
        raise WrongMoment("uncertainty.create", pilot.status)
    if len(uncertainties_of(session, pilot)) >= MOST:
        raise Invalid({"text": [f"At most {MOST} records."]})
    _check_link(session, pilot, linked_to, link)
    assert by.organisation_id is not None  # whoever may name one has an office
    # An uncertainty that is named while the pilot is concluded races it and is refused.
    touch(pilot)
    made = Uncertainty(
        pilot=pilot,
        text=text,
        linked_to=linked_to,
        link=link.strip() or None,
        named_at=at,
        named_by_name=by.name,
        office_id=by.organisation_id,
        status=UncertaintyStatus.NAMED,
    )
    UNCERTAINTY.begin(session, made, by=by, at=at)
    record(session, pilot, "uncertainty.create", by, at, office_id=made.office_id, text=text)
    return made


def link_to(
    session: Session, uncertainty: Uncertainty, *, linked_to: str, link: str, by: Actor, at: datetime
) -> None:
    """Say what is to settle it."""
    UNCERTAINTY.check(uncertainty, "link", by=by)
    _check_link(session, uncertainty.pilot, linked_to, link)
    uncertainty.linked_to, uncertainty.link = linked_to, link.strip() or None
    UNCERTAINTY.perform(session, uncertainty, "link", by=by, at=at)
    _record(session, uncertainty, "link", by, at, linked_to=linked_to, link=link)


def settle(
    session: Session, uncertainty: Uncertainty, verb: str, *, by: Actor, at: datetime, reason: str
) -> None:
    """`answer`, `test` or `declare_open`, with what was learned or why it stays open."""
    UNCERTAINTY.check(uncertainty, verb, by=by, reason=reason)
    uncertainty.conclusion = reason
    UNCERTAINTY.perform(session, uncertainty, verb, by=by, at=at, reason=reason)
    _record(session, uncertainty, verb, by, at, conclusion=reason)


def reopen(session: Session, uncertainty: Uncertainty, *, by: Actor, at: datetime, reason: str) -> None:
    """The lead ministry does not take it for settled."""
    if is_over(uncertainty.pilot):
        raise WrongMoment("uncertainty.reopen", uncertainty.pilot.status)
    UNCERTAINTY.check(uncertainty, "reopen", by=by, reason=reason)
    touch(uncertainty.pilot)
    uncertainty.conclusion = None
    UNCERTAINTY.perform(session, uncertainty, "reopen", by=by, at=at, reason=reason)
    _record(session, uncertainty, "reopen", by, at, reason=reason)


def uncertainties_of(session: Session, pilot: Pilot) -> list[Uncertainty]:
    query = select(Uncertainty).where(Uncertainty.pilot_id == pilot.id).order_by(Uncertainty.id)
    return list(session.scalars(query))


def find(session: Session, pilot: Pilot, uncertainty_id: int) -> Uncertainty:
    """The uncertainty of this case; NotFound for one of another."""
    found = session.get(Uncertainty, uncertainty_id)
    if found is None or found.pilot_id != pilot.id:
        raise NotFound("uncertainty", uncertainty_id)
    return found


def may_name(pilot: Pilot, actor: Actor) -> bool:
    """Offices that review, decide on or evaluate this case; never the company."""
    if access.evaluator(actor):
        return actor.organisation_id == pilot.evaluator_id
    if access.city_reviewer(actor):
        return actor.organisation_id == pilot.exemption.city_id
    asked = {each.ministry_id for each in pilot.exemption.consultations}
    return access.ministry_people(actor) and actor.organisation_id in asked | {pilot.exemption.lead_id}


def _check_link(session: Session, pilot: Pilot, linked_to: str, link: str) -> None:
    link = link.strip()
    known = {
        LinkedTo.METRIC: lambda: (
            session.scalar(select(Metric.id).where(Metric.code == link).limit(1)) is not None
        ),
        LinkedTo.CONDITION: lambda: link in {str(each.id) for each in pilot.exemption.conditions},
        LinkedTo.PLAN_ITEM: lambda: link in {each.id for each in pilot.exemption.regime.plan_contents},
        LinkedTo.NOTHING_YET: lambda: not link,
    }
    if not known[LinkedTo(linked_to)]():
        raise Invalid({"link": ["This case has no such part."]})


def _record(
    session: Session, uncertainty: Uncertainty, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    act = f"uncertainty.{verb}"
    shown = {"uncertainty": uncertainty.id, **details}
    record(session, uncertainty.pilot, act, by, at, office_id=uncertainty.office_id, **shown)
