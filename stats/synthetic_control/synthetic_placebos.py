"""What a synthetic control is held against: other units, other dates, other pools.

In space: every donor is analysed as if it were the treated unit, and the treated one is ranked among them
(Abadie, Diamond, Hainmueller 2010). In time: the start is moved to an earlier date, with nothing after
the true one in the data (Abadie, Diamond, Hainmueller 2015). Leave one out: each donor with a share is
taken from the pool in turn. All take arrays and may match predictors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.checks.sensitivity_findings import LARGE_CHANGE, SMALL_CHANGE
from stats.clusters.clustered import IntArray
from stats.errors import EstimationError
from stats.findings import Finding, Level, NotComputable
from stats.inference import TIE, Inference, placebo_ratio
from stats.panel import FloatArray
from stats.particles import with_particle
from stats.synthetic_control.synthetic import Fit, fit_mix, fit_mixes, pool_of
from stats.words import figure, percent

COUNTS = 1e-6
"""A share below this is rounding: leaving its donor out changes nothing."""


@dataclass(frozen=True, eq=False)
class InSpace:
    """The treated unit among its placebos.

    fit        the treated unit;  placebos: the donors (`rows`), each with the others as its pool
    inference  by the ratio of post- to pre-period error; None where the treated unit was in the placebos'
               pools: the placebos then change with the effect that is supposed, and no test can be inverted
    """

    fit: Fit
    rows: IntArray
    placebos: tuple[Fit, ...]
    inference: Inference | None

    @property
    def ratios(self) -> FloatArray:
        """Post- to pre-period error of the placebos, B; infinite for a perfect fit."""
        return np.array([placebo.ratio for placebo in self.placebos])

    @property
    def rank(self) -> int:
        """1 for the largest ratio of all; ties count against the treated unit."""
        return 1 + int(np.sum(self.ratios >= self.fit.ratio * (1 - TIE)))

    @property
    def p_value(self) -> float:
        """The rank beside the number of units ranked."""
        return self.rank / (len(self.placebos) + 1)

    def by_period(self, *, scaled: bool = True) -> FloatArray | NotComputable:
        """p-values of the gap of each period from the start on, ranked in absolute value.

        scaled: gaps are divided by the unit's pre-period error, so that placebos with a poor fit do not
        set the yardstick (Cavallo, Galiani, Noy, Pantano 2013).
        """
        if scaled and self.fit.perfect:
            return reasons.perfect_pre_fit()
        gaps = np.abs([fit.gaps[fit.start :] for fit in (self.fit, *self.placebos)])
        if scaled:
            before = np.array([fit.pre_rmspe for fit in (self.fit, *self.placebos)])[:, None]
            gaps = np.where(before > 0, gaps / np.where(before > 0, before, 1.0), np.inf)
        larger = np.sum(gaps[1:] >= gaps[0] * (1 - TIE), axis=0)
        p_values: FloatArray = (1 + larger) / (len(self.placebos) + 1)
        return p_values


@checked_arguments
def in_space(
    outcomes: FloatArray,
    start: int,
    *,
    row: int = 0,
    donors: IntArray | None = None,
    predictors: FloatArray | None = None,
    intercept: bool = False,
    treated_in_pools: bool = False,
    worst_fit: float | None = None,
    alpha: float = 0.05,
) -> InSpace:
    """The synthetic control of unit `row` and of each of its donors.

    Arguments as for `stats.synthetic_control.synthetic.fit_mix`, and
    treated_in_pools  whether the treated unit may serve the placebos; by default it may not
    worst_fit         placebos whose pre-period mean squared error exceeds this multiple of the treated
                      unit's are left out, as Abadie, Diamond and Hainmueller (2010) do with 2, 5 and 20. The
                      test is then no longer exact: who is left out depends on the treated unit's fit
    """
    pool = pool_of(outcomes, row, donors)
    rows = np.concatenate([[row], pool])
    pools = np.zeros((len(rows), len(outcomes)), dtype=bool)
    pools[:, pool] = True
    pools[1:, row] = treated_in_pools
    pools[np.arange(len(rows)), rows] = False
    if predictors is None or not predictors.shape[1]:
        fit, *placebos = fit_mixes(outcomes, start, rows, pools, intercept=intercept)
    else:
        fit, *placebos = (
            fit_mix(outcomes, start, row=int(each), donors=np.flatnonzero(allowed), predictors=predictors)
            for each, allowed in zip(rows, pools, strict=True)
        )
    kept = [place for place, placebo in enumerate(placebos) if _close_enough(placebo, fit, worst_fit)]
    chosen = tuple(placebos[place] for place in kept)
    inference = None
    if not treated_in_pools:
        ratios = np.array([placebo.ratio for placebo in chosen])
        inference = placebo_ratio(fit.gaps[start:], fit.pre_rmspe, ratios, alpha=alpha)
    return InSpace(fit, pool[kept], chosen, inference)


def _close_enough(placebo: Fit, fit: Fit, worst_fit: float | None) -> bool:
    return worst_fit is None or placebo.pre_rmspe**2 <= worst_fit * fit.pre_rmspe**2


@checked_arguments
def in_time(
    outcomes: FloatArray,
    start: int,
    pretended: int,
    *,
    row: int = 0,
    donors: IntArray | None = None,
    predictors: FloatArray | None = None,
    importance: FloatArray | None = None,
    intercept: bool = False,
) -> Fit:
    """The synthetic control as if treatment had begun in column `pretended`, on the data before `start`.

    Predictors must be measured before the pretended start; the caller sees to that.
    """
    if outcomes.ndim != 2:
        raise EstimationError("outcomes", f"has shape {outcomes.shape}, wanted units x periods")
    if not 0 < pretended < start:
        raise EstimationError("pretended", f"must lie between the first column and the start, {start}")
    return fit_mix(
        outcomes[:, :start],
        pretended,
        row=row,
        donors=donors,
        predictors=predictors,
        importance=importance,
        intercept=intercept,
    )


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """fit: with the whole pool;  left_out: rows of the donors with a share;  fits: without each of them."""

    fit: Fit
    left_out: IntArray
    fits: tuple[Fit, ...]

    @property
    def effects(self) -> FloatArray:
        """Mean gap after the start without each donor."""
        return np.array([fit.effect for fit in self.fits])


@checked_arguments
def leave_one_out(
    outcomes: FloatArray,
    start: int,
    *,
    row: int = 0,
    donors: IntArray | None = None,
    predictors: FloatArray | None = None,
    importance: FloatArray | None = None,
    intercept: bool = False,
) -> LeaveOneOut:
    """The synthetic control without each donor that has a share; donors without one change nothing.

    Arguments as for `stats.synthetic_control.synthetic.fit_mix`; without `importance` the predictors are
    weighted anew each time. `EstimationError` where fewer than two donors are left.
    """
    pool = pool_of(outcomes, row, donors)
    if len(pool) < 2:
        raise EstimationError("donors", "must be at least two for one to be left out")
    fit = fit_mix(
        outcomes,
        start,
        row=row,
        donors=pool,
        predictors=predictors,
        importance=importance,
        intercept=intercept,
    )
    left_out = pool[fit.weights > COUNTS]
    if predictors is not None and predictors.shape[1]:
        fits = tuple(
            fit_mix(
                outcomes,
                start,
                row=row,
                donors=pool[pool != donor],
                predictors=predictors,
                importance=importance,
            )
            for donor in left_out
        )
        return LeaveOneOut(fit, left_out, fits)
    pools = np.zeros((len(left_out), len(outcomes)), dtype=bool)
    pools[:, pool] = True
    pools[np.arange(len(left_out)), left_out] = False
    # The other shares are where the search begins: most of them stay in use.
    begin = np.zeros(pools.shape)
    begin[:, pool] = fit.weights
    begin = np.where(pools, begin + COUNTS / len(pool), 0.0)
    fits = fit_mixes(outcomes, start, [row] * len(left_out), pools, intercept=intercept, weights=begin)
    return LeaveOneOut(fit, left_out, fits)


def in_time_finding(fit: Fit, placebo: Fit) -> Finding:
    """The effect found at a date when nothing had begun, beside the effect itself."""
    share = _beside(placebo.effect, fit.effect)
    return Finding(
        _level(share),
        "placebo_date",
        share,
        f"아직 시작하지 않은 때를 시작으로 꾸미면 효과가 {with_particle(figure(placebo.effect), '으로/로')} "
        f"나와, 추정한 효과 크기의 {percent(share)}입니다.",
        f"With a start pretended before the true one the effect is {figure(placebo.effect)}, "
        f"{percent(share)} of the size of the effect found.",
    )


def leave_one_out_finding(result: LeaveOneOut) -> Finding:
    """How far the effect hangs on a single donor: the largest change when one is left out."""
    effects = result.effects
    least, most = figure(float(effects.min())), figure(float(effects.max()))
    share = _beside(float(np.abs(effects - result.fit.effect).max()), result.fit.effect)
    turned = bool((effects * result.fit.effect < 0).any())
    return Finding(
        "fail" if turned else _level(share),
        "leave_one_out",
        share,
        f"대조 구역을 하나씩 빼면 효과가 {least}에서 {most}까지 움직입니다(최대 변화 {percent(share)})."
        f"{' 부호도 바뀝니다.' if turned else ''}",
        f"Without one donor at a time the effect lies between {least} and {most} "
        f"(at most {percent(share)} away).{' Its sign changes.' if turned else ''}",
    )


def _beside(number: float, effect: float) -> float:
    """|number| as a share of |effect|; of no effect at all anything is the whole."""
    return abs(number) / abs(effect) if effect else float(number != 0)


def _level(share: float) -> Level:
    return "ok" if share <= SMALL_CHANGE else "caution" if share <= LARGE_CHANGE else "fail"
