"""Sources without a hub: what somebody measures and sends by token, under names that we know already.

The entities of such a source are the codes of districts, its attributes the codes of metrics; units are
the metrics' own where a reading does not say its unit. Nobody is asked for anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from experiments.collection.connectors.options import PUSHED
from experiments.collection.description import CADENCES, DAY, Errors, conflicts
from experiments.collection.models import DataSource, Dialect, Hub, SourceAttribute, SourceEntity
from experiments.collection.sources import add_missing_series
from experiments.collection.terms import note
from experiments.districts import District, Territory
from experiments.errors import Invalid
from experiments.metrics import Metric

ENTITY_TYPE = "District"


def open_source(
    session: Session,
    *,
    name: str,
    territory: Territory,
    metrics: Sequence[Metric],
    districts: Sequence[District],
    cadence: str | None,
    starts_at: datetime,
    at: datetime,
) -> DataSource:
    """A source named `name` that takes readings from `starts_at` on of `metrics` in `districts`, expected
    at every `cadence` (hour, day, week, month, year; None where irregular).

    Invalid where nothing is chosen, for an unknown cadence, and where a hub gives one of the metrics for one
    of the districts already, also one that is not asked at present.
    """
    errors: Errors = {}
    if not metrics:
        errors["metrics"] = ["Choose at least one metric."]
    if cadence is not None and cadence not in CADENCES:
        errors["cadence"] = ["There is no such choice."]
    if taken := conflicts(session, metrics, districts, None, with_paused_hubs=True):
        errors["metrics"] = sorted({message for messages in taken.values() for message in messages})
    if errors:
        raise Invalid(errors)
    source = DataSource(
        hub=Hub(
            name=name,
            kind=PUSHED,
            base_url="",
            dialect=Dialect.ETSI,
            zone=territory.zone,
            territory_id=territory.id,
        ),
        territory=territory,
        name=name,
        entity_type=ENTITY_TYPE,
        interval_seconds=DAY,
        overlap_seconds=0,
        lag_seconds=0,
        window_seconds=DAY,
        page_size=1,
        starts_at=min(starts_at, at),
        watermark=at,
        next_due_at=at,
        attributes=[
            SourceAttribute(attribute=each.code, metric=each, unit=each.unit, cadence=cadence)
            for each in metrics
        ],
        entities=[SourceEntity(entity=each.code, district=each) for each in districts],
    )
    session.add(source)
    session.flush()
    add_missing_series(session, source, at=at)
    note(session, source, at=at)
    return source


def move_start(session: Session, source: DataSource, starts_at: datetime) -> None:
    """Take readings from the earlier instant `starts_at` on; Invalid where it is no earlier."""
    if starts_at >= source.starts_at:
        raise Invalid({"starts_on": ["Readings from this day on are taken already."]})
    source.starts_at = starts_at
    session.flush()
