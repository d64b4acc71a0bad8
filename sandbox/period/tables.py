"""The lifecycles of what happens within a period, and how its acts are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.notices.outbox import tell
from sandbox.period.models import (
    Change,
    ChangeHistory,
    ChangeStatus,
    Extension,
    ExtensionHistory,
    ExtensionStatus,
    LawRequest,
    LawRequestHistory,
    RequestStatus,
    Revocation,
    RevocationHistory,
    RevocationStatus,
)
from sandbox.pilots import table as pilots
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import parties

C, E, Q, R = ChangeStatus, ExtensionStatus, RequestStatus, RevocationStatus
Part = Change | Extension | LawRequest | Revocation


def people_of_the_company(actor: Actor, part: Part) -> bool:
    return pilots.people_of_the_company(actor, part.pilot)


def reviewer_of_the_lead_ministry(actor: Actor, part: Part) -> bool:
    return pilots.reviewer_of_the_lead_ministry(actor, part.pilot)


def decider_of_the_lead_ministry(actor: Actor, part: Part) -> bool:
    return pilots.decider_of_the_lead_ministry(actor, part.pilot)


def reviewer_of_the_city(actor: Actor, part: Part) -> bool:
    return access.city_staff_of(actor, part.pilot.exemption.city_id)


def every_ministry_replied_again(change: Change) -> bool:
    return bool(change.replies) and all(each.agrees is not None for each in change.replies)


def committee_agrees(part: Change | Extension) -> bool:
    return part.committee_agrees is True


def every_criterion_is_assessed(request: LawRequest) -> bool:
    rules = request.pilot.exemption.regime.period
    return rules is not None and all(
        (request.assessment.get(each.id) or "").strip() for each in rules.criteria
    )


def city_was_consulted(revocation: Revocation) -> bool:
    return revocation.city_opinion is not None


def committee_deliberated(revocation: Revocation) -> bool:
    return revocation.committee_on is not None


def operator_was_invited(revocation: Revocation) -> bool:
    return revocation.hearing_on is not None


def operator_was_heard(revocation: Revocation) -> bool:
    return revocation.operator_came is not None


CHANGE: Lifecycle[ChangeStatus] = Lifecycle(
    "change",
    ChangeStatus,
    ChangeHistory,
    [
        Transition(
            "contest",
            (C.RECORDED,),
            C.FILED,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
            source="D55(1)",
        ),
        Transition("consult", (C.FILED,), C.CONSULTING, reviewer_of_the_lead_ministry, source="Art. 52(2)"),
        Transition(
            "deliberate",
            (C.CONSULTING,),
            C.DELIBERATED,
            reviewer_of_the_lead_ministry,
            (every_ministry_replied_again,),
            source="Art. 52(2)",
        ),
        Transition(
            "approve",
            (C.DELIBERATED,),
            C.APPROVED,
            decider_of_the_lead_ministry,
            (committee_agrees,),
            needs_reason=True,
            source="Art. 52(1)",
        ),
        Transition(
            "refuse",
            (C.DELIBERATED,),
            C.REFUSED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(1)",
        ),
        Transition(
            "withdraw",
            (C.FILED, C.CONSULTING, C.DELIBERATED),
            C.WITHDRAWN,
            people_of_the_company,
            needs_reason=True,
        ),
    ],
)

EXTENSION: Lifecycle[ExtensionStatus] = Lifecycle(
    "extension",
    ExtensionStatus,
    ExtensionHistory,
    [
        Transition(
            "deliberate",
            (E.FILED,),
            E.DELIBERATED,
            reviewer_of_the_lead_ministry,
            source="Art. 53-3(1), D54(2)",
        ),
        Transition(
            "grant",
            (E.DELIBERATED,),
            E.GRANTED,
            decider_of_the_lead_ministry,
            (committee_agrees,),
            needs_reason=True,
            source="Art. 51(2), 53-3(1)",
        ),
        Transition(
            "refuse",
            (E.DELIBERATED,),
            E.REFUSED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 51(2), 53-3(1)",
        ),
        Transition(
            "withdraw", (E.FILED, E.DELIBERATED), E.WITHDRAWN, people_of_the_company, needs_reason=True
        ),
    ],
)

REQUEST: Lifecycle[RequestStatus] = Lifecycle(
    "law_request",
    RequestStatus,
    LawRequestHistory,
    [
        Transition(
            "assess",
            (Q.FILED, Q.UNDER_REVIEW),
            Q.UNDER_REVIEW,
            reviewer_of_the_lead_ministry,
            source="D58-3(5)",
        ),
        Transition(
            "escalate",
            (Q.UNDER_REVIEW,),
            Q.ESCALATED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 53-3(6)",
        ),
        Transition(
            "find_needed",
            (Q.UNDER_REVIEW, Q.ESCALATED),
            Q.NEEDED,
            decider_of_the_lead_ministry,
            (every_criterion_is_assessed,),
            needs_reason=True,
            source="Art. 53-3(3), D58-3(5)",
        ),
        Transition(
            "find_not_needed",
            (Q.UNDER_REVIEW, Q.ESCALATED),
            Q.NOT_NEEDED,
            decider_of_the_lead_ministry,
            (every_criterion_is_assessed,),
            needs_reason=True,
            source="Art. 53-3(3), D58-3(5)",
        ),
        Transition(
            "withdraw", (Q.FILED, Q.UNDER_REVIEW), Q.WITHDRAWN, people_of_the_company, needs_reason=True
        ),
    ],
)

REVOCATION: Lifecycle[RevocationStatus] = Lifecycle(
    "revocation",
    RevocationStatus,
    RevocationHistory,
    [
        Transition("consult_city", (R.OPEN,), R.OPEN, reviewer_of_the_city, source="Art. 52(6), D55(7)"),
        Transition(
            "deliberate",
            (R.OPEN,),
            R.OPEN,
            reviewer_of_the_lead_ministry,
            (city_was_consulted,),
            source="Art. 52(6), D55(7)",
        ),
        Transition("invite", (R.OPEN,), R.OPEN, reviewer_of_the_lead_ministry, source="Art. 52(6), D59"),
        Transition(
            "hear",
            (R.OPEN,),
            R.OPEN,
            reviewer_of_the_lead_ministry,
            (operator_was_invited,),
            source="Art. 52(6), D59",
        ),
        Transition(
            "revoke",
            (R.OPEN,),
            R.REVOKED,
            decider_of_the_lead_ministry,
            (city_was_consulted, committee_deliberated, operator_was_heard),
            needs_reason=True,
            source="Art. 52(5)-(6), D55(7), D59",
        ),
        Transition(
            "drop", (R.OPEN,), R.DROPPED, decider_of_the_lead_ministry, needs_reason=True, source="Art. 52(5)"
        ),
    ],
)


def record(session: Session, pilot: Pilot, act: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put an act within the period into the ledger, and tell the pilot's parties."""
    ledger.append(session, act=act, subject=pilot.key, by=by, at=at, details=details)
    tell(session, act, subject=pilot.key, to=parties(pilot), by=by, at=at)
