"""The lifecycles of an uncertainty and of guidance, and how acts on them are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.notices.outbox import CITY, COMPANY, EVALUATORS, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot
from sandbox.uncertainties.models import (
    Guidance,
    GuidanceHistory,
    GuidanceStatus,
    Uncertainty,
    UncertaintyHistory,
    UncertaintyStatus,
)

U, G = UncertaintyStatus, GuidanceStatus


def evaluator_of_the_pilot(actor: Actor, uncertainty: Uncertainty) -> bool:
    return access.evaluator(actor) and actor.organisation_id == uncertainty.pilot.evaluator_id


def reviewer_of_the_lead_ministry(actor: Actor, uncertainty: Uncertainty) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == uncertainty.pilot.exemption.lead_id


def evaluator_or_lead_ministry(actor: Actor, uncertainty: Uncertainty) -> bool:
    """Never the company: nobody settles the questions about their own pilot."""
    return evaluator_of_the_pilot(actor, uncertainty) or reviewer_of_the_lead_ministry(actor, uncertainty)


def author_of_the_company(actor: Actor, guidance: Guidance) -> bool:
    return access.company_author(actor) and actor.organisation_id == guidance.pilot.company_id


def reviewer_of_the_office_that_gave_it(actor: Actor, guidance: Guidance) -> bool:
    return access.agency_reviewer(actor) and actor.organisation_id == guidance.office_id


UNCERTAINTY: Lifecycle[UncertaintyStatus] = Lifecycle(
    "uncertainty",
    UncertaintyStatus,
    UncertaintyHistory,
    [
        Transition("link", (U.NAMED,), U.NAMED, evaluator_or_lead_ministry, public=False),
        Transition("answer", (U.NAMED,), U.ANSWERED, evaluator_or_lead_ministry, needs_reason=True),
        Transition("test", (U.NAMED,), U.TESTED, evaluator_of_the_pilot, needs_reason=True),
        Transition(
            "declare_open", (U.NAMED,), U.DECLARED_OPEN, evaluator_or_lead_ministry, needs_reason=True
        ),
        Transition(
            "reopen",
            (U.ANSWERED, U.TESTED, U.DECLARED_OPEN),
            U.NAMED,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
        ),
    ],
)

GUIDANCE: Lifecycle[GuidanceStatus] = Lifecycle(
    "guidance",
    GuidanceStatus,
    GuidanceHistory,
    [
        Transition(
            "state", (G.GIVEN, G.CONTESTED), G.STATED, author_of_the_company, source="EU 2024/1689 57(12)"
        ),
        Transition(
            "confirm",
            (G.STATED,),
            G.CONFIRMED,
            reviewer_of_the_office_that_gave_it,
            source="EU 2024/1689 57(12)",
        ),
        Transition(
            "contest",
            (G.STATED,),
            G.CONTESTED,
            reviewer_of_the_office_that_gave_it,
            needs_reason=True,
            source="EU 2024/1689 57(12)",
        ),
    ],
)


def record(
    session: Session, pilot: Pilot, act: str, by: Actor, at: datetime, *, office_id: int, **details: Any
) -> None:
    """Put an act into the ledger, and tell the other side of it."""
    ledger.append(session, act=act, subject=pilot.key, by=by, at=at, details=details)
    if act == "guidance.state":
        tell(session, act, subject=pilot.key, to=(Office(office_id, REVIEWERS | CITY),), by=by, at=at)
    elif act.startswith("guidance."):
        tell(session, act, subject=pilot.key, to=(Office(pilot.company_id, COMPANY),), by=by, at=at)
    elif act == "uncertainty.create":
        offices = (Office(pilot.evaluator_id, EVALUATORS), Office(pilot.exemption.lead_id, REVIEWERS))
        tell(session, act, subject=pilot.key, to=offices, by=by, at=at)
