"""Poisson regression with a log link and offset, by iteratively reweighted least squares.

McCullagh and Nelder, "Generalized Linear Models" (1989), chapter 2. The least squares of each step are
solved by a QR decomposition of columns scaled to unit length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.errors import EstimationError
from stats.panel import FloatArray

STEPS = 60
CONVERGED = 1e-13
"""Relative change of the deviance at which the iteration ends."""


@dataclass(frozen=True, eq=False)
class LogLinear:
    """coefficients k; means n; bread k x k, inverse of X' diag(means) X; dispersion, Pearson / (n - k)."""

    coefficients: FloatArray
    means: FloatArray
    bread: FloatArray
    dispersion: float


def log_linear(counts: FloatArray, regressors: FloatArray, offset: FloatArray) -> LogLinear:
    """Fit counts (n, not negative) on regressors (n x k, of full rank) with means exp(X b + offset).

    `EstimationError` where no finite coefficients exist: counts of zero wherever some combination of
    regressors points the same way.
    """
    scale = np.sqrt((regressors**2).sum(axis=0))
    design = regressors / scale
    means = counts + 0.1
    predictor, deviance = np.log(means), np.inf
    for _ in range(STEPS):
        working = predictor - offset + (counts - means) / means
        root = np.sqrt(means)
        orthogonal, triangle = np.linalg.qr(design * root[:, None])
        coefficients = np.linalg.solve(triangle, orthogonal.T @ (working * root))
        predictor = design @ coefficients + offset
        with np.errstate(over="ignore"):
            means = np.exp(predictor)
        if not np.isfinite(means).all() or means.min() < 1e-10 * max(counts.mean(), 1.0):
            raise _without_estimate()
        before, deviance = deviance, _deviance(counts, means)
        if abs(before - deviance) <= CONVERGED * (abs(deviance) + 1e-3):
            break
    else:
        raise _without_estimate()
    inverse = np.linalg.inv(triangle)
    spare = len(counts) - design.shape[1]
    pearson = float(((counts - means) ** 2 / means).sum())
    return LogLinear(
        coefficients=coefficients / scale,
        means=means,
        bread=inverse @ inverse.T / np.outer(scale, scale),
        dispersion=pearson / spare if spare > 0 else np.nan,
    )


def _deviance(counts: FloatArray, means: FloatArray) -> float:
    logs = np.log(np.where(counts > 0, counts, 1.0) / means)
    return float(2 * (np.where(counts > 0, counts * logs, 0.0) - counts + means).sum())


def _without_estimate() -> EstimationError:
    return EstimationError("outcomes", "counts are zero for too long: the log of a rate has no estimate")
