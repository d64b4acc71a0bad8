"""After the law was amended: the operator obtains the ordinary permit."""

from __future__ import annotations

from datetime import date, datetime

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line
from experiments.lifecycle import Actor, touch
from sandbox.period import ends
from sandbox.period.models import OrdinaryPermit
from sandbox.period.tables import record
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT, author_of_the_company
from sandbox.pilots.table import record as record_pilot

PERMITTED_FROM = PILOT.transition("regularise").sources


class OrdinaryPermitSchema(Schema):
    """The ordinary permit: of which amended law, by whom, under which number, since when."""

    law = Line(required=True)
    amended_on = fields.Date(required=True)
    office = Line(required=True)
    permit_number = Line(required=True, longest=80)
    permitted_on = fields.Date(required=True)


def file_permit(
    session: Session,
    pilot: Pilot,
    *,
    law: str,
    amended_on: date,
    office: str,
    permit_number: str,
    permitted_on: date,
    by: Actor,
    at: datetime,
) -> OrdinaryPermit:
    """The operator reports its ordinary permit (Art. 53(4)); the lead ministry confirms it."""
    if not author_of_the_company(by, pilot):
        raise Refused("permit.create", "author_of_the_company")
    if pilot.status not in PERMITTED_FROM or pilot.exemption.regime.period is None:
        raise WrongMoment("permit.create", pilot.status, meanwhile=PILOT.last_move(pilot))
    if permitted_on < amended_on:
        raise Invalid({"permitted_on": ["The permit is older than the amended law."]})
    if permitted_on > ends.today(pilot, at):
        raise Invalid({"permitted_on": ["The permit has not been given yet."]})
    touch(pilot)
    permit = OrdinaryPermit(
        pilot_id=pilot.id,
        law=law,
        amended_on=amended_on,
        office=office,
        permit_number=permit_number,
        permitted_on=permitted_on,
        filed_at=at,
        filed_by_id=by.person_id,
        filed_by_name=by.name,
    )
    session.add(permit)
    session.flush()
    record(session, pilot, "permit.create", by, at, number=permit_number, office=office, law=law)
    return permit


def confirm(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """The lead ministry confirms the permit: the pilot is regularised; its report is still owed."""
    PILOT.check(pilot, "regularise", by=by)
    permit = latest_permit(session, pilot)
    if permit is None:
        raise WrongMoment("pilot.regularise", pilot.status, needs="permit_is_reported")
    PILOT.perform(session, pilot, "regularise", by=by, at=at)
    record_pilot(session, pilot, "regularise", by, at, number=permit.permit_number, office=permit.office)
    ends.over(session, pilot, on=ends.today(pilot, at), by=by, at=at)


def latest_permit(session: Session, pilot: Pilot) -> OrdinaryPermit | None:
    """The permit reported last."""
    query = select(OrdinaryPermit).where(OrdinaryPermit.pilot_id == pilot.id)
    return session.scalar(query.order_by(OrdinaryPermit.id.desc()).limit(1))
