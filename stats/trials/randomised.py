"""Districts randomised to treatment: the estimate as designed, with two inferences beside each other.

- `robust`: regression of the outcomes on treatment with CR2 errors and Satterthwaite degrees of freedom by
  cluster; without clusters that is HC2 with the degrees of freedom of Bell and McCaffrey, the variance of
  Neyman in a completely randomised design.
- `randomisation`: the estimate among those of all assignments that the design allows; exact for the
  hypothesis that treatment does nothing to anyone.

Covariates, fixed before the assignment, are centred and interacted with treatment (Lin 2013): asymptotically
that never hurts, whatever the true form. Blocks enter in the same way where each has two units per arm, so
that block effects are averaged by the size of the blocks; matched pairs are analysed by their differences
(Imai, King, Nall 2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.checked import finite, indicator, positive, varying
from stats.clusters.clustered_regression import ClusteredRegression, codes
from stats.clusters.few_clusters import cluster_robust
from stats.errors import EstimationError
from stats.findings import Finding
from stats.inference import Inference, silent, student_t
from stats.panel import FloatArray
from stats.trials.assignment import LabelArray, Permuted
from stats.trials.randomisation import randomisation_test

PAIRED_T = "paired_t"

RATIO_FAILS, RATIO_DOUBTFUL = 0.001, 0.01
"""p-values of the sample-ratio check: a mismatch by chance must be rare before data are thrown away."""


@dataclass(frozen=True)
class Randomised:
    """An average effect on all units, with inference by sampling errors and by re-randomisation."""

    estimate: float
    robust: Inference
    randomisation: Inference


@checked_arguments
def district_randomised(
    outcomes: FloatArray,
    treated: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    covariates: FloatArray | None = None,
    clusters: npt.ArrayLike | None = None,
    blocks: npt.ArrayLike | None = None,
) -> Randomised:
    """Treatment assigned to units, or whole `clusters`, within `blocks`.

    outcomes    n, one per unit (a mean over the trial, or the change from before: CUPED)
    covariates  n x k, known before the assignment;  clusters, blocks  n labels

    The randomisation test adjusts for covariates and blocks without interactions. `EstimationError`
    refuses blocks with fewer than two clusters in an arm (two: `matched_pairs`), and what
    `ClusteredRegression` and `Permuted` refuse.
    """
    y = varying("outcomes", outcomes, 1)
    n = len(y)
    chosen = indicator("treated", treated, (n,))
    cluster = np.arange(n) if clusters is None else codes("clusters", clusters, n)
    block = np.zeros(n, dtype=np.intp) if blocks is None else codes("blocks", blocks, n)
    columns = [_block_columns(block)]
    _check_arms(chosen, cluster, block)
    if covariates is not None:
        columns.append(_table(covariates, n))
    beside = np.hstack(columns)
    centred = beside - beside.mean(axis=0)
    one = chosen.astype(np.float64)[:, None]
    design = np.hstack([one, np.ones((n, 1)), centred, one * centred])
    regression = ClusteredRegression.of(y, design, cluster)
    mechanism = Permuted(
        chosen.astype(np.int64), clusters=cluster.astype(np.int64), blocks=block.astype(np.int64)
    )
    return Randomised(
        estimate=float(regression.coefficients[0]),
        robust=cluster_robust(regression, "CR2").inference(0, alpha=alpha),
        randomisation=randomisation_test(
            y, mechanism, rng=rng, alpha=alpha, controls=centred if centred.shape[1] else None
        ),
    )


@checked_arguments
def matched_pairs(
    outcomes: FloatArray,
    treated: npt.ArrayLike,
    pairs: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
) -> Randomised:
    """One of each pair treated by the toss of a coin: the mean of the pairs' differences.

    outcomes n; pairs n labels, each on one treated and one control unit. The sampling error is that of
    the differences, with t on pairs - 1 degrees of freedom; the randomisation test flips their signs.
    """
    y = varying("outcomes", outcomes, 1)
    chosen = indicator("treated", treated, y.shape)
    pair = codes("pairs", pairs, len(y))
    for arm in (chosen, ~chosen):
        times = np.bincount(pair[arm], minlength=int(pair.max()) + 1)
        if (times != 1).any():
            place = int(np.argmax(times != 1))
            raise EstimationError("pairs", f"pair {place} has not one treated and one control unit")
    sign = np.where(chosen, 1.0, -1.0)
    differences = np.bincount(pair, sign * y)
    count = len(differences)
    if count < 2:
        raise EstimationError("pairs", "one pair says nothing about the spread between pairs")
    estimate, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(count))
    if error > 1e-13 * float(np.abs(y).max()):
        robust = student_t(estimate, error, count - 1, alpha=alpha, method=PAIRED_T)
    else:
        robust = silent(PAIRED_T, alpha, reasons.no_variation())
    mechanism = Permuted(chosen.astype(np.int64), blocks=pair.astype(np.int64))
    return Randomised(estimate, robust, randomisation_test(y, mechanism, rng=rng, alpha=alpha))


@checked_arguments
def sample_ratio(counts: npt.ArrayLike, shares: npt.ArrayLike | None = None) -> Finding:
    """Whether as many units were analysed in each arm as the design assigns (Fabijan et al. 2019).

    counts  units (or trips, visits) per arm;  shares  their planned proportions, alike by default. The
    chi-squared test of the counts; with fewer than 5 expected in an arm that finding is cautious at best.
    """
    from scipy.special import chdtrc

    seen = finite("counts", counts, 1)
    if len(seen) < 2 or (seen < 0).any() or not seen.sum() > 0 or (seen != np.round(seen)).any():
        raise EstimationError("counts", "must be whole numbers of two arms or more")
    planned = np.ones(len(seen)) if shares is None else positive("shares", shares, len(seen))
    expected = seen.sum() * planned / planned.sum()
    p_value = float(chdtrc(len(seen) - 1, ((seen - expected) ** 2 / expected).sum()))
    told = " : ".join(f"{count:.0f}" for count in seen)
    wanted = " : ".join(f"{count:.1f}" for count in expected)
    if p_value < RATIO_FAILS:
        return Finding(
            "fail",
            "sample_ratio",
            p_value,
            f"배정 비율이 계획과 다릅니다({told}, 계획대로면 {wanted}). 자료가 한쪽에서 빠졌을 수 있습니다.",
            f"The arms are not as large as planned ({told} against {wanted}): data of one may be missing.",
        )
    if p_value < RATIO_DOUBTFUL or expected.min() < 5:
        return Finding(
            "caution",
            "sample_ratio",
            p_value,
            f"배정 비율이 계획대로인지 분명하지 않습니다({told}, 계획대로면 {wanted}).",
            f"Whether the arms are as large as planned is not clear ({told} against {wanted}).",
        )
    return Finding(
        "ok",
        "sample_ratio",
        p_value,
        f"배정 비율에서 계획과 다른 점은 발견되지 않았습니다({told}, 계획대로면 {wanted}).",
        f"No departure from the planned ratio of the arms was found ({told} against {wanted}).",
    )


def _block_columns(block: npt.NDArray[np.intp]) -> FloatArray:
    """A dummy for every block but the first, n x (blocks - 1)."""
    columns: FloatArray = (block[:, None] == np.arange(1, int(block.max()) + 1)).astype(np.float64)
    return columns


def _check_arms(treated: npt.NDArray[np.bool_], cluster: LabelArray, block: LabelArray) -> None:
    for one in range(int(block.max()) + 1):
        for arm in (treated, ~treated):
            if len(np.unique(cluster[(block == one) & arm])) < 2:
                raise EstimationError("blocks", f"block {one} has fewer than two clusters in an arm")


def _table(covariates: FloatArray, count: int) -> FloatArray:
    table = finite("covariates", covariates, np.ndim(covariates))
    if len(table) != count or table.ndim > 2:
        raise EstimationError("covariates", f"have shape {table.shape}, wanted ({count}, k)")
    return table.reshape(count, -1)
