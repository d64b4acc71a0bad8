"""Leases: which worker may collect which source, until when, and who is too late.

A claim raises the source's fencing number. Every later write for the claim begins with `hold`, which
succeeds only while the number is unchanged and keeps the source's row locked to the end of the
transaction. So the writes of two workers never interleave, whatever their clocks say.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, Integer, and_, cast, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session, contains_eager, sessionmaker

from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.options import PUSHED, SUBSCRIBED
from experiments.collection.intake import Targets, targets_of
from experiments.collection.models import Backfill, DataSource, Dialect, Hub, Representation
from experiments.collection.settings import CollectionSettings

NO_LEASE: dict[str, Any] = {"lease_holder": None, "lease_until": None, "claimed_at": None}


class StaleFence(Exception):
    """Another worker, or an edit, has taken the source over since it was claimed."""


@dataclass(frozen=True)
class Past:
    """The part of a backfill that is still to be read: [watermark, ends_at)."""

    backfill_id: int
    watermark: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Claim:
    """What one worker may collect: a copy of the source's facts, good until the fence rises.

    `is_live` says whether the present is due; `past` is the backfill that is due, if any.
    """

    source_id: int
    source_name: str
    hub_id: int
    hub_concurrency: int | None
    kind: str
    holder: str
    fence: int
    query: Query
    targets: Targets
    starts_at: datetime
    watermark: datetime
    interval: timedelta
    overlap: timedelta
    lag: timedelta
    window: timedelta
    failures: int
    is_live: bool
    past: Past | None

    @property
    def query_from_start(self) -> Query:
        """What is asked for where all that comes from the source's start on is taken."""
        return replace(self.query, start=self.starts_at)


def claim_next(
    session_factory: sessionmaker[Session],
    now: datetime,
    *,
    holder: str,
    settings: CollectionSettings,
    at: datetime | None = None,
    but: AbstractSet[int] = frozenset(),
    but_of: AbstractSet[int] = frozenset(),
    subscribed: bool = False,
) -> Claim | None:
    """Lease the source that has been due for longest and whose hub has no rest, or None. `but` are sources
    not to be taken, `but_of` hubs whose sources are not to be taken; `subscribed`: of those that are
    listened to, or of those that are asked.

    `at` is the instant of the claim, from which the lease counts (`now` where it is None).
    """
    at = at or now
    is_free = or_(DataSource.lease_until.is_(None), DataSource.lease_until < at)
    past_is_due = exists().where(
        Backfill.source_id == DataSource.id, Backfill.finished_at.is_(None), Backfill.next_due_at <= now
    )
    wanted = (
        select(DataSource)
        .join(DataSource.hub)
        .options(contains_eager(DataSource.hub))
        .where(
            Hub.kind.in_(SUBSCRIBED) if subscribed else Hub.kind.not_in((*SUBSCRIBED, PUSHED)),
            or_(Hub.resting_until.is_(None), Hub.resting_until <= at),
            ~DataSource.paused,
            or_(DataSource.next_due_at <= now, past_is_due),
            is_free,
            DataSource.hub_id.not_in(but_of),
        )
        .order_by(DataSource.next_due_at, DataSource.id)
        .limit(1)
        # SQLite has one writer at a time and needs no row locks; there this adds nothing.
        .with_for_update(skip_locked=True, of=DataSource)
    )
    with session_factory.begin() as session:
        source = session.scalars(wanted.where(~_is_among(session, but))).first()
        if source is None:
            return None
        taken = session.execute(
            update(DataSource)
            .where(DataSource.id == source.id, DataSource.fence == source.fence)
            .values(
                fence=DataSource.fence + 1,
                lease_holder=holder,
                lease_until=at + timedelta(seconds=settings.lease_seconds),
                claimed_at=at,
            )
            .execution_options(synchronize_session=False)
            .returning(DataSource.fence)
        ).scalar_one_or_none()
        return _claim(session, source, holder, taken, now) if taken is not None else None


def _is_among(session: Session, ids: AbstractSet[int]) -> ColumnElement[bool]:
    """Whether a source is one of `ids`, which travel as one value however many they are: a run over
    thousands of sources passes all that it has had, and databases limit how many values a statement has."""
    listed = literal(json.dumps(sorted(ids)))
    if session.get_bind().dialect.name == "postgresql":
        found = func.json_array_elements_text(cast(listed, JSON)).table_valued("value")
        return DataSource.id.in_(select(cast(found.c.value, Integer)))
    return DataSource.id.in_(select(func.json_each(listed).table_valued("value").c.value))


def _claim(session: Session, source: DataSource, holder: str, fence: int, now: datetime) -> Claim:
    # Series of mappings that were taken out stay, with their history, but are read no more.
    targets = targets_of(session, source.id)
    return Claim(
        source_id=source.id,
        source_name=source.name,
        hub_id=source.hub_id,
        hub_concurrency=source.hub.concurrency,
        kind=source.hub.kind,
        holder=holder,
        fence=fence,
        query=query_of(source, targets, source.watermark, source.watermark),
        targets=targets,
        starts_at=source.starts_at,
        watermark=source.watermark,
        interval=timedelta(seconds=source.interval_seconds),
        overlap=timedelta(seconds=source.overlap_seconds),
        lag=timedelta(seconds=source.lag_seconds),
        window=timedelta(seconds=source.window_seconds),
        failures=source.failures,
        is_live=source.next_due_at <= now,
        past=_past(session, source, now),
    )


def _past(session: Session, source: DataSource, now: datetime) -> Past | None:
    row = session.scalars(
        select(Backfill)
        .where(Backfill.source_id == source.id, Backfill.finished_at.is_(None), Backfill.next_due_at <= now)
        .order_by(Backfill.next_due_at, Backfill.id)
        .limit(1)
    ).first()
    return None if row is None else Past(row.id, row.watermark, row.ends_at)


def query_of(source: DataSource, targets: Targets, start: datetime, end: datetime) -> Query:
    """What the hub will be asked for [start, end); `targets` are the source's."""
    return Query(
        base_url=source.hub.base_url,
        dialect=Dialect(source.hub.dialect),
        zone=source.hub.zone,
        entity_type=source.entity_type,
        attributes=tuple(dict.fromkeys(attribute for _, attribute in targets)),
        entities=frozenset(entity for entity, _ in targets),
        page_size=source.page_size,
        start=start,
        end=end,
        representation=Representation(source.representation),
        tenant=source.hub.tenant,
        context_url=source.hub.context_url,
        options=source.options,
    )


def release(session_factory: sessionmaker[Session], claim: Claim, *, due: datetime | None) -> None:
    """Give the lease back; the source is due again at `due` (None: when it was due anyway). Nothing
    happens where the lease was lost."""
    values = NO_LEASE if due is None else NO_LEASE | {"next_due_at": due}
    with suppress(StaleFence), session_factory.begin() as session:
        hold(session, claim, **values)


def hold(session: Session, claim: Claim, **values: Any) -> datetime | None:
    """Update the source if the claim still holds, and keep its row locked; returns `received_until`.

    StaleFence otherwise. First statement of every transaction that writes for a claim.
    """
    is_ours = and_(DataSource.id == claim.source_id, DataSource.fence == claim.fence)
    facts = (DataSource.id, DataSource.received_until)
    if values:
        held = session.execute(
            update(DataSource)
            .where(is_ours)
            .values(**values)
            .execution_options(synchronize_session=False)
            .returning(*facts)
        ).one_or_none()
    else:
        held = session.execute(select(*facts).where(is_ours).with_for_update()).one_or_none()
    if held is None:
        raise StaleFence
    received_until: datetime | None = held.received_until
    return received_until
