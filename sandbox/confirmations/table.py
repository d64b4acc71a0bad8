"""The lifecycle of a request for rapid confirmation: states RC of the Smart City Act, Art. 49-2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.confirmations.models import (
    Confirmation,
    ConfirmationHistory,
    ConfirmationOutcome,
    ConfirmationStatus,
)
from sandbox.notices.outbox import AGENCIES, COMPANY, REVIEWERS, Office, tell

S = ConfirmationStatus
BEFORE_THE_ANSWER = (S.DRAFT, S.RECEIVED, S.WAITING, S.ALL_IN)
ASKS_FOR_A_PERMIT = frozenset({ConfirmationOutcome.PERMIT_NEEDED, ConfirmationOutcome.MIXED})


def author_of_the_request(actor: Actor, confirmation: Confirmation) -> bool:
    return access.company_author(actor) and actor.organisation_id == confirmation.company_id


def people_of_the_request(actor: Actor, confirmation: Confirmation) -> bool:
    return access.company_people(actor) and actor.organisation_id == confirmation.company_id


def signatory_who_did_not_write_the_request(actor: Actor, confirmation: Confirmation) -> bool:
    return (
        access.company_signatory(actor)
        and actor.organisation_id == confirmation.company_id
        and actor.person_id not in CONFIRMATION.actors_of(confirmation, {"create", "edit"})
    )


def reviewer_of_the_receiving_ministry(actor: Actor, confirmation: Confirmation) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == confirmation.lead_id


def whose_reply_was_the_last(actor: Actor, confirmation: Confirmation) -> bool:
    """The agency that replied last, or the registry where its silence was its reply."""
    asked = {agency.organisation_id for agency in confirmation.agencies}
    return actor.is_service or (access.agency_reviewer(actor) and actor.organisation_id in asked)


def every_agency_replied(confirmation: Confirmation) -> bool:
    return all(agency.reply for agency in confirmation.agencies)


def asks_for_a_permit(confirmation: Confirmation) -> bool:
    return confirmation.outcome in ASKS_FOR_A_PERMIT


def no_application_yet(confirmation: Confirmation) -> bool:
    return confirmation.exemption_id is None


CONFIRMATION: Lifecycle[ConfirmationStatus] = Lifecycle(
    "confirmation",
    ConfirmationStatus,
    ConfirmationHistory,
    [
        Transition("edit", (S.DRAFT,), S.DRAFT, author_of_the_request),
        Transition(
            "submit", (S.DRAFT,), S.RECEIVED, signatory_who_did_not_write_the_request, source="Art. 49-2(1)"
        ),
        Transition(
            "route", (S.RECEIVED,), S.WAITING, reviewer_of_the_receiving_ministry, source="Art. 49-2(2)"
        ),
        Transition(
            "take_alone",
            (S.RECEIVED,),
            S.ALL_IN,
            reviewer_of_the_receiving_ministry,
            needs_reason=True,
            source="Art. 49-2(6)",
        ),
        Transition(
            "collect",
            (S.WAITING,),
            S.ALL_IN,
            whose_reply_was_the_last,
            (every_agency_replied,),
            source="Art. 49-2(3), 49-2(4)",
        ),
        Transition(
            "answer", (S.ALL_IN,), S.NOTIFIED, reviewer_of_the_receiving_ministry, source="Art. 49-2(6)"
        ),
        Transition(
            "apply",
            (S.NOTIFIED,),
            S.NOTIFIED,
            author_of_the_request,
            (asks_for_a_permit, no_application_yet),
            source="Art. 49(1), 50(1)",
        ),
        Transition("withdraw", BEFORE_THE_ANSWER, S.WITHDRAWN, people_of_the_request, needs_reason=True),
    ],
)

# Steps that another act takes along; nobody performs them by themselves.
CARRIED_VERBS = frozenset({"collect"})


def record(
    session: Session, confirmation: Confirmation, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    """Put one act on `confirmation` into the ledger, and tell those who have to know."""
    act, subject = f"confirmation.{verb}", confirmation.case.key
    facts = {"number": confirmation.number} | details
    ledger.append(session, act=act, subject=subject, by=by, at=at, details=facts)
    if verb in TOLD:
        tell(session, act, subject=subject, to=TOLD[verb](confirmation), by=by, at=at)


def _lead(confirmation: Confirmation) -> Iterable[Office]:
    return (Office(confirmation.lead_id, REVIEWERS),)


def _agencies(confirmation: Confirmation) -> Iterable[Office]:
    return (Office(agency.organisation_id, AGENCIES) for agency in confirmation.agencies)


TOLD: dict[str, Callable[[Confirmation], Iterable[Office]]] = {
    "submit": _lead,
    "route": _agencies,
    "collect": _lead,
    "deem": lambda confirmation: (*_lead(confirmation), *_agencies(confirmation)),
    "answer": lambda confirmation: (Office(confirmation.company_id, COMPANY), *_agencies(confirmation)),
}
"""Who is told, by verb; a step that is not named here is nobody else's business."""
