"""Goodman-Bacon's (2021) decomposition of the two-way fixed effects estimate into its 2x2 comparisons.

In a balanced panel the static two-way coefficient is an average of all comparisons of two cohorts, with
weights that grow with their sizes and with how evenly the window is split into before and after. Those
that use units already treated as controls (later against earlier, later against always treated) are
wrong where effects move with time. The names of the types are those of the R package bacondecomp.
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
from stats.numerics.cells import Cells
from stats.panel import FloatArray

Comparison = Literal[
    "treated_vs_untreated", "earlier_vs_later_treated", "later_vs_earlier_treated", "later_vs_always_treated"
]
FORBIDDEN: tuple[Comparison, ...] = ("later_vs_earlier_treated", "later_vs_always_treated")
"""Comparisons whose controls have been treated already."""
MUCH_FORBIDDEN = 0.5
"""Share of the weight on such comparisons from which the estimate hardly tells of an effect."""


@dataclass(frozen=True)
class TwoByTwo:
    """One comparison: the start of the cohort that changes, that of its control (`NEVER`: untreated)."""

    kind: Comparison
    treated: int
    control: int
    estimate: float
    weight: float


@dataclass(frozen=True)
class Share:
    """All comparisons of one kind: their weight, and their mean with it."""

    weight: float
    estimate: float


@dataclass(frozen=True)
class Bacon:
    """The comparisons; their estimates times their weights sum to `estimate`, the two-way coefficient."""

    comparisons: tuple[TwoByTwo, ...]

    @property
    def estimate(self) -> float:
        """The two-way fixed effects estimate."""
        return sum(each.weight * each.estimate for each in self.comparisons)

    @property
    def shares(self) -> dict[Comparison, Share]:
        """By kind, in the order of `Comparison`; kinds that do not occur are left out."""
        shares = {}
        for kind in get_args(Comparison):
            chosen = [each for each in self.comparisons if each.kind == kind]
            if weight := sum(each.weight for each in chosen):
                mean = sum(each.weight * each.estimate for each in chosen) / weight
                shares[kind] = Share(weight, mean)
        return shares

    @property
    def forbidden(self) -> float:
        """Share of the weight on comparisons with controls that had been treated."""
        return sum(share.weight for kind, share in self.shares.items() if kind in FORBIDDEN)

    def finding(self) -> Finding:
        """How much of the two-way estimate rests on units that were already treated."""
        share = self.forbidden
        percent = 100 * share
        return Finding(
            level="ok" if share == 0 else "caution" if share < MUCH_FORBIDDEN else "fail",
            code="bacon_forbidden_weight",
            number=share,
            sentence_ko=f"이원고정효과 추정치의 {percent:.0f}%는 이미 시행된 구역을 대조로 삼은 비교에서 "
            "나옵니다.",
            sentence_en=f"{percent:.0f}% of the two-way estimate comes from comparisons whose controls "
            "had already been treated.",
        )


@checked_arguments
def bacon(
    outcomes: npt.ArrayLike, first_treated: npt.ArrayLike, *, weights: npt.ArrayLike | None = None
) -> Bacon:
    """The decomposition for a complete n x T panel.

    first_treated: n, column of the first treated period, 0 for always treated, `NEVER`; weights: n.
    Refused: missing cells (the theorem needs a balanced panel), weights that vary within units, a single
    cohort (nothing to compare).
    """
    cells = Cells.of(outcomes, weights=weights)
    if not cells.complete:
        raise EstimationError("weights", "must be the same in all periods of a unit")
    starts, cohort = cohorts_in(first_treated, cells.outcomes.shape)
    weight = cells.weights[:, 0]
    sizes = np.bincount(cohort, weight).astype(np.float64)
    means = np.array([weight[cohort == each] @ cells.outcomes[cohort == each] for each in range(len(starts))])
    found = list(_comparisons(starts.tolist(), sizes, means / sizes[:, None]))
    total = sum(each.weight for each in found)
    if not total > 0:
        raise EstimationError("first_treated", "no two cohorts can be compared")
    return Bacon(
        tuple(
            TwoByTwo(each.kind, each.treated, each.control, each.estimate, each.weight / total)
            for each in found
        )
    )


def _comparisons(starts: list[int], sizes: FloatArray, means: FloatArray) -> Iterator[TwoByTwo]:
    """All ordered pairs of a cohort that changes and another, with weights not yet summing to one."""
    width = means.shape[1]
    for one, treated in enumerate(starts):
        if treated in (0, NEVER):
            continue
        for other, control in enumerate(starts):
            if other == one:
                continue
            # The window is where the control does not change: before its start, or from it on.
            first, last = (0, min(control, width)) if control > treated else (control, width)
            before, after = slice(first, treated), slice(treated, last)
            gap = means[one] - means[other]
            share = sizes[one] / (sizes[one] + sizes[other])
            split = (last - treated) / (last - first)
            # Squared size of the subsample times the variance of its (demeaned) treatment.
            size = (sizes[one] + sizes[other]) * (last - first)
            yield TwoByTwo(
                _kind(treated, control),
                treated,
                control,
                float(gap[after].mean() - gap[before].mean()),
                float(size**2 * share * (1 - share) * split * (1 - split)),
            )


def _kind(treated: int, control: int) -> Comparison:
    if control == NEVER:
        return "treated_vs_untreated"
    if control == 0:
        return "later_vs_always_treated"
    return "earlier_vs_later_treated" if treated < control else "later_vs_earlier_treated"
