"""The regressors of an interrupted time series: before and after, season, covariates, a control series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

IntArray = npt.NDArray[np.intp]

TOLD_APART = 1e-9
"""Share of a regressor's length that must be left after the others."""


@dataclass(frozen=True)
class Season:
    """A cycle of `period` periods: dummies, or `harmonics` pairs of sine and cosine."""

    period: int
    harmonics: int | None = None

    def __post_init__(self) -> None:
        if self.period < 2:
            raise EstimationError("season", f"a cycle of {self.period} periods is none")
        if self.harmonics is not None and not 1 <= self.harmonics <= self.period // 2:
            raise EstimationError("season", f"{self.harmonics} harmonics in {self.period} periods")

    def columns(self, count: int) -> dict[str, FloatArray]:
        """name -> count values; one less dummy than periods, no sine that is zero throughout."""
        times = np.arange(count)
        if self.harmonics is None:
            return {
                f"season_{place}": (times % self.period == place).astype(np.float64)
                for place in range(1, self.period)
            }
        found = {}
        for wave in range(1, self.harmonics + 1):
            angle = 2 * np.pi * wave * times / self.period
            if 2 * wave != self.period:
                found[f"sine_{wave}"] = np.sin(angle)
            found[f"cosine_{wave}"] = np.cos(angle)
        return found


