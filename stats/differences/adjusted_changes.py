"""Two groups' changes compared, adjusted for covariates, with influence functions: units seen twice.

The formulas are those of Sant'Anna and Zhao (2020); `stats.differences.doubly_robust` is the way in. Several
changes of the same units go through together as columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from stats.differences.propensity import Propensity, Regression, logit, tilting
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

Adjustment = Literal["reg", "ipw", "ipw_ht", "dr", "dr_improved"]

TRIM = 0.995
"""Controls with a propensity score from here on are left out of the weights."""


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Effects on m outcomes at once, and their influence functions (n x m)."""

    effects: FloatArray
    influence: FloatArray


def adjust_changes(
    changes: FloatArray,
    treated: BoolArray,
    basis: FloatArray,
    weights: FloatArray,
    method: Adjustment,
    *,
    trim: float = TRIM,
    score: Propensity | None = None,
) -> Adjusted:
    """Effects on m changes (n x m) of the same units; `score` saves fitting the propensity score anew."""
    refuse_unknown(method)
    if method == "dr_improved":
        score = score or tilting(basis, treated, weights)
        return _improved(changes, treated, basis, weights, score)
    on_treated = weights * treated
    if method == "reg":
        regression = Regression.fit(basis, changes, weights * ~treated)
        own = mean_of(on_treated, changes - regression.fitted)
        pull = on_treated @ basis / on_treated.sum()
        return Adjusted(own.effects, own.influence - regression.influence(pull))
    score = score or logit(basis, treated, weights)
    on_controls = weights * np.where(treated | (score.probability >= trim), 0.0, score.odds)
    if method == "ipw_ht":
        share = on_treated.mean()
        terms = (on_treated - on_controls)[:, None] * changes / share
        effects = terms.mean(axis=0)
        pull = basis.T @ (on_controls[:, None] * changes) / (share * len(changes))
        return Adjusted(effects, terms - (on_treated / share)[:, None] * effects - score.influence(pull))
    if method == "ipw":
        own, other = mean_of(on_treated, changes), mean_of(on_controls, changes)
        pull = basis.T @ other.influence / len(changes)
        return Adjusted(own.effects - other.effects, own.influence - other.influence - score.influence(pull))
    regression = Regression.fit(basis, changes, weights * ~treated)
    residuals = changes - regression.fitted
    own, other = mean_of(on_treated, residuals), mean_of(on_controls, residuals)
    tilt = on_treated @ basis / on_treated.sum() - on_controls @ basis / on_controls.sum()
    influence = own.influence
    influence -= other.influence
    influence -= regression.influence(tilt)
    influence -= score.influence(basis.T @ other.influence / len(changes))
    return Adjusted(own.effects - other.effects, influence)


def _improved(
    changes: FloatArray, treated: BoolArray, basis: FloatArray, weights: FloatArray, score: Propensity
) -> Adjusted:
    tilted = weights * np.where(treated, 0.0, score.odds)
    residuals = changes - Regression.fit(basis, changes, tilted).fitted
    on_treated = weights * treated
    share = on_treated.mean()
    terms = (on_treated - tilted)[:, None] * residuals / share
    effects = terms.mean(axis=0)
    return Adjusted(effects, terms - (on_treated / share)[:, None] * effects)


def mean_of(weights: FloatArray, values: FloatArray) -> Adjusted:
    """Weighted means of the columns, and their influence functions with the weights taken as known."""
    total = weights.sum()
    if not total > 0:
        raise EstimationError("trim", "leaves no unit of one group with any weight")
    means = weights @ values / total
    influence = values - means
    influence *= (weights * (len(weights) / total))[:, None]
    return Adjusted(means, influence)


def refuse_unknown(method: str) -> None:
    """Of the methods above."""
    if method not in get_args(Adjustment):
        raise EstimationError("method", f"{method!r} is none of {', '.join(get_args(Adjustment))}")
