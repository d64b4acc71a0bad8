"""CR2 and CR3 of weighted least squares whose weights are not inverse variances (survey weights, sizes).

`stats.clusters.few_clusters` reads weights as inverse variances. Population or sampling weights say nothing
of the kind; the working model is then that errors are alike and independent, and with H = X B X'W the
residuals of cluster g have the variance [(1 - H)(1 - H)']_gg. CR2 takes A_g as its inverse square root, CR3
as (1 - H_gg)^(-1), in  V = sum_g B x_g'w_g A_g u_g u_g'A_g' w_g x_g B  (Pustejovsky and Tipton 2018; the
default of clubSandwich for weighted models). The degrees of freedom are Satterthwaite's under the same model.
Costs the cube of the largest cluster, and rows times clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.checked import finite, positive
from stats.clusters.clustered_regression import ClusteredRegression, codes
from stats.errors import EstimationError
from stats.inference import Inference, silent, student_t
from stats.panel import FloatArray

Kind = Literal["CR2", "CR3"]

NULL_SPACE = 1e-8
"""Eigenvalues of a cluster's residual variance below this belong to directions that are fitted exactly."""


@dataclass(frozen=True, eq=False)
class WeightedClusterRobust:
    """coefficients k;  covariance k x k;  forms k x G x n: of each coefficient, what multiplies the errors
    in each cluster's share of its variance;  alone: whether one cluster alone identifies a coefficient."""

    kind: str
    coefficients: FloatArray
    covariance: FloatArray
    forms: FloatArray
    alone: tuple[bool, ...]

    def dof(self, index: int) -> float:
        """Satterthwaite degrees of freedom of a coefficient's t statistic."""
        gram = self.forms[index] @ self.forms[index].T
        return float(np.trace(gram)) ** 2 / float((gram**2).sum())

    def inference(self, index: int, *, alpha: float = 0.05) -> Inference:
        """t inference of a coefficient; none where one cluster alone identifies it, or nothing varies."""
        method = f"{self.kind.lower()}_satterthwaite"
        estimate, variance = float(self.coefficients[index]), float(self.covariance[index, index])
        if self.alone[index]:
            return silent(method, alpha, reasons.one_cluster_identifies())
        error = float(np.sqrt(max(variance, 0.0)))
        if not error > 1e-12 * abs(estimate):
            return silent(method, alpha, reasons.no_variation())
        return student_t(estimate, error, self.dof(index), alpha=alpha, method=method)


@checked_arguments
def weighted_cluster_robust(
    outcomes: FloatArray,
    regressors: FloatArray,
    clusters: npt.ArrayLike,
    weights: FloatArray,
    *,
    kind: Kind = "CR2",
) -> WeightedClusterRobust:
    """Weighted least squares of `outcomes` (n) on `regressors` (n x k, constant and dummies among them).

    Refused as by `ClusteredRegression.of`; and kinds other than CR2 and CR3, which need no working model.
    """
    if kind not in get_args(Kind):
        raise EstimationError("kind", f"must be one of {', '.join(get_args(Kind))}, not {kind!r}")
    reduced = ClusteredRegression.of(outcomes, regressors, clusters, weights=weights)
    x = finite("regressors", regressors, 2) @ reduced.transform
    w = positive("weights", weights, len(x))
    group = codes("clusters", clusters, len(x))
    residuals = finite("outcomes", outcomes, 1) - x @ reduced.solution
    # In these coordinates the bread is the identity: H = x x'W.
    weighted = x * w[:, None]
    middle = weighted.T @ weighted
    k, groups = x.shape[1], reduced.clusters
    scores, forms = np.empty((groups, k)), np.empty((groups, len(x), k))
    for number in range(groups):
        here = np.flatnonzero(group == number)
        adjusted = _adjustment(x[here], weighted[here], middle, kind).T @ weighted[here]
        scores[number] = adjusted.T @ residuals[here]
        forms[number] = -weighted @ (x[here].T @ adjusted)
        forms[number, here] += adjusted
    turn = reduced.transform
    return WeightedClusterRobust(
        kind=kind,
        coefficients=reduced.coefficients,
        covariance=turn @ scores.T @ scores @ turn.T,
        forms=np.einsum("gnb,ab->agn", forms, turn),
        alone=tuple(reduced.sole_cluster(row) is not None for row in turn),
    )


def _adjustment(x: FloatArray, weighted: FloatArray, middle: FloatArray, kind: Kind) -> FloatArray:
    """A_g, rows x rows, from the cluster's rows; directions that are fitted exactly are left out."""
    identity, hat = np.eye(len(x)), x @ weighted.T
    if kind == "CR3":
        return np.asarray(np.linalg.pinv(identity - hat, rcond=NULL_SPACE), dtype=np.float64)
    values, vectors = np.linalg.eigh(identity - hat - hat.T + x @ middle @ x.T)
    roots = np.where(values > NULL_SPACE, 1 / np.sqrt(np.maximum(values, NULL_SPACE)), 0.0)
    root: FloatArray = (vectors * roots) @ vectors.T
    return root
