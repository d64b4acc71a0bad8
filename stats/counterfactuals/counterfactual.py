"""Models of a path without treatment, in one shape: fitted on some periods, predicted for others.

What conformal inference, prediction intervals and power have in common is that they fit the same model
again and again on paths that differ a little. Each model here takes B paths at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stats.numerics.simplex_batch import nearest_mixes
from stats.panel import FloatArray
from stats.synthetic_control.augmented import augmented_synthetic_control

Counterfactual = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
"""Paths (B x m) and donors (J x m) in the periods that are fitted, donors (J x M) in those to be
predicted: to predictions (B x M)."""


def mixes(paths: FloatArray, donors: FloatArray, ahead: FloatArray) -> FloatArray:
    """Synthetic control on outcomes alone: shares on the simplex."""
    predicted: FloatArray = nearest_mixes(paths, donors).weights @ ahead
    return predicted


def shifted_mixes(paths: FloatArray, donors: FloatArray, ahead: FloatArray) -> FloatArray:
    """The same with a free level (Doudchenko and Imbens 2016; Ferman and Pinto 2021)."""
    weights = nearest_mixes(paths, donors, intercept=True).weights
    level = paths.mean(axis=1) - weights @ donors.mean(axis=1)
    predicted: FloatArray = level[:, None] + weights @ ahead
    return predicted


def parallel(paths: FloatArray, donors: FloatArray, ahead: FloatArray) -> FloatArray:
    """Difference-in-differences: the mean of the donors at the path's own level."""
    level = (paths - donors.mean(axis=0)).mean(axis=1)
    predicted: FloatArray = level[:, None] + ahead.mean(axis=0)
    return predicted


def augmented(*, penalty: float | None = None, fixed_effects: bool = False) -> Counterfactual:
    """Ridge-augmented synthetic control; the penalty is chosen anew in each fit unless given.

    The R package augsynth, for conformal inference, gives the one that was chosen before the start.
    """

    def predict(paths: FloatArray, donors: FloatArray, ahead: FloatArray) -> FloatArray:
        both = np.hstack([donors, ahead])
        predicted = np.empty((len(paths), ahead.shape[1]))
        for row, path in enumerate(paths):
            # What comes after the fit is not looked at, so anything may stand there.
            whole = np.append(path, np.zeros(ahead.shape[1]))
            fit = augmented_synthetic_control(
                whole, both, len(path), penalty=penalty, fixed_effects=fixed_effects
            )
            predicted[row] = fit.synthetic[len(path) :]
        return predicted

    return predict
