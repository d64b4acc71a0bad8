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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.honest_flci import FixedLength, folded_tail, shortest
from stats.honest_moments import Moments
from stats.honest_restrictions import Restriction, differences, polyhedra
from stats.inference import Inference, Interval
from stats.panel import FloatArray
from stats.words import figure

Method = Literal["flci", "conditional", "hybrid_lf", "hybrid_flci"]

GRID = 1_000
"""Effects at which the tests are inverted, per polyhedron, before the ends are refined."""
DRAWS = 20_000
"""Draws for the least-favourable critical value."""
FIRST_LOOK = 10
"""The hybrids spend alpha / FIRST_LOOK on their first look."""
WIDEST, WIDENINGS = 20.0, 6
"""Deviations that the grid of the conditional test spans at first, and how often they may double."""
MOST = 1_000.0
"""A breakdown value beyond this multiple of the bound's own scale is told as none."""


@dataclass(frozen=True, eq=False)
class EventCoefficients:
    """Coefficients of an event study around its reference period, approximately normal.

    estimates   float64, p: `before` leads, earliest first, then the effects from the start on; the
                reference (zero) between them is left out
    covariance  float64, p x p, symmetric and positive definite
    before      number of leads
    """

    estimates: FloatArray
    covariance: FloatArray
    before: int

    def __post_init__(self) -> None:
        estimates = np.array(self.estimates, dtype=np.float64)
        covariance = np.array(self.covariance, dtype=np.float64)
        count = estimates.size
        if estimates.ndim != 1 or not np.isfinite(estimates).all():
            raise EstimationError("estimates", "must be a vector of finite numbers")
        if covariance.shape != (count, count) or not np.isfinite(covariance).all():
            raise EstimationError("covariance", f"must be {count} x {count} finite numbers")
        spread = np.sqrt(np.abs(np.diag(covariance)))
        if not (spread > 0).all():
            raise EstimationError("covariance", "leaves a coefficient without variance")
        scaled = covariance / np.outer(spread, spread)
        if np.abs(scaled - scaled.T).max() > 1e-8 or np.linalg.eigvalsh(scaled)[0] < 1e-10:
            raise EstimationError("covariance", "is not symmetric and positive definite")
        if not 1 <= self.before < count:
            raise EstimationError("before", f"{self.before} of {count} coefficients leaves none on one side")
        object.__setattr__(self, "estimates", estimates)
        object.__setattr__(self, "covariance", (covariance + covariance.T) / 2)

    @property
    def after(self) -> int:
        """Number of effects from the start on."""
        return len(self.estimates) - self.before

    def weights(self, weights: npt.ArrayLike | None) -> FloatArray:
        """The weights (after) of the effect asked for; the first effect alone where none are given."""
        if weights is None:
            return np.eye(self.after)[0]
        found = np.array(weights, dtype=np.float64)
        if found.shape != (self.after,) or not np.isfinite(found).all() or not np.abs(found).max() > 0:
            raise EstimationError("weights", f"must be {self.after} finite numbers that are not all zero")
        return found


@dataclass(frozen=True)
class RobustEffect:
    """The confidence set of an effect under one bound: p-value of zero, and the hull of the set.

    `inference.interval` is not computable where the data reject the restriction itself, whatever the effect.
    """

    restriction: Restriction
    bound: float
    inference: Inference


