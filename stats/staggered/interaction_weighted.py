"""The interaction-weighted event study of Sun and Abraham (2021).

Each cohort has its own coefficients by relative period, from a two-way regression on cohort x relative
period indicators with the never treated (or, where there are none, the last treated cohort before its
start) as controls. They are averaged with the cohorts' shares in the sample at each relative period, so
no coefficient borrows from another cohort's other periods. As in the R package fixest, shares are taken
as known; Sun and Abraham add the variance of estimating them, which is small beside the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.cohorts import NEVER
from stats.differences.cohort_regression import CohortRegression, cohort_regression
from stats.differences.two_way import cohorts_in
from stats.errors import EstimationError
from stats.numerics.cells import Cells, Missing
from stats.numerics.coefficients import Coefficients
from stats.numerics.collinear import Collinear
from stats.numerics.sandwich import Errors, SmallSample
from stats.panel import FloatArray

Control = Literal["never", "last"]


@dataclass(frozen=True, eq=False)
class InteractionWeighted:
    """Cohort effects and their averages, each with the covariance that follows from the regression's.

    control       which units the cohorts are compared with
    cohorts       starts (columns) of the cohorts that have coefficients
    interactions  named "start:relative", then the covariates
    shares        weight of the cells behind each interaction
    event_time    averages over cohorts, named by relative period
    by_cohort     averages of each cohort's cells from its start on, named by start
    att           average over all cells from the start on, "att"
    dropped       interactions left out as collinear
    """

    control: Control
    cohorts: tuple[int, ...]
    interactions: Coefficients
    shares: FloatArray
    event_time: Coefficients
    by_cohort: Coefficients
    att: Coefficients
    dropped: tuple[str, ...]

    @property
    def leads(self) -> tuple[str, ...]:
        """Names of the relative periods before the start."""
        return tuple(name for name in self.event_time.names if int(name) < 0)


@checked_arguments
def interaction_weighted(
    outcomes: npt.ArrayLike,
    first_treated: npt.ArrayLike,
    *,
    reference: Sequence[int] = (-1,),
    control: Control | None = None,
    always_treated: Literal["refuse", "drop"] = "refuse",
    covariates: npt.ArrayLike | None = None,
    covariate_names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    errors: Errors = "cluster",
    small_sample: SmallSample | None = None,
    missing: Missing = "refuse",
    collinear: Collinear = "refuse",
) -> InteractionWeighted:
    """The estimator on n x T `outcomes`; other arguments as in `two_way_event_study`.

    control         default: "never" where there are never treated units, else "last"; with "last" the
                    periods from the last cohort's start on are left out, and never treated units, too
    always_treated  units treated from the first period on serve nobody: refused, or left out
    """
    kept = _Kept.of(
        Cells.of(outcomes, weights=weights, covariates=covariates, names=covariate_names, missing=missing),
        first_treated,
        always_treated,
        control,
    )
    cells = kept.cells
    first, cohort = cohorts_in(kept.starts, cells.outcomes.shape)
    counts = np.array([cells.weights[cohort == each].sum(axis=0) for each in range(len(first))])
    pairs = [
        (each, int(start), period)
        for each, start in enumerate(first)
        if start < NEVER
        for period in np.flatnonzero(counts[each])
        if period - start not in reference
    ]
    regressors = np.zeros((*counts.shape, len(pairs)))
    for place, (each, _, period) in enumerate(pairs):
        regressors[each, period, place] = 1.0
    result = cohort_regression(
        cells,
        cohort,
        regressors,
        [f"{start}:{period - start}" for _, start, period in pairs],
        clusters=None if clusters is None else np.asarray(clusters)[kept.rows],
        errors=errors,
        small_sample=small_sample,
        collinear=collinear,
    )
    weighed = [(start, int(period), counts[each, period]) for each, start, period in pairs]
    return _averaged(kept.control, result, weighed)


@dataclass(frozen=True, eq=False)
class _Kept:
    """The units (`rows` of the input) and periods that serve."""

    cells: Cells
    starts: npt.NDArray[np.intp]
    rows: npt.NDArray[np.intp]
    control: Control

    @classmethod
    def of(
        cls,
        cells: Cells,
        first_treated: npt.ArrayLike,
        always_treated: Literal["refuse", "drop"],
        control: Control | None,
    ) -> _Kept:
        first, cohort = cohorts_in(first_treated, cells.outcomes.shape)
        starts, width = first[cohort], cells.outcomes.shape[1]
        kept = starts > 0
        if always_treated == "refuse" and not kept.all():
            raise EstimationError("first_treated", f"unit {int(np.argmin(kept))} is treated throughout")
        if control is None:
            control = "never" if (starts == NEVER).any() else "last"
        if control == "last":
            kept &= starts < NEVER
            width = int(starts[kept].max(initial=0))
            starts = np.where(starts == width, NEVER, starts)
        elif not (starts == NEVER).any():
            raise EstimationError("control", "there are no never treated units")
        rows = np.flatnonzero(kept)
        if not (starts[rows] < NEVER).any() or width < 2:
            raise EstimationError("first_treated", "no cohort is left beside the controls")
        return cls(cells.cut(rows, width), starts[rows], rows, control)


def _averaged(
    control: Control, result: CohortRegression, pairs: Sequence[tuple[int, int, float]]
) -> InteractionWeighted:
    """pairs: start, period and weight of each interaction, those that were dropped among them."""
    interactions = result.coefficients
    place = {name: index for index, name in enumerate(interactions.names)}
    found = [
        (place[name], start, period - start, share)
        for start, period, share in pairs
        if (name := f"{start}:{period - start}") in place
    ]

    def average(names: Sequence[int | str], belongs: Callable[[int, int, int | str], bool]) -> Coefficients:
        contrasts = np.zeros((len(names), len(interactions.names)))
        for row, name in enumerate(names):
            for index, start, relative, share in found:
                contrasts[row, index] = share * belongs(start, relative, name)
        totals = contrasts.sum(axis=1, keepdims=True)
        return interactions.combined(contrasts / totals, [str(name) for name in names])

    after = sorted({start for _, start, relative, _ in found if relative >= 0})
    relatives = sorted({relative for _, _, relative, _ in found})
    if not after:
        raise EstimationError("first_treated", "no cohort has a coefficient from its start on")
    return InteractionWeighted(
        control=control,
        cohorts=tuple(sorted({start for _, start, _, _ in found})),
        interactions=interactions,
        shares=np.array([share for *_, share in found]),
        event_time=average(relatives, lambda _, relative, name: relative == name),
        by_cohort=average(after, lambda start, relative, name: start == name and relative >= 0),
        att=average(("att",), lambda _, relative, __: relative >= 0),
        dropped=result.dropped,
    )
