"""Which readings in quarantine a later reading of their series and instant has overtaken.

What was kept aside must not come back over what was said after it, also where that only repeated what was
stored already. So whatever can be stored closes what waits for its place, and what then comes again waits
again. Of a message that nobody could read the place is not known: while such messages wait, repeated values
are remembered (`ObservationConfirmation`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from experiments.collection.intake import OF_MESSAGES, Columns
from experiments.collection.models import (
    CollectionAttempt,
    Observation,
    ObservationConfirmation,
    QuarantinedReading,
    Verdict,
    Way,
    to_microseconds,
)

Key = tuple[int, int]
"""A series and an instant in microseconds, UTC."""
SeriesOf = Callable[[str, str], int | None]
"""The series of an entity and its attribute, None where they are not mapped."""
_AT_ONCE = 1_000


class _Waiting(NamedTuple):
    """A reading in quarantine by its number, and what it is of."""

    id: int
    entity: str
    attribute: str
    observed_at: int
    received_at: int
    decided_at: datetime | None


def close(session: Session, source_id: int, series_of: SeriesOf, rows: Columns, *, at: datetime) -> None:
    """What waits of the source for a place that `rows`, just stored, have filled is overtaken.

    The caller holds the source, and keeps aside what came with these rows only afterwards.
    """
    if not len(rows):
        return
    waiting = _waiting(session, source_id, int(rows.at.min()), int(rows.at.max()), Verdict.OPEN)
    if not waiting:
        return
    near = np.isin(rows.at, [row.observed_at for row in waiting])
    filled = set(zip(rows.series[near].tolist(), rows.at[near].tolist(), strict=True))
    _decide(
        session,
        [row.id for row in waiting if (series_of(row.entity, row.attribute), row.observed_at) in filled],
        verdict=Verdict.SUPERSEDED,
        decided_at=at,
    )


def close_older(
    session: Session,
    source_id: int,
    series_of: SeriesOf,
    came: Mapping[Key, tuple[int, int]],
    *,
    at: datetime,
) -> None:
    """Readings were let out of quarantine: what came before them for their place is overtaken.

    `came` gives for every place filled when its reading came and under which number it was kept.
    """
    if not came:
        return
    instants = [key[1] for key in came]
    older = [
        row.id
        for row in _waiting(session, source_id, min(instants), max(instants), Verdict.OPEN)
        if (series := series_of(row.entity, row.attribute)) is not None
        and (row.received_at, row.id) < came.get((series, row.observed_at), (0, 0))
    ]
    _decide(session, older, verdict=Verdict.SUPERSEDED, decided_at=at)


def reopen(
    session: Session,
    done: CollectionAttempt,
    series_of: SeriesOf,
    said: Mapping[Key, Collection[int]],
) -> None:
    """What `done` had overtaken waits again, now that it is taken back.

    `said` gives for every place that `done` touched when others spoke of it, in microseconds: where one did
    after the reading had come, that one has overtaken it.
    """
    # Only `done` closed anything at its instant: stamps of a source rise with every attempt.
    closed = _waiting(
        session,
        done.source_id,
        to_microseconds(done.window_start),
        to_microseconds(done.window_end),
        Verdict.SUPERSEDED,
    )
    again = []
    for row in closed:
        series = series_of(row.entity, row.attribute)
        if series is None or row.decided_at != done.finished_at or (series, row.observed_at) not in said:
            continue
        if not any(spoken > row.received_at for spoken in said[series, row.observed_at]):
            again.append(row.id)
    _decide(session, again, verdict=Verdict.OPEN, decided_at=None)


def is_overtaken(session: Session, key: Key, received_at: int) -> bool:
    """Whether something was said of this place after `received_at`.

    What was let out of quarantine says nothing here: it may be older than it is stored.
    """
    series_id, observed_at = key
    stored = (
        select(Observation.series_id)
        .join(CollectionAttempt, CollectionAttempt.id == Observation.attempt_id)
        .where(
            Observation.series_id == series_id,
            Observation.observed_at == observed_at,
            Observation.received_at > received_at,
            CollectionAttempt.way != Way.REPROCESS,
        )
    )
    repeated = select(ObservationConfirmation.series_id).where(
        ObservationConfirmation.series_id == series_id,
        ObservationConfirmation.observed_at == observed_at,
        ObservationConfirmation.received_at > received_at,
    )
    return bool(session.scalar(select(or_(stored.exists(), repeated.exists()))))


def _waiting(session: Session, source_id: int, first: int, last: int, verdict: Verdict) -> list[_Waiting]:
    """Single readings of the source with this verdict, of instants from `first` to `last`."""
    row = QuarantinedReading
    found = session.execute(
        select(row.id, row.entity, row.attribute, row.observed_at, row.received_at, row.decided_at).where(
            row.source_id == source_id,
            row.verdict == verdict,
            row.observed_at.between(first, last),
            row.reason.not_in(OF_MESSAGES),
        )
    )
    return [_Waiting(*each) for each in found]


def _decide(session: Session, ids: Iterable[int], *, verdict: Verdict, decided_at: datetime | None) -> None:
    numbers = list(ids)
    for start in range(0, len(numbers), _AT_ONCE):
        session.execute(
            update(QuarantinedReading)
            .where(QuarantinedReading.id.in_(numbers[start : start + _AT_ONCE]))
            .values(verdict=verdict, decided_at=decided_at)
            .execution_options(synchronize_session="fetch")
        )
