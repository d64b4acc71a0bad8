"""What became of readings since they came first, as it was known at a moment.

A file that was taken back counts as if it had never come: what it changed and what its withdrawal
restored is no correction by the hub, and what it brought has not been received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from experiments.collection.models import (
    AttemptStatus,
    CollectionAttempt,
    Observation,
    ObservationRevision,
    Series,
    Way,
    from_microseconds,
    to_microseconds,
)
from experiments.collection.upload import Upload

IntArray = npt.NDArray[np.int64]


def first_received(session: Session, series: Sequence[int], *, first: int, end: int, as_of: int) -> IntArray:
    """When each reading known at `as_of` came for the first time (microseconds).

    In the order of series and instants, as `readout` gives the readings themselves.
    """
    is_known = ObservationRevision.received_at <= as_of
    # Withdrawn values have negative numbers; those withdrawn later were readings like any other then.
    was_there = or_(ObservationRevision.revision == 0, ObservationRevision.superseded_at > as_of)
    is_first = ObservationRevision.revision <= 0
    parts = [
        _received(session, Observation, series, first, end, (Observation.revision == 0, _by(as_of))),
        _received(session, ObservationRevision, series, first, end, (is_known, is_first, was_there)),
    ]
    rows = np.concatenate(parts)
    received: IntArray = rows[np.lexsort((rows[:, 1], rows[:, 0])), 2]
    return received


def corrected(
    session: Session, series: Sequence[int], *, first: int, end: int, as_of: int
) -> Mapping[int, int]:
    """By series, how many of its readings had been changed at least once by `as_of`."""
    undone = _undone(session, series, as_of)
    was = ObservationRevision
    superseded = (
        select(was.series_id, was.observed_at, func.count().label("versions"))
        .where(
            was.series_id.in_(series),
            was.observed_at >= first,
            was.observed_at < end,
            was.revision >= 0,
            was.superseded_at <= as_of,
            was.attempt_id.not_in(undone),
        )
        .group_by(was.series_id, was.observed_at)
        .subquery()
    )
    now, then = aliased(Observation), aliased(ObservationRevision)
    is_restored_now = and_(_same(now, superseded), now.received_at <= as_of, now.attempt_id.in_(undone))
    is_restored_then = and_(
        _same(then, superseded),
        then.received_at <= as_of,
        then.superseded_at > as_of,
        then.attempt_id.in_(undone),
    )
    query = (
        select(superseded.c.series_id, func.count())
        .outerjoin(now, is_restored_now)
        .outerjoin(then, is_restored_then)
        .where(or_(superseded.c.versions > 1, and_(now.series_id.is_(None), then.series_id.is_(None))))
        .group_by(superseded.c.series_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def finished_windows(session: Session, source_id: int, *, as_of: int) -> tuple[IntArray, IntArray]:
    """Where each window of the live schedule ended, and when it was done (microseconds), oldest first."""
    rows = session.execute(
        select(CollectionAttempt.window_end, CollectionAttempt.finished_at)
        .where(
            CollectionAttempt.source_id == source_id,
            CollectionAttempt.status == AttemptStatus.DONE,
            CollectionAttempt.way == Way.PULL,
            CollectionAttempt.backfill_id.is_(None),
            CollectionAttempt.finished_at <= from_microseconds(as_of),
        )
        .order_by(CollectionAttempt.finished_at, CollectionAttempt.id)
    ).all()
    ends = np.array([to_microseconds(row.window_end) for row in rows], dtype=np.int64)
    return ends, np.array([to_microseconds(row.finished_at) for row in rows], dtype=np.int64)


def _received(
    session: Session,
    table: type[Observation | ObservationRevision],
    series: Sequence[int],
    first: int,
    end: int,
    which: tuple[ColumnElement[bool], ...],
) -> IntArray:
    """Series, instant and arrival of rows, (rows, 3)."""
    query = select(table.series_id, table.observed_at, table.received_at).where(
        table.series_id.in_(series), table.observed_at >= first, table.observed_at < end, *which
    )
    rows = [tuple(row) for row in session.execute(query)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _by(as_of: int) -> ColumnElement[bool]:
    return Observation.received_at <= as_of


def _same(row: type[Observation | ObservationRevision], key: Subquery) -> ColumnElement[bool]:
    columns = key.c
    return and_(row.series_id == columns.series_id, row.observed_at == columns.observed_at)


def _undone(session: Session, series: Sequence[int], as_of: int) -> list[int]:
    """Attempts that stored files which had been taken back by `as_of`, and those that took them back."""
    taken_back = aliased(CollectionAttempt)
    rows = session.execute(
        select(Upload.attempt_id, Upload.undo_id)
        .join(taken_back, taken_back.id == Upload.undo_id)
        .where(
            Upload.source_id.in_(select(Series.source_id).where(Series.id.in_(series))),
            taken_back.finished_at <= from_microseconds(as_of),
        )
    )
    return [attempt for row in rows for attempt in row if attempt is not None]
