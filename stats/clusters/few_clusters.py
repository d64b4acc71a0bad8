"""Clustered errors for few clusters: CR0 to CR3 with Satterthwaite degrees of freedom.

The sandwich is  V = sum_g B x_g' A_g u_g u_g' A_g x_g B  with A_g = 1 (CR0), sqrt(G/(G-1)) (CR1),
sqrt(G/(G-p)) (CR1p), sqrt(G/(G-1) (n-1)/(n-p)) (CR1S, as Stata), (1 - H_gg)^(-1/2) (CR2: unbiased when
errors are independent and alike; Bell and McCaffrey 2002) or (1 - H_gg)^(-1) (CR3: close to the
jackknife). The t statistic of a contrast has the moments of a quadratic form in the errors; matching the
first two under that working model gives Satterthwaite's degrees of freedom, and the Wald test of several
contrasts the "HTZ" F of Pustejovsky and Tipton (2018). The conventions are those of clubSandwich for
unweighted least squares, and with inverse-variance weights for weighted.

A fixed effect that is nested in the clusters may be absorbed: in an unweighted or inverse-variance
weighted regression it changes neither the estimates nor the adjustment (Pustejovsky and Tipton 2018,
theorem 2). In orthonormal coordinates all of it is linear algebra on k x k matrices: (1 - H_gg)^(-1/2)
acts on q_g as q_g (1 - q_g'q_g)^(-1/2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.clusters.clustered_regression import ALONE, ClusteredRegression
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, silent, student_t
from stats.panel import FloatArray

Kind = Literal["CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3"]


@dataclass(frozen=True)
class WaldTest:
    """The joint test of q contrasts: F with `q` and `dof` degrees of freedom."""

    statistic: float
    q: int
    dof: float
    p_value: float


@dataclass(frozen=True, eq=False)
class ClusterRobust:
    """A clustered covariance with what its degrees of freedom need.

    With e_g = A_g q_g the adjusted regressors (rows x k), the t statistic's quadratic form has the Gram
    matrix  delta_gh own_g - shared_g' shared_h  between clusters.

    covariance  k x k, of the regressors' coefficients;  own  G x k x k, e_g'e_g;  shared  G x k x k, q_g'e_g
    """

    regression: ClusteredRegression
    kind: str
    covariance: FloatArray
    own: FloatArray
    shared: FloatArray

    def standard_error(self, contrast: npt.ArrayLike) -> float:
        """Of a contrast: the index of a regressor, or k numbers."""
        direction = self.regression.coordinates(contrast)
        back = np.linalg.solve(self.regression.transform.T, direction)
        return math.sqrt(max(float(back @ self.covariance @ back), 0.0))

    def dof(self, contrast: npt.ArrayLike) -> float:
        """Satterthwaite degrees of freedom of the contrast's t statistic."""
        between = self._between(self.regression.coordinates(contrast)[:, None])[0, 0]
        return float(np.trace(between)) ** 2 / float((between**2).sum())

    def inference(
        self, contrast: npt.ArrayLike, *, alpha: float = 0.05, dof: float | None = None
    ) -> Inference:
        """t inference, with Satterthwaite degrees of freedom unless others are given.

        A contrast that one cluster alone identifies has none: its residuals there are zero.
        """
        direction = self.regression.coordinates(contrast)
        estimate, error = float(direction @ self.regression.solution), self.standard_error(contrast)
        method = f"{self.kind.lower()}_satterthwaite" if dof is None else self.kind.lower()
        if self.regression.sole_cluster(direction) is not None:
            return silent(method, alpha, reasons.one_cluster_identifies())
        if not error > 1e-12 * float(np.linalg.norm(direction) * np.linalg.norm(self.regression.solution)):
            return silent(method, alpha, reasons.no_variation())
        degrees = self.dof(contrast) if dof is None else dof
        return student_t(estimate, error, degrees, alpha=alpha, method=method)

    def wald(self, contrasts: FloatArray) -> WaldTest | NotComputable:
        """The HTZ test that all `contrasts` (q x k) are zero; a reason where the clusters are too few.

        eta = q (q + 1) / the summed variances of the standardised covariance's entries, and
        F = (eta - q + 1) / (eta q) x Wald on q and eta - q + 1 degrees of freedom.
        """
        from scipy.special import fdtrc

        rows = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
        q = len(rows)
        directions = np.array([self.regression.coordinates(row) for row in rows]).T
        values, vectors = np.linalg.eigh(directions.T @ directions)
        if values[0] < 1e-12 * values[-1]:
            raise EstimationError("contrasts", "are not independent of each other")
        between = self._between(directions @ (vectors / np.sqrt(values)) @ vectors.T)
        total = sum(
            float((between[s, s] * between[t, t]).sum() + (between[s, t] * between[s, t].T).sum())
            for s in range(q)
            for t in range(q)
        )
        eta = q * (q + 1) / total
        if not eta - q + 1 > 0:
            return reasons.leads_exceed_clusters()
        found = rows @ self.regression.coefficients
        wald = float(found @ np.linalg.solve(rows @ self.covariance @ rows.T, found))
        statistic = (eta - q + 1) / (eta * q) * wald
        return WaldTest(statistic, q, eta - q + 1, float(fdtrc(q, eta - q + 1, statistic)))

    def _between(self, directions: FloatArray) -> FloatArray:
        """q x q x G x G: the Gram matrices of the quadratic forms of `directions` (k x q)."""
        own = np.einsum("as,gab,bt->stg", directions, self.own, directions)
        shared = np.einsum("gab,bs->sga", self.shared, directions)
        between: FloatArray = -np.einsum("sga,tha->stgh", shared, shared)
        diagonal = np.arange(own.shape[2])
        between[:, :, diagonal, diagonal] += own
        return between


