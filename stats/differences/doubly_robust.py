"""Difference-in-differences of two groups and two periods, adjusted for covariates.

Sant'Anna and Zhao (2020), "Doubly robust difference-in-differences estimators": trends are parallel
among units alike in covariates. Methods, for a panel and for repeated cross-sections:

    reg          outcome regression among controls (Heckman, Ichimura, Todd 1997)
    ipw          inverse probability weights that sum to one (Hajek)
    ipw_ht       the same without that (Horvitz-Thompson; Abadie 2005)
    dr           doubly robust: logit by maximum likelihood, regression by least squares
    dr_improved  doubly robust also for inference: tilting and regression weighted by the odds

The standard error is sqrt(mean(influence^2) / n), with divisor n throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments, plain_array
from stats.checked import varying
from stats.differences.adjusted_changes import TRIM, Adjusted, Adjustment, adjust_changes
from stats.differences.adjusted_levels import adjust_levels
from stats.differences.propensity import orthonormal
from stats.errors import EstimationError
from stats.inference import Inference, student_t
from stats.panel import BoolArray, FloatArray

NORMAL = "influence_function_normal"


@dataclass(frozen=True, eq=False)
class AdjustedEffect:
    """An average effect on the treated with its influence function (n, mean zero) and inference."""

    effect: float
    influence: FloatArray
    inference: Inference

    @property
    def standard_error(self) -> float | None:
        """In the unit of the outcome; None where nothing varies."""
        return self.inference.standard_error


@checked_arguments
def doubly_robust(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    method: Adjustment = "dr",
    trim: float = TRIM,
    alpha: float = 0.05,
) -> AdjustedEffect:
    """The effect on the treated of a panel: outcomes of the same n units before and after.

    treated: n booleans; covariates: n x k from before the treatment, without a constant; weights: n,
    positive; clusters: n labels. Refused: NaN or infinities, one group only, collinear covariates,
    covariates that tell treated from controls perfectly, one cluster.
    """
    late = _vector("after", after)
    early = _vector("before", before, len(late))
    if np.ptp(np.append(late, early)) == 0:
        raise EstimationError("after", "does not vary, nor do the outcomes before")
    change = late - early
    group, basis, scale = _checked(change, treated, covariates, weights)
    return _inferred(adjust_changes(change[:, None], group, basis, scale, method, trim=trim), clusters, alpha)


@checked_arguments
def doubly_robust_cross_sections(
    outcomes: npt.ArrayLike,
    after: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    method: Adjustment = "dr",
    locally_efficient: bool = True,
    trim: float = TRIM,
    alpha: float = 0.05,
) -> AdjustedEffect:
    """The same from n observations of different units, each before or `after` (n booleans).

    `locally_efficient` takes, for the doubly robust methods, the estimator that also models the
    treated group's outcomes (equation 3.4 of the paper) rather than that of equation 3.3; both assume
    that the covariates' distribution is the same before and after. Refused as for a panel, and where
    one of the four cells is empty.
    """
    outcome = varying("outcomes", outcomes, 1)
    group, basis, scale = _checked(outcome, treated, covariates, weights)
    late = _flags("after", after, len(outcome))
    found = adjust_levels(
        outcome, late, group, basis, scale, method, locally_efficient=locally_efficient, trim=trim
    )
    return _inferred(found, clusters, alpha)


def _inferred(found: Adjusted, clusters: npt.ArrayLike | None, alpha: float) -> AdjustedEffect:
    influence = found.influence[:, 0]
    sums = influence
    if clusters is not None:
        codes = np.unique(plain_array("clusters", clusters, labels=True), return_inverse=True)[1]
        if codes.shape != influence.shape or codes.max() == 0:
            raise EstimationError("clusters", "one label per observation is needed, and two clusters")
        sums = np.bincount(codes, weights=influence).astype(np.float64)
    error = float(np.sqrt(np.sum(sums**2))) / len(influence)
    return AdjustedEffect(
        float(found.effects[0]), influence, normal(float(found.effects[0]), error, alpha=alpha)
    )


def normal(estimate: float, standard_error: float, *, alpha: float, method: str = NORMAL) -> Inference:
    """estimate +- normal quantile x standard error."""
    return replace(student_t(estimate, standard_error, np.inf, alpha=alpha, method=method), dof=None)


def _checked(
    outcome: FloatArray,
    treated: npt.ArrayLike,
    covariates: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
) -> tuple[BoolArray, FloatArray, FloatArray]:
    count = len(outcome)
    group = _flags("treated", treated, count)
    if group.all() or not group.any():
        raise EstimationError("treated", "treated and control units are both needed")
    table = None
    if covariates is not None:
        table = np.asarray(covariates, dtype=np.float64)
        if table.ndim != 2 or len(table) != count or not np.isfinite(table).all():
            raise EstimationError("covariates", f"must be a finite table of {count} rows")
    scale = np.ones(count) if weights is None else _vector("weights", weights, count)
    if not (scale > 0).all():
        raise EstimationError("weights", "must be positive")
    return group, orthonormal(table, count), scale / scale.mean()


def _vector(argument: str, values: npt.ArrayLike, count: int | None = None) -> FloatArray:
    vector: FloatArray = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or (count is not None and len(vector) != count):
        raise EstimationError(argument, f"has shape {vector.shape}, wanted one value per observation")
    if not np.isfinite(vector).all():
        raise EstimationError(argument, f"is missing or infinite at {int(np.argmin(np.isfinite(vector)))}")
    return vector


def _flags(argument: str, values: npt.ArrayLike, count: int) -> BoolArray:
    flags = np.asarray(values)
    if flags.shape != (count,) or not np.isin(flags, (0, 1)).all():
        raise EstimationError(argument, f"must say yes or no for each of {count} observations")
    return flags.astype(np.bool_)
