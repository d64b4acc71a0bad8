"""Simultaneous bands: an event study's whole path is covered with the stated probability.

The critical value is the quantile of the largest |t| among all coefficients under their joint (normal or
t) distribution, by simulation from their correlations ("sup-t", Montiel Olea and Plagborg-Moller 2019;
Freyberger and Rai 2018). Pointwise intervals of a path miss it somewhere far more often than alpha;
Bonferroni's are wider than needed, since neighbouring coefficients move together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.inference import Inference, agreeing
from stats.numerics.coefficients import ROUNDING, Coefficients
from stats.panel import FloatArray

SUP_T = "sup_t"
DRAWS = 20_000
AT_ONCE = 2_000_000
"""Random numbers held at a time."""


@dataclass(frozen=True, eq=False)
class Band:
    """A band over coefficients.

    names       those that it covers
    inferences  each with its end points and the p-value adjusted for looking at all (single-step max-|t|)
    critical    what standard errors are multiplied by
    p_value     of the hypothesis that all are zero: the smallest of the adjusted ones
    """

    names: tuple[str, ...]
    inferences: tuple[Inference, ...]
    critical: float
    p_value: float

    def of(self, name: str) -> Inference:
        """The inference for one coefficient."""
        return self.inferences[self.names.index(name)]


@checked_arguments
def simultaneous_band(
    coefficients: Coefficients,
    rng: np.random.Generator,
    *,
    names: Sequence[str] | None = None,
    alpha: float = 0.05,
    draws: int = DRAWS,
) -> Band:
    """The sup-t band over `names` (default: all) from `draws` draws of the joint t distribution.

    The quantile is the order statistic that makes the test by simulation exact: p = (1 + #{draws at least
    as large}) / (draws + 1), and a coefficient lies outside its band exactly when p <= alpha. Refused:
    coefficients without a standard error, fewer draws than `alpha` needs.
    """
    chosen = tuple(coefficients.names if names is None else names)
    places = [coefficients.index(name) for name in chosen]
    if not places or coefficients.exact or coefficients.dof <= 0:
        raise EstimationError("coefficients", "have no uncertainty to make a band of")
    variances = np.diag(coefficients.covariance)[places]
    rounding = ~(variances > ROUNDING * np.diag(coefficients.plain)[places])
    if rounding.any():
        raise EstimationError("names", f"{chosen[int(np.argmax(rounding))]!r} has no standard error")
    rank = int(alpha * (draws + 1) * (1 + 1e-12))
    if not 0 < alpha < 1 or rank < 1:
        raise EstimationError("draws", f"{draws} are too few for alpha = {alpha}")
    errors, values = np.sqrt(variances), coefficients.values[places]
    correlation = coefficients.covariance[np.ix_(places, places)] / np.outer(errors, errors)
    largest = np.sort(_largest(correlation, coefficients.dof, rng, draws))
    critical = float(largest[draws - rank])
    sizes = np.abs(values / errors)
    p_values = (1 + draws - np.searchsorted(largest, sizes, side="left")) / (draws + 1)
    return Band(
        names=chosen,
        inferences=tuple(
            Inference(
                method=SUP_T,
                alpha=alpha,
                p_value=float(p),
                interval=agreeing(value - critical * error, value + critical * error, rejected=p <= alpha),
                standard_error=float(error),
                dof=coefficients.dof,
            )
            for value, error, p in zip(values.tolist(), errors.tolist(), p_values.tolist(), strict=True)
        ),
        critical=critical,
        p_value=float(p_values.min()),
    )


def _largest(correlation: FloatArray, dof: float, rng: np.random.Generator, draws: int) -> FloatArray:
    """`draws` of max |t|."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    chunk = max(1, AT_ONCE // len(root))
    largest = np.empty(draws)
    for first in range(0, draws, chunk):
        count = min(chunk, draws - first)
        normal = rng.standard_normal((count, len(root)))
        scale = np.sqrt(rng.chisquare(dof, count) / dof) if np.isfinite(dof) else 1.0
        largest[first : first + count] = np.abs(normal @ root.T).max(axis=1) / scale
    return largest