@checked_arguments
def cluster_robust(regression: ClusteredRegression, kind: Kind = "CR2") -> ClusterRobust:
    """The covariance of `kind`; "CR1p" is refused where parameters are as many as clusters.

    Directions that one cluster alone identifies (its own dummy, say) are left out of A_g by a
    pseudo-inverse, as clubSandwich does; contrasts without a part in them are not touched by that.
    """
    if kind not in get_args(Kind):
        raise EstimationError("kind", f"must be one of {', '.join(get_args(Kind))}, not {kind!r}")
    groups, n, p = regression.clusters, regression.observations, regression.parameters
    adjustment = _adjustment(regression, kind)
    if kind == "CR1p" and groups <= p:
        raise EstimationError("kind", f"CR1p divides by clusters less parameters, {groups} less {p}")
    factor = {
        "CR1": lambda: groups / (groups - 1),
        "CR1p": lambda: groups / (groups - p),
        "CR1S": lambda: groups / (groups - 1) * (n - 1) / (n - p),
    }.get(kind, lambda: 1.0)()
    scores = np.einsum("gab,gb->ga", adjustment, regression.scores)
    middle = factor * regression.transform @ scores.T @ scores @ regression.transform.T
    shared = regression.gram @ adjustment
    return ClusterRobust(
        regression=regression,
        kind=kind,
        covariance=middle,
        own=adjustment @ shared,
        shared=shared,
    )


def jackknife(regression: ClusteredRegression, *, centred: bool = False) -> FloatArray:
    """CV3: (G-1)/G times the spread of the coefficients without one cluster each, k x k.

    Round the full estimate, or with `centred` round their mean (CV3J). Coefficients that are not
    identified without one of the clusters have no jackknife error: their rows are NaN.
    """
    groups = regression.clusters
    inverse = _powers(regression, -1.0)
    moves = -np.einsum("gab,gb->ga", inverse, regression.scores) @ regression.transform.T
    if centred:
        moves = moves - moves.mean(axis=0)
    spread: FloatArray = moves.T @ moves * (groups - 1) / groups
    for index, direction in enumerate(regression.transform):
        if regression.sole_cluster(direction) is not None:
            spread[index] = spread[:, index] = np.nan
    return spread


def _adjustment(regression: ClusteredRegression, kind: Kind) -> FloatArray:
    """F_g with A_g q_g = q_g F_g, G x k x k."""
    if kind == "CR2":
        return _powers(regression, -0.5)
    if kind == "CR3":
        return _powers(regression, -1.0)
    return np.broadcast_to(np.eye(len(regression.solution)), regression.gram.shape)


def _powers(regression: ClusteredRegression, power: float) -> FloatArray:
    """(1 - q_g'q_g)^power without its null space, G x k x k."""
    values, vectors = np.linalg.eigh(np.eye(len(regression.solution)) - regression.gram)
    scaled = np.where(values > ALONE, np.maximum(values, ALONE) ** power, 0.0)
    powers: FloatArray = (vectors * scaled[:, None, :]) @ vectors.transpose(0, 2, 1)
    return powers
