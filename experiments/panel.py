"""From stored observations, as they were known at a moment, to the panel that an estimator takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from experiments.collection.models import (
    Observation,
    ObservationRevision,
    Series,
    SourceAttribute,
    to_microseconds,
)
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


@dataclass(frozen=True)
class _Cells:
    values: FloatArray
    counts: IntArray
    completeness: FloatArray


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
    rule (sum, mean, last); a cell without a reading is NaN, whatever the rule. `covariates` are read
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
    row_of = {district.id: row for row, district in enumerate(districts)}
    series, instants, values = _readings(session, metric, districts[0].territory_id, periods, as_of)
    units = _units_of_series(session, metric, row_of)
    row = np.array([units.get(key, -1) for key in series.tolist()], dtype=np.int64)
    column = np.searchsorted(periods.edges, instants, side="right") - 1
    # Sums of floats depend on their order: this one is the same on every database.
    order = np.lexsort((instants, row))
    order = order[row[order] >= 0]
    shape = (len(districts), len(periods.labels))
    cell = row[order] * shape[1] + column[order]
    _refuse_two_sources(series[order], cell, districts, periods)
    counts = np.bincount(cell, minlength=shape[0] * shape[1])
    aggregated = _aggregate(metric.aggregation, cell, values[order], counts)
    expected = _expected(session, metric, districts, periods)
    counts = counts.reshape(shape).astype(np.int64)
    return _Cells(aggregated.reshape(shape), counts, np.minimum(1.0, counts / expected))


def _readings(
    session: Session, metric: Metric, territory_id: int, periods: Calendar, as_of: datetime
) -> tuple[IntArray, IntArray, FloatArray]:
    """Series id, instant and value of everything known at `as_of`, in no particular order."""
    moment = to_microseconds(as_of)
    latest = _in_span(Observation, metric, territory_id, periods).where(Observation.received_at <= moment)
    earlier = _in_span(ObservationRevision, metric, territory_id, periods).where(
        ObservationRevision.received_at <= moment, ObservationRevision.superseded_at > moment
    )
    rows = session.execute(union_all(latest, earlier)).all()
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
    series, instants, values = zip(*rows, strict=True)
    return np.array(series, np.int64), np.array(instants, np.int64), np.array(values, np.float64)


def _in_span(
    table: type[Observation] | type[ObservationRevision],
    metric: Metric,
    territory_id: int,
    periods: Calendar,
) -> Select[int, int, float]:
    return (
        select(table.series_id, table.observed_at, table.value)
        .join(Series, Series.id == table.series_id)
        .join(District, District.id == Series.district_id)
        .where(
            Series.metric_id == metric.id,
            District.territory_id == territory_id,
            table.observed_at >= int(periods.edges[0]),
            table.observed_at < int(periods.edges[-1]),
        )
    )


def _units_of_series(session: Session, metric: Metric, row_of: Mapping[int, int]) -> dict[int, int]:
    """Row of the panel by series id; series of other districts are left out."""
    found = session.execute(select(Series.id, Series.district_id).where(Series.metric_id == metric.id))
    return {series_id: row_of[district_id] for series_id, district_id in found if district_id in row_of}


def _refuse_two_sources(
    series: IntArray, cell: IntArray, districts: Sequence[District], periods: Calendar
) -> None:
    """A cell fed by two sources would count one event twice, or mix two instruments."""
    pairs = np.unique(np.stack([cell, series]), axis=1)
    doubled = pairs[0][1:][pairs[0][1:] == pairs[0][:-1]]
    if doubled.size:
        row, column = divmod(int(doubled[0]), len(periods.labels))
        where = f"{districts[row].code} in {periods.labels[column]}"
        raise Invalid({f"districts.{row}": [f"two sources give readings for {where}"]})


def _aggregate(rule: str, cell: IntArray, values: FloatArray, counts: npt.NDArray[np.intp]) -> FloatArray:
    """One value per cell from readings sorted by cell and instant; NaN where there are none."""
    result = np.full(len(counts), np.nan)
    filled = counts > 0
    if Aggregation(rule) is Aggregation.LAST:
        is_last = np.append(cell[1:] != cell[:-1], np.ones(min(1, len(cell)), dtype=np.bool_))
        result[cell[is_last]] = values[is_last]
        return result
    sums = np.bincount(cell, weights=values, minlength=len(counts))
    result[filled] = sums[filled]
    if Aggregation(rule) is Aggregation.MEAN:
        result[filled] /= counts[filled]
    return result


def _expected(session: Session, metric: Metric, districts: Sequence[District], periods: Calendar) -> IntArray:
    """Readings expected per cell, units x periods, by the cadence that each district's source states."""
    cadences = session.execute(
        select(Series.district_id, SourceAttribute.cadence)
        .join(SourceAttribute, SourceAttribute.source_id == Series.source_id)
        .where(Series.metric_id == metric.id, SourceAttribute.metric_id == metric.id)
        .order_by(Series.id)
    )
    cadence_of = {row.district_id: row.cadence for row in cadences}
    per_period = {cadence: periods.expected(cadence) for cadence in {*cadence_of.values(), None}}
    return np.stack([per_period[cadence_of.get(district.id)] for district in districts])
