"""What city and ministries do with an application: opinion, return, consultation, replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line, Prose, Whole
from experiments.lifecycle import Actor, touch
from sandbox import access
from sandbox.exemptions.models import (
    Condition,
    Consultation,
    Exemption,
    ExemptionStatus,
    Reply,
    RequiredAction,
    condition_document,
)
from sandbox.exemptions.table import EXEMPTION, record
from sandbox.organisations import Organisation, OrganisationKind


class OpinionSchema(Schema):
    """The city's opinion and the actions it requires."""

    opinion = Prose(required=True)
    required_actions = fields.List(Prose(longest=1000), load_default=list, validate=validate.Length(max=20))


class ConsultationSchema(Schema):
    """Which ministries are asked, by id."""

    ministries = fields.List(Whole(), load_default=list)


class ConditionSchema(Schema):
    """A condition; without proof of necessity and proportionality it is refused."""

    text = Prose(required=True, longest=2000)
    legal_basis = Line(required=True)
    necessity = Prose(required=True, longest=2000)
    proportionality = Prose(required=True, longest=2000)


class ReplySchema(Schema):
    """A ministry's written reply; conditions stand exactly where it agrees with conditions."""

    reply = fields.String(required=True, validate=validate.OneOf([reply.value for reply in Reply]))
    text = Prose(required=True)
    conditions = fields.List(
        fields.Nested(ConditionSchema), load_default=list, validate=validate.Length(max=20)
    )

    @validates_schema
    def conditions_match_the_reply(self, data: Mapping[str, Any], **_: Any) -> None:
        wants_conditions = data["reply"] == Reply.AGREE_WITH_CONDITIONS
        if wants_conditions and not data["conditions"]:
            raise ValidationError("Name at least one condition.", "conditions")
        if data["conditions"] and not wants_conditions:
            raise ValidationError("Conditions need the reply 'agree with conditions'.", "conditions")


def give_opinion(
    session: Session,
    exemption: Exemption,
    *,
    opinion: str,
    required_actions: Sequence[str],
    by: Actor,
    at: datetime,
) -> None:
    """The city's opinion with what it requires of the operator (Art. 49(2))."""
    EXEMPTION.check(exemption, "give_opinion", by=by)
    exemption.local_opinion = opinion
    exemption.required_actions.extend(RequiredAction(text=text) for text in required_actions)
    EXEMPTION.perform(session, exemption, "give_opinion", by=by, at=at)
    record(session, exemption, "give_opinion", by, at, required_actions=list(required_actions))


def return_filing(session: Session, exemption: Exemption, *, by: Actor, at: datetime, reason: str) -> None:
    """Send the filing back to the company with the reason (D52(3))."""
    EXEMPTION.perform(session, exemption, "return_filing", by=by, at=at, reason=reason)
    record(session, exemption, "return_filing", by, at, reason=reason)


def open_consultation(
    session: Session, exemption: Exemption, ministries: Sequence[Organisation], *, by: Actor, at: datetime
) -> None:
    """Notify the competent ministries; each has the regime's days to reply in writing."""
    EXEMPTION.check(exemption, "open_consultation", by=by)
    _check_ministries(ministries)
    regime = exemption.regime
    asked_on = at.astimezone(ZoneInfo(regime.zone)).date()
    for ministry in ministries:
        exemption.consultations.append(
            Consultation(
                ministry_id=ministry.id,
                asked_at=at,
                due_on=asked_on + timedelta(days=regime.consultation_days),
            )
        )
    EXEMPTION.perform(session, exemption, "open_consultation", by=by, at=at)
    record(session, exemption, "open_consultation", by, at, ministries=[m.name_en for m in ministries])


def reply(
    session: Session,
    consultation: Consultation,
    *,
    reply: str,
    text: str,
    conditions: Sequence[Mapping[str, str]],
    by: Actor,
    at: datetime,
) -> None:
    """One ministry's reply, once, by its own reviewer, while the consultation is open."""
    exemption = consultation.exemption
    if not (access.ministry_reviewer(by) and by.organisation_id == consultation.ministry_id):
        raise Refused("consultation.reply", "reviewer_of_the_asked_ministry")
    if exemption.status != ExemptionStatus.CONSULTING or consultation.reply is not None:
        raise WrongMoment(
            "consultation.reply",
            consultation.reply or exemption.status,
            meanwhile=EXEMPTION.last_move(exemption),
        )
    touch(exemption)
    consultation.reply = reply
    consultation.text = text
    consultation.replied_at = at
    consultation.replied_by_id = by.person_id
    asked = [Condition(requested_by_id=consultation.ministry_id, **condition) for condition in conditions]
    exemption.conditions.extend(asked)
    record(
        session,
        exemption,
        "reply",
        by,
        at,
        reply=str(reply),
        ministry=consultation.ministry.name_en,
        conditions=[condition_document(c) for c in asked],
    )


def close_consultation(session: Session, exemption: Exemption, *, by: Actor, at: datetime) -> None:
    """Every ministry replied: the file goes to the decider. Silence never closes it."""
    EXEMPTION.perform(session, exemption, "close_consultation", by=by, at=at)
    record(session, exemption, "close_consultation", by, at)


def _check_ministries(ministries: Sequence[Organisation]) -> None:
    if not ministries:
        raise Invalid({"ministries": ["name at least one competent ministry"]})
    errors = {}
    for position, ministry in enumerate(ministries):
        if ministry.kind != OrganisationKind.MINISTRY:
            errors[f"ministries.{position}"] = [f"{ministry.name_en} is no ministry"]
        elif ministry in ministries[:position]:
            errors[f"ministries.{position}"] = [f"{ministry.name_en} stands twice"]
    if errors:
        raise Invalid(errors)
