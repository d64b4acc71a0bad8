"""Synthetic control: the treated unit beside the mix of controls that moved with it before the start.

Shares on the simplex, found on all pre-period outcomes where no predictors are given, else on predictors
with nested weights (Abadie, Diamond, Hainmueller 2010). With an intercept the mix may lie above or below
the treated by a constant, so that only movements are matched (Doudchenko and Imbens 2016; Ferman and
Pinto 2021). `fit_mix` and `fit_mixes` take arrays; `synthetic_control` takes what a design names: several
treated units are averaged first and the average is treated as one unit. Inference is by in-space
placebos: each control is analysed in the same way with the other controls as its pool, and the treated
ratio of post- to pre-period root mean squared gap is ranked among theirs; the treated is in no placebo's
pool. Several treated units are ranked as a set among sets (`stats.synthetic_control.placebo_sets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stats.arguments import checked_arguments, plain_array
from stats.clusters.clustered import IntArray
from stats.design import Design
from stats.errors import EstimationError
from stats.inference import Inference, drawn, placebo_ratio
from stats.missing import Sample
from stats.numerics.simplex_batch import mixed, nearest_mixes
from stats.panel import OUTCOME, BoolArray, FloatArray
from stats.synthetic_control.placebo_sets import MOST_SETS, PERFECT, among_sets, placebo_sets
from stats.synthetic_control.predictor_weights import PredictorWeights, predictor_weights

FEWER_SETS = 99
"""Sets of controls where each fit searches for predictor weights, which takes its time."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One unit beside its synthetic control.

    weights     J, shares of the donors;  unique: whether no other shares fit as well
    predicted   how the predictors were weighted; None where outcomes were matched
    outcomes, synthetic   T
    start       index of the first treated period
    perfect     whether the pre-period is fitted without error
    """

    weights: FloatArray
    unique: bool
    predicted: PredictorWeights | None
    outcomes: FloatArray
    synthetic: FloatArray
    start: int
    perfect: bool

    @property
    def importance(self) -> FloatArray:
        """Weights of the predictors, K; empty where outcomes were matched."""
        return np.empty(0) if self.predicted is None else self.predicted.importance

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


@checked_arguments
def fit_mixes(
    outcomes: FloatArray,
    start: int,
    rows: Sequence[int] | IntArray,
    pools: BoolArray,
    *,
    intercept: bool = False,
    weights: FloatArray | None = None,
) -> tuple[Fit, ...]:
    """The synthetic controls, on all outcomes before `start`, of the units in `rows` (B).

    outcomes  n x T, complete;  pools: B x n, the donors of each;  weights: B x n, shares to begin with
    `Fit.weights` are n long, zero outside the pool. `EstimationError` where there is no period before or
    after the start, a cell is not finite, or a pool is empty or holds the unit itself.
    """
    _checked(outcomes, start)
    index = _places("rows", rows, len(outcomes))
    if pools.dtype != bool or pools.shape != (len(index), len(outcomes)) or not pools.any(axis=1).all():
        raise EstimationError(
            "pools", f"must be {len(index)} x {len(outcomes)} truth values, some in each row"
        )
    if pools[np.arange(len(index)), index].any():
        raise EstimationError("pools", "a unit cannot be a donor of its own synthetic control")
    before = outcomes[:, :start]
    mixes = nearest_mixes(before[index], before, allowed=pools, intercept=intercept, start=weights)
    synthetic = mixed(mixes.weights, outcomes)
    if intercept:
        synthetic += (before[index] - synthetic[:, :start]).mean(axis=1, keepdims=True)
    spread = _spread(outcomes)
    return tuple(
        _fitted(own, mix, path, unique=bool(unique), start=start, spread=spread)
        for own, mix, path, unique in zip(
            outcomes[index], mixes.weights, synthetic, mixes.unique, strict=True
        )
    )


@checked_arguments
def fit_mix(
    outcomes: FloatArray,
    start: int,
    *,
    row: int = 0,
    donors: IntArray | None = None,
    predictors: FloatArray | None = None,
    importance: FloatArray | None = None,
    matched: slice | None = None,
    intercept: bool = False,
) -> Fit:
    """The synthetic control of the unit in `row` from the units `donors` (None: all others).

    outcomes    n x T, complete;  start: column of the first treated period
    predictors  n x K; None or K = 0: all outcomes before the start are matched
    importance  K, weights of the predictors, fixed by the caller; None: chosen so that the outcomes in the
                columns `matched` (None: all before the start) are followed as closely as possible
    intercept   only where outcomes are matched

    `Fit.weights` are in the order of `donors`. Refused as by `fit_mixes` and `predictor_weights`.
    """
    _checked(outcomes, start)
    pool = pool_of(outcomes, row, donors)
    if predictors is None or not predictors.shape[1]:
        allowed = np.zeros((1, len(outcomes)), dtype=bool)
        allowed[0, pool] = True
        (fit,) = fit_mixes(outcomes, start, [row], allowed, intercept=intercept)
        return _of_pool(fit, pool)
    if intercept:
        raise EstimationError("intercept", "is for matching outcomes, not predictors")
    followed = outcomes[:, slice(0, start) if matched is None else matched]
    predicted = predictor_weights(
        predictors[row], predictors[pool], followed[row], followed[pool], importance=importance
    )
    synthetic = predicted.weights @ outcomes[pool]
    return _fitted(
        outcomes[row],
        predicted.weights,
        synthetic,
        unique=predicted.unique,
        start=start,
        spread=_spread(outcomes),
        predicted=predicted,
    )


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
    traits = _predictors(sample, design)
    predictors = _treated_averaged(traits, counts)
    rows = [0, *(place + 1 for place in drawn(len(sample.controls), rng))]
    fit, *others = _each(outcomes, predictors, rows, start)
    placebos = tuple((sample.controls[row - 1], other) for row, other in zip(rows[1:], others, strict=True))
    ratios = np.array([placebo.ratio for placebo in others])
    if first == 1 or fit.perfect:
        inference = placebo_ratio(fit.gaps[start:], fit.pre_rmspe, ratios, alpha=design.alpha)
    else:
        inference = _among_sets(sample, traits, counts, start, rng, alpha=design.alpha)
    return SyntheticControl(fit=fit, placebos=placebos, inference=inference, predictors=predictors)


def _among_sets(
    sample: Sample,
    predictors: FloatArray,
    counts: FloatArray,
    start: int,
    rng: np.random.Generator,
    *,
    alpha: float,
) -> Inference:
    """The treated mean and means of sets of as many units, each from the units outside it."""
    outcomes, size = sample.panel.outcomes, len(counts)
    most = FEWER_SETS if predictors.shape[1] else MOST_SETS
    sets = placebo_sets(counts / counts.sum(), len(outcomes) - size, rng, most=most)
    averaged = sets @ outcomes
    if predictors.shape[1]:
        weights = np.zeros(sets.shape)
        for place, (path, traits) in enumerate(zip(averaged, sets @ predictors, strict=True)):
            pool = np.flatnonzero(sets[place] == 0)
            weights[place, pool] = fit_mix(
                np.vstack([path, outcomes[pool]]), start, predictors=np.vstack([traits, predictors[pool]])
            ).weights
    else:
        weights = nearest_mixes(averaged[:, :start], outcomes[:, :start], allowed=sets == 0).weights
    return among_sets(outcomes, sets - weights, size, start, alpha=alpha)


def _each(outcomes: FloatArray, predictors: FloatArray, rows: list[int], start: int) -> list[Fit]:
    """The treated unit and its placebos; the treated, unit 0, is in no pool."""
    pools = np.ones((len(rows), len(outcomes)), dtype=bool)
    pools[:, 0] = False
    pools[np.arange(len(rows)), rows] = False
    return _fits(outcomes, predictors, rows, pools, start)


def _fits(
    outcomes: FloatArray, predictors: FloatArray, rows: list[int], pools: BoolArray, start: int
) -> list[Fit]:
    donors = [np.flatnonzero(pool) for pool in pools]
    if predictors.shape[1]:
        return [
            fit_mix(outcomes, start, row=row, donors=pool, predictors=predictors)
            for row, pool in zip(rows, donors, strict=True)
        ]
    fits = fit_mixes(outcomes, start, rows, pools)
    return [_of_pool(fit, pool) for fit, pool in zip(fits, donors, strict=True)]


def _of_pool(fit: Fit, pool: IntArray) -> Fit:
    """The same with the shares of the donors in `pool` alone."""
    return Fit(
        fit.weights[pool], fit.unique, fit.predicted, fit.outcomes, fit.synthetic, fit.start, fit.perfect
    )


def _fitted(
    own: FloatArray,
    weights: FloatArray,
    synthetic: FloatArray,
    *,
    unique: bool,
    start: int,
    spread: float,
    predicted: PredictorWeights | None = None,
) -> Fit:
    error = float(np.sqrt(np.mean((own - synthetic)[:start] ** 2)))
    return Fit(weights, unique, predicted, own, synthetic, start, perfect=not error > PERFECT * spread)


def _spread(outcomes: FloatArray) -> float:
    return max(float(np.ptp(outcomes)), float(np.abs(outcomes).max()) * 1e-3)


def pool_of(outcomes: FloatArray, row: int, donors: IntArray | None) -> IntArray:
    """The rows `donors`, or all but `row`; refused where one is no row of `outcomes`."""
    count = len(outcomes)
    _places("row", [row], count)
    return np.delete(np.arange(count), row) if donors is None else _places("donors", donors, count)


def _places(argument: str, rows: Sequence[int] | IntArray, count: int) -> IntArray:
    given = plain_array(argument, rows)
    places: IntArray = given.astype(np.intp) if given.dtype.kind in "iu" else np.array([-1])
    if places.ndim != 1 or places.min() < 0 or places.max() >= count:
        raise EstimationError(argument, f"must be rows, 0 to {count - 1}")
    return places


def _checked(outcomes: FloatArray, start: int) -> None:
    if outcomes.ndim != 2:
        raise EstimationError("outcomes", f"has shape {outcomes.shape}, wanted units x periods")
    if not 0 < start < outcomes.shape[1]:
        raise EstimationError("start", f"{start} leaves no period before or none after it")
    if not np.isfinite(outcomes).all():
        row, column = (int(place) for place in np.argwhere(~np.isfinite(outcomes))[0])
        raise EstimationError("outcomes", f"unit {row} has no finite value in period {column}")
    if np.ptp(outcomes) == 0:
        raise EstimationError("outcomes", "do not vary")


def _treated_averaged(rows: FloatArray, counts: FloatArray) -> FloatArray:
    """Rows with the first ones, the treated, replaced by one: their mean weighted by `counts`."""
    return np.vstack([counts / counts.sum() @ rows[: len(counts)], rows[len(counts) :]])


def _predictors(sample: Sample, design: Design) -> FloatArray:
    """Units x K means of the design's predictors over their periods."""
    panel = sample.panel
    columns = []
    for predictor in design.predictors:
        values = panel.outcomes if predictor.name == OUTCOME else panel.covariates[predictor.name]
        columns.append(values[:, [panel.periods.index(period) for period in predictor.periods]].mean(axis=1))
    return np.array(columns).T if columns else np.empty((len(panel.units), 0))
