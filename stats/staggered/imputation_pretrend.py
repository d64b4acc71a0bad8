"""Were treated and untreated on parallel paths before the start? The test that goes with imputation.

Borusyak, Jaravel and Spiess (2024), section 4.4: leads are estimated on untreated cells alone, in a
regression of their own on unit and period effects and indicators of the last periods before the start.
Whether one looks at it does then not distort the estimates of the effects themselves. Errors are
clustered with the small-sample factors of the R package fixest: G / (G - 1) times (N - 1) / (N - K), K
counting leads and periods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments, plain_array
from stats.cohorts import NEVER, AlreadyTreated, Cohorts, Gaps, IntArray
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, silent, student_t
from stats.panel import FloatArray
from stats.results import JointTest
from stats.staggered.imputed_cells import Imputed
from stats.staggered.untreated_outcomes import sum_by

METHOD = "imputation_leads_cr1"
WALD = "wald_f"


@dataclass(frozen=True, eq=False)
class PreTrend:
    """Leads: by how much the treated-to-be differ so many periods before the start.

    labels       int64, H: negative periods since the start; all earlier periods are the reference
    effects      float64, H, in the outcome's unit
    covariance   H x H, clustered by unit or by the clusters given; `dof` is their number less one
    joint        F test that all leads are zero
    """

    labels: IntArray
    effects: FloatArray
    covariance: FloatArray
    dof: float
    joint: JointTest | NotComputable

    @property
    def standard_errors(self) -> FloatArray:
        """H."""
        errors: FloatArray = np.sqrt(np.diag(self.covariance))
        return errors

    def inference(self, place: int, *, alpha: float) -> Inference:
        """Student's t for one lead."""
        error = float(self.standard_errors[place])
        if not error > 0:
            return silent(METHOD, alpha, reasons.no_variation())
        return student_t(float(self.effects[place]), error, self.dof, alpha=alpha, method=METHOD)


@checked_arguments
def pre_trend(
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    leads: int | Sequence[int],
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    unit_effects: npt.ArrayLike | None = None,
    gaps: Gaps = "refuse",
    already_treated: AlreadyTreated = "refuse",
) -> PreTrend:
    """The last `leads` periods before the start, or the periods given (negative numbers); else as `impute`.

    Refused: leads in which no untreated cell lies, or as many that nothing is left to compare with.
    """
    labels = np.arange(-leads, 0) if isinstance(leads, int) else np.unique(plain_array("leads", leads))
    if labels.dtype.kind != "i":
        raise EstimationError("leads", "must be whole numbers")
    if len(labels) == 0 or labels[-1] >= 0:
        raise EstimationError("leads", "at least one is needed, and all lie before the start")
    cohorts = Cohorts.of(
        outcomes,
        first_treated,
        weights=weights,
        covariates=covariates,
        clusters=clusters,
        already_treated=already_treated,
        gaps=gaps,
    )
    imputed = Imputed.of(cohorts, unit_effects, "drop")
    untreated = ~np.isnan(cohorts.outcomes) & ~cohorts.treated_cells
    design = _residual_leads(imputed, labels)
    left = np.where(untreated, imputed.left, 0.0)
    weighted = left * imputed.weights[:, None]
    gram = np.einsum("pth,ptk,pt->hk", design, design, imputed.fit.weights)
    sizes = np.sqrt(np.diag(gram))
    if not (sizes > 0).all() or np.linalg.cond(gram / np.outer(sizes, sizes)) > 1e10:
        raise EstimationError("leads", "unit and period effects explain one of them: choose fewer")
    bread = np.linalg.inv(gram)
    effects = bread @ _scores(imputed, design, weighted).sum(axis=0)
    moved = np.where(untreated, (design @ effects)[imputed.profiles], 0.0) * imputed.weights[:, None]
    scores = _scores(imputed, design, weighted - moved)
    scores = scores if cohorts.clusters is None else sum_by(cohorts.clusters, scores)
    count, periods = int(untreated.sum()), int((imputed.fit.weights.sum(axis=0) > 0).sum())
    parameters = len(labels) + periods + imputed.fit.covariates.shape[2]
    groups = len(scores)
    factor = groups / (groups - 1) * (count - 1) / (count - parameters)
    covariance = factor * bread @ (scores.T @ scores) @ bread
    return PreTrend(labels, effects, covariance, groups - 1.0, _joint(effects, covariance, groups))


def _residual_leads(imputed: Imputed, labels: IntArray) -> FloatArray:
    """P x T x H: indicators of the leads less what the effects explain of them."""
    cohorts, fit = imputed.cohorts, imputed.fit
    start = np.full(len(fit.groups), NEVER)
    start[imputed.profiles] = cohorts.first_treated
    columns = np.arange(cohorts.outcomes.shape[1])
    design = np.zeros((*fit.weights.shape, len(labels)))
    for place, label in enumerate(labels):
        there = (start != NEVER)[:, None] & (columns - np.where(start == NEVER, 0, start)[:, None] == label)
        indicator = (there & (fit.weights > 0)).astype(np.float64)
        if not indicator.any():
            raise EstimationError("leads", f"no untreated cell lies {-label} periods before a start")
        design[:, :, place] = (indicator - fit.predict(fit.regress(indicator))) * (fit.weights > 0)
    return design


def _scores(imputed: Imputed, design: FloatArray, weighted: FloatArray) -> FloatArray:
    """n x H: of each unit, the sum over its cells of design times weighted outcome."""
    if len(design) == len(weighted):
        each: FloatArray = np.einsum("ith,it->ih", design[imputed.profiles], weighted)
        return each
    scores = np.empty((len(weighted), design.shape[2]))
    for profile in range(len(design)):
        rows = np.flatnonzero(imputed.profiles == profile)
        scores[rows] = weighted[rows] @ design[profile]
    return scores


def _joint(effects: FloatArray, covariance: FloatArray, groups: int) -> JointTest | NotComputable:
    sizes = np.sqrt(np.diag(covariance))
    if not (sizes > 0).all():
        return reasons.no_variation()
    correlation = covariance / np.outer(sizes, sizes)
    if len(effects) >= groups or np.linalg.cond(correlation) > 1e12:
        return reasons.leads_exceed_clusters()
    from scipy.special import fdtrc

    ratios = effects / sizes
    statistic = float(ratios @ np.linalg.solve(correlation, ratios)) / len(effects)
    return JointTest(
        method=WALD,
        statistic=statistic,
        dof_numerator=float(len(effects)),
        dof_denominator=groups - 1.0,
        p_value=float(fdtrc(len(effects), groups - 1, statistic)),
        leads=len(effects),
        blocks=len(effects),
    )
