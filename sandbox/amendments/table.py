"""The lifecycle of an item of the board (states AMD), and how its steps are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.amendments.models import Amendment, AmendmentHistory, AmendmentStatus, Link
from sandbox.notices.outbox import CITY, COMPANY, DECIDERS, REVIEWERS, Office, tell

S = AmendmentStatus


def reviewer_of_the_competent_ministry(actor: Actor, amendment: Amendment) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == amendment.ministry_id


def decider_of_the_competent_ministry(actor: Actor, amendment: Amendment) -> bool:
    return access.decider_at(actor, amendment.ministry_id)


def ministry_of_a_linked_case(actor: Actor, amendment: Amendment) -> bool:
    """A reviewer or decider of a ministry that leads a case exempted from the article."""
    leads = {link.exemption.lead_id for link in amendment.links}
    return access.ministry_people(actor) and actor.organisation_id in leads


def the_service(actor: Actor, _amendment: Amendment) -> bool:
    """What follows from a request that an operator filed within its period."""
    return actor.is_service


def wording_is_drafted(amendment: Amendment) -> bool:
    return bool((amendment.draft or "").strip())


AMENDMENT: Lifecycle[AmendmentStatus] = Lifecycle(
    "amendment",
    AmendmentStatus,
    AmendmentHistory,
    [
        Transition(
            "request",
            (S.IDENTIFIED, S.NOT_NEEDED),
            S.REQUESTED,
            ministry_of_a_linked_case,
            needs_reason=True,
            source="Art. 53-3(3)",
        ),
        Transition(
            "request_by_operator",
            (S.IDENTIFIED, S.NOT_NEEDED),
            S.REQUESTED,
            the_service,
            source="Art. 53-3(3)",
        ),
        Transition(
            "review",
            (S.REQUESTED,),
            S.UNDER_REVIEW,
            reviewer_of_the_competent_ministry,
            source="D58-3(5)",
        ),
        Transition(
            "find_needed",
            (S.UNDER_REVIEW, S.ESCALATED),
            S.NEEDED,
            decider_of_the_competent_ministry,
            needs_reason=True,
            source="Art. 53(2), 53-2(3), D58-3(5)",
        ),
        Transition(
            "find_not_needed",
            (S.UNDER_REVIEW, S.ESCALATED),
            S.NOT_NEEDED,
            decider_of_the_competent_ministry,
            needs_reason=True,
            source="D58-3(5)",
        ),
        Transition(
            "escalate",
            (S.UNDER_REVIEW, S.NEEDED, S.NOT_NEEDED),
            S.ESCALATED,
            ministry_of_a_linked_case,
            needs_reason=True,
            source="Art. 53-3(6)",
        ),
        Transition(
            "start",
            (S.NEEDED,),
            S.STARTED,
            decider_of_the_competent_ministry,
            (wording_is_drafted,),
            source="Art. 53(2), 53-2(3)",
        ),
        Transition(
            "complete", (S.STARTED,), S.COMPLETED, decider_of_the_competent_ministry, source="Art. 53-2(3)"
        ),
        Transition(
            "enter_into_force",
            (S.COMPLETED,),
            S.IN_FORCE,
            decider_of_the_competent_ministry,
            source="Art. 53(4), 53-2(7)",
        ),
    ],
)


def record(
    session: Session,
    amendment: Amendment,
    act: str,
    by: Actor,
    at: datetime,
    *,
    tells: bool = True,
    **details: Any,
) -> None:
    """Put one act on an item into the ledger; everybody in a linked case hears of every step.

    tells  False where whoever acts tells of several items at once
    """
    ledger.append(
        session,
        act=f"amendment.{act}",
        subject=amendment.key,
        by=by,
        at=at,
        details={"article": amendment.article, **details},
    )
    if tells and any(act == transition.verb for transition in AMENDMENT.transitions):
        _tell(session, amendment, f"amendment.{act}", by, at)


def offices_of(amendment: Amendment, link: Link) -> tuple[Office, ...]:
    """Who hears of a step of the item, as far as this case points to it."""
    exemption = link.exemption
    return (
        Office(exemption.company_id, COMPANY),
        Office(exemption.city_id, CITY),
        Office(exemption.lead_id, REVIEWERS | DECIDERS),
        Office(amendment.ministry_id, REVIEWERS | DECIDERS),
    )


def _tell(session: Session, amendment: Amendment, code: str, by: Actor, at: datetime) -> None:
    """Per case, since operators know their case and not the item."""
    for link in amendment.links:
        facts = {"article": amendment.article}
        offices = offices_of(amendment, link)
        tell(session, code, subject=link.exemption.case.key, to=offices, by=by, at=at, facts=facts)
