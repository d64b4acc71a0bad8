"""Partially pooled synthetic control for several treated units with starts of their own.

Ben-Michael, Feller, Rothstein (2022): every treated unit j has shares over the units that stay untreated
over the horizon after its start, chosen together so as to make small

    (1 - pooling) sum_j |x_j - X_j' w_j|^2 / L_j  +  pooling |sum_j (x_j - X_j' w_j)|^2 / L  + ridge |w|^2

where x_j - X_j' w_j are the gaps in the L_j periods before j's start, lined up at the start. The first
term is a synthetic control for each (pooling = 0); the second asks only that their average be balanced
(pooling = 1). By default the share of pooling is how much of the separate fits' imbalance does not
average out, as in the R package augsynth. With unit intercepts every unit's mean over j's pre-periods is
taken out first. The shares are exact: the joint problem is one quadratic programme over a product of
simplices.

Inference ranks the average effect among those of draws of as many never-treated units, given the same starts,
with the treated units out of all pools.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.cohorts import NEVER, Cohorts, IntArray
from stats.errors import EstimationError
from stats.inference import PLACEBO_DIFFERENCE, Inference, placebo_difference, silent
from stats.numerics.simplex_product import product_of_simplices
from stats.panel import FloatArray

Donors = Literal["never", "not_yet"]


@dataclass(frozen=True, eq=False)
class StaggeredSynthetic:
    """Synthetic controls of all treated units, and their average.

    units       J, rows of the treated units;  starts: J, their first treated columns
    weights     J x n, shares of the donors;  pooling: the share of the pooled term
    gaps        J x T, each unit less its synthetic control (with the intercept, where there is one)
    horizon     number of periods from the start on that are averaged
    separate_imbalance, pooled_imbalance   root mean squared gap before the start: of the units, and of
                their average
    inference   of `effect`
    """

    units: IntArray
    starts: IntArray
    weights: FloatArray
    pooling: float
    gaps: FloatArray
    horizon: int
    separate_imbalance: float
    pooled_imbalance: float
    inference: Inference

    @property
    def by_period(self) -> FloatArray:
        """Average gap of the treated units 0, 1, ... periods after their start, `horizon` numbers."""
        path: FloatArray = _lined_up(self.gaps, self.starts, self.horizon).mean(axis=0)
        return path

    @property
    def by_unit(self) -> FloatArray:
        """Mean gap of each treated unit over the horizon, J."""
        means: FloatArray = _lined_up(self.gaps, self.starts, self.horizon).mean(axis=1)
        return means

    @property
    def effect(self) -> float:
        """Mean gap over units and over the horizon."""
        return float(self.by_period.mean())


@dataclass(frozen=True, eq=False)
class _Fits:
    """Shares and gaps of one choice of pooling."""

    weights: FloatArray
    gaps: FloatArray
    pooling: float
    separate: float
    pooled: float


@checked_arguments
def staggered_synthetic_control(
    outcomes: FloatArray,
    first_treated: IntArray,
    *,
    pooling: float | None = None,
    intercept: bool = True,
    donors: Donors = "not_yet",
    lags: int | None = None,
    horizon: int | None = None,
    ridge: float = 0.0,
    draws: int = 99,
    alpha: float = 0.05,
    rng: np.random.Generator,
) -> StaggeredSynthetic:
    """The average effect on those of `outcomes` (n x T, complete) treated from column `first_treated` (n) on.

    pooling    between 0 (separate) and 1 (pooled); None: from the separate fits
    donors     "never" treated, or also those "not_yet" treated until the horizon of the unit is over
    lags       how many periods before its start a unit is matched on; None: all
    horizon    how many periods from the start on are averaged; None: as many as the last unit has
    draws      placebo re-assignments, beside which the effect is ranked; 0: none

    Refused: what `stats.cohorts.Cohorts.of` refuses, a unit without donors, and options out of range.
    """
    cohorts = Cohorts.of(outcomes, first_treated)
    first = cohorts.first_treated
    longest = int(cohorts.outcomes.shape[1] - cohorts.starts.max())
    span = longest if horizon is None else horizon
    _checked(pooling, ridge, lags, span, longest, donors, draws)
    treated = np.flatnonzero(first < NEVER)
    starts = first[treated]
    pools = [_pool(first, int(row), span, donors) for row in treated]
    problem = _Problem(_centred(cohorts.outcomes, first), starts, lags, intercept, ridge)
    fits = problem.fitted(treated, pools, pooling)
    effect = float(_lined_up(fits.gaps, starts, span).mean())
    placebos = _placebos(problem, np.flatnonzero(first == NEVER), fits.pooling, span, draws, rng)
    if len(placebos):
        inference = placebo_difference(effect, placebos, alpha=alpha)
    else:
        inference = silent(PLACEBO_DIFFERENCE, alpha, reasons.too_few_control_clusters())
    return StaggeredSynthetic(
        units=cohorts.rows[treated],
        starts=starts,
        weights=fits.weights,
        pooling=fits.pooling,
        gaps=fits.gaps,
        horizon=span,
        separate_imbalance=fits.separate,
        pooled_imbalance=fits.pooled,
        inference=inference,
    )


def _pool(first: IntArray, row: int, span: int, donors: Donors) -> IntArray:
    """The units that may stand for `row`: untreated until its horizon is over."""
    until = NEVER if donors == "never" else int(first[row]) + span
    pool = np.flatnonzero(first >= until)
    if not len(pool):
        raise EstimationError("first_treated", f"unit {row} has no donor that is untreated over its horizon")
    return pool


def _centred(outcomes: FloatArray, first: IntArray) -> FloatArray:
    """The outcomes less the mean of the untreated in each period: it cancels, and digits are kept."""
    untreated = first == NEVER
    centred: FloatArray = outcomes - outcomes[untreated if untreated.any() else slice(None)].mean(axis=0)
    return centred


@dataclass(frozen=True, eq=False)
class _Problem:
    """What stays the same whoever is said to be treated; `starts` are theirs, J."""

    values: FloatArray
    starts: IntArray
    lags: int | None
    intercept: bool
    ridge: float

    def fitted(self, treated: IntArray, pools: list[IntArray], pooling: float | None) -> _Fits:
        """The shares of each treated unit's pool, and the gaps."""
        starts = self.starts
        reach = int(starts.max()) if self.lags is None else self.lags
        lengths = np.minimum(starts, reach)
        moves = [self._moves(int(start)) for start in starts]
        # Gaps lined up at the start; a unit with fewer periods before it has zeros in front.
        before = [
            np.hstack([np.zeros((len(each), reach - length)), each[:, start - length : start]])
            for each, start, length in zip(moves, starts, lengths, strict=True)
        ]
        targets = np.array([each[row] for each, row in zip(before, treated, strict=True)])
        blocks = [each[pool] for each, pool in zip(before, pools, strict=True)]
        chosen = 0.0 if pooling is None else pooling
        shares = _shares(targets, blocks, lengths, chosen, self.ridge)
        if pooling is None:
            chosen = _suggested(targets, blocks, shares)
            shares = _shares(targets, blocks, lengths, chosen, self.ridge)
        weights = np.zeros((len(treated), len(self.values)))
        gaps = np.empty((len(treated), self.values.shape[1]))
        for place, (row, pool) in enumerate(zip(treated, pools, strict=True)):
            weights[place, pool] = shares[place]
            gaps[place] = moves[place][row] - shares[place] @ moves[place][pool]
        left = _left_over(targets, blocks, shares)
        separate = float(np.sqrt(np.mean((left**2).sum(axis=1) / lengths)))
        pooled = float(np.sqrt((left.mean(axis=0) ** 2).sum() / reach))
        return _Fits(weights, gaps, chosen, separate, pooled)

    def _moves(self, start: int) -> FloatArray:
        """The outcomes, less every unit's mean before `start` where there is an intercept."""
        if not self.intercept:
            return self.values
        moves: FloatArray = self.values - self.values[:, :start].mean(axis=1, keepdims=True)
        return moves


