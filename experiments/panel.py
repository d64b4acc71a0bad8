"""From stored observations, as they were known at a moment, to the panel that an estimator takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.aggregate import aggregate, counts_by_period
from experiments.collection.models import Across, Series, to_microseconds
from experiments.collection.readout import readout
from experiments.collection.set_aside import sources_aside
from experiments.collection.terms import MappingTerms, terms_of
from experiments.districts import District
from experiments.errors import Invalid
from experiments.metrics import Aggregation, Metric
from experiments.periods import Calendar, calendar
from stats.panel import Panel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PanelReading:
    """A panel with what it was made of.

    counts        int64, units x periods: readings behind each cell of the outcome
    completeness  float64, units x periods: readings over expected readings, at most 1; where the
                  source states no cadence, 1 if there is any reading
    """

    panel: Panel
    counts: IntArray
    completeness: FloatArray
    as_of: datetime


@dataclass(frozen=True, eq=False)
class _Cells:
    values: FloatArray
    counts: IntArray
    completeness: FloatArray


@dataclass(frozen=True)
class _Feed:
    """One source's series of one district: one, or one per entity put together as `across` says."""

    unit: int
    source_id: int
    source: str
    series: tuple[int, ...]
    across: str | None
    cadence: str | None


def panel(
    session: Session,
    *,
    metric: Metric,
    districts: Sequence[District],
    period: str,
    first: date,
    last: date,
    as_of: datetime,
    covariates: Mapping[str, Metric] | None = None,
) -> PanelReading:
    """The panel of `metric` in `districts` over the periods from `first` to `last`, as known at `as_of`.

    Units are district codes, in the order given; periods are cut in the territory's zone and labelled
    as `experiments.periods.label` says. The readings of a cell are put together by the metric's own
    rule, and several entities of a district as their mapping says; a cell without a reading is NaN,
    whatever the rule. A rate is NaN where its denominator is missing or zero too. `covariates` are read
    in the same way and go into the panel by name.

    Invalid: no districts, districts of two territories, a naive `as_of`, days in the wrong order, a
    cell fed by two sources. `stats.errors.PanelError`: no reading at all.
    """
    _check(districts, as_of)
    try:
        periods = calendar(period, first, last, districts[0].territory.zone)
    except ValueError as error:
        raise Invalid({"last": [str(error)]}) from None
    cells = _cells(session, metric, districts, periods, as_of)
    made = Panel(
        outcomes=cells.values,
        units=tuple(district.code for district in districts),
        periods=periods.labels,
        covariates={
            name: _cells(session, other, districts, periods, as_of).values
            for name, other in (covariates or {}).items()
        },
    )
    return PanelReading(made, cells.counts, cells.completeness, as_of)


def _check(districts: Sequence[District], as_of: datetime) -> None:
    if not districts:
        raise Invalid({"districts": ["A panel needs districts."]})
    if len({district.territory_id for district in districts}) > 1:
        raise Invalid({"districts": ["The districts of a panel lie in one territory."]})
    if as_of.tzinfo is None:
        raise Invalid({"as_of": ["An instant needs an offset."]})


def _cells(
    session: Session, metric: Metric, districts: Sequence[District], periods: Calendar, as_of: datetime
) -> _Cells:
    """Values, counts and completeness, each units x periods."""
    cells = _plain_cells(session, metric, districts, periods, as_of)
    if metric.denominator is None:
        return cells
    base = _plain_cells(session, metric.denominator, districts, periods, as_of)
    known = np.where(base.values == 0, np.nan, base.values)
    return _Cells(cells.values / known, cells.counts, np.minimum(cells.completeness, base.completeness))


