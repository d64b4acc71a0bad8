"""How far a residual that has not been seen may be off, from those that have and what goes with them.

The out-of-sample part of the prediction intervals of Cattaneo, Feng and Titiunik (2021): the error's mean
and spread are regressed on the donors, and the bound is sub-Gaussian, a quantile of the standardised
residuals, or a quantile regression.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats.panel import FloatArray

ErrorMethod = Literal["gaussian", "location_scale", "quantile"]

SPARE = 10
"""Observations that must be left beyond the coefficients, or a constant alone is fitted."""
QUARTILES = 1.34
"""Distance of a normal distribution's quartiles in standard deviations, as scpi has it."""


def regressors(table: FloatArray, order: int) -> FloatArray:
    """T x K regressors with a constant before them, or the constant alone (T x 1)."""
    rows, columns = table.shape
    constant = np.ones((rows, 1))
    if order == 0 or rows - SPARE <= columns + 1:
        return constant
    varying = np.ptp(table, axis=0) > 0
    return np.hstack([constant, table[:, varying]])


def linear_fit(values: FloatArray, table: FloatArray) -> FloatArray:
    """Least-squares coefficients, of least norm where they are not unique; columns scaled first."""
    size = np.sqrt((table**2).sum(axis=0))
    coefficients, *_ = np.linalg.lstsq(table / size, values, rcond=1e-10)
    return np.asarray(coefficients / size, dtype=np.float64)


def quantile_fit(values: FloatArray, table: FloatArray, quantile: float) -> FloatArray:
    """Coefficients (K) of a linear quantile regression (Koenker and Bassett 1978), by linear programming."""
    from scipy.optimize import linprog

    rows, columns = table.shape
    size = np.sqrt((table**2).sum(axis=0))
    spread = float(np.abs(values).max()) or 1.0
    found = linprog(
        np.concatenate([np.zeros(columns), np.full(rows, quantile), np.full(rows, 1 - quantile)]),
        A_eq=np.hstack([table / size, np.eye(rows), -np.eye(rows)]),
        b_eq=values / spread,
        bounds=[(None, None)] * columns + [(0, None)] * (2 * rows),
        method="highs",
    )
    coefficients: FloatArray = np.asarray(found.x, dtype=np.float64)[:columns] * (spread / size)
    return coefficients


@dataclass(frozen=True, eq=False)
class ErrorBounds:
    """The error's regression: T0 residuals on T0 x K regressors, n x K regressors after the start.

    mean, scale  n;  standardised  T0
    """

    method: ErrorMethod
    residuals: FloatArray
    table: FloatArray
    ahead: FloatArray
    mean: FloatArray
    scale: FloatArray
    standardised: FloatArray

    def at(self, level: float, period: int) -> tuple[float, float]:
        """The bounds in one period, beyond each of which the error lies with probability level / 2."""
        tail = level / 2
        if self.method == "gaussian":
            reach = math.sqrt(-2 * math.log(tail)) * float(self.scale[period])
            return float(self.mean[period]) - reach, float(self.mean[period]) + reach
        if self.method == "location_scale":
            low, high = np.quantile(self.standardised, [tail, 1 - tail])
        elif self.table.shape[1] == 1:
            low, high = np.quantile(self.residuals, [tail, 1 - tail])
            return float(low), float(high)
        else:
            both = [
                self.ahead[period] @ quantile_fit(self.residuals, self.table, q) for q in (tail, 1 - tail)
            ]
            # Fitted quantiles may cross where they are predicted far from the data.
            return float(min(both)), float(max(both))
        middle, scale = float(self.mean[period]), float(self.scale[period])
        return middle + scale * float(low), middle + scale * float(high)


def error_bounds(
    residuals: FloatArray, table: FloatArray, ahead: FloatArray, order: int, method: ErrorMethod
) -> ErrorBounds:
    """Regress `residuals` (T0) on `table` (T0 x K), to be predicted at `ahead` (n x K)."""
    inside = regressors(table, order)
    varying = np.ptp(table, axis=0) > 0
    beyond = (
        np.ones((len(ahead), 1))
        if inside.shape[1] == 1
        else np.hstack([np.ones((len(ahead), 1)), ahead[:, varying]])
    )
    mean = linear_fit(residuals, inside)
    left = residuals - inside @ mean
    # A residual of exactly zero has no logarithm; rounding is the least that is meant.
    size = np.maximum(left**2, np.finfo(float).eps ** 2 * float(np.mean(residuals**2)))
    spread = linear_fit(np.log(size), inside)
    quartiles = [beyond @ quantile_fit(left, inside, quantile) for quantile in (0.25, 0.75)]
    scale = np.minimum(np.exp(beyond @ spread / 2), np.abs(quartiles[1] - quartiles[0]) / QUARTILES)
    return ErrorBounds(
        method=method,
        residuals=residuals,
        table=inside,
        ahead=beyond,
        mean=beyond @ mean,
        scale=scale,
        standardised=left / np.exp(inside @ spread / 2),
    )
