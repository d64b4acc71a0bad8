"""Robust confidence sets: the tests of `stats.checks.honest_moments` inverted over a grid of effects.

The set of all effects that a test does not reject need not be an interval; its hull is what is kept, found
on a grid of `GRID` effects and then refined by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.checked import finite
from stats.checks.honest_flci import FixedLength, folded_tail, later_bias, shortest
from stats.checks.honest_moments import Moments
from stats.checks.honest_restrictions import Restriction, polyhedra
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval
from stats.numerics.covariances import checked_covariance
from stats.panel import FloatArray

Method = Literal["flci", "conditional", "hybrid_lf", "hybrid_flci"]

GRID = 1_000
"""Effects at which the tests are inverted, per polyhedron, before the ends are refined."""
DRAWS = 20_000
"""Draws for the least-favourable critical value."""
FIRST_LOOK = 10
"""The hybrids spend alpha / FIRST_LOOK on their first look."""
WIDEST, WIDENINGS = 20.0, 6
"""Deviations that the grid of the conditional test spans at first, and how often they may double."""


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
        estimates = finite("estimates", self.estimates, 1).copy()
        count = estimates.size
        covariance = checked_covariance(self.covariance, count)
        if not 1 <= self.before < count:
            raise EstimationError("before", f"{self.before} of {count} coefficients leaves none on one side")
        object.__setattr__(self, "estimates", estimates)
        object.__setattr__(self, "covariance", covariance)

    @classmethod
    def by_period(
        cls,
        periods: Sequence[int],
        estimates: npt.ArrayLike,
        covariance: npt.ArrayLike,
        *,
        reference: int = -1,
    ) -> EventCoefficients:
        """From coefficients in any order at `periods` relative to the start, with or without the reference's.

        The periods and the reference must follow each other without a gap: the restrictions speak of
        neighbouring periods.
        """
        times = np.array(periods, dtype=np.int64)
        values, matrix = finite("estimates", estimates, 1), finite("covariance", covariance, 2)
        if values.shape != times.shape or matrix.shape != (len(times), len(times)):
            raise EstimationError("periods", "need one coefficient and one row of the covariance each")
        order = np.argsort(times, kind="stable")
        order = order[times[order] != reference]
        whole = np.sort(np.append(times[order], reference))
        if (np.diff(whole) != 1).any():
            raise EstimationError(
                "periods", f"and the reference {reference} must follow each other without gap"
            )
        before = int((times[order] < reference).sum())
        return cls(values[order], matrix[np.ix_(order, order)], before)

    @property
    def after(self) -> int:
        """Number of effects from the start on."""
        return len(self.estimates) - self.before

    def weights(self, weights: npt.ArrayLike | None) -> FloatArray:
        """The weights (after) of the effect asked for; the first effect alone where none are given."""
        if weights is None:
            first: FloatArray = np.eye(1, self.after, dtype=np.float64)[0]
            return first
        found = finite("weights", weights, 1)
        if found.shape != (self.after,) or not np.abs(found).max() > 0:
            raise EstimationError("weights", f"must be {self.after} finite numbers that are not all zero")
        return found


@dataclass(frozen=True)
class RobustEffect:
    """The confidence set of an effect under one bound: p-value of zero, and the hull of the set.

    `inference.interval` is not computable where the data reject the restriction itself, whatever the effect.
    The hybrids' p-value is never below the size of their first look.
    """

    restriction: Restriction
    bound: float
    inference: Inference


@dataclass(frozen=True, eq=False)
class Search:
    """One question, asked at several bounds with the same draws."""

    event: EventCoefficients
    restriction: Restriction
    weights: FloatArray
    alpha: float
    asked: Method | None
    rng: np.random.Generator | None
    reach: float
    draws: FloatArray | None = field(default=None, init=False)

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

    @property
    def method(self) -> Method:
        """The one asked for, or the restriction's default."""
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
        """The set under `bound`: the union over the restriction's polyhedra."""
        event = self.event
        pieces = polyhedra(self.restriction, bound, before=event.before, after=event.after)
        if self.method == "flci":
            estimator = shortest(event.covariance, self.weights, bound, alpha=self.alpha)
            inference = of_fixed_length(event, estimator, "honest_flci", self.alpha)
            return RobustEffect(self.restriction, bound, inference)
        first = (
            shortest(event.covariance, self.weights, bound, alpha=self.first)
            if self.method == "hybrid_flci"
            else None
        )
        moments = [Moments.of(piece, event.estimates, event.covariance, self.weights) for piece in pieces]
        thetas, chances = [np.zeros(1)], [np.zeros(1)]
        for one in moments:
            p_values, low, high = self._test(one, first, bound)
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
        self, moments: Moments, first: FixedLength | None, bound: float
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
        return test, *self._reached(low, high, bound)

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

    def _reached(self, low: float, high: float, bound: float) -> tuple[float, float]:
        if math.isinf(self.reach):
            return low, high
        before = self.event.before
        deviation = math.sqrt(self.weights @ self.event.covariance[before:, before:] @ self.weights)
        bias = bound * later_bias(self.weights) if self.restriction.kind == "smoothness" else 0.0
        limit = bias + self.reach * deviation
        return max(low, -limit), min(high, limit)


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


def of_fixed_length(event: EventCoefficients, estimator: FixedLength, method: str, alpha: float) -> Inference:
    centre, deviation = float(estimator.slope @ event.estimates), estimator.deviation
    interval = Interval(centre - estimator.half, centre + estimator.half)
    p_value = min(1.0, folded_tail(abs(centre) / deviation, estimator.bias / deviation))
    # The quantile is known to 1e-13; where zero is an end of the interval that decides.
    p_value = max(p_value, math.nextafter(alpha, 1)) if interval.contains(0.0) else min(p_value, alpha)
    return Inference(method, alpha, p_value, interval, standard_error=deviation)


def normal_quantile(alpha: float) -> float:
    """What a standard normal exceeds in absolute value with probability `alpha`."""
    from scipy.special import ndtri

    return float(ndtri(1 - alpha / 2))


def _restriction_rejected() -> NotComputable:
    return NotComputable(
        "restriction_rejected",
        "시행 전 계수가 이 가정 자체와 맞지 않아 어떤 효과값도 검정을 통과하지 못합니다.",
        "The coefficients before the start reject the restriction itself: no effect passes the test.",
    )
