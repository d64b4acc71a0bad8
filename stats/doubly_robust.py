"""Difference-in-differences of two groups and two periods, adjusted for covariates.

Sant'Anna and Zhao (2020), "Doubly robust difference-in-differences estimators": trends are parallel
among units alike in covariates. Methods, for a panel and for repeated cross-sections:

    reg          outcome regression among controls (Heckman, Ichimura, Todd 1997)
    ipw          inverse probability weights that sum to one (Hajek)
    ipw_ht       the same without that (Horvitz-Thompson; Abadie 2005)
    dr           doubly robust: logit by maximum likelihood, regression by least squares
    dr_improved  doubly robust also for inference: tilting and regression weighted by the odds

The standard error is sqrt(mean(influence^2) / n), with divisor n throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from stats.errors import EstimationError
from stats.inference import Inference, student_t
from stats.panel import BoolArray, FloatArray
from stats.propensity import Propensity, Regression, logit, orthonormal, tilting

Adjustment = Literal["reg", "ipw", "ipw_ht", "dr", "dr_improved"]

TRIM = 0.995
"""Controls with a propensity score from here on are left out of the weights."""
NORMAL = "influence_function_normal"


@dataclass(frozen=True, eq=False)
class AdjustedEffect:
    """An average effect on the treated with its influence function (n, mean zero) and inference."""

    effect: float
    influence: FloatArray
    inference: Inference

    @property
    def standard_error(self) -> float | None:
        """In the unit of the outcome; None where nothing varies."""
        return self.inference.standard_error


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Effects on m outcomes at once, and their influence functions (n x m)."""

    effects: FloatArray
    influence: FloatArray


def doubly_robust(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    method: Adjustment = "dr",
    trim: float = TRIM,
    alpha: float = 0.05,
) -> AdjustedEffect:
    """The effect on the treated of a panel: outcomes of the same n units before and after.

    treated: n booleans; covariates: n x k from before the treatment, without a constant; weights: n,
    positive; clusters: n labels. Refused: NaN or infinities, one group only, collinear covariates,
    covariates that tell treated from controls perfectly, one cluster.
    """
    change = _vector("after", after) - _vector("before", before, len(np.asarray(after)))
    group, basis, scale = _checked(change, treated, covariates, weights)
    return _inferred(adjust_changes(change[:, None], group, basis, scale, method, trim=trim), clusters, alpha)


def doubly_robust_cross_sections(
    outcomes: npt.ArrayLike,
    after: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    method: Adjustment = "dr",
    locally_efficient: bool = True,
    trim: float = TRIM,
    alpha: float = 0.05,
) -> AdjustedEffect:
    """The same from n observations of different units, each before or `after` (n booleans).

    `locally_efficient` takes, for the doubly robust methods, the estimator that also models the
    treated group's outcomes (equation 3.4 of the paper) rather than that of equation 3.3; both assume
    that the covariates' distribution is the same before and after. Refused as for a panel, and where
    one of the four cells is empty.
    """
    outcome = _vector("outcomes", outcomes)
    group, basis, scale = _checked(outcome, treated, covariates, weights)
    late = _flags("after", after, len(outcome))
    found = adjust_levels(
        outcome, late, group, basis, scale, method, locally_efficient=locally_efficient, trim=trim
    )
    return _inferred(found, clusters, alpha)


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
    _known(method)
    if method == "dr_improved":
        score = score or tilting(basis, treated, weights)
        return _improved(changes, treated, basis, weights, score)
    on_treated = weights * treated
    if method == "reg":
        regression = Regression.fit(basis, changes, weights * ~treated)
        own = _mean(on_treated, changes - regression.fitted)
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
        own, other = _mean(on_treated, changes), _mean(on_controls, changes)
        pull = basis.T @ other.influence / len(changes)
        return Adjusted(own.effects - other.effects, own.influence - other.influence - score.influence(pull))
    regression = Regression.fit(basis, changes, weights * ~treated)
    residuals = changes - regression.fitted
    own, other = _mean(on_treated, residuals), _mean(on_controls, residuals)
    tilt = on_treated @ basis / on_treated.sum() - on_controls @ basis / on_controls.sum()
    influence = own.influence
    influence -= other.influence
    influence -= regression.influence(tilt)
    influence -= score.influence(basis.T @ other.influence / len(changes))
    return Adjusted(own.effects - other.effects, influence)


