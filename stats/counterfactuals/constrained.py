"""Synthetic control under other constraints on the weights than shares (Cattaneo, Feng, Titiunik 2021).

Weights w of the donors that follow the treated before the start, without intercept, under

    simplex  shares: w >= 0, sum 1                  lasso  sum |w| <= size (1 by default)
    ridge    |w| <= size (Euclidean length)         l1_l2  shares, and |w| <= size
    ols      none

The default size for "ridge" and "l1_l2" is the length of the ridge weights with the penalty J s^2 / |b|^2
(Hoerl, Kennard and Baldwin 1975), b and s^2 the least squares coefficients and their residual variance, and
0.5 at least; where fewer than eleven degrees of freedom are left, b is that of the donors that the lasso
keeps. The package scpi (Cattaneo, Feng, Palomba and Titiunik 2025) takes |b| / (1 + penalty) for that length,
which depends on the outcome's unit: give its size to compare.

Weights that are no shares extrapolate, and need not sum to one: a level common to all is not taken out.
Intervals for the simplex stand in `stats.counterfactuals.prediction_intervals`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats.arguments import checked_arguments
from stats.counterfactuals.prediction_intervals import LEAST_BEFORE
from stats.errors import EstimationError
from stats.numerics.simplex import simplex_weights
from stats.panel import FloatArray

Constraint = Literal["simplex", "lasso", "ridge", "l1_l2", "ols"]

LEAST_SIZE = 0.5
"""Of a default length; shorter weights would hardly follow anything."""
LEAST_FREEDOM = 10
"""Periods beyond the donors, up to which least squares says too little of the right length."""
IN_USE = 1e-8


@dataclass(frozen=True, eq=False)
class ConstrainedControl:
    """weights  J;  size  of the constraint, None for "simplex" and "ols";  gaps  T, treated less synthetic
    effect   mean gap from the start on;  pre_rmspe  root mean square gap before it"""

    weights: FloatArray
    size: float | None
    gaps: FloatArray
    effect: float
    pre_rmspe: float


@checked_arguments
def constrained_control(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    constraint: Constraint,
    size: float | None = None,
) -> ConstrainedControl:
    """The gaps of `treated` (T) from its synthetic control of `donors` (J x T), treated from column `start`.

    size  of the constraint, see the module; "simplex" and "ols" take none

    Refused: cells that are not finite, fewer than 10 periods before the start or none after, sizes that are
    not positive or (l1_l2) shorter than any shares, least squares with donors that the others explain.
    """
    if treated.ndim != 1 or donors.ndim != 2 or donors.shape[1] != len(treated):
        raise EstimationError("donors", f"have shape {donors.shape} beside treated of {treated.shape}")
    for name, values in (("treated", treated), ("donors", donors)):
        if not np.isfinite(values).all():
            raise EstimationError(name, f"is not finite at {np.argwhere(~np.isfinite(values))[0].tolist()}")
    if not LEAST_BEFORE <= start < len(treated):
        raise EstimationError("start", f"{start} of {len(treated)}: {LEAST_BEFORE} periods before are needed")
    if not donors[:, :start].any():
        raise EstimationError("donors", "are zero throughout before the start")
    scale = float(np.abs(np.vstack([treated, donors])[:, :start]).max())
    target, table = treated[:start] / scale, donors[:, :start].T / scale
    if not np.ptp(target) > 0:
        raise EstimationError("treated", "does not vary before the start")
    if size is None and constraint not in ("simplex", "ols"):
        size = 1.0 if constraint == "lasso" else _default_length(target, table)
        if constraint == "l1_l2":
            size = max(size, 1 / math.sqrt(len(donors)))
    weights = _weights(target, table, constraint, size)
    gaps = treated - weights @ donors
    pre_rmspe = float(np.sqrt((gaps[:start] ** 2).mean()))
    return ConstrainedControl(weights, size, gaps, float(gaps[start:].mean()), pre_rmspe)


def _weights(target: FloatArray, table: FloatArray, constraint: Constraint, size: float | None) -> FloatArray:
    if constraint in ("simplex", "ols"):
        if size is not None:
            raise EstimationError("size", f"{constraint} takes none")
        return _shares(target, table) if constraint == "simplex" else _least_squares(target, table)
    if size is None or not 0 < size < math.inf:
        raise EstimationError("size", f"must be positive and finite, not {size!r}")
    if constraint == "lasso":
        return _absolute(target, table, size)
    return _short(target, table, size) if constraint == "ridge" else _short_shares(target, table, size)


def _shares(target: FloatArray, table: FloatArray) -> FloatArray:
    return simplex_weights(table - target[:, None])[0]


def _least_squares(target: FloatArray, table: FloatArray) -> FloatArray:
    lengths = np.sqrt((table**2).sum(axis=0))
    scaled = table / np.maximum(lengths, math.ulp(0.0))
    found, _, rank, _ = np.linalg.lstsq(scaled, target, rcond=1e-10)
    if rank < table.shape[1]:
        raise EstimationError("donors", "are too many, or too much alike, for least squares")
    weights: FloatArray = found / lengths
    return weights


def _absolute(target: FloatArray, table: FloatArray, size: float) -> FloatArray:
    """With w = size (u - v), the shares u, v and an idle rest are a point of the simplex."""
    count = table.shape[1]
    idle = np.zeros((len(target), 1))
    found = _shares(target, np.hstack([size * table, -size * table, idle]))
    return size * (found[:count] - found[count : 2 * count])


def _short(target: FloatArray, table: FloatArray, size: float) -> FloatArray:
    """Ridge regression, its penalty such that the weights have this length; 0 where they are shorter."""
    from scipy.optimize import brentq

    def longer(penalty: float) -> float:
        return float(np.linalg.norm(_ridge(target, table, penalty))) - size

    if longer(0.0) <= 0:
        return _ridge(target, table, 0.0)
    # |w| is at most |Z'a| / penalty.
    highest = float(np.linalg.norm(table.T @ target)) / size
    return _ridge(target, table, float(brentq(longer, 0.0, highest, xtol=1e-15 * highest, rtol=1e-13)))


def _ridge(target: FloatArray, table: FloatArray, penalty: float) -> FloatArray:
    """The shortest weights where, without a penalty, several fit alike."""
    left, singular, right = np.linalg.svd(table, full_matrices=False)
    kept = singular > 1e-12 * singular[0]
    along = singular[kept] * (left.T[kept] @ target) / (singular[kept] ** 2 + penalty)
    weights: FloatArray = right[kept].T @ along
    return weights


def _short_shares(target: FloatArray, table: FloatArray, size: float) -> FloatArray:
    """Shares under a penalty on their squares that makes them as short as told."""
    from scipy.optimize import brentq

    count = table.shape[1]
    if abs(size * math.sqrt(count) - 1) <= 1e-9:
        return np.full(count, 1 / count)
    if size * math.sqrt(count) < 1:
        raise EstimationError("size", f"{size!r} is shorter than {count} equal shares")

    def shares(log_penalty: float) -> FloatArray:
        root = math.exp(log_penalty / 2) * np.eye(count)
        return _shares(np.append(target, np.zeros(count)), np.vstack([table, root]))

    def longer(log_penalty: float) -> float:
        return float(np.linalg.norm(shares(log_penalty))) - size

    plain = _shares(target, table)
    if np.linalg.norm(plain) <= size:
        return plain
    low, high = -20.0, 0.0
    while longer(high) > 0:
        high += 5.0
    while longer(low) < 0:
        low -= 5.0
    return shares(float(brentq(longer, low, high, xtol=1e-12)))


def _default_length(target: FloatArray, table: FloatArray) -> float:
    """The rule of thumb of the module's docstring."""
    if len(target) <= table.shape[1] + LEAST_FREEDOM:
        size = np.abs(_absolute(target, table, 1.0))
        most = max(len(target) - LEAST_FREEDOM, 2)
        order = np.argsort(-size, kind="stable")[:most]
        table = table[:, np.sort(order[size[order] > IN_USE])]
    if not table.shape[1] or len(target) <= table.shape[1]:
        return LEAST_SIZE
    found = _least_squares(target, table)
    variance = float(((target - table @ found) ** 2).sum()) / (len(target) - table.shape[1])
    squares = float(found @ found)
    if not squares > 0:
        return LEAST_SIZE
    penalty = table.shape[1] * variance / squares
    return max(LEAST_SIZE, float(np.linalg.norm(_ridge(target, table, penalty))))
