"""Prediction intervals for synthetic control (Cattaneo, Feng, Titiunik 2021).

The counterfactual Y_t(0) = p_t'w + e_t is uncertain for two reasons, which are bounded one by one and
added: the shares w were estimated (in-sample), and e_t has not been seen (out-of-sample). With level
alpha / 2 for each, the interval covers with probability at least 1 - alpha, given the donors.

In-sample: the shares that can be told apart from the estimate lie in the part of the simplex where
(x - w)'Q(x - w) - 2 G'(x - w) <= 0, Q = Z'Z / T0 and G normal with the robust variance of Z'u / T0; for each
draw of G the extremes of p_t'(w - x) over it are found, and their quantiles taken. Shares below a bound rho
count as zero and may not fall. Out-of-sample: "gaussian" by a sub-Gaussian bound, "location_scale" by
quantiles of standardised residuals, "quantile" by quantile regression. Conventions, the choice of rho and
of the regressions among them, are those of the package scpi (3.0) for outcomes alone on the simplex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np

from stats.arguments import checked_arguments
from stats.counterfactuals.local_shares import IN_USE, NotApart, extremes, share_bounds
from stats.counterfactuals.nested_intervals import nested
from stats.counterfactuals.residual_bounds import ErrorMethod, error_bounds, linear_fit, regressors
from stats.errors import EstimationError
from stats.inference import Inference, Interval
from stats.numerics.simplex import simplex_weights
from stats.panel import BoolArray, FloatArray

Robust = Literal["HC0", "HC1", "HC2", "HC3"]

LEAST_BEFORE = 10
"""Periods before the start, below which a residual's spread cannot be told."""


@dataclass(frozen=True, eq=False)
class PredictionIntervals:
    """Effects in the n periods after the start, and what is known of each.

    gaps        n, treated less synthetic;  weights: J shares
    rho         shares up to this count as zero in the in-sample part;  apart: J, which are above it
    in_sample   n x 2, bounds on p'(w - x) at half of alpha;  out_of_sample  n x 2, on e
    inferences  n, of each period's effect; the p-value is the least alpha whose interval leaves out zero
    """

    gaps: FloatArray
    weights: FloatArray
    rho: float
    apart: BoolArray
    in_sample: FloatArray
    out_of_sample: FloatArray
    inferences: tuple[Inference, ...]


@checked_arguments
def prediction_intervals(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    method: ErrorMethod = "gaussian",
    misspecified: bool = True,
    cointegrated: bool = False,
    order: int = 1,
    error_order: int = 1,
    robust: Robust = "HC1",
    not_apart: NotApart | float = "type-2",
    largest_rho: float = 0.2,
    alpha: float = 0.1,
    simulations: int = 200,
    rng: np.random.Generator,
) -> PredictionIntervals:
    """Intervals for the effects on `treated` (T) against `donors` (J x T), both complete.

    misspecified  whether the residuals' mean given the donors is estimated; cointegrated: from their first
                  differences
    order, error_order  1: linear in the donors told apart; 0: a constant (also where fewer than ten degrees
                  of freedom would be left)
    not_apart     rho, or the rule for it

    `EstimationError` where a cell is not finite, fewer than 10 periods lie before the start or none after,
    fewer than two donors, residuals of zero, or a choice is none.
    """
    treated, donors = _checked(treated, donors, start)
    if method not in get_args(ErrorMethod) or robust not in get_args(Robust):
        raise EstimationError("method" if robust in get_args(Robust) else "robust", "is no choice")
    if not 0 < alpha < 1 or simulations < 20:
        raise EstimationError("alpha" if simulations >= 20 else "simulations", "must be 0..1; at least 20")
    before, ahead = donors[:, :start].T, donors[:, start:].T
    weights, _ = simplex_weights((donors - treated)[:, :start].T)
    residuals = treated[:start] - before @ weights
    if not np.abs(residuals).max() > 1e-9 * np.ptp(treated):
        raise EstimationError("donors", "fit the treated without error before the start: no residuals")
    bounds = share_bounds(weights, residuals, before, not_apart, largest_rho)
    last = before[-1] if cointegrated else None
    inside = before[1:] - before[:-1] if cointegrated else before
    kept = slice(1, None) if cointegrated else slice(None)
    spread = _covariance(
        before[kept],
        residuals[kept],
        regressors(inside[:, bounds.apart], order) if misspecified else None,
        weights,
        robust,
    )
    table = before[kept]
    lows, highs = extremes(
        table.T @ table / len(table), spread, weights, bounds.floor, ahead, simulations=simulations, rng=rng
    )
    beyond = ahead if last is None else np.diff(np.vstack([last, ahead]), axis=0)
    errors = error_bounds(
        residuals[kept], inside[:, bounds.apart], beyond[:, bounds.apart], error_order, method
    )
    gaps = treated[start:] - ahead @ weights

    def around(period: int, level: float) -> tuple[float, float, float, float]:
        low, high = np.quantile(lows[:, period], level / 4), np.quantile(highs[:, period], 1 - level / 4)
        return (float(low), float(high), *errors.at(level / 2, period))

    parts = np.array([around(period, alpha) for period in range(len(gaps))])
    return PredictionIntervals(
        gaps=gaps,
        weights=weights,
        rho=bounds.rho,
        apart=bounds.apart,
        in_sample=parts[:, :2],
        out_of_sample=parts[:, 2:],
        inferences=tuple(
            nested(partial(_interval, float(gap), partial(around, period)), alpha, f"prediction_{method}")
            for period, gap in enumerate(gaps)
        ),
    )


def _covariance(
    table: FloatArray,
    residuals: FloatArray,
    explained: FloatArray | None,
    weights: FloatArray,
    robust: Robust,
) -> FloatArray:
    """J x J robust variance of the mean of donors times residuals, the residuals' fitted mean taken out."""
    periods = len(table)
    left = residuals if explained is None else residuals - explained @ linear_fit(residuals, explained)
    factor: float | FloatArray = 1.0
    if robust == "HC1":
        dof = min(int((weights >= IN_USE).sum()) - 1, periods - 1)
        factor = periods / (periods - dof)
    elif robust != "HC0":
        leverage = np.einsum("tj,jt->t", table, np.linalg.pinv(table))
        factor = 1 / np.maximum(1 - leverage, 1e-8) ** (1 if robust == "HC2" else 2)
    scores = table * (np.sqrt(factor) * left)[:, None]
    variance: FloatArray = scores.T @ scores / periods**2
    return variance


def _interval(
    gap: float, around: Callable[[float], tuple[float, float, float, float]], level: float
) -> Interval:
    in_low, in_high, out_low, out_high = around(level)
    return Interval(gap - in_high - out_high, gap - in_low - out_low)


def _checked(treated: FloatArray, donors: FloatArray, start: int) -> tuple[FloatArray, FloatArray]:
    treated, donors = np.asarray(treated, dtype=np.float64), np.asarray(donors, dtype=np.float64)
    if treated.ndim != 1 or donors.ndim != 2 or donors.shape[1] != len(treated) or len(donors) < 2:
        raise EstimationError("donors", f"have shape {donors.shape} beside treated of {treated.shape}")
    for name, values in (("treated", treated), ("donors", donors)):
        if not np.isfinite(values).all():
            raise EstimationError(
                name, f"is not finite at {tuple(np.argwhere(~np.isfinite(values))[0].tolist())}"
            )
    if not LEAST_BEFORE <= start < len(treated):
        raise EstimationError(
            "start", f"{start} of {len(treated)} periods: {LEAST_BEFORE} before it are needed"
        )
    return treated, donors
