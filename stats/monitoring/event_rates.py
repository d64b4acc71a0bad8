"""Two event rates, exactly: given the total, the treated events are binomial.

Przyborowski and Wilenski (1940); events of each side are Poisson with a rate for each unit of exposure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stats.arguments import checked_arguments, number
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval, agreeing
from stats.monitoring.equivalence import Better

METHOD = "rate_ratio_exact_conditional"


@dataclass(frozen=True)
class Count:
    """`events` (whole, 0 or more) over an `exposure` above 0, such as vehicle-kilometres or days."""

    events: int
    exposure: float

    def __post_init__(self) -> None:
        events, exposure = number("events", self.events), number("exposure", self.exposure)
        if events < 0 or not events.is_integer():
            raise EstimationError("events", f"must be whole and 0 or more, not {self.events!r}")
        if not 0 < exposure < math.inf:
            raise EstimationError("exposure", f"must be above 0 and finite, not {self.exposure!r}")


@dataclass(frozen=True)
class RateRatio:
    """treated rate / control rate, its exact interval, and both on the logarithm's scale as an inference.

    value  a reason where the control had no event
    """

    value: float | NotComputable
    interval: Interval
    log: Inference


@checked_arguments
def rate_ratio(treated: Count, control: Count, *, alpha: float = 0.05) -> RateRatio:
    """The ratio with the interval of Clopper and Pearson (1934) for the treated share of the events.

    The p-value (in `log`, of a ratio of 1) doubles the smaller tail, as the interval does: programs that
    add up the less likely counts instead give a p-value that can contradict their interval.
    """
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"must lie between 0 and 1, not {alpha!r}")
    from scipy.special import betaincinv

    x, y = treated.events, control.events
    scale = control.exposure / treated.exposure
    low = 0.0 if x == 0 else _odds(float(betaincinv(x, y + 1, alpha / 2))) * scale
    high = math.inf if y == 0 else _odds(float(betaincinv(x + 1, y, 1 - alpha / 2))) * scale
    p_value = min(1.0, 2 * min(_at_most(treated, control, 1.0), _at_least(treated, control, 1.0)))
    open_end = no_events() if x == 0 or y == 0 else None
    log = agreeing(
        -math.inf if low == 0 else math.log(low),
        math.inf if high == math.inf else math.log(high),
        rejected=p_value <= alpha,
        unbounded=open_end,
    )
    return RateRatio(
        value=no_events() if y == 0 else x / y * scale,
        interval=Interval(low, high, open_end if high == math.inf else None),
        log=Inference(METHOD, alpha, p_value, log),
    )


def rate_margin_test(
    treated: Count, control: Count, *, ratio: float, better: Better, mid_p: bool = False
) -> float:
    """The one-sided p-value of "treated / control is as bad as `ratio`, or worse".

    ratio  1 or more where lower is better (accidents), above 0 and at most 1 where higher is
    mid_p  count the observed number half (Lancaster 1961): closer to the level, no longer exact
    """
    if better not in ("higher", "lower"):
        raise EstimationError("better", f"must be higher or lower, not {better!r}")
    if not (1 <= ratio < math.inf if better == "lower" else 0 < ratio <= 1):
        side = "1 or more" if better == "lower" else "above 0 and at most 1"
        raise EstimationError("ratio", f"must be {side} where {better} is better, not {ratio!r}")
    at_most, at_least = _at_most(treated, control, ratio), _at_least(treated, control, ratio)
    tail = at_most if better == "lower" else at_least
    return tail - (at_most + at_least - 1) / 2 if mid_p else tail


def no_events() -> NotComputable:
    """Without an event on one side the ratio has no finite bound there."""
    return NotComputable(
        "no_events",
        "한쪽에 사건이 한 건도 없어 발생률 비의 한쪽 끝을 정할 수 없습니다.",
        "One side saw no event, so the ratio of rates has no bound on one side.",
    )


def _odds(share: float) -> float:
    return share / (1 - share)


def _treated_share(treated: Count, control: Count, ratio: float) -> float:
    return ratio * treated.exposure / (ratio * treated.exposure + control.exposure)


def _at_most(treated: Count, control: Count, ratio: float) -> float:
    """P(treated events <= observed | total), at this ratio of rates."""
    from scipy.special import bdtr

    total = treated.events + control.events
    return float(bdtr(treated.events, total, _treated_share(treated, control, ratio)))


def _at_least(treated: Count, control: Count, ratio: float) -> float:
    from scipy.special import bdtrc

    total = treated.events + control.events
    share = _treated_share(treated, control, ratio)
    return float(bdtrc(treated.events - 1, total, share)) if treated.events else 1.0
