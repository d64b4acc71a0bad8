"""Readings that came and could not be stored: kept with the reason until somebody decides about them.

They are tried again when what was wrong has been put right (the unit of the mapping, the range of the
metric), or discarded with a reason. A reading that was kept once is not kept again when the same window
is read again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection.connectors.readings import Reading
from experiments.collection.faults import quote
from experiments.collection.ingest import receive
from experiments.collection.intake import LONGEST_RAW, Arrivals, Targets, targets_of
from experiments.collection.models import (
    CollectionAttempt,
    DataSource,
    Observation,
    QuarantinedReading,
    Verdict,
    Way,
    to_microseconds,
)
from experiments.errors import Invalid, WrongMoment


def waiting(session: Session, source: DataSource) -> list[QuarantinedReading]:
    """What waits for a decision about `source`, oldest first."""
    return list(
        session.scalars(
            select(QuarantinedReading)
            .where(QuarantinedReading.verdict == Verdict.OPEN, QuarantinedReading.source_id == source.id)
            .order_by(QuarantinedReading.id)
        )
    )


def reprocess(
    session: Session,
    source: DataSource,
    readings: Sequence[QuarantinedReading],
    *,
    holder: str,
    at: datetime,
) -> CollectionAttempt:
    """Try `readings` of `source` again under today's mapping and metrics, as an attempt of its own.

    What can be stored now is `stored`; what a later reading of the same instant has overtaken is
    `superseded`; the rest stays as it is. WrongMoment for a reading that was decided already.
    """
    _check(source, readings, "quarantine.reprocess")
    targets = targets_of(session, source.id)
    overtaken = [row for row in readings if _is_overtaken(session, targets, row)]
    fit = [row for row in readings if row not in overtaken and _is_fit(targets, row, at)]
    attempt = receive(
        session, source, [_reading(row) for row in fit], way=Way.REPROCESS, holder=holder, at=at
    )
    for row in overtaken:
        _decide(row, Verdict.SUPERSEDED, at)
    for row in fit:
        _decide(row, Verdict.STORED, at)
    session.flush()
    return attempt


def discard(
    session: Session, source: DataSource, readings: Sequence[QuarantinedReading], *, reason: str, at: datetime
) -> None:
    """Give `readings` of `source` up, for a `reason` in words. WrongMoment where decided already."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why these readings are given up."]})
    _check(source, readings, "quarantine.discard")
    for row in readings:
        _decide(row, Verdict.DISCARDED, at)
        row.note = quote(reason.strip())
    session.flush()


def _check(source: DataSource, readings: Sequence[QuarantinedReading], verb: str) -> None:
    for row in readings:
        if row.source_id != source.id:
            raise Invalid({"readings": [f"reading {row.id} is of another source"]})
        if row.verdict != Verdict.OPEN:
            raise WrongMoment(verb, row.verdict, needs="reading_waits")


def _is_overtaken(session: Session, targets: Targets, row: QuarantinedReading) -> bool:
    """Whether a reading of the same instant was received later and stored."""
    target = targets.get((row.entity, row.attribute))
    if target is None:
        return False
    later = select(Observation.series_id).where(
        Observation.series_id == target.series_id,
        Observation.observed_at == row.observed_at,
        Observation.received_at > row.received_at,
    )
    return session.scalar(later) is not None


def _is_fit(targets: Targets, row: QuarantinedReading, at: datetime) -> bool:
    # A value that was cut off when it was kept cannot be read again.
    if len(row.raw) >= LONGEST_RAW:
        return False
    with Arrivals(targets, until=to_microseconds(at)) as trial:
        trial.add([_reading(row)])
        return any(len(rows) for rows in trial.chunks())


def _reading(row: QuarantinedReading) -> Reading:
    return Reading(row.entity, row.attribute, row.observed_at, json.loads(row.raw), row.unit)


def _decide(row: QuarantinedReading, verdict: Verdict, at: datetime) -> None:
    row.verdict, row.decided_at = verdict, at
