"""The wild cluster bootstrap of a t test (Cameron, Gelbach, Miller 2008; MacKinnon, Nielsen, Webb 2023).

Each draw turns the residuals of whole clusters by random factors v_g and computes the t statistic, with
the clustered error G/(G-1) (n-1)/(n-p), anew. In the orthonormal coordinates of `ClusteredRegression`,
turned so that the first is the contrast under test, the hypothesis "the contrast is c" fixes the first
coordinate and leaves the others as they are. With d the distance of the estimate from c in that
coordinate, the restricted scores of cluster g are linear in it, S_g + d E_g, and a draw gives

    w = sum_g v_g (S_g + d E_g),     t* = w_1 / sqrt( factor sum_g (v_g (S_g + d E_g)_1 - E_g'w)^2 ).

Squares expand into products of w with k x k sums, so a draw costs k products with v and each further
hypothesis c only a polynomial in d: the interval, by inversion of the test, comes almost free. The
variance of every draw is CV1's; the scores are plain (WCR-C and WCU-C of MacKinnon, Nielsen and Webb 2023,
type 11 of fwildclusterboot) or jackknifed (WCR-S and WCU-S, type 31).

All 2^G sign vectors are used where there are no more than the draws asked for, and the test is two-sided
and symmetric, as in fwildclusterboot and Stata's boottest. The share of draws as extreme as the actual
statistic counts the actual one, so that the p-value is never 0 and holds its level; those two count the
draws that are more extreme, which `count_actual=False` repeats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.clusters.clustered_regression import ALONE, ClusteredRegression
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval, silent
from stats.numerics.search import outward
from stats.panel import FloatArray

RESTRICTED = "wild_cluster_bootstrap_restricted"
UNRESTRICTED = "wild_cluster_bootstrap_unrestricted"

Multiplier = Literal["rademacher", "webb", "mammen", "normal"]
Scores = Literal["plain", "jackknife"]

SAME = 1e-9
"""Statistics that differ by less than this share are ties: enumerated sign vectors have many."""


@dataclass(frozen=True)
class WildBootstrap:
    """The estimate, its conventional t statistic, and the bootstrap's verdict.

    estimate    of the contrast;  standard_error  clustered, with the small-sample factor
    draws       bootstrap statistics compared with;  enumerated  whether these are all there are
    """

    estimate: float
    standard_error: float
    t: float
    inference: Inference
    draws: int
    enumerated: bool


@checked_arguments
def wild_bootstrap(
    regression: ClusteredRegression,
    contrast: npt.ArrayLike | int,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    restricted: bool = True,
    multiplier: Multiplier = "rademacher",
    scores: Scores = "plain",
    draws: int = 9_999,
    count_actual: bool = True,
) -> WildBootstrap:
    """Test and interval of `contrast` (index of a regressor, or k numbers).

    restricted  impose the hypothesis on the residuals (WCR); else WCU, too liberal with few clusters
    multiplier  Rademacher signs; Webb's six points for fewer than about ten clusters; Mammen's two
                points; standard normal
    scores      "jackknife" multiplies each cluster's residuals by (1 - its leverage)^-1 first (WCR-31,
                WCU-31), which helps where clusters are of unequal size
    draws       of the multipliers;  count_actual  see the module

    A contrast that one cluster alone identifies (one treated cluster) gets no inference. `EstimationError`
    refuses unknown options and fewer than 99 draws.
    """
    if multiplier not in get_args(Multiplier):
        raise EstimationError("multiplier", f"must be one of {', '.join(get_args(Multiplier))}")
    if scores not in get_args(Scores):
        raise EstimationError("scores", f"must be one of {', '.join(get_args(Scores))}")
    if draws < 99:
        raise EstimationError("draws", f"must be at least 99, not {draws}")
    direction = regression.coordinates(contrast)
    turned = _Turned.of(regression, direction, jackknife=scores == "jackknife", restricted=restricted)
    method = RESTRICTED if restricted else UNRESTRICTED
    length = float(np.linalg.norm(direction))
    error = turned.error
    estimate, distance = turned.first * length, turned.first
    reason = _silence(regression, direction, turned)
    if reason is not None:
        return WildBootstrap(estimate, 0.0, math.nan, silent(method, alpha, reason), 0, False)
    enumerated = multiplier == "rademacher" and 2**regression.clusters <= draws
    factors = (
        _signs(regression.clusters) if enumerated else _drawn(multiplier, regression.clusters, draws, rng)
    )
    statistics = _Statistics.of(turned, factors)
    # Among all sign vectors the actual one stands already.
    extra = int(count_actual and not enumerated)
    margin = 1 - SAME if count_actual else 1 + SAME

    def p_value(effect: float) -> float:
        d = distance - effect / length
        extreme = int(np.sum(statistics.at(d if restricted else 0.0) >= abs(d) / error * margin))
        return float((extreme + extra) / (factors.shape[1] + extra))

    inference = _inverted(
        p_value, estimate, error * length, alpha=alpha, method=method, count=factors.shape[1]
    )
    return WildBootstrap(
        estimate=estimate,
        standard_error=error * length,
        t=distance / error,
        inference=inference,
        draws=factors.shape[1],
        enumerated=enumerated,
    )


def _inverted(
    p_value: Callable[[float], float],
    estimate: float,
    error: float,
    *,
    alpha: float,
    method: str,
    count: int,
) -> Inference:
    """The interval round the estimate within which p(c) stays above alpha, and p(0)."""
    level = float(Fraction(str(alpha)))
    own = p_value(0.0)
    ends = [outward(lambda c: p_value(c) > level, estimate, sign * error) for sign in (-1.0, 1.0)]
    # p(c) need not fall everywhere on the way out: what decides about zero is p(0).
    low, high = ends
    if own > level:
        low, high = min(low, 0.0), max(high, 0.0)
    elif low <= 0 <= high:
        inside = outward(lambda c: p_value(c) > level, estimate, -estimate, limit=1.0)
        nearest = math.nextafter(0.0, estimate)
        low, high = (max(inside, nearest), high) if estimate > 0 else (low, min(inside, nearest))
    endless = math.isinf(low) or math.isinf(high)
    reason = reasons.test_never_rejects(alpha) if endless else None
    return Inference(method, alpha, own, Interval(low, high, reason), standard_error=error, placebos=count)


def _silence(regression: ClusteredRegression, direction: FloatArray, turned: _Turned) -> NotComputable | None:
    """Why there is no error to be had, if so."""
    if regression.sole_cluster(direction) is not None:
        return reasons.one_cluster_identifies()
    # A residual that is rounding of the fitted values has no spread to speak of.
    size = max(abs(turned.first), float(np.linalg.norm(regression.solution)))
    return None if turned.error > 1e-12 * size else reasons.no_variation()


@dataclass(frozen=True, eq=False)
class _Turned:
    """The regression in coordinates of which the first is the contrast.

    first     the estimate in that coordinate;  error  its clustered standard error
    fitted    G x k, E_g: first row of the cluster's Gram matrix
    fixed     G x k, S_g: scores of the unrestricted residuals
    moving    G x k, what is added to them per unit of distance between estimate and hypothesis
    factor    small-sample factor of the variance
    """

    first: float
    error: float
    fitted: FloatArray
    fixed: FloatArray
    moving: FloatArray
    factor: float

    @classmethod
    def of(
        cls, regression: ClusteredRegression, direction: FloatArray, *, jackknife: bool, restricted: bool
    ) -> _Turned:
        basis = _basis(direction)
        gram = basis.T @ regression.gram @ basis
        fixed = regression.scores @ basis
        groups, n, p = regression.clusters, regression.observations, regression.parameters
        factor = groups / (groups - 1) * (n - 1) / (n - p)
        error = math.sqrt(factor * float((fixed[:, 0] ** 2).sum()))
        fitted, moving = gram[:, 0, :], gram[:, :, 0]
        if jackknife:
            fixed, moving = _jackknifed(gram, fixed, moving, restricted=restricted)
        first = float(regression.solution @ basis[:, 0])
        return cls(first, error, fitted, fixed, moving, factor)


def _jackknifed(
    gram: FloatArray, fixed: FloatArray, moving: FloatArray, *, restricted: bool
) -> tuple[FloatArray, FloatArray]:
    """Scores of the residuals (1 - H_gg)^-1 u_g, H the hat matrix of the (restricted) regressors.

    By Woodbury (1 - q q')^-1 = 1 + q (sum of the other clusters' Gram matrices)^-1 q'.
    """
    free = slice(1, None) if restricted else slice(None)
    inner = gram[:, free, free]
    others = np.eye(inner.shape[1]) - inner
    both = np.stack([fixed, moving], axis=2)
    # Directions that a cluster alone identifies have no residuals there; the pseudo-inverse skips them.
    inverse = np.linalg.pinv(others, rcond=ALONE, hermitian=True)
    both = both + gram[:, :, free] @ inverse @ both[:, free, :]
    return both[:, :, 0], both[:, :, 1]


@dataclass(frozen=True, eq=False)
class _Statistics:
    """|t*| of every draw as a function of the distance d: numerator linear, variance quadratic in d."""

    numerator: FloatArray
    variance: FloatArray
    factor: float

    @classmethod
    def of(cls, turned: _Turned, factors: FloatArray) -> _Statistics:
        """factors: G x B, each cluster's multiplier in each draw."""
        k = turned.fitted.shape[1]
        own = turned.fixed[:, 0], turned.moving[:, 0]
        rows = np.hstack(
            [turned.fixed, turned.moving, *(values[:, None] * turned.fitted for values in own)]
        ).T
        products = rows @ factors
        w = products[:k], products[k : 2 * k]
        y = products[2 * k : 3 * k], products[3 * k :]
        middle = turned.fitted.T @ turned.fitted
        squares = np.array([own[0] ** 2, 2 * own[0] * own[1], own[1] ** 2]) @ factors**2
        turned_w = middle @ w[0], middle @ w[1]
        variance = np.array(
            [
                squares[0] + (w[0] * (turned_w[0] - 2 * y[0])).sum(axis=0),
                squares[1] + 2 * (w[0] * (turned_w[1] - y[1]) - w[1] * y[0]).sum(axis=0),
                squares[2] + (w[1] * (turned_w[1] - 2 * y[1])).sum(axis=0),
            ]
        )
        return cls(np.array([w[0][0], w[1][0]]), variance, turned.factor)

    def at(self, distance: float) -> FloatArray:
        """|t*| of each draw under the hypothesis at `distance` from the estimate; B."""
        numerator = np.abs(self.numerator[0] + distance * self.numerator[1])
        square = self.variance[0] + distance * (self.variance[1] + distance * self.variance[2])
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = numerator / np.sqrt(self.factor * np.maximum(square, 0.0))
        # 0/0: a draw that moves neither the estimate nor its error says nothing against the hypothesis.
        known: FloatArray = np.where(np.isnan(statistic), 0.0, statistic)
        return known


