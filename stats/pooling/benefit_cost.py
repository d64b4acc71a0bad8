"""Benefits and costs over the years, with the uncertainty of the effect and of the prices carried through.

The net present value is  A + B x effect:  streams in won a year, some of them for each unit of the effect,
discounted to year 0. The effect and every uncertain stream are drawn together many times (Boardman et al.
2018, chapter 11); the share of draws in which benefits exceed costs is the probability that they do, given
the data and a flat prior on the effect. The break-even effect -A / B needs no draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.inference import Inference, Interval, silent
from stats.numerics.wald import quantile
from stats.panel import FloatArray
from stats.results import Estimate
from stats.words import figure, percent

METHOD = "simulated_net_present_value"
LIKELY = 0.95
"""At or above this probability benefits are said to exceed costs; at or below its complement, not to."""


@dataclass(frozen=True)
class Stream:
    """Whole won in each year from year 0 on; a benefit adds and a cost takes away.

    per_effect      True: won for each unit of the effect, which may be negative where the effect is
    relative_error  standard deviation of a common factor with mean 1, lognormal: 0.2 is an uncertainty of
                    20 %; 0 for amounts that are known
    """

    name: str
    kind: Literal["benefit", "cost"]
    won: tuple[int, ...]
    per_effect: bool = False
    relative_error: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in ("benefit", "cost"):
            raise EstimationError("kind", f"{self.name}: must be benefit or cost, not {self.kind!r}")
        if not self.won or any(type(amount) is not int for amount in self.won):
            raise EstimationError("won", f"{self.name}: must be whole won, one amount for each year")
        if not 0 <= self.relative_error < math.inf:
            raise EstimationError("relative_error", f"{self.name}: must be 0 or more and finite")

    def present(self, discount_rate: float) -> float:
        """Its won in year 0, without sign: amounts of year t are divided by (1 + rate)^t."""
        return sum(amount / (1 + discount_rate) ** year for year, amount in enumerate(self.won))


@dataclass(frozen=True)
class Driver:
    """How far the net present value spreads (standard deviation, won) if this alone is uncertain."""

    name: str
    spread_won: float


@dataclass(frozen=True)
class BenefitCost:
    """Present values in won, as floats.

    net             benefits less costs at the estimated effect, with its simulated interval
    ratio           benefits over costs; a reason without costs
    probability     that benefits exceed costs; a reason where the effect's uncertainty is not known
    break_even      effect at which they are equal; a reason where no stream depends on it
    drivers         the effect and each uncertain stream, the largest first; empty where it is not known
    draws           number of draws
    """

    net: Estimate
    benefits: float
    costs: float
    ratio: float | NotComputable
    probability: float | NotComputable
    break_even: float | NotComputable
    drivers: tuple[Driver, ...]
    draws: int

    def finding(self) -> Finding:
        """As a finding: its number is the probability."""
        if isinstance(self.probability, NotComputable):
            reason = self.probability
            return Finding("caution", "benefit_cost", reason, reason.sentence_ko, reason.sentence_en)
        share = _cautious(self.probability)
        amount = figure(self.net.value)
        ko = f"편익이 비용보다 클 확률은 {share}입니다. 추정 순현재가치는 {amount}원입니다."
        en = f"Benefits exceed costs with probability {share}; the net present value is some {amount} won."
        level: Literal["ok", "caution", "fail"] = "caution"
        if self.probability >= LIKELY:
            level = "ok"
        elif self.probability <= 1 - LIKELY:
            level = "fail"
        return Finding(level, "benefit_cost", self.probability, ko, en)


@checked_arguments
def benefit_cost(
    streams: Sequence[Stream],
    effect: Estimate,
    *,
    discount_rate: float,
    rng: np.random.Generator,
    draws: int = 10_000,
    alpha: float = 0.05,
) -> BenefitCost:
    """Weigh `streams` at `effect`, whose unit is that of the streams that go with it.

    discount_rate  a year, at least 0 and below 1
    The effect is drawn from its t or normal distribution; where a method gives an interval alone, from two
    half normals that put as much beyond each end as the interval does. Without ends there are no draws.
    Refused: no streams, the same name twice, fewer than 1,000 draws.
    """
    _check(streams, effect, discount_rate, draws, alpha)
    present = [stream.present(discount_rate) * (1 if stream.kind == "benefit" else -1) for stream in streams]
    at_effect = [
        amount * (effect.value if stream.per_effect else 1)
        for stream, amount in zip(streams, present, strict=True)
    ]
    kinds = [stream.kind for stream in streams]
    benefits = sum(value for value, kind in zip(at_effect, kinds, strict=True) if kind == "benefit")
    costs = -sum(value for value, kind in zip(at_effect, kinds, strict=True) if kind == "cost")
    slope = sum(amount for stream, amount in zip(streams, present, strict=True) if stream.per_effect)
    fixed = sum(amount for stream, amount in zip(streams, present, strict=True) if not stream.per_effect)
    effects = _effects(effect, draws, rng)
    probability: float | NotComputable
    drivers: tuple[Driver, ...] = ()
    if isinstance(effects, NotComputable):
        inference, probability = silent(METHOD, alpha, effects), effects
    else:
        factors = np.array([_factors(stream, draws, rng) for stream in streams])
        net = _net(streams, present, effects, factors)
        inference, probability = _inference(net, alpha), float(np.mean(net > 0))
        drivers = _drivers(streams, present, effect.value, effects, factors)
    return BenefitCost(
        net=Estimate(benefits - costs, inference, "won"),
        benefits=benefits,
        costs=costs,
        ratio=benefits / costs if costs > 0 else no_costs(),
        probability=probability,
        break_even=-fixed / slope if slope else no_stream_of_the_effect(),
        drivers=drivers,
        draws=draws,
    )


def no_costs() -> NotComputable:
    """A ratio needs something to divide by."""
    return NotComputable(
        "no_costs",
        "비용이 없어 편익/비용 비를 계산할 수 없습니다.",
        "There are no costs to divide the benefits by.",
    )


def no_stream_of_the_effect() -> NotComputable:
    """Where nothing depends on the effect, no size of it makes benefits and costs equal."""
    return NotComputable(
        "no_stream_of_the_effect",
        "효과에 따라 달라지는 항목이 없어 손익분기 효과를 계산할 수 없습니다.",
        "No stream depends on the effect, so there is no break-even effect.",
    )


def effect_without_ends() -> NotComputable:
    """An effect whose interval is unbounded or missing cannot be drawn."""
    return NotComputable(
        "effect_without_ends",
        "효과의 불확실성에 끝이 없거나 알려져 있지 않아 편익이 비용보다 클 확률을 계산할 수 없습니다.",
        "How uncertain the effect is has no bound or is not known, so no probability can be given.",
    )


def _effects(effect: Estimate, draws: int, rng: np.random.Generator) -> FloatArray | NotComputable:
    inference = effect.inference
    if isinstance(inference.interval, NotComputable):
        return inference.interval
    error, dof = inference.standard_error, inference.dof
    if (
        error is not None
        and not math.isinf(inference.interval.low)
        and not math.isinf(inference.interval.high)
    ):
        noise = rng.standard_normal(draws) if dof is None else rng.standard_t(dof, draws)
        return effect.value + error * noise
    return _two_pieces(effect.value, inference.interval, inference.alpha, draws, rng)


def _two_pieces(
    value: float, interval: Interval, alpha: float, draws: int, rng: np.random.Generator
) -> FloatArray | NotComputable:
    if math.isinf(interval.low) or math.isinf(interval.high):
        return effect_without_ends()
    z = quantile(alpha, None)
    below, above = max(0.0, value - interval.low) / z, max(0.0, interval.high - value) / z
    noise = rng.standard_normal(draws)
    drawn: FloatArray = value + np.where(noise < 0, below, above) * noise
    return drawn


def _factors(stream: Stream, draws: int, rng: np.random.Generator) -> FloatArray:
    """Lognormal with mean 1 and the stream's relative error."""
    if stream.relative_error == 0:
        return np.ones(draws)
    variance = math.log1p(stream.relative_error**2)
    factors: FloatArray = np.exp(math.sqrt(variance) * rng.standard_normal(draws) - variance / 2)
    return factors


