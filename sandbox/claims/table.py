"""The lifecycle of a claim for damage: states CLAIM of the Smart City Act's decree, D57-3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.claims.models import Claim, ClaimHistory, ClaimStatus
from sandbox.ledger import LedgerEntry
from sandbox.notices.outbox import CITY, COMPANY, REVIEWERS, Office, tell

S = ClaimStatus
RESIDENT = Actor(None, "resident", "resident")
"""Who files a claim: nobody whom the register knows by name."""


def people_of_the_operator(actor: Actor, claim: Claim) -> bool:
    return access.company_people(actor) and actor.organisation_id == claim.pilot.company_id


def signatory_of_the_operator(actor: Actor, claim: Claim) -> bool:
    return access.company_signatory(actor) and actor.organisation_id == claim.pilot.company_id


CLAIM: Lifecycle[ClaimStatus] = Lifecycle(
    "claim",
    ClaimStatus,
    ClaimHistory,
    [
        Transition("inform", (S.FILED,), S.INFORMED, people_of_the_operator, source="D57-3(2)", public=False),
        Transition("pay", (S.INFORMED,), S.PAID, signatory_of_the_operator, source="D57-3(3)", public=False),
        Transition(
            "refuse", (S.INFORMED,), S.REFUSED, signatory_of_the_operator, source="D57-3(4)", public=False
        ),
        Transition(
            "report",
            (S.PAID, S.REFUSED),
            S.REPORTED,
            people_of_the_operator,
            source="D57-3(5)",
            public=False,
        ),
    ],
)


def record(session: Session, claim: Claim, verb: str, by: Actor, at: datetime, **details: Any) -> LedgerEntry:
    """Put one act on a claim into the ledger, without anything personal, and tell those who must know."""
    act, subject = f"claim.{verb}", claim.pilot.key
    facts = {"number": claim.number} | details
    entry = ledger.append(session, act=act, subject=subject, by=by, at=at, details=facts)
    if verb in TOLD:
        tell(session, act, subject=subject, to=TOLD[verb](claim), by=by, at=at)
    return entry


def _authorities(claim: Claim) -> tuple[Office, ...]:
    exemption = claim.pilot.exemption
    return (Office(exemption.lead_id, REVIEWERS), Office(exemption.city_id, CITY))


TOLD: dict[str, Callable[[Claim], tuple[Office, ...]]] = {
    "file": lambda claim: (Office(claim.pilot.company_id, COMPANY), *_authorities(claim)),
    "pay": _authorities,
    "refuse": _authorities,
    "report": _authorities,
}
"""Who is told, by verb. The Minister hears of a claim at once, and of what became of it (D57-3(5))."""