def adjust_levels(
    outcome: FloatArray,
    after: BoolArray,
    treated: BoolArray,
    basis: FloatArray,
    weights: FloatArray,
    method: Adjustment,
    *,
    locally_efficient: bool = True,
    trim: float = TRIM,
    score: Propensity | None = None,
) -> Adjusted:
    """The effect from repeated cross-sections of n observations (influence n x 1)."""
    _known(method)
    for group, name in ((treated, "treated"), (~treated, "control")):
        for time, when in ((after, "after"), (~after, "before")):
            if not (group & time).any():
                raise EstimationError("outcomes", f"no {name} observation {when}")
    levels = _Levels(outcome[:, None], after, treated, basis, weights)
    if method == "reg":
        return levels.regression()
    score = score or (tilting if method == "dr_improved" else logit)(basis, treated, weights)
    if method in ("ipw", "ipw_ht"):
        return levels.weighting(score, trim) if method == "ipw" else levels.horvitz_thompson(score, trim)
    return levels.doubly_robust(score, trim, improved=method == "dr_improved", efficient=locally_efficient)


@dataclass(frozen=True, eq=False)
class _Levels:
    """The four cells of repeated cross-sections; outcome n x 1."""

    outcome: FloatArray
    after: BoolArray
    treated: BoolArray
    basis: FloatArray
    weights: FloatArray

    def regression(self) -> Adjusted:
        own = self._difference(self.weights * self.treated, self.outcome)
        late, early = (self._regression(self.weights * ~self.treated, time) for time in self._times)
        on_treated = self.weights * self.treated
        other = _mean(on_treated, late.fitted - early.fitted)
        pull = on_treated @ self.basis / on_treated.sum()
        influence = own.influence - other.influence - late.influence(pull) + early.influence(pull)
        return Adjusted(own.effects - other.effects, influence)

    def weighting(self, score: Propensity, trim: float) -> Adjusted:
        own = self._difference(self.weights * self.treated, self.outcome)
        other = self._difference(self._tilted(score, trim), self.outcome)
        pull = self.basis.T @ other.influence / len(self.outcome)
        return Adjusted(own.effects - other.effects, own.influence - other.influence - score.influence(pull))

    def horvitz_thompson(self, score: Propensity, trim: float) -> Adjusted:
        share = (self.weights * self.treated).mean()
        tilted = self._tilted(score, trim)
        signed = self.weights * self.treated - tilted
        effect, influence = np.zeros(1), np.zeros_like(self.outcome)
        for time, sign in zip(self._times, (1, -1), strict=True):
            part = (self.weights * time).mean()
            terms = (signed * time)[:, None] * self.outcome / (share * part)
            mean = terms.mean(axis=0)
            moved = (self.weights * self.treated / share + self.weights * time / part)[:, None] - 1
            pull = self.basis.T @ ((tilted * time)[:, None] * self.outcome) / (share * part * len(terms))
            effect = effect + sign * mean
            influence += sign * (terms - moved * mean - score.influence(pull))
        return Adjusted(effect, influence)

    def doubly_robust(self, score: Propensity, trim: float, *, improved: bool, efficient: bool) -> Adjusted:
        """Estimation of the nuisance moves nothing to first order where they are `improved`."""
        on_treated = self.weights * self.treated
        tilted = self.weights * ~self.treated * score.odds if improved else self._tilted(score, trim)
        effect, influence = np.zeros(1), np.zeros_like(self.outcome)
        for time, sign in zip(self._times, (1, -1), strict=True):
            controls = self._regression(tilted if improved else self.weights * ~self.treated, time)
            residual = self.outcome - controls.fitted
            own, other = _mean(on_treated * time, residual), _mean(tilted * time, residual)
            effect = effect + sign * (own.effects - other.effects)
            influence += sign * (own.influence - other.influence)
            tilt = self._centre(on_treated * time) - self._centre(tilted * time)
            if not improved:
                pull = self.basis.T @ other.influence / len(residual)
                influence -= sign * (controls.influence(tilt) + score.influence(pull))
            if efficient:
                treated = self._regression(on_treated, time)
                gap = treated.fitted - controls.fitted
                whole, part = _mean(on_treated, gap), _mean(on_treated * time, gap)
                effect = effect + sign * (whole.effects - part.effects)
                influence += sign * (whole.influence - part.influence)
                if not improved:
                    shift = self._centre(on_treated) - self._centre(on_treated * time)
                    influence += sign * (treated.influence(shift) - controls.influence(shift))
        return Adjusted(effect, influence)

    @property
    def _times(self) -> tuple[BoolArray, BoolArray]:
        return self.after, ~self.after

    def _regression(self, weights: FloatArray, time: BoolArray) -> Regression:
        return Regression.fit(self.basis, self.outcome, weights * time)

    def _tilted(self, score: Propensity, trim: float) -> FloatArray:
        return self.weights * np.where(self.treated | (score.probability >= trim), 0.0, score.odds)

    def _difference(self, weights: FloatArray, values: FloatArray) -> Adjusted:
        late, early = (_mean(weights * time, values) for time in self._times)
        return Adjusted(late.effects - early.effects, late.influence - early.influence)

    def _centre(self, weights: FloatArray) -> FloatArray:
        centre: FloatArray = weights @ self.basis / weights.sum()
        return centre


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


