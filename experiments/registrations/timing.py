"""Prospective or retrospective: computed from the clock and the collection's own record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection.sources import Observation, Series
from experiments.districts import District, Territory
from experiments.metrics import Metric


def is_prospective(session: Session, territory: Territory, plan: Mapping[str, Any], at: datetime) -> bool:
    """Whether a plan locked at `at` was fixed before its outcome could be known.

    It was when the intervention had not begun and no reading of the primary metric from inside
    the intervention had reached any treated district.
    """
    first_day = date.fromisoformat(plan["window"]["intervention_from"])
    begins = datetime.combine(first_day, time(), ZoneInfo(territory.zone)).astimezone(UTC)
    return at < begins and not _outcome_was_seen(session, territory, plan, begins)


def _outcome_was_seen(session: Session, territory: Territory, plan: Mapping[str, Any], begins: datetime) -> bool:
    primary = plan["primary"]
    seen = (
        select(Observation.series_id)
        .join(Series, Series.id == Observation.series_id)
        .join(Metric, Metric.id == Series.metric_id)
        .join(District, District.id == Series.district_id)
        .where(
            District.territory_id == territory.id,
            District.code.in_(plan["districts"]["treated"]),
            Metric.code == primary["code"],
            Metric.version == primary["version"],
            Observation.observed_at >= int(begins.timestamp() * 1_000_000),
        )
        .limit(1)
    )
    return session.scalar(seen) is not None
