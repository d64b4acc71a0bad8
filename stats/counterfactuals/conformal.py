"""Conformal inference for counterfactuals (Chernozhukov, Wuethrich, Zhu 2021).

Under "the effect in the periods after the start is this" the treated unit's path without treatment is
known in every period. The counterfactual is fitted on all of them, before and after, and if the
hypothesis is true the residuals after the start look like those before. Their norm is ranked among the
norms that permutations in time give: all cyclic shifts ("block", right under serial dependence, exact
p-values in steps of 1 / T) or random orders ("iid"). The interval holds the effects that are not
rejected. It needs no other unit to be like the treated one, but a model that fits, and enough periods.

One period's effect is tested with the periods before the start and that one alone; a constant effect with
all periods; the mean effect over the n periods after the start by first averaging the outcomes over
blocks of n periods, backwards from the start. The t-test of the same authors (2022, "A t-test for
synthetic controls") takes out the bias of the fit with blocks of pre-periods that were not fitted on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.clusters.clustered import IntArray
from stats.counterfactuals.counterfactual import Counterfactual, mixes
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import TIE, Inference, Interval, silent, student_t
from stats.numerics.inversion import last_accepted
from stats.panel import BoolArray, FloatArray

Permutations = Literal["block", "iid"]

PERFECT = 1e-9
"""Residuals below this share of the outcomes' spread are rounding, and count as zero."""


@dataclass(frozen=True, eq=False)
class Conformal:
    """Tests of the effect on one (mean) treated unit over the n periods after the start.

    gaps      n, treated less the counterfactual fitted before the start
    by_period n inferences, one for each period
    constant  of "the effect is the same in every period"
    average   of the mean effect, from means over blocks of n periods
    """

    gaps: FloatArray
    by_period: tuple[Inference, ...]
    constant: Inference
    average: Inference


@dataclass(frozen=True, eq=False)
class ConformalPValues:
    """p-values of a hypothetical effect: in all periods after the start jointly, and in each (n)."""

    joint: float
    by_period: FloatArray


def permutations_too_few(count: int, alpha: float) -> NotComputable:
    """With `count` permutations no p-value falls below 1 / count: no value can be ruled out."""
    return NotComputable(
        "permutations_too_few",
        f"순열이 {count}개뿐이라 유의수준 {alpha:g}에서 어떤 값도 배제할 수 없어 구간에 끝이 없습니다.",
        f"With {count} permutations no value can be ruled out at level {alpha:g}: the interval has no ends.",
    )


def never_rejected() -> NotComputable:
    """The fit follows the effect: after the start the residuals stand out however large it is."""
    return NotComputable(
        "never_rejected",
        "효과가 아무리 커도 시행 후 잔차가 두드러지지 않아 구간에 끝이 없습니다.",
        "However large the effect, the residuals after the start do not stand out: the interval has no ends.",
    )


def blocks_too_few() -> NotComputable:
    """Fewer than two blocks of pre-periods as long as the time after the start."""
    return NotComputable(
        "blocks_too_few",
        "시행 전 기간이 시행 후 기간의 두 배가 되지 않아 평균 효과를 이 방법으로 검정할 수 없습니다.",
        "The time before the start is not twice that after it: the mean effect cannot be tested in this way.",
    )


@checked_arguments
def conformal_p_values(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    null: float | FloatArray = 0.0,
    counterfactual: Counterfactual = mixes,
    permutations: Permutations = "block",
    norm: float = 1.0,
    draws: int = 9999,
    rng: np.random.Generator | None = None,
) -> ConformalPValues:
    """p-values of "the effect is `null`", one number or n, for `treated` (T) against `donors` (J x T).

    start       column of the first treated period
    norm        q of the statistic, the q-norm of the residuals after the start; `np.inf`: the largest
    draws, rng  of the random orders; needed for "iid" alone, where p = (1 + #) / (1 + draws); a single
                period's p-value is exact either way

    `EstimationError` where a cell is not finite, fewer than two periods lie before the start or none
    after it, there is no donor, or a choice is none.
    """
    treated, donors = _checked(treated, donors, start)
    moved = treated.copy()
    moved[start:] -= null
    orders = _orders(len(treated), len(treated) - start, permutations, draws, rng)
    joint = _Test(moved, donors, len(treated) - start, counterfactual, norm, orders)
    single = [_single(moved, donors, start, column, counterfactual) for column in range(start, len(treated))]
    return ConformalPValues(
        joint=float(joint.p_values(np.zeros(1))[0]),
        by_period=np.array([float(test.p_values(np.zeros(1))[0]) for test in single]),
    )


