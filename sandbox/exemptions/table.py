"""The lifecycle of an application: states APP of the Smart City Act, with their provisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.amendments.evidence import every_article_has_its_evidence
from sandbox.exemptions.digest import digest
from sandbox.exemptions.models import Exemption, ExemptionHistory, ExemptionStatus, Resolution
from sandbox.exemptions.told import TOLD
from sandbox.notices.outbox import tell
from sandbox.risks.answers import every_sign_off_is_given, givers_of_sign_offs, risk_questions_are_answered
from sandbox.similar.sameness import fast_track_request_is_answered

S = ExemptionStatus
BEFORE_DECISION = (
    *(S.DRAFT, S.RETURNED, S.LOCAL_REVIEW, S.LOCAL_DONE, S.SUBMITTED),
    *(S.CONSULTING, S.CONSULTED, S.EXPERT_DONE, S.TABLED, S.RESOLVED),
)
# A regime with a committee opens the decision after its resolution; one without, after the consultation.
DECIDABLE = (S.CONSULTED, S.RESOLVED)


def author_of_the_company(actor: Actor, exemption: Exemption) -> bool:
    return access.company_author(actor) and actor.organisation_id == exemption.company_id


def people_of_the_company(actor: Actor, exemption: Exemption) -> bool:
    return access.company_people(actor) and actor.organisation_id == exemption.company_id


def signatory_who_did_not_write_it(actor: Actor, exemption: Exemption) -> bool:
    return (
        access.company_signatory(actor)
        and actor.organisation_id == exemption.company_id
        and actor.person_id not in EXEMPTION.actors_of(exemption, WRITING)
    )


def reviewer_of_the_city(actor: Actor, exemption: Exemption) -> bool:
    return access.city_reviewer(actor) and actor.organisation_id == exemption.city_id


def reviewer_of_the_lead_ministry(actor: Actor, exemption: Exemption) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == exemption.lead_id


def secretariat_or_reviewer_of_the_lead(actor: Actor, exemption: Exemption) -> bool:
    """The body that a regime lets manage its cases (Art. 56, D58), or the lead ministry itself."""
    committee = exemption.regime.committee
    is_delegated = committee is not None and committee.delegated_source is not None
    return (is_delegated and access.secretariat(actor)) or reviewer_of_the_lead_ministry(actor, exemption)


def keeper_of_the_committee(actor: Actor, exemption: Exemption) -> bool:
    """Whoever keeps the agenda: the delegate where the regime has one, else the lead ministry."""
    committee = exemption.regime.committee
    if committee is not None and committee.delegated_source is not None:
        return access.secretariat(actor)
    return reviewer_of_the_lead_ministry(actor, exemption)


def decider_who_neither_wrote_nor_reviewed(actor: Actor, exemption: Exemption) -> bool:
    """The lead ministry's decider, with no hand in this file, who neither voted on it nor was recused."""
    return (
        access.decider_at(actor, exemption.lead_id)
        and actor.person_id not in hands_in(exemption)
        and actor.person_id not in (exemption.deliberated_by or ())
    )


def hands_in(exemption: Exemption) -> set[int]:
    """Ids of everybody who wrote, reviewed, managed or signed this file, or replied on it."""
    repliers = {c.replied_by_id for c in exemption.consultations if c.replied_by_id is not None}
    acted = EXEMPTION.actors_of(exemption, WRITING_AND_REVIEWING)
    return acted | repliers | givers_of_sign_offs(exemption)


def contents_complete(exemption: Exemption) -> bool:
    return not missing_contents(exemption)


def every_required_action_is_answered(exemption: Exemption) -> bool:
    return all((action.answer or "").strip() for action in exemption.required_actions)


def every_required_file_is_attached(exemption: Exemption) -> bool:
    return not missing_files(exemption)


def every_ministry_replied(exemption: Exemption) -> bool:
    return bool(exemption.consultations) and all(c.reply for c in exemption.consultations)


def committee_has_resolved(exemption: Exemption) -> bool:
    """A resolution to decide by is there, where the regime has a committee (Art. 49(7))."""
    if exemption.regime.committee is None:
        return exemption.status == S.CONSULTED
    return exemption.status == S.RESOLVED and exemption.resolution not in (
        None,
        Resolution.DEFER,
        Resolution.MODIFY,
    )


def file_is_as_resolved(exemption: Exemption) -> bool:
    """Nothing in the file has changed since the committee resolved on it; a change resets the resolution."""
    return exemption.resolved_digest in (None, digest(exemption))


def file_has_changed(exemption: Exemption) -> bool:
    return not file_is_as_resolved(exemption)


def committee_takes_it(exemption: Exemption) -> bool:
    """The regime has a committee, and it has not resolved on the file yet, or has put it off."""
    if exemption.regime.committee is None:
        return False
    return exemption.status != S.RESOLVED or exemption.resolution == Resolution.DEFER


def missing_contents(exemption: Exemption) -> list[str]:
    """Ids of plan contents that the regime asks for and the draft leaves empty."""
    return [
        item.id
        for item in exemption.regime.plan_contents
        if not (exemption.contents.get(item.id) or "").strip()
    ]


