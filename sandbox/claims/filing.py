"""A resident files a claim, gets a receipt for it, and reads under a secret link what becomes of it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, validate
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from experiments.canonical import canonical, digest
from experiments.errors import NotFound, WrongMoment
from experiments.fields import Line, Prose
from sandbox import ledger, receipts
from sandbox.accounts import TooManyAttempts
from sandbox.claims.models import Claim, ClaimFiling, ClaimStatus
from sandbox.claims.table import CLAIM, RESIDENT, record
from sandbox.clocks import running
from sandbox.insurance.filing import MOST_WON, Won
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT
from sandbox.regimes import Regime
from sandbox.regimes.claims import ClaimItem
from sandbox.sealing import Seal

THROTTLE_WINDOW = timedelta(hours=1)
MOST_PER_ADDRESS = 5
MOST_PER_PILOT = 60
TOKEN_BYTES = 24


class TooManyClaims(TooManyAttempts):
    """Claims are closed for this address, or for this pilot, until `until`."""


@dataclass(frozen=True)
class Filed:
    """A new claim with the secret of its link, which is told once."""

    claim: Claim
    token: str


def claim_schema(regime: Regime) -> Schema:
    """What a claim must say under this regime; WrongMoment where it knows no claims."""
    if regime.claims is None:
        raise WrongMoment("claim.file", "filed", needs="regime_knows_claims")
    return Schema.from_dict({item.id: _field(item) for item in regime.claims.items})()


def takes_claims(pilot: Pilot) -> bool:
    """Whether damage by this pilot can be claimed: it was started, and its regime says how."""
    started = any(row.verb == "start" for row in PILOT.past(pilot))
    return started and pilot.exemption.regime.claims is not None


def file(
    session: Session, pilot: Pilot, values: Mapping[str, Any], *, address: str, seal: Seal, at: datetime
) -> Filed:
    """File a claim against the pilot's operator, who has 30 days to pay or refuse from here on (K10).

    values   what `claim_schema` of the pilot's regime gives
    address  of whoever files, for the throttle alone; TooManyClaims where it holds
    """
    if not takes_claims(pilot):
        raise WrongMoment("claim.file", pilot.status, needs="pilot_was_started")
    _throttle(session, pilot, address, at)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    document = canonical(
        {
            "pilot": pilot.number,
            "filed_at": at.isoformat(),
            "items": dict(values),
            "salt": secrets.token_hex(32),
        }
    )
    claim = Claim(
        pilot=pilot,
        status=ClaimStatus.FILED,
        filed_at=at,
        amount_won=values["amount"],
        sealed=seal.close(document),
        receipt=digest(document),
        token_hash=_hash(token),
    )
    CLAIM.begin(session, claim, by=RESIDENT, at=at)
    year = at.astimezone(ZoneInfo(pilot.exemption.regime.zone)).year
    claim.number = f"CL-{year}-{claim.id:04d}"
    running.start(
        session,
        pilot.exemption.regime,
        "claim_filed",
        case=pilot.exemption.case,
        subject=claim.key,
        owed_by_id=pilot.company_id,
        by=RESIDENT,
        at=at,
    )
    entry = record(session, claim, "file", RESIDENT, at, receipt=claim.receipt)
    receipts.give(session, document, entry)
    return Filed(claim, token)


def forget_addresses(session: Session, *, at: datetime) -> bool:
    """Delete the addresses that the throttle needs no more; whether there were any."""
    old = ClaimFiling.at <= at - THROTTLE_WINDOW
    if session.scalar(select(ClaimFiling.id).where(old).limit(1)) is None:
        return False
    session.execute(delete(ClaimFiling).where(old))
    return True


def claim_of(session: Session, token: str) -> Claim:
    """The claim behind a secret link; NotFound where there is none."""
    claim = session.scalar(select(Claim).where(Claim.token_hash == _hash(token)))
    if claim is None:
        raise NotFound("claim", "link")
    return claim


def _field(item: ClaimItem) -> Line | Prose | Won:
    if item.kind == "won":
        return Won(required=True, validate=validate.Range(min=1, max=MOST_WON))
    return Line(required=True) if item.kind == "line" else Prose(required=True, longest=4000)


def _throttle(session: Session, pilot: Pilot, address: str, at: datetime) -> None:
    """TooManyClaims where either limit is reached within the window before `at`."""
    # Claims wait for each other here, or many sent at once would each count the others as none.
    ledger.hold(session)
    forget_addresses(session, at=at)
    limits: tuple[tuple[ColumnElement[bool], int], ...] = (
        (ClaimFiling.address == address, MOST_PER_ADDRESS),
        (ClaimFiling.pilot_id == pilot.id, MOST_PER_PILOT),
    )
    for which, most in limits:
        count, oldest = session.execute(select(func.count(), func.min(ClaimFiling.at)).where(which)).one()
        if count >= most:
            raise TooManyClaims(oldest + THROTTLE_WINDOW)
    session.add(ClaimFiling(address=address, pilot_id=pilot.id, at=at))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
