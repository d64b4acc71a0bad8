"""Matrix completion with nuclear norm (Athey, Bayati, Doudchenko, Imbens, Khosravi 2021).

The outcomes without treatment are a matrix of which the treated cells are missing: unit effects, period
effects, and a part L of low rank,

    minimise  sum over untreated cells (y - unit - period - L)^2 / cells + penalty x |L|_*,

the effects free of penalty. L is found by imputing the missing cells and shrinking singular values until
nothing moves (Mazumder, Hastie, Tibshirani 2010). The penalty is chosen by leaving out untreated cells at
random, as many at a time as the share of cells that are treated, on a falling path with warm starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.cohorts import Cohorts
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

PATH, LEAST_SHARE = 12, 1e-3
"""Steps of the path of penalties, and its least beside its largest, at which L vanishes."""
SETTLED, STEPS = 1e-6, 2000
"""Relative change of the fit at which it has settled, and steps before it counts as not settling."""
ROUGHLY = 1e-4
"""The same while the penalty is chosen."""


@dataclass(frozen=True, eq=False)
class MatrixCompletion:
    """effect: mean over the treated cells;  gaps: n x T, outcomes less the model;  low_rank: n x T, L.

    penalties, errors: the path, falling, and the mean squared errors in cells left out; one, and none,
    where the penalty was given.
    """

    panel: Cohorts
    effect: float
    gaps: FloatArray
    low_rank: FloatArray
    penalty: float
    penalties: FloatArray
    errors: FloatArray

    @property
    def rank(self) -> int:
        """Rank of L."""
        return int(np.linalg.matrix_rank(self.low_rank)) if np.any(self.low_rank) else 0


@checked_arguments
def matrix_completion(
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    penalty: float | None = None,
    folds: int = 5,
    rng: np.random.Generator | None = None,
) -> MatrixCompletion:
    """The effect on n x T `outcomes`, n columns of `first_treated` or `NEVER`.

    penalty  None: chosen with `folds` draws of cells from `rng`. Refused: what `Cohorts.of` refuses, a
    period in which everybody is treated, a penalty that is not positive, a choice without `rng`.
    """
    panel = Cohorts.of(outcomes, first_treated)
    seen = ~panel.treated_cells
    if not seen.any(axis=0).all():
        raise EstimationError("first_treated", "in some period everybody is treated")
    # In units of the spread, so that the tolerances mean the same for all.
    scale = float(panel.outcomes[seen].std())
    if not scale > 0:
        raise EstimationError("outcomes", "never vary without treatment")
    values = (panel.outcomes - panel.outcomes[seen].mean()) / scale
    path, errors = np.empty(0), np.empty(0)
    if penalty is None:
        if rng is None:
            raise EstimationError("rng", "the penalty is chosen with random cells, so a generator is needed")
        path, errors = _tuned(values, seen, folds, rng)
        chosen = float(path[errors.argmin()])
    elif penalty > 0 and np.isfinite(penalty):
        chosen = penalty / scale
        path = np.array([chosen])
    else:
        raise EstimationError("penalty", f"{penalty} is not positive")
    low_rank, fitted = _completed(values, seen, chosen, np.zeros_like(values), SETTLED)
    gaps = scale * (values - fitted)
    return MatrixCompletion(
        panel=panel,
        effect=float(gaps[~seen].mean()),
        gaps=gaps,
        low_rank=scale * low_rank,
        penalty=scale * chosen,
        penalties=scale * path,
        errors=scale**2 * errors,
    )


def _tuned(
    values: FloatArray, seen: BoolArray, folds: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """The path of penalties and the mean squared errors in cells left out."""
    plain = _effects(values, seen)
    largest = 2 * float(np.linalg.norm(np.where(seen, values - plain, 0.0), 2)) / int(seen.sum())
    path = largest * np.geomspace(1.0, LEAST_SHARE, PATH)
    errors = np.zeros(PATH)
    for _ in range(folds):
        kept = seen & (rng.random(seen.shape) < seen.mean())
        # Every unit and period needs a cell, or its effect is nothing.
        kept[:, ~kept.any(axis=0)] = seen[:, ~kept.any(axis=0)]
        kept[~kept.any(axis=1)] = seen[~kept.any(axis=1)]
        out = seen & ~kept
        low_rank = np.zeros_like(values)
        for place, penalty in enumerate(path):
            low_rank, fitted = _completed(values, kept, float(penalty), low_rank, ROUGHLY)
            errors[place] += float(((values - fitted)[out] ** 2).sum()) / max(int(out.sum()), 1) / folds
    return path, errors


def _completed(
    values: FloatArray, seen: BoolArray, penalty: float, low_rank: FloatArray, settled: float
) -> tuple[FloatArray, FloatArray]:
    """L and the whole fit, from a first guess of L.

    Plain steps creep where the penalty is small, so each starts from where the last two point to, and
    afresh where that led uphill (Beck and Teboulle 2009; O'Donoghue and Candes 2015).
    """
    threshold = penalty * int(seen.sum()) / 2
    fitted = low_rank + _effects(values - low_rank, seen)
    ahead, pace = low_rank, 1.0
    for _ in range(STEPS):
        effects = _effects(values - ahead, seen)
        left, sizes, right = np.linalg.svd(np.where(seen, values - effects, ahead), full_matrices=False)
        last, low_rank = low_rank, (left * np.maximum(sizes - threshold, 0.0)) @ right
        before, fitted = fitted, low_rank + _effects(values - low_rank, seen)
        if np.linalg.norm(fitted - before) <= settled * max(float(np.linalg.norm(before)), settled):
            return low_rank, fitted
        if float(((ahead - low_rank) * (low_rank - last)).sum()) > 0:
            pace, ahead = 1.0, low_rank
            continue
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = low_rank + (pace - 1) / faster * (low_rank - last)
        pace = float(faster)
    raise EstimationError("penalty", "the completion does not settle; give a larger one")


def _effects(values: FloatArray, seen: BoolArray) -> FloatArray:
    """Unit and period effects by least squares on the cells seen, n x T."""
    counts, totals = seen.sum(axis=1).astype(np.float64), seen.sum(axis=0).astype(np.float64)
    cells = np.where(seen, values, 0.0)
    rows, columns = cells.sum(axis=1), cells.sum(axis=0)
    # The period effects once the unit effects are concentrated out; one of them is not identified.
    shares = seen / counts[:, None]
    system = np.diag(totals) - seen.T.astype(np.float64) @ shares
    periods, *_ = np.linalg.lstsq(system, columns - rows @ shares, rcond=None)
    units = (rows - seen @ periods) / counts
    effects: FloatArray = units[:, None] + periods
    return effects
