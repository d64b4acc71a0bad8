"""Difference-in-differences of few treated clusters: the effect among all re-assignments of its clusters.

With two to four treated clusters no clustered error is to be trusted: the usual ones reject far too often
and CR2 with Satterthwaite degrees of freedom, of which then fewer than four are left, too seldom. The
treated clusters' starts are dealt anew to all clusters instead, and the two-way coefficient is ranked
among those of all deals (MacKinnon and Webb 2020; Abadie, Athey, Imbens, Wooldridge 2023 on clusters as
the level of assignment). The test is exact where clusters are exchangeable but for the effect, whatever
the dependence over time within them; clusters of very unequal noise break that (`stats.clusters.few_treated`
corrects for size).
"""

from __future__ import annotations

import numpy as np

from stats.clusters.clustered import IntArray
from stats.inference import Inference
from stats.numerics.fixed_effects import TwoWay
from stats.panel import BoolArray, FloatArray
from stats.trials.assignment import Permuted, assignments
from stats.trials.randomisation import ranked

REASSIGNMENT = "reassignment"


def reassigned(
    effects: TwoWay,
    outcomes: FloatArray,
    treated: BoolArray,
    clusters: IntArray,
    pool: tuple[int, ...],
    *,
    alpha: float,
    rng: np.random.Generator,
) -> Inference:
    """The two-way coefficient's inference when clusters' starts are dealt anew.

    effects   projection off unit and period effects;  outcomes, treated  units x periods
    clusters  number of each unit's cluster; in a treated one all units start together
    pool      the control clusters that take part; others serve as controls in every deal
    """
    starts = starts_of(treated, clusters)
    dealt, steps = sorted({*starts, *pool}), sorted(set(starts.values()))
    labels = [steps.index(starts[cluster]) + 1 if cluster in starts else 0 for cluster in dealt]
    deals = assignments(Permuted(np.array(labels, dtype=np.int64)), rng)
    chosen = np.hstack([deals == step + 1 for step in range(len(steps))]).astype(np.float64)
    residuals = [effects.cells * effects.residual(values) for values in (outcomes, treated.astype(float))]
    products = chosen @ _moments(effects, residuals, clusters, dealt, steps)
    period = products[:, 4:]
    kept = products[:, 2] - ((period @ effects.inverse) * period).sum(axis=1)
    return ranked(products[:, 0], products[:, 1], kept, products[:, 3], alpha=alpha, method=REASSIGNMENT)


def starts_of(treated: BoolArray, clusters: IntArray) -> dict[int, int]:
    """Treated cluster -> index of the first period in which it is treated."""
    rows = np.flatnonzero(treated.any(axis=1))
    return {int(clusters[row]): int(np.argmax(treated[row])) for row in rows}


def can_be_dealt(treated: BoolArray, clusters: IntArray) -> bool:
    """Whether every treated cluster starts as one, so that its start could have been another's."""
    return all(
        (treated[clusters == cluster, start:].all() and not treated[clusters == cluster, :start].any())
        for cluster, start in starts_of(treated, clusters).items()
    )


def deals(treated: BoolArray, clusters: IntArray, pool: tuple[int, ...]) -> int:
    """In how many ways the starts can be dealt to the treated clusters and those of the pool."""
    labels = [*starts_of(treated, clusters).values(), *(-1 for _ in pool)]
    return Permuted(np.array(labels, dtype=np.int64)).count


def _moments(
    effects: TwoWay,
    residuals: list[FloatArray],
    clusters: IntArray,
    dealt: list[int],
    steps: list[int],
) -> FloatArray:
    """What one cluster's treatment from one step on adds to the regression, (steps x dealt) x (4 + periods).

    Columns: products with each of the two `residuals`; squared length less the unit effects; the same
    before that; and what the unit effects leave of it to each period's effect.
    """
    place = np.full(int(clusters.max()) + 1, len(dealt))
    place[dealt] = np.arange(len(dealt))
    periods = np.arange(effects.cells.shape[1])
    blocks = []
    for start in steps:
        cells = np.where(periods >= start, effects.cells, 0.0)
        total = cells.sum(axis=1)
        share = total / effects.unit_totals
        by_unit = np.column_stack(
            [
                *(residual[:, start:].sum(axis=1) for residual in residuals),
                total * (1 - share),
                total,
                cells - share[:, None] * effects.cells,
            ]
        )
        sums = np.zeros((len(dealt) + 1, by_unit.shape[1]))
        np.add.at(sums, place[clusters], by_unit)
        blocks.append(sums[:-1])
    return np.vstack(blocks)
