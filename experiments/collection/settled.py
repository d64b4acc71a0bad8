"""The latest moment whose record can no longer change: what an evaluation may call 'as of'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
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
    next reading.
    """
    under_way = session.scalar(
        select(func.min(DataSource.claimed_at))
        .join(Series, Series.source_id == DataSource.id)
        .where(
            Series.metric_id.in_([metric.id for metric in metrics]),
            Series.district_id.in_([district.id for district in districts]),
        )
    )
    return at if under_way is None else min(at, under_way - timedelta(microseconds=1))
