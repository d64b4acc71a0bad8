"""Group-time effects adjusted for covariates: one two-group comparison for each set of cells that share it.

Cells of one cohort against the same controls share propensity score, regression design and weights;
only the changes differ, and they go through together as columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stats.cohorts import IntArray
from stats.differences.adjusted_changes import Adjustment, adjust_changes
from stats.differences.adjusted_levels import adjust_levels
from stats.differences.propensity import Propensity, logit, orthonormal, tilting
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.panel import BoolArray, FloatArray
from stats.staggered.group_time_cells import ByCohort, Cells
from stats.staggered.group_time_influence import Block
from stats.staggered.group_time_reasons import adjustment_refused, empty_cell

NO_OVERLAP = 0.999
"""A comparison with a propensity score from here on is not made, as in did."""


def adjusted_cells(
    units: ByCohort, cells: Cells, adjustment: Adjustment, *, trim: float, cross_sections: bool
) -> tuple[FloatArray, dict[int, NotComputable], tuple[Block, ...]]:
    """Effects (K), reasons for those missing, and influence blocks over K + G + 1 columns."""
    effects = np.zeros(len(cells.period))
    missing: dict[int, NotComputable] = {}
    influences = _Influences.empty(units, cells)
    refused: EstimationError | None = None
    compare = _compare_levels if cross_sections else _compare_changes
    for job in _jobs(units, cells, cross_sections=cross_sections):
        try:
            found = compare(job, adjustment, trim)
        except EstimationError as error:
            refused = refused or error
            missing.update(dict.fromkeys(job.cells.tolist(), adjustment_refused(error.reason)))
            continue
        if found is None:
            missing.update(dict.fromkeys(job.cells.tolist(), empty_cell()))
            continue
        effects[job.cells] = found.effects
        influences.add(job.cells, found)
    if refused is not None and len(missing) == np.count_nonzero(~cells.reference):
        raise refused
    return effects, missing, influences.blocks()


@dataclass(frozen=True, eq=False)
class _Job:
    """Cells (m) of one cohort against the same controls, over the sorted units `rows` in ascending order."""

    units: ByCohort
    cells: IntArray
    rows: IntArray
    treated: BoolArray
    late: IntArray
    early: IntArray

    def covariates(self, rows: IntArray, column: int) -> FloatArray | None:
        """Of these rows in a column; fixed ones are the same in all."""
        table = self.units.covariates
        if table is None or table.ndim == 2:
            return table if table is None else np.asarray(table[rows])
        own: FloatArray = table[rows, column]
        return own


@dataclass(frozen=True, eq=False)
class _Compared:
    """Effects (m) and the influence (len(rows) x m), scaled to all n units."""

    effects: FloatArray
    rows: IntArray
    influence: FloatArray


def _jobs(units: ByCohort, cells: Cells, *, cross_sections: bool) -> Iterator[_Job]:
    slices = units.slices()
    alone = cross_sections or bool(np.isnan(units.outcomes).any())
    moving = units.covariates is not None and units.covariates.ndim == 3
    shared: dict[tuple[int, bytes, int, int], list[int]] = {}
    for cell in np.flatnonzero(~cells.reference).tolist():
        earlier = int(min(cells.period[cell], cells.base[cell])) if moving else -1
        key = int(cells.cohort[cell]), cells.controls[:, cell].tobytes(), earlier, cell if alone else -1
        shared.setdefault(key, []).append(cell)
    for (cohort, *_), members in shared.items():
        controls = cells.controls[:, members[0]]
        parts = [part for place, part in enumerate(slices) if place == cohort or controls[place]]
        rows = np.concatenate([np.arange(part.start, part.stop) for part in parts])
        chosen = np.array(members)
        yield _Job(
            units=units,
            cells=chosen,
            rows=rows,
            treated=(rows >= slices[cohort].start) & (rows < slices[cohort].stop),
            late=cells.period[chosen],
            early=cells.base[chosen],
        )


def _compare_changes(job: _Job, adjustment: Adjustment, trim: float) -> _Compared | None:
    """Within units; those not seen in both periods of a job's only cell are left out."""
    rows, treated = job.rows, job.treated
    levels = job.units.outcomes[rows]
    changes = levels[:, job.late] - levels[:, job.early]
    seen = ~np.isnan(changes[:, 0])
    if not seen.all():
        rows, treated, changes = rows[seen], treated[seen], changes[seen]
    if treated.all() or not treated.any():
        return None
    basis = orthonormal(job.covariates(rows, int(min(job.late[0], job.early[0]))), len(rows))
    weights = job.units.weights[rows]
    weights = weights / weights.mean()
    score = _score(basis, treated, weights, adjustment)
    found = adjust_changes(changes, treated, basis, weights, adjustment, trim=trim, score=score)
    found.influence[...] *= len(job.units.order) / len(rows)
    return _Compared(found.effects, rows, found.influence)


