"""Few treated units with staggered starts: the effect among those of all re-assignments of the starts.

With fewer than four Satterthwaite degrees of freedom no error of a handful of treated units is to be
trusted. The starts are dealt anew to all units instead, treated ones included, as
`stats.clusters.reassignment` does for the two-way coefficient: exact where units are exchangeable but for
the effect, whatever the dependence over time. A summary of group-time effects is linear in the outcomes
for any deal, so that under "the effect is c wherever treated" its estimate is score - c slope, the slope
being the same summary of the treatment indicator, and the test is inverted in closed form.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stats.cohorts import IntArray
from stats.errors import EstimationError, StatisticsError
from stats.inference import Inference
from stats.panel import FloatArray
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import GroupTimeEffects
from stats.trials.assignment import Permuted, assignments
from stats.trials.randomisation import inverted

REASSIGNED_STARTS = "reassigned_starts"

WITH_MORE = "must have been made without covariates, weights and gaps"
ROLE = [("start", np.int64), ("weight", np.float64)]
MOST_REPEATS = 199
"""Deals beyond this many are drawn where each needs the estimator anew: p-values in steps of 1/200."""


def reassigned_starts(
    outcomes: FloatArray,
    first_treated: IntArray,
    found: GroupTimeEffects,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    clusters: IntArray | None = None,
) -> Inference:
    """The inference on the `simple` summary of `found`, which was made of these n x T outcomes and starts.

    One product serves all deals, for without covariates, weights and gaps what a unit adds depends on its
    cohort alone. `found` with any of these is refused: see `repeated_starts`.
    clusters  n: starts are dealt to clusters; one with several starts is refused
    """
    summary, width, count = aggregate(found, "simple", skip_missing=True), found.width, len(outcomes)
    blocks = found.influence.blocks
    if any(block.basis.shape[1] != width + 1 for block in blocks) or np.isnan(outcomes).any():
        raise EstimationError("found", WITH_MORE)
    starts, cohort = np.unique(first_treated, return_inverse=True)
    effects = np.stack([block.loading[:width] @ summary.overall_loading for block in blocks]) / count
    deals = _deals(cohort, clusters, rng)
    treated = (np.arange(width) >= starts[cohort][:, None]).astype(np.float64)
    values = outcomes[:, :width] - outcomes[:, :width].mean(axis=0)
    scores, slopes = np.zeros(len(deals)), np.zeros(len(deals))
    for place, effect in enumerate(effects):
        chosen = (deals == place).astype(np.float64)
        scores += chosen @ (values @ effect)
        slopes += chosen @ (treated @ effect)
    # Influence functions of another shape may have as many columns; they give other figures.
    if not np.allclose([scores[0], slopes[0]], [summary.overall, 1.0], atol=1e-8 * np.abs(values).max()):
        raise EstimationError("found", WITH_MORE)
    return inverted(scores, slopes, alpha=alpha, method=REASSIGNED_STARTS)


def repeated_starts(
    outcomes: FloatArray,
    first_treated: IntArray,
    estimate: Callable[..., float],
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    clusters: IntArray | None = None,
    weights: FloatArray | None = None,
    most: int = MOST_REPEATS,
) -> Inference:
    """The same for any `estimate(outcomes, first_treated)` that is linear in the outcomes, by repeating it.

    NaN in `outcomes` stay where they are. A deal that cannot be estimated counts against the effect.
    weights  n: are dealt along with the starts, and `estimate` takes them third. Otherwise the effect on a
             heavy unit would be ranked among deals that treat light ones, which vary less
    """
    if weights is None:
        starts, cohort = np.unique(first_treated, return_inverse=True)
        dealt = [starts]
    else:
        roles, cohort = np.unique(
            np.array(list(zip(first_treated.tolist(), weights.tolist(), strict=True)), dtype=ROLE),
            return_inverse=True,
        )
        dealt = [roles["start"], roles["weight"]]
    treated = (np.arange(outcomes.shape[1]) >= first_treated[:, None]).astype(np.float64)
    indicator = np.where(np.isnan(outcomes), np.nan, treated)
    deals = _deals(cohort, clusters, rng, most=most)
    found = np.empty((len(deals), 2))
    for place, deal in enumerate(deals):
        try:
            given = [values[deal] for values in dealt]
            found[place] = [estimate(values, *given) for values in (outcomes, indicator)]
        except StatisticsError:
            found[place] = found[0]
    return inverted(found[:, 0], found[:, 1], alpha=alpha, method=REASSIGNED_STARTS)


def _deals(
    cohort: IntArray, clusters: IntArray | None, rng: np.random.Generator, *, most: int | None = None
) -> IntArray:
    """B x n cohorts of the units, the actual ones first."""
    mechanism = Permuted(cohort.astype(np.int64), clusters=clusters)
    dealt = assignments(mechanism, rng) if most is None else assignments(mechanism, rng, most=most)
    return dealt[:, mechanism.place]
