"""The lifecycle of an application: states APP of the Smart City Act, with their provisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.exemptions.models import Exemption, ExemptionHistory, ExemptionStatus
from sandbox.exemptions.told import TOLD
from sandbox.notices.outbox import tell

S = ExemptionStatus
BEFORE_DECISION = (S.DRAFT, S.LOCAL_REVIEW, S.LOCAL_DONE, S.SUBMITTED, S.CONSULTING, S.CONSULTED)


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


def decider_who_neither_wrote_nor_reviewed(actor: Actor, exemption: Exemption) -> bool:
    """The lead ministry's decider, with no hand in this file (four eyes)."""
    repliers = {c.replied_by_id for c in exemption.consultations}
    return (
        access.decider_at(actor, exemption.lead_id)
        and actor.person_id not in EXEMPTION.actors_of(exemption, WRITING_AND_REVIEWING)
        and actor.person_id not in repliers
    )


def contents_complete(exemption: Exemption) -> bool:
    return not missing_contents(exemption)


def every_required_action_is_answered(exemption: Exemption) -> bool:
    return all((action.answer or "").strip() for action in exemption.required_actions)


def every_required_file_is_attached(exemption: Exemption) -> bool:
    return not missing_files(exemption)


def every_ministry_replied(exemption: Exemption) -> bool:
    return bool(exemption.consultations) and all(c.reply for c in exemption.consultations)


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


WRITING = {"create", "edit", "send_to_city", "answer_actions"}
WRITING_AND_REVIEWING = WRITING | {
    "give_opinion",
    "sign",
    "return_filing",
    "open_consultation",
    "close_consultation",
}

EXEMPTION: Lifecycle[ExemptionStatus] = Lifecycle(
    "exemption",
    ExemptionStatus,
    ExemptionHistory,
    [
        Transition("edit", (S.DRAFT,), S.DRAFT, author_of_the_company, public=False),
        Transition(
            "send_to_city",
            (S.DRAFT,),
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
            (every_required_action_is_answered, every_required_file_is_attached),
            source="Art. 49(1), 50(1)",
        ),
        Transition(
            "return_filing",
            (S.SUBMITTED,),
            S.DRAFT,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
            source="D52(3)",
        ),
        Transition(
            "open_consultation",
            (S.SUBMITTED,),
            S.CONSULTING,
            reviewer_of_the_lead_ministry,
            source="Art. 49(4)",
        ),
        Transition(
            "close_consultation",
            (S.CONSULTING,),
            S.CONSULTED,
            reviewer_of_the_lead_ministry,
            (every_ministry_replied,),
            source="Art. 49(4)",
        ),
        Transition(
            "grant",
            (S.CONSULTED,),
            S.APPROVED,
            decider_who_neither_wrote_nor_reviewed,
            needs_reason=True,
            source="Art. 49(7), 51(1)",
        ),
        Transition(
            "refuse",
            (S.CONSULTED,),
            S.REJECTED,
            decider_who_neither_wrote_nor_reviewed,
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
