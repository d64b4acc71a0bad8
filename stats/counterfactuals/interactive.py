"""Interactive fixed effects: y_it = unit + period + loadings_i'factors_t + effect (Bai 2009; Xu 2017).

Factors and period effects come from the never treated alone, the loadings and the level of a treated unit
from its own periods before its start; what they predict after it is the counterfactual (the generalised
synthetic control). The number of factors is chosen by leaving out each treated cell before the start in
turn: it grows as long as the mean squared error of prediction falls by more than a twentieth, as in the R
package gsynth. With no factor this is difference-in-differences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.clusters.clustered import IntArray
from stats.cohorts import Cohorts
from stats.errors import EstimationError
from stats.panel import FloatArray

GAIN = 0.05
"""Share by which one more factor must lower the error of prediction."""


@dataclass(frozen=True, eq=False)
class InteractiveEffects:
    """The fit and its counterfactual.

    effect        mean over the treated cells
    treated       n1 rows;  gaps: n1 x T, outcomes less what the model says, before and after
    factors       T x r;  loadings: n1 x r, of the treated
    errors        mean squared error of prediction before the start with 0, 1, ... factors
    """

    panel: Cohorts
    effect: float
    treated: IntArray
    gaps: FloatArray
    factors: FloatArray
    loadings: FloatArray
    errors: FloatArray

    @property
    def rank(self) -> int:
        """Number of factors."""
        return int(self.factors.shape[1])


@checked_arguments
def interactive_effects(
    outcomes: FloatArray, first_treated: npt.ArrayLike, *, rank: int | None = None, most: int = 5
) -> InteractiveEffects:
    """The effect on n x T `outcomes`, n columns of `first_treated` or `NEVER`.

    rank: the number of factors; None: chosen, up to `most`. Refused: what `Cohorts.of` refuses, fewer than
    two never treated units, and a rank that leaves a treated unit no degree of freedom before its start or
    that the controls cannot carry.
    """
    panel = Cohorts.of(outcomes, first_treated)
    controls, treated = np.flatnonzero(panel.never), np.flatnonzero(~panel.never)
    if len(controls) < 2:
        raise EstimationError("first_treated", "at least two never treated units are needed as controls")
    starts = panel.first_treated[treated]
    limit = min(int(starts.min()) - 2, len(controls) - 1, panel.outcomes.shape[1] - 1)
    if rank is not None and not 0 <= rank <= max(limit, 0):
        raise EstimationError("rank", f"{rank} factors: the panel carries {max(limit, 0)} at most")
    pool = panel.outcomes[controls]
    periods = pool.mean(axis=0)
    within = pool - periods - (pool.mean(axis=1) - pool.mean())[:, None]
    every = _factors(within, max(limit, 0) if rank is None else rank)
    own = panel.outcomes[treated] - periods
    ranks = range(min(most, every.shape[1]) + 1) if rank is None else [rank]
    errors = np.array([_prediction_error(own, starts, every[:, :count]) for count in ranks])
    chosen = rank if rank is not None else _chosen(errors)
    factors = every[:, :chosen]
    table = np.column_stack([np.ones(len(factors)), factors])
    fits = zip(own, starts, strict=True)
    coefficients = np.stack([np.linalg.lstsq(table[:end], row[:end], rcond=None)[0] for row, end in fits])
    gaps = own - coefficients @ table.T
    return InteractiveEffects(
        panel=panel,
        effect=float(gaps[panel.treated_cells[treated]].mean()),
        treated=treated,
        gaps=gaps,
        factors=factors,
        loadings=coefficients[:, 1:],
        errors=errors,
    )


def _factors(within: FloatArray, count: int) -> FloatArray:
    """The first `count` principal components over time, T x r, with F'F = T; fewer where there are fewer."""
    _, sizes, rows = np.linalg.svd(within, full_matrices=False)
    real = int((sizes > 1e-10 * max(float(sizes[0]), float(np.abs(within).max()))).sum())
    found: FloatArray = np.sqrt(within.shape[1]) * rows[: min(count, real)].T
    return found


def _prediction_error(own: FloatArray, starts: IntArray, factors: FloatArray) -> float:
    """Mean squared error of each treated cell before the start when it is left out of the fit."""
    table = np.column_stack([np.ones(len(factors)), factors])
    errors = []
    for row, start in zip(own, starts, strict=True):
        basis = np.linalg.qr(table[:start])[0]
        left = row[:start] - basis @ (basis.T @ row[:start])
        # A cell that the fit passes through alone says nothing of prediction.
        errors.append(left / np.maximum(1 - (basis**2).sum(axis=1), 1e-10))
    return float(np.mean(np.concatenate(errors) ** 2))


def _chosen(errors: FloatArray) -> int:
    best = 0
    for count, error in enumerate(errors):
        if errors[best] - error > GAIN * errors[best]:
            best = count
    return best
