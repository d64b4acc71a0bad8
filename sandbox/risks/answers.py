"""Answer the regime's questions about risk; what the answers call for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox import access, ledger
from sandbox.amendments.evidence import WITH_THE_COMPANY
from sandbox.exemptions.models import Exemption, ExemptionStatus
from sandbox.regimes.risk import RiskQuestion, RiskRules, SignOffKind
from sandbox.risks.models import RiskAnswer, SignOff

S = ExemptionStatus
WITH_THE_MINISTRY = frozenset({S.SUBMITTED, S.CONSULTING, S.CONSULTED, S.EXPERT_DONE, S.TABLED, S.RESOLVED})


class AnswerSchema(Schema):
    """Yes or no, and why; a yes needs its explanation."""

    is_yes = fields.Boolean(required=True)
    explanation = Prose(load_default="", blank=True, longest=2000)


@dataclass(frozen=True)
class Required:
    """A sign-off that answers call for: for which questions, and the one that stands, None while missing."""

    kind: SignOffKind
    questions: tuple[RiskQuestion, ...]
    given: SignOff | None


def rules_of(exemption: Exemption) -> RiskRules:
    """What the regime asks; WrongMoment where it asks nothing."""
    if exemption.regime.risk is None:
        raise WrongMoment("risk.answer", exemption.status, needs="regime_asks_about_risk")
    return exemption.regime.risk


def answers_of(session: Session, exemption: Exemption) -> dict[str, RiskAnswer]:
    """The latest answers by question."""
    rows = session.scalars(select(RiskAnswer).where(RiskAnswer.exemption_id == exemption.id))
    return {row.question: row for row in rows}


def answer(
    session: Session,
    exemption: Exemption,
    given: Mapping[str, Mapping[str, object]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Answer questions, by id: the company until it has filed, then the lead ministry, which corrects.

    given  what `AnswerSchema` gives, by question. Invalid for unknown ones, and for a yes without why.
    """
    rules = rules_of(exemption)
    _check_may(exemption, by)
    known = {question.id for question in rules.questions}
    errors = {f"answers.{key}": ["The regime does not ask for this."] for key in given if key not in known}
    errors |= {
        f"answers.{key}.explanation": ["Missing data for required field."]
        for key, said in given.items()
        if said["is_yes"] and not said["explanation"]
    }
    if errors:
        raise Invalid(errors)
    assert by.person_id is not None  # whoever may is a person
    touch(exemption)
    before = answers_of(session, exemption)
    for key, said in given.items():
        row = before.get(key) or RiskAnswer(exemption_id=exemption.id, question=key)
        row.is_yes, row.explanation = bool(said["is_yes"]), str(said["explanation"])
        row.answered_at, row.answered_by_id, row.answered_by_name = at, by.person_id, by.name
        session.add(row)
    session.flush()
    details = {"answers": {key: bool(said["is_yes"]) for key, said in given.items()}}
    ledger.append(session, act="risk.answer", subject=exemption.case.key, by=by, at=at, details=details)


def may_answer(exemption: Exemption, actor: Actor) -> bool:
    """Whether this person may answer now."""
    return exemption.regime.risk is not None and _is_entitled(exemption, actor)


def required(session: Session, exemption: Exemption) -> list[Required]:
    """The sign-offs that the answers call for, in the regime's order."""
    if exemption.regime.risk is None:
        return []
    rules = exemption.regime.risk
    yes = {key for key, row in answers_of(session, exemption).items() if row.is_yes}
    standing = select(SignOff).where(SignOff.exemption_id == exemption.id, SignOff.taken_back_at.is_(None))
    given = {row.kind: row for row in session.scalars(standing)}
    found = []
    for kind in rules.sign_offs:
        asking = tuple(each for each in rules.questions if each.id in yes and kind.id in each.sign_offs)
        if asking:
            found.append(Required(kind, asking, given.get(kind.id)))
    return found


def risk_questions_are_answered(exemption: Exemption) -> bool:
    """Every question is answered, where the regime wants that before the filing."""
    rules, session = exemption.regime.risk, object_session(exemption)
    if rules is None or not rules.answers_needed or session is None:
        return True
    return answers_of(session, exemption).keys() >= {question.id for question in rules.questions}


def every_sign_off_is_given(exemption: Exemption) -> bool:
    """No sign-off that an answer calls for is missing."""
    session = object_session(exemption)
    return session is None or all(each.given for each in required(session, exemption))


def _check_may(exemption: Exemption, by: Actor) -> None:
    if by.organisation_id not in (exemption.company_id, exemption.lead_id) or not (
        access.company_author(by) or access.ministry_reviewer(by)
    ):
        raise Refused("risk.answer", "author_or_lead_ministry")
    if not _is_entitled(exemption, by):
        raise WrongMoment("risk.answer", exemption.status, needs="answers_are_with_others")


def _is_entitled(exemption: Exemption, actor: Actor) -> bool:
    if access.company_author(actor) and actor.organisation_id == exemption.company_id:
        return exemption.status in WITH_THE_COMPANY
    is_lead = access.ministry_reviewer(actor) and actor.organisation_id == exemption.lead_id
    return is_lead and exemption.status in WITH_THE_MINISTRY


def givers_of_sign_offs(exemption: Exemption) -> set[int]:
    """Ids of everybody who gave a sign-off on this case, also of one that was taken back."""
    session = object_session(exemption)
    if session is None:
        return set()
    return set(session.scalars(select(SignOff.given_by_id).where(SignOff.exemption_id == exemption.id)))
