"""The expert sub-committee's work on one case: who is asked, declared interests, scores, the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose, Whole
from experiments.lifecycle import Actor, touch
from sandbox import access
from sandbox.accounts import Person
from sandbox.committee.models import Assessment
from sandbox.committee.table import keeps
from sandbox.committee.voting import offices_of
from sandbox.exemptions import deliberation
from sandbox.exemptions.models import Exemption, ExemptionStatus, Resolution
from sandbox.exemptions.table import EXEMPTION, record
from sandbox.notices.outbox import EXPERTS, Office, tell
from sandbox.organisations import Organisation
from sandbox.roles import Role


class ExpertSchema(Schema):
    """Who is asked, and the office they come from, if any."""

    person = Whole(required=True)
    affiliation = Whole(load_default=None, allow_none=True)


class AssessmentSchema(Schema):
    """An expert's scores by criterion of the regime, with words and a recommendation."""

    scores = fields.Dict(keys=fields.String(), values=Whole(), required=True)
    text = Prose(required=True)
    recommendation = fields.String(
        required=True, validate=validate.OneOf([each.value for each in Resolution])
    )


class ReportSchema(Schema):
    recommendation = fields.String(
        required=True, validate=validate.OneOf([each.value for each in Resolution])
    )


def ask(
    session: Session,
    exemption: Exemption,
    *,
    expert: Person,
    affiliation: Organisation | None,
    by: Actor,
    at: datetime,
) -> Assessment:
    """Ask an expert about a case whose consultation is closed; nobody who comes from a party to it."""
    _must_keep(exemption, by, "ask_expert")
    EXEMPTION.check(exemption, "report_experts", by=by)
    if expert.role != Role.EXPERT or expert.disabled_at is not None:
        raise Invalid({"person": ["Only somebody with the role of an expert is asked."]})
    if affiliation is not None and affiliation.id in offices_of(exemption):
        raise Invalid({"affiliation": ["Whoever comes from a party to the case is not asked."]})
    if any(each.person_id == expert.id for each in assessments_of(session, exemption)):
        raise Invalid({"person": ["This expert has been asked already."]})
    assessment = Assessment(
        exemption_id=exemption.id,
        person_id=expert.id,
        affiliation_id=affiliation.id if affiliation else None,
        asked_at=at,
    )
    touch(exemption)
    session.add(assessment)
    session.flush()
    record(session, exemption, "ask_expert", by, at, expert=expert.id)
    offices = [Office(expert.organisation_id, EXPERTS)]
    tell(session, "exemption.ask_expert", subject=exemption.case.key, to=offices, by=by, at=at)
    return assessment


def declare(
    session: Session, assessment: Assessment, *, has_conflict: bool, reason: str, by: Actor, at: datetime
) -> None:
    """The expert says, once, whether anything ties them to the case."""
    exemption = _must_be_mine(assessment, by, "declare_as_expert")
    if assessment.declared_at is not None:
        raise WrongMoment("exemption.declare_as_expert", "declared")
    if has_conflict != bool(reason.strip()):
        raise Invalid({"reason": ["Say what the conflict is." if has_conflict else "Leave this empty."]})
    touch(exemption)
    assessment.has_conflict, assessment.conflict_reason = has_conflict, reason.strip() or None
    assessment.declared_at = at
    record(session, exemption, "declare_as_expert", by, at, conflict=has_conflict)


def assess(
    session: Session,
    assessment: Assessment,
    *,
    scores: Mapping[str, int],
    text: str,
    recommendation: str,
    by: Actor,
    at: datetime,
) -> None:
    """An expert's scores on every criterion, in the regime's range; they may be changed until the report."""
    exemption = _must_be_mine(assessment, by, "assess")
    if assessment.declared_at is None:
        raise WrongMoment("exemption.assess", "undeclared", needs="interest_is_declared")
    if assessment.has_conflict:
        raise Refused("exemption.assess", "member_who_is_not_recused")
    _check_scores(exemption, scores)
    touch(exemption)
    assessment.scores, assessment.text = dict(scores), text
    assessment.recommendation, assessment.given_at = Resolution(recommendation), at
    record(session, exemption, "assess", by, at, scores=dict(scores), recommendation=str(recommendation))


def report(session: Session, exemption: Exemption, *, recommendation: str, by: Actor, at: datetime) -> None:
    """Put the experts' report into the file once one of them has assessed and none is still to declare."""
    _must_keep(exemption, by, "report_experts")
    EXEMPTION.check(exemption, "report_experts", by=by)
    rows = assessments_of(session, exemption)
    given = [row for row in rows if row.given_at is not None]
    if not given or any(row.declared_at is None for row in rows):
        raise WrongMoment("exemption.report_experts", exemption.status, needs="experts_have_assessed")
    deliberation.report_experts(
        session,
        exemption,
        recommendation=Resolution(recommendation),
        experts=[row.person_id for row in rows if row.given_at is not None or row.has_conflict],
        by=by,
        at=at,
    )


def assessments_of(session: Session, exemption: Exemption) -> list[Assessment]:
    """Everybody who was asked about this case, in that order."""
    rows = select(Assessment).where(Assessment.exemption_id == exemption.id)
    return list(session.scalars(rows.order_by(Assessment.id)))


def means(exemption: Exemption, rows: list[Assessment]) -> dict[str, float]:
    """The mean score of each criterion over those who scored."""
    given = [row.scores for row in rows if row.scores]
    if not given:
        return {}
    return {
        each.id: sum(scores[each.id] for scores in given) / len(given)
        for each in exemption.regime.approval_criteria
    }


def _check_scores(exemption: Exemption, scores: Mapping[str, int]) -> None:
    rules = exemption.regime.committee
    assert rules is not None  # an expert was asked under a regime with a committee
    errors = {
        f"scores.{each.id}": [f"A score from 1 to {rules.highest_score} is needed."]
        for each in exemption.regime.approval_criteria
        if not 1 <= scores.get(each.id, 0) <= rules.highest_score
    }
    known = {each.id for each in exemption.regime.approval_criteria}
    errors |= {f"scores.{key}": ["The regime knows no such criterion."] for key in set(scores) - known}
    if errors:
        raise Invalid(errors)


def _must_keep(exemption: Exemption, by: Actor, verb: str) -> None:
    if not keeps(by, exemption.regime):
        raise Refused(f"exemption.{verb}", "keeper_of_the_committee")


def _must_be_mine(assessment: Assessment, by: Actor, verb: str) -> Exemption:
    if not access.expert(by) or assessment.person_id != by.person_id:
        raise Refused(f"exemption.{verb}", "expert_who_was_asked")
    if assessment.exemption.status != ExemptionStatus.CONSULTED:
        raise WrongMoment(f"exemption.{verb}", assessment.exemption.status)
    return assessment.exemption