@dataclass(frozen=True, eq=False)
class Segments:
    """The stacked regression: rows of the series itself, then of the control.

    outcomes, offset   n;  regressors n x k;  names k
    calendar           n, the period of each row;  own  n, whether it is of the series itself
    periods            T
    effect_places      columns of the changes (level, slope);  changes  T x 1 or 2, their values
    mean_slope_term    mean of the change-of-slope term from the start on; 0 without one
    """

    outcomes: FloatArray
    offset: FloatArray
    regressors: FloatArray
    names: tuple[str, ...]
    calendar: IntArray
    own: BoolArray
    periods: int
    effect_places: IntArray
    changes: FloatArray
    mean_slope_term: float

    @property
    def series(self) -> int:
        """1, or 2 with a control."""
        return 1 if self.own.all() else 2

    @property
    def spare(self) -> int:
        """Periods with a row less parameters per series."""
        return len(np.unique(self.calendar)) - len(self.names) // self.series

    @property
    def bandwidth_weights(self) -> FloatArray:
        """k: 0 for intercepts, else 1."""
        return np.array([0.0 if name.endswith("intercept") else 1.0 for name in self.names])

    @property
    def own_columns(self) -> slice:
        """Columns of the series itself, in which a control has zeros."""
        return slice(len(self.names) // self.series * (self.series - 1), None)

    @property
    def own_names(self) -> tuple[str, ...]:
        """Names of those columns."""
        return self.names[self.own_columns]

    @property
    def own_places(self) -> IntArray:
        """The changes among those columns."""
        return self.effect_places - (self.own_columns.start or 0)

    def rows_of_both(self) -> tuple[IntArray, IntArray | None]:
        """Rows of the series itself and, in the same periods, of the control where there is one."""
        own = np.flatnonzero(self.own)
        if self.series == 1:
            return own, None
        other = np.flatnonzero(~self.own)
        _, first, second = np.intersect1d(self.calendar[own], self.calendar[other], return_indices=True)
        return own[first], other[second]

    def by_period(self, rows: FloatArray) -> FloatArray:
        """Sums of `rows` (n x k) within each of the T periods; zero where a period has no row."""
        sums = np.zeros((self.periods, rows.shape[1]))
        np.add.at(sums, self.calendar, rows)
        return sums

    def on_calendar(self, values: FloatArray) -> FloatArray:
        """The own series' values by period, NaN where there is none."""
        found = np.full(self.periods, np.nan)
        found[self.calendar[self.own]] = values
        return found


def segments(
    outcomes: npt.ArrayLike,
    start: int,
    *,
    counts: bool,
    exposure: npt.ArrayLike | None,
    season: Season | None,
    covariates: Mapping[str, npt.ArrayLike],
    trend: bool,
    slope_change: bool,
    slope_begins: float,
    control: npt.ArrayLike | None,
    control_exposure: npt.ArrayLike | None,
    gaps: Literal["refuse", "keep"],
) -> Segments:
    """The checked regression of `interrupted_time_series`, whose arguments these are."""
    own = _outcomes("outcomes", outcomes, None, counts, gaps)
    if not np.isfinite(slope_begins):
        raise EstimationError("slope_begins", f"{slope_begins} is not a finite number")
    fewest = (1 + trend, 1 + slope_change)
    if not fewest[0] <= start <= len(own) - fewest[1]:
        raise EstimationError(
            "start", f"{start} leaves fewer than {fewest[0]} periods before it or {fewest[1]} from it on"
        )
    columns = _columns(len(own), start, season, covariates, trend, slope_change, slope_begins)
    series = [(own, _offset("exposure", exposure, len(own), counts))]
    if control is not None:
        other = _outcomes("control", control, len(own), counts, gaps)
        series.append((other, _offset("control_exposure", control_exposure, len(own), counts)))
    for name, (values, _) in zip(("outcomes", "control"), series, strict=False):
        _both_sides(name, values, start, counts)
    base = np.column_stack(list(columns.values()))
    names = tuple(columns)
    stacked = [base] if len(series) == 1 else [np.hstack([base, base]), np.hstack([base, 0 * base])]
    present = np.concatenate([~np.isnan(values) for values, _ in series])
    regressors = np.vstack(stacked)[present]
    places = len(names) - 1 - slope_change + np.arange(1 + slope_change)
    if len(series) == 2:
        names = (*(f"control_{name}" for name in names), *names)
        places = places + len(columns)
    _refuse_collinear(regressors, names)
    return Segments(
        outcomes=np.concatenate([values for values, _ in series])[present],
        offset=np.concatenate([offset for _, offset in series])[present],
        regressors=regressors,
        names=names,
        calendar=np.tile(np.arange(len(own)), len(series))[present],
        own=np.repeat([True, False], len(own))[: len(series) * len(own)][present],
        periods=len(own),
        effect_places=places,
        changes=base[:, -1 - slope_change :],
        mean_slope_term=(len(own) - start - 1) / 2 + slope_begins if slope_change else 0.0,
    )


def _columns(
    count: int,
    start: int,
    season: Season | None,
    covariates: Mapping[str, npt.ArrayLike],
    trend: bool,
    slope_change: bool,
    slope_begins: float,
) -> dict[str, FloatArray]:
    """name -> T values; the changes last."""
    times = np.arange(count, dtype=np.float64)
    columns = {"intercept": np.ones(count)}
    if trend:
        columns["trend"] = times + 1
    columns |= season.columns(count) if season is not None else {}
    for name, values in covariates.items():
        given = np.array(values, dtype=np.float64)
        if given.shape != (count,) or not np.isfinite(given).all():
            raise EstimationError(f"covariates.{name}", f"must be {count} finite numbers")
        columns[f"covariate_{name}"] = given
    columns["level_change"] = (times >= start).astype(np.float64)
    if slope_change:
        columns["slope_change"] = np.where(times >= start, times - start + slope_begins, 0.0)
    return columns


def _outcomes(
    name: str, values: npt.ArrayLike, count: int | None, counts: bool, gaps: Literal["refuse", "keep"]
) -> FloatArray:
    found = np.array(values, dtype=np.float64)
    if found.ndim != 1 or (count is not None and len(found) != count):
        raise EstimationError(name, "must be a vector, as long as the series itself")
    if gaps not in ("refuse", "keep"):
        raise EstimationError("gaps", f"{gaps!r} is unknown")
    if np.isinf(found).any():
        raise EstimationError(name, f"is infinite in period {int(np.argmax(np.isinf(found)))}")
    if gaps == "refuse" and np.isnan(found).any():
        raise EstimationError(name, f"is missing in period {int(np.argmax(np.isnan(found)))}")
    if counts and (found < 0).any():
        raise EstimationError(name, f"is negative in period {int(np.argmax(found < 0))}")
    return found


def _offset(name: str, exposure: npt.ArrayLike | None, count: int, counts: bool) -> FloatArray:
    if exposure is None:
        return np.zeros(count)
    if not counts:
        raise EstimationError(name, "is for counts: divide the outcome by it instead")
    found = np.array(exposure, dtype=np.float64)
    if found.shape != (count,) or not (np.isfinite(found) & (found > 0)).all():
        raise EstimationError(name, f"must be {count} positive, finite numbers")
    logs: FloatArray = np.log(found)
    return logs


def _both_sides(name: str, values: FloatArray, start: int, counts: bool) -> None:
    known = values[~np.isnan(values)]
    if len(known) and (known == known[0]).all() and not (counts and known[0] == 0):
        raise EstimationError(name, "does not vary")
    for side, part in (("before", values[:start]), ("from", values[start:])):
        seen = part[~np.isnan(part)]
        if not len(seen):
            raise EstimationError(name, f"has no value {side} the start")
        if counts and not seen.any():
            raise EstimationError(name, f"has counts of zero alone {side} the start: no rate to compare")


def _refuse_collinear(regressors: FloatArray, names: tuple[str, ...]) -> None:
    count, width = regressors.shape
    if count <= width:
        raise EstimationError("outcomes", f"{count} values are too few for {width} parameters")
    lengths = np.sqrt((regressors**2).sum(axis=0))
    scaled = regressors / np.where(lengths > 0, lengths, 1.0)
    left = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    if (left < TOLD_APART).any():
        name = names[int(np.argmax(left < TOLD_APART))]
        raise EstimationError(name, "cannot be told from the regressors before it")
