"""What a group-sequential trial says about the effect: at any look, and once it has stopped."""

from __future__ import annotations

import math
from collections.abc import Callable

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, agreeing
from stats.monitoring.sequential import Boundaries, crossing_above

REPEATED = "repeated_interval"
STAGEWISE = "stagewise_ordering"
LEAST_LEVEL, MOST_LEVEL = 1e-12, 0.999


@checked_arguments
def repeated(
    plan: Callable[[float], Boundaries], look: int, estimate: float, standard_error: float, *, alpha: float
) -> Inference:
    """estimate +- boundary x standard error at `look` (from 0): valid at every look, stopped or not.

    plan  the boundaries for a level, such as `lambda level: spending_boundaries(looks, alpha=level)`; the
          p-value is the least level whose boundary the statistic reaches (Jennison and Turnbull 1989).
          It lies between 1e-12 and 0.999, beyond which it is reported as 1e-12 and 1. A one-sided plan
          has an interval without upper end.
    """
    z = _checked(estimate, standard_error)
    boundaries = plan(alpha)
    if not 0 <= look < len(boundaries.upper):
        raise EstimationError("look", f"must be one of 0 to {len(boundaries.upper) - 1}, not {look}")
    one_sided = boundaries.sides == 1
    size = z if one_sided else abs(z)

    def short(level: float) -> float:
        bound = plan(level).upper[look]
        return min(bound, 1e6) - size

    from scipy.optimize import brentq

    bound = boundaries.upper[look]
    if short(MOST_LEVEL) > 0:
        p_value = 1.0
    elif short(LEAST_LEVEL) <= 0:
        p_value = LEAST_LEVEL
    else:
        p_value = float(brentq(short, LEAST_LEVEL, MOST_LEVEL, xtol=1e-13, rtol=1e-10))
    rejected = size >= bound
    # The root has some rounding; the boundary itself decides on which side of alpha it lies.
    p_value = min(p_value, alpha) if rejected else max(p_value, math.nextafter(alpha, 1.0))
    low = estimate - bound * standard_error
    high = math.inf if one_sided else estimate + bound * standard_error
    open_end = nothing_spent() if math.isinf(bound) else one_sided_plan() if one_sided else None
    return Inference(
        REPEATED, alpha, p_value, agreeing(low, high, rejected=rejected, unbounded=open_end), standard_error
    )


@checked_arguments
def stagewise(
    boundaries: Boundaries, look: int, estimate: float, standard_error: float, *, alpha: float
) -> tuple[float, Inference]:
    """The median-unbiased effect and its inference for a trial that ended at `look` (from 0).

    Outcomes are ordered by stage: crossing the upper boundary early is most extreme (Armitage 1957;
    Tsiatis, Rosner and Mehta 1984). estimate and standard_error are those at that look, unadjusted.
    """
    z = _checked(estimate, standard_error)
    if not 0 <= look < len(boundaries.information):
        raise EstimationError("look", f"{look} is none of the {len(boundaries.information)} looks")
    unit = standard_error * math.sqrt(boundaries.information[look])
    from scipy.optimize import brentq

    def above(effect: float) -> float:
        return crossing_above(boundaries, look, z, effect / unit)

    def effect_where(probability: float) -> float:
        low, high = estimate - 4 * standard_error, estimate + 4 * standard_error
        while above(low) > probability:
            low -= 4 * standard_error
        while above(high) < probability:
            high += 4 * standard_error
        return float(
            brentq(lambda effect: above(effect) - probability, low, high, xtol=1e-10 * standard_error)
        )

    at_zero = above(0.0)
    p_value = min(1.0, 2 * min(at_zero, 1 - at_zero))
    ends = effect_where(alpha / 2), effect_where(1 - alpha / 2)
    interval = agreeing(*ends, rejected=p_value <= alpha)
    return effect_where(0.5), Inference(STAGEWISE, alpha, p_value, interval)


def nothing_spent() -> NotComputable:
    """A look before any error may be spent excludes no value."""
    return NotComputable(
        "nothing_spent",
        "이 시점까지는 쓸 수 있는 오류 확률이 없어 어떤 값도 배제할 수 없습니다.",
        "No error may be spent by this look, so no value can be ruled out.",
    )


def one_sided_plan() -> NotComputable:
    """Boundaries on one side leave the other open."""
    return NotComputable(
        "one_sided_plan",
        "한쪽 검정으로 계획되어 구간의 다른 쪽에는 끝이 없습니다.",
        "The plan tests one side, so the interval is open on the other.",
    )


def _checked(estimate: float, standard_error: float) -> float:
    if not math.isfinite(estimate):
        raise EstimationError("estimate", f"must be finite, not {estimate!r}")
    if not 0 < standard_error < math.inf:
        raise EstimationError("standard_error", f"must be above 0 and finite, not {standard_error!r}")
    return estimate / standard_error
