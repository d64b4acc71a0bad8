"""Reading claims: by the parties of a claim one by one, by everybody as counts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.errors import NotFound
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.claims.models import Claim, ClaimFile
from sandbox.claims.table import CLAIM
from sandbox.clocks.models import Clock
from sandbox.insurance.cover import latest_plan, policies_of
from sandbox.insurance.models import CompensationPlan, CompensationStatus, Policy
from sandbox.pilots.models import Pilot
from sandbox.sealing import Seal


@dataclass(frozen=True)
class Counts:
    """Claims of one pilot as everybody may know them."""

    filed: int
    waiting: int
    paid: int
    refused: int


@dataclass(frozen=True)
class Cover:
    """What stands for damage by a pilot: the policies, or the compensation plan that was approved."""

    policies: tuple[Policy, ...]
    plan: CompensationPlan | None


def may_read(actor: Actor | None, pilot: Pilot) -> bool:
    """The operator, the lead ministry, the city of the place, and the auditor."""
    if actor is None:
        return False
    if access.auditor(actor):
        return True
    return (
        (access.company_people(actor) and actor.organisation_id == pilot.company_id)
        or access.ministry_staff_of(actor, pilot.exemption.lead_id)
        or access.city_staff_of(actor, pilot.exemption.city_id)
    )


def claims_of(session: Session, pilot: Pilot) -> list[Claim]:
    """The pilot's claims in the order of filing."""
    return list(session.scalars(select(Claim).where(Claim.pilot_id == pilot.id).order_by(Claim.id)))


def find(session: Session, pilot: Pilot, number: str, actor: Actor) -> Claim:
    """The claim of that number; NotFound also for whoever may not read claims of this pilot."""
    known = number.isprintable() and may_read(actor, pilot)
    query = select(Claim).where(Claim.pilot_id == pilot.id, Claim.number == number)
    claim = session.scalar(query) if known else None
    if claim is None:
        raise NotFound("claim", number)
    return claim


def contents(claim: Claim, seal: Seal) -> dict[str, Any] | None:
    """What the claimant wrote, by item; None once it was erased."""
    document = document_of(claim, seal)
    items: dict[str, Any] | None = json.loads(document)["items"] if document else None
    return items


def document_of(claim: Claim, seal: Seal) -> str | None:
    """The text that the receipt's hash covers; None once it was erased."""
    return seal.open(claim.sealed, where=str(claim.number)) if claim.sealed else None


def clocks_of(session: Session, claim: Claim) -> list[Clock]:
    """The clocks of this claim (K10, K11), in the order in which they started."""
    mine = (Clock.exemption_id == claim.pilot.exemption_id, Clock.subject == claim.key)
    return list(session.scalars(select(Clock).where(*mine).order_by(Clock.id)))


def files_of(claim: Claim) -> list[ClaimFile]:
    """The files that prove a refusal; none once what identifies the claimant was erased."""
    return [] if claim.erased_at else list(claim.files)


def counts(session: Session, pilot: Pilot) -> Counts:
    """How many claims were filed, wait for an answer, were paid, were refused."""
    filed, paid, refused = session.execute(
        select(func.count(), func.count(Claim.paid_won), func.count(Claim.refusal)).where(
            Claim.pilot_id == pilot.id
        )
    ).one()
    return Counts(filed, filed - paid - refused, paid, refused)


def cover_of(session: Session, pilot: Pilot) -> Cover:
    """What the claimant is pointed to (D57-3(2))."""
    plan = latest_plan(session, pilot)
    approved = plan is not None and plan.status == CompensationStatus.APPROVED
    return Cover(tuple(policies_of(session, pilot)), plan if approved else None)


def steps(claim: Claim) -> list[tuple[str, datetime]]:
    """Verb and instant of everything that happened to the claim, as its claimant may read it."""
    return [(row.verb, row.at) for row in CLAIM.past(claim)]