def _compare_levels(job: _Job, adjustment: Adjustment, trim: float) -> _Compared | None:
    """As repeated cross-sections: every reading in either period is an observation of its own."""
    columns = int(job.late[0]), int(job.early[0])
    levels = job.units.outcomes[job.rows][:, columns]
    late, early = (np.flatnonzero(~np.isnan(levels[:, side])) for side in (0, 1))
    seen = np.concatenate([late, early])
    after = np.arange(len(seen)) < len(late)
    treated, rows = job.treated[seen], job.rows[seen]
    if len(np.unique(2 * treated + after)) < 4:
        return None
    now, then = job.covariates(job.rows[late], columns[0]), job.covariates(job.rows[early], columns[1])
    table = None if now is None or then is None else np.concatenate([now, then])
    basis = orthonormal(table, len(seen))
    weights = job.units.weights[rows]
    weights = weights / weights.mean()
    score = _score(basis, treated, weights, adjustment)
    outcome = np.concatenate([levels[late, 0], levels[early, 1]])
    found = adjust_levels(outcome, after, treated, basis, weights, adjustment, trim=trim, score=score)
    influence = np.zeros((len(job.rows), 1))
    np.add.at(influence, seen, found.influence * (len(job.units.order) / len(seen)))
    return _Compared(found.effects, job.rows, influence)


def _score(
    basis: FloatArray, treated: BoolArray, weights: FloatArray, adjustment: Adjustment
) -> Propensity | None:
    if adjustment == "reg":
        return None
    score = (tilting if adjustment == "dr_improved" else logit)(basis, treated, weights)
    if score.probability.max() >= NO_OVERLAP:
        raise EstimationError("covariates", "some units are all but certain to be treated: no overlap")
    return score


@dataclass(frozen=True, eq=False)
class _Influences:
    """For each cohort its units x the cells that it takes part in; `column` finds a cell there, or is -1."""

    units: ByCohort
    values: list[FloatArray]
    column: IntArray
    cells: Cells

    @classmethod
    def empty(cls, units: ByCohort, cells: Cells) -> _Influences:
        takes_part = cells.controls | (np.arange(len(cells.starts))[:, None] == cells.cohort)
        takes_part = takes_part & ~cells.reference
        column = np.where(takes_part, np.cumsum(takes_part, axis=1) - 1, -1)
        values = [
            np.zeros((rows.stop - rows.start, int(count)))
            for rows, count in zip(units.slices(), takes_part.sum(axis=1), strict=True)
        ]
        return cls(units, values, column, cells)

    def add(self, cells: IntArray, found: _Compared) -> None:
        """`found` for these cells, whose cohorts stand in ascending order."""
        for place, part in enumerate(self.units.slices()):
            first, last = np.searchsorted(found.rows, [part.start, part.stop])
            columns = self.column[place, cells]
            if first == last or columns[0] < 0:
                continue
            inside = found.rows[first:last] - part.start
            if len(inside) == part.stop - part.start:
                self.values[place][:, columns] = found.influence[first:last]
            else:
                self.values[place][np.ix_(inside, columns)] = found.influence[first:last]

    def blocks(self) -> tuple[Block, ...]:
        """With two columns more, weight and a constant, for the influence of the cohorts' shares."""
        compared = np.unique(self.cells.cohort)
        blocks = []
        for place, rows in enumerate(self.units.slices()):
            values, weights = self.values[place], self.units.weights[rows, None]
            width = values.shape[1]
            count = len(self.cells.period)
            loading = np.zeros((width + 2, count + len(compared) + 1))
            taken = np.flatnonzero(self.column[place] >= 0)
            loading[self.column[place, taken], taken] = 1.0
            loading[width, count:-1] = compared == place
            loading[width + 1, count:-1] = -self.units.shares[compared]
            loading[width + 1, -1] = 1.0
            basis = np.hstack([values, weights, np.ones_like(weights)])
            blocks.append(Block(self.units.order[rows], basis, loading))
        return tuple(blocks)
