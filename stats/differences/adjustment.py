"""Variance out of outcomes before they are compared: seasons and weekdays, and readings from before.

Seasons that all units share go out with period effects; these here differ between units (a school street
and a shopping street have other Mondays). Patterns and slopes are learnt from periods before any start
alone, so that no effect is taken for a season. CUPED takes out what readings from before the start
predict (Deng, Xu, Kohavi and Walker 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError, PanelError
from stats.numerics.absorb import IntArray, absorber, compact
from stats.numerics.collinear import independent
from stats.numerics.fixed_effects import IDENTIFIED
from stats.panel import FloatArray

LEAST_READINGS = 2
"""Of each season before the start; one alone would be copied into the pattern with all its noise."""


@dataclass(frozen=True, eq=False)
class Deseasoned:
    """outcomes less their pattern (n x T); pattern n x S, mean zero over the seasons of each unit."""

    outcomes: FloatArray
    pattern: FloatArray
    seasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Cuped:
    """Adjusted outcomes.

    adjusted  n, the same mean in total as before
    slopes    p, of the outcome on each covariate within groups
    removed   share of the variance within groups that is gone
    """

    adjusted: FloatArray
    slopes: FloatArray
    removed: float


def weekdays(periods: Sequence[str]) -> tuple[str, ...]:
    """ "1" (Monday) to "7" of periods that are ISO dates; `PanelError` names one that is none."""
    return tuple(str(_date(period).isoweekday()) for period in periods)


def months(periods: Sequence[str]) -> tuple[str, ...]:
    """ "01" to "12" of periods that are ISO dates, or begin with year and month (2026-11)."""
    return tuple(f"{_date(f'{period}-01' if len(period) == 7 else period).month:02d}" for period in periods)


@checked_arguments
def deseasoned(
    outcomes: npt.ArrayLike,
    seasons: Sequence[str],
    *,
    before: int,
    groups: npt.ArrayLike | None = None,
    trend: bool = False,
) -> Deseasoned:
    """Outcomes (n x T, NaN where missing) less the pattern of `seasons` (T labels).

    before  the first `before` columns teach the pattern: no more than the earliest start of all units
    groups  n labels of units that share a pattern (default: each has its own)
    trend   learn the pattern beside a straight line for each unit

    The pattern is that of least squares with unit effects. Refused: a season of the panel that a group
    has fewer than two readings of before the start, named with one of its units; infinities.
    """
    y: FloatArray = np.asarray(outcomes, dtype=np.float64)
    if y.ndim != 2 or len(seasons) != y.shape[1]:
        raise EstimationError("seasons", "must be one label for each column of the outcomes")
    if np.isinf(y).any():
        raise EstimationError("outcomes", "hold an infinity")
    seen = y[~np.isnan(y)]
    if not len(seen) or np.ptp(seen) == 0:
        raise EstimationError("outcomes", "do not vary")
    if not 2 <= before <= y.shape[1]:
        raise EstimationError("before", f"must lie between 2 and {y.shape[1]}, not {before}")
    labels = sorted(set(seasons))
    season = np.array([labels.index(each) for each in seasons])
    codes, count = (np.arange(len(y)), len(y)) if groups is None else compact("groups", groups)
    if len(codes) != len(y):
        raise EstimationError("groups", f"must be {len(y)} labels")
    pattern = np.empty((len(y), len(labels)))
    for group in range(count):
        here = np.flatnonzero(codes == group)
        pattern[here] = _pattern(y[here, :before], season[:before], labels, int(here[0]), trend)
    return Deseasoned(y - pattern[:, season], pattern, tuple(labels))


@checked_arguments
def cuped(
    outcomes: npt.ArrayLike,
    covariates: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> Cuped:
    """`outcomes` (n) less what `covariates` (n or n x p, from before the start) predict.

    groups  n labels (treated or control): slopes are those within groups, so that no effect leaks into
            them and the difference of the adjusted means is that of analysis of covariance

    Refused: covariates that do not vary within groups or explain each other, too few units, NaN.
    """
    y: FloatArray = np.asarray(outcomes, dtype=np.float64)
    x: FloatArray = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if y.ndim != 1 or x.ndim != 2 or len(x) != len(y):
        raise EstimationError("covariates", "must have one row for each outcome")
    for name, values in (("outcomes", y), ("covariates", x)):
        if not np.isfinite(values).all():
            raise EstimationError(name, "must be finite numbers")
    if np.ptp(y) == 0:
        raise EstimationError("outcomes", "do not vary")
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != y.shape or not (np.isfinite(w) & (w > 0)).all():
        raise EstimationError("weights", "must be one positive, finite number for each unit")
    codes, count = (np.zeros(len(y), dtype=np.intp), 1) if groups is None else compact("groups", groups)
    if len(codes) != len(y):
        raise EstimationError("groups", f"must be {len(y)} labels")
    if len(y) <= count + x.shape[1]:
        raise EstimationError("covariates", "more parameters than units")
    totals = np.bincount(codes, w)

    def within(values: FloatArray) -> FloatArray:
        means: FloatArray = np.bincount(codes, w * values) / totals
        return np.asarray(np.sqrt(w) * (values - means[codes]))

    rest, inner = within(y), np.column_stack([within(column) for column in x.T])
    centre = (w @ x) / w.sum()
    scale = np.sqrt((w[:, None] * (x - centre) ** 2).sum(axis=0))
    if not (scale > 0).all() or np.linalg.svd(inner / scale, compute_uv=False)[-1] ** 2 < IDENTIFIED:
        raise EstimationError("covariates", "do not vary within groups, or explain each other")
    slopes = np.linalg.lstsq(inner / scale, rest, rcond=None)[0] / scale
    total = float((rest**2).sum())
    left = float(((rest - inner @ slopes) ** 2).sum())
    return Cuped(y - (x - centre) @ slopes, slopes, 1 - left / total if total > 0 else 0.0)


def _pattern(y: FloatArray, season: IntArray, labels: list[str], unit: int, trend: bool) -> FloatArray:
    """S values, mean zero, that units x periods of readings share beside unit effects (and trends)."""
    rows, columns = np.nonzero(~np.isnan(y))
    readings = np.bincount(season[columns], minlength=len(labels))
    if readings.min() < LEAST_READINGS:
        rare = labels[int(readings.argmin())]
        reason = f"fewer than {LEAST_READINGS} readings of season {rare!r} before the start"
        raise PanelError("seasons", reason, unit=str(unit))
    if len(labels) == 1:
        return np.zeros(1)
    codes, count = compact("units", rows)
    effects = absorber([codes], [count])
    dummies = (season[columns] == np.arange(1, len(labels))[:, None]).astype(np.float64)
    left = effects.residual(np.vstack([dummies, y[rows, columns]]))
    if trend:
        time = effects.residual(columns.astype(np.float64)[None])[0]
        squares = np.bincount(codes, time**2)
        for column in left:
            slopes = np.bincount(codes, time * column) / np.where(squares > 0, squares, 1.0)
            column -= slopes[codes] * time
    normal = left[:-1] @ left[:-1].T
    try:
        independent(normal, dummies.sum(axis=1), labels[1:], "refuse")
    except EstimationError as error:
        raise PanelError("seasons", "cannot be told from level and trend", unit=str(unit)) from error
    values = np.concatenate([[0.0], np.linalg.lstsq(left[:-1].T, left[-1], rcond=None)[0]])
    centred: FloatArray = values - values.mean()
    return centred


def _date(period: str) -> date:
    try:
        return date.fromisoformat(period[:10])
    except ValueError as error:
        raise PanelError("periods", "is not an ISO date", period=period) from error
