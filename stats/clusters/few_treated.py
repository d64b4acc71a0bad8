"""Few treated units and many controls: the effect among the controls' own changes.

With one or a few treated units their noise cannot be averaged away; but the controls show how large it
is. Everything here works on one number per unit, its contrast: mean outcome after the start less mean
before (or a coefficient of such a kind), so that the estimate is the treated units' mean contrast less
the controls'.

- Conley and Taber (2011): the treated noise is drawn from the controls' distribution.
- Ferman and Pinto (2019): units differ in size, and the variance of a contrast is A + B / size; the
  controls' residuals are rescaled to the variance that the treated unit's size implies.
- Moving blocks (Chernozhukov, Wuethrich, Zhu 2021): with one treated series, its gaps to a comparison
  are shifted round in time, which keeps their serial dependence.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.checked import finite, indicator, positive, varying
from stats.errors import EstimationError
from stats.inference import Inference, ranked_difference, silent
from stats.panel import BoolArray, FloatArray
from stats.trials.randomisation import inverted

CONLEY_TABER = "conley_taber"
FERMAN_PINTO = "ferman_pinto"
CIRCULAR_SHIFTS = "circular_shifts"
MOVING_BLOCKS = "moving_blocks"

MOST_COMBINATIONS = 9_999
"""Ways to draw several treated units' noise beyond this many are sampled."""

Variance = Literal["A + B/M", "B/M", "homoskedastic"]


@dataclass(frozen=True)
class FewTreated:
    """The estimate, the variance model of the units' contrasts, and the inference.

    intercept, slope  of the regression of the controls' squared residuals on 1 / size; None without sizes
    variance          which part of it was used: a negative slope says that size does not matter, a
                      negative intercept that nothing but size does
    """

    estimate: float
    intercept: float | None
    slope: float | None
    variance: Variance
    inference: Inference


@checked_arguments
def contrasts(outcomes: FloatArray, start: int) -> FloatArray:
    """Mean outcome from period `start` on less mean before, by unit; outcomes n x T without gaps."""
    matrix = varying("outcomes", outcomes, 2)
    if not 0 < start < matrix.shape[1]:
        raise EstimationError("start", f"must leave a period on each side, not {start}")
    changes: FloatArray = matrix[:, start:].mean(axis=1) - matrix[:, :start].mean(axis=1)
    return changes


@checked_arguments
def conley_taber(
    changes: FloatArray,
    treated: BoolArray,
    *,
    alpha: float = 0.05,
    rng: np.random.Generator | None = None,
    count_actual: bool = True,
) -> FewTreated:
    """The mean contrast of the treated among means of as many control residuals.

    changes, treated  n;  rng  draws combinations of controls where there are more than 9,999
    count_actual      count the actual assignment among the draws: a p-value that is never 0 and holds
                      its level with few controls (1 / (J + 1) at least). Without it the draws alone are
                      counted, as published: with five controls a quarter of true nulls then has p = 0
    """
    values, chosen = _groups(changes, treated)
    residuals = values[~chosen] - values[~chosen].mean()
    inference = _inference(
        values, chosen, residuals, method=CONLEY_TABER, alpha=alpha, rng=rng, count_actual=count_actual
    )
    return FewTreated(_effect(values, chosen), None, None, "homoskedastic", inference)


@checked_arguments
def ferman_pinto(
    changes: FloatArray,
    treated: BoolArray,
    sizes: FloatArray,
    *,
    alpha: float = 0.05,
    rng: np.random.Generator | None = None,
    count_actual: bool = True,
) -> FewTreated:
    """As `conley_taber`, with each control's residual rescaled to the variance of the treated units.

    sizes  n, positive: what a unit's outcome is a mean of (people, trips). The squared residuals of the
    controls are regressed on 1 / size. With a negative slope no size enters; with a negative intercept
    the variance is proportional to 1 / size.
    """
    values, chosen = _groups(changes, treated)
    mass = positive("sizes", sizes, len(values))
    if (~chosen).sum() < 3:
        raise EstimationError("treated", "three controls are needed to tell how noise depends on size")
    residuals = values[~chosen] - values[~chosen].mean()
    small = 1 / mass
    if not np.ptp(small[~chosen]) > 1e-9 * small[~chosen].max():
        raise EstimationError("sizes", "do not differ between the controls")
    slope, intercept = _line(small[~chosen], residuals**2)
    if slope < 0:
        model: Variance = "homoskedastic"
        spread = np.ones(len(values))
    elif intercept < 0:
        model, spread = "B/M", small
    else:
        model, spread = "A + B/M", intercept + slope * small
    # Residuals of unit variance; a mean of m treated has the mean of their variances over m.
    standard = residuals / np.sqrt(spread[~chosen])
    rescaled = standard * math.sqrt(float(spread[chosen].mean()))
    inference = _inference(
        values, chosen, rescaled, method=FERMAN_PINTO, alpha=alpha, rng=rng, count_actual=count_actual
    )
    return FewTreated(_effect(values, chosen), intercept, slope, model, inference)


