"""What city and ministries do with an application: opinion, return, consultation, replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line, Prose, Whole
from experiments.lifecycle import Actor, touch
from sandbox import access
from sandbox.clocks import running
from sandbox.exemptions.models import (
    Condition,
    Consultation,
    Exemption,
    ExemptionStatus,
    Reply,
    RequiredAction,
    Supplement,
    condition_document,
)
from sandbox.exemptions.table import EXEMPTION, author_of_the_company, record
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.regimes import Regime
from sandbox.similar.sameness import starts_with


class OpinionSchema(Schema):
    """The city's opinion and the actions it requires."""

    opinion = Prose(required=True)
    required_actions = fields.List(Prose(longest=1000), load_default=list, validate=validate.Length(max=20))


class ReturnSchema(Schema):
    """Why a filing is sent back: the law's reasons by id, and what is wrong in words."""

    codes = fields.List(Line(longest=60), load_default=list, validate=validate.Length(max=20))
    reason = Prose(required=True, longest=4000)


class ConsultationSchema(Schema):
    """Which ministries are asked, by id."""

    ministries = fields.List(Whole(), load_default=list)


class ConditionSchema(Schema):
    """A condition; without proof of necessity and proportionality it is refused."""

    text = Prose(required=True, longest=2000)
    legal_basis = Line(required=True)
    necessity = Prose(required=True, longest=2000)
    proportionality = Prose(required=True, longest=2000)


class SupplementSchema(Schema):
    """What a ministry asks to be supplemented, and why."""

    items = fields.List(Prose(longest=1000), required=True, validate=validate.Length(1, 20))
    reason = Prose(required=True, longest=2000)


class SupplementAnswerSchema(Schema):
    """The applicant's answer; `declines` means that nothing will be supplemented."""

    answer = Prose(required=True)
    declines = fields.Boolean(load_default=False)


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


def return_filing(
    session: Session, exemption: Exemption, *, codes: Sequence[str], by: Actor, at: datetime, reason: str
) -> None:
    """Send the filing back, for at least one of the law's reasons where it names them (D52(3))."""
    EXEMPTION.check(exemption, "return_filing", by=by, reason=reason)
    _check_codes(exemption.regime, codes)
    exemption.returned_for = list(codes)
    EXEMPTION.perform(session, exemption, "return_filing", by=by, at=at, reason=reason)
    record(session, exemption, "return_filing", by, at, codes=list(codes), reason=reason)