def missing_files(exemption: Exemption) -> list[str]:
    """Ids of files that the regime asks of this kind of application and that are not attached."""
    there = {each.kind for each in exemption.attachments if each.removed_at is None}
    return [item.id for item in exemption.regime.files_asked_of(exemption.kind) if item.id not in there]


WRITING = {"create", "edit", "revise", "send_to_city", "answer_actions", "modify"}
WRITING_AND_REVIEWING = WRITING | {
    "give_opinion",
    "sign",
    "return_filing",
    "open_consultation",
    "close_consultation",
    "report_experts",
    "table",
    "resolve",
    "refile",
}

READY_TO_DECIDE = (every_ministry_replied, committee_has_resolved, file_is_as_resolved)

EXEMPTION: Lifecycle[ExemptionStatus] = Lifecycle(
    "exemption",
    ExemptionStatus,
    ExemptionHistory,
    [
        Transition("edit", (S.DRAFT,), S.DRAFT, author_of_the_company, public=False),
        Transition("revise", (S.RETURNED,), S.RETURNED, author_of_the_company, public=False),
        Transition(
            "send_to_city",
            (S.DRAFT, S.RETURNED),
            S.LOCAL_REVIEW,
            author_of_the_company,
            (contents_complete,),
            source="Art. 49(2)",
        ),
        Transition(
            "give_opinion", (S.LOCAL_REVIEW,), S.LOCAL_DONE, reviewer_of_the_city, source="Art. 49(2)"
        ),
        Transition(
            "answer_actions", (S.LOCAL_DONE,), S.LOCAL_DONE, author_of_the_company, source="Art. 49(2)"
        ),
        Transition(
            "sign",
            (S.LOCAL_DONE,),
            S.SUBMITTED,
            signatory_who_did_not_write_it,
            (
                every_required_action_is_answered,
                every_required_file_is_attached,
                risk_questions_are_answered,
            ),
            source="Art. 49(1), 50(1)",
        ),
        Transition(
            "return_filing",
            (S.SUBMITTED,),
            S.RETURNED,
            secretariat_or_reviewer_of_the_lead,
            needs_reason=True,
            source="D52(3)",
        ),
        Transition(
            "open_consultation",
            (S.SUBMITTED,),
            S.CONSULTING,
            secretariat_or_reviewer_of_the_lead,
            (fast_track_request_is_answered,),
            source="Art. 49(4)",
        ),
        Transition(
            "close_consultation",
            (S.CONSULTING,),
            S.CONSULTED,
            secretariat_or_reviewer_of_the_lead,
            (every_ministry_replied,),
            source="Art. 49(4)",
        ),
        Transition(
            "report_experts",
            (S.CONSULTED,),
            S.EXPERT_DONE,
            keeper_of_the_committee,
            (committee_takes_it,),
            source="Art. 51(1), D54(1)",
        ),
        Transition(
            "table",
            (S.CONSULTED, S.EXPERT_DONE, S.RESOLVED),
            S.TABLED,
            keeper_of_the_committee,
            (every_ministry_replied, committee_takes_it),
            source="Art. 49(7)",
        ),
        Transition(
            "resolve",
            (S.TABLED,),
            S.RESOLVED,
            keeper_of_the_committee,
            needs_reason=True,
            source="Art. 49(7)",
        ),
        Transition("modify", (S.RESOLVED,), S.RESOLVED, author_of_the_company, source="Art. 49(8)"),
        Transition(
            "refile",
            (S.RESOLVED,),
            S.CONSULTED,
            signatory_who_did_not_write_it,
            (contents_complete, file_has_changed),
            source="Art. 49(8)",
        ),
        Transition(
            "grant",
            DECIDABLE,
            S.APPROVED,
            decider_who_neither_wrote_nor_reviewed,
            (*READY_TO_DECIDE, every_article_has_its_evidence, every_sign_off_is_given),
            needs_reason=True,
            source="Art. 49(7), 51(1)",
        ),
        Transition(
            "refuse",
            DECIDABLE,
            S.REJECTED,
            decider_who_neither_wrote_nor_reviewed,
            READY_TO_DECIDE,
            needs_reason=True,
            source="Art. 49(7)",
        ),
        Transition(
            "find_not_required",
            DECIDABLE,
            S.NOT_REQUIRED,
            decider_who_neither_wrote_nor_reviewed,
            READY_TO_DECIDE,
            needs_reason=True,
            source="Art. 49(7)",
        ),
        Transition("withdraw", BEFORE_DECISION, S.WITHDRAWN, people_of_the_company, needs_reason=True),
    ],
)


def record(
    session: Session, exemption: Exemption, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    """Put one act on `exemption` into the ledger, and tell those who have to know."""
    act, subject = f"exemption.{verb}", exemption.case.key
    ledger.append(session, act=act, subject=subject, by=by, at=at, details=details)
    if verb in TOLD:
        tell(session, act, subject=subject, to=TOLD[verb](exemption), by=by, at=at)
