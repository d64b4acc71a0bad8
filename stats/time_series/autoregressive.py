"""Generalised least squares with first-order autoregressive errors, by restricted maximum likelihood.

For segmented regressions of a few dozen periods this keeps its promises far better than least squares
with Newey-West errors, whose size runs to several times the nominal one there: Turner, Forbes, Karahalios,
Taljaard, McKenzie (2021, BMC Medical Research Methodology 21) find REML with Satterthwaite's degrees of
freedom the best of the common methods. The correlation of two readings is rho to the power of the
periods between them, so gaps need no filling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.errors import EstimationError
from stats.panel import FloatArray

LIMIT = 0.98
"""Autocorrelations beyond this cannot be told from a random walk; the estimate stays within."""
GRID = 24
"""Values of rho at which the likelihood is looked at before the best is refined."""
STEP = 1e-3
"""Of the numerical derivatives in atanh(rho)."""
FEWEST_DOF = 1.0


@dataclass(frozen=True, eq=False)
class Autoregressive:
    """coefficients k, covariance k x k, rho, variance of the errors, and what the degrees of freedom need.

    slopes   k x k, derivative of the covariance with respect to atanh(rho)
    spread   2 x 2, covariance of (log variance, atanh rho); None where the likelihood tells nothing of them
    spare    n - k
    """

    coefficients: FloatArray
    covariance: FloatArray
    rho: float
    variance: float
    slopes: FloatArray
    spread: FloatArray | None
    spare: int

    def dof(self, contrast: FloatArray) -> float:
        """Satterthwaite's degrees of freedom of contrast'coefficients, between 1 and n - k."""
        value = float(contrast @ self.covariance @ contrast)
        if self.spread is None:
            return FEWEST_DOF
        gradient = np.array([value, float(contrast @ self.slopes @ contrast)])
        uncertainty = float(gradient @ self.spread @ gradient)
        if not value > 0 or not uncertainty > 0:
            return float(self.spare)
        return min(max(2 * value**2 / uncertainty, FEWEST_DOF), float(self.spare))


def autoregressive(outcomes: FloatArray, regressors: FloatArray, times: FloatArray) -> Autoregressive:
    """Fit outcomes (n) on regressors (n x k, of full rank) observed at `times` (n, whole and rising)."""
    from scipy.optimize import minimize_scalar

    if len(outcomes) - regressors.shape[1] < 2:
        raise EstimationError("errors", "autoregressive ones need two periods more than parameters")
    lengths = np.sqrt((regressors**2).sum(axis=0))
    # Less its least squares fit, so that a large constant costs the likelihood no digits.
    scaled = regressors / lengths
    around_zero, *_ = np.linalg.lstsq(scaled, outcomes, rcond=None)
    problem = _Problem(outcomes - scaled @ around_zero, scaled, np.diff(times))
    far = np.arctanh(LIMIT)
    grid = np.linspace(-far, far, GRID)
    best = int(np.argmin([problem.profile(point) for point in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    found = minimize_scalar(problem.profile, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    place = float(found.x)
    coefficients, triangle, squares, _ = problem.solved(place)
    variance = squares / problem.spare
    scale = np.outer(lengths, lengths)
    around = [_bread(problem.solved(place + shift)[1]) for shift in (-STEP, STEP)]
    return Autoregressive(
        coefficients=(around_zero + coefficients) / lengths,
        covariance=variance * _bread(triangle) / scale,
        rho=float(np.tanh(place)),
        variance=variance,
        slopes=variance * (around[1] - around[0]) / (2 * STEP) / scale,
        spread=problem.spread(place, variance),
        spare=problem.spare,
    )


def _bread(triangle: FloatArray) -> FloatArray:
    inverse = np.linalg.inv(triangle)
    bread: FloatArray = inverse @ inverse.T
    return bread


@dataclass(frozen=True, eq=False)
class _Problem:
    outcomes: FloatArray
    regressors: FloatArray
    gaps: FloatArray

    @property
    def spare(self) -> int:
        return len(self.outcomes) - int(self.regressors.shape[1])

    def solved(self, place: float) -> tuple[FloatArray, FloatArray, float, float]:
        """At atanh(rho) = place: coefficients, R of the whitened regressors, residual squares, and the
        determinants in minus twice the log likelihood."""
        passed = np.tanh(place) ** self.gaps
        root = np.sqrt(1 - passed**2)
        rows = np.column_stack([self.regressors, self.outcomes])
        rows[1:] = (rows[1:] - passed[:, None] * rows[:-1]) / root[:, None]
        orthogonal, triangle = np.linalg.qr(rows[:, :-1])
        projected = orthogonal.T @ rows[:, -1]
        coefficients = np.linalg.solve(triangle, projected)
        left = rows[:, -1] - rows[:, :-1] @ coefficients
        weight = float(2 * np.log(root).sum() + 2 * np.log(np.abs(np.diag(triangle))).sum())
        return coefficients, triangle, float(left @ left), weight

    def profile(self, place: float) -> float:
        """Minus twice the restricted log likelihood with the variance at its best."""
        _, _, squares, weight = self.solved(place)
        return self.spare * float(np.log(max(squares, 1e-300))) + weight

    def spread(self, place: float, variance: float) -> FloatArray | None:
        """Inverse of the information on (log variance, atanh rho)."""

        def deviance(shift: float) -> float:
            _, _, squares, weight = self.solved(place + shift)
            return self.spare * float(np.log(variance)) + squares / variance + weight

        down, up = self.solved(place - STEP)[2], self.solved(place + STEP)[2]
        crossed = -(up - down) / (2 * STEP) / variance / 2
        curved = (deviance(STEP) - 2 * deviance(0.0) + deviance(-STEP)) / STEP**2 / 2
        information = np.array([[self.spare / 2, crossed], [crossed, curved]])
        if np.linalg.eigvalsh(information)[0] <= 0:
            return None
        inverse: FloatArray = np.linalg.inv(information)
        return inverse