def original(
    event: EventCoefficients, *, weights: npt.ArrayLike | None = None, alpha: float = 0.05
) -> Inference:
    """The conventional normal interval, valid under parallel trends alone."""
    chosen = event.weights(weights)
    deviation = math.sqrt(chosen @ event.covariance[event.before :, event.before :] @ chosen)
    slope = np.concatenate([np.zeros(event.before), chosen])
    estimator = FixedLength(slope, 0.0, deviation, _normal(alpha) * deviation)
    return _of_fixed_length(event, estimator, "normal", alpha)


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
    reach    look no further than so many standard errors of weights'effects from zero

    `EstimationError` for methods that the restriction does not allow, and for fewer leads than it needs.
    """
    return _Search(event, restriction, event.weights(weights), alpha, method, rng, reach).at(bound)


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
    search = _Search(event, restriction, event.weights(weights), alpha, method, rng, reach)
    return tuple(search.at(bound) for bound in bounds)


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
    search = _Search(event, restriction, event.weights(weights), alpha, method, rng, math.inf)

    def rejects(bound: float) -> bool:
        return search.at(bound).inference.excludes_zero is True

    if not rejects(0.0):
        return _nothing_to_break()
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


def smoothness_upper_bound(event: EventCoefficients, *, alpha: float = 0.05) -> float:
    """An M that the leads allow: their largest change of slope plus its one-sided margin of error.

    With one lead, where no change of slope is seen before the reference, its standard error.
    """
    if event.before == 1:
        return math.sqrt(float(event.covariance[0, 0]))
    steps = differences(event.before, 0, 2)
    leads = slice(0, event.before)
    deviations = np.sqrt(np.einsum("mp,pq,mq->m", steps, event.covariance[leads, leads], steps))
    return float((np.abs(steps @ event.estimates[leads]) + _normal(2 * alpha) * deviations).max())


def breakdown_finding(value: float | NotComputable, restriction: Restriction, unit: str = "") -> Finding:
    """The breakdown value as a finding: below a violation as large as any before the start it is a caution.

    For "smoothness", which has no such yardstick, the finding is a caution only where nothing holds.
    """
    if isinstance(value, NotComputable):
        level: Literal["ok", "caution"] = "ok" if value.reason_code == "never_breaks" else "caution"
        return Finding(level, "breakdown", value, value.sentence_ko, value.sentence_en)
    told = figure(value)
    if restriction.kind == "smoothness":
        told = f"{told} {unit}".rstrip()
        return Finding(
            "ok",
            "breakdown",
            value,
            f"추세 기울기가 기간마다 {told} 이내로만 변한다면 결론이 유지됩니다(붕괴값).",
            f"The conclusion holds as long as the slope of the differential trend changes by at most {told} "
            f"per period (breakdown value).",
        )
    return Finding(
        "ok" if value >= 1 else "caution",
        "breakdown",
        value,
        f"시행 후 추세 위반이 시행 전 최대 위반의 {told}배 이내라면 결론이 유지됩니다(붕괴값).",
        f"The conclusion holds as long as trends after the start differ by at most {told} times the largest "
        f"difference before it (breakdown value).",
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """One question, asked at several bounds with the same draws."""

    event: EventCoefficients
    restriction: Restriction
    weights: FloatArray
    alpha: float
    asked: Method | None
    rng: np.random.Generator | None
    reach: float

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise EstimationError("alpha", f"{self.alpha} is not between 0 and 1")
        relative = self.restriction.kind != "smoothness"
        if self.method == "flci" and (relative or self.restriction.shaped):
            raise EstimationError("method", "flci knows no shape and no relative bound")
        if self.method == "hybrid_flci" and relative:
            raise EstimationError("method", "hybrid_flci needs the bound of smoothness")
        if self.method == "hybrid_lf":
            if self.rng is None:
                raise EstimationError("rng", "hybrid_lf draws its critical value")
            draws = self.rng.standard_normal((DRAWS, len(self.event.estimates)))
            values, vectors = np.linalg.eigh(self.event.covariance)
            root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
            # Made once, so that sets at growing bounds do not differ by chance.
            object.__setattr__(self, "draws", np.einsum("np,pq->nq", draws, root))

    draws: FloatArray | None = None

    @property
    def method(self) -> Method:
        if self.asked is not None:
            if self.asked not in ("flci", "conditional", "hybrid_lf", "hybrid_flci"):
                raise EstimationError("method", f"{self.asked!r} is unknown")
            return self.asked
        if self.restriction.kind != "smoothness":
            return "hybrid_lf"
        return "hybrid_flci" if self.restriction.shaped else "flci"

    @property
    def first(self) -> float:
        """The size of the hybrids' first look."""
        return self.alpha / FIRST_LOOK

    def at(self, bound: float) -> RobustEffect:
        event = self.event
        pieces = polyhedra(self.restriction, bound, before=event.before, after=event.after)
        if self.method == "flci":
            estimator = shortest(event.covariance, self.weights, bound, alpha=self.alpha)
            inference = _of_fixed_length(event, estimator, "honest_flci", self.alpha)
            return RobustEffect(self.restriction, bound, inference)
        first = (
            shortest(event.covariance, self.weights, bound, alpha=self.first)
            if self.method == "hybrid_flci"
            else None
        )
        moments = [Moments.of(piece, event.estimates, event.covariance, self.weights) for piece in pieces]
        thetas, chances = [np.zeros(1)], [np.zeros(1)]
        for one in moments:
            p_values, low, high = self._test(one, first)
            if low > high:
                continue
            looked = _looked_at(p_values, low, high, self.alpha)
            thetas.append(looked)
            chances.append(p_values(looked))
            chances[0] = np.maximum(chances[0], p_values(np.zeros(1)))
        inference = _hull(
            np.concatenate(thetas), np.concatenate(chances), f"honest_{self.method}", self.alpha
        )
        return RobustEffect(self.restriction, bound, inference)

    def _test(
        self, moments: Moments, first: FixedLength | None
    ) -> tuple[Callable[[FloatArray], FloatArray], float, float]:
        """The p-value as a function of the effect, and the interval outside which all are rejected."""
        if self.method == "conditional":
            test = partial(moments.conditional_p)
            low, high = self._widened(moments, test)
        elif self.method == "hybrid_lf":
            assert self.draws is not None
            critical = moments.least_favourable(self.draws, self.first)
            test = partial(self._after_critical, moments, critical)
            low, high = moments.range_below(critical) or (math.inf, -math.inf)
        else:
            assert first is not None
            centre = float(first.slope @ self.event.estimates)
            test = partial(self._after_interval, moments, first, centre)
            low, high = centre - first.half, centre + first.half
        return test, *self._reached(low, high)

    def _after_critical(self, moments: Moments, critical: float, theta: FloatArray) -> FloatArray:
        chance = moments.conditional_p(theta, highest=critical)
        later = self.first + (1 - self.first) * chance
        found: FloatArray = np.where(moments.statistic(theta) > critical * (1 + 1e-12), self.first, later)
        return found

    def _after_interval(
        self, moments: Moments, first: FixedLength, centre: float, theta: FloatArray
    ) -> FloatArray:
        chance = moments.conditional_p(theta, slope=first.slope, centre=centre, half=first.half)
        outside = np.abs(theta - centre) > first.half * (1 + 1e-12)
        found: FloatArray = np.where(outside, self.first, self.first + (1 - self.first) * chance)
        return found

    def _widened(self, moments: Moments, test: Callable[[FloatArray], FloatArray]) -> tuple[float, float]:
        """A range at whose ends the conditional test rejects; without a first look nothing else bounds it."""
        limit = WIDEST
        for _ in range(WIDENINGS):
            found = moments.range_below(limit)
            if found is not None and (test(np.array(found)) <= self.alpha).all():
                return found
            limit *= 2
        return found or (math.inf, -math.inf)

    def _reached(self, low: float, high: float) -> tuple[float, float]:
        if math.isinf(self.reach):
            return low, high
        before = self.event.before
        deviation = math.sqrt(self.weights @ self.event.covariance[before:, before:] @ self.weights)
        return max(low, -self.reach * deviation), min(high, self.reach * deviation)


