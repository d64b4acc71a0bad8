"""Group-time effects without covariates, from the means of each cohort in each period.

All adjustments agree then: the effect is a difference of two changes of means. The cohort means are
sufficient for every effect, and deviations from them for every influence function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.cohorts import IntArray
from stats.findings import NotComputable
from stats.panel import BoolArray, FloatArray
from stats.staggered.group_time_cells import ByCohort, Cells
from stats.staggered.group_time_influence import Block
from stats.staggered.group_time_reasons import empty_cell


def mean_cells(
    units: ByCohort, cells: Cells, *, cross_sections: bool
) -> tuple[FloatArray, dict[int, NotComputable], tuple[Block, ...]]:
    """Effects (K), reasons for those missing, and influence blocks over K + G + 1 columns.

    With `cross_sections` a mean is over whoever is seen in the period; otherwise nothing is missing.
    """
    means = _Means.of(units, cross_sections=cross_sections)
    late, early = means.compare(cells, cells.period), means.compare(cells, cells.base)
    effects = late.gap - early.gap
    effects[cells.reference] = 0.0
    empty = np.isnan(effects)
    effects[empty] = 0.0
    silent = cells.reference | empty
    blocks = []
    for cohort, rows in enumerate(units.slices()):
        loading = _loading(units, cells, means, late, early, cohort)
        loading[:, : len(effects)][:, silent] = 0.0
        blocks.append(Block(units.order[rows], *_basis(units, means, cohort, rows, loading)))
    return effects, {int(cell): empty_cell() for cell in np.flatnonzero(empty)}, tuple(blocks)


@dataclass(frozen=True, eq=False)
class _Gap:
    """Of each cell in one column: cohort mean minus pooled control mean, and what pools are made of."""

    gap: FloatArray
    pooled: FloatArray
    pool_total: FloatArray


@dataclass(frozen=True, eq=False)
class _Means:
    """C x T: weighted means and total weights by cohort and period; present: n x T or None for all."""

    means: FloatArray
    totals: FloatArray
    present: BoolArray | None

    @classmethod
    def of(cls, units: ByCohort, *, cross_sections: bool) -> _Means:
        first = units.edges[:-1]
        width = units.outcomes.shape[1]
        values = units.outcomes
        if cross_sections:
            present = ~np.isnan(values)
            sums = np.add.reduceat(np.where(present, values, 0.0) * units.weights[:, None], first, axis=0)
            totals = np.add.reduceat(present * units.weights[:, None], first, axis=0)
            with np.errstate(invalid="ignore"):
                return cls(sums / totals, totals, present)
        weighted = values * units.weights[:, None] if units.weighted else values
        sums = np.add.reduceat(weighted, first, axis=0)
        total = np.add.reduceat(units.weights, first)
        return cls(sums / total[:, None], np.repeat(total[:, None], width, axis=1), None)

    def compare(self, cells: Cells, column: IntArray) -> _Gap:
        totals = np.where(cells.controls, self.totals[:, column], 0.0)
        with np.errstate(invalid="ignore"):
            known = np.where(totals > 0, self.means[:, column], 0.0)
            pool_total = totals.sum(axis=0)
            pooled = (totals * known).sum(axis=0) / pool_total
        return _Gap(self.means[cells.cohort, column] - pooled, pooled, pool_total)


def _loading(
    units: ByCohort, cells: Cells, means: _Means, late: _Gap, early: _Gap, cohort: int
) -> FloatArray:
    """(2T + 2) x (K + G + 1): on deviations and presence by period, weight, and a constant."""
    width, count = means.means.shape[1], len(cells.period)
    compared = np.unique(cells.cohort)
    loading = np.zeros((2 * width + 2, count + len(compared) + 1))
    own, other = np.flatnonzero(cells.cohort == cohort), np.flatnonzero(cells.controls[cohort])
    for column, gap, sign in ((cells.period, late, 1.0), (cells.base, early, -1.0)):
        # Cells without any reading come out infinite or NaN here and are silenced by the caller.
        with np.errstate(divide="ignore", invalid="ignore"):
            loading[column[own], own] += sign * len(units.order) / means.totals[cohort, column[own]]
            share = sign * len(units.order) / gap.pool_total[other]
            loading[column[other], other] -= share
            apart = means.means[cohort, column[other]] - gap.pooled[other]
            loading[width + column[other], other] -= share * apart
    loading[-2, count:-1] = compared == cohort
    loading[-1, count:-1] = -units.shares[compared]
    loading[-1, -1] = 1.0
    return loading


def _basis(
    units: ByCohort, means: _Means, cohort: int, rows: slice, loading: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The cohort's columns that `loading` stands on, those that are equal joined into one."""
    width = means.means.shape[1]
    deviations, weights = units.outcomes[rows] - means.means[cohort], units.weights[rows, None]
    constant = np.ones_like(weights)
    if means.present is not None:
        present = means.present[rows]
        deviations = np.where(present, deviations, 0.0) * weights
        return np.hstack([deviations, present * weights, weights, constant]), loading
    # Everyone is present always, so presence is weight; and without weights, weight is the constant.
    weight = loading[width:-1].sum(axis=0, keepdims=True)
    if units.weighted:
        columns = np.hstack([deviations * weights, weights, constant])
        return columns, np.vstack([loading[:width], weight, loading[-1:]])
    return np.hstack([deviations, constant]), np.vstack([loading[:width], weight + loading[-1:]])
