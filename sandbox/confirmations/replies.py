"""What ministries and agencies do with a request: route it, reply, fall silent, answer the company."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose, Whole
from experiments.lifecycle import Actor, touch
from sandbox import access
from sandbox.clocks import running
from sandbox.clocks.models import Clock
from sandbox.clocks.rules import Lapse
from sandbox.confirmations.models import (
    Agency,
    AgencyReply,
    Confirmation,
    ConfirmationOutcome,
    ConfirmationStatus,
)
from sandbox.confirmations.table import CONFIRMATION, record
from sandbox.organisations import Organisation, OrganisationKind

SAID = (AgencyReply.NOT_OURS, AgencyReply.NO_PERMIT, AgencyReply.PERMIT_NEEDED)
COMPETENT = (OrganisationKind.MINISTRY, OrganisationKind.CITY)


class RouteSchema(Schema):
    """Which agencies are asked, by id."""

    agencies = fields.List(Whole(), load_default=list)


class AgencyReplySchema(Schema):
    """A reply; a permit that is needed comes with its requirements and its procedure (Art. 49-2(3))."""

    reply = fields.String(required=True, validate=validate.OneOf([each.value for each in SAID]))
    text = Prose(required=True)
    requirements = Prose(blank=True, load_default="")
    procedure = Prose(blank=True, load_default="")

    @validates_schema
    def a_permit_is_explained(self, data: Mapping[str, Any], **_: Any) -> None:
        needed = data["reply"] == AgencyReply.PERMIT_NEEDED
        errors = {}
        for name in ("requirements", "procedure"):
            if needed and not data[name].strip():
                errors[name] = ["Where a permit is needed, this must be said (Art. 49-2(3))."]
            elif data[name].strip() and not needed:
                errors[name] = ["Only where a permit is needed."]
        if errors:
            raise ValidationError(errors)


def route(
    session: Session, confirmation: Confirmation, agencies: Sequence[Organisation], *, by: Actor, at: datetime
) -> None:
    """Notify the competent agencies, each by its own clock; the lead's stands still meanwhile."""
    CONFIRMATION.check(confirmation, "route", by=by)
    _check_agencies(confirmation, agencies)
    for organisation in agencies:
        (clock,) = running.start(
            session,
            confirmation.regime,
            "agency_notified",
            case=confirmation.case,
            subject=_subject(organisation.id),
            owed_by_id=organisation.id,
            by=by,
            at=at,
        )
        confirmation.agencies.append(Agency(organisation_id=organisation.id, clock=clock))
    for clock in _clocks_of_the_lead(session, confirmation):
        running.stop(session, clock, by=by, at=at, reason="The agencies asked have their own time.")
    CONFIRMATION.perform(session, confirmation, "route", by=by, at=at)
    record(session, confirmation, "route", by, at, agencies=[each.name_en for each in agencies])


def take_alone(session: Session, confirmation: Confirmation, *, by: Actor, at: datetime, reason: str) -> None:
    """No other agency is competent; the lead ministry says why, and answers by itself."""
    CONFIRMATION.perform(session, confirmation, "take_alone", by=by, at=at, reason=reason)
    record(session, confirmation, "take_alone", by, at, reason=reason)


def reply(
    session: Session,
    agency: Agency,
    *,
    reply: str,
    text: str,
    requirements: str,
    procedure: str,
    by: Actor,
    at: datetime,
) -> None:
    """One agency's reply, once, by its own reviewer. After its clock ran out the law has replied already."""
    confirmation = agency.confirmation
    if not (access.agency_reviewer(by) and by.organisation_id == agency.organisation_id):
        raise Refused("confirmation.reply", "reviewer_of_the_asked_agency")
    if confirmation.status != ConfirmationStatus.WAITING or agency.reply is not None:
        raise WrongMoment("confirmation.reply", agency.reply or confirmation.status, needs="agency_is_asked")
    touch(confirmation)
    agency.reply, agency.text = reply, text
    agency.requirements, agency.procedure_text = requirements or None, procedure or None
    agency.replied_at, agency.replied_by_id = at, by.person_id
    running.end(
        session,
        confirmation.case,
        "agency_replied",
        subject=_subject(agency.organisation_id),
        by=by,
        at=at,
    )
    record(session, confirmation, "reply", by, at, agency=agency.organisation.name_en, reply=str(reply))
    _collect(session, confirmation, by, at)


