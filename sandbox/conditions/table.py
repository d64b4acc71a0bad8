"""The lifecycles of a condition, of the evidence for it and of its breaches; how acts are recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.conditions.models import (
    Breach,
    BreachHistory,
    BreachStatus,
    Duty,
    DutyHistory,
    DutyStatus,
    Evidence,
    EvidenceHistory,
    EvidenceStatus,
)
from sandbox.exemptions.models import Condition, ExemptionStatus
from sandbox.notices.outbox import CITY, COMPANY, DECIDERS, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot

D, E, B = DutyStatus, EvidenceStatus, BreachStatus


def author_of_the_company(actor: Actor, duty: Duty) -> bool:
    return access.company_author(actor) and actor.organisation_id == duty.pilot.company_id


def decider_of_the_lead_ministry(actor: Actor, duty: Duty) -> bool:
    return access.decider_at(actor, duty.pilot.exemption.lead_id)


def may_bind(actor: Actor, pilot: Pilot, condition: Condition) -> bool:
    """A reviewer of the ministry that asked for the condition, or of the one that leads the case."""
    offices = {condition.requested_by_id, pilot.exemption.lead_id}
    return access.ministry_reviewer(actor) and actor.organisation_id in offices


def reviewer_who_asked_or_leads(actor: Actor, duty: Duty) -> bool:
    return may_bind(actor, duty.pilot, duty.condition)


def supervisor_of_evidence(actor: Actor, evidence: Evidence) -> bool:
    return reviewer_who_asked_or_leads(actor, evidence.duty)


def author_of_the_broken_condition(actor: Actor, breach: Breach) -> bool:
    return author_of_the_company(actor, breach.duty)


def supervisor_of_the_broken_condition(actor: Actor, breach: Breach) -> bool:
    return reviewer_who_asked_or_leads(actor, breach.duty)


def condition_is_imposed(duty: Duty) -> bool:
    return duty.pilot.exemption.status == ExemptionStatus.APPROVED and duty.condition.is_imposed


def condition_is_not_imposed_yet(duty: Duty) -> bool:
    return not condition_is_imposed(duty)


CONDITION: Lifecycle[DutyStatus] = Lifecycle(
    "condition",
    DutyStatus,
    DutyHistory,
    [
        Transition(
            "rebind",
            (D.STANDING,),
            D.STANDING,
            reviewer_who_asked_or_leads,
            (condition_is_not_imposed_yet,),
            source="Art. 49(8)",
            public=False,
        ),
        Transition(
            "ask_change",
            (D.STANDING,),
            D.CHANGE_ASKED,
            author_of_the_company,
            (condition_is_imposed,),
            source="Art. 52(1)",
        ),
        Transition(
            "agree_change",
            (D.CHANGE_ASKED,),
            D.STANDING,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(1)",
        ),
        Transition(
            "refuse_change",
            (D.CHANGE_ASKED,),
            D.STANDING,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(1)",
        ),
        Transition(
            "lift",
            (D.STANDING, D.CHANGE_ASKED),
            D.LIFTED,
            decider_of_the_lead_ministry,
            (condition_is_imposed,),
            needs_reason=True,
            source="Art. 49(8), 52(1)",
        ),
    ],
)

EVIDENCE: Lifecycle[EvidenceStatus] = Lifecycle(
    "condition_evidence",
    EvidenceStatus,
    EvidenceHistory,
    [
        Transition("accept", (E.FILED,), E.ACCEPTED, supervisor_of_evidence, source="Art. 53(1), D56(1)"),
        Transition(
            "return",
            (E.FILED,),
            E.RETURNED,
            supervisor_of_evidence,
            needs_reason=True,
            source="Art. 53(1), D56(1)",
        ),
    ],
)

BREACH: Lifecycle[BreachStatus] = Lifecycle(
    "condition_breach",
    BreachStatus,
    BreachHistory,
    [
        Transition(
            "explain", (B.OPEN,), B.EXPLAINED, author_of_the_broken_condition, source="Art. 53(1), D56(1)"
        ),
        Transition(
            "ask_again",
            (B.EXPLAINED,),
            B.OPEN,
            supervisor_of_the_broken_condition,
            needs_reason=True,
            source="Art. 53(1), D56(1)",
        ),
        Transition(
            "close",
            (B.OPEN, B.EXPLAINED),
            B.CLOSED,
            supervisor_of_the_broken_condition,
            needs_reason=True,
            source="Art. 52(4), 53(1)",
        ),
    ],
)


def record(session: Session, duty: Duty, act: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on a condition into the ledger, and tell those who have to know."""
    subject = duty.pilot.key
    ledger.append(
        session, act=act, subject=subject, by=by, at=at, details={"condition": duty.condition_id, **details}
    )
    if offices := _told(duty, act):
        tell(session, act, subject=subject, to=offices, by=by, at=at)


BY_THE_COMPANY = frozenset({"condition.ask_change", "condition_evidence.create", "condition_breach.explain"})
UNTOLD = frozenset({"condition.create", "condition.rebind", "condition.check", "condition_evidence.attach"})


def _told(duty: Duty, act: str) -> Iterable[Office]:
    """Ministries hear of what the company does, the company of what they do, both of a breach."""
    company, offices = Office(duty.pilot.company_id, COMPANY), _supervisors(duty.pilot, duty)
    if act in UNTOLD:
        return ()
    if act in BY_THE_COMPANY:
        return offices
    if act == "condition_breach.create":
        return (company, *offices, Office(duty.pilot.exemption.city_id, CITY))
    return (company,)


def _supervisors(pilot: Pilot, duty: Duty) -> tuple[Office, ...]:
    return (
        Office(pilot.exemption.lead_id, REVIEWERS | DECIDERS),
        Office(duty.condition.requested_by_id, REVIEWERS),
    )
