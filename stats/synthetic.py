"""Synthetic control: the treated unit beside the mix of controls that moved with it before the start.

Shares on the simplex, found on all pre-period outcomes where the design names no predictors, else on
predictors with nested weights (Abadie, Diamond, Hainmueller 2010). Several treated units are averaged
first and the average is treated as one unit. Inference is by in-space placebos: each control is
analysed in the same way with the other controls as its pool, and the treated ratio of post- to
pre-period root mean squared gap is ranked among theirs. The treated are in no placebo's pool.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.clustered import IntArray
from stats.design import Design
from stats.errors import EstimationError
from stats.inference import Inference, drawn, placebo_ratio
from stats.missing import Sample
from stats.panel import OUTCOME, FloatArray
from stats.predictor_weights import predictor_weights
from stats.simplex import simplex_weights

PERFECT = 1e-9
"""A pre-period error below this share of the outcomes' spread is rounding, and its ratio means nothing."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One unit beside its synthetic control.

    weights     J, shares of the donors;  unique: whether no other shares fit as well
    importance  K, weights of the predictors; empty where outcomes were matched
    outcomes, synthetic   T
    start       index of the first treated period
    perfect     whether the pre-period is fitted without error
    """

    weights: FloatArray
    unique: bool
    importance: FloatArray
    outcomes: FloatArray
    synthetic: FloatArray
    start: int
    perfect: bool

    @property
    def gaps(self) -> FloatArray:
        """Outcomes less synthetic control, T."""
        return self.outcomes - self.synthetic

    @property
    def effect(self) -> float:
        """Mean gap after the start."""
        return float(self.gaps[self.start :].mean())

    @property
    def pre_rmspe(self) -> float:
        """Root mean squared gap before the start; exactly 0 where the fit is perfect."""
        return 0.0 if self.perfect else float(np.sqrt(np.mean(self.gaps[: self.start] ** 2)))

    @property
    def post_rmspe(self) -> float:
        """Root mean squared gap from the start on."""
        return float(np.sqrt(np.mean(self.gaps[self.start :] ** 2)))

    @property
    def ratio(self) -> float:
        """Post- to pre-period error; infinite for a perfect fit."""
        return np.inf if self.perfect else self.post_rmspe / self.pre_rmspe


@dataclass(frozen=True, eq=False)
class SyntheticControl:
    """The fit of the (mean) treated unit, the placebos by control, and the inference from both.

    predictors: (1 + J) x K values, the treated first; K is 0 where outcomes were matched.
    """

    fit: Fit
    placebos: tuple[tuple[str, Fit], ...]
    inference: Inference
    predictors: FloatArray


def synthetic_control(sample: Sample, design: Design, rng: np.random.Generator) -> SyntheticControl:
    """Fit the treated of `sample` under `design`, and the placebos: all controls, or those `drawn`.

    `EstimationError` where one control is all there is (its mix would be itself) or a predictor does
    not vary.
    """
    if len(sample.controls) < 2:
        raise EstimationError("controls", "a synthetic control needs at least two")
    start, first = sample.starts[0], len(sample.treated)
    weights = sample.panel.weights
    counts = np.ones(first) if weights is None else weights[:first]
    outcomes = _treated_averaged(sample.panel.outcomes, counts)
    predictors = _treated_averaged(_predictors(sample, design), counts)
    everyone = np.arange(len(outcomes))
    fit = _fit(outcomes, predictors, 0, everyone[1:], start)
    placebos = tuple(
        (unit, _fit(outcomes, predictors, row, everyone[(everyone != row) & (everyone != 0)], start))
        for unit, row in ((sample.controls[place], place + 1) for place in drawn(len(sample.controls), rng))
    )
    ratios = np.array([placebo.ratio for _, placebo in placebos])
    inference = placebo_ratio(fit.gaps[start:], fit.pre_rmspe, ratios, alpha=design.alpha)
    return SyntheticControl(fit=fit, placebos=placebos, inference=inference, predictors=predictors)


def _treated_averaged(rows: FloatArray, counts: FloatArray) -> FloatArray:
    """Rows with the first ones, the treated, replaced by one: their mean weighted by `counts`."""
    return np.vstack([counts / counts.sum() @ rows[: len(counts)], rows[len(counts) :]])


def _fit(outcomes: FloatArray, predictors: FloatArray, row: int, donors: IntArray, start: int) -> Fit:
    own, pool = outcomes[row], outcomes[donors]
    if predictors.shape[1]:
        importance, weights, unique = predictor_weights(
            predictors[row], predictors[donors], own[:start], pool[:, :start]
        )
    else:
        weights, unique = simplex_weights((pool - own)[:, :start].T)
        importance = np.empty(0)
    synthetic = weights @ pool
    error = float(np.sqrt(np.mean((own - synthetic)[:start] ** 2)))
    spread = max(float(np.ptp(outcomes)), float(np.abs(outcomes).max()) * 1e-3)
    return Fit(weights, unique, importance, own, synthetic, start, perfect=not error > PERFECT * spread)


def _predictors(sample: Sample, design: Design) -> FloatArray:
    """Units x K means of the design's predictors over their periods."""
    panel = sample.panel
    columns = []
    for predictor in design.predictors:
        values = panel.outcomes if predictor.name == OUTCOME else panel.covariates[predictor.name]
        columns.append(values[:, [panel.periods.index(period) for period in predictor.periods]].mean(axis=1))
    return np.array(columns).T if columns else np.empty((len(panel.units), 0))