def _net(
    streams: Sequence[Stream], present: Sequence[float], effects: FloatArray, factors: FloatArray
) -> FloatArray:
    total = np.zeros(len(effects))
    for stream, amount, factor in zip(streams, present, factors, strict=True):
        total += amount * factor * (effects if stream.per_effect else 1.0)
    return total


def _drivers(
    streams: Sequence[Stream],
    present: Sequence[float],
    value: float,
    effects: FloatArray,
    factors: FloatArray,
) -> tuple[Driver, ...]:
    still = np.full_like(effects, value)
    found = []
    if any(stream.per_effect for stream in streams):
        alone = _net(streams, present, effects, np.ones_like(factors))
        found.append(Driver("effect", float(np.std(alone))))
    for place, stream in enumerate(streams):
        if stream.relative_error > 0:
            alone = _net([stream], [present[place]], still, factors[place : place + 1])
            found.append(Driver(stream.name, float(np.std(alone))))
    return tuple(sorted(found, key=lambda driver: -driver.spread_won))


def _inference(net: FloatArray, alpha: float) -> Inference:
    """Quantiles of the draws, and twice the smaller share beyond zero: both by the same ranks.

    p = 2 (1 + #) / (B + 1), # the draws at or beyond 0; the ends are the k-th draws from outside with
    k = floor(alpha (B + 1) / 2), so that 0 lies outside exactly when p <= alpha.
    """
    ordered = np.sort(net)
    count = len(ordered)
    beyond = min(int(np.sum(ordered <= 0)), int(np.sum(ordered >= 0)))
    p_value = min(1.0, 2 * (1 + beyond) / (count + 1))
    rank = max(1, math.floor(Fraction(str(alpha)) * (count + 1) / 2))
    interval = Interval(float(ordered[rank - 1]), float(ordered[count - rank]))
    return Inference(METHOD, alpha, p_value, interval)


def _cautious(probability: float) -> str:
    """A simulated probability is never said to be certain."""
    if probability > 0.999:
        return "> 99.9%"
    return "< 0.1%" if probability < 0.001 else percent(probability)


def _check(
    streams: Sequence[Stream], effect: Estimate, discount_rate: float, draws: int, alpha: float
) -> None:
    if not streams or len({stream.name for stream in streams}) < len(streams):
        raise EstimationError("streams", "need at least one, and different names")
    if not math.isfinite(effect.value):
        raise EstimationError("effect", f"must be finite, not {effect.value!r}")
    if not 0 <= discount_rate < 1:
        raise EstimationError("discount_rate", f"must be at least 0 and below 1, not {discount_rate!r}")
    if draws < 1000:
        raise EstimationError("draws", f"must be 1,000 or more, not {draws!r}")
    if not 2 / (draws + 1) <= alpha < 1:
        raise EstimationError("alpha", f"must lie between 2 / (draws + 1) and 1, not {alpha!r}")
