"""HonestDiD: what an event study still says where parallel trends may fail by a stated amount.

Robust confidence sets of Rambachan and Roth (2023, Review of Economic Studies 90) for a weighted mean
of the effects after the start, under a `Restriction` (smoothness M, relative magnitudes Mbar, ...) and a
bound on it; and the breakdown value, the bound up to which zero stays rejected.

    flci           the shortest interval of fixed length; for "smoothness" without shape only
    conditional    the test conditional on the binding moment (Andrews, Roth, Pakes 2023), inverted
    hybrid_lf      the same after a first look of size alpha / 10 at the least-favourable critical value
    hybrid_flci    the same after a first look at the fixed-length interval of level 1 - alpha / 10

The set of all effects that a test does not reject need not be an interval; as in the authors' R program
HonestDiD its hull is reported, found on a grid of `GRID` effects and then refined by bisection. That
program searches no further than 20 standard errors from zero and reports the end of its grid where the
set reaches beyond; here the set is followed to its end unless `reach` says otherwise (reach=20 gives the
program's figures).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.checks.honest_flci import FixedLength
from stats.checks.honest_restrictions import Restriction, differences
from stats.checks.honest_sets import (
    EventCoefficients,
    Method,
    RobustEffect,
    Search,
    normal_quantile,
    of_fixed_length,
)
from stats.findings import Finding, NotComputable
from stats.inference import Inference
from stats.words import figure, with_unit, with_unit_ko

MOST = 1_000.0
"""A breakdown value beyond this multiple of the bound's own scale is told as none."""


@checked_arguments
def original(
    event: EventCoefficients, *, weights: npt.ArrayLike | None = None, alpha: float = 0.05
) -> Inference:
    """The conventional normal interval, valid under parallel trends alone."""
    chosen = event.weights(weights)
    deviation = math.sqrt(chosen @ event.covariance[event.before :, event.before :] @ chosen)
    slope = np.concatenate([np.zeros(event.before), chosen])
    estimator = FixedLength(slope, 0.0, deviation, normal_quantile(alpha) * deviation)
    return of_fixed_length(event, estimator, "normal", alpha)


@checked_arguments
def robust(
    event: EventCoefficients,
    restriction: Restriction,
    bound: float,
    *,
    weights: npt.ArrayLike | None = None,
    alpha: float = 0.05,
    method: Method | None = None,
    rng: np.random.Generator | None = None,
    reach: float = math.inf,
) -> RobustEffect:
    """The robust confidence set for weights'effects (default: the first) under `restriction` at `bound`.

    bound    M >= 0 in units of the outcome per squared period ("smoothness"), else Mbar >= 0
    method   default: "flci" for smoothness, "hybrid_flci" for smoothness with a shape, else "hybrid_lf"
    rng      draws the least-favourable critical value; "hybrid_lf" needs it
    reach    look no further than so many standard errors of weights'effects from zero (for smoothness:
             from what is possible after flat leads)

    `EstimationError` for methods that the restriction does not allow, and for fewer leads than it needs.
    """
    return Search(event, restriction, event.weights(weights), alpha, method, rng, reach).at(bound)


@checked_arguments
def sensitivity(
    event: EventCoefficients,
    restriction: Restriction,
    bounds: Sequence[float],
    *,
    weights: npt.ArrayLike | None = None,
    alpha: float = 0.05,
    method: Method | None = None,
    rng: np.random.Generator | None = None,
    reach: float = math.inf,
) -> tuple[RobustEffect, ...]:
    """`robust` at each of `bounds`, with the same draws for all."""
    search = Search(event, restriction, event.weights(weights), alpha, method, rng, reach)
    return tuple(search.at(bound) for bound in bounds)


@checked_arguments
def breakdown(
    event: EventCoefficients,
    restriction: Restriction,
    *,
    weights: npt.ArrayLike | None = None,
    alpha: float = 0.05,
    method: Method | None = None,
    rng: np.random.Generator | None = None,
) -> float | NotComputable:
    """The largest bound at which zero is still rejected, to three digits.

    A reason where zero is not rejected even at bound 0, and where it is at any bound looked at.
    """
    search = Search(event, restriction, event.weights(weights), alpha, method, rng, math.inf)

    def rejects(bound: float) -> bool:
        return search.at(bound).inference.excludes_zero is True

    if not rejects(0.0):
        return nothing_to_break()
    scale = smoothness_upper_bound(event) if restriction.kind == "smoothness" else 1.0
    low, high = 0.0, scale
    while rejects(high):
        low, high = high, 2 * high
        if high > MOST * scale:
            return _never_breaks()
    while high - low > 5e-4 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if rejects(middle) else (low, middle)
    return low


@checked_arguments
def smoothness_upper_bound(event: EventCoefficients, *, alpha: float = 0.05) -> float:
    """An M that the leads allow: their largest change of slope plus its one-sided margin of error.

    With one lead, where no change of slope is seen before the reference, its standard error.
    """
    if event.before == 1:
        return math.sqrt(float(event.covariance[0, 0]))
    steps = differences(event.before, 0, 2)
    leads = slice(0, event.before)
    deviations = np.sqrt(np.einsum("mp,pq,mq->m", steps, event.covariance[leads, leads], steps))
    return float((np.abs(steps @ event.estimates[leads]) + normal_quantile(2 * alpha) * deviations).max())


def breakdown_finding(
    value: float | NotComputable, restriction: Restriction, unit: str = "", unit_ko: str = ""
) -> Finding:
    """The breakdown value as a finding: below a violation as large as any before the start it is a caution.

    For "smoothness", which has no such yardstick, the finding is a caution only where nothing holds.
    """
    smooth = restriction.kind == "smoothness"
    code = "breakdown_smoothness" if smooth else "breakdown"
    if isinstance(value, NotComputable):
        level: Literal["ok", "caution"] = "ok" if value.reason_code == "never_breaks" else "caution"
        return Finding(level, code, value, value.sentence_ko, value.sentence_en)
    told = figure(value)
    if smooth:
        told_ko, told = with_unit_ko(told, unit_ko or unit), with_unit(told, unit)
        return Finding(
            "ok" if value > 0 else "caution",
            code,
            value,
            f"추세 기울기가 기간마다 {told_ko} 이내로만 변한다면 결론이 유지됩니다(붕괴값).",
            f"The conclusion holds as long as the slope of the differential trend changes by at most {told} "
            f"per period (breakdown value).",
        )
    return Finding(
        "ok" if value >= 1 else "caution",
        code,
        value,
        f"시행 후 추세 위반이 시행 전 최대 위반의 {told}배 이내라면 결론이 유지됩니다(붕괴값).",
        f"The conclusion holds as long as trends after the start differ by at most {told} times the largest "
        f"difference before it (breakdown value).",
    )


def nothing_to_break() -> NotComputable:
    """No conclusion that a violation could overturn."""
    return NotComputable(
        "nothing_to_break",
        "평행추세를 그대로 가정해도 효과 0을 배제할 수 없어 붕괴값이 없습니다.",
        "Zero is not ruled out even without any violation, so there is no breakdown value.",
    )


def _never_breaks() -> NotComputable:
    return NotComputable(
        "never_breaks",
        "살펴본 어떤 크기의 추세 위반에서도 결론이 바뀌지 않습니다.",
        "No violation that was looked at, however large, overturns the conclusion.",
    )
