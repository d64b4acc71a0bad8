"""Least squares on rows that come in clusters, reduced to what inference with few clusters needs.

One pass over the rows leaves, for each cluster, the Gram matrix of its regressors and their product with
the outcomes. Coefficients, sandwich errors with leverage corrections (`stats.clusters.few_clusters`) and the
wild cluster bootstrap (`stats.clusters.wild_bootstrap`; Roodman, MacKinnon, Nielsen, Webb 2019) are functions
of these sums alone, so their cost does not grow with the rows.

The regressors are first turned into orthonormal coordinates, in which the normal matrix is the identity:
badly scaled columns then cost no digits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.checked import finite, positive, varying
from stats.errors import EstimationError
from stats.panel import FloatArray

CODES = npt.NDArray[np.intp]

WELL_CONDITIONED = 1e-6
"""Smallest eigenvalue of the scaled normal matrix down to which its Cholesky factor is exact enough."""
RANK = 1e-9
"""Share of a column's length that must be left after the columns before it."""
ALONE = 1e-9
"""Eigenvalues of 1 - q_g'q_g (within 0 and 1) below this: cluster g alone identifies the direction."""


@dataclass(frozen=True, eq=False)
class ClusteredRegression:
    """Outcomes on k regressors, by cluster, in orthonormal coordinates q of the regressors x = q T^-1.

    gram          G x k x k, q_g'q_g; they sum to the identity
    scores        G x k, q_g'(residuals of the cluster)
    solution      k, coefficients of q
    transform     k x k, T: coefficients of the regressors are T times those of q
    observations  rows;  parameters  regressors, and absorbed effects where they are counted
    """

    gram: FloatArray
    scores: FloatArray
    solution: FloatArray
    transform: FloatArray
    observations: int
    parameters: int

    @property
    def coefficients(self) -> FloatArray:
        """Of the regressors, k."""
        coefficients: FloatArray = self.transform @ self.solution
        return coefficients

    @property
    def clusters(self) -> int:
        """Number of clusters, G."""
        return len(self.gram)

    @classmethod
    @checked_arguments
    def of(
        cls,
        outcomes: FloatArray,
        regressors: FloatArray,
        clusters: npt.ArrayLike,
        *,
        weights: FloatArray | None = None,
        absorbed: npt.ArrayLike | None = None,
        count_absorbed: bool = True,
    ) -> ClusteredRegression:
        """Regress `outcomes` (n) on `regressors` (n x k, the constant among them unless it is absorbed).

        clusters  n labels;  weights  n, positive, read as inverse variances
        absorbed  n labels of a fixed effect that is nested in the clusters; it is taken out exactly (no
                  row gets a dummy), and counted among the parameters unless `count_absorbed` is False
                  (small-sample factors differ between packages in just that)

        `EstimationError` refuses values that are not finite, non-positive weights, one cluster, effects
        that cross clusters (give those as dummies), a regressor that the others explain, and fewer rows
        than parameters.
        """
        y = varying("outcomes", outcomes, 1)
        x = finite("regressors", regressors, 2)
        n, k = x.shape
        if len(y) != n:
            raise EstimationError("outcomes", f"has {len(y)} entries for {n} rows of regressors")
        cluster = codes("clusters", clusters, n)
        if cluster.max() < 1:
            raise EstimationError("clusters", "one cluster says nothing about the spread between clusters")
        root = None if weights is None else np.sqrt(positive("weights", weights, n))
        levels = 0
        if absorbed is not None:
            effect = codes("absorbed", absorbed, n)
            _nested(effect, cluster)
            levels = int(effect.max()) + 1
            x, y = _within(x, effect, root), _within(y[:, None], effect, root)[:, 0]
        if root is not None:
            x, y = x * root[:, None], y * root
        parameters = k + (levels if count_absorbed else 0)
        if n <= k + levels:
            raise EstimationError("regressors", f"{k + levels} parameters need more than {n} rows")
        transform = _orthonormal(x)
        gram, cross = _sums(x, y, cluster)
        gram = transform.T @ gram @ transform
        cross = cross @ transform
        solution = cross.sum(axis=0)
        return cls(gram, cross - gram @ solution, solution, transform, n, parameters)

    def coordinates(self, contrast: npt.ArrayLike) -> FloatArray:
        """The contrast of coefficients (k, or the index of one) as a contrast of `solution`."""
        k = len(self.transform)
        chosen = np.asarray(contrast)
        if chosen.ndim == 0:
            if not 0 <= int(chosen) < k:
                raise EstimationError("contrast", f"{int(chosen)} is no index of the {k} regressors")
            chosen = np.eye(k)[int(chosen)]
        if chosen.shape != (k,) or not np.isfinite(chosen).all() or not chosen.any():
            raise EstimationError("contrast", f"must be an index, or {k} finite numbers that are not all 0")
        turned: FloatArray = chosen @ self.transform
        return turned

    def sole_cluster(self, direction: FloatArray) -> int | None:
        """The number of a cluster without which the contrast `direction` (of `solution`) is not identified.

        Its residuals are zero in that direction, so no error that is made of residuals knows it.
        """
        values, vectors = np.linalg.eigh(np.eye(len(direction)) - self.gram)
        shares = (np.einsum("gab,a->gb", vectors, direction) ** 2 * (values < ALONE)).sum(axis=1)
        worst = int(np.argmax(shares))
        return worst if shares[worst] > 1e-10 * float(direction @ direction) else None


