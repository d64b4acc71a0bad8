"""The one way into the record, for readings that were pulled, pushed, uploaded or let out of quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from experiments.collection import overtaken, store
from experiments.collection.connectors.readings import Dropped, Reading
from experiments.collection.faults import quote
from experiments.collection.intake import Arrivals, Suspect, targets_of
from experiments.collection.models import (
    AttemptStatus,
    CollectionAttempt,
    DataSource,
    QuarantinedReading,
    Verdict,
    Way,
    from_microseconds,
    to_microseconds,
)

# The same as in what connectors leave out of a window.
BEFORE_THE_START = "out_of_window"

_IDENTITY = (
    QuarantinedReading.entity,
    QuarantinedReading.attribute,
    QuarantinedReading.observed_at,
    QuarantinedReading.raw,
    QuarantinedReading.unit,
)


def ingest(
    session: Session,
    arrivals: Arrivals,
    *,
    attempt: CollectionAttempt,
    received_at: datetime,
    dropped: Dropped | None = None,
) -> None:
    """Store what arrived and keep aside what cannot be stored; the counts of `attempt` are filled in.

    The caller holds the source of `attempt`, which has been flushed. `dropped` is what the connector
    left out already.
    """
    stamp = to_microseconds(received_at)
    stored = store.Stored()
    for number, rows in enumerate(arrivals.chunks()):
        stored += store.write(
            session.connection(), rows, received_at=stamp, attempt_id=attempt.id, is_continued=number > 0
        )
        # What is let out of quarantine came before it is stored: `quarantine` says what it overtakes.
        if attempt.way != Way.REPROCESS:
            overtaken.close(session, attempt.source_id, arrivals.series_of, rows, at=received_at)
    _keep_aside(session, arrivals.suspects, attempt=attempt, received_at=stamp)
    attempt.readings = arrivals.count
    attempt.inserted, attempt.revised, attempt.unchanged = stored.inserted, stored.revised, stored.unchanged
    attempt.quarantined = len(arrivals.suspects)
    attempt.dropped = _left_out(dropped or Dropped(), arrivals, stored)
    session.flush()


def receive(
    session: Session,
    source: DataSource,
    readings: Sequence[Reading],
    *,
    way: Way,
    holder: str,
    at: datetime,
) -> CollectionAttempt:
    """Readings that nobody asked for, as one attempt that is done: stored, or in quarantine.

    `at` is the present instant, taken before anything is read, and `holder` names who hands over. The
    source is held until the caller's transaction ends; its watermark and schedule are left alone. What
    lies before the source's start is left out and counted.
    OverflowError where so many readings cannot be stored that something else is wrong.
    """
    received_at = lock(session, source, at)
    # What a person hands over was looked at, and is stored whole.
    readings, dropped = (readings, Dropped()) if way == Way.UPLOAD else _since_the_start(source, readings)
    instants = [reading.at for reading in readings]
    attempt = CollectionAttempt(
        source_id=source.id,
        way=way,
        holder=holder,
        fence=source.fence,
        started_at=at,
        finished_at=received_at,
        window_start=from_microseconds(min(instants)) if instants else at,
        window_end=from_microseconds(max(instants) + 1) if instants else at,
        status=AttemptStatus.DONE,
    )
    session.add(attempt)
    session.flush()
    with Arrivals(targets_of(session, source.id), until=to_microseconds(received_at)) as arrivals:
        arrivals.add(readings)
        ingest(session, arrivals, attempt=attempt, received_at=received_at, dropped=dropped)
    return attempt


def _since_the_start(source: DataSource, readings: Sequence[Reading]) -> tuple[Sequence[Reading], Dropped]:
    first, dropped = to_microseconds(source.starts_at), Dropped()
    early = [reading for reading in readings if reading.at < first]
    if not early:
        return readings, dropped
    case = f"{early[0].entity} {from_microseconds(early[0].at).isoformat()}"
    dropped.note(BEFORE_THE_START, case, len(early))
    return [reading for reading in readings if reading.at >= first], dropped


def lock(session: Session, source: DataSource, at: datetime) -> datetime:
    """Hold the row of `source` to the end of the transaction; the instant to stamp on what is received.

    Never before an earlier stamp, whatever the clock does.
    """
    session.execute(
        update(DataSource)
        .where(DataSource.id == source.id)
        .values(fence=DataSource.fence)
        .execution_options(synchronize_session=False)
    )
    until = session.execute(select(DataSource.received_until).where(DataSource.id == source.id)).scalar_one()
    received_at = at if until is None else max(at, until)
    session.execute(
        update(DataSource)
        .where(DataSource.id == source.id)
        .values(received_until=received_at)
        .execution_options(synchronize_session=False)
    )
    return received_at


def _keep_aside(
    session: Session, suspects: Sequence[Suspect], *, attempt: CollectionAttempt, received_at: int
) -> None:
    """Put `suspects` into quarantine, each once however often its window is read.

    One that comes again waits again, as of when it came last, unless it was given up.
    """
    if not suspects:
        return
    span = [suspect.reading.at for suspect in suspects]
    known: dict[tuple[Any, ...], tuple[int | None, str | None]] = {
        tuple(row[2:]): (row.id, row.verdict)
        for row in session.execute(
            select(QuarantinedReading.id, QuarantinedReading.verdict, *_IDENTITY).where(
                QuarantinedReading.source_id == attempt.source_id,
                QuarantinedReading.observed_at.between(min(span), max(span)),
            )
        )
    }
    stamp = {"source_id": attempt.source_id, "attempt_id": attempt.id, "received_at": received_at}
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    again: dict[int, dict[str, Any]] = {}
    for reading, reason in suspects:
        row = {
            "entity": reading.entity,
            "attribute": reading.attribute,
            "observed_at": reading.at,
            "raw": Suspect(reading, reason).raw,
            "unit": None if reading.unit is None else quote(reading.unit),
        }
        key = tuple(row.values())
        number, verdict = known.get(key, (None, None))
        if number is None:
            rows[key] = row | {"reason": reason.value} | stamp
        elif verdict != Verdict.DISCARDED and attempt.way != Way.REPROCESS:
            waits = {"verdict": Verdict.OPEN, "decided_at": None}
            again[number] = {"id": number, "reason": reason.value} | waits | stamp
    if rows:
        session.execute(insert(QuarantinedReading), list(rows.values()))
    if again:
        session.execute(update(QuarantinedReading), list(again.values()))


def _left_out(dropped: Dropped, arrivals: Arrivals, stored: store.Stored) -> dict[str, Any]:
    for reason, found in arrivals.unmapped.reasons.items():
        dropped.note(reason, found["first"], found["count"])
    if stored.repeated:
        dropped.note("repeated_instant", "", stored.repeated)
    return dropped.reasons
