"""Effects by imputing what treated cells would have been (Borusyak, Jaravel, Spiess 2024).

Effects of unit and period (and of covariates) are fitted to the untreated cells alone, and carried over
to the treated ones; averages of what is left are the effects. Efficient where errors are spherical, and
free of comparisons with units already treated. Gardner's (2021) two-stage estimator has the same
averages and other errors.

An average is linear in the outcomes with weights v, so its error is the sum over units (clusters) of
(sum of v e)^2, where e is the residual of an untreated cell and, for a treated one, its effect less the
mean effect of cells like it: what effects truly differ by within those makes the error larger than
needed, never smaller ("conservative", Theorem 3 of the paper).
"""

from __future__ import annotations

from typing import get_args

import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.cohorts import AlreadyTreated, Cohorts, Gaps
from stats.errors import EstimationError
from stats.panel import FloatArray
from stats.staggered.imputed_cells import Alike, Average, Imputed, ImputedEffects, Unreachable


@checked_arguments
def impute(
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    average: Average = "overall",
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    unit_effects: npt.ArrayLike | None = None,
    alike: Alike = "cohort_period",
    leave_one_out: bool = False,
    gaps: Gaps = "refuse",
    already_treated: AlreadyTreated = "refuse",
    unreachable: Unreachable = "refuse",
) -> ImputedEffects:
    """Averages of the effects in an n x T panel; `first_treated` as in `stats.cohorts`.

    average        over all treated cells, or those equally long after the start, of one cohort, or of
                   one period; units count by weight
    covariates     n x T x k; fixed ones are part of the unit's effect and refused
    unit_effects   n labels where units share an effect (of a state, say); else each has its own
    alike          among which cells effects are taken to have one mean for the errors: a cohort in a
                   period; all cells equally long after the start, for small cohorts; or all that are
                   averaged ("estimate"), the error of the two-stage estimator (did2s)
    leave_one_out  leave each cluster out of the mean that its effects are held against: less downward
                   bias with small cohorts (appendix A.6 of the paper); needs two clusters in each
    gaps           "keep" uses the cells that there are
    unreachable    treated cells whose unit or period has no untreated reading: refused, or left out
    """
    for argument, value, known in (
        ("average", average, get_args(Average)),
        ("alike", alike, get_args(Alike)),
        ("unreachable", unreachable, get_args(Unreachable)),
    ):
        if value not in known:
            raise EstimationError(argument, f"{value!r} is none of {', '.join(known)}")
    cohorts = Cohorts.of(
        outcomes,
        first_treated,
        weights=weights,
        covariates=covariates,
        clusters=clusters,
        already_treated=already_treated,
        gaps=gaps,
    )
    return Imputed.of(cohorts, unit_effects, unreachable).averages(average, alike, leave_one_out)


@checked_arguments
def two_stage(
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    average: Average = "overall",
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    unit_effects: npt.ArrayLike | None = None,
    gaps: Gaps = "refuse",
    already_treated: AlreadyTreated = "refuse",
) -> ImputedEffects:
    """Gardner (2021): the second stage regresses imputed effects on indicators of the treated cells.

    Its coefficients are the averages of `impute`; its errors are those of both stages as one method of
    moments, clustered by unit or by `clusters`, without a small-sample factor.
    """
    return impute(
        outcomes,
        first_treated,
        average=average,
        covariates=covariates,
        weights=weights,
        clusters=clusters,
        unit_effects=unit_effects,
        alike="estimate",
        gaps=gaps,
        already_treated=already_treated,
        unreachable="drop",
    )
