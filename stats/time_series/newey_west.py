"""Covariances under serial correlation: Newey and West's, with the conventions of R's sandwich package.

W. Newey and K. West (1987, Econometrica 55) for the estimator with Bartlett weights 1 - j / (lag + 1);
(1994, Review of Economic Studies 61) for prewhitening and the automatic lag. As there: no demeaning of
the scores, VAR(1) prewhitening without intercept by least squares, the intercept left out of the bandwidth's
weights, and n / (n - k) only on request.
"""

from __future__ import annotations

import math

import numpy as np

from stats.errors import EstimationError
from stats.panel import FloatArray


def newey_west(
    scores: FloatArray,
    bread: FloatArray,
    *,
    lag: int,
    prewhite: bool = False,
    adjust: bool = True,
    parameters: int | None = None,
) -> FloatArray:
    """k x k covariance of the coefficients.

    scores      n x k, in the order of time: regressors times residuals, or an estimating function's terms
    bread       k x k, inverse of the summed derivative of the scores, (X'X)^-1 for least squares
    lag         autocovariances that count; cut to n - 1
    adjust      multiply by n / (n - `parameters`), k unless told
    """
    if lag < 0:
        raise EstimationError("lag", f"{lag} is negative")
    count, width = scores.shape
    used, back = _prewhitened(scores) if prewhite else (scores, np.eye(width))
    meat = used.T @ used
    for step in range(1, min(lag, len(used) - 1) + 1):
        lagged = used[step:].T @ used[:-step]
        meat += (1 - step / (lag + 1)) * (lagged + lagged.T)
    # sandwich divides the sum by the number of all scores, also where prewhitening lost the first.
    if adjust:
        meat *= count / (count - (width if parameters is None else parameters))
    covariance: FloatArray = bread @ back @ meat @ back.T @ bread
    return covariance


def rule_of_thumb(count: int) -> int:
    """The lag 4 (n / 100)^(2/9), rounded down, at which Newey and West (1994) start their search."""
    return math.floor(4 * math.pow(count / 100, 2 / 9))


def automatic_lag(scores: FloatArray, weights: FloatArray, *, prewhite: bool = False) -> int:
    """The data-driven lag of Newey and West (1994) for Bartlett weights, rounded down.

    Scores sum to zero, so that with regressors as smooth as a trend their spread at frequency zero is
    underestimated and the lag comes out long, sometimes longer than the series.

    weights: k, how much each score counts for the bandwidth: 0 for the intercept's, else 1.
    """
    count = len(scores)
    used, _ = _prewhitened(scores) if prewhite else (scores, None)
    series = used @ weights
    most = min(math.floor((3 if prewhite else 4) * (count / 100) ** (2 / 9)), len(series) - 1)
    covariances = np.array([series[step:] @ series[: len(series) - step] for step in range(most + 1)])
    spread = float(covariances[0] + 2 * covariances[1:].sum())
    slope = float(2 * np.arange(1, most + 1) @ covariances[1:])
    if not abs(spread) > 0:
        return 0
    return math.floor(1.1447 * math.cbrt((slope / spread) ** 2 * count))


def _prewhitened(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Residuals of a VAR(1) of the scores, and the matrix that colours their covariance again."""
    earlier, later = scores[:-1], scores[1:]
    if len(earlier) <= scores.shape[1]:
        raise EstimationError("prewhite", "needs more periods than coefficients")
    # Columns scaled, so that regressors in large units do not drown the others in rounding.
    scale = np.sqrt((earlier**2).sum(axis=0))
    solved, *_ = np.linalg.lstsq(earlier / scale, later, rcond=None)
    passage = solved / scale[:, None]
    residuals: FloatArray = later - earlier @ passage
    back: FloatArray = np.linalg.inv(np.eye(scores.shape[1]) - passage.T)
    return residuals, back
