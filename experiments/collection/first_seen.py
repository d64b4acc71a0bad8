"""Whether anyone could have seen outcomes before a plan was fixed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from experiments.collection.models import Observation, Series, to_microseconds
from experiments.districts import District, Territory
from experiments.metrics import Metric


def outcomes_were_seen(session: Session, territory_id: int, plan: Mapping[str, Any]) -> bool:
    """Whether an outcome of `plan` (primary or guardrail metric in a treated district, observed on
    or after the first day of the intervention) stands in the database already."""
    zone = ZoneInfo(session.scalars(select(Territory.zone).where(Territory.id == territory_id)).one())
    first_day = date.fromisoformat(plan["window"]["intervention_from"])
    begins = datetime(first_day.year, first_day.month, first_day.day, tzinfo=zone)
    wanted = [plan["primary"], *plan["guardrails"]]
    seen = (
        select(Observation.series_id)
        .join(Series, Series.id == Observation.series_id)
        .join(Metric, Metric.id == Series.metric_id)
        .join(District, District.id == Series.district_id)
        .where(
            District.territory_id == territory_id,
            District.code.in_(plan["districts"]["treated"]),
            or_(*((Metric.code == m["code"]) & (Metric.version == m["version"]) for m in wanted)),
            Observation.observed_at >= to_microseconds(begins),
        )
        .limit(1)
    )
    return session.scalar(seen) is not None
