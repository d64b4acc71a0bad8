"""Effects by cohort and period under staggered starts (Callaway and Sant'Anna 2021).

ATT(g, t): the average effect in period t on the units first treated in period g, from the change since
a base period compared with units that are never, or not yet, treated. No cohort is ever compared with
one treated before it, so effects may differ between cohorts and over time. Conventions are those of the
R package did (2.1): influence functions with divisor n; before the start, the varying base is the
period just before the cell (also within anticipation), the universal base the last period before
anticipation; units treated only after the panel's end count as never treated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.cohorts import AlreadyTreated, Cohorts, Gaps, IntArray
from stats.differences.adjusted_changes import TRIM, Adjustment
from stats.differences.doubly_robust import normal
from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.inference import Inference, silent
from stats.panel import BoolArray, FloatArray
from stats.results import JointTest
from stats.staggered.group_time_adjusted import adjusted_cells
from stats.staggered.group_time_cells import BasePeriod, ControlGroup, by_cohort, cells_of, usable_periods
from stats.staggered.group_time_influence import Influence
from stats.staggered.group_time_means import mean_cells

Unbalanced = Literal["refuse", "drop_unit", "pairs", "cross_sections"]

ROUNDING = 1e-7
"""Standard errors below this share of the largest are rounding."""
GAPS: Mapping[Unbalanced, Gaps] = {
    "refuse": "refuse",
    "drop_unit": "drop_unit",
    "pairs": "keep",
    "cross_sections": "keep",
}
METHOD = "group_time_influence_normal"
WALD = "wald_chi2"
FEW_TREATED = 5
"""Cohorts of fewer units have errors that asymptotics do not describe."""


@dataclass(frozen=True, eq=False)
class GroupTimeEffects:
    """K effects of cohort `groups[k]` (first treated column) in column `periods[k]`.

    effects     float64, K, in the outcome's unit; meaningless where `missing` has k
    missing     k -> why the cell has no effect
    reference   bool, K: 0 by rule, the universal base itself
    influence   of the K effects, then of the shares of the G cohorts in `starts`, then ones
    starts      int64, G: the cohorts with effects; `shares`: their share of all units (weighted)
    rows        for each of them, which units of the input it is
    width       number of columns in use
    """

    groups: IntArray
    periods: IntArray
    effects: FloatArray
    missing: Mapping[int, NotComputable]
    reference: BoolArray
    influence: Influence
    starts: IntArray
    shares: FloatArray
    rows: tuple[IntArray, ...]
    width: int

    @property
    def standard_errors(self) -> FloatArray:
        """K: analytic; NaN for references and missing cells."""
        count = len(self.effects)
        errors: FloatArray = np.sqrt(np.diag(self.influence.covariance)[:count].clip(min=0.0))
        errors[self.reference | ~self.computable] = np.nan
        return errors

    @property
    def computable(self) -> BoolArray:
        """K: whether the cell has an effect."""
        there = np.ones(len(self.effects), dtype=np.bool_)
        there[list(self.missing)] = False
        return there

    @property
    def post(self) -> BoolArray:
        """K: whether the cohort is treated in the period."""
        post: BoolArray = self.periods >= self.groups
        return post

    def inference(self, cell: int, *, alpha: float) -> Inference:
        """Normal inference for one cell; silent for a reference, a missing cell and one treated cluster."""
        if cell in self.missing:
            return silent(METHOD, alpha, self.missing[cell])
        if self.reference[cell]:
            return silent(METHOD, alpha, reasons.no_variation())
        if self.treated_clusters(self.groups[cell : cell + 1]) < 2:
            return silent(METHOD, alpha, reasons.one_treated_cluster())
        error = float(self.standard_errors[cell])
        return normal(float(self.effects[cell]), error, alpha=alpha, method=METHOD)

    def treated_clusters(self, groups: IntArray) -> int:
        """How many clusters (units where there are none) are in the cohorts that start in these columns."""
        rows = [self.rows[place] for place in np.unique(np.searchsorted(self.starts, groups))]
        clusters = self.influence.clusters
        if clusters is None:
            return sum(len(part) for part in rows)
        return len(np.unique(clusters[np.concatenate(rows)]))

    def pre_test(self) -> JointTest | NotComputable:
        """Wald test that all effects before the start are zero, with as many degrees of freedom as cells.

        Not computable where there are none, or more than the clusters can tell apart.
        """
        errors = self.standard_errors
        leads = np.flatnonzero(~self.post & (errors > ROUNDING * np.nanmax(errors, initial=0.0)))
        if len(leads) == 0:
            return reasons.no_leads()
        from scipy.special import chdtrc

        scale = errors[leads]
        correlation = self.influence.covariance[np.ix_(leads, leads)] / np.outer(scale, scale)
        if 1 / np.linalg.cond(correlation) <= np.finfo(np.float64).eps:
            return reasons.leads_exceed_clusters()
        ratios = self.effects[leads] / scale
        statistic = float(ratios @ np.linalg.solve(correlation, ratios))
        return JointTest(
            method=WALD,
            statistic=statistic,
            dof_numerator=float(len(leads)),
            dof_denominator=None,
            p_value=float(chdtrc(len(leads), statistic)),
            leads=len(leads),
            blocks=len(leads),
        )

    def small_cohorts(self) -> Finding:
        """Whether some cohort is too small for its standard errors to be believed."""
        smallest = min(len(rows) for rows in self.rows)
        few = smallest < FEW_TREATED
        return Finding(
            level="caution" if few else "ok",
            code="small_cohorts",
            number=float(smallest),
            sentence_ko=f"가장 작은 시행 집단은 {smallest}개 구역입니다."
            + (" 이런 집단에서는 정규근사의 표준오차가 실제보다 작게 나올 수 있습니다." if few else ""),
            sentence_en=f"The smallest cohort has {smallest} treated unit{'' if smallest == 1 else 's'}."
            + (" Standard errors by normal approximation may be too small for it." if few else ""),
        )


@checked_arguments
def group_time_effects(
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    adjustment: Adjustment = "dr",
    control_group: ControlGroup = "never",
    base_period: BasePeriod = "varying",
    anticipation: int = 0,
    unbalanced: Unbalanced = "refuse",
    already_treated: AlreadyTreated = "refuse",
    trim: float = TRIM,
) -> GroupTimeEffects:
    """All ATT(g, t) of an n x T panel; `first_treated` as in `stats.cohorts`.

    covariates: n x k fixed, or n x T x k, of which those of the earlier of the two periods are taken.
    unbalanced: what is done about NaN: refused; units with gaps dropped; in each comparison the units
    seen in both periods (`pairs`); or every reading as a repeated cross-section (`cross_sections`, as
    did with allow_unbalanced_panel; also for data where each row is seen once). Refused besides what
    `Cohorts` refuses: no controls, anticipation before the panel begins. A cell whose comparison has no
    overlap or too few controls is missing, with its reason.
    """
    _check(control_group, base_period, anticipation, unbalanced, adjustment)
    cohorts = Cohorts.of(
        outcomes,
        first_treated,
        weights=weights,
        covariates=covariates,
        clusters=clusters,
        already_treated=already_treated,
        gaps=GAPS[unbalanced],
    )
    width = usable_periods(cohorts, control_group, anticipation)
    starts = np.unique(cohorts.first_treated)
    cells = cells_of(
        starts, width, control_group=control_group, base_period=base_period, anticipation=anticipation
    )
    units = by_cohort(cohorts, starts, width)
    seen = unbalanced == "cross_sections"
    pairs = unbalanced == "pairs" and bool(np.isnan(units.outcomes).any())
    if cohorts.covariates is None and adjustment != "ipw_ht" and not pairs:
        effects, missing, blocks = mean_cells(units, cells, cross_sections=seen)
    else:
        effects, missing, blocks = adjusted_cells(units, cells, adjustment, trim=trim, cross_sections=seen)
    compared = np.unique(cells.cohort)
    return GroupTimeEffects(
        groups=cells.groups,
        periods=cells.period,
        effects=effects,
        missing=missing,
        reference=cells.reference,
        influence=Influence(blocks, len(cohorts.rows), cohorts.clusters),
        starts=starts[compared],
        shares=units.shares[compared],
        rows=tuple(units.order[units.slices()[cohort]] for cohort in compared),
        width=width,
    )


def _check(control_group: str, base_period: str, anticipation: int, unbalanced: str, adjustment: str) -> None:
    for argument, value, known in (
        ("control_group", control_group, get_args(ControlGroup)),
        ("base_period", base_period, get_args(BasePeriod)),
        ("unbalanced", unbalanced, get_args(Unbalanced)),
        ("adjustment", adjustment, get_args(Adjustment)),
    ):
        if value not in known:
            raise EstimationError(argument, f"{value!r} is none of {', '.join(known)}")
    if anticipation != int(anticipation) or anticipation < 0:
        raise EstimationError("anticipation", "must be a whole number of periods, zero or more")
