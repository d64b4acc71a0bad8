"""Confidence sequences and e-values: look every day, stop when you like, and keep the error rate.

A confidence sequence covers the effect at all looks together with probability 1 - alpha; an e-value has
expectation of at most 1 while its hypothesis is true, at any stopping time, so that it exceeds 1 / alpha
with probability alpha at most (Ville 1939; Ramdas et al. 2023). Both come from one normal mixture
(Robbins 1970): with z the distance of the estimate from the hypothesis in standard errors, and k the
information gathered relative to the mixture's,

    E = (1 + k)^(-1/2) exp(z^2 k / (2 (1 + k)))                            for "the effect is c",
    E = 2 (1 + k)^(-1/2) exp(z^2 k / (2 (1 + k))) Phi(z sqrt(k / (1 + k)))  for "the effect is c or less".

The standard error is estimated from the same data, so that the guarantee is asymptotic (Waudby-Smith,
Arbour, Sinha, Kennedy and Ramdas 2024): nothing is looked at before `first_look`. With a baseline the
effect is a difference of means, whose information n0 t / (n0 + t) replaces t: differences of means have
independent increments in that clock (Jennison and Turnbull 2000, chapter 11).

Serial dependence. Readings of successive days are alike, and a method for independent ones raises far too
many false alarms. "autoregressive" replaces the variance by the long-run variance of a first-order
autoregression, with its coefficient corrected for small samples and never taken below 0; `batch` first
averages so many successive readings (7 takes a weekly pattern out). "independent" is for readings that are.
`tests/bench/guardrail_alarms.py` counts the false alarms in 2,000 years on the margin: 3.9 % at a
coefficient of 0.5 (5 % allowed; 21 % as if independent), but 7.0 % at 0.8 without a baseline and 3.1 %
with one of 90 days: where days are very alike, give a baseline.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.inference import Inference, agreeing
from stats.monitoring.equivalence import Better
from stats.monitoring.running_variance import Dependence, Running, running
from stats.panel import FloatArray
from stats.results import Estimate
from stats.words import figure

METHOD = "anytime_normal_mixture"
LARGEST = 700.0
"""Logarithm of the largest e-value that is told apart from larger ones."""
Side: TypeAlias = Literal["both", "above"]


@dataclass(frozen=True, eq=False)
class ConfidenceSequence:
    """What is known at each of L looks; every array has length L.

    last            index of the last value that the look used
    effect          mean of the values so far (less the baseline's mean)
    standard_error  of the effect, serial dependence included
    low, high       the sequence, intersected over the looks so far; low > high where nothing is left
    e_value         against "no effect"
    """

    alpha: float
    last: tuple[int, ...]
    effect: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    e_value: FloatArray

    def estimate(self, look: int = -1, *, unit: str = "") -> Estimate:
        """The effect at `look` with the inference that holds at all looks: p = 1 / largest e-value so far."""
        upto = len(self.effect) + look + 1 if look < 0 else look + 1
        if not 1 <= upto <= len(self.effect):
            raise EstimationError("look", f"{look} is none of the {len(self.effect)} looks")
        p_value = min(1.0, 1 / max(float(np.max(self.e_value[:upto])), 1e-300))
        low, high = float(self.low[upto - 1]), float(self.high[upto - 1])
        rejected = p_value <= self.alpha
        interval = agreeing(low, high, rejected=rejected) if low <= high else nothing_left()
        value, error = float(self.effect[upto - 1]), float(self.standard_error[upto - 1])
        return Estimate(value, Inference(METHOD, self.alpha, p_value, interval, error), unit)


@dataclass(frozen=True, eq=False)
class GuardrailWatch:
    """A guardrail read at each of L looks against its margin.

    worsening  by how much the metric is worse, at each look, in its unit
    harm       e-values against "it is not worse by more than the margin": large ones show harm
    safe       e-values against "it is worse by the margin or more": large ones rule that harm out
    alarm      the first look at which harm >= 1 / alpha; None if there is none
    cleared    likewise for safe
    """

    alpha: float
    margin: float
    last: tuple[int, ...]
    worsening: FloatArray
    harm: FloatArray
    safe: FloatArray
    alarm: int | None
    cleared: int | None

    def finding(self) -> Finding:
        """As a finding: its number is the worsening at the alarm, or at the last look."""
        margin = figure(self.margin)
        if self.alarm is not None:
            number = float(self.worsening[self.alarm])
            ko = f"안전 지표가 허용 한계({margin})를 넘어 악화되었습니다(추정 악화 {figure(number)})."
            en = f"The guardrail got worse beyond its margin of {margin} (by an estimated {figure(number)})."
            return Finding("fail", "guardrail", number, ko, en)
        number = float(self.worsening[-1])
        if self.cleared is not None:
            ko = f"허용 한계({margin})를 넘는 악화는 배제됩니다."
            en = f"A worsening beyond the margin of {margin} is ruled out."
            return Finding("ok", "guardrail", number, ko, en)
        ko = f"허용 한계({margin})를 넘는 악화를 아직 보이지도 배제하지도 못합니다."
        en = f"A worsening beyond the margin of {margin} is neither shown nor ruled out so far."
        return Finding("caution", "guardrail", number, ko, en)


@checked_arguments
def confidence_sequence(
    values: npt.ArrayLike,
    *,
    horizon: int,
    baseline: npt.ArrayLike | None = None,
    alpha: float = 0.05,
    first_look: int | None = None,
    batch: int = 1,
    dependence: Dependence = "autoregressive",
) -> ConfidenceSequence:
    """The sequence for the mean of `values` (n, in time order), less that of `baseline` (n0) if given.

    horizon     number of values at which the sequence is narrowest: the planned end. It stays valid beyond
    first_look  number of values before which nothing is said: at least 8 batches; without it 28 or
                8 batches, whichever is more
    Refused: values that are not finite, fewer than `first_look`, values that do not vary.
    """
    state = _running(values, baseline, horizon, alpha, first_look, batch, dependence)
    k = _relative_information(state, alpha, "both")
    half = threshold(k, alpha, "both") * state.standard_error
    e_value = np.exp(np.minimum(log_e_value(state.effect / state.standard_error, k, "both"), LARGEST))
    low = np.maximum.accumulate(state.effect - half)
    high = np.minimum.accumulate(state.effect + half)
    return ConfidenceSequence(alpha, state.last, state.effect, state.standard_error, low, high, e_value)


@checked_arguments
def watch_guardrail(
    values: npt.ArrayLike,
    *,
    margin: float,
    better: Better,
    horizon: int,
    baseline: npt.ArrayLike | None = None,
    alpha: float = 0.05,
    first_look: int | None = None,
    batch: int = 1,
    dependence: Dependence = "autoregressive",
) -> GuardrailWatch:
    """Whether a guardrail got worse by more than `margin` (0 or more, in its unit), read at every look.

    values  differences from the comparison (treated less control or counterfactual); the rest as in
            `confidence_sequence`. Each direction keeps its own alpha at all looks together.
    """
    if not 0 <= margin < math.inf:
        raise EstimationError("margin", f"must be 0 or more and finite, not {margin!r}")
    if better not in ("higher", "lower"):
        raise EstimationError("better", f"must be higher or lower, not {better!r}")
    state = _running(values, baseline, horizon, alpha, first_look, batch, dependence)
    k = _relative_information(state, alpha, "above")
    worsening = -state.effect if better == "higher" else state.effect
    z = (worsening - margin) / state.standard_error
    harm, safe = (np.exp(np.minimum(log_e_value(side * z, k, "above"), LARGEST)) for side in (1.0, -1.0))
    return GuardrailWatch(
        alpha, margin, state.last, worsening, harm, safe, _first(harm, alpha), _first(safe, alpha)
    )


def log_e_value(z: FloatArray, k: FloatArray, side: Side) -> FloatArray:
    """Logarithm of the mixture's e-value at z standard errors and relative information k."""
    found: FloatArray = z**2 * k / (2 * (1 + k)) - np.log1p(k) / 2
    if side == "above":
        from scipy.special import log_ndtr

        found = found + math.log(2) + log_ndtr(z * np.sqrt(k / (1 + k)))
    return found


def threshold(k: FloatArray, alpha: float, side: Side) -> FloatArray:
    """The z at which the e-value reaches 1 / alpha: the sequence's half width in standard errors."""
    both: FloatArray = np.sqrt(2 * (1 + k) / k * (math.log(1 / alpha) + np.log1p(k) / 2))
    if side == "both":
        return both
    # One-sided e-values rise with z and reach 1 / alpha somewhere below the two-sided threshold.
    low, high = np.zeros_like(both), both
    for _ in range(60):
        middle = (low + high) / 2
        short = log_e_value(middle, k, "above") < math.log(1 / alpha)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return high


def nothing_left() -> NotComputable:
    """The intersection over the looks is empty: the effect did not stay what it was."""
    return NotComputable(
        "nothing_left",
        "시점마다의 구간에 공통된 값이 없습니다: 효과가 일정하지 않았습니다.",
        "The intervals of the looks have no value in common: the effect did not stay constant.",
    )


def _running(
    values: npt.ArrayLike,
    baseline: npt.ArrayLike | None,
    horizon: int,
    alpha: float,
    first_look: int | None,
    batch: int,
    dependence: Dependence,
) -> Running:
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"must lie between 0 and 1, not {alpha!r}")
    return running(
        values, baseline, horizon=horizon, first_look=first_look, batch=batch, dependence=dependence
    )


def _relative_information(state: Running, alpha: float, side: Side) -> FloatArray:
    """k at each look: scaled so that the sequence is narrowest at the horizon (Waudby-Smith et al., B.2)."""
    level = alpha if side == "both" else min(2 * alpha, 0.99)
    best = -2 * math.log(level) + math.log1p(-2 * math.log(level))
    k: FloatArray = best * state.information / state.information_at_horizon
    return k


def _first(e_values: FloatArray, alpha: float) -> int | None:
    reached = np.flatnonzero(e_values >= 1 / alpha)
    return int(reached[0]) if len(reached) else None
