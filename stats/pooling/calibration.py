"""Entropy balancing: the weights nearest to equal that give a source the target's means.

Hainmueller (2012). With c_i the source's covariates less the target's means, the weights are proportional
to q_i exp(c_i'l), where l minimises the convex dual log sum q_i exp(c_i'l): Newton's method with halving.
A solution exists exactly where the target's means lie inside the convex hull of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.panel import FloatArray

BALANCE = 1e-8
"""Largest difference from the target's means, in standard deviations of the source, that is called none."""
ITERATIONS = 200
FURTHEST = 500.0
"""Exponents beyond this range mean that the dual has no minimum: the weights run off to single units."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """weights (n, sum 1); the target's means and those reached (m); what the weights cost.

    effective_size   1 / sum of squared weights (Kish 1965): so many equally weighted units say as much
    largest_weight   of a single unit
    """

    weights: FloatArray
    target: FloatArray
    reached: FloatArray
    effective_size: float
    largest_weight: float


@checked_arguments
def entropy_balancing(
    covariates: npt.ArrayLike,
    target: npt.ArrayLike,
    *,
    base: npt.ArrayLike | None = None,
    names: Sequence[str] = (),
) -> Calibration | NotComputable:
    """Weights for `covariates` (n x m) that reach the means `target` (m).

    base   weights q to stay near to (n, above 0), equal by default; names: of the covariates, for the reason
    To balance variances too, add squares to the covariates and to the target. Refused: values that are not
    finite, shapes that do not fit, base weights that are not positive. Means that no weights reach give a
    reason that names a covariate whose mean alone is out of reach, if there is one.
    """
    x, means, q, labels = _checked(covariates, target, base, names)
    for place in np.flatnonzero((means < x.min(axis=0)) | (means > x.max(axis=0))):
        return out_of_reach(labels[place])
    spread = x.std(axis=0)
    varying = spread > 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300)
    centred = (x[:, varying] - means[varying]) / spread[varying]
    weights = _solve(centred, q)
    if weights is None:
        return out_of_reach(None)
    return Calibration(weights, means, weights @ x, float(1 / np.sum(weights**2)), float(weights.max()))


def out_of_reach(name: str | None) -> NotComputable:
    """The target lies outside what the source covers: weights cannot make up missing units."""
    where_ko, where_en = (f" ({name})", f" (already {name} alone)") if name else ("", "")
    return NotComputable(
        "target_out_of_reach",
        f"대상 집단의 평균이 자료의 범위를 벗어나 어떤 가중치로도 맞출 수 없습니다{where_ko}.",
        f"No weights give the source the target's means: they lie outside of its range{where_en}.",
    )


def _solve(centred: FloatArray, base: FloatArray) -> FloatArray | None:
    """The weights at which the weighted mean of `centred` is zero, or None where there are none."""
    multipliers = np.zeros(centred.shape[1])
    value, weights = _dual(centred, base, multipliers)
    for _ in range(ITERATIONS):
        gradient = weights @ centred
        if np.abs(gradient).max(initial=0.0) <= BALANCE:
            return weights
        deviations = centred - gradient
        curvature = (weights[:, None] * deviations).T @ deviations
        # Least squares: covariates that say the same twice share the multiplier.
        step = np.linalg.lstsq(curvature, -gradient, rcond=1e-12)[0]
        length = 1.0
        while True:
            trial = multipliers + length * step
            trial_value, trial_weights = _dual(centred, base, trial)
            if trial_value <= value + 1e-4 * length * float(gradient @ step):
                break
            length /= 2
            if length < 1e-10:
                return None
        multipliers, value, weights = trial, trial_value, trial_weights
        if np.ptp(centred @ multipliers) > FURTHEST:
            return None
    return None


def _dual(centred: FloatArray, base: FloatArray, multipliers: FloatArray) -> tuple[float, FloatArray]:
    exponents = centred @ multipliers
    highest = float(exponents.max())
    masses = base * np.exp(exponents - highest)
    total = float(masses.sum())
    return highest + float(np.log(total)), masses / total


def _checked(
    covariates: npt.ArrayLike, target: npt.ArrayLike, base: npt.ArrayLike | None, names: Sequence[str]
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[str, ...]]:
    x = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or not x.size:
        raise EstimationError("covariates", "must be units x covariates, at least one of each")
    for place in np.flatnonzero(~np.isfinite(x).all(axis=1)):
        raise EstimationError("covariates", f"unit {place} has a value that is not finite")
    means = np.atleast_1d(np.asarray(target, dtype=np.float64))
    if means.shape != x.shape[1:] or not np.isfinite(means).all():
        raise EstimationError("target", f"needs {x.shape[1]} finite means, one for each covariate")
    q = np.ones(len(x)) if base is None else np.asarray(base, dtype=np.float64)
    if q.shape != (len(x),) or not (np.isfinite(q) & (q > 0)).all():
        raise EstimationError("base", "must be finite and above 0, one for each unit")
    labels = tuple(names) or tuple(f"covariate {place}" for place in range(x.shape[1]))
    if len(labels) != x.shape[1]:
        raise EstimationError("names", f"{len(labels)} names for {x.shape[1]} covariates")
    return x, means, q / q.sum(), labels
