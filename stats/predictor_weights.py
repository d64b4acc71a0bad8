"""Synthetic control with predictors: the nested choice of shares W and predictor weights V.

Inside, W(V) minimises sum_k v_k (x_1k - X_0k W)^2 over the simplex; outside, V is chosen so that the
synthetic control follows the treated outcome before the start as closely as possible (Abadie and
Gardeazabal 2003; Abadie, Diamond, Hainmueller 2010). The outer problem is piecewise smooth with many
local minima. It is searched by quasi-Newton steps on log v, with the exact gradient on the donors in
use, from a fixed set of starts (all alike; each predictor alone; all but one); the most promising go on,
and the best is polished by simplex search across the kinks. No random numbers: the same data give the
same answer.

Where V leaves several W equally good (predictors that can be matched exactly do for every V), the
pre-period outcomes decide between them: they stand beside the predictors with a weight too small to
move anything else. Without that W is arbitrary there (Becker and Kloessner 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.errors import EstimationError
from stats.panel import FloatArray
from stats.simplex import nearest, simplex_weights

LEAST = float(np.log(1e-5))
"""Lower bound of log v beside the largest: far below it a predictor counts for nothing in floats."""
TIE_BREAK = 1e-8
"""Weight of the outcomes beside the predictors (v sums to one), well below the least v."""
FIRST_STEPS, FURTHER_STEPS, FURTHER_STARTS = 20, 80, 6
CONFIRMED = 1e-3
"""Share of the loss by which a descent may end above the best one and still be said to have found it."""
POLISHING_EVALUATIONS = 300


@dataclass(frozen=True, eq=False)
class Nested:
    """The outer problem as a function of log v (K).

    predictors  K x J, donors less treated, each row divided by its standard deviation
    outcomes    T0 x J, donors less treated before the start
    ties        the outcomes, scaled to decide between equally good W
    """

    predictors: FloatArray
    outcomes: FloatArray
    ties: FloatArray

    @classmethod
    def of(cls, predictors: FloatArray, outcomes: FloatArray) -> Nested:
        """From the differences between donors and treated."""
        return cls(predictors, outcomes, outcomes * np.sqrt(TIE_BREAK / np.mean(outcomes**2)))

    def columns(self, halves: FloatArray) -> FloatArray:
        """What the inner problem draws near zero, (K + T0) x J, for square roots of v (K)."""
        return np.concatenate([self.predictors * halves[:, None], self.ties])

    def loss(self, log_v: FloatArray) -> float:
        """Mean squared pre-period gap of W(V); outside the bounds, that at the bound."""
        gaps = self.outcomes @ nearest(self.columns(_halves(_bounded(log_v))))
        return float(gaps @ gaps) / len(gaps)

    def loss_and_slope(self, log_v: FloatArray) -> tuple[float, FloatArray]:
        """The loss and its gradient, by the implicit function theorem on the donors in use.

        There W solves [C'C, -1; 1', 0] (w, mu) = (0, 1), C the columns; one solve of the adjoint gives
        all K slopes.
        """
        halves = _halves(log_v)
        v = halves**2
        columns = self.columns(halves)
        weights = nearest(columns)
        gaps = self.outcomes @ weights
        loss = float(gaps @ gaps) / len(gaps)
        used = np.flatnonzero(weights)
        inside, active = self.predictors[:, used], columns[:, used]
        system = np.ones((len(used) + 1, len(used) + 1))
        system[:-1, :-1] = active.T @ active
        system[-1, -1] = 0.0
        slope = np.zeros(len(used) + 1)
        slope[:-1] = 2 / len(gaps) * (self.outcomes[:, used].T @ gaps)
        try:
            adjoint = np.linalg.solve(system, slope)[:-1]
        except np.linalg.LinAlgError:  # more donors in use than the rows tell apart: a flat spot
            return loss, np.zeros_like(log_v)
        by_v = -(inside @ adjoint) * (inside @ weights[used])
        return loss, v * (by_v - v @ by_v)


@dataclass(frozen=True, eq=False)
class PredictorWeights:
    """How the predictors were weighted, and the mix that follows.

    importance  K, V, non-negative and summing to one
    weights     J, W on the simplex;  unique: whether it is the only one for this V
    loss        mean squared gap of the outcomes that V was chosen by
    descents    how many descents were followed to their end; 0 where V was given
    confirmed   how many of them, the best included, ended within a thousandth of the least loss: 1 is an
                optimum that no other start confirms
    """

    importance: FloatArray
    weights: FloatArray
    unique: bool
    loss: float
    descents: int
    confirmed: int


def predictor_weights(
    treated: FloatArray,
    donors: FloatArray,
    treated_outcomes: FloatArray,
    donor_outcomes: FloatArray,
    *,
    importance: FloatArray | None = None,
) -> PredictorWeights:
    """V chosen by the outcomes, or as given in `importance` (K), and the mix for it.

    treated: K predictor values; donors: J x K; treated_outcomes: T0; donor_outcomes: J x T0. Predictors are
    divided by their standard deviation over all units, as in R's Synth. `EstimationError` names a
    predictor that does not vary, and an importance that is negative, not finite or zero throughout.
    """
    spread = np.vstack([treated, donors]).std(axis=0, ddof=1)
    for index, value in enumerate(spread):
        if not value > 1e-12 * np.abs(donors[:, index]).max():
            raise EstimationError(f"predictors.{index}", "is the same for all units, so it cannot match any")
    scaled_treated, scaled_donors = treated / spread, donors / spread
    problem = Nested.of((scaled_donors - scaled_treated).T, (donor_outcomes - treated_outcomes).T)
    if importance is None:
        log_v, descents, confirmed = _search(problem)
        halves = _halves(log_v)
    else:
        halves, descents, confirmed = _given(importance, len(spread)), 0, 0
    weights, unique = simplex_weights(problem.columns(halves))
    gaps = problem.outcomes @ weights
    return PredictorWeights(halves**2, weights, unique, float(gaps @ gaps) / len(gaps), descents, confirmed)


def _given(importance: FloatArray, count: int) -> FloatArray:
    """Square roots of a V that the caller fixed."""
    v = np.asarray(importance, dtype=np.float64)
    if v.shape != (count,) or not (np.isfinite(v).all() and (v >= 0).all() and v.sum() > 0):
        raise EstimationError("importance", f"must be {count} non-negative numbers, not all zero")
    halves: FloatArray = np.sqrt(v / v.sum())
    return halves


@dataclass(frozen=True, eq=False)
class _Point:
    """Where a descent stands: log v, the loss, its slope, and the inverse Hessian as learnt so far."""

    log_v: FloatArray
    loss: float
    slope: FloatArray
    curvature: FloatArray


def _search(problem: Nested) -> tuple[FloatArray, int, int]:
    """The best log v, how many descents were followed to their end, and how many of them found it."""
    from scipy.optimize import minimize

    points = []
    for start in _starts(len(problem.predictors)):
        loss, slope = problem.loss_and_slope(start)
        points.append(_descended(problem, _Point(start, loss, slope, _steepest(slope)), FIRST_STEPS))
    points.sort(key=lambda point: point.loss)
    points = [_descended(problem, point, FURTHER_STEPS) for point in points[:FURTHER_STARTS]]
    best = min(points, key=lambda point: point.loss)
    polished = minimize(
        problem.loss,
        best.log_v,
        method="Nelder-Mead",
        options={"maxfev": POLISHING_EVALUATIONS, "xatol": 1e-3, "fatol": 1e-9 * max(best.loss, 1e-300)},
    )
    better = polished.fun < best.loss
    least = min(float(polished.fun), best.loss)
    close = sum(point.loss <= least * (1 + CONFIRMED) for point in points if point is not best)
    return _bounded(polished.x if better else best.log_v), len(points), 1 + close


def _descended(problem: Nested, point: _Point, steps: int) -> _Point:
    """`point` after BFGS steps within the bounds; scipy's are slower here than the function itself."""
    for _ in range(steps):
        at_bound = ((point.log_v <= LEAST) & (point.slope > 0)) | ((point.log_v >= 0) & (point.slope < 0))
        slope = np.where(at_bound, 0.0, point.slope)
        direction = np.where(at_bound, 0.0, -point.curvature @ slope)
        if direction @ slope >= -1e-12 * point.loss:
            direction = -_steepest(slope) @ slope
        found = _line_search(problem, point, slope, direction)
        if found is None:
            return point
        little = point.loss - found.loss <= 1e-7 * point.loss
        point = found
        if little:
            return point
    return point


