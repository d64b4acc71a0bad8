"""Two proportions against a margin, and the interval of their difference.

The score tests estimate both proportions under the hypothesis: Farrington and Manning (1990), and
Miettinen and Nurminen (1985), whose variance has the factor N / (N - 1). Newcombe's (1998) hybrid
interval combines the Wilson (1927) intervals of the two proportions; its method 10 is without, his
method 11 with continuity correction. The Wald test is there for comparison: it is too liberal near 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stats.arguments import checked_arguments, number
from stats.errors import EstimationError
from stats.inference import Inference, agreeing
from stats.monitoring.equivalence import Better
from stats.numerics.wald import quantile, wald
from stats.results import Estimate

MarginMethod: TypeAlias = Literal["farrington_manning", "miettinen_nurminen", "wald"]
DifferenceMethod: TypeAlias = Literal[
    "newcombe", "newcombe_corrected", "miettinen_nurminen", "farrington_manning", "wald", "agresti_caffo"
]

TINY = 1e-300
"""Where a restricted proportion touches 0 or 1 the slope is as good as infinite, not undefined."""


@dataclass(frozen=True)
class Share:
    """`events` among `trials`, whole numbers with 0 <= events <= trials and 1 <= trials."""

    events: int
    trials: int

    def __post_init__(self) -> None:
        events, trials = number("events", self.events), number("trials", self.trials)
        if not (events.is_integer() and trials.is_integer()):
            raise EstimationError("events", f"counts must be whole, not {self.events} of {self.trials}")
        if not (self.trials >= 1 and 0 <= self.events <= self.trials):
            raise EstimationError("events", f"{self.events} of {self.trials} trials is impossible")

    @property
    def value(self) -> float:
        """The observed proportion."""
        return self.events / self.trials

    def wilson(self, z: float, *, corrected: bool = False) -> tuple[float, float]:
        """The score interval at normal quantile `z` (Wilson 1927), with Yates's correction if wanted."""
        n, p = self.trials, self.value
        if not corrected:
            centre, spread = 2 * n * p + z * z, z * math.sqrt(z * z + 4 * n * p * (1 - p))
            return (centre - spread) / (2 * (n + z * z)), (centre + spread) / (2 * (n + z * z))
        low, high, scale = 0.0, 1.0, 2 * (n + z * z)
        if p > 0:
            root = math.sqrt(z * z - 2 - 1 / n + 4 * p * (n * (1 - p) + 1))
            low = max(0.0, (2 * n * p + z * z - 1 - z * root) / scale)
        if p < 1:
            root = math.sqrt(z * z + 2 - 1 / n + 4 * p * (n * (1 - p) - 1))
            high = min(1.0, (2 * n * p + z * z + 1 + z * root) / scale)
        return low, high


@dataclass(frozen=True)
class MarginTest:
    """A one-sided test that harm does not exceed a margin; large `statistic` speaks for no such harm.

    p_value     of "the harm is as large as the margin or larger"
    restricted  both proportions as estimated on the edge of that hypothesis; None for "wald"
    """

    method: MarginMethod
    statistic: float
    p_value: float
    restricted: tuple[float, float] | None


@checked_arguments
def margin_test(
    treated: Share,
    control: Share,
    *,
    margin: float,
    better: Better,
    measure: Literal["difference", "ratio"] = "difference",
    method: MarginMethod = "farrington_manning",
) -> MarginTest:
    """Test that `treated` is not worse than `control` by `margin`.

    measure  "difference": margin in proportions, 0 <= margin < 1; the edge is control - margin where
             higher is better and control + margin where lower is. "ratio": the ratio treated / control at
             the edge, at most 1 where higher is better, at least 1 where lower is
    """
    edge = _edge(margin, better, measure)
    statistic, restricted = _score(treated, control, edge, measure, method)
    towards_better = statistic if better == "higher" else -statistic
    from scipy.special import ndtr

    return MarginTest(method, towards_better, float(ndtr(-towards_better)), restricted)


@checked_arguments
def difference_of_proportions(
    treated: Share, control: Share, *, method: DifferenceMethod = "newcombe", alpha: float = 0.05
) -> Estimate:
    """treated - control with its interval; the p-value is the level at which the interval reaches 0."""
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"must lie between 0 and 1, not {alpha!r}")
    value = treated.value - control.value
    name = f"difference_of_proportions_{method}"
    match method:
        case "wald":
            inference = wald(value, _wald_error(treated, control), alpha=alpha, method=name)
        case "agresti_caffo":
            # One event and one other trial added to each: Agresti and Caffo (2000).
            more = [Share(share.events + 1, share.trials + 2) for share in (treated, control)]
            centre = more[0].value - more[1].value
            inference = wald(centre, _wald_error(*more), alpha=alpha, method=name)
        case "newcombe" | "newcombe_corrected":
            corrected = method == "newcombe_corrected"
            inference = _inverted(lambda z: _newcombe(treated, control, z, corrected), value, alpha, name)
        case "miettinen_nurminen" | "farrington_manning":
            inference = _score_inference(treated, control, method, alpha, name)
        case _:
            raise EstimationError("method", f"{method!r} is none of the methods")
    return Estimate(value, inference, "proportion")


