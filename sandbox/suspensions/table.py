"""The lifecycles of suspensions and of proposals to suspend, and how acts on them are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.notices.outbox import CITY, COMPANY, DECIDERS, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot
from sandbox.suspensions.models import (
    ProposalStatus,
    Suspension,
    SuspensionHistory,
    SuspensionProposal,
    SuspensionProposalHistory,
    SuspensionStatus,
)

P = ProposalStatus
S = SuspensionStatus
Subject = Suspension | SuspensionProposal


def decider_of_the_lead_ministry(actor: Actor, subject: Subject) -> bool:
    return access.decider_at(actor, subject.pilot.exemption.lead_id)


def reviewer_of_the_lead_ministry(actor: Actor, subject: Subject) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == subject.pilot.exemption.lead_id


def author_of_the_company(actor: Actor, subject: Subject) -> bool:
    return access.company_author(actor) and actor.organisation_id == subject.pilot.company_id


PROPOSAL: Lifecycle[ProposalStatus] = Lifecycle(
    "suspension_proposal",
    ProposalStatus,
    SuspensionProposalHistory,
    [
        Transition("act", (P.OPEN,), P.ACTED, decider_of_the_lead_ministry, source="Art. 52(4)1"),
        Transition(
            "dismiss",
            (P.OPEN,),
            P.DISMISSED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
    ],
)

SUSPENSION: Lifecycle[SuspensionStatus] = Lifecycle(
    "suspension",
    SuspensionStatus,
    SuspensionHistory,
    [
        Transition("report_measures", (S.IN_FORCE,), S.REPORTED, author_of_the_company, source="Art. 52(4)"),
        Transition(
            "accept_measures", (S.REPORTED,), S.CLOSED, reviewer_of_the_lead_ministry, source="Art. 52(4)"
        ),
        Transition(
            "send_back",
            (S.REPORTED,),
            S.IN_FORCE,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
        # The alarm may have been a false one, with nothing for the company to do.
        Transition(
            "close_without_measures",
            (S.IN_FORCE,),
            S.CLOSED,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
        Transition(
            "lift",
            (S.CLOSED,),
            S.LIFTED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
        Transition(
            "stop_for_good",
            (S.IN_FORCE, S.REPORTED, S.CLOSED),
            S.MADE_PERMANENT,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
    ],
)


def record(session: Session, pilot: Pilot, act: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on the suspension of `pilot` into the ledger, and tell those who have to know."""
    ledger.append(session, act=act, subject=pilot.key, by=by, at=at, details=details)
    tell(session, act, subject=pilot.key, to=_told(pilot, act), by=by, at=at)


def _told(pilot: Pilot, act: str) -> tuple[Office, ...]:
    exemption = pilot.exemption
    city, company = Office(exemption.city_id, CITY), Office(pilot.company_id, COMPANY)
    if act == "suspension_proposal.create":
        return (Office(exemption.lead_id, DECIDERS | REVIEWERS),)
    if act in {"suspension.report_measures", "suspension_proposal.dismiss", "suspension_proposal.act"}:
        return (Office(exemption.lead_id, DECIDERS | REVIEWERS), city)
    return (company, city, Office(exemption.lead_id, DECIDERS))