def _line_search(problem: Nested, point: _Point, slope: FloatArray, direction: FloatArray) -> _Point | None:
    """The first point of a shrinking step that lowers the loss enough (Armijo), or None."""
    longest = float(np.abs(direction).max())
    if longest == 0:
        return None
    length = min(1.0, 4.0 / longest)
    for _ in range(15):
        log_v = np.clip(point.log_v + length * direction, LEAST, 0.0)
        loss, new_slope = problem.loss_and_slope(log_v)
        if loss <= point.loss + 1e-4 * float(slope @ (log_v - point.log_v)):
            curvature = _updated(point.curvature, log_v - point.log_v, new_slope - point.slope)
            return _Point(log_v, loss, new_slope, curvature)
        length *= 0.4
    return None


def _updated(curvature: FloatArray, step: FloatArray, change: FloatArray) -> FloatArray:
    """The BFGS update of the inverse Hessian, left as it is where the curvature is not positive."""
    along = float(step @ change)
    if along <= 1e-12 * np.sqrt(float(step @ step) * float(change @ change)):
        return curvature
    across = curvature @ change
    growth = np.outer(step, step) * ((along + float(change @ across)) / along**2)
    return curvature + growth - (np.outer(across, step) + np.outer(step, across)) / along


def _steepest(slope: FloatArray) -> FloatArray:
    """Multiple of the identity that makes the first step one unit of log v long."""
    largest = float(np.abs(slope).max())
    return np.eye(len(slope)) / (largest if largest > 0 else 1.0)


def _starts(count: int) -> FloatArray:
    """All alike; each predictor far above the rest; each below the rest."""
    each = np.eye(count)
    if count == 1:
        return np.zeros((1, 1))
    return np.vstack([np.zeros((1, count)), -8.0 * (1 - each), -4.0 * each])


def _bounded(log_v: FloatArray) -> FloatArray:
    bounded: FloatArray = np.clip(log_v - log_v.max(), LEAST, 0.0)
    return bounded


def _halves(log_v: FloatArray) -> FloatArray:
    """Square roots of v, normalised to sum one."""
    v = np.exp(log_v - log_v.max())
    halves: FloatArray = np.sqrt(v / v.sum())
    return halves
