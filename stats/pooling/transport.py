"""What an effect measured here would be among others: a trial's effect carried to a target population.

If units with the same covariates react alike here and there (Stuart, Cole, Bradshaw and Leaf 2011; Dahabreh
et al. 2020), the target's effect is the source's, averaged over the target's covariates. Two ways:

"calibration"    each arm is weighted to the target's means (entropy balancing). Consistent if either the
                 weights or a linear outcome model is right (Zhao and Percival 2017); its error comes from
                 the residuals of the weighted regression (Deville and Saerndal 1992)
"outcome_model"  least squares in each arm, predicted at the target's means: also beyond the data, and then
                 on the model's word alone
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.checked import finite
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.numerics.wald import wald
from stats.panel import FloatArray
from stats.pooling.calibration import entropy_balancing
from stats.pooling.meta import MetaAnalysis, Predicted
from stats.pooling.overlap import Overlap, Support, Target, overlap
from stats.results import Estimate

Method: TypeAlias = Literal["calibration", "outcome_model"]


@dataclass(frozen=True)
class Transported:
    """The effect in the target, or a reason that names an arm out of reach; the overlap of the worse arm.

    Each arm is weighted alone, so that "extrapolation" may stand here where `overlap` of the whole source is
    covered.
    """

    method: Method
    effect: Estimate | NotComputable
    overlap: Overlap


@dataclass(frozen=True)
class TransportedSites:
    """A pooled effect at the moderators of a target site.

    leverage  of the target relative to the sites' largest: above 1 it stands further out than any of them
    """

    predicted: Predicted
    status: Support
    leverage: float


@dataclass(frozen=True, eq=False)
class _Arm:
    """One arm's mean at the target: by unit, its contribution to the error; the slopes; freedom left."""

    mean: float
    influence: FloatArray
    slopes: FloatArray
    freedom: float
    overlap: Overlap


@checked_arguments
def transported_effect(
    outcomes: npt.ArrayLike,
    treated: npt.ArrayLike,
    covariates: npt.ArrayLike,
    target: Target,
    *,
    method: Method = "calibration",
    clusters: npt.ArrayLike | None = None,
    names: Sequence[str] = (),
    alpha: float = 0.05,
) -> Transported:
    """The mean difference treated - control that the target would see.

    outcomes (n), treated (n, 0 or 1; assigned at random given the covariates), covariates (n x m)
    clusters  labels (n) within which errors may be alike; the interval is then t with clusters - 1 degrees of
              freedom, otherwise with those of the effective sizes less the coefficients of both arms

    The error counts the target's sampling where it is given by units. Refused: arms that have no more units
    than coefficients, values that are not finite, collinear covariates for the outcome model.
    """
    y, arm, x = _checked(outcomes, treated, covariates, target)
    if method not in ("calibration", "outcome_model"):
        raise EstimationError("method", f"{method!r} is none of the methods")
    arms = []
    for value in (1, 0):
        chosen = arm == value
        calibration = entropy_balancing(x[chosen], target.means, names=names)
        report = overlap(x[chosen], target, names=names, calibration=calibration)
        weights = None
        if method == "calibration":
            if isinstance(calibration, NotComputable):
                return Transported(method, _arm_out_of_reach(value, calibration), report)
            weights = calibration.weights
        arms.append(_arm(y, chosen, x, target.means, weights, report))
    ours, theirs = arms
    effect = ours.mean - theirs.mean
    variance, dof = _variance(ours.influence - theirs.influence, clusters)
    if target.units is not None:
        own = (target.units - target.means) @ (ours.slopes - theirs.slopes)
        variance += float(own @ own) / (len(own) * (len(own) - 1))
    inference = wald(
        effect,
        math.sqrt(variance),
        alpha=alpha,
        method=f"transport_{method}",
        dof=max(1.0, ours.freedom + theirs.freedom) if dof is None else dof,
    )
    worse = max(arms, key=lambda one: ("in_support", "partial", "extrapolation").index(one.overlap.status))
    return Transported(method, Estimate(effect, inference), worse.overlap)


def _arm_out_of_reach(treated: int, reason: NotComputable) -> NotComputable:
    """Each arm is weighted alone: the whole source may reach a target that one of its arms does not."""
    ko, en = ("실증", "treated") if treated else ("대조", "control")
    return NotComputable(
        reason.reason_code,
        f"{ko} 쪽 자료만으로는 대상 집단에 맞출 수 없습니다. {reason.sentence_ko}",
        f"The {en} arm alone cannot be weighted to the target. {reason.sentence_en}",
    )


