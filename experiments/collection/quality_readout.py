"""The health of every series of a source: stored readings, as known at a moment, through the checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from experiments.aggregate import counts_by_period
from experiments.collection import history, quality
from experiments.collection.intake import series_entity
from experiments.collection.models import DataSource, Observation, Series, to_microseconds
from experiments.collection.quality import Shift, Trouble
from experiments.collection.quality_models import DeviceChange
from experiments.collection.readout import readout
from experiments.periods import Calendar, PeriodKind, calendar

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SECOND = 1_000_000
SECONDS_OF_CADENCE = {
    "hour": 3_600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 31 * 86_400,
    "year": 366 * 86_400,
}
LEAST_COVERAGE = 0.95
LARGEST_LATE_SHARE = 0.10
LARGEST_REVISED_SHARE = 0.10
LARGEST_OUTLYING_SHARE = 0.01
SHIFT_SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class SeriesHealth:
    """One series over the periods of a `SourceHealth`.

    `shares`: of the expected readings, by period, at most 1; `coverage` their mean, None where the
    mapping expects none. `newest_at` (microseconds) and `age_seconds` are of its latest reading ever.
    `gap_periods`: the longest run of periods without any. `late_share`, `revised_share`: of the
    readings in these periods. `flat_line`: readings in the longest conspicuous run of equal ones.
    `unit_factor`: by which the level jumps as if the unit had changed.
    """

    series: Series
    cadence: str | None
    readings: int
    newest_at: int | None
    age_seconds: float | None
    shares: tuple[float, ...]
    coverage: float | None
    gap_periods: int
    late_share: float
    revised_share: float
    flat_line: int
    outliers: int
    unit_factor: float | None
    shifts: tuple[Shift, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True)
class SourceHealth:
    """Every series that a source maps today, by metric and district."""

    source: DataSource
    period: str
    periods: tuple[str, ...]
    series: tuple[SeriesHealth, ...]


def source_health(session: Session, source: DataSource, *, now: datetime, days: int) -> SourceHealth:
    """The health of `source` over the last `days` whole days in its territory's zone.

    Days that the next run may still fill (its interval and lag) are not expected to be complete, and
    nothing before the source's first reading is. Sources that are read less often than daily are shown
    in periods of that length, twelve at the least.
    """
    rows = _series(session, source)
    cadences = {mapped.metric_id: mapped.cadence for mapped in source.attributes}
    kind = _period_kind(cadences.values())
    periods = _calendar(source, kind, now, days)
    if periods is None or not rows:
        return SourceHealth(source, kind, (), ())
    known = _Known.read(session, source, [row.id for row in rows], periods, now)
    changes = _changes(session, source)
    return SourceHealth(
        source,
        kind,
        periods.labels,
        tuple(
            _health(session, row, cadences.get(row.metric_id), known, periods, changes, now) for row in rows
        ),
    )


def _series(session: Session, source: DataSource) -> list[Series]:
    """Series that today's mapping feeds."""
    across = {mapped.metric_id: mapped.across for mapped in source.attributes}
    mapped = {
        (metric, entity.district_id, series_entity(rule, entity.entity))
        for metric, rule in across.items()
        for entity in source.entities
    }
    found = session.scalars(
        select(Series)
        .where(Series.source_id == source.id)
        .options(joinedload(Series.metric), joinedload(Series.district))
    )
    rows = [row for row in found if (row.metric_id, row.district_id, row.entity) in mapped]
    return sorted(rows, key=lambda row: (row.metric.code, row.district.code, row.entity))


def _period_kind(cadences: object) -> str:
    """The length of the periods shown: days, or longer where nothing is expected daily."""
    order = list(SECONDS_OF_CADENCE)
    found = [each for each in cadences if each is not None]  # type: ignore[attr-defined]
    shortest = min((order.index(each) for each in found), default=order.index("day"))
    return order[max(shortest, order.index("day"))]