def _edge(margin: float, better: Better, measure: str) -> float:
    if better not in ("higher", "lower"):
        raise EstimationError("better", f"must be higher or lower, not {better!r}")
    if measure == "difference":
        if not 0 <= margin < 1:
            raise EstimationError("margin", f"must be at least 0 and below 1, not {margin!r}")
        return -margin if better == "higher" else margin
    if measure != "ratio":
        raise EstimationError("measure", f"must be difference or ratio, not {measure!r}")
    if not (0 < margin <= 1 if better == "higher" else 1 <= margin < math.inf):
        side = "above 0 and at most 1" if better == "higher" else "1 or more"
        raise EstimationError("margin", f"a ratio must be {side} where {better} is better, not {margin!r}")
    return margin


def _score(
    treated: Share, control: Share, edge: float, measure: str, method: MarginMethod
) -> tuple[float, tuple[float, float] | None]:
    """The statistic, positive where treated lies above the edge, and the restricted proportions."""
    ratio = edge if measure == "ratio" else 1.0
    distance = treated.value - ratio * control.value - (edge if measure == "difference" else 0.0)
    if method == "wald":
        first, second = treated.value, control.value
    elif method in ("farrington_manning", "miettinen_nurminen"):
        first, second = _restricted(treated, control, edge, measure)
    else:
        raise EstimationError("method", f"{method!r} is none of the methods")
    variance = first * (1 - first) / treated.trials + ratio**2 * second * (1 - second) / control.trials
    if method == "miettinen_nurminen":
        both = treated.trials + control.trials
        variance *= both / (both - 1)
    if variance <= 0:
        statistic = 0.0 if distance == 0 else math.copysign(math.inf, distance)
    else:
        statistic = distance / math.sqrt(variance)
    return statistic, None if method == "wald" else (first, second)


def _restricted(treated: Share, control: Share, edge: float, measure: str) -> tuple[float, float]:
    """Maximum likelihood proportions with treated = control + edge, or = edge x control.

    The log likelihood is concave in the control's proportion, so the root of its slope is the maximum.
    """
    from scipy.optimize import brentq

    slope_of_first = 1.0 if measure == "difference" else edge

    def first(second: float) -> float:
        return second + edge if measure == "difference" else edge * second

    def slope(second: float) -> float:
        p = first(second)
        total = 0.0
        for share, at, times in ((treated, p, slope_of_first), (control, second, 1.0)):
            total += times * share.events / max(at, TINY)
            total -= times * (share.trials - share.events) / max(1 - at, TINY)
        return total

    low, high = (
        (max(0.0, -edge), min(1.0, 1 - edge)) if measure == "difference" else (0.0, min(1.0, 1 / edge))
    )
    inside = 1e-14 * (high - low)
    if slope(low + inside) <= 0:
        second = low
    elif slope(high - inside) >= 0:
        second = high
    else:
        second = float(brentq(slope, low + inside, high - inside, xtol=1e-16, rtol=1e-14))
    return min(1.0, max(0.0, first(second))), second


def _wald_error(treated: Share, control: Share) -> float:
    return math.sqrt(sum(share.value * (1 - share.value) / share.trials for share in (treated, control)))


def _newcombe(treated: Share, control: Share, z: float, corrected: bool) -> tuple[float, float]:
    low_1, high_1 = treated.wilson(z, corrected=corrected)
    low_2, high_2 = control.wilson(z, corrected=corrected)
    p, q = treated.value, control.value
    low, high = p - q - math.hypot(p - low_1, high_2 - q), p - q + math.hypot(high_1 - p, q - low_2)
    return max(-1.0, low), min(1.0, high)


def _inverted(
    ends: Callable[[float], tuple[float, float]], value: float, alpha: float, name: str
) -> Inference:
    """The interval at alpha's quantile, and as p-value the level at which the nearer end reaches 0."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    def nearer(z: float) -> float:
        low, high = ends(z)
        return low if value > 0 else -high

    # At quantile 1e-3 the level is 0.9992: nothing that is asked of a p-value lies above it.
    if value == 0 or nearer(1e-3) <= 0:
        p_value = 1.0
    else:
        p_value = float(2 * ndtr(-brentq(nearer, 1e-3, 1e3, xtol=1e-14, rtol=1e-14)))
    low, high = ends(quantile(alpha, None))
    return Inference(name, alpha, p_value, agreeing(low, high, rejected=p_value <= alpha))


def _score_inference(
    treated: Share, control: Share, method: MarginMethod, alpha: float, name: str
) -> Inference:
    """All differences that the two-sided score test does not reject (Miettinen and Nurminen 1985)."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    z = quantile(alpha, None)
    value = treated.value - control.value

    def statistic(difference: float) -> float:
        return _score(treated, control, difference, "difference", method)[0]

    p_value = float(2 * ndtr(-abs(statistic(0.0))))
    ends = []
    for sign in (-1.0, 1.0):
        limit = sign * (1 - 1e-12)
        if sign * value >= 1 - 1e-12 or -sign * statistic(limit) <= z:
            ends.append(sign)
        else:
            crossing = brentq(lambda at, s=sign: -s * statistic(at) - z, value, limit, xtol=1e-14)
            ends.append(float(crossing))
    return Inference(name, alpha, p_value, agreeing(ends[0], ends[1], rejected=p_value <= alpha))
