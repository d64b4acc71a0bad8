"""The good-faith ledger: what authorities told a company to do, and whether it did.

Whoever followed guidance in good faith shows it by this record (EU AI Act, Art. 57(12)).
"""

from __future__ import annotations

from datetime import date, datetime

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import is_over
from sandbox.uncertainties.models import Guidance, GuidanceStatus
from sandbox.uncertainties.table import GUIDANCE, record


class GuidanceSchema(Schema):
    """Guidance with the day on which it was given."""

    text = Prose(required=True, longest=4000)
    given_on = fields.Date(required=True)


class StatementSchema(Schema):
    """Whether the guidance was followed, and how or why not."""

    is_followed = fields.Boolean(required=True)
    statement = Prose(required=True, longest=4000)


def give(session: Session, pilot: Pilot, *, text: str, given_on: date, by: Actor, at: datetime) -> Guidance:
    """An authority of the case records what it told the company, not before it told it."""
    if not may_give(pilot, by):
        raise Refused("guidance.create", "authority_of_the_case")
    if is_over(pilot):
        raise WrongMoment("guidance.create", pilot.status)
    if given_on > at.date():
        raise Invalid({"given_on": ["This day has not come."]})
    if given_on < pilot.registered_at.date():
        raise Invalid({"given_on": ["Not before the pilot was registered."]})
    assert by.organisation_id is not None  # a reviewer has an office
    guidance = Guidance(
        pilot=pilot,
        office_id=by.organisation_id,
        text=text,
        given_on=given_on,
        given_by_name=by.name,
        status=GuidanceStatus.GIVEN,
    )
    GUIDANCE.begin(session, guidance, by=by, at=at)
    _record(session, guidance, "create", by, at)
    return guidance


def state(
    session: Session, guidance: Guidance, *, is_followed: bool, statement: str, by: Actor, at: datetime
) -> None:
    """The company says whether it followed, and how or why not."""
    GUIDANCE.check(guidance, "state", by=by)
    guidance.is_followed, guidance.statement = is_followed, statement
    GUIDANCE.perform(session, guidance, "state", by=by, at=at)
    _record(session, guidance, "state", by, at)


def confirm(
    session: Session, guidance: Guidance, *, by: Actor, at: datetime, reason: str | None = None
) -> None:
    """The authority that gave it confirms the company's statement."""
    GUIDANCE.perform(session, guidance, "confirm", by=by, at=at, reason=reason)
    _record(session, guidance, "confirm", by, at)


def contest(session: Session, guidance: Guidance, *, by: Actor, at: datetime, reason: str) -> None:
    """The authority does not agree with the statement; the company states anew."""
    GUIDANCE.perform(session, guidance, "contest", by=by, at=at, reason=reason)
    _record(session, guidance, "contest", by, at)


def guidance_of(session: Session, pilot: Pilot) -> list[Guidance]:
    query = select(Guidance).where(Guidance.pilot_id == pilot.id).order_by(Guidance.id)
    return list(session.scalars(query))


def find(session: Session, pilot: Pilot, guidance_id: int) -> Guidance:
    """The guidance in this case; NotFound for that of another."""
    found = session.get(Guidance, guidance_id)
    if found is None or found.pilot_id != pilot.id:
        raise NotFound("guidance", guidance_id)
    return found


def may_give(pilot: Pilot, actor: Actor) -> bool:
    """Reviewers of the city, of the lead ministry and of every ministry that was asked."""
    if access.city_reviewer(actor):
        return actor.organisation_id == pilot.exemption.city_id
    asked = {each.ministry_id for each in pilot.exemption.consultations}
    return access.ministry_reviewer(actor) and actor.organisation_id in asked | {pilot.exemption.lead_id}


def _record(session: Session, guidance: Guidance, verb: str, by: Actor, at: datetime) -> None:
    details = {"guidance": guidance.id, "status": str(guidance.status), "is_followed": guidance.is_followed}
    record(session, guidance.pilot, f"guidance.{verb}", by, at, office_id=guidance.office_id, **details)
