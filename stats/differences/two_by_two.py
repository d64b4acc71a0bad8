"""The 2x2 difference-in-differences on rows of any kind: two groups, before and after.

With repeated cross-sections, or unequal group sizes, ordinary least squares on the four means; with the
same units seen on both sides, the difference of their changes with Welch's error, which needs no equal
variances in the groups (Card and Krueger 1994 report both).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.checked import finite, indicator, varying
from stats.errors import EstimationError
from stats.inference import Inference, student_t
from stats.numerics.coefficients import Coefficients
from stats.numerics.long_form import long_form
from stats.numerics.sandwich import RowErrors, SmallSample
from stats.panel import BoolArray, FloatArray

WELCH = "welch"
EFFECT = "effect"


@dataclass(frozen=True, eq=False)
class DifferenceOfChanges:
    """treated - control change: Welch's inference, and the regression on a constant and the group."""

    effect: float
    welch: Inference
    regression: Coefficients


@checked_arguments
def two_by_two(
    outcome: npt.ArrayLike,
    treated: npt.ArrayLike,
    post: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    covariate_names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    errors: RowErrors | None = None,
    small_sample: SmallSample | None = None,
) -> Coefficients:
    """outcome ~ constant + treated + post + effect x treated x post (+ covariates), rows of n.

    treated, post  n, 0 or 1; each of the four corners needs a row
    covariates     n x p
    errors         "iid" is the textbook's; default "cluster" with clusters, else "hc1"
    """
    group, after = indicators(treated=treated, post=post)
    for corner in range(4):
        if not ((group == corner // 2) & (after == corner % 2)).any():
            where = f"treated = {corner // 2}, post = {corner % 2}"
            raise EstimationError("outcome", f"there is no row with {where}")
    columns = [np.ones(len(group)), group, after, group * after]
    return ordinary(
        outcome,
        columns,
        ["constant", "treated", "post", EFFECT],
        covariates,
        covariate_names,
        weights=weights,
        clusters=clusters,
        errors=errors,
        small_sample=small_sample,
    )


@checked_arguments
def difference_of_changes(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    errors: RowErrors = "iid",
    alpha: float = 0.05,
) -> DifferenceOfChanges:
    """For n units seen on both sides; each group needs two units. `errors` are the regression's."""
    (group,) = indicators(treated=treated)
    sides = [finite(name, values, 1) for name, values in (("before", before), ("after", after))]
    for name, values in zip(("before", "after"), sides, strict=True):
        if values.shape != group.shape:
            raise EstimationError(name, f"must be {len(group)} numbers, one for each of treated")
    changes = sides[1] - sides[0]
    regression = ordinary(
        changes, [np.ones(len(group)), group], ["constant", EFFECT], None, None, errors=errors
    )
    effect, welch = welch_difference(changes, group == 1, alpha=alpha)
    return DifferenceOfChanges(effect, welch, regression)


@checked_arguments
def welch_difference(
    values: FloatArray, treated: BoolArray, *, alpha: float = 0.05
) -> tuple[float, Inference]:
    """Difference of two means with Welch's (1947) error and degrees of freedom."""
    chosen = indicator("treated", treated, np.shape(values))
    if min(chosen.sum(), (~chosen).sum()) < 2:
        raise EstimationError("treated", "each group needs two units")
    given = varying("values", values, 1)
    sides = given[chosen], given[~chosen]
    variances = [float(side.var(ddof=1)) / len(side) for side in sides]
    effect, total = float(sides[0].mean() - sides[1].mean()), sum(variances)
    # A group that does not vary has no say in the degrees of freedom.
    spread = sum(v**2 / (len(side) - 1) for v, side in zip(variances, sides, strict=True))
    dof = total**2 / spread if spread > 0 else 1.0
    return effect, student_t(effect, total**0.5, dof, alpha=alpha, method=WELCH)


def indicators(**columns: npt.ArrayLike) -> list[FloatArray]:
    """Columns of one length with zeros and ones, both of them met."""
    given = [np.asarray(values, dtype=np.float64) for values in columns.values()]
    for name, each in zip(columns, given, strict=True):
        if each.ndim != 1 or each.shape != given[0].shape or set(np.unique(each).tolist()) != {0.0, 1.0}:
            raise EstimationError(
                name, f"must be zeros and ones, with both, for each of {given[0].size} rows"
            )
    return given


def ordinary(
    outcome: npt.ArrayLike,
    columns: list[FloatArray],
    names: list[str],
    covariates: npt.ArrayLike | None,
    covariate_names: Sequence[str] | None,
    *,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    errors: RowErrors | None = None,
    small_sample: SmallSample | None = None,
) -> Coefficients:
    """Least squares on `columns` (each n) and covariates (n x p), no effects absorbed."""
    extra = np.zeros((len(columns[0]), 0)) if covariates is None else np.asarray(covariates, np.float64)
    extra = extra[:, None] if extra.ndim == 1 else extra
    if len(extra) != len(columns[0]):
        raise EstimationError("covariates", f"have {len(extra)} rows, wanted {len(columns[0])}")
    labels = [f"covariate{p}" for p in range(extra.shape[1])] if covariate_names is None else covariate_names
    return long_form(
        outcome,
        np.column_stack([*columns, extra]),
        names=[*names, *labels],
        weights=weights,
        clusters=clusters,
        errors=errors,
        small_sample=small_sample,
    ).coefficients
