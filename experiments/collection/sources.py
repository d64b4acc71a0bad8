"""Setting up and changing data sources: everything refused is named by its field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection.backfills import request_backfill
from experiments.collection.claims import NO_LEASE
from experiments.collection.connectors.options import SUBSCRIBED
from experiments.collection.description import Description, conflicts
from experiments.collection.intake import series_entity
from experiments.collection.models import DataSource, Series
from experiments.collection.rests import wake
from experiments.collection.terms import note
from experiments.errors import Invalid


def register_source(session: Session, data: Mapping[str, Any], *, at: datetime) -> DataSource:
    """A data source from `SourceSchema`, due at once. Invalid names every field and row refused
    (`interval_seconds`, `attributes.0.metric`, `entities.3.district`)."""
    facts = Description(session, data)
    source = DataSource(
        **facts.plain,
        starts_at=facts.starts_at,
        watermark=facts.starts_at,
        next_due_at=at,
        attributes=facts.attributes(),
        entities=facts.entities(),
    )
    session.add(source)
    session.flush()
    add_missing_series(session, source, at=at)
    note(session, source, at=at)
    return source


def edit_source(session: Session, source: DataSource, data: Mapping[str, Any], *, at: datetime) -> None:
    """Replace the whole description of `source`, checked as at registration.

    An answer that is under way is refused when it arrives. Where the description now covers more
    than before, what is new of the past is read beside the live schedule: all of it for an attribute or
    an entity, up to the old start for an earlier one. What was stored stays, also for mappings that
    were taken out.
    """
    facts = Description(session, data, edited=source)
    covers_more = bool(
        facts.pairs - {(a.attribute, a.metric_id, a.unit, a.across) for a in source.attributes}
    ) or bool(facts.places - {(e.entity, e.district_id) for e in source.entities})
    missing_until = source.watermark if covers_more else min(source.starts_at, source.watermark)
    # Old mappings go out before new ones come in, or their unique keys would meet.
    source.attributes.clear()
    source.entities.clear()
    session.flush()
    for name, value in facts.plain.items():
        setattr(source, name, value)
    source.watermark = max(source.watermark, facts.starts_at)
    source.starts_at = facts.starts_at
    source.attributes = facts.attributes()
    source.entities = facts.entities()
    source.next_due_at = at
    take_away(source)
    session.flush()
    add_missing_series(session, source, at=at)
    note(session, source, at=at)
    # What is listened to cannot be asked for the past.
    if facts.starts_at < missing_until and source.hub.kind not in SUBSCRIBED:
        request_backfill(session, source, starts_at=facts.starts_at, ends_at=missing_until, at=at)


def pause(session: Session, source: DataSource) -> None:
    """Collect no more from `source` until it is resumed; an answer under way is refused."""
    source.paused = True
    take_away(source)
    session.flush()


def resume(session: Session, source: DataSource, *, at: datetime) -> None:
    """Collect from `source` again, at once, from where it stood; Invalid where another does so by now."""
    metrics = [a.metric for a in source.attributes]
    if errors := conflicts(session, metrics, [e.district for e in source.entities], source):
        raise Invalid(errors)
    source.paused = False
    source.next_due_at = at
    session.flush()


def collect_now(session: Session, source: DataSource, *, at: datetime) -> None:
    """Make `source` due, whatever its interval, its back-off or a rest of its hub says."""
    source.next_due_at = at
    wake(source.hub)
    session.flush()


def take_away(source: DataSource) -> None:
    """Whoever reads `source` now can no longer write."""
    # The number is raised by the database: the engine may have raised it since this row was loaded.
    source.fence = DataSource.fence + 1
    for name, value in NO_LEASE.items():
        setattr(source, name, value)


def add_missing_series(session: Session, source: DataSource, *, at: datetime) -> None:
    """One series per mapped metric and district (and entity, where a district has several), so that one
    without any reading is visible too."""
    rows = session.execute(
        select(Series.metric_id, Series.district_id, Series.entity).where(Series.source_id == source.id)
    )
    known = {tuple(row) for row in rows}
    wanted = {
        (a.metric_id, e.district_id, series_entity(a.across, e.entity)): None
        for e in source.entities
        for a in source.attributes
    }
    session.add_all(
        Series(
            metric_id=metric_id, district_id=district_id, source_id=source.id, entity=entity, known_from=at
        )
        for metric_id, district_id, entity in wanted
        if (metric_id, district_id, entity) not in known
    )
    session.flush()