def _looked_at(
    p_values: Callable[[FloatArray], FloatArray], low: float, high: float, alpha: float
) -> FloatArray:
    """A grid from `low` to `high`, and the ends of the accepted part to full precision."""
    grid = np.linspace(low, high, GRID)
    accepted = np.flatnonzero(p_values(grid) > alpha)
    if not len(accepted):
        return grid
    ends = []
    for place, outward in ((int(accepted[0]), -1), (int(accepted[-1]), 1)):
        inside = float(grid[place])
        if 0 <= place + outward < GRID:
            outside = float(grid[place + outward])
            for _ in range(40):
                middle = (inside + outside) / 2
                if p_values(np.array([middle]))[0] > alpha:
                    inside = middle
                else:
                    outside = middle
        ends.append(inside)
    return np.concatenate([grid, ends])


def _hull(theta: FloatArray, chances: FloatArray, method: str, alpha: float) -> Inference:
    """The hull of the accepted effects, and the p-value of zero whose inversion the hull is.

    That p-value is the smaller of the largest on either side of zero: what is needed to keep zero
    between two effects that are not rejected.
    """
    p_value = float(min(chances[theta <= 0].max(), chances[theta >= 0].max()))
    accepted = theta[chances > alpha]
    if not len(accepted):
        return Inference(method, alpha, min(p_value, alpha), _restriction_rejected())
    return Inference(method, alpha, p_value, Interval(float(accepted.min()), float(accepted.max())))


def _of_fixed_length(
    event: EventCoefficients, estimator: FixedLength, method: str, alpha: float
) -> Inference:
    centre, deviation = float(estimator.slope @ event.estimates), estimator.deviation
    interval = Interval(centre - estimator.half, centre + estimator.half)
    p_value = min(1.0, folded_tail(abs(centre) / deviation, estimator.bias / deviation))
    # The quantile is known to 1e-13; where zero is an end of the interval that decides.
    p_value = max(p_value, math.nextafter(alpha, 1)) if interval.contains(0.0) else min(p_value, alpha)
    return Inference(method, alpha, p_value, interval, standard_error=deviation)


def _normal(alpha: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - alpha / 2))


def _restriction_rejected() -> NotComputable:
    return NotComputable(
        "restriction_rejected",
        "시행 전 계수가 이 가정 자체와 맞지 않아 어떤 효과값도 검정을 통과하지 못합니다.",
        "The coefficients before the start reject the restriction itself: no effect passes the test.",
    )


def _nothing_to_break() -> NotComputable:
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
