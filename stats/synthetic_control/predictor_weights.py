"""Synthetic control with predictors: the nested choice of shares W and predictor weights V.

Inside, W(V) minimises sum_k v_k (x_1k - X_0k W)^2 over the simplex; outside, V is chosen so that the
synthetic control follows the treated outcome before the start as closely as possible (Abadie and
Gardeazabal 2003; Abadie, Diamond, Hainmueller 2010). The outer problem is piecewise smooth with many
local minima. It is searched by quasi-Newton steps that cross kinks, with the exact gradient on the donors
in use, from a fixed set of starts (all alike; each predictor alone; all but one; the best of many spread
evenly); the most promising go on, and the best is polished by simplex search. No random numbers: the
same data give the same answer, and it is told how many of the descents ended there.

Where V leaves several W equally good (predictors that can be matched exactly do for every V), the
pre-period outcomes decide between them: they stand beside the predictors with a weight too small to
move anything else. Without that W is arbitrary there (Becker and Kloessner 2018).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from stats.arguments import checked_arguments
from stats.checked import finite
from stats.errors import EstimationError
from stats.numerics.nonsmooth import Point, descended, spread_evenly
from stats.numerics.simplex import nearest, simplex_weights
from stats.panel import FloatArray

FLOOR = 1e-6
"""Added to every v before they are made to sum to one: below it a predictor counts for nothing in floats."""
TIE_BREAK = 1e-8
"""Weight of the outcomes beside the predictors (v sums to one), well below the least v."""
EVENLY_SPREAD, WIDTH, TAKEN = 120, 18.0, 12
"""Starts that are only looked at, how far apart their log v may be at most, and how many of them go on."""
FIRST_STEPS, ROUNDS = 8, ((12, 20), (4, 100))
"""Steps of every descent, and then how many of the best take how many steps more."""
POLISHING_EVALUATIONS = 300
CONFIRMED = 1e-3
"""Share of the loss by which a descent may end above the best one and still be said to have found it."""


@dataclass(frozen=True, eq=False)
class Nested:
    """The outer problem as a function of logits u (K): v = (softmax(u) + FLOOR) / (1 + K FLOOR).

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

    def loss(self, logits: FloatArray) -> float:
        """Mean squared pre-period gap of W(V)."""
        gaps = self.outcomes @ nearest(self.columns(np.sqrt(_floored(_softmax(logits)))))
        return float(gaps @ gaps) / len(gaps)

    def loss_and_slope(self, logits: FloatArray) -> tuple[float, FloatArray]:
        """The loss and its gradient, by the implicit function theorem on the donors in use.

        There W solves [C'C, -1; 1', 0] (w, mu) = (0, 1), C the columns; one solve of the adjoint gives
        all K slopes.
        """
        shares = _softmax(logits)
        columns = self.columns(np.sqrt(_floored(shares)))
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
            return loss, np.zeros_like(logits)
        by_v = -(inside @ adjoint) * (inside @ weights[used]) / (1 + len(logits) * FLOOR)
        return loss, shares * (by_v - shares @ by_v)


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


@checked_arguments
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
    own, pool = finite("treated", np.ravel(treated), 1), finite("donors", donors, 2)
    followed = finite("treated_outcomes", np.ravel(treated_outcomes), 1)
    by = finite("donor_outcomes", donor_outcomes, 2)
    if pool.shape[1] != len(own):
        raise EstimationError("donors", f"have {pool.shape[1]} predictors, the treated {len(own)}")
    if by.shape != (len(pool), len(followed)):
        raise EstimationError("donor_outcomes", f"have shape {by.shape}, wanted {(len(pool), len(followed))}")
    spread = np.vstack([own, pool]).std(axis=0, ddof=1)
    for index, value in enumerate(spread):
        if not value > 1e-12 * np.abs(pool[:, index]).max():
            raise EstimationError(f"predictors.{index}", "is the same for all units, so it cannot match any")
    scaled_treated, scaled_donors = own / spread, pool / spread
    problem = Nested.of((scaled_donors - scaled_treated).T, (by - followed).T)
    if importance is None:
        logits, descents, confirmed = _search(problem)
        halves = np.sqrt(_floored(_softmax(logits)))
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


def _search(problem: Nested) -> tuple[FloatArray, int, int]:
    """The best logits, how many descents were followed to their end, and how many of them found it."""
    points = _by_loss(descended(problem.loss_and_slope, start, FIRST_STEPS) for start in _starts(problem))
    for kept, steps in ROUNDS:
        points = _by_loss(descended(problem.loss_and_slope, point.place, steps) for point in points[:kept])
    best, least = _polished(problem, points[0])
    ended_there = sum(point.value <= least * (1 + CONFIRMED) for point in points)
    return best, len(points), max(1, ended_there)


def _by_loss(points: Iterable[Point]) -> list[Point]:
    return sorted(points, key=lambda point: point.value)


def _polished(problem: Nested, point: Point) -> tuple[FloatArray, float]:
    """The point after a simplex search, which needs no slope, and its loss."""
    from scipy.optimize import minimize

    found = minimize(
        problem.loss,
        point.place,
        method="Nelder-Mead",
        options={"maxfev": POLISHING_EVALUATIONS, "xatol": 1e-3, "fatol": 1e-9 * max(point.value, 1e-300)},
    )
    return (found.x, float(found.fun)) if found.fun < point.value else (point.place, point.value)


def _starts(problem: Nested) -> FloatArray:
    """All alike; each predictor far above the rest; each below the rest; the best of many."""
    count = len(problem.predictors)
    if count == 1:
        return np.zeros((1, 1))
    each = np.eye(count)
    cube = spread_evenly(EVENLY_SPREAD, count + 1)
    # Wide boxes hold the corners where few predictors count, narrow ones the middle.
    spread = -WIDTH * cube[:, :1] * cube[:, 1:]
    order = np.argsort([problem.loss(start) for start in spread], kind="stable")
    return np.vstack([np.zeros((1, count)), -8.0 * (1 - each), -4.0 * each, spread[order[:TAKEN]]])


def _softmax(logits: FloatArray) -> FloatArray:
    raised = np.exp(logits - logits.max())
    shares: FloatArray = raised / raised.sum()
    return shares


def _floored(shares: FloatArray) -> FloatArray:
    """v from shares that sum to one; it does, too."""
    v: FloatArray = (shares + FLOOR) / (1 + len(shares) * FLOOR)
    return v