def _shares(
    targets: FloatArray, blocks: list[FloatArray], lengths: IntArray, pooling: float, ridge: float
) -> list[FloatArray]:
    """The shares of each unit's donors that are best together."""
    reach = targets.shape[1]
    rows = np.vstack(blocks)
    owner = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    same = owner[:, None] == owner[None, :]
    own = ((1 - pooling) / lengths)[owner]
    gram = (rows @ rows.T) * (np.where(same, own[:, None], 0.0) + pooling / reach)
    linear = own * np.einsum("ij,ij->i", rows, targets[owner]) + pooling / reach * rows @ targets.sum(axis=0)
    weights = product_of_simplices(gram + ridge * np.eye(len(gram)), linear, owner)
    return [weights[owner == place] for place in range(len(blocks))]


def _left_over(targets: FloatArray, blocks: list[FloatArray], shares: list[FloatArray]) -> FloatArray:
    mixed = np.array([share @ block for share, block in zip(shares, blocks, strict=True)])
    left: FloatArray = targets - mixed
    return left


def _suggested(targets: FloatArray, blocks: list[FloatArray], shares: list[FloatArray]) -> float:
    """How much of the units' imbalance is left when it is added up: 0, it cancels; 1, none of it does."""
    left = _left_over(targets, blocks, shares)
    separate = float(np.sqrt((left**2).sum(axis=1)).sum())
    return float(np.linalg.norm(left.sum(axis=0))) / separate if separate > 0 else 0.0


def _lined_up(gaps: FloatArray, starts: IntArray, horizon: int) -> FloatArray:
    """J x horizon: the gaps from each unit's start on."""
    return np.array([gap[start : start + horizon] for gap, start in zip(gaps, starts, strict=True)])


def _placebos(
    problem: _Problem, never: IntArray, pooling: float, span: int, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Average effects of as many never-treated units as were treated, drawn at random, with their starts."""
    count = len(problem.starts)
    if len(never) <= count:
        return np.empty(0)
    effects = []
    for _ in range(draws):
        drawn = rng.choice(never, count, replace=False)
        fits = problem.fitted(drawn, [np.setdiff1d(never, drawn)] * count, pooling)
        effects.append(_lined_up(fits.gaps, problem.starts, span).mean())
    return np.array(effects)


def _checked(
    pooling: float | None, ridge: float, lags: int | None, span: int, longest: int, donors: str, draws: int
) -> None:
    if pooling is not None and not 0 <= pooling <= 1:
        raise EstimationError("pooling", "must lie between 0 and 1")
    if not (np.isfinite(ridge) and ridge >= 0):
        raise EstimationError("ridge", "must be finite and not negative")
    if lags is not None and lags < 1:
        raise EstimationError("lags", "must be at least one")
    if not 1 <= span <= longest:
        raise EstimationError(
            "horizon", f"must lie between 1 and {longest}, the periods that the last unit has"
        )
    if donors not in get_args(Donors):
        raise EstimationError("donors", f"must be one of {', '.join(get_args(Donors))}")
    if draws < 0:
        raise EstimationError("draws", "must not be negative")
