"""Two one-sided tests of equivalence (Schuirmann 1987), their exact power and the numbers they need.

The power is Owen's (1965): both tests use the same estimated standard error, so the probability that
both reject is an integral over its chi distribution, not a difference of two noncentral t
probabilities. Designs, degrees of freedom and steps are those of Chow and Liu (2009) and of the R package
PowerTOST (Labes, Schuetz and Lang).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Interval
from stats.numerics.wald import quantile
from stats.results import Estimate

Layout: TypeAlias = Literal[
    "parallel", "paired", "2x2", "2x2x3", "2x2x4", "2x3x3", "2x4x2", "2x4x4", "2x2x2r", "3x3", "3x6x3", "4x4"
]


@dataclass(frozen=True)
class _Design:
    """Groups; variance of the difference = factor x sum(1 / group size) x within variance; dof = a n - b."""

    groups: int
    factor: float
    per_unit: int
    less: int


_DESIGNS: dict[Layout, _Design] = {
    "parallel": _Design(2, 1, 1, 2),
    "paired": _Design(1, 2, 1, 1),
    "2x2": _Design(2, 1 / 2, 1, 2),
    "2x2x3": _Design(2, 3 / 8, 2, 3),
    "2x2x4": _Design(2, 1 / 4, 3, 4),
    "2x3x3": _Design(3, 1 / 6, 2, 3),
    "2x4x2": _Design(4, 1 / 2, 1, 2),
    "2x4x4": _Design(4, 1 / 16, 3, 4),
    "2x2x2r": _Design(2, 1 / 4, 3, 2),
    "3x3": _Design(3, 2 / 9, 2, 4),
    "3x6x3": _Design(6, 1 / 18, 2, 4),
    "4x4": _Design(4, 1 / 8, 3, 6),
}

STANDARD_DEVIATIONS = 12
"""The chi density is integrated this far round its mode: what lies beyond is below 1e-30."""


@dataclass(frozen=True)
class Equivalence:
    """status: "equivalent" if both tests reject, "different" if the interval lies beyond a bound, "unclear".

    p_value   the larger of the two one-sided p-values
    interval  with level 1 - 2 alpha: equivalent exactly when it lies within the bounds
    """

    status: Literal["equivalent", "different", "unclear"]
    p_low: float
    p_high: float
    p_value: float
    interval: Interval


@checked_arguments
def tost(estimate: Estimate, *, low: float, high: float, alpha: float = 0.05) -> Equivalence | NotComputable:
    """Whether the effect lies between `low` and `high`, by its standard error (and degrees of freedom).

    A reason comes back where the estimate's inference has no standard error.
    """
    if not -math.inf < low < high < math.inf:
        raise EstimationError("low", f"bounds must be finite and in order, not {low!r} and {high!r}")
    if not 0 < alpha < 0.5:
        raise EstimationError("alpha", f"must lie between 0 and 0.5, not {alpha!r}")
    error, dof = estimate.inference.standard_error, estimate.inference.dof
    if error is None:
        return no_standard_error()
    from scipy.special import stdtr

    freedom = math.inf if dof is None else dof
    p_low = float(stdtr(freedom, (low - estimate.value) / error))
    p_high = float(stdtr(freedom, (estimate.value - high) / error))
    half = quantile(2 * alpha, dof) * error
    interval = Interval(estimate.value - half, estimate.value + half)
    status: Literal["equivalent", "different", "unclear"] = "unclear"
    if max(p_low, p_high) <= alpha:
        status = "equivalent"
    elif interval.high < low or interval.low > high:
        status = "different"
    return Equivalence(status, p_low, p_high, max(p_low, p_high), interval)


def no_standard_error() -> NotComputable:
    """Tests by rank have no standard error to divide by."""
    return NotComputable(
        "no_standard_error",
        "이 추정 방법에는 표준오차가 없어 동등성을 검정할 수 없습니다.",
        "This estimate has no standard error, so equivalence cannot be tested by it.",
    )


@checked_arguments
def tost_power_at(
    difference: float, standard_error: float, dof: float, *, low: float, high: float, alpha: float = 0.05
) -> float:
    """Probability that both tests reject when the true effect is `difference` (Owen 1965).

    standard_error is the true one; its estimate is chi-distributed with `dof` (infinite: known).
    """
    if not low < high or not standard_error > 0 or not dof > 0 or not 0 < alpha < 0.5:
        raise EstimationError("low", "needs low < high, a standard error and dof above 0, alpha below 0.5")
    from scipy.special import gammaln, ndtr

    critical = quantile(2 * alpha, None if math.isinf(dof) else dof)
    reach_low, reach_high = (difference - low) / standard_error, (difference - high) / standard_error
    if math.isinf(dof):
        return max(0.0, float(ndtr(-critical - reach_high) - ndtr(critical - reach_low)))
    # s: estimated over true standard error; beyond `largest` no effect can pass both tests.
    largest = (high - low) / (2 * critical * standard_error)
    mode, spread = math.sqrt(max(0.0, 1 - 1 / dof)), 1 / math.sqrt(2 * dof)
    start = max(0.0, mode - STANDARD_DEVIATIONS * spread)
    end = min(largest, mode + STANDARD_DEVIATIONS * spread)
    if end <= start:
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(400)
    s = start + (end - start) * (nodes + 1) / 2
    log_density = (
        math.log(2) + dof / 2 * math.log(dof / 2) - gammaln(dof / 2) + (dof - 1) * np.log(s) - dof * s**2 / 2
    )
    passing = ndtr(-critical * s - reach_high) - ndtr(critical * s - reach_low)
    return max(0.0, float((end - start) / 2 * np.sum(weights * np.exp(log_density) * passing)))


@checked_arguments
def tost_power(
    *,
    cv: float,
    n: int,
    ratio: float = 0.95,
    low: float = 0.8,
    high: float = 1.25,
    layout: Layout = "2x2",
    log_scale: bool = True,
    alpha: float = 0.05,
) -> float:
    """Power of TOST with `n` units in all, spread as evenly over the layout's groups as they go.

    log_scale  True: cv is the coefficient of variation and ratio, low, high are ratios; False: cv is the
               standard deviation (within units in crossovers) and the others are differences
    """
    scale, effect, bounds = _scale(cv, ratio, low, high, log_scale)
    design = _design(layout)
    sizes = [n // design.groups + (place < n % design.groups) for place in range(design.groups)]
    dof = design.per_unit * n - design.less
    if min(sizes) < 1 or dof < 1:
        raise EstimationError("n", f"{n} units are too few for {layout}")
    error = scale * math.sqrt(design.factor * sum(1 / size for size in sizes))
    return tost_power_at(effect, error, dof, low=bounds[0], high=bounds[1], alpha=alpha)


@checked_arguments
def tost_sample_size(
    *,
    cv: float,
    power: float = 0.8,
    ratio: float = 0.95,
    low: float = 0.8,
    high: float = 1.25,
    layout: Layout = "2x2",
    log_scale: bool = True,
    alpha: float = 0.05,
) -> tuple[int, float]:
    """The smallest number of units with equal groups that reaches `power`, and the power it reaches.

    Refused: a true effect on or beyond a bound, where no number of units reaches it.
    """
    _, effect, bounds = _scale(cv, ratio, low, high, log_scale)
    if not bounds[0] < effect < bounds[1]:
        raise EstimationError("ratio", f"{ratio!r} does not lie between the bounds {low!r} and {high!r}")
    if not alpha < power < 1:
        raise EstimationError("power", f"must lie above alpha and below 1, not {power!r}")
    design = _design(layout)

    def reached(groups_of: int) -> float:
        return tost_power(
            cv=cv,
            n=groups_of * design.groups,
            ratio=ratio,
            low=low,
            high=high,
            layout=layout,
            log_scale=log_scale,
            alpha=alpha,
        )

    fewest = 1
    while design.per_unit * fewest * design.groups - design.less < 1:
        fewest += 1
    most = max(2, fewest)
    while reached(most) < power:
        most *= 2
    below = fewest - 1
    while most - below > 1:
        middle = (most + below) // 2
        below, most = (below, middle) if reached(middle) >= power else (middle, most)
    return most * design.groups, reached(most)


def _design(layout: Layout) -> _Design:
    if layout not in _DESIGNS:
        raise EstimationError("layout", f"must be one of {', '.join(_DESIGNS)}, not {layout!r}")
    return _DESIGNS[layout]


def _scale(
    cv: float, ratio: float, low: float, high: float, log_scale: bool
) -> tuple[float, float, tuple[float, float]]:
    """Standard deviation, true effect and bounds on the scale on which errors are normal."""
    if not 0 < cv < math.inf:
        raise EstimationError("cv", f"must be above 0 and finite, not {cv!r}")
    if not log_scale:
        return cv, ratio, (low, high)
    if not (0 < low < high < math.inf and 0 < ratio < math.inf):
        raise EstimationError("low", "ratios must be above 0, finite, and the lower bound below the upper")
    return math.sqrt(math.log1p(cv**2)), math.log(ratio), (math.log(low), math.log(high))
