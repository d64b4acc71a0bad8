"""Mean and standard error of a series at every look, serial dependence included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from stats.errors import EstimationError
from stats.panel import FloatArray

Dependence: TypeAlias = Literal["independent", "autoregressive"]

FEWEST_BATCHES = 8
FIRST_LOOK = 28
MOST_PERSISTENT = 0.95
"""Beyond this coefficient a series of some weeks cannot be told from one without a mean."""


@dataclass(frozen=True, eq=False)
class Running:
    """At each of L looks; arrays of length L.

    last                    index of the last value used
    effect                  mean so far, less the baseline's
    standard_error          square root of long-run variance over information
    information             t, or n0 t / (n0 + t) with a baseline, in batches
    information_at_horizon  the same at the planned end
    """

    last: tuple[int, ...]
    effect: FloatArray
    standard_error: FloatArray
    information: FloatArray
    information_at_horizon: float


def running(
    values: npt.ArrayLike,
    baseline: npt.ArrayLike | None,
    *,
    horizon: int,
    first_look: int | None,
    batch: int,
    dependence: Dependence,
) -> Running:
    """Arguments as in `stats.monitoring.anytime`. A last batch is left out until it is full."""
    if dependence not in get_args(Dependence):
        raise EstimationError("dependence", f"must be one of {', '.join(get_args(Dependence))}")
    if batch < 1 or batch != int(batch):
        raise EstimationError("batch", f"must be a whole number of readings, not {batch!r}")
    first_look = max(FIRST_LOOK, FEWEST_BATCHES * batch) if first_look is None else first_look
    if first_look < FEWEST_BATCHES * batch or horizon < first_look:
        raise EstimationError(
            "first_look", f"must be at least {FEWEST_BATCHES} batches of {batch}, and at most the horizon"
        )
    series = _batches("values", values, batch, from_end=False)
    before = None if baseline is None else _batches("baseline", baseline, batch, from_end=True)
    first = -(-first_look // batch)
    if len(series) < first:
        raise EstimationError("values", f"{first_look} values are needed before the first look")
    if before is not None and len(before) < FEWEST_BATCHES:
        raise EstimationError("baseline", f"needs at least {FEWEST_BATCHES} batches of {batch}")
    counts = np.arange(1, len(series) + 1, dtype=np.float64)
    means = np.cumsum(series) / counts
    variance = _long_run_variance(series, before, dependence)
    shown = slice(first - 1, None)
    information, at_horizon = counts, float(horizon // batch)
    if before is not None:
        means = means - before.mean()
        information = counts * len(before) / (counts + len(before))
        at_horizon = at_horizon * len(before) / (at_horizon + len(before))
    if not (variance[shown] > 0).all():
        raise EstimationError("values", "do not vary up to the first look: nothing tells what is chance")
    return Running(
        last=tuple(int(count) * batch - 1 for count in counts[shown]),
        effect=means[shown],
        standard_error=np.sqrt(variance[shown] / information[shown]),
        information=information[shown],
        information_at_horizon=at_horizon,
    )


def _batches(name: str, values: npt.ArrayLike, batch: int, *, from_end: bool) -> FloatArray:
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1:
        raise EstimationError(name, "must be one series in time order")
    for place in np.flatnonzero(~np.isfinite(given)):
        raise EstimationError(name, f"value {place} is not finite")
    full = len(given) // batch * batch
    kept = given[len(given) - full :] if from_end else given[:full]
    means: FloatArray = kept.reshape(-1, batch).mean(axis=1)
    return means


def _long_run_variance(series: FloatArray, before: FloatArray | None, dependence: Dependence) -> FloatArray:
    """After each value, from the residuals of both segments round their own means.

    The residuals' covariances fall short because the mean is estimated: of the lag-0 sum by one long-run
    variance for each segment, of the coefficient by (1 + 3 phi) / n (Kendall 1954).
    """
    # A shift keeps the running sums of squares exact where the level is far from 0.
    shift = series[0] if before is None else before.mean()
    squares, products, counts = _running_sums(series - shift)
    segments = 1
    if before is not None:
        own_squares, own_products, own_counts = _running_sums(before - shift)
        squares, products = squares + own_squares[-1], products + own_products[-1]
        counts, segments = counts + own_counts[-1], 2
    if dependence == "independent":
        return squares / np.maximum(counts - segments, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        raw = np.where(squares > 0, products / squares, 0.0)
    corrected = raw + segments * (1 + 3 * raw) / counts
    coefficient = np.clip(corrected, 0.0, MOST_PERSISTENT)
    inflation = (1 + coefficient) / (1 - coefficient)
    # No more than half of the readings may be lost to the means: beyond, the sum says little by itself.
    freedom = np.maximum(counts - segments * inflation, counts / 2)
    variance: FloatArray = squares / freedom * inflation
    return variance


def _running_sums(series: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """After each value: sum of squares round the mean so far, lag-1 products round it, and the count."""
    counts = np.arange(1, len(series) + 1, dtype=np.float64)
    sums, means = np.cumsum(series), np.cumsum(series) / counts
    squares = np.maximum(np.cumsum(series**2) - counts * means**2, 0.0)
    pairs = np.concatenate(([0.0], np.cumsum(series[1:] * series[:-1])))
    # sum over s of (x_s - m)(x_{s-1} - m) = pairs - m (2 sum - first - last) + (n - 1) m^2
    products = pairs - means * (2 * sums - series[0] - series) + (counts - 1) * means**2
    return squares, products, counts