def _groups(changes: FloatArray, treated: BoolArray) -> tuple[FloatArray, BoolArray]:
    values = varying("changes", changes, 1)
    chosen = indicator("treated", treated, values.shape)
    if (~chosen).sum() < max(2, chosen.sum()):
        raise EstimationError("treated", "needs one unit, and at least two and as many controls")
    return values, chosen


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and intercept by least squares."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    return slope, float(y.mean() - slope * x.mean())


def _inference(
    values: FloatArray,
    chosen: BoolArray,
    residuals: FloatArray,
    *,
    method: str,
    alpha: float,
    rng: np.random.Generator | None,
    count_actual: bool,
) -> Inference:
    if not np.abs(residuals).max() > 1e-13 * float(np.abs(values).max()):
        return silent(method, alpha, reasons.no_variation())
    draws = _means(residuals, int(chosen.sum()), rng)
    return ranked_difference(
        _effect(values, chosen), draws, alpha=alpha, method=method, count_actual=count_actual
    )


def _effect(values: FloatArray, chosen: BoolArray) -> float:
    return float(values[chosen].mean() - values[~chosen].mean())


def _means(residuals: FloatArray, count: int, rng: np.random.Generator | None) -> FloatArray:
    """Means of `count` different residuals: all combinations, or 9,999 that are drawn."""
    if count == 1:
        return residuals
    if math.comb(len(residuals), count) <= MOST_COMBINATIONS:
        places = np.array(list(itertools.combinations(range(len(residuals)), count)))
    elif rng is None:
        raise EstimationError("rng", "is needed: there are more combinations of controls than are listed")
    else:
        places = np.argsort(rng.random((MOST_COMBINATIONS, len(residuals))), axis=1)[:, :count]
    means: FloatArray = residuals[places].mean(axis=1)
    return means


@checked_arguments
def shifted(gaps: FloatArray, start: int, *, alpha: float = 0.05, scheme: str = CIRCULAR_SHIFTS) -> Inference:
    """The mean gap after the start among those of the same series shifted in time.

    gaps    T, the treated (mean) outcome less its comparison; `start` the first treated period
    scheme  "circular_shifts": the T rotations of the series; "moving_blocks": the T - P + 1 runs of P
            neighbouring periods, P as many as are treated

    For "the effect is c" c is taken off the treated gaps, and all gaps are centred by their mean, which
    estimates the comparison's level under that hypothesis. The statistic is the size of the mean over the
    treated places. Exact where the gaps are stationary up to rotation, approximately under weak
    dependence. T shifts allow no p-value below 1 / T.
    """
    series = finite("gaps", gaps, 1)
    periods = len(series)
    if not 0 < start < periods:
        raise EstimationError("start", f"must leave a period on each side, not {start}")
    if scheme not in (CIRCULAR_SHIFTS, MOVING_BLOCKS):
        raise EstimationError("scheme", f"must be {CIRCULAR_SHIFTS} or {MOVING_BLOCKS}, not {scheme!r}")
    after = periods - start
    treated = (np.arange(periods) >= start).astype(np.float64)
    if scheme == CIRCULAR_SHIFTS:
        places = (np.arange(start, periods) + np.arange(periods)[:, None]) % periods
    else:
        places = start - np.arange(start + 1)[:, None] + np.arange(after)
    scores, slopes = ((values - values.mean())[places].mean(axis=1) for values in (series, treated))
    # No run of as many places holds more of the treated periods than they themselves do.
    return inverted(scores, slopes, alpha=alpha, method=scheme)