def open_consultation(
    session: Session, exemption: Exemption, ministries: Sequence[Organisation], *, by: Actor, at: datetime
) -> None:
    """Notify the competent ministries; each has the regime's days to reply in writing."""
    EXEMPTION.check(exemption, "open_consultation", by=by)
    _check_ministries(ministries)
    regime = exemption.regime
    notified = starts_with(session, exemption)
    for ministry in ministries:
        (clock,) = running.start(
            session,
            regime,
            notified,
            case=exemption.case,
            subject=_subject(ministry.id),
            owed_by_id=ministry.id,
            by=by,
            at=at,
        )
        exemption.consultations.append(Consultation(ministry_id=ministry.id, asked_at=at, clock=clock))
    running.start(
        session,
        regime,
        "file_complete",
        case=exemption.case,
        subject=exemption.case.key,
        owed_by_id=exemption.lead_id,
        by=by,
        at=at,
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
    _must_wait_for(consultation, "reply", by)
    touch(exemption)
    consultation.reply = reply
    consultation.text = text
    consultation.replied_at = at
    consultation.replied_by_id = by.person_id
    running.end(
        session, exemption.case, "ministry_replied", subject=_subject(consultation.ministry_id), by=by, at=at
    )
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


def ask_supplement(
    session: Session,
    consultation: Consultation,
    *,
    items: Sequence[str],
    reason: str,
    by: Actor,
    at: datetime,
) -> Supplement:
    """A ministry asks for a supplement; its own clock, and no other, stands still (Art. 49(5))."""
    _must_wait_for(consultation, "ask_supplement", by)
    if consultation.open_supplement is not None:
        raise WrongMoment("consultation.ask_supplement", "supplement_is_out")
    assert by.person_id is not None  # a reviewer is a person
    touch(consultation.exemption)
    supplement = Supplement(items=list(items), reason=reason, asked_at=at, asked_by_id=by.person_id)
    consultation.supplements.append(supplement)
    running.stop(session, consultation.clock, by=by, at=at, reason=reason)
    record(
        session,
        consultation.exemption,
        "ask_supplement",
        by,
        at,
        ministry=consultation.ministry.name_en,
        items=list(items),
        reason=reason,
    )
    return supplement


def answer_supplement(
    session: Session, supplement: Supplement, *, answer: str, declines: bool, by: Actor, at: datetime
) -> None:
    """The applicant supplements, or declines to: then the ministry replies on the file (D52(4))."""
    exemption = supplement.consultation.exemption
    if not author_of_the_company(by, exemption):
        raise Refused("supplement.answer", "author_of_the_company")
    if supplement.answered_at is not None or exemption.status != ExemptionStatus.CONSULTING:
        raise WrongMoment(
            "supplement.answer",
            "answered",
            meanwhile=EXEMPTION.last_move(exemption),
            needs="supplement_waits" if supplement.answered_at is not None else None,
        )
    touch(exemption)
    supplement.answer, supplement.is_declined = answer, declines
    supplement.answered_at, supplement.answered_by_id = at, by.person_id
    running.resume(session, supplement.consultation.clock, by=by, at=at)
    record(
        session,
        exemption,
        "answer_supplement",
        by,
        at,
        ministry=supplement.consultation.ministry.name_en,
        declined=declines,
    )


def extend_reply(
    session: Session, consultation: Consultation, *, reason: str, by: Actor, at: datetime
) -> None:
    """A ministry takes the one extension that the law allows it, with its reason (Art. 49(5))."""
    _must_wait_for(consultation, "extend_reply", by)
    touch(consultation.exemption)
    running.extend(session, consultation.clock, by=by, at=at, reason=reason)
    record(
        session,
        consultation.exemption,
        "extend_reply",
        by,
        at,
        ministry=consultation.ministry.name_en,
        reason=reason,
    )


def close_consultation(session: Session, exemption: Exemption, *, by: Actor, at: datetime) -> None:
    """Every ministry replied: the file goes to the decider. Silence never closes it."""
    EXEMPTION.perform(session, exemption, "close_consultation", by=by, at=at)
    record(session, exemption, "close_consultation", by, at)


def _must_wait_for(consultation: Consultation, verb: str, by: Actor) -> None:
    """Refused: another office. WrongMoment: this ministry has replied, or the consultation is over."""
    exemption = consultation.exemption
    if not (access.ministry_reviewer(by) and by.organisation_id == consultation.ministry_id):
        raise Refused(f"consultation.{verb}", "reviewer_of_the_asked_ministry")
    if exemption.status != ExemptionStatus.CONSULTING or consultation.reply is not None:
        raise WrongMoment(
            f"consultation.{verb}",
            consultation.reply or exemption.status,
            meanwhile=EXEMPTION.last_move(exemption),
            needs="ministry_has_not_replied" if consultation.reply is not None else None,
        )


def _check_codes(regime: Regime, codes: Sequence[str]) -> None:
    known = {each.id for each in regime.return_reasons}
    if known and not codes:
        raise Invalid({"codes": ["Name at least one reason of the law."]})
    if unknown := sorted(set(codes) - known):
        raise Invalid({"codes": [f"no such reason: {', '.join(unknown)}"]})


def _subject(ministry_id: int) -> str:
    """What the clock of this ministry's reply is about."""
    return f"ministry:{ministry_id}"


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