def deem(session: Session, lapsed: Iterable[Clock], *, at: datetime) -> None:
    """Silence of an agency means by law that it needs no permit (Art. 49-2(4)); of nobody else anything.

    lapsed: clocks that have just run out, of any case.
    """
    silent = {clock.id for clock in lapsed if clock.rule.on_lapse is Lapse.DEEMED_NOT_REQUIRED}
    waiting = select(Agency).where(Agency.clock_id.in_(silent), Agency.reply.is_(None)).order_by(Agency.id)
    for agency in session.scalars(waiting).all():
        confirmation = agency.confirmation
        touch(confirmation)
        agency.reply, agency.replied_at = AgencyReply.DEEMED_NOT_REQUIRED, at
        running.end(
            session,
            confirmation.case,
            "agency_replied",
            subject=_subject(agency.organisation_id),
            by=running.SERVICE,
            at=at,
        )
        record(
            session,
            confirmation,
            "deem",
            running.SERVICE,
            at,
            agency=agency.organisation.name_en,
            provision=agency.clock.rule.source,
        )
        _collect(session, confirmation, running.SERVICE, at)


def answer(
    session: Session,
    confirmation: Confirmation,
    *,
    reply: str,
    text: str,
    requirements: str,
    procedure: str,
    by: Actor,
    at: datetime,
) -> None:
    """The lead ministry adds what its own laws ask, and the company is notified of the whole."""
    CONFIRMATION.check(confirmation, "answer", by=by)
    outcome = outcome_of([reply, *(agency.reply for agency in confirmation.agencies)])
    # Answer, outcome and status are one: none of them reaches the database without the others.
    with session.no_autoflush:
        confirmation.lead_reply, confirmation.lead_text = reply, text
        confirmation.lead_requirements, confirmation.lead_procedure = requirements or None, procedure or None
        confirmation.outcome = outcome
        CONFIRMATION.perform(session, confirmation, "answer", by=by, at=at)
    running.end(
        session,
        confirmation.case,
        "confirmation_answered",
        subject=confirmation.case.key,
        by=by,
        at=at,
    )
    record(session, confirmation, "answer", by, at, reply=str(reply), outcome=str(confirmation.outcome))


def outcome_of(replies: Iterable[str | None]) -> ConfirmationOutcome:
    """What the replies of all who were asked come to; who is not competent has no say in it."""
    competent = [each for each in replies if each != AgencyReply.NOT_OURS]
    asking = [each for each in competent if each == AgencyReply.PERMIT_NEEDED]
    if not asking:
        return ConfirmationOutcome.FREE_TO_OPERATE
    everyone = len(asking) == len(competent)
    return ConfirmationOutcome.PERMIT_NEEDED if everyone else ConfirmationOutcome.MIXED


def _collect(session: Session, confirmation: Confirmation, by: Actor, at: datetime) -> None:
    """Once all have replied, the lead ministry's clock runs on."""
    if not all(agency.reply for agency in confirmation.agencies):
        return
    CONFIRMATION.perform(session, confirmation, "collect", by=by, at=at)
    record(session, confirmation, "collect", by, at)
    for clock in _clocks_of_the_lead(session, confirmation):
        running.resume(session, clock, by=by, at=at)


def _clocks_of_the_lead(session: Session, confirmation: Confirmation) -> list[Clock]:
    return running.running(session, confirmation.case, subject=confirmation.case.key)


def _subject(organisation_id: int) -> str:
    """What the clock of this agency's reply is about."""
    return f"agency:{organisation_id}"


def _check_agencies(confirmation: Confirmation, agencies: Sequence[Organisation]) -> None:
    if not agencies:
        raise Invalid({"agencies": ["name at least one competent agency"]})
    errors = {}
    for position, agency in enumerate(agencies):
        if agency.kind not in COMPETENT:
            errors[f"agencies.{position}"] = [f"{agency.name_en} is neither a ministry nor a city"]
        elif agency.id == confirmation.lead_id:
            errors[f"agencies.{position}"] = ["the ministry that received the request answers for itself"]
        elif agency in agencies[:position]:
            errors[f"agencies.{position}"] = [f"{agency.name_en} stands twice"]
    if errors:
        raise Invalid(errors)
