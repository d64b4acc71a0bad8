"""Steps in which the exemption takes its pilot along: filing, return, decision, withdrawal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox import documents
from sandbox.amendments import board
from sandbox.conditions.unbound import tell_of_unbound
from sandbox.exemptions import application, decide, review
from sandbox.exemptions.table import EXEMPTION
from sandbox.period import conversions, ends
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT, record


def sign(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """File the application: from here on the pilot is public."""
    application.sign(session, pilot.exemption, by=by, at=at)
    board.link_case(session, pilot.exemption, by=by, at=at)
    conversions.filed(session, pilot, by=by, at=at)
    PILOT.perform(session, pilot, "file", by=by, at=at)
    record(session, pilot, "file", by, at)


def return_filing(
    session: Session, pilot: Pilot, *, codes: Sequence[str], by: Actor, at: datetime, reason: str
) -> None:
    """Send the filing back for reasons of the law; the company mends pilot and application."""
    review.return_filing(session, pilot.exemption, codes=codes, by=by, at=at, reason=reason)
    PILOT.perform(session, pilot, "return", by=by, at=at, reason=reason)
    record(session, pilot, "return", by, at, reason=reason)


def grant(
    session: Session,
    pilot: Pilot,
    *,
    conditions: Collection[int],
    granted_from: date,
    granted_to: date,
    by: Actor,
    at: datetime,
    reason: str,
    against: str = "",
) -> None:
    """Approve the exemption and with it the pilot, with its certificate and its gazette notice (D52(6))."""
    EXEMPTION.check(pilot.exemption, "grant", by=by, reason=reason)
    documents.check_complete(pilot, "approve", at=at)
    decide.grant(
        session,
        pilot.exemption,
        conditions=conditions,
        granted_from=granted_from,
        granted_to=granted_to,
        by=by,
        at=at,
        reason=reason,
        against=against,
    )
    PILOT.perform(session, pilot, "approve", by=by, at=at)
    record(session, pilot, "approve", by, at)
    tell_of_unbound(session, pilot, at=at)
    ends.expect(session, pilot, by=by, at=at)
    conversions.granted(session, pilot, by=by, at=at)
    documents.issue(session, pilot, "approve", by=by, at=at)


def find_not_required(
    session: Session, pilot: Pilot, *, by: Actor, at: datetime, reason: str, against: str = ""
) -> None:
    """No rule stands against the project: it goes on without an exemption, and without this register."""
    decide.find_not_required(session, pilot.exemption, by=by, at=at, reason=reason, against=against)
    PILOT.perform(session, pilot, "find_not_required", by=by, at=at, reason=reason)
    record(session, pilot, "find_not_required", by, at, reason=reason)


def refuse(
    session: Session, pilot: Pilot, *, by: Actor, at: datetime, reason: str, against: str = ""
) -> None:
    """Reject the exemption and with it the pilot."""
    decide.refuse(session, pilot.exemption, by=by, at=at, reason=reason, against=against)
    PILOT.perform(session, pilot, "reject", by=by, at=at, reason=reason)
    record(session, pilot, "reject", by, at, reason=reason)


def withdraw(session: Session, pilot: Pilot, *, by: Actor, at: datetime, reason: str) -> None:
    """Take the application back; what was public stays as a stub with the reason."""
    application.withdraw(session, pilot.exemption, by=by, at=at, reason=reason)
    PILOT.perform(session, pilot, "withdraw", by=by, at=at, reason=reason)
    record(session, pilot, "withdraw", by, at, reason=reason)
