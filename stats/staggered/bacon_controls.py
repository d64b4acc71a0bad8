"""Goodman-Bacon's (2021, section 5.2) decomposition of a two-way estimate that adjusts for covariates.

What two-way effects and covariates leave of the treatment, d (Frisch and Waugh 1933), varies between
cohorts and, through the covariates, among the units of one. With the cohort's mean d_kt in each period

    beta = within_weight beta_within + (1 - within_weight) sum_kl s_kl beta_kl,

within_weight being the share of the variation of d round the cohorts' means, and beta_kl the comparison
of two cohorts over all periods, regressed on the gap d_kt - d_lt, with s_kl proportional to n_k n_l times
that gap's squares. Covariates weigh the periods of a pair, so that the two directions of a pair are no
longer apart, and the always and the never treated are compared as well, by their covariates alone. A
within part of any weight, or pairs of the latter kind, says that the covariates do more than make trends
parallel. The R and Stata packages bacondecomp decompose in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.cohorts import NEVER
from stats.differences.two_way import cohorts_in
from stats.errors import EstimationError
from stats.findings import Finding
from stats.numerics.absorb import IntArray
from stats.numerics.cells import Cells
from stats.numerics.collinear import independent
from stats.numerics.fixed_effects import IDENTIFIED
from stats.panel import FloatArray
from stats.staggered.bacon import MUCH_FORBIDDEN, Share

Pairing = Literal["timing", "never_vs_timing", "always_vs_timing", "always_vs_never"]


@dataclass(frozen=True)
class Pair:
    """Two cohorts, by their starts (`NEVER`: untreated), over all periods."""

    kind: Pairing
    earlier: int
    later: int
    estimate: float
    weight: float


@dataclass(frozen=True)
class AdjustedBacon:
    """The parts of the adjusted two-way coefficient `estimate`.

    pairs   comparisons between cohorts; their weights sum to one
    within  weight of the variation within cohorts in the whole, and its coefficient (0 where it has none)
    """

    pairs: tuple[Pair, ...]
    within: Share

    @property
    def between(self) -> Share:
        """All pairs together: their weight in the whole, and their mean."""
        return Share(1 - self.within.weight, sum(each.weight * each.estimate for each in self.pairs))

    @property
    def estimate(self) -> float:
        """The two-way fixed effects estimate with covariates."""
        return sum(part.weight * part.estimate for part in (self.within, self.between))

    @property
    def shares(self) -> dict[Pairing, Share]:
        """Of the between part, by kind; kinds that do not occur are left out."""
        shares = {}
        for kind in get_args(Pairing):
            chosen = [each for each in self.pairs if each.kind == kind]
            if weight := sum(each.weight for each in chosen):
                shares[kind] = Share(weight, sum(each.weight * each.estimate for each in chosen) / weight)
        return shares

    def finding(self) -> Finding:
        """How much of the estimate comes from covariates that differ among units of one start."""
        share = self.within.weight
        return Finding(
            level="ok" if share < 0.05 else "caution" if share < MUCH_FORBIDDEN else "fail",
            code="bacon_within_weight",
            number=share,
            sentence_ko=f"보정한 이원고정효과 추정치의 {100 * share:.0f}%는 시작 시점이 같은 구역들 사이의 "
            "공변량 차이에서 나옵니다.",
            sentence_en=f"{100 * share:.0f}% of the adjusted two-way estimate comes from covariates that "
            "differ among districts with the same start.",
        )


@checked_arguments
def bacon_with_controls(
    outcomes: npt.ArrayLike,
    first_treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
) -> AdjustedBacon:
    """The decomposition for a complete n x T panel with covariates n x T or n x T x p.

    first_treated: n, column of the first treated period, 0 for always treated, `NEVER`; weights: n.
    Refused: missing cells, weights that vary within units, covariates that the two-way effects or the
    other covariates explain, treatment that covariates and effects explain, a single cohort.
    """
    cells = Cells.of(outcomes, weights=weights, covariates=covariates)
    if not cells.complete:
        raise EstimationError("weights", "must be the same in all periods of a unit")
    starts, cohort = cohorts_in(first_treated, cells.outcomes.shape)
    if len(starts) < 2:
        raise EstimationError("first_treated", "no two cohorts can be compared")
    weight = cells.weights[:, 0]
    left = _left_of_treatment(cells, starts[cohort])
    sizes = np.bincount(cohort, weight).astype(np.float64)
    # Around the unit's own mean, so that a level far above the variation costs no digits.
    levelled = cells.outcomes - cells.outcomes.mean(axis=1, keepdims=True)
    means = _cohort_means(left, cohort, weight, sizes)
    outcome_means = _cohort_means(levelled, cohort, weight, sizes)
    among = left - means[cohort]
    whole = float(weight @ (left**2).sum(axis=1))
    inner = float(weight @ (among**2).sum(axis=1))
    if inner <= IDENTIFIED * whole:
        within = Share(0.0, 0.0)
    else:
        within = Share(inner / whole, float(weight @ (among * levelled).sum(axis=1)) / inner)
    pairs = _pairs(starts.tolist(), sizes, means, outcome_means, whole - inner)
    return AdjustedBacon(tuple(pairs), within)


def _left_of_treatment(cells: Cells, starts: IntArray) -> FloatArray:
    """d: the treatment less unit and period effects and its projection on the covariates; n x T."""
    weight = cells.weights[:, 0]
    treated = (np.arange(cells.outcomes.shape[1]) >= starts[:, None]).astype(np.float64)
    own = _demeaned(treated, weight)
    columns = np.stack([_demeaned(each, weight) for each in cells.covariates])
    every = np.concatenate([columns, own[None]])
    before = np.append(
        [float(weight @ (cells.within(each) ** 2).sum(axis=1)) for each in cells.covariates],
        float(weight @ (treated**2).sum(axis=1)),
    )
    normal = np.einsum("n,pnt,qnt->pq", weight, every, every, optimize=True)
    independent(normal, before, (*cells.names, "treatment"), "refuse")
    root = np.sqrt(weight)[:, None]
    scale = np.sqrt(np.diag(normal)[:-1])
    design = (root * columns / scale[:, None, None]).reshape(len(columns), -1).T
    orthogonal = np.linalg.qr(design)[0]
    target = (root * own).ravel()
    left: FloatArray = (target - orthogonal @ (orthogonal.T @ target)).reshape(own.shape) / root
    return left


def _demeaned(values: FloatArray, weight: FloatArray) -> FloatArray:
    """Less the means of unit and period; the panel is complete and weighted by unit."""
    within = values - values.mean(axis=1, keepdims=True)
    left: FloatArray = within - weight @ within / weight.sum()
    return left


def _cohort_means(values: FloatArray, cohort: IntArray, weight: FloatArray, sizes: FloatArray) -> FloatArray:
    sums = np.array([weight[cohort == each] @ values[cohort == each] for each in range(len(sizes))])
    means: FloatArray = sums / sizes[:, None]
    return means


def _pairs(
    starts: list[int], sizes: FloatArray, means: FloatArray, outcomes: FloatArray, between: float
) -> Iterator[Pair]:
    """All pairs of cohorts whose gap varies; as the weighted means of d sum to nothing, the squares of the
    gaps, times n_k n_l / N, sum to `between`."""
    total = float(sizes.sum())
    for one, earlier in enumerate(starts):
        for other in range(one + 1, len(starts)):
            gap = means[one] - means[other]
            squares = float(gap @ gap)
            weight = float(sizes[one] * sizes[other]) * squares / (total * between)
            if weight > IDENTIFIED:
                estimate = float(gap @ (outcomes[one] - outcomes[other])) / squares
                yield Pair(_pairing(earlier, starts[other]), earlier, starts[other], estimate, weight)


def _pairing(earlier: int, later: int) -> Pairing:
    if earlier == 0:
        return "always_vs_never" if later == NEVER else "always_vs_timing"
    return "never_vs_timing" if later == NEVER else "timing"
