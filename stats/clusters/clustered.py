"""Clustered errors for few clusters: CR1, and CR2 with Satterthwaite degrees of freedom.

CR2 inflates each cluster's residuals by A_g = ((I - H)_gg)^(-1/2), which makes the variance unbiased
when errors are independent and alike (Bell and McCaffrey 2002), and matches the degrees of freedom of
its t statistic to its first two moments under that working model (Pustejovsky and Tipton 2018, with
the period effects, which are not nested in clusters, kept in H). Weights are read as inverse
variances in the working model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.numerics.fixed_effects import Regression, TwoWay
from stats.panel import FloatArray

IntArray = npt.NDArray[np.intp]

NULL_SPACE = 1e-8
"""Eigenvalues of (I - H)_gg (all within 0 and 1) below this belong to directions that H fits exactly."""


def cr1(
    regression: Regression, clusters: IntArray, *, effects_counted: Literal["outside", "all"] = "outside"
) -> FloatArray:
    """Covariance of the coefficients, k x k: the sandwich times G/(G-1) (n-1)/(n-K).

    clusters: number of the cluster of each unit, 0 to G-1. K counts the regressors, the constant and
    the period effects; unit effects lie within clusters and are counted only with "all" (as the
    textbook formula on dummies does; "outside" is what current panel software does).
    """
    scores = _by_cluster(np.einsum("ait,it->ia", regression.design, regression.residuals), clusters)
    groups, n = len(scores), regression.observations
    units, periods = regression.residuals.shape
    counted = len(regression.coefficients) + periods + (units - 1 if effects_counted == "all" else 0)
    middle = scores.T @ scores
    factor = groups / (groups - 1) * (n - 1) / (n - counted)
    covariance: FloatArray = regression.bread @ middle @ regression.bread * factor
    return covariance


@dataclass(frozen=True, eq=False)
class CR2:
    """The CR2 covariance with what its degrees of freedom need.

    With e_g the cluster's adjusted regressors times the bread (cells x k), the covariance is
    sum_g (e_g'u_g)(e_g'u_g)', and the t statistic of a contrast has the moments of the quadratic form
    whose Gram matrix between clusters g and h is  delta_gh own_g - shared_g'shared_h.

    covariance  k x k;  own  G x k x k;  shared  G x r x k
    """

    covariance: FloatArray
    own: FloatArray
    shared: FloatArray
    bread: FloatArray

    def dof(self, contrasts: FloatArray) -> FloatArray:
        """Satterthwaite degrees of freedom of each of the `contrasts` (k x q)."""
        own = np.einsum("aq,gab,bq->qg", contrasts, self.own, contrasts)
        shared = np.einsum("gra,aq->qgr", self.shared, contrasts)
        dofs = []
        for diagonal, spread in zip(own, shared, strict=True):
            lengths = (spread**2).sum(axis=1)
            squares = (diagonal**2).sum() - 2 * diagonal @ lengths + _twice(spread, spread)[0]
            dofs.append((diagonal.sum() - lengths.sum()) ** 2 / squares)
        return np.array(dofs)

    def joint_dof(self, contrasts: FloatArray) -> float:
        """Degrees of freedom eta of the Wald test of all `contrasts` (k x q) at once.

        eta = q (q + 1) / sum of the variances of the standardised covariance's entries, the "HTZ" test
        of Pustejovsky and Tipton (2018): F = (eta - q + 1) / (eta q) x Wald on q and eta - q + 1.
        """
        values, vectors = np.linalg.eigh(contrasts.T @ self.bread @ contrasts)
        standard = contrasts @ (vectors / np.sqrt(values)) @ vectors.T
        q = standard.shape[1]
        own = np.einsum("as,gab,bt->stg", standard, self.own, standard)
        shared = np.einsum("gra,as->sgr", self.shared, standard)
        total = 0.0
        for s in range(q):
            for t in range(q):
                lengths_s, lengths_t = (shared[s] ** 2).sum(axis=1), (shared[t] ** 2).sum(axis=1)
                cross = (shared[s] * shared[t]).sum(axis=1)
                same, swapped = _twice(shared[s], shared[t])
                total += own[s, s] @ own[t, t] - own[s, s] @ lengths_t - own[t, t] @ lengths_s + same
                total += (own[s, t] ** 2).sum() - 2 * own[s, t] @ cross + swapped
        return float(q * (q + 1) / total)


def cr2(regression: Regression, clusters: IntArray) -> CR2:
    """CR2 of `regression`; clusters: number of the cluster of each unit, 0 to G-1.

    A coefficient that rests on one cluster has no CR2 error (its residuals are zero by construction);
    callers leave such contrasts out.
    """
    effects, bread = regression.effects, regression.bread
    groups = int(clusters.max()) + 1
    k = len(bread)
    periods = effects.cells.shape[1]
    # The columns that this meets are orthogonal to the null space, so adding it changes nothing and
    # makes the matrix positive definite.
    half_inverse = _factor(effects.inverse + effects.null_space)
    half_bread = _factor(bread)
    own, shared = np.empty((groups, k, k)), np.empty((groups, periods + k, k))
    scores = np.empty((groups, k))
    roots: dict[tuple[bytes, bytes], FloatArray] = {}
    for group in range(groups):
        units = np.flatnonzero(clusters == group)
        # Clusters with the same cells and regressors share one root: on a complete panel all controls do.
        key = (effects.root[units].tobytes(), regression.design[:, units].tobytes())
        if key not in roots:
            roots[key] = _adjustment(regression, units, half_inverse, half_bread)
        here = _cells(effects, units)
        regressors = regression.design[:, units].reshape(k, -1)[:, here]
        adjusted = roots[key] @ regressors.T @ bread
        means, periodic = _effects_of(effects, units, adjusted, here)
        own[group] = adjusted.T @ adjusted - means.T @ means
        shared[group] = np.vstack([half_inverse @ periodic, half_bread @ (regressors @ adjusted)])
        scores[group] = adjusted.T @ regression.residuals[units].reshape(-1)[here]
    return CR2(covariance=scores.T @ scores, own=own, shared=shared, bread=bread)


def _adjustment(
    regression: Regression, units: IntArray, half_inverse: FloatArray, half_bread: FloatArray
) -> FloatArray:
    """((I - H)_gg)^(-1/2), cells x cells, by pseudo-inverse."""
    here = _cells(regression.effects, units)
    identity = np.eye(int(here.sum()))
    means, periodic = _effects_of(regression.effects, units, identity, here)
    regressors = regression.design[:, units].reshape(len(half_bread), -1)[:, here]
    fitted = np.vstack([means, half_inverse @ periodic, half_bread @ regressors])
    values, vectors = np.linalg.eigh(identity - fitted.T @ fitted)
    kept = values > NULL_SPACE
    root: FloatArray = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return root


def _cells(effects: TwoWay, units: IntArray) -> npt.NDArray[np.bool_]:
    present: npt.NDArray[np.bool_] = effects.cells[units].reshape(-1) > 0
    return present


def _effects_of(
    effects: TwoWay, units: IntArray, values: FloatArray, here: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Of the columns of `values` (cells x c): projections on the unit effects (units x c), and on the
    period dummies after those are partialled out (periods x c)."""
    full = np.zeros((len(here), values.shape[1]))
    full[here] = values
    root = effects.root[units]
    full = full.reshape(*root.shape, -1)
    unit = root / np.sqrt(effects.unit_totals[units])[:, None]
    means = np.einsum("it,itc->ic", unit, full)
    within = full - unit[:, :, None] * means[:, None, :]
    return means, np.einsum("it,itc->tc", root, within)


def _twice(left: FloatArray, right: FloatArray) -> tuple[float, float]:
    """For vectors l_g and r_g (rows): sum_gh (l_g.l_h)(r_g.r_h) and sum_gh (l_g.r_h)(l_h.r_g)."""
    if len(left) <= left.shape[1]:
        between = left @ right.T
        return float(((left @ left.T) * (right @ right.T)).sum()), float((between * between.T).sum())
    across = left.T @ right
    return float((across**2).sum()), float((across * across.T).sum())


def _by_cluster(rows: FloatArray, clusters: IntArray) -> FloatArray:
    sums = np.zeros((int(clusters.max()) + 1, rows.shape[1]))
    np.add.at(sums, clusters, rows)
    return sums


def _factor(matrix: FloatArray) -> FloatArray:
    """An upper triangle f with f'f = matrix."""
    factor: FloatArray = np.linalg.cholesky(matrix).T.astype(np.float64)
    return factor
