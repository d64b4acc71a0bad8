"""Tests of moment inequalities with nuisance parameters, conditional on the binding moment.

Under "the effect is theta" the moments A (b - tau) <= d hold in expectation for some post-period
effects tau with l'tau = theta. Andrews, Roth and Pakes (2023, Review of Economic Studies 90) test with

    eta = min over the free part of tau of the largest standardised moment
        = max over the vertices g of {g >= 0, X'g = 0, sd'g = 1} of g'(A b - d - theta a),

conditional on the vertex where the maximum is: there eta is a truncated normal. All vertices are listed
once by Fourier-Motzkin elimination of the nuisance parameters, so eta, its truncation and the test are
exact for all theta at once and no linear programme is solved. A vertex list grows quickly only where
many shape restrictions meet many periods; beyond `MOST_RAYS` that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stats.checks.honest_restrictions import Polyhedron
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

IntArray = npt.NDArray[np.intp]

MOST_RAYS = 3_000
"""Rays of the dual cone during the elimination; their comparison in pairs is what costs."""
ROUNDING = 1e-10
"""Differences below this share are rounding: equal vertices, moments without variance."""


@dataclass(frozen=True, eq=False)
class Moments:
    """The dual vertices of one polyhedron, seen through coefficients b (p) with their covariance.

    directions  V x p, A'g for each vertex g;  levels  V, g'(A b - d);  slopes  V, g'a
    covariance  p x p, of b
    """

    directions: FloatArray
    levels: FloatArray
    slopes: FloatArray
    covariance: FloatArray

    @classmethod
    def of(
        cls, polyhedron: Polyhedron, estimates: FloatArray, covariance: FloatArray, weights: FloatArray
    ) -> Moments:
        """The moments of `polyhedron` at `estimates` (p) for the effect weights'tau.

        Moments of periods before the reference alone are left out where the nuisance parameters are
        there to be eliminated, and kept for a single period after it, as the authors' program does.
        `EstimationError` where a moment has no variance or the vertices are too many.
        """
        after = len(weights)
        later = polyhedron.matrix[:, len(estimates) - after :]
        kept = np.abs(later).max(axis=1) > 0 if after > 1 else np.ones(len(later), dtype=bool)
        matrix, limits, later = polyhedron.matrix[kept], polyhedron.limits[kept], later[kept]
        variances = np.einsum("mp,pq,mq->m", matrix, covariance, matrix)
        scale = (matrix**2).sum(axis=1) * np.trace(covariance) / len(covariance)
        if not (variances > ROUNDING * scale).all():
            raise EstimationError("covariance", "leaves a moment of the restriction without variance")
        nuisance = later @ _orthogonal(weights)
        vertices = dual_vertices(nuisance, np.sqrt(variances))
        return cls(
            directions=vertices @ matrix,
            levels=vertices @ (matrix @ estimates - limits),
            slopes=vertices @ later @ weights / (weights @ weights),
            covariance=covariance,
        )

    @cached_property
    def _joint(self) -> FloatArray:
        """V x V, covariance of the vertices' values."""
        joint: FloatArray = self.directions @ self.covariance @ self.directions.T
        return joint

    def statistic(self, theta: FloatArray) -> FloatArray:
        """eta at each of `theta`."""
        largest: FloatArray = (self.levels[:, None] - self.slopes[:, None] * theta).max(axis=0)
        return largest

    def range_below(self, limit: float) -> tuple[float, float] | None:
        """The interval of theta with eta <= limit; None where there is none."""
        flat = np.abs(self.slopes) <= ROUNDING * np.abs(self.slopes).max()
        if (self.levels[flat] > limit).any():
            return None
        ends = (self.levels[~flat] - limit) / self.slopes[~flat]
        rising = self.slopes[~flat] > 0
        low, high = float(ends[rising].max(initial=-np.inf)), float(ends[~rising].min(initial=np.inf))
        return (low, high) if low <= high else None

    def least_favourable(self, draws: FloatArray, size: float) -> float:
        """The 1 - size quantile of eta where every moment binds; draws: n x p, noise of the coefficients.

        Andrews, Roth and Pakes (2023), section 6.2.
        """
        # einsum rather than a product of matrices: the same digits whatever the number of threads.
        values = np.einsum("np,vp->nv", draws, self.directions)
        return float(np.quantile(values.max(axis=1), 1 - size))

    def conditional_p(
        self,
        theta: FloatArray,
        *,
        highest: float = np.inf,
        slope: FloatArray | None = None,
        centre: float = 0.0,
        half: float = np.inf,
    ) -> FloatArray:
        """The chance of a larger eta given the binding vertex and what of the estimates is left, by theta.

        1 where eta <= 0: then no moment is violated in the sample. `highest` conditions on eta <= highest
        too (least-favourable hybrid); `slope` (p), `centre` and `half` on |slope'b - theta| <= half, with
        centre = slope'b as observed (hybrid with a fixed-length interval).
        """
        values = self.levels[:, None] - self.slopes[:, None] * theta
        binding = values.argmax(axis=0)
        eta = values[binding, np.arange(len(theta))]
        variance = np.diag(self._joint)[binding]
        certain = variance <= ROUNDING * np.diag(self._joint).max()
        safe = np.where(certain, 1.0, variance)
        shares = self._joint[:, binding] / safe
        low, high = _truncation(values - shares * eta, shares)
        high = np.minimum(high, highest)
        if slope is not None:
            moved = (self.directions @ self.covariance @ slope)[binding] / safe
            low, high = _within(low, high, eta, moved, centre - theta, half)
        spread = np.sqrt(safe)
        chance = upper_share(eta / spread, np.minimum(low, eta) / spread, np.maximum(high, eta) / spread)
        chance = np.where(certain, 0.0, chance)
        found: FloatArray = np.where(eta > 0, chance, 1.0)
        return found


