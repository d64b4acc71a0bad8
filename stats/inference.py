"""Uncertainty: one object from which the p-value and the interval both come.

Every method here tests "the effect is the constant c" for each c. The p-value is that of c = 0
and the interval is the closed set of all c with p(c) > alpha, so 0 lies outside the interval
exactly when p <= alpha. `Inference` refuses to exist otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stats import reasons
from stats.errors import StatisticsError
from stats.findings import NotComputable, number_document, number_from, optional_float
from stats.panel import FloatArray

CR1 = "cr1"
CR2 = "cr2_satterthwaite"
PLACEBO_DIFFERENCE = "placebo_difference"
PLACEBO_RATIO = "placebo_rmspe_ratio"

MOST_PLACEBOS = 500
"""Controls beyond this many are sampled: p-values get no finer than 1/501."""
TIE = 1e-12
"""Statistics that differ by less than this share are ties, so that rounding never breaks one."""


@dataclass(frozen=True)
class Interval:
    """The closed interval from `low` to `high`; an end may be infinite, then `unbounded` says why."""

    low: float
    high: float
    unbounded: NotComputable | None = None

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise StatisticsError(f"an interval from {self.low} to {self.high} is none")
        if (math.isinf(self.low) or math.isinf(self.high)) and self.unbounded is None:
            raise StatisticsError("an unbounded interval needs its reason")

    def contains(self, value: float) -> bool:
        """Whether `value` lies in the interval, ends included."""
        return self.low <= value <= self.high

    def document(self) -> dict[str, Any]:
        """`{"low", "high", "unbounded"}`; an infinite end is null."""
        return {
            "low": None if math.isinf(self.low) else self.low,
            "high": None if math.isinf(self.high) else self.high,
            "unbounded": None if self.unbounded is None else self.unbounded.document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Interval:
        """The value of which `document()` was made."""
        low, high, unbounded = document["low"], document["high"], document["unbounded"]
        return cls(
            -math.inf if low is None else float(low),
            math.inf if high is None else float(high),
            None if unbounded is None else NotComputable.from_document(unbounded),
        )


@dataclass(frozen=True)
class Inference:
    """What can be said about an estimate's uncertainty at level `alpha`.

    method          "cr2_satterthwaite", "cr1", "placebo_difference", "placebo_rmspe_ratio", or the name
                    that the module of another method gives it ("reassignment", "wild_bootstrap", ...)
    p_value         of the hypothesis that the effect is zero
    interval        of all constant effects that are not rejected at `alpha`
    standard_error  in the units of the estimate; None where the method has none
    dof             degrees of freedom of the t distribution; None where there is none
    placebos        number of units that stood in for the treated one, or of other assignments or draws
                    that the estimate was ranked among; None where there are none
    """

    method: str
    alpha: float
    p_value: float | NotComputable
    interval: Interval | NotComputable
    standard_error: float | None = None
    dof: float | None = None
    placebos: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.p_value, NotComputable):
            if isinstance(self.interval, Interval):
                raise StatisticsError("an interval without its p-value")
        elif isinstance(self.interval, Interval):
            if self.interval.contains(0.0) == (self.p_value <= self.alpha):
                raise StatisticsError(f"p = {self.p_value} contradicts {self.interval} at {self.alpha}")
        elif self.p_value > self.alpha:
            raise StatisticsError("zero is not rejected, so the interval cannot be empty")

    @property
    def excludes_zero(self) -> bool | None:
        """Whether no effect is rejected at `alpha`; None where no p-value is computable."""
        return None if isinstance(self.p_value, NotComputable) else self.p_value <= self.alpha

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "method": self.method,
            "alpha": self.alpha,
            "p_value": number_document(self.p_value),
            "interval": self.interval.document(),
            "standard_error": self.standard_error,
            "dof": self.dof,
            "placebos": self.placebos,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Inference:
        """The value of which `document()` was made."""
        interval = document["interval"]
        return cls(
            method=document["method"],
            alpha=float(document["alpha"]),
            p_value=number_from(document["p_value"]),
            interval=NotComputable.from_document(interval)
            if "not_computable" in interval
            else Interval.from_document(interval),
            standard_error=optional_float(document["standard_error"]),
            dof=optional_float(document["dof"]),
            placebos=document["placebos"],
        )


def silent(method: str, alpha: float, reason: NotComputable) -> Inference:
    """An inference that can say nothing, for `reason`."""
    return Inference(method, alpha, reason, reason)


def student_t(estimate: float, standard_error: float, dof: float, *, alpha: float, method: str) -> Inference:
    """estimate +- t quantile x standard error, with `dof` degrees of freedom (need not be whole)."""
    from scipy.special import stdtr, stdtrit

    if not standard_error > 0:
        return silent(method, alpha, reasons.no_variation())
    p_value = min(1.0, 2 * float(stdtr(dof, -abs(estimate) / standard_error)))
    half = float(stdtrit(dof, 1 - alpha / 2)) * standard_error
    return Inference(
        method=method,
        alpha=alpha,
        p_value=p_value,
        interval=agreeing(estimate - half, estimate + half, rejected=p_value <= alpha),
        standard_error=standard_error,
        dof=dof,
    )


def placebo_difference(estimate: float, placebo_effects: FloatArray, *, alpha: float) -> Inference:
    """Rank of |estimate| among the effects of `placebo_effects` (J values), no effect assumed in those.

    For "the effect is c" the statistic is |estimate - c| and p(c) = (1 + #{|placebo| >= |estimate - c|})
    / (J + 1): valid where the treated unit is exchangeable with its controls (Conley and Taber 2011,
    without covariates; MacKinnon and Webb 2020). p(c) > alpha exactly when |estimate - c| is at most
    the m-th largest |placebo|, m = floor(alpha (J + 1)); for m = 0 nothing is ever rejected.
    """
    return ranked_difference(estimate, placebo_effects, alpha=alpha, method=PLACEBO_DIFFERENCE)


def ranked_difference(
    estimate: float, draws: FloatArray, *, alpha: float, method: str, count_actual: bool = True
) -> Inference:
    """Rank of |estimate - c| among the sizes of `draws` (J), which do not depend on c.

    Without `count_actual` the draws alone are counted: p(c) = #{|draw| >= |estimate - c|} / J, which can
    be 0, and m = floor(alpha J) + 1.
    """
    return _placebo(
        method,
        estimate,
        abs(estimate),
        np.abs(draws),
        alpha=alpha,
        half_width=lambda limit: limit,
        count_actual=count_actual,
    )


def placebo_ratio(
    post_gaps: FloatArray, pre_rmspe: float, placebo_ratios: FloatArray, *, alpha: float
) -> Inference:
    """Rank of the treated post/pre RMSPE ratio among the placebos' (Abadie, Diamond, Hainmueller 2010).

    post_gaps: gaps of the treated unit after the start; placebo_ratios: J ratios, infinite where a
    placebo fits without error. Under "the effect is c" the treated ratio becomes r(c), with
    r(c)^2 pre_rmspe^2 = mean((gap - c)^2) = (mean gap - c)^2 + var(gap), and the placebos stay as they
    are because the treated unit is in none of their donor pools (Firpo and Possebom 2018 invert the
    same test). p(c) = (1 + #{placebo >= r(c)}) / (J + 1) exceeds alpha exactly when r(c) is at most the
    m-th largest placebo ratio R, m = floor(alpha (J + 1)). Hence the interval

        mean gap +- sqrt(R^2 pre_rmspe^2 - var(gap)),   var with divisor n,

    which is empty where the gaps vary more than R allows round any constant.
    """
    if not pre_rmspe > 0:
        return silent(PLACEBO_RATIO, alpha, reasons.perfect_pre_fit())
    centre, spread = float(np.mean(post_gaps)), float(np.var(post_gaps))
    own = math.sqrt(centre**2 + spread) / pre_rmspe

    def half_width(limit: float) -> float:
        square = (limit * pre_rmspe) ** 2 - spread
        return math.sqrt(square) if square >= 0 else math.nan

    return _placebo(PLACEBO_RATIO, centre, own, placebo_ratios, alpha=alpha, half_width=half_width)


def drawn(count: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Which of `count` controls serve as placebos: all, or a random `MOST_PLACEBOS` of them, in order.

    A random subset keeps the test valid: its p-values are only coarser.
    """
    if count <= MOST_PLACEBOS:
        return tuple(range(count))
    return tuple(int(place) for place in np.sort(rng.choice(count, MOST_PLACEBOS, replace=False)))


def _placebo(
    method: str,
    centre: float,
    own: float,
    placebos: FloatArray,
    *,
    alpha: float,
    half_width: Callable[[float], float],
    count_actual: bool = True,
) -> Inference:
    count = len(placebos)
    if count == 0:
        return silent(method, alpha, reasons.too_few_control_clusters())
    extra = int(count_actual)
    p_value = (extra + int(np.sum(placebos >= own * (1 - TIE)))) / (count + extra)
    # Exact arithmetic: 0.29 * 100 is 28.999999999999996 in floats and would lose a rank.
    rank = math.floor(Fraction(str(alpha)) * (count + extra)) + 1 - extra
    if rank == 0:
        endless = Interval(-math.inf, math.inf, reasons.placebos_too_few_for_level(count, alpha))
        return Inference(method, alpha, p_value, endless, placebos=count)
    limit = float(np.sort(placebos)[count - rank])
    interval: Interval | NotComputable
    if math.isinf(limit):
        interval = Interval(-math.inf, math.inf, reasons.placebos_fit_perfectly())
    elif math.isnan(half := half_width(limit)) and p_value <= alpha:
        interval = reasons.constant_effect_rejected()
    else:
        half = 0.0 if math.isnan(half) else half
        interval = agreeing(centre - half, centre + half, rejected=p_value <= alpha)
    return Inference(method, alpha, p_value, interval, placebos=count)


def agreeing(low: float, high: float, *, rejected: bool, unbounded: NotComputable | None = None) -> Interval:
    """The interval, with an end moved past zero where rounding alone would make it contradict the p-value."""
    if rejected and low <= 0 <= high:
        smallest = math.ulp(0.0)
        low, high = (low, -smallest) if high < -low else (smallest, high)
    elif not rejected and not low <= 0 <= high:
        low, high = min(low, 0.0), max(high, 0.0)
    return Interval(low, high, unbounded)
