"""Which cells (cohort g, period t) a group-time analysis has, and against whom each is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats.cohorts import NEVER, Cohorts, IntArray
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

ControlGroup = Literal["never", "not_yet"]
BasePeriod = Literal["varying", "universal"]


@dataclass(frozen=True, eq=False)
class Cells:
    """K cells over C cohorts.

    starts    int64, C: first treated columns in order, `NEVER` last where there are such units
    cohort    int64, K: which cohort is compared
    period    int64, K: column of the cell
    base      int64, K: column from which change is measured; the period itself where the effect is 0 by rule
    controls  bool, C x K: which cohorts it is compared with
    """

    starts: IntArray
    cohort: IntArray
    period: IntArray
    base: IntArray
    controls: BoolArray

    @property
    def groups(self) -> IntArray:
        """K: first treated column of the cell's cohort."""
        return self.starts[self.cohort]

    @property
    def reference(self) -> BoolArray:
        """K: whether the cell is its own base."""
        reference: BoolArray = self.period == self.base
        return reference


@dataclass(frozen=True, eq=False)
class ByCohort:
    """Units sorted by cohort: those of cohort c are rows `edges[c]` to `edges[c + 1]`.

    outcomes n x T, `order` says which unit of the input each row is, weights n (ones without any),
    covariates n x k or n x T x k or None; shares C: of the cohorts in all units, by weight.
    """

    outcomes: FloatArray
    order: IntArray
    edges: IntArray
    weights: FloatArray
    weighted: bool
    covariates: FloatArray | None
    shares: FloatArray

    def slices(self) -> list[slice]:
        """The rows of each cohort."""
        return [slice(int(a), int(b)) for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)]


def by_cohort(cohorts: Cohorts, starts: IntArray, width: int) -> ByCohort:
    """The first `width` columns, units sorted by where their treatment starts in `starts`."""
    code = np.searchsorted(starts, cohorts.first_treated).astype(np.int16)
    order = np.argsort(code, kind="stable")
    edges = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=len(starts)))])
    weights = np.ones(len(order)) if cohorts.weights is None else cohorts.weights[order]
    weights = weights / weights.mean()
    covariates = None if cohorts.covariates is None else cohorts.covariates[order]
    return ByCohort(
        outcomes=cohorts.outcomes[order, :width],
        order=order,
        edges=edges,
        weights=weights,
        weighted=cohorts.weights is not None,
        covariates=covariates,
        shares=np.add.reduceat(weights, edges[:-1]) / len(order),
    )


def usable_periods(cohorts: Cohorts, control_group: ControlGroup, anticipation: int) -> int:
    """How many columns can be used: all, or those before the last cohort starts where all get treated."""
    width = int(cohorts.outcomes.shape[1])
    if cohorts.never.any():
        return width
    if control_group == "never":
        raise EstimationError("control_group", "no unit is never treated; not_yet takes the later treated")
    return int(min(width, cohorts.starts[-1] - anticipation))


def cells_of(
    starts: IntArray, width: int, *, control_group: ControlGroup, base_period: BasePeriod, anticipation: int
) -> Cells:
    """The cells of cohorts that start in the columns `starts` (in order, may end in NEVER), `width` columns.

    Cohorts without a clean period before anticipation and the last one where nobody is never treated
    have no cells of their own.
    """
    last = starts[-1]
    compared = [
        place for place, start in enumerate(starts) if anticipation < start < NEVER and (start != last)
    ]
    first = 0 if base_period == "universal" else 1
    columns = np.arange(first, width, dtype=np.int64)
    if not compared or len(columns) == 0:
        raise EstimationError("first_treated", "no cohort has both a period before its start and controls")
    cohort = np.repeat(np.array(compared, dtype=np.int64), len(columns))
    period = np.tile(columns, len(compared))
    group = starts[cohort]
    clean = np.minimum(group - 1 - anticipation, width - 1)
    # Before the start, varying bases compare neighbouring periods: each cell is a placebo of its own.
    base = clean if base_period == "universal" else np.where(period >= group, clean, period - 1)
    if control_group == "never":
        controls = np.broadcast_to((starts == NEVER)[:, None], (len(starts), len(cohort)))
    else:
        cutoff = np.maximum(period, base) + anticipation
        controls = (starts[:, None] > cutoff) & (np.arange(len(starts))[:, None] != cohort)
    return Cells(starts, cohort, period, base, controls)
