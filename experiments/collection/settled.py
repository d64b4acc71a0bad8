"""The latest moment whose record can no longer change: what an evaluation may call 'as of'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection.models import DataSource, Series
from experiments.districts import District
from experiments.metrics import Metric


def settled_as_of(
    session: Session, *, metrics: Sequence[Metric], districts: Sequence[District], at: datetime
) -> datetime:
    """The latest instant up to `at` that no collection under way can still stamp on a reading.

    A worker stamps what it receives with instants from its claim on, and others see them at its
    commit, a little later. Reading 'as of' an instant in between would give different rows on the
    next reading. Whoever is handing readings over unasked stamps them while holding the source: that is
    waited for here, and whoever comes later stamps later.
    """
    feeding = select(Series.source_id).where(
        Series.metric_id.in_([metric.id for metric in metrics]),
        Series.district_id.in_([district.id for district in districts]),
    )
    # On SQLite the writer's place, which this transaction has, is the same lock.
    rows = session.execute(
        select(DataSource.claimed_at).where(DataSource.id.in_(feeding)).with_for_update(read=True)
    )
    under_way = min((claimed_at for (claimed_at,) in rows if claimed_at is not None), default=None)
    return at if under_way is None else min(at, under_way - timedelta(microseconds=1))
