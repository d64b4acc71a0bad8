"""Which design the readings from before the start can carry, asked of a plan that need not be finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from experiments.collection.models import to_microseconds
from experiments.districts import Territory, districts
from experiments.errors import Invalid, NotFound
from experiments.evaluation.job import starts_of, usable
from experiments.metrics import Metric, metric
from experiments.panel import panel
from experiments.periods import Calendar, PeriodKind, calendar
from stats.errors import PanelError
from stats.panel import Panel
from stats.recommend import Recommendation, recommend

MISSING = "Missing data for required field."
NOTHING_READ = "No reading from before the start has been collected yet."


@dataclass(frozen=True)
class Advice:
    """What is recommended, and on what it rests: the metric, the periods that were read, the districts."""

    recommendation: Recommendation
    metric: Metric
    periods: tuple[str, ...]
    treated: tuple[str, ...]
    controls: tuple[str, ...]


def advice(
    session: Session,
    territory: Territory,
    plan: Mapping[str, Any],
    *,
    as_of: datetime,
    taken: frozenset[str] = frozenset(),
) -> Advice:
    """The design for the primary metric of `plan`, from readings of whole periods before the intervention.

    Without controls in the plan all other districts are taken, but for those in `taken`, where another pilot
    runs; neighbours are left out. Invalid, by field of the plan: what has to be written before anything can
    be said, and `primary` where nothing has been read yet.
    """
    read, days, treated, control = _asked(session, territory, plan, taken)
    begins = min(days.values())
    first = date.fromisoformat(plan["window"]["baseline_from"])
    if first >= begins:
        raise Invalid({"window.intervention_from": ["The intervention must start after the baseline."]})
    periods = calendar(plan["period"], first, max(days.values()), territory.zone)
    units = districts(session, territory, [*treated, *control])
    try:
        reading = panel(
            session,
            metric=read,
            districts=units,
            period=plan["period"],
            first=first,
            last=max(days.values()),
            as_of=as_of,
        )
        before = _before(
            Panel(usable(reading, read), reading.panel.units, periods.labels), periods, begins, as_of
        )
        starts = {code: _first_whole(periods, day) for code, day in days.items()}
        upcoming = periods.labels[periods.labels.index(before.periods[-1]) + 1 :]
        found = recommend(before, tuple(treated), starts, upcoming=(*upcoming, BEYOND))
    except PanelError as error:
        raise Invalid({"primary": [NOTHING_READ]}) from error
    return Advice(found, read, before.periods, tuple(treated), tuple(control))


BEYOND = "later"
"""A start in the middle of the calendar's last period: the first whole one lies after it."""


def _asked(
    session: Session, territory: Territory, plan: Mapping[str, Any], taken: frozenset[str]
) -> tuple[Metric, dict[str, date], list[str], list[str]]:
    """The primary metric, each treated district's first day, treated and control districts."""
    errors = {
        field: [MISSING]
        for field in ("period", "window.baseline_from", "window.intervention_from", "primary.code")
        if not isinstance(_part(plan, field), str) or not _part(plan, field)
    }
    treated = _codes(plan, "districts.treated")
    if not treated:
        errors["districts.treated"] = ["Name a district."]
    if errors:
        raise Invalid(errors)
    try:
        PeriodKind(plan["period"])
        days = starts_of(plan)
        date.fromisoformat(plan["window"]["baseline_from"])
    except (ValueError, TypeError, AttributeError):
        raise Invalid({"window": ["Not a valid date."]}) from None
    version = plan["primary"].get("version")
    try:
        read = metric(session, plan["primary"]["code"], version if isinstance(version, int) else None)
    except NotFound as error:
        raise Invalid({"primary": [f"unknown metric {error.key}"]}) from None
    others = [each.code for each in territory.districts if each.code not in {*treated, *taken}]
    neighbours = _codes(plan, "design.neighbours")
    control = [code for code in _codes(plan, "districts.control") or others if code not in neighbours]
    return read, days, treated, [code for code in control if code not in treated]


def _part(plan: Mapping[str, Any], path: str) -> Any:
    part: Any = plan
    for name in path.split("."):
        part = part.get(name) if isinstance(part, Mapping) else None
    return part


def _codes(plan: Mapping[str, Any], path: str) -> list[str]:
    found = _part(plan, path)
    return [code for code in found if isinstance(code, str)] if isinstance(found, list) else []


def _before(read: Panel, periods: Calendar, begins: date, as_of: datetime) -> Panel:
    """The columns of whole periods before `begins` that had ended, from the first reading to the last."""
    ended = periods.edges[1:] <= to_microseconds(as_of)
    early = np.array([day <= begins for day in periods.first_days[1:]]) & ended
    seen = np.flatnonzero(early & ~np.isnan(read.outcomes).all(axis=0))
    if not seen.size:
        raise PanelError("outcomes", "holds no reading at all")
    return read.columns(read.periods[seen[0] : seen[-1] + 1])


def _first_whole(periods: Calendar, day: date) -> str:
    """The label of the first period that begins on `day` or later."""
    begins: Sequence[date] = periods.first_days[:-1]
    return next((name for name, begin in zip(periods.labels, begins, strict=True) if begin >= day), BEYOND)
