"""Jackknife+ over periods (Barber, Candes, Ramdas, Tibshirani 2021; Ben-Michael, Feller, Rothstein 2021).

The counterfactual is fitted with each period before the start left out in turn. What the fit then gets
wrong in that period says how far predictions are off, and how the predictions after the start move says
how far they hang on single periods. The interval runs between quantiles of prediction less and plus that
error. It asks the periods to be exchangeable, so serial dependence makes it too narrow; "conservative"
takes the extremes of the predictions. Conventions are those of the R package augsynth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from stats.arguments import checked_arguments
from stats.counterfactuals.counterfactual import Counterfactual, mixes
from stats.counterfactuals.nested_intervals import nested
from stats.errors import EstimationError
from stats.inference import Inference, Interval
from stats.panel import FloatArray

LEAST_BEFORE = 3
"""Periods before the start, with one left out of which a fit still has two."""


@dataclass(frozen=True, eq=False)
class JackknifePlus:
    """gaps: n, treated less counterfactual;  held_out: start, errors in the periods left out;
    by_period: n inferences;  average: that of the mean gap."""

    gaps: FloatArray
    held_out: FloatArray
    by_period: tuple[Inference, ...]
    average: Inference


@checked_arguments
def jackknife_plus(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    counterfactual: Counterfactual = mixes,
    conservative: bool = False,
    alpha: float = 0.05,
) -> JackknifePlus:
    """Effects on `treated` (T, a mean where several) against `donors` (J x T), both complete.

    start: column of the first treated period. `EstimationError` where a cell is not finite, fewer than
    three periods lie before the start or none after it, or there is no donor.
    """
    treated, donors = np.asarray(treated, dtype=np.float64), np.asarray(donors, dtype=np.float64)
    if treated.ndim != 1 or donors.ndim != 2 or donors.shape[1] != len(treated) or not len(donors):
        raise EstimationError("donors", f"have shape {donors.shape} beside treated of {treated.shape}")
    for name, values in (("treated", treated), ("donors", donors)):
        if not np.isfinite(values).all():
            raise EstimationError(name, "must be finite in every cell")
    if (np.append(treated.ravel(), donors) == treated.flat[0]).all():
        raise EstimationError("treated", "does not vary, and neither do the donors")
    if not LEAST_BEFORE <= start < len(treated):
        raise EstimationError("start", f"{start} leaves too few of {len(treated)} periods on a side")
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"{alpha} is no level")
    predicted, held_out = np.empty((start, len(treated) - start)), np.empty(start)
    for period in range(start):
        kept = np.delete(np.arange(start), period)
        path = counterfactual(treated[None, kept], donors[:, kept], donors)[0]
        predicted[period], held_out[period] = path[start:], treated[period] - path[period]
    gaps = (treated - counterfactual(treated[None, :start], donors[:, :start], donors)[0])[start:]
    method = "jackknife_plus_conservative" if conservative else "jackknife_plus"

    def inference(observed: float, predictions: FloatArray) -> Inference:
        interval = partial(_interval, observed, predictions, np.abs(held_out), conservative)
        return nested(interval, alpha, method)

    after = treated[start:]
    return JackknifePlus(
        gaps=gaps,
        held_out=held_out,
        by_period=tuple(
            inference(float(value), column) for value, column in zip(after, predicted.T, strict=True)
        ),
        average=inference(float(after.mean()), predicted.mean(axis=1)),
    )


def _interval(
    observed: float, predictions: FloatArray, errors: FloatArray, conservative: bool, level: float
) -> Interval:
    if conservative:
        reach = float(np.quantile(errors, 1 - level))
        return Interval(
            observed - float(predictions.max()) - reach, observed - float(predictions.min()) + reach
        )
    low = float(np.quantile(predictions - errors, level / 2))
    high = float(np.quantile(predictions + errors, 1 - level / 2))
    return Interval(observed - high, observed - low)
