"""The lifecycle of a pilot."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.exemptions.models import ExemptionStatus
from sandbox.notices.outbox import CITY, COMPANY, DATA, DECIDERS, EVALUATORS, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot, PilotHistory, PilotStatus

S = PilotStatus
PUBLIC_FROM = frozenset(S) - {S.DRAFT}
OVER = frozenset({S.CONCLUDED, S.STOPPED, S.REJECTED, S.WITHDRAWN})


def author_of_the_company(actor: Actor, pilot: Pilot) -> bool:
    return access.company_author(actor) and actor.organisation_id == pilot.company_id


def signatory_of_the_company(actor: Actor, pilot: Pilot) -> bool:
    return access.company_signatory(actor) and actor.organisation_id == pilot.company_id


def people_of_the_company(actor: Actor, pilot: Pilot) -> bool:
    return access.company_people(actor) and actor.organisation_id == pilot.company_id


def decider_of_the_lead_ministry(actor: Actor, pilot: Pilot) -> bool:
    return access.decider_at(actor, pilot.exemption.lead_id)


def reviewer_of_the_lead_ministry(actor: Actor, pilot: Pilot) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == pilot.exemption.lead_id


def is_over(pilot: Pilot) -> bool:
    """Nothing is planned or decided on this pilot any more."""
    return pilot.status in OVER


def exemption_is_granted(pilot: Pilot) -> bool:
    return pilot.exemption.status == ExemptionStatus.APPROVED


def plan_is_locked(pilot: Pilot) -> bool:
    """No pilot starts before what it is to show has been fixed (our rule)."""
    return pilot.experiment.plan is not None


PILOT: Lifecycle[PilotStatus] = Lifecycle(
    "pilot",
    PilotStatus,
    PilotHistory,
    [
        Transition("edit", (S.DRAFT,), S.DRAFT, author_of_the_company, public=False),
        # A returned filing stays public while the company mends it.
        Transition("revise", (S.RETURNED,), S.RETURNED, author_of_the_company, public=False),
        Transition("file", (S.DRAFT, S.RETURNED), S.IN_REVIEW, signatory_of_the_company),
        Transition("return", (S.IN_REVIEW,), S.RETURNED, reviewer_of_the_lead_ministry, needs_reason=True),
        Transition(
            "approve", (S.IN_REVIEW,), S.APPROVED, decider_of_the_lead_ministry, (exemption_is_granted,)
        ),
        Transition("reject", (S.IN_REVIEW,), S.REJECTED, decider_of_the_lead_ministry, needs_reason=True),
        Transition(
            "start",
            (S.APPROVED,),
            S.RUNNING,
            signatory_of_the_company,
            (exemption_is_granted, plan_is_locked),
            source="Art. 53(6)",
        ),
        Transition(
            "suspend",
            (S.RUNNING,),
            S.SUSPENDED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)1",
        ),
        Transition(
            "lift",
            (S.SUSPENDED,),
            S.RUNNING,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
        Transition("finish", (S.RUNNING, S.SUSPENDED), S.FINISHED, signatory_of_the_company),
        Transition(
            "conclude", (S.RUNNING, S.SUSPENDED, S.FINISHED), S.CONCLUDED, decider_of_the_lead_ministry
        ),
        Transition(
            "stop",
            (S.RUNNING, S.SUSPENDED, S.FINISHED),
            S.STOPPED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
        Transition(
            "withdraw",
            (S.DRAFT, S.IN_REVIEW, S.RETURNED),
            S.WITHDRAWN,
            people_of_the_company,
            needs_reason=True,
        ),
    ],
)

# Steps that another case takes along; people take them through the exemption or the decision.
CARRIED_VERBS = frozenset(
    {"edit", "revise", "file", "return", "approve", "reject", "conclude", "stop", "withdraw"}
)


def record(session: Session, pilot: Pilot, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on `pilot` into the ledger, and tell its parties of what they have to know."""
    ledger.append(session, act=f"pilot.{verb}", subject=pilot.key, by=by, at=at, details=details)
    if verb in TOLD:
        tell(session, f"pilot.{verb}", subject=pilot.key, to=parties(pilot), by=by, at=at)


TOLD = frozenset({"start", "suspend", "lift", "finish", "stop"})


def parties(pilot: Pilot) -> tuple[Office, ...]:
    """Everybody who runs, watches or evaluates the pilot."""
    exemption = pilot.exemption
    return (
        Office(pilot.company_id, COMPANY),
        Office(exemption.city_id, CITY | DATA),
        Office(exemption.lead_id, REVIEWERS | DECIDERS),
        Office(pilot.evaluator_id, EVALUATORS),
    )
