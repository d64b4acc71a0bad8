"""Give a sign-off, and take it back before the decision."""

from __future__ import annotations

from datetime import datetime

from marshmallow import Schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox import access, ledger
from sandbox.exemptions.models import Exemption
from sandbox.regimes.risk import Signer, SignOffKind
from sandbox.risks.answers import WITH_THE_MINISTRY, required, rules_of
from sandbox.risks.models import SignOff


class SignOffSchema(Schema):
    """What was looked at, and what it came to."""

    statement = Prose(required=True, longest=4000)


def give(
    session: Session, exemption: Exemption, key: str, *, statement: str, by: Actor, at: datetime
) -> SignOff:
    """Say that a kind of risk was looked at. Only where an answer calls for it, and once while it stands."""
    kind = rules_of(exemption).sign_off(key)
    _check_may(exemption, kind, by, "sign_off.give")
    wanted = next((each for each in required(session, exemption) if each.kind == kind), None)
    if wanted is None:
        raise WrongMoment("sign_off.give", exemption.status, needs="answer_calls_for_it")
    if wanted.given is not None:
        raise WrongMoment("sign_off.give", "given", needs="sign_off_is_missing")
    assert by.person_id is not None
    assert by.organisation_id is not None  # a reviewer has an office
    touch(exemption)
    made = SignOff(
        exemption_id=exemption.id,
        kind=kind.id,
        statement=statement,
        given_at=at,
        given_by_id=by.person_id,
        given_by_name=by.name,
        office_id=by.organisation_id,
    )
    session.add(made)
    session.flush()
    _record(session, exemption, "give", by, at, kind=kind.id)
    return made


def take_back(
    session: Session, exemption: Exemption, key: str, *, reason: str, by: Actor, at: datetime
) -> None:
    """The same office takes its word back, before the decision, with a reason."""
    kind = rules_of(exemption).sign_off(key)
    _check_may(exemption, kind, by, "sign_off.take_back")
    standing = session.scalar(
        select(SignOff).where(
            SignOff.exemption_id == exemption.id, SignOff.kind == kind.id, SignOff.taken_back_at.is_(None)
        )
    )
    if standing is None:
        raise NotFound("sign-off", key)
    if not reason.strip():
        raise Invalid({"reason": ["a reason is needed"]})
    touch(exemption)
    standing.taken_back_at, standing.taken_back_reason = at, reason.strip()
    session.flush()
    _record(session, exemption, "take_back", by, at, kind=kind.id, reason=reason.strip())


def past(session: Session, exemption: Exemption) -> list[SignOff]:
    """Every sign-off ever given, the newest first."""
    rows = select(SignOff).where(SignOff.exemption_id == exemption.id).order_by(SignOff.id.desc())
    return list(session.scalars(rows))


def may_sign(exemption: Exemption, kind: SignOffKind, actor: Actor) -> bool:
    """Whether this person may give, or take back, such a sign-off now."""
    return _is_signer(exemption, kind, actor) and exemption.status in WITH_THE_MINISTRY


def _is_signer(exemption: Exemption, kind: SignOffKind, actor: Actor) -> bool:
    if kind.by is Signer.LEAD:
        return access.ministry_reviewer(actor) and actor.organisation_id == exemption.lead_id
    return access.city_reviewer(actor) and actor.organisation_id == exemption.city_id


def _check_may(exemption: Exemption, kind: SignOffKind, by: Actor, act: str) -> None:
    if not _is_signer(exemption, kind, by):
        raise Refused(act, "reviewer_who_signs_this")
    if exemption.status not in WITH_THE_MINISTRY:
        raise WrongMoment(act, exemption.status, needs="case_is_filed_and_undecided")


def _record(
    session: Session, exemption: Exemption, verb: str, by: Actor, at: datetime, **details: str
) -> None:
    ledger.append(session, act=f"sign_off.{verb}", subject=exemption.case.key, by=by, at=at, details=details)
