"""What the operator does with a claim: inform at once, pay or refuse with proof, report (D57-3(2)-(5))."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox.claims.models import Claim, ClaimFile, ClaimStatus
from sandbox.claims.table import CLAIM, record, signatory_of_the_operator
from sandbox.clocks import running
from sandbox.exemptions.files import FileStore
from sandbox.exemptions.kept import taken_in
from sandbox.insurance.filing import MOST_WON, Won

DAYS_IN_A_YEAR = 365.25
OPEN_FOR_PROOF = frozenset({ClaimStatus.INFORMED, ClaimStatus.REFUSED})


class ClaimInformSchema(Schema):
    """What the claimant is told: whom to turn to at the insurer, or how the compensation plan pays."""

    information = Prose(required=True, longest=4000)


class ClaimPaymentSchema(Schema):
    paid_won = Won(required=True, validate=validate.Range(min=1, max=MOST_WON))
    paid_on = fields.Date(required=True)


class ClaimRefusalSchema(Schema):
    """Why the operator does not pay, and what proves it; the law asks for both in writing."""

    refusal = Prose(required=True, longest=4000)
    proof = Prose(required=True)


class ClaimReportSchema(Schema):
    report = Prose(required=True)


def inform(session: Session, claim: Claim, *, information: str, by: Actor, at: datetime) -> None:
    """Point the claimant to the insurance or the compensation plan (D57-3(2))."""
    CLAIM.perform(session, claim, "inform", by=by, at=at)
    claim.information = information
    record(session, claim, "inform", by, at)


def pay(session: Session, claim: Claim, *, paid_won: int, paid_on: date, by: Actor, at: datetime) -> None:
    """Note what was paid and when; the time for the report starts (D57-3(3), (5))."""
    CLAIM.check(claim, "pay", by=by)
    zone = ZoneInfo(claim.pilot.exemption.regime.zone)
    if paid_on > at.astimezone(zone).date():
        raise Invalid({"paid_on": ["This day is still to come."]})
    if paid_on < claim.filed_at.astimezone(zone).date():
        raise Invalid({"paid_on": ["This day is before the claim was filed."]})
    # Sum, day and status are one: none of them reaches the database without the others.
    with session.no_autoflush:
        claim.paid_won, claim.paid_on = paid_won, paid_on
        CLAIM.perform(session, claim, "pay", by=by, at=at)
    _answered(session, claim, by, at)
    record(session, claim, "pay", by, at, paid_won=paid_won, paid_on=paid_on.isoformat())


def refuse(session: Session, claim: Claim, *, refusal: str, proof: str, by: Actor, at: datetime) -> None:
    """Refuse in writing with proof; the time for the report starts (D57-3(4), (5))."""
    CLAIM.check(claim, "refuse", by=by)
    with session.no_autoflush:
        claim.refusal, claim.proof = refusal, proof
        CLAIM.perform(session, claim, "refuse", by=by, at=at)
    _answered(session, claim, by, at)
    record(session, claim, "refuse", by, at)


def attach(
    session: Session, store: FileStore, claim: Claim, *, name: str, body: bytes, by: Actor, at: datetime
) -> ClaimFile:
    """The operator adds a file to what proves its refusal, until the claim is reported (Art. 53(5))."""
    if not signatory_of_the_operator(by, claim):
        raise Refused("claim.attach", "signatory_of_the_operator")
    if claim.status not in OPEN_FOR_PROOF:
        raise WrongMoment("claim.attach", claim.status, meanwhile=CLAIM.last_move(claim))
    made = ClaimFile(**taken_in(store, claim.files, name=name, body=body, by=by, at=at))
    touch(claim)
    claim.files.append(made)
    session.flush()
    record(session, claim, "attach", by, at, sha256=made.sha256, size=made.size)
    return made


def may_attach(claim: Claim, actor: Actor) -> bool:
    """Whether this person may add a file to the proof now."""
    return claim.status in OPEN_FOR_PROOF and signatory_of_the_operator(actor, claim)


def report(session: Session, claim: Claim, *, report: str, by: Actor, at: datetime) -> None:
    """Report to the Minister what became of the claim (D57-3(5))."""
    CLAIM.check(claim, "report", by=by)
    with session.no_autoflush:
        claim.report, claim.reported_at = report, at
        CLAIM.perform(session, claim, "report", by=by, at=at)
    running.end(session, claim.pilot.exemption.case, "claim_reported", subject=claim.key, by=by, at=at)
    record(session, claim, "report", by, at)


def erase(session: Session, *, at: datetime) -> int:
    """Erase what identifies claimants once the regime's years since the report are over; how many claims.

    Number, sum, dates, what was paid and the receipt stay.
    """
    erased = 0
    for claim in session.scalars(select(Claim).where(Claim.reported_at < at, Claim.erased_at.is_(None))):
        rules = claim.pilot.exemption.regime.claims
        assert claim.reported_at is not None
        if rules and at - claim.reported_at > timedelta(days=rules.retention_years * DAYS_IN_A_YEAR):
            claim.sealed, claim.erased_at = None, at
            for text in ("information", "refusal", "proof", "report"):
                if getattr(claim, text) is not None:
                    setattr(claim, text, "")
            record(session, claim, "erase", running.SERVICE, at, provision=rules.retention_source)
            erased += 1
    return erased


def _answered(session: Session, claim: Claim, by: Actor, at: datetime) -> None:
    case = claim.pilot.exemption.case
    running.end(session, case, "claim_answered", subject=claim.key, by=by, at=at)
    running.start(
        session,
        claim.pilot.exemption.regime,
        "claim_answered",
        case=case,
        subject=claim.key,
        owed_by_id=claim.pilot.company_id,
        by=by,
        at=at,
    )
