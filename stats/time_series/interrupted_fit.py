"""Fits of an interrupted time series: with independent readings, or with autoregressive errors.

With autoregressive errors counts are fitted as a generalised estimating equation with one cluster (Liang
and Zeger 1986): the working response of each step of reweighted least squares is standardised and given to
`stats.time_series.autoregressive`. Two series are then compared within each period, so that what hits both
drops out: outcomes as their difference, counts as the share of the series itself in the sum of both (binomial
given the sum, whose log odds are the difference of the log rates).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stats.errors import EstimationError
from stats.panel import FloatArray
from stats.time_series.autoregressive import Autoregressive, autoregressive
from stats.time_series.interrupted_design import IntArray, Segments
from stats.time_series.log_linear import log_linear

EXACT = 1e-12
"""Residuals below this share of the outcome's size are rounding."""
STEPS, CONVERGED = 100, 1e-6
"""Of the working response: steps, and the change of the coefficients in their errors at which it ends."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One regression, seen from the series itself.

    names, coefficients   k;  places, of the changes among them
    fitted      T, NaN where nothing was observed
    residuals   of the observed periods, standardised (Pearson's) for counts
    dispersion  Pearson statistic or residual squares by n - k; the variance of autoregressive errors
    exact       whether the outcome is reproduced without error
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    places: IntArray
    fitted: FloatArray
    residuals: FloatArray
    dispersion: float
    exact: bool

    def contrast(self, *, level: float, slope: float) -> FloatArray:
        """k: the combination of the changes."""
        found = np.zeros(len(self.coefficients))
        found[self.places] = [level, slope][: len(self.places)]
        return found


@dataclass(frozen=True, eq=False)
class Independent(Fit):
    """bread: k x k; scores: n x k, regressors times residuals of the outcome."""

    bread: FloatArray
    scores: FloatArray


@dataclass(frozen=True, eq=False)
class Correlated(Fit):
    """errors: the autoregressive fit of the last working response."""

    errors: Autoregressive


def independent(design: Segments, *, counts: bool) -> Independent:
    """Least squares, or Poisson regression, of all rows."""
    if counts:
        found = log_linear(design.outcomes, design.regressors, design.offset)
        coefficients, bread, fitted = found.coefficients, found.bread, found.means
        left = design.outcomes - fitted
        residuals, dispersion = left / np.sqrt(fitted), found.dispersion
    else:
        lengths = np.sqrt((design.regressors**2).sum(axis=0))
        orthogonal, triangle = np.linalg.qr(design.regressors / lengths)
        coefficients = np.linalg.solve(triangle, orthogonal.T @ design.outcomes) / lengths
        fitted = design.regressors @ coefficients
        left = residuals = design.outcomes - fitted
        inverse = np.linalg.inv(triangle)
        bread = inverse @ inverse.T / np.outer(lengths, lengths)
        dispersion = float(left @ left) / (len(left) - len(coefficients))
    return Independent(
        names=design.names,
        coefficients=coefficients,
        places=design.effect_places,
        fitted=design.on_calendar(fitted[design.own]),
        residuals=residuals[design.own],
        dispersion=dispersion,
        exact=_exact(left, design.outcomes),
        bread=bread,
        scores=design.regressors * left[:, None],
    )


def correlated(design: Segments, *, counts: bool) -> Correlated:
    """Autoregressive errors; with a control, of the comparison within the periods that both have."""
    own, other = design.rows_of_both()
    names, places = design.own_names, design.own_places
    regressors = design.regressors[own][:, design.own_columns]
    times = design.calendar[own].astype(np.float64)
    values, offset = design.outcomes[own], design.offset[own]
    against = design.outcomes[other] if other is not None else None
    if counts and against is not None and other is not None:
        sums = values + against
        found, left, fitted = _working(
            _binomial(values, sums), regressors, offset - design.offset[other], times
        )
    elif counts:
        found, left, fitted = _working(_poisson(values), regressors, offset, times)
    else:
        compared = values if against is None else values - against
        found = autoregressive(compared, regressors, times)
        left = compared - regressors @ found.coefficients
        fitted = values - left
    on_calendar = np.full(design.periods, np.nan)
    on_calendar[design.calendar[own]] = fitted
    return Correlated(
        names=names,
        coefficients=found.coefficients,
        places=places,
        fitted=on_calendar,
        residuals=left,
        dispersion=found.variance,
        exact=_exact(left, values),
        errors=found,
    )


Link = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]
"""Linear predictor (n) -> fitted counts, residuals and working weights."""


def _poisson(counts: FloatArray) -> Link:
    def link(predictor: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        with np.errstate(over="ignore"):
            means = np.exp(predictor)
        return means, counts - means, means

    return link


def _binomial(counts: FloatArray, sums: FloatArray) -> Link:
    from scipy.special import expit

    def link(predictor: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        shares = expit(predictor)
        # A period without any count says nothing; its weight is nearly none.
        total = np.maximum(sums, 1e-9)
        return total * shares, counts - sums * shares, total * shares * (1 - shares)

    return link


def _working(
    link: Link, regressors: FloatArray, offset: FloatArray, times: FloatArray
) -> tuple[Autoregressive, FloatArray, FloatArray]:
    """The autoregressive fit, Pearson residuals and fitted counts at the fixed point."""
    coefficients = np.zeros(regressors.shape[1])
    # From the average rate; a first step from zero could overshoot for large exposures.
    predictor = np.full(len(offset), _level(link, offset)) + offset
    for _ in range(STEPS):
        fitted, left, weights = link(predictor)
        if not (np.isfinite(weights).all() and weights.min() > 0):
            raise EstimationError(
                "outcomes", "counts are zero for too long: the log of a rate has no estimate"
            )
        root = np.sqrt(weights)
        response = (predictor - offset + left / weights) * root
        found = autoregressive(response, regressors * root[:, None], times)
        moved = np.abs(found.coefficients - coefficients) / np.sqrt(np.diag(found.covariance) + 1e-300)
        coefficients = found.coefficients
        predictor = regressors @ coefficients + offset
        if moved.max() < CONVERGED:
            break
    else:
        raise EstimationError("errors", "the autoregressive fit of the counts does not settle: use others")
    fitted, left, weights = link(predictor)
    return found, left / np.sqrt(weights), fitted


def _level(link: Link, offset: FloatArray) -> float:
    """The constant at which residuals sum to zero."""
    level = -float(offset.mean())
    for _ in range(STEPS):
        _, left, weights = link(offset + level)
        step = float(np.clip(left.sum() / weights.sum(), -2.0, 2.0))
        level += step
        if abs(step) < 1e-10:
            break
    return level


def _exact(left: FloatArray, outcomes: FloatArray) -> bool:
    return bool(np.abs(left).max() <= EXACT * max(float(np.abs(outcomes).max()), 1e-300))