def _plain_cells(
    session: Session, metric: Metric, districts: Sequence[District], periods: Calendar, as_of: datetime
) -> _Cells:
    feeds = _feeds(session, metric, districts, as_of)
    row_of = {key: row for row, key in enumerate(sorted(key for feed in feeds for key in feed.series))}
    first, end = int(periods.edges[0]), int(periods.edges[-1])
    rows = readout(session.connection(), list(row_of), first=first, end=end, as_of=to_microseconds(as_of))
    starts = np.searchsorted(rows.series, [*row_of, np.iinfo(np.int64).max])
    counts = counts_by_period(starts, rows.at, periods.edges)
    values = aggregate(Aggregation(metric.aggregation), rows.values, counts)
    return _by_district(feeds, row_of, values, counts, districts, periods)


def _feeds(session: Session, metric: Metric, districts: Sequence[District], as_of: datetime) -> list[_Feed]:
    """Every counting source's series of `metric` by district, in the order in which sources were set up."""
    aside = sources_aside(session, as_of=as_of)
    unit_of = {district.id: unit for unit, district in enumerate(districts)}
    terms = terms_of(session, metric, as_of=as_of)
    found = session.execute(
        select(Series.id, Series.district_id, Series.source_id, Series.entity)
        .join(District, District.id == Series.district_id)
        .where(
            Series.metric_id == metric.id,
            District.territory_id == districts[0].territory_id,
            Series.known_from <= as_of,
        )
        .order_by(Series.source_id, Series.id)
    )
    groups: dict[tuple[int, int], list[int]] = {}
    for row in found:
        if row.source_id in aside or row.district_id not in unit_of:
            continue
        if _counts(row.entity, terms.get(row.source_id)):
            groups.setdefault((unit_of[row.district_id], row.source_id), []).append(row.id)
    return [
        _Feed(
            unit,
            source_id,
            terms[source_id].source.name,
            tuple(series),
            terms[source_id].across,
            terms[source_id].cadence,
        )
        for (unit, source_id), series in groups.items()
    ]


def _counts(entity: str, terms: MappingTerms | None) -> bool:
    """Where entities are put together the series of each counts, else the one of the district."""
    return terms is not None and bool(entity) == (terms.across is not None)


def _by_district(
    feeds: Sequence[_Feed],
    row_of: Mapping[int, int],
    values: FloatArray,
    counts: IntArray,
    districts: Sequence[District],
    periods: Calendar,
) -> _Cells:
    """Series become districts. A cell fed by two sources would count one event twice, or mix two
    instruments: it is refused."""
    shape = (len(districts), len(periods.labels))
    result, total = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    expected = np.ones(shape, dtype=np.int64)
    due_at = {cadence: periods.expected(cadence) for cadence in {feed.cadence for feed in feeds}}
    fed_by: dict[int, str] = {}
    for feed in feeds:
        chosen = [row_of[key] for key in feed.series]
        came = counts[chosen].sum(axis=0)
        doubled = np.flatnonzero((came > 0) & (total[feed.unit] > 0))
        if doubled.size:
            where = f"{districts[feed.unit].code} in {periods.labels[doubled[0]]}"
            both = f"{fed_by[feed.unit]!r} and {feed.source!r}"
            raise Invalid({f"districts.{feed.unit}": [f"two sources give readings for {where}: {both}"]})
        result[feed.unit] = np.where(came > 0, _across(feed.across, values[chosen]), result[feed.unit])
        # The latest source tells what is expected where nothing came.
        ours = (came > 0) | (total[feed.unit] == 0)
        due = due_at[feed.cadence] * len(feed.series)
        expected[feed.unit] = np.where(ours, due, expected[feed.unit])
        total[feed.unit] += came
        fed_by[feed.unit] = feed.source
    return _Cells(result, total, np.minimum(1.0, total / expected))


def _across(rule: str | None, values: FloatArray) -> FloatArray:
    """One value per period from entities x periods; entities without a reading are left out."""
    if rule is None:
        only: FloatArray = values[0]
        return only
    there = ~np.isnan(values)
    # One by one, in the order of the series: the sum is the same everywhere.
    total: FloatArray = np.zeros(values.shape[1])
    for row in np.where(there, values, 0.0):
        total += row
    if rule == Across.MEAN:
        total /= np.maximum(there.sum(axis=0), 1)
    return total
