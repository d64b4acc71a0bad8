"""Penalised synthetic control (Abadie and L'Hour 2021), for one or many treated units.

Each treated unit has shares of its own, which minimise

    |x_1 - X_0' w|^2 + penalty * sum_j w_j |x_1 - x_j|^2

over the simplex. The second term makes donors that are unlike the treated unit dear: a small penalty
chooses, among mixes that fit equally well, that of the nearest donors, and makes it the only one; a large
one is nearest-neighbour matching. The penalty has no unit. It is given, or chosen by what the synthetic
controls of the controls miss after the start, or by what those of the treated miss in the last periods
before it (both in their section on the choice of the penalty).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from stats.arguments import checked_arguments
from stats.checked import finite
from stats.errors import EstimationError
from stats.numerics.simplex_batch import Mixes, nearest_mixes
from stats.panel import BoolArray, FloatArray

Choice = Literal["controls", "holdout"]

GRID = (0.0, *(float(value) for value in np.geomspace(1e-4, 10, 21)))
"""Penalties tried: none, and from next to none to next to matching."""


@dataclass(frozen=True, eq=False)
class PenalisedFit:
    """The treated units beside their synthetic controls.

    weights   n1 x J;  unique: n1;  gaps: n1 x T;  start: column of the first treated period
    penalty   as given or chosen;  tried, errors: G, penalties and mean squared errors; empty where given
    """

    weights: FloatArray
    unique: BoolArray
    gaps: FloatArray
    start: int
    penalty: float
    tried: FloatArray
    errors: FloatArray

    @property
    def effect(self) -> float:
        """Mean gap of the treated units from the start on."""
        return float(self.gaps[:, self.start :].mean())


@checked_arguments
def penalised_mixes(
    targets: FloatArray,
    donors: FloatArray,
    penalty: float,
    *,
    importance: FloatArray | None = None,
    allowed: BoolArray | None = None,
) -> Mixes:
    """The shares of `donors` (J x m) for each of `targets` (B x m) at one penalty.

    importance: m, non-negative weights of the m numbers in both terms; None: all alike
    allowed: B x J, the donors of each. `EstimationError` where the penalty is negative or not finite.
    """
    if not (np.isfinite(penalty) and penalty >= 0):
        raise EstimationError("penalty", "must be finite and not negative")
    if finite("targets", targets, 2).shape[1] != finite("donors", donors, 2).shape[1]:
        raise EstimationError("targets", f"have {targets.shape[1]} columns, the donors {donors.shape[1]}")
    if len(donors) > 1 and not np.ptp(donors, axis=0).any():
        raise EstimationError("donors", "do not differ")
    halves = np.ones(donors.shape[1]) if importance is None else np.sqrt(importance)
    own, pool = targets * halves, donors * halves
    far = np.array([((pool - row) ** 2).sum(axis=1) for row in own])
    return nearest_mixes(own, pool, allowed=allowed, costs=penalty * far)


@checked_arguments
def penalised_synthetic_control(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    penalty: float | None = None,
    choice: Choice = "controls",
    holdout: int | None = None,
    predictors: tuple[FloatArray, FloatArray] | None = None,
    importance: FloatArray | None = None,
    grid: tuple[float, ...] = GRID,
) -> PenalisedFit:
    """The effect on `treated` (n1 x T) against `donors` (J x T), complete, from column `start` on.

    predictors   treated (n1 x K) and donors (J x K), matched in place of the outcomes before the start,
                 each divided by its standard deviation over all units;  importance: K (or the periods)
    penalty      None: the best of `grid`. choice "controls": by the squared gaps after the start of each
                 donor's synthetic control from the others; "holdout": by those of the treated in the last
                 `holdout` periods before the start (None: half of them), left out of the matching

    `EstimationError` where a cell is not finite, no period lies before or after the start, donors are fewer
    than two (three for "controls"), a predictor does not vary, or a choice is none.
    """
    own, pool = np.atleast_2d(np.asarray(treated, dtype=np.float64)), np.asarray(donors, dtype=np.float64)
    _checked(own, pool, start)
    scaled = None if predictors is None else _scaled(predictors, len(own), len(pool))
    tried, errors = np.empty(0), np.empty(0)
    matched = (own[:, :start], pool[:, :start]) if scaled is None else scaled
    if penalty is None:
        tried = finite("grid", grid, 1)
        if choice == "controls":
            errors = _missed_by_controls(matched[1], pool[:, start:], tried, importance)
        elif choice == "holdout":
            length = start // 2 if holdout is None else holdout
            errors = _missed_before(own[:, :start], pool[:, :start], scaled, length, tried, importance)
        else:
            raise EstimationError("choice", f"must be one of {', '.join(get_args(Choice))}")
        penalty = float(tried[errors.argmin()])
    mixes = penalised_mixes(*matched, penalty, importance=importance)
    return PenalisedFit(
        mixes.weights, mixes.unique, own - mixes.weights @ pool, start, penalty, tried, errors
    )


def _missed_by_controls(
    matched: FloatArray, after: FloatArray, tried: FloatArray, importance: FloatArray | None
) -> FloatArray:
    """Mean squared gaps after the start of each donor from the others, by penalty."""
    if len(matched) < 3:
        raise EstimationError("donors", "must be at least three for the penalty to be chosen by them")
    others = ~np.eye(len(matched), dtype=bool)
    errors = []
    for penalty in tried:
        mixes = penalised_mixes(matched, matched, float(penalty), importance=importance, allowed=others)
        errors.append(np.mean((after - mixes.weights @ after) ** 2))
    return np.array(errors)


def _missed_before(
    own: FloatArray,
    pool: FloatArray,
    scaled: tuple[FloatArray, FloatArray] | None,
    length: int,
    tried: FloatArray,
    importance: FloatArray | None,
) -> FloatArray:
    """Mean squared gaps of the treated in the last `length` periods before the start, by penalty."""
    split = own.shape[1] - length
    if length < 1 or split < 1:
        raise EstimationError("holdout", f"{length} periods cannot be left out of {own.shape[1]}")
    matched = (own[:, :split], pool[:, :split]) if scaled is None else scaled
    weights = importance if importance is None or scaled is not None else importance[:split]
    errors = []
    for penalty in tried:
        mixes = penalised_mixes(*matched, float(penalty), importance=weights)
        errors.append(np.mean((own - mixes.weights @ pool)[:, split:] ** 2))
    return np.array(errors)


def _scaled(
    predictors: tuple[FloatArray, FloatArray], treated: int, donors: int
) -> tuple[FloatArray, FloatArray]:
    both = np.vstack([np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in predictors])
    if len(both) != treated + donors or not np.isfinite(both).all():
        raise EstimationError("predictors", f"need a finite row for each of {treated + donors} units")
    spread = both.std(axis=0, ddof=1)
    for index in np.flatnonzero(spread <= 1e-12 * np.abs(both).max(axis=0)):
        raise EstimationError(f"predictors.{index}", "is the same for all units, so it cannot match any")
    return both[:treated] / spread, both[treated:] / spread


def _checked(own: FloatArray, pool: FloatArray, start: int) -> None:
    if pool.ndim != 2 or pool.shape[1] != own.shape[1]:
        raise EstimationError("donors", f"have shape {pool.shape}, wanted J x {own.shape[1]}")
    if len(pool) < 2:
        raise EstimationError("donors", "must be at least two")
    if not 0 < start < own.shape[1]:
        raise EstimationError("start", f"{start} leaves no period before or none after it")
    for argument, values in (("treated", own), ("donors", pool)):
        if not np.isfinite(values).all():
            row, column = (int(place) for place in np.argwhere(~np.isfinite(values))[0])
            raise EstimationError(argument, f"unit {row} has no finite value in period {column}")
    if (np.append(own.ravel(), pool) == own.flat[0]).all():
        raise EstimationError("treated", "does not vary, and neither do the donors")
