"""Readings in quarantine before people: find them, and let a city's data officer decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.collection import quarantine
from experiments.collection.models import CollectionAttempt, DataSource, QuarantinedReading, Verdict
from experiments.errors import Invalid, Refused
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.collection_desk import may_keep

PAGE_SIZE = 100


@dataclass(frozen=True)
class Shelf:
    """One page of a source's readings in quarantine, and how many wait for what reason."""

    rows: tuple[QuarantinedReading, ...]
    total: int
    pages: int
    waiting: tuple[tuple[str, int], ...]


def shelf(
    session: Session,
    source: DataSource,
    *,
    verdict: str = Verdict.OPEN,
    reason: str | None = None,
    page: int = 1,
) -> Shelf:
    """The readings of `source` with this verdict, and this reason where one is given, oldest first."""
    kept = [QuarantinedReading.source_id == source.id]
    waiting = session.execute(
        select(QuarantinedReading.reason, func.count())
        .where(*kept, QuarantinedReading.verdict == Verdict.OPEN)
        .group_by(QuarantinedReading.reason)
        .order_by(QuarantinedReading.reason)
    )
    counts = tuple((row[0], row[1]) for row in waiting)
    kept.append(QuarantinedReading.verdict == verdict)
    if reason:
        kept.append(QuarantinedReading.reason == reason)
    total = session.scalar(select(func.count()).select_from(QuarantinedReading).where(*kept)) or 0
    rows = session.scalars(
        select(QuarantinedReading)
        .where(*kept)
        .order_by(QuarantinedReading.id)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return Shelf(tuple(rows), total, max(1, -(-total // PAGE_SIZE)), counts)


def reprocess(
    session: Session, source: DataSource, chosen: Sequence[int], *, by: Actor, at: datetime
) -> CollectionAttempt:
    """Try the chosen readings again under today's mapping and metrics."""
    rows = _chosen(session, source, chosen, by, "quarantine.reprocess")
    attempt = quarantine.reprocess(session, source, rows, holder=by.name, at=at)
    decided = sum(row.verdict != Verdict.OPEN for row in rows)
    details = {"tried": len(rows), "decided": decided, "attempt": attempt.id}
    ledger.append(
        session, act="quarantine.reprocess", subject=f"source:{source.id}", by=by, at=at, details=details
    )
    return attempt


def discard(
    session: Session, source: DataSource, chosen: Sequence[int], *, reason: str, by: Actor, at: datetime
) -> None:
    """Give the chosen readings up, for a reason in words."""
    rows = _chosen(session, source, chosen, by, "quarantine.discard")
    quarantine.discard(session, source, rows, reason=reason, at=at)
    details = {"readings": [row.id for row in rows], "reason": reason}
    ledger.append(
        session, act="quarantine.discard", subject=f"source:{source.id}", by=by, at=at, details=details
    )


def _chosen(
    session: Session, source: DataSource, chosen: Sequence[int], by: Actor, verb: str
) -> list[QuarantinedReading]:
    if not may_keep(session, source.territory_id, by):
        raise Refused(verb, "data_officer_of_the_city")
    if not chosen:
        raise Invalid({"readings": ["Choose at least one reading."]})
    found = session.scalars(
        select(QuarantinedReading).where(
            QuarantinedReading.id.in_(chosen), QuarantinedReading.source_id == source.id
        )
    )
    rows = sorted(found, key=lambda row: row.id)
    known = {row.id for row in rows}
    if strange := next((each for each in chosen if each not in known), None):
        raise Invalid({"readings": [f"This source has no reading {strange} in quarantine."]})
    return rows
