"""Readings that came and could not be stored: kept with the reason until somebody decides about them.

They are tried again when what was wrong has been put right (the unit of the mapping, the range of the
metric), or discarded with a reason. A reading that was kept once is not kept again when the same window
is read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection import overtaken
from experiments.collection.claims import query_of
from experiments.collection.connectors.options import SUBSCRIBED
from experiments.collection.connectors.readings import Reading
from experiments.collection.faults import quote
from experiments.collection.ingest import lock, receive
from experiments.collection.intake import LONGEST_RAW, OF_MESSAGES, Arrivals, Targets, series_in, targets_of
from experiments.collection.models import (
    CollectionAttempt,
    DataSource,
    QuarantinedReading,
    Verdict,
    Way,
    to_microseconds,
)
from experiments.collection.mqtt_payloads import Payloads, Unreadable
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
    `superseded`; the rest stays as it is, also what lies before the start of the source: the attempt counts
    it as left out. A message of a broker is read as the source now says, and what of
    it still cannot be stored comes back by itself. WrongMoment for a reading that was decided already.
    """
    readings = _held(session, source, readings, "quarantine.reprocess", at)
    targets = targets_of(session, source.id)
    first = to_microseconds(source.starts_at)
    taken: list[Reading] = []
    came: dict[overtaken.Key, tuple[int, int]] = {}
    for row, found in _read_again(source, targets, readings):
        places = [_place(targets, reading) for reading in found]
        left = [
            reading
            for reading, place in zip(found, places, strict=True)
            if place is None or not (place in came or overtaken.is_overtaken(session, place, row.received_at))
        ]
        fit = [reading for reading in left if _is_fit(targets, reading, at)]
        if found and not left:
            _decide(row, Verdict.SUPERSEDED, at)
        elif fit:
            taken += left
        stored = [place for each in fit if each.at >= first and (place := _place(targets, each))]
        if stored:
            _decide(row, Verdict.STORED, at)
            came |= dict.fromkeys(stored, (row.received_at, row.id))
    attempt = receive(session, source, taken, way=Way.REPROCESS, holder=holder, at=at)
    overtaken.close_older(session, source.id, series_in(targets), came, at=at)
    session.flush()
    return attempt


def discard(
    session: Session, source: DataSource, readings: Sequence[QuarantinedReading], *, reason: str, at: datetime
) -> None:
    """Give `readings` of `source` up, for a `reason` in words. WrongMoment where decided already."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why these readings are given up."]})
    for row in _held(session, source, readings, "quarantine.discard", at):
        _decide(row, Verdict.DISCARDED, at)
        row.note = quote(reason.strip())
    session.flush()


def _held(
    session: Session, source: DataSource, readings: Sequence[QuarantinedReading], verb: str, at: datetime
) -> list[QuarantinedReading]:
    """`readings` as they are now that the source is held, those that came last first.

    Whoever decided meanwhile, a worker or another officer, is seen.
    """
    lock(session, source, at)
    for row in readings:
        session.refresh(row, ["verdict", "received_at"])
        if row.source_id != source.id:
            raise Invalid({"readings": [f"reading {row.id} is of another source"]})
        if row.verdict != Verdict.OPEN:
            raise WrongMoment(verb, row.verdict, needs="reading_waits")
    return sorted(readings, key=lambda row: (row.received_at, row.id), reverse=True)


def _read_again(
    source: DataSource, targets: Targets, rows: Sequence[QuarantinedReading]
) -> Iterator[tuple[QuarantinedReading, list[Reading]]]:
    """Every row with what it says today: itself, or the readings of its message, none where it has none."""
    query = query_of(source, targets, source.starts_at, source.watermark)
    payloads = Payloads(query) if source.hub.kind in SUBSCRIBED else None
    for row in rows:
        if row.reason not in OF_MESSAGES:
            # A value that was cut off when it was kept cannot be read again.
            value = json.loads(row.raw) if len(row.raw) < LONGEST_RAW else None
            yield row, [Reading(row.entity, row.attribute, row.observed_at, value, row.unit)]
        elif payloads is not None:
            with suppress(Unreadable):
                yield row, payloads.read(row.entity, json.loads(row.raw).encode()).readings


def _place(targets: Targets, reading: Reading) -> overtaken.Key | None:
    """The series and the instant that a reading is of, None where it is not mapped."""
    series = series_in(targets)(reading.entity, reading.attribute)
    return None if series is None else (series, reading.at)


def _is_fit(targets: Targets, reading: Reading, at: datetime) -> bool:
    with Arrivals(targets, until=to_microseconds(at)) as trial:
        trial.add([reading])
        return any(len(rows) for rows in trial.chunks())


def _decide(row: QuarantinedReading, verdict: Verdict, at: datetime) -> None:
    row.verdict, row.decided_at = verdict, at
