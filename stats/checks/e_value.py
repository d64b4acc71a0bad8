"""How strong an unmeasured confounder must be to explain an effect away (VanderWeele and Ding 2017).

A confounder that raises the outcome's risk RR_UD times, and is RR_EU times as frequent with treatment,
biases a risk ratio at most RR_EU RR_UD / (RR_EU + RR_UD - 1) times (Ding and VanderWeele 2016). The E-value
is the least strength that suffices where both are alike: with RR above 1 (or its inverse), RR + sqrt(RR (RR -
1)). A difference of d standard deviations counts as the risk ratio exp(0.91 d) (VanderWeele 2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import Finding
from stats.inference import Interval
from stats.results import Estimate

PER_DEVIATION = 0.91
"""Logarithm of the risk ratio that a standard deviation's difference counts as."""
LARGEST_LOG = 300.0
"""Of a risk ratio, beyond which it is no number to speak of."""
WEAK = 1.5
"""A confounder of this strength is nothing unusual: an E-value below it is a caution. A convention."""


@dataclass(frozen=True)
class EValue:
    """Risk ratios, 1 and more: of the estimate, and of the interval's end next to no effect (1 where the
    interval holds no effect)."""

    estimate: float
    limit: float

    def finding(self) -> Finding:
        """The strength at which a confounder could carry the interval to no effect."""
        number = f"{self.limit:.2f}"
        if self.limit == 1:
            return Finding(
                "caution",
                "e_value",
                1.0,
                "효과 없음을 배제하지 못하므로, 측정되지 않은 교란이 없어도 결론이 서지 않습니다.",
                "No effect is not ruled out, even without any unmeasured confounding.",
            )
        return Finding(
            "ok" if self.limit >= WEAK else "caution",
            "e_value",
            self.limit,
            f"측정되지 않은 요인이 결론을 뒤집으려면 시행 여부와 결과 양쪽에 각각 위험비 {number} 이상으로 "
            "연관되어야 합니다(E값).",
            f"Only an unmeasured factor tied to both treatment and outcome by risk ratios of {number} or "
            "more could explain the conclusion away (E-value).",
        )


@checked_arguments
def e_value(ratio: float, low: float, high: float) -> EValue:
    """Of a risk ratio (or a rate ratio; an odds ratio of a rare outcome) and its interval.

    Refused: ratios that are not positive and finite, and an interval without the ratio.
    """
    for name, value in (("ratio", ratio), ("low", low), ("high", high)):
        if not 0 < value < math.inf:
            raise EstimationError(name, f"must be positive and finite, not {value!r}")
    if not low <= ratio <= high:
        raise EstimationError("ratio", "must lie in its interval")
    nearest = 1.0 if low <= 1 <= high else low if low > 1 else high
    return EValue(_strength(ratio), _strength(nearest))


@checked_arguments
def e_value_of_difference(estimate: Estimate, standard_deviation: float) -> EValue:
    """Of a difference in means and its interval, on the outcome's `standard_deviation` (above 0) among units.

    Refused: an estimate without an interval of two ends, and differences beyond any risk ratio.
    """
    if not 0 < standard_deviation < math.inf:
        raise EstimationError(
            "standard_deviation", f"must be positive and finite, not {standard_deviation!r}"
        )
    interval = estimate.inference.interval
    if not isinstance(interval, Interval) or interval.unbounded is not None:
        raise EstimationError("estimate", "needs an interval with two ends")
    ends = estimate.value, interval.low, interval.high
    logs = [PER_DEVIATION * end / standard_deviation for end in ends]
    if max(abs(log) for log in logs) > LARGEST_LOG:
        raise EstimationError("standard_deviation", "is out of all proportion to the difference")
    # A permutation interval need not hold the estimate; the ratio is then the end next to it.
    ratio, low, high = (math.exp(log) for log in logs)
    return e_value(min(max(ratio, low), high), low, high)


def _strength(ratio: float) -> float:
    above = ratio if ratio >= 1 else 1 / ratio
    return above + math.sqrt(above * (above - 1))