@checked_arguments
def conformal(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    counterfactual: Counterfactual = mixes,
    permutations: Permutations = "block",
    norm: float = 1.0,
    alpha: float = 0.05,
    draws: int = 9999,
    rng: np.random.Generator | None = None,
) -> Conformal:
    """The effects by period, the constant and the mean effect, with intervals by inversion.

    Arguments and refusals as for `conformal_p_values`. An interval is the connected set of effects not
    rejected round the estimate (and reaches to zero where that is not rejected either).
    """
    treated, donors = _checked(treated, donors, start)
    width = len(treated)
    after = width - start
    gaps = treated - counterfactual(treated[None, :start], donors[:, :start], donors)[0]
    gaps = gaps[start:]
    orders = _orders(width, after, permutations, draws, rng)
    method = f"conformal_{permutations}"
    every = _Test(treated, donors, after, counterfactual, norm, orders)
    return Conformal(
        gaps=gaps,
        by_period=tuple(
            _inverted(_single(treated, donors, start, column, counterfactual), gap, alpha, method)
            for column, gap in zip(range(start, width), gaps, strict=True)
        ),
        constant=_inverted(every, float(gaps.mean()), alpha, method),
        average=_average(treated, donors, start, counterfactual, alpha),
    )


@checked_arguments
def cross_fitted_t(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    folds: int = 3,
    counterfactual: Counterfactual = mixes,
    alpha: float = 0.05,
) -> tuple[float, Inference]:
    """The mean effect without the bias of the fit, and its t-test with folds - 1 degrees of freedom.

    The last folds x r periods before the start are cut into blocks of r = min(start // folds, n). For
    each the counterfactual is fitted without it, and the mean gap in it taken from the mean gap after the
    start; the estimate is the mean of these (Chernozhukov, Wuethrich and Zhu 2022).
    """
    treated, donors = _checked(treated, donors, start)
    after = len(treated) - start
    length = min(start // folds, after) if folds > 1 else 0
    if length < 1 or start - length < 1:
        raise EstimationError("folds", f"{folds} folds do not fit into {start} periods before the start")
    estimates = np.empty(folds)
    for fold in range(folds):
        first = start - length * (folds - fold)
        kept = np.r_[0:first, first + length : start]
        gaps = treated - counterfactual(treated[None, kept], donors[:, kept], donors)[0]
        estimates[fold] = gaps[start:].mean() - gaps[first : first + length].mean()
    effect = float(estimates.mean())
    error = math.sqrt((1 + folds * length / after) / folds) * float(estimates.std(ddof=1))
    if not error > PERFECT * float(np.ptp(treated)):
        return effect, silent("cross_fitted_t", alpha, reasons.no_variation())
    return effect, student_t(effect, error, folds - 1, alpha=alpha, method="cross_fitted_t")


@dataclass(frozen=True, eq=False)
class _Test:
    """Columns of one test, the last `count` after the start; orders: D x count of random ones, or None."""

    treated: FloatArray
    donors: FloatArray
    count: int
    counterfactual: Counterfactual
    norm: float
    orders: IntArray | None = None

    @property
    def permutations(self) -> int:
        """How many statistics there are, the observed one among them."""
        return len(self.treated) if self.orders is None else len(self.orders) + 1

    def residuals(self, nulls: FloatArray) -> FloatArray:
        """B x m, of the fit under each of B constant effects."""
        paths = np.repeat(self.treated[None], len(nulls), axis=0)
        paths[:, -self.count :] -= nulls[:, None]
        left = np.abs(paths - self.counterfactual(paths, self.donors, self.donors))
        spread = max(float(np.ptp(self.donors)), float(np.ptp(self.treated)))
        left[left <= PERFECT * spread] = 0.0
        return left

    def p_values(self, nulls: FloatArray) -> FloatArray:
        """B p-values, each at least 1 / permutations."""
        left = self.residuals(nulls)
        size = left.max(axis=1, keepdims=True)
        left /= np.where(size > 0, size, 1.0)
        own = self._norms(left[:, None, -self.count :])
        if self.orders is None:
            round_ = np.concatenate([left, left[:, : self.count - 1]], axis=1)
            windows = np.lib.stride_tricks.sliding_window_view(round_, self.count, axis=1)
            extreme: FloatArray = (self._norms(windows) >= own * (1 - TIE)).mean(axis=1)
            return extreme
        drawn = np.stack([self._norms(row[self.orders]) for row in left])
        counts: FloatArray = (1.0 + (drawn >= own * (1 - TIE)).sum(axis=1)) / (1 + len(self.orders))
        return counts

    def _norms(self, windows: FloatArray) -> FloatArray:
        """The q-norms along the last axis, or what has their order."""
        if np.isinf(self.norm):
            largest: FloatArray = windows.max(axis=-1)
            return largest
        powers: FloatArray = (windows**self.norm).sum(axis=-1)
        return powers


def _single(
    treated: FloatArray, donors: FloatArray, start: int, column: int, counterfactual: Counterfactual
) -> _Test:
    """The test of one period after the start, with those before it. The norm of one number has no order."""
    columns = [*range(start), column]
    return _Test(treated[columns], donors[:, columns], 1, counterfactual, 1.0)


def _average(
    treated: FloatArray, donors: FloatArray, start: int, counterfactual: Counterfactual, alpha: float
) -> Inference:
    length = len(treated) - start
    blocks = start // length
    if blocks < 2:
        return silent("conformal_blocks", alpha, blocks_too_few())
    rows = np.vstack([treated, donors])[:, start - blocks * length :]
    means = rows.reshape(len(rows), blocks + 1, length).mean(axis=2)
    test = _Test(means[0], means[1:], 1, counterfactual, 1.0)
    fitted = counterfactual(means[:1, :-1], means[1:, :-1], means[1:])
    return _inverted(test, float(means[0, -1] - fitted[0, -1]), alpha, "conformal_blocks")


def _inverted(test: _Test, centre: float, alpha: float, method: str) -> Inference:
    """The p-value of zero, and the effects round `centre` that are not rejected."""
    p_zero, p_centre = (float(value) for value in test.p_values(np.array([0.0, centre])))
    if 1 / test.permutations > alpha:
        reason = permutations_too_few(test.permutations, alpha)
        return Inference(method, alpha, p_zero, Interval(-math.inf, math.inf, reason))
    if not p_centre > alpha:
        if not p_zero > alpha:
            return Inference(method, alpha, p_zero, reasons.constant_effect_rejected())
        centre = 0.0

    def accepted(nulls: FloatArray) -> BoolArray:
        good: BoolArray = test.p_values(nulls) > alpha
        return good

    ends = []
    step = float(np.sqrt(np.mean(test.residuals(np.array([centre])) ** 2))) or abs(centre) or 1.0
    for side in (-1.0, 1.0):
        blocked = not p_zero > alpha and side * (0.0 - centre) > 0
        ends.append(last_accepted(accepted, centre, side * step, 0.0 if blocked else None))
    low, high = ends
    if p_zero > alpha:
        low, high = min(low, 0.0), max(high, 0.0)
    endless = never_rejected() if math.isinf(low) or math.isinf(high) else None
    return Inference(method, alpha, p_zero, Interval(low, high, endless))


def _orders(
    width: int, count: int, permutations: Permutations, draws: int, rng: np.random.Generator | None
) -> IntArray | None:
    """D x count columns that random orders bring after the start; None for cyclic shifts."""
    if permutations == "block":
        return None
    if permutations != "iid":
        raise EstimationError("permutations", f"{permutations!r} is none of block, iid")
    if rng is None:
        raise EstimationError("rng", "random orders need a generator")
    every = np.repeat(np.arange(width)[None], draws, axis=0)
    shuffled: IntArray = rng.permuted(every, axis=1)[:, width - count :]
    return shuffled


def _checked(treated: FloatArray, donors: FloatArray, start: int) -> tuple[FloatArray, FloatArray]:
    treated, donors = np.asarray(treated, dtype=np.float64), np.asarray(donors, dtype=np.float64)
    if treated.ndim != 1 or donors.ndim != 2 or donors.shape[1] != len(treated):
        raise EstimationError("donors", f"have shape {donors.shape} beside treated of {treated.shape}")
    for name, values in (("treated", treated), ("donors", donors)):
        if not np.isfinite(values).all():
            place = tuple(int(index) for index in np.argwhere(~np.isfinite(values))[0])
            raise EstimationError(name, f"is not finite at {place}")
    if not len(donors):
        raise EstimationError("donors", "there is none")
    if (np.append(treated.ravel(), donors) == treated.flat[0]).all():
        raise EstimationError("treated", "does not vary, and neither do the donors")
    if not 2 <= start < len(treated):
        raise EstimationError("start", f"{start} leaves too few of {len(treated)} periods on a side")
    return treated, donors
