"""Readings in the database as a collector would have left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from experiments.collection import terms
from experiments.collection.models import (
    EPOCH,
    CollectionAttempt,
    DataSource,
    Hub,
    Observation,
    Series,
    SourceAttribute,
    to_microseconds,
)
from experiments.districts import District, Territory
from experiments.metrics import Metric


def create_readings(
    session: Session,
    territory: Territory,
    metric: Metric,
    values: Mapping[tuple[str, date], float],
    *,
    received_at: datetime,
    cadence: str = "month",
) -> None:
    """One reading per (district code, day) at noon UTC, known since `received_at`.

    They take the place of a baseline that was there.
    """
    source = _emptied(session, metric) or _source(session, territory, metric, cadence)
    attempt = _attempt(session, source, received_at)
    rows = session.scalars(select(District).where(District.territory_id == territory.id))
    districts = {row.code: row.id for row in rows}
    series = {
        code: Series(metric_id=metric.id, district_id=districts[code], source_id=source.id)
        for code, _ in values
    }
    session.add_all(series.values())
    session.flush()
    session.add_all(
        Observation(
            series_id=series[code].id,
            observed_at=to_microseconds(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)),
            value=value,
            received_at=to_microseconds(received_at),
            attempt_id=attempt.id,
        )
        for (code, day), value in values.items()
    )
    session.flush()


def create_baseline(
    session: Session,
    territory: Territory,
    metrics: Sequence[Metric],
    *,
    first: date,
    until: date,
    received_at: datetime,
) -> None:
    """A reading in the middle of every month from `first` up to `until` for every district and metric."""
    districts = session.scalars(select(District.id).where(District.territory_id == territory.id)).all()
    months = range(first.year * 12 + first.month - 1, until.year * 12 + until.month - 1)
    days = [to_microseconds(datetime(m // 12, m % 12 + 1, 15, 12, tzinfo=UTC)) for m in months]
    for metric in metrics:
        source = _source(session, territory, metric, "month")
        attempt = _attempt(session, source, received_at)
        series = [Series(metric_id=metric.id, district_id=key, source_id=source.id) for key in districts]
        session.add_all(series)
        session.flush()
        rows = [
            {
                "series_id": each.id,
                "observed_at": day,
                "value": 5.0,
                "received_at": to_microseconds(received_at),
                "attempt_id": attempt.id,
            }
            for each in series
            for day in days
        ]
        session.execute(insert(Observation), rows)


def _emptied(session: Session, metric: Metric) -> DataSource | None:
    """The source of this metric without its readings; None where there is none yet."""
    hub = session.scalar(select(Hub).where(Hub.name == f"hub of {metric.code}"))
    if hub is None:
        return None
    source = session.scalars(select(DataSource).where(DataSource.hub_id == hub.id)).one()
    mine = select(Series.id).where(Series.source_id == source.id)
    session.execute(delete(Observation).where(Observation.series_id.in_(mine)))
    session.execute(delete(Series).where(Series.source_id == source.id))
    session.expire_all()
    return source


def _attempt(session: Session, source: DataSource, received_at: datetime) -> CollectionAttempt:
    attempt = CollectionAttempt(
        source_id=source.id,
        holder="test",
        fence=1,
        started_at=received_at,
        finished_at=received_at,
        window_start=EPOCH,
        window_end=received_at,
        status="done",
    )
    session.add(attempt)
    session.flush()
    return attempt


def _source(session: Session, territory: Territory, metric: Metric, cadence: str) -> DataSource:
    hub = Hub(name=f"hub of {metric.code}", base_url="http://127.0.0.1:9", dialect="etsi", zone="UTC")
    session.add(hub)
    session.flush()
    source = DataSource(
        hub_id=hub.id,
        territory_id=territory.id,
        name="districts",
        entity_type="District",
        interval_seconds=3600,
        overlap_seconds=0,
        lag_seconds=0,
        window_seconds=int(timedelta(days=366).total_seconds()),
        page_size=100,
        starts_at=EPOCH,
        watermark=EPOCH,
        next_due_at=EPOCH,
    )
    source.attributes = [
        SourceAttribute(attribute="value", metric_id=metric.id, unit=metric.unit, cadence=cadence)
    ]
    session.add(source)
    session.flush()
    terms.note(session, source, at=EPOCH)
    return source