def dual_vertices(nuisance: FloatArray, deviations: FloatArray) -> FloatArray:
    """The vertices of {g >= 0, nuisance'g = 0, deviations'g = 1}: V x m.

    nuisance: m x k; deviations: m, positive. Fourier-Motzkin elimination: the extreme rays of g >= 0 are
    cut by one hyperplane after the other, and of the combinations only those stay whose support holds no
    other ray's support (Chernikov's rule).
    """
    rays = np.eye(len(nuisance))
    for number, column in enumerate(_echelon(nuisance).T):
        values = rays @ column
        values[np.abs(values) <= ROUNDING * np.abs(rays).max(axis=1)] = 0.0
        above, below = _pairs(rays, values, most=number + 2)
        if len(above) > MOST_RAYS:
            raise _too_many()
        pairs = rays[above] * -values[below, None] + rays[below] * values[above, None]
        rays = np.vstack([rays[values == 0], pairs / pairs.max(axis=1, keepdims=True, initial=0.0)])
        if len(rays) > MOST_RAYS:
            raise _too_many()
        rays = rays[_minimal(rays > 0)]
    if not len(rays):
        raise EstimationError("restriction", "does not bound the effect")
    vertices: FloatArray = rays / (rays @ deviations)[:, None]
    return vertices


def _pairs(rays: FloatArray, values: FloatArray, *, most: int) -> tuple[IntArray, IntArray]:
    """Rays on either side of the hyperplane whose supports together have at most `most` members.

    An extreme ray within k hyperplanes has no more than k + 1 members, so no other pair can give one.
    """
    above, below = np.flatnonzero(values > 0), np.flatnonzero(values < 0)
    support = (rays > 0).astype(np.float64)
    sizes = support.sum(axis=1)
    union = sizes[above][:, None] + sizes[below] - support[above] @ support[below].T
    first, second = np.nonzero(union <= most)
    return above[first], below[second]


def upper_share(value: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """P(Z > value | low <= Z <= high) of a standard normal Z, also far out in the tails."""
    return np.exp(_log_between(value, high) - _log_between(low, high))


def _too_many() -> EstimationError:
    return EstimationError("restriction", "has too many vertices over so many periods: shorten the horizon")


def _log_between(low: FloatArray, high: FloatArray) -> FloatArray:
    """log P(low < Z < high), on the side of zero where the tails keep their digits."""
    from scipy.special import log_ndtr

    mirrored = low + high < 0
    near, far = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    head, tail = log_ndtr(-near), log_ndtr(-far)
    with np.errstate(divide="ignore"):
        found: FloatArray = head + np.log(-np.expm1(np.minimum(tail - head, 0.0)))
    return found


def _truncation(rests: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Between which values v the vertex stays the largest: rests + shares v <= v, all V x n."""
    room = 1 - shares
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = rests / room
    low = np.where(room > ROUNDING, ends, -np.inf).max(axis=0)
    high = np.where(room < -ROUNDING, ends, np.inf).min(axis=0)
    return low, high


def _within(
    low: FloatArray, high: FloatArray, eta: FloatArray, moved: FloatArray, distance: FloatArray, half: float
) -> tuple[FloatArray, FloatArray]:
    """The truncation cut to where |distance + moved (v - eta)| <= half."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([eta + (-half - distance) / moved, eta + (half - distance) / moved])
    still = np.abs(moved) <= ROUNDING
    lowest = np.where(still, -np.inf, ends.min(axis=0))
    highest = np.where(still, np.inf, ends.max(axis=0))
    return np.maximum(low, lowest), np.minimum(high, highest)


def _orthogonal(weights: FloatArray) -> FloatArray:
    """A sparse basis of the vectors orthogonal to `weights`: n x (n - 1)."""
    pivot = int(np.argmax(np.abs(weights)))
    basis = np.eye(len(weights))
    basis[pivot] = -weights / weights[pivot]
    kept: FloatArray = np.delete(basis, pivot, axis=1)
    return kept


def _echelon(matrix: FloatArray) -> FloatArray:
    """A basis of the column space with an identity in some rows, so that the elimination stays small."""
    reduced = matrix.copy()
    rank, limit = 0, ROUNDING * np.abs(matrix).max(initial=0.0)
    for row in range(len(matrix)):
        if rank == matrix.shape[1]:
            break
        place = rank + int(np.argmax(np.abs(reduced[row, rank:])))
        if abs(reduced[row, place]) <= limit:
            continue
        reduced[:, [rank, place]] = reduced[:, [place, rank]]
        reduced[:, rank] /= reduced[row, rank]
        others = np.arange(matrix.shape[1]) != rank
        reduced[:, others] -= np.outer(reduced[:, rank], reduced[row, others])
        rank += 1
    return reduced[:, :rank]


def _minimal(supports: BoolArray) -> BoolArray:
    """Which rays have a support that holds no other's; of equal supports the first."""
    inside = supports.astype(np.float64)
    held = (inside @ (1 - inside).T) == 0
    same = held & held.T
    earlier = np.tril(same, k=-1).any(axis=1)
    strictly = (held & ~held.T).any(axis=0)
    minimal: BoolArray = ~(earlier | strictly)
    return minimal
