"""Two groups before and after, adjusted for covariates, where every observation is another unit.

The formulas are those of Sant'Anna and Zhao (2020) for repeated cross-sections.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.differences.adjusted_changes import TRIM, Adjusted, Adjustment, mean_of, refuse_unknown
from stats.differences.propensity import Propensity, Regression, logit, tilting
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray


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
    refuse_unknown(method)
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
        other = mean_of(on_treated, late.fitted - early.fitted)
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
            own, other = mean_of(on_treated * time, residual), mean_of(tilted * time, residual)
            effect = effect + sign * (own.effects - other.effects)
            influence += sign * (own.influence - other.influence)
            tilt = self._centre(on_treated * time) - self._centre(tilted * time)
            if not improved:
                pull = self.basis.T @ other.influence / len(residual)
                influence -= sign * (controls.influence(tilt) + score.influence(pull))
            if efficient:
                treated = self._regression(on_treated, time)
                gap = treated.fitted - controls.fitted
                whole, part = mean_of(on_treated, gap), mean_of(on_treated * time, gap)
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
        late, early = (mean_of(weights * time, values) for time in self._times)
        return Adjusted(late.effects - early.effects, late.influence - early.influence)

    def _centre(self, weights: FloatArray) -> FloatArray:
        centre: FloatArray = weights @ self.basis / weights.sum()
        return centre
