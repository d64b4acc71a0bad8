"""Difference-in-differences of units that count unequally: errors and ranks that do not trust the weights.

Population weights say how much a unit counts, not how exactly it was measured. Three treated units of which
one weighs fifty times the others are one observation for inference: the effective number of clusters is
1 / sum of squared weight shares (Kish 1965; Carter, Schnepel and Steigerwald 2017). Reading such weights as
inverse variances rejects half of all true nulls there (`tests.bench.size_of_defaults --weights`).

Two answers: CR2 whose working model takes errors as alike whatever the weight
(`stats.clusters.weighted_clusters`), and ranks among deals. A deal keeps the starts and weights where they
are and gives them other clusters' outcomes, so that every deal compares as unequally as the actual one did.
That is exact where clusters are exchangeable but for the effect and the weight, and too careful where heavy
treated ones are less noisy.
"""

from __future__ import annotations

import numpy as np

from stats.clusters.clustered import IntArray
from stats.clusters.reassignment import REASSIGNMENT
from stats.clusters.weighted_clusters import WeightedClusterRobust, weighted_cluster_robust
from stats.inference import Inference
from stats.numerics.fixed_effects import TwoWay
from stats.panel import FloatArray
from stats.trials.assignment import MOST_ASSIGNMENTS, Permuted, assignments
from stats.trials.randomisation import inverted

MOST_CELLS = 20_000_000
"""Labels that are dealt in all; fixed, so that no result depends on the machine."""


def effective_clusters(weights: FloatArray, clusters: IntArray) -> float:
    """1 / sum of squared shares of the clusters in the n positive `weights`; all of them if alike."""
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1].reshape(-1), weights=weights)
    return float(sums.sum() ** 2 / (sums**2).sum())


def weighted_changes(
    outcomes: FloatArray, start: int, treated: int, weights: FloatArray, clusters: IntArray
) -> WeightedClusterRobust:
    """CR2 of the difference of weighted mean changes since `start`; coefficient 0 is the effect.

    outcomes: n x T without gaps, the first `treated` rows treated; clusters: n codes. On a complete panel
    with one start this is the two-way estimate.
    """
    means, totals, rows = _by_cluster(outcomes, weights, clusters)
    own = np.zeros(len(totals))
    own[rows[:treated]] = 1.0
    changes = means[:, start:].mean(axis=1) - means[:, :start].mean(axis=1)
    regressors = np.column_stack([own, np.ones(len(own))])
    # Errors are alike between clusters: of how many units one is made tells nothing of its own noise.
    return weighted_cluster_robust(changes, regressors, np.arange(len(own)), totals)


def weighted_reassignment(
    outcomes: FloatArray,
    treated: FloatArray,
    weights: FloatArray,
    clusters: IntArray,
    *,
    alpha: float,
    rng: np.random.Generator,
) -> Inference:
    """The two-way coefficient among those of all deals of the clusters' starts, each with its weight.

    outcomes, treated: n x T without gaps; units of a cluster are treated in the same periods. Deals of the
    treated clusters among themselves count as the actual one: no effect that all share tells them apart.
    """
    means, totals, rows = _by_cluster(outcomes, weights, clusters)
    dummies = treated[np.unique(rows, return_index=True)[1]]
    effects = TwoWay.of(np.ones(means.shape, dtype=np.bool_), totals)
    left = effects.cells * effects.residual(dummies)
    mechanism = Permuted(_roles(dummies, totals))
    most = max(min(MOST_ASSIGNMENTS, MOST_CELLS // len(totals)), 1)
    deals = assignments(mechanism, rng, most=most)
    # What each cluster's outcomes would add in each role.
    place = np.unique(mechanism.labels, return_index=True)[1]
    columns = np.arange(len(totals))
    kept = float((left * dummies).sum())
    # A common constant leaves no trace but rounding.
    scores, slopes = (
        (np.einsum("gt,kt->gk", values, left[place]) / kept)[columns, deals].sum(axis=1)
        for values in (means - means.mean(), dummies)
    )
    return inverted(scores, slopes, alpha=alpha, method=REASSIGNMENT)


def weighted_deals(treated: FloatArray, weights: FloatArray, clusters: IntArray) -> int:
    """In how many ways the clusters' starts and weights can be dealt."""
    _, totals, rows = _by_cluster(treated, weights, clusters)
    return Permuted(_roles(treated[np.unique(rows, return_index=True)[1]], totals)).count


def _by_cluster(
    values: FloatArray, weights: FloatArray, clusters: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Weighted means G x T, total weights G, and each unit's cluster 0 to G-1."""
    rows = np.unique(clusters, return_inverse=True)[1].reshape(-1).astype(np.intp)
    totals = np.bincount(rows, weights=weights).astype(np.float64)
    sums = np.zeros((len(totals), values.shape[1]))
    np.add.at(sums, rows, values * weights[:, None])
    return sums / totals[:, None], totals, rows


def _roles(dummies: FloatArray, totals: FloatArray) -> IntArray:
    """A number for each start and weight that differ: those alike are dealt once."""
    starts = dummies.sum(axis=1)
    pairs = np.column_stack([starts, totals])
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