def codes(argument: str, labels: npt.ArrayLike, count: int) -> CODES:
    """Numbers 0 to levels - 1 of `labels`."""
    values = np.asarray(labels)
    if values.shape != (count,):
        raise EstimationError(argument, f"has shape {values.shape}, wanted ({count},)")
    if values.dtype.kind in "iub" and values.size and values.min() >= 0 and values.max() < 4 * count:
        # Whole numbers in a narrow range need no sorting.
        present = np.zeros(int(values.max()) + 1, dtype=bool)
        present[values] = True
        numbered: CODES = (np.cumsum(present) - 1)[values]
        return numbered
    return np.unique(values, return_inverse=True)[1].astype(np.intp)


def _sums(x: FloatArray, y: FloatArray, cluster: CODES) -> tuple[FloatArray, FloatArray]:
    """x_g'x_g and x_g'y_g of each cluster."""
    order = np.argsort(cluster, kind="stable")
    both = np.column_stack([x, y])[order]
    edges = np.concatenate([[0], np.cumsum(np.bincount(cluster))])
    k = x.shape[1]
    gram, cross = np.empty((len(edges) - 1, k, k)), np.empty((len(edges) - 1, k))
    for group, (first, last) in enumerate(itertools.pairwise(edges)):
        rows = both[first:last]
        products = rows[:, :k].T @ rows
        gram[group], cross[group] = products[:, :k], products[:, k]
    return gram, cross


def _orthonormal(x: FloatArray) -> FloatArray:
    """T with (xT)'(xT) = 1; refused with the index of the first column that those before it explain."""
    scale = np.sqrt(np.einsum("na,na->a", x, x))
    if not (scale > 0).all():
        raise EstimationError(f"regressors.{int(np.argmin(scale > 0))}", "is zero, or does not vary within")
    normal = (x.T @ x) / np.outer(scale, scale)
    if np.linalg.eigvalsh(normal)[0] > WELL_CONDITIONED:
        upper = np.asarray(np.linalg.cholesky(normal).T, dtype=np.float64)
    else:
        upper = np.asarray(np.linalg.qr(x / scale, mode="r"), dtype=np.float64)
        weak = np.abs(np.diag(upper)) < RANK
        if weak.any():
            place = int(np.argmax(weak))
            raise EstimationError(f"regressors.{place}", "cannot be told from the regressors before it")
    transform: FloatArray = np.linalg.inv(upper) / scale[:, None]
    return transform


def _within(values: FloatArray, effect: CODES, root: FloatArray | None) -> FloatArray:
    weights = np.ones(len(values)) if root is None else root**2
    totals = np.bincount(effect, weights)
    means = np.column_stack([np.bincount(effect, weights * column) / totals for column in values.T])
    left: FloatArray = values - means[effect]
    # What the effect explains but for rounding is explained.
    size = np.sqrt((values**2).sum(axis=0))
    gone = np.sqrt((left**2).sum(axis=0)) <= RANK * size
    return np.where(gone, 0.0, left)


def _nested(effect: CODES, cluster: CODES) -> None:
    owner = np.zeros(int(effect.max()) + 1, dtype=np.intp)
    owner[effect] = cluster
    if (owner[effect] != cluster).any():
        level = int(effect[np.argmax(owner[effect] != cluster)])
        raise EstimationError("absorbed", f"level {level} lies in several clusters: give it as a dummy")
