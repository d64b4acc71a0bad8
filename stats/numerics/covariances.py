"""Covariance matrices of coefficients, checked once at the door."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stats.checked import finite
from stats.errors import EstimationError
from stats.panel import FloatArray

SINGULAR = 1e-10
"""Smallest eigenvalue of the correlations below which a covariance counts as singular."""
ASYMMETRY = 1e-8
"""Correlations that differ by more across the diagonal are no rounding."""


def checked_covariance(covariance: npt.ArrayLike, count: int) -> FloatArray:
    """`covariance` as a count x count matrix, exactly symmetric.

    `EstimationError` for another shape, NaN or infinities, a coefficient without variance, and where the
    correlations are not symmetric and positive definite: judged on correlations, so that the units of the
    coefficients do not matter.
    """
    matrix = finite("covariance", covariance, 2)
    if matrix.shape != (count, count):
        raise EstimationError("covariance", f"must be {count} x {count} finite numbers")
    if not (np.diag(matrix) > 0).all():
        raise EstimationError("covariance", "leaves a coefficient without variance")
    spread = np.sqrt(np.diag(matrix))
    scaled = matrix / np.outer(spread, spread)
    if np.abs(scaled - scaled.T).max() > ASYMMETRY or np.linalg.eigvalsh(scaled)[0] < SINGULAR:
        raise EstimationError("covariance", "is not symmetric and positive definite")
    symmetric: FloatArray = (matrix + matrix.T) / 2
    return symmetric