def _mean(weights: FloatArray, values: FloatArray) -> Adjusted:
    """Weighted means of the columns, and their influence functions with the weights taken as known."""
    total = weights.sum()
    means = weights @ values / total
    influence = values - means
    influence *= (weights * (len(weights) / total))[:, None]
    return Adjusted(means, influence)


def _inferred(found: Adjusted, clusters: npt.ArrayLike | None, alpha: float) -> AdjustedEffect:
    influence = found.influence[:, 0]
    sums = influence
    if clusters is not None:
        codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
        if codes.shape != influence.shape or codes.max() == 0:
            raise EstimationError("clusters", "one label per observation is needed, and two clusters")
        sums = np.bincount(codes, weights=influence).astype(np.float64)
    error = float(np.sqrt(np.sum(sums**2))) / len(influence)
    return AdjustedEffect(
        float(found.effects[0]), influence, normal(float(found.effects[0]), error, alpha=alpha)
    )


def normal(estimate: float, standard_error: float, *, alpha: float, method: str = NORMAL) -> Inference:
    """estimate +- normal quantile x standard error."""
    return replace(student_t(estimate, standard_error, np.inf, alpha=alpha, method=method), dof=None)


def _known(method: str) -> None:
    if method not in get_args(Adjustment):
        raise EstimationError("method", f"{method!r} is none of {', '.join(get_args(Adjustment))}")


def _checked(
    outcome: FloatArray,
    treated: npt.ArrayLike,
    covariates: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
) -> tuple[BoolArray, FloatArray, FloatArray]:
    count = len(outcome)
    group = _flags("treated", treated, count)
    if group.all() or not group.any():
        raise EstimationError("treated", "treated and control units are both needed")
    table = None
    if covariates is not None:
        table = np.asarray(covariates, dtype=np.float64)
        if table.ndim != 2 or len(table) != count or not np.isfinite(table).all():
            raise EstimationError("covariates", f"must be a finite table of {count} rows")
    scale = np.ones(count) if weights is None else _vector("weights", weights, count)
    if not (scale > 0).all():
        raise EstimationError("weights", "must be positive")
    return group, orthonormal(table, count), scale / scale.mean()


def _vector(argument: str, values: npt.ArrayLike, count: int | None = None) -> FloatArray:
    vector: FloatArray = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or (count is not None and len(vector) != count):
        raise EstimationError(argument, f"has shape {vector.shape}, wanted one value per observation")
    if not np.isfinite(vector).all():
        raise EstimationError(argument, f"is missing or infinite at {int(np.argmin(np.isfinite(vector)))}")
    return vector


def _flags(argument: str, values: npt.ArrayLike, count: int) -> BoolArray:
    flags = np.asarray(values)
    if flags.shape != (count,) or not np.isin(flags, (0, 1)).all():
        raise EstimationError(argument, f"must say yes or no for each of {count} observations")
    return flags.astype(np.bool_)
