"""What holds after every fault, whatever it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.models import (
    CollectionAttempt,
    DataSource,
    Observation,
    ObservationRevision,
    Series,
    SourceEntity,
    to_microseconds,
)
from tests.faults.hub import FaultHub

Key = tuple[str, int]
Place = tuple[int, str, int]


def recorded(sessions: sessionmaker[Session]) -> dict[Place, list[float]]:
    """(source, entity, instant) -> every value that was ever stored, the latest one last."""
    with sessions() as session:
        place = {row.id: (row.source_id, row.entity) for row in _series(session)}
        values: dict[Place, list[float]] = {}
        earlier = select(ObservationRevision).order_by(ObservationRevision.revision)
        for row in [*session.scalars(earlier), *session.scalars(select(Observation))]:
            of_instant = values.setdefault((*place[row.series_id], row.observed_at), [])
            assert row.revision == len(of_instant), "every value stands once, in its turn"
            of_instant.append(row.value)
        return values


def check(
    sessions: sessionmaker[Session],
    hub: FaultHub,
    *,
    is_over: bool = False,
    owed: Iterable[Key] | None = None,
    source_id: int | None = None,
) -> None:
    """No reading twice, none invented, nothing missing before the watermark, no two workers interleaved,
    every failure with its reason; once it `is_over`, everything that the hub ever confirmed is there.

    `owed` are the readings that must be there before the watermark (all of the hub's); `source_id` is
    the source that reads this hub, where others read other ones.
    """
    stored = {key: values for key, values in recorded(sessions).items() if source_id in (None, key[0])}
    owed = hub.readings if owed is None else owed
    for key, values in stored.items():
        said = hub.sent.get(key[1:], [])
        assert _is_within(values, said), f"{key}: stored {values}, said {said}"
        assert all(one != other for one, other in pairwise(values))
    with sessions() as session:
        sources = select(DataSource)
        if source_id is not None:
            sources = sources.where(DataSource.id == source_id)
        for source in session.scalars(sources):
            _nothing_is_missing(owed, stored, source)
            _nobody_interleaved(session, source.id)
            if is_over:
                _all_is_there(hub, stored, source)
        failures = session.scalars(select(CollectionAttempt).where(CollectionAttempt.status != "done"))
        assert all(attempt.error for attempt in failures)


def _is_within(values: list[float], said: list[float]) -> bool:
    """Whether `values` were said in this order; what was taken back between two reads is left out."""
    rest = iter(said)
    return all(value in rest for value in values)


def _nothing_is_missing(owed: Iterable[Key], stored: Mapping[Place, list[float]], source: DataSource) -> None:
    until = to_microseconds(source.watermark)
    mapped = {each.entity for each in source.entities}
    missing = [key for key in owed if key[0] in mapped and key[1] < until and (source.id, *key) not in stored]
    assert not missing, f"{len(missing)} readings before the watermark are missing, such as {missing[0]}"


def _all_is_there(hub: FaultHub, stored: Mapping[Place, list[float]], source: DataSource) -> None:
    mapped = {each.entity for each in source.entities}
    for key, said in hub.sent.items():
        if key[0] in mapped:
            assert stored[(source.id, *key)][-1] == hub.readings.get(key, said[-1]), key


def _nobody_interleaved(session: Session, source_id: int) -> None:
    """Fences of what was written rise with the order of writing."""
    wanted = select(CollectionAttempt.fence).where(
        CollectionAttempt.source_id == source_id, CollectionAttempt.status == "done"
    )
    fences = list(session.scalars(wanted.order_by(CollectionAttempt.id)))
    assert fences == sorted(fences)


def _series(session: Session) -> list[Row[tuple[int, int, str]]]:
    """Series with their source and the entity that each is read from."""
    return list(
        session.execute(
            select(Series.id, Series.source_id, SourceEntity.entity).join(
                SourceEntity,
                (SourceEntity.source_id == Series.source_id)
                & (SourceEntity.district_id == Series.district_id),
            )
        )
    )