@checked_arguments
def transported_sites(analysis: MetaAnalysis, moderators: npt.ArrayLike) -> TransportedSites:
    """A meta-regression read at the `moderators` (m) of a target site.

    "extrapolation" where a moderator lies beyond those of all sites, "partial" where their combination
    stands further out than that of any site, by leverage.
    """
    given = finite("moderators", np.atleast_1d(moderators), 1)
    predicted = analysis.predict(given)
    design = analysis.sites.design
    row = np.concatenate((np.ones(design.shape[1] - len(given)), given))
    own = np.einsum("ij,jk,ik->i", design, analysis.fit.bread, design)
    leverage = float(row @ analysis.fit.bread @ row / own.max())
    beyond = (row < design.min(axis=0)) | (row > design.max(axis=0))
    status: Support = "extrapolation" if beyond.any() else "partial" if leverage > 1 else "in_support"
    return TransportedSites(predicted, status, leverage)


def _arm(
    y: FloatArray,
    chosen: npt.NDArray[np.bool_],
    x: FloatArray,
    means: FloatArray,
    weights: FloatArray | None,
    report: Overlap,
) -> _Arm:
    """The arm's mean at `means`: by calibrated `weights`, or without them by least squares."""
    inside, outcomes = x[chosen] - means, y[chosen]
    scale = np.maximum(np.sqrt((inside**2).mean(axis=0)), math.ulp(0.0))
    design = np.column_stack((np.ones(len(inside)), inside / scale))
    root = np.ones(len(inside)) if weights is None else np.sqrt(weights * len(weights))
    orthogonal, triangle = np.linalg.qr(root[:, None] * design)
    diagonal = np.abs(np.diag(triangle))
    if weights is None and diagonal.min() <= 1e-9 * diagonal.max():
        raise EstimationError("covariates", "are collinear within an arm: there is no outcome model")
    coefficients = np.linalg.lstsq(root[:, None] * design, root * outcomes, rcond=1e-9)[0]
    residuals = outcomes - design @ coefficients
    leverage = np.minimum((orthogonal**2).sum(axis=1), 1 - 1e-9)
    # HC2: a unit that pulls the line towards itself has too small a residual.
    scores = residuals / np.sqrt(1 - leverage)
    if weights is None:
        # The intercept is the prediction at the target's means: its weights are those of least squares.
        own = np.linalg.solve(triangle, orthogonal.T)[0]
        mean, size = float(coefficients[0]), float(len(outcomes))
    else:
        own, mean, size = weights, float(weights @ outcomes), float(1 / np.sum(weights**2))
    influence = np.zeros(len(y))
    influence[chosen] = own * scores
    return _Arm(mean, influence, coefficients[1:] / scale, size - design.shape[1], report)


def _variance(influence: FloatArray, clusters: npt.ArrayLike | None) -> tuple[float, float | None]:
    if clusters is None:
        return float(influence @ influence), None
    labels, place = np.unique(np.asarray(clusters), return_inverse=True)
    if place.shape != influence.shape:
        raise EstimationError("clusters", "need one label for each unit")
    if len(labels) < 2:
        raise EstimationError("clusters", "one cluster says nothing about how clusters differ")
    sums = np.bincount(place, weights=influence)
    return float(sums @ sums) * len(labels) / (len(labels) - 1), float(len(labels) - 1)


def _checked(
    outcomes: npt.ArrayLike, treated: npt.ArrayLike, covariates: npt.ArrayLike, target: Target
) -> tuple[FloatArray, FloatArray, FloatArray]:
    y, arm = np.asarray(outcomes, dtype=np.float64), np.asarray(treated, dtype=np.float64)
    x = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if y.ndim != 1 or arm.shape != y.shape or x.ndim != 2 or len(x) != len(y):
        raise EstimationError("outcomes", "outcomes, treated and covariates need one row for each unit")
    if target.means.shape != x.shape[1:]:
        raise EstimationError("target", f"needs {x.shape[1]} covariates")
    for name, values in (("outcomes", y[:, None]), ("covariates", x)):
        for place in np.flatnonzero(~np.isfinite(values).all(axis=1)):
            raise EstimationError(name, f"unit {place} is not finite")
    if not np.isin(arm, (0.0, 1.0)).all():
        raise EstimationError("treated", "must be 0 or 1")
    if np.ptp(y) == 0:
        raise EstimationError("outcomes", "do not vary")
    for value in (0, 1):
        if np.sum(arm == value) <= x.shape[1] + 1:
            raise EstimationError("treated", f"arm {value} has no more units than coefficients")
    return y, arm, x