def _basis(direction: FloatArray) -> FloatArray:
    """An orthonormal matrix with `direction` as its first column (a Householder reflection)."""
    unit = direction / np.linalg.norm(direction)
    mirror = unit.copy()
    mirror[0] += 1.0 if unit[0] >= 0 else -1.0
    reflection = np.eye(len(unit)) - 2 * np.outer(mirror, mirror) / (mirror @ mirror)
    turned: FloatArray = reflection * (-1.0 if unit[0] >= 0 else 1.0)
    return turned


def _signs(groups: int) -> FloatArray:
    """All 2^G vectors of signs, G x 2^G, the one of ones first."""
    bits = (np.arange(2**groups) >> np.arange(groups)[:, None]) & 1
    return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)


def _drawn(multiplier: Multiplier, groups: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Independent multipliers of mean 0 and variance 1, G x draws."""
    if multiplier == "normal":
        return rng.standard_normal((groups, draws))
    if multiplier == "mammen":
        golden = math.sqrt(5)
        low = rng.random((groups, draws)) < (golden + 1) / (2 * golden)
        return np.asarray(np.where(low, (1 - golden) / 2, (1 + golden) / 2), dtype=np.float64)
    if multiplier == "webb":
        points = np.array([-math.sqrt(1.5), -1.0, -math.sqrt(0.5), math.sqrt(0.5), 1.0, math.sqrt(1.5)])
        return points[rng.integers(0, 6, (groups, draws), dtype=np.int8)]
    bits = np.unpackbits(np.frombuffer(rng.bytes((groups * draws + 7) // 8), dtype=np.uint8))
    return np.asarray(bits[: groups * draws].reshape(groups, draws) * 2.0 - 1.0, dtype=np.float64)
