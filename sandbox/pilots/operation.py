"""Running a pilot: start, suspend, lift, finish."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox.clocks import running
from sandbox.period import ends
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT, record


def start(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """The pilot begins; its plan must be locked before."""
    _move(session, pilot, "start", by, at)
    running.end(
        session,
        pilot.exemption.case,
        "pilot_started",
        subject=pilot.exemption.case.key,
        by=by,
        at=at,
    )


def suspend(session: Session, pilot: Pilot, *, by: Actor, at: datetime, reason: str) -> None:
    """Stop for the time being (Art. 52(4)1); collection goes on."""
    _move(session, pilot, "suspend", by, at, reason)


def lift(session: Session, pilot: Pilot, *, by: Actor, at: datetime, reason: str) -> None:
    """End a suspension."""
    _move(session, pilot, "lift", by, at, reason)
    ends.run_on(session, pilot, by=by, at=at)


def finish(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> None:
    """The company ends the pilot early: report, evaluation and decision remain (Art. 53(3))."""
    _move(session, pilot, "finish", by, at)
    ends.over(session, pilot, on=ends.today(pilot, at), by=by, at=at)


def _move(
    session: Session, pilot: Pilot, verb: str, by: Actor, at: datetime, reason: str | None = None
) -> None:
    PILOT.perform(session, pilot, verb, by=by, at=at, reason=reason)
    record(session, pilot, verb, by, at, **({"reason": reason} if reason else {}))