def _calendar(source: DataSource, kind: str, now: datetime, days: int) -> Calendar | None:
    """Whole periods from the source's first reading to those that must be complete by now."""
    zone = ZoneInfo(source.territory.zone)
    wait = timedelta(seconds=source.interval_seconds + source.lag_seconds)
    last = (now - wait).astimezone(zone).date() - timedelta(days=1)
    length = max(days, 12 * SECONDS_OF_CADENCE[kind] // 86_400 if kind != PeriodKind.DAY else days)
    first = max(last - timedelta(days=length - 1), _first_day(source.starts_at, zone))
    if last < first:
        return None
    periods = calendar(kind, first, last, source.territory.zone)
    begun = [day >= _first_day(source.starts_at, zone) for day in periods.first_days[:-1]]
    ended = [day <= last + timedelta(days=1) for day in periods.first_days[1:]]
    whole = [i for i, is_whole in enumerate(map(all, zip(begun, ended, strict=True))) if is_whole]
    if not whole:
        return None
    low, high = whole[0], whole[-1] + 1
    return Calendar(
        periods.labels[low:high], periods.first_days[low : high + 1], periods.edges[low : high + 1]
    )


def _first_day(starts_at: datetime, zone: ZoneInfo) -> date:
    """The first whole day in `zone` from `starts_at` on."""
    local = starts_at.astimezone(zone)
    is_midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date() if is_midnight else local.date() + timedelta(days=1)


@dataclass(frozen=True, eq=False)
class _Known:
    """Readings of all series in the span, by series: instants, values, first received, times revised."""

    at: Mapping[int, IntArray]
    values: Mapping[int, FloatArray]
    first_received: Mapping[int, IntArray]
    revised: Mapping[int, int]
    window_ends: IntArray
    windows_finished: IntArray

    @classmethod
    def read(
        cls, session: Session, source: DataSource, series: Sequence[int], periods: Calendar, now: datetime
    ) -> _Known:
        first, end, moment = int(periods.edges[0]), int(periods.edges[-1]), to_microseconds(now)
        rows = readout(session.connection(), series, first=first, end=end, as_of=moment)
        span = {"first": first, "end": end, "as_of": moment}
        received = history.first_received(session, series, **span)
        parts = {key: slice(*np.searchsorted(rows.series, [key, key + 1]).tolist()) for key in series}
        window_ends, windows_finished = history.finished_windows(session, source.id, as_of=moment)
        return cls(
            at={key: rows.at[part] for key, part in parts.items()},
            values={key: rows.values[part] for key, part in parts.items()},
            first_received={key: received[part] for key, part in parts.items()},
            revised=history.corrected(session, series, **span),
            window_ends=window_ends,
            windows_finished=windows_finished,
        )


def _changes(session: Session, source: DataSource) -> list[DeviceChange]:
    query = select(DeviceChange).where(DeviceChange.source_id == source.id)
    return list(session.scalars(query.order_by(DeviceChange.changed_at, DeviceChange.id)))


def _health(
    session: Session,
    row: Series,
    cadence: str | None,
    known: _Known,
    periods: Calendar,
    changes: Sequence[DeviceChange],
    now: datetime,
) -> SeriesHealth:
    at, values, received = known.at[row.id], known.values[row.id], known.first_received[row.id]
    counts = counts_by_period(np.array([0, len(at)]), at, periods.edges)[0]
    shares = np.minimum(1.0, counts / periods.expected(cadence))
    newest = _newest(session, row.id)
    late = quality.late(at, received, known.window_ends, known.windows_finished)
    figures = {
        "newest_at": newest,
        "age_seconds": None if newest is None else (to_microseconds(now) - newest) / SECOND,
        "coverage": float(shares.mean()) if cadence is not None else None,
        "gap_periods": quality.longest_gap(counts) if cadence is not None else 0,
        "late_share": float(late.mean()) if len(at) else 0.0,
        "revised_share": known.revised.get(row.id, 0) / len(at) if len(at) else 0.0,
        "flat_line": quality.longest_flat_line(values),
        "outliers": int(quality.outliers(values).sum()),
        "unit_factor": quality.unit_factor(values),
        "shifts": tuple(
            shift
            for change in changes
            if change.district_id in (None, row.district_id)
            and (shift := quality.shift_at(at, values, to_microseconds(change.changed_at))) is not None
        ),
    }
    return SeriesHealth(
        series=row,
        cadence=cadence,
        readings=len(at),
        shares=tuple(shares.tolist()),
        troubles=tuple(_troubles(row.source, cadence, at, figures)),
        **figures,  # type: ignore[arg-type]  # each by its own name, as the class declares it
    )


def _newest(session: Session, series_id: int) -> int | None:
    query = select(Observation.observed_at).where(Observation.series_id == series_id)
    return session.scalar(query.order_by(Observation.observed_at.desc()).limit(1))


def _troubles(
    source: DataSource, cadence: str | None, at: IntArray, figures: Mapping[str, object]
) -> list[Trouble]:
    age, coverage = figures["age_seconds"], figures["coverage"]
    shifts = figures["shifts"]
    assert isinstance(shifts, tuple)
    signs = {
        Trouble.SILENT: age is None,
        Trouble.STALE: isinstance(age, float) and age > _patience(source, cadence, at),
        Trouble.UNIT_CHANGE: figures["unit_factor"] is not None,
        Trouble.LEVEL_SHIFT: any(shift.p_value <= SHIFT_SIGNIFICANCE for shift in shifts),
        Trouble.GAPS: isinstance(coverage, float) and age is not None and coverage < LEAST_COVERAGE,
        Trouble.FLAT_LINE: bool(figures["flat_line"]),
        Trouble.OUTLIERS: _number(figures["outliers"]) > LARGEST_OUTLYING_SHARE * len(at),
        Trouble.LATE: _number(figures["late_share"]) > LARGEST_LATE_SHARE,
        Trouble.REVISED: _number(figures["revised_share"]) > LARGEST_REVISED_SHARE,
    }
    return [trouble for trouble in Trouble if signs[trouble]]


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value


def _patience(source: DataSource, cadence: str | None, at: IntArray) -> float:
    """How old the newest reading may be, in seconds: two cadences beyond what collection itself takes;
    where none is stated, five times the usual distance of readings, two days at the least."""
    wait = source.interval_seconds + source.lag_seconds
    if cadence is not None:
        return wait + 2 * SECONDS_OF_CADENCE[cadence]
    usual = float(np.median(np.diff(at))) / SECOND if len(at) > 1 else 0.0
    return wait + max(2 * 86_400.0, 5 * usual)
