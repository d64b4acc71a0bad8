"""Findings beside the estimate: on what it rests, and how far that holds.

Thresholds are conventions, stated here once; each finding carries the number itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.clusters.reassignment import REASSIGNMENT
from stats.design import Design
from stats.errors import EstimationError
from stats.findings import Finding, Level, NotComputable
from stats.inference import CR2, Inference
from stats.missing import Sample
from stats.panel import FloatArray, Panel
from stats.particles import with_particle
from stats.results import EventStudy
from stats.staggered.aggregation import SMALL_SAMPLE
from stats.staggered.reassigned_starts import REASSIGNED_STARTS
from stats.synthetic_control.synthetic import SyntheticControl
from stats.words import figure, percent, probability

PRE_TREND_FAILS, PRE_TREND_DOUBTFUL = 0.05, 0.10
"""p-values of the joint test of the leads below which parallel trends are rejected or in doubt."""
PRE_FIT_GOOD, PRE_FIT_POOR = 0.25, 0.50
"""Pre-period RMSPE as a share of the standard deviation of all pre-period outcomes."""
COVERAGE_GOOD, COVERAGE_POOR = 0.95, 0.80
"""Share of cells that hold a reading."""
ASYMMETRY_SMALL, ASYMMETRY_LARGE = 0.02, 0.10
"""Difference in differences of the missing shares up to which gaps are alike, and beyond which not."""
ENOUGH_TREATED = 5
"""Treated clusters from which clustered inference no longer needs a warning."""

_GRAVITY = {"fail": 0, "caution": 1, "ok": 2}


def gravest_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """In the order fail, caution, ok; within each as they came."""
    return tuple(sorted(findings, key=lambda finding: _GRAVITY[finding.level]))


def coverage(sample: Sample) -> list[Finding]:
    """How many cells hold a reading, and what the policy on missing cells took out."""
    share = sample.coverage
    findings = [
        Finding(
            _at_least(share, COVERAGE_GOOD, COVERAGE_POOR),
            "coverage",
            share,
            f"구역×기간 칸의 {percent(share)}에 관측값이 있습니다.",
            f"{percent(share)} of the cells hold a reading.",
        )
    ]
    if sample.dropped_units:
        names = ", ".join(sample.dropped_units)
        findings.append(
            Finding(
                "caution",
                "dropped_units",
                float(len(sample.dropped_units)),
                f"결측 처리 방침에 따라 구역 {len(sample.dropped_units)}곳을 뺐습니다: {names}.",
                f"The policy on missing cells left out {len(sample.dropped_units)} units: {names}.",
            )
        )
    if sample.dropped_periods:
        count = len(sample.dropped_periods)
        findings.append(
            Finding(
                "caution",
                "dropped_periods",
                float(count),
                f"결측 처리 방침에 따라 기간 {count}개를 뺐습니다.",
                f"The policy on missing cells left out {count} periods.",
            )
        )
    return findings


def treated_clusters(count: int, inference: Inference, effective: float | None = None) -> Finding:
    """How many treated clusters (units where the design names none) `inference` rests on.

    effective: how many that count alike would tell as much, where weights are unequal.
    """
    method, placebos = inference.method, inference.placebos
    known = float(count) if effective is None else effective
    # Shares that are equal sum to one but for rounding.
    uneven = known < count * (1 - 1e-9)
    level: Level = "ok" if known >= ENOUGH_TREATED * (1 - 1e-9) else "caution"
    if count == 1:
        more_ko = " 군집 오차가 없어 위약 순위로 추론합니다."
        more_en = " There is no clustered error; inference ranks the effect among placebos."
        if placebos:
            least = f"{1 / (placebos + 1):.3f}"
            more_ko += f" 위약이 {placebos}개이므로 p값은 {least}보다 작아질 수 없습니다."
            more_en += f" With {placebos} of them no p-value falls below {least}."
    elif method in (REASSIGNMENT, REASSIGNED_STARTS):
        more_ko = " 군집 오차를 믿기에는 적어, 실증 군집을 바꾸어 배정한 결과들 사이의 순위로 추론합니다."
        more_en = " That is too few for clustered errors; inference ranks the effect among re-assignments."
    elif level == "caution" and method not in (CR2, SMALL_SAMPLE):
        more_ko = " 큰 표본에 기대는 오차를 믿기에는 적어, 위약 배정 결과들 사이의 순위로 추론합니다."
        more_en = " That is too few for errors of large samples; inference ranks the effect among placebos."
    elif level == "caution":
        more_ko = " 소수 군집 보정을 썼으나 구간이 넓습니다."
        more_en = " Errors are corrected for few clusters, and intervals are wide."
    else:
        more_ko = more_en = ""
    if uneven:
        shared = f"{known:.1f}"
        more_ko = f" 가중치가 고르지 않아 같은 비중의 구역 {shared}개만큼만 알려 줍니다.{more_ko}"
        more_en = f" Their weights are uneven: they tell as much as {shared} that count alike.{more_en}"
    return Finding(
        level,
        "treated_clusters",
        known if uneven else float(count),
        f"실증 구역(군집)은 {count}개입니다.{more_ko}",
        f"There {'is 1 treated cluster' if count == 1 else f'are {count} treated clusters'}.{more_en}",
    )


def pre_trend(study: EventStudy) -> list[Finding]:
    """Whether treated and controls moved alike before the start, and how that was tested."""
    test = study.pre_trend
    if isinstance(test, NotComputable):
        return [Finding("caution", "pre_trend", test, test.sentence_ko, test.sentence_en)]
    level: Level = (
        "fail" if test.p_value < PRE_TREND_FAILS else "caution" if test.p_value < PRE_TREND_DOUBTFUL else "ok"
    )
    told_ko = {
        "fail": "시행 전 추세가 대조군과 다릅니다",
        "caution": "시행 전 추세가 같은지 의심스럽습니다",
        "ok": "시행 전 추세의 차이는 발견되지 않았으나, 차이가 없음이 증명된 것은 아닙니다",
    }[level]
    told_en = {
        "fail": "Before the start the treated moved differently from the controls",
        "caution": "Whether the treated moved like the controls before the start is in doubt",
        "ok": "No difference in trend was found before the start, which does not prove that there is none",
    }[level]
    findings = [
        Finding(
            level,
            "pre_trend",
            test.p_value,
            f"{told_ko}({probability(test.p_value)}).",
            f"{told_en} ({probability(test.p_value)}).",
        )
    ]
    if test.blocks < test.leads:
        findings.append(
            Finding(
                "caution",
                "leads_pooled",
                float(test.blocks),
                f"군집 수가 적어 시행 전 계수 {test.leads}개를 {test.blocks}개 묶음으로 평균해 검정했습니다.",
                f"The clusters are too few to test {test.leads} leads at once: "
                f"means of neighbouring leads were tested, {test.blocks} in all.",
            )
        )
    if test.placebos is not None:
        findings.append(_leads_ranked(test.placebos))
    return findings


def _leads_ranked(placebos: int) -> Finding:
    """Among how many the leads were ranked, and whether so few can reject at all."""
    least = 1 / (placebos + 1)
    return Finding(
        "ok" if least <= PRE_TREND_FAILS else "caution",
        "leads_ranked",
        float(placebos),
        "실증 구역이 적어, 시행 전 계수의 크기를 같은 시행 시점을 대조 구역에 배정한 위약 "
        f"{placebos}개와 견주어 순위로 검정했습니다. 가능한 가장 작은 p값은 {_least(least)}입니다.",
        "The treated are few: the size of the leads was ranked among those of "
        f"{placebos} placebos, controls that were dealt the same starts. "
        f"The least possible p-value is {_least(least)}.",
    )


def _least(p_value: float) -> str:
    return f"{p_value:.3f}" if p_value >= 0.001 else f"{p_value:.5f}"


def staggered(sample: Sample) -> list[Finding]:
    """Whether two-way fixed effects compare treated units with already treated ones."""
    starts = len(set(sample.starts))
    if starts == 1:
        return []
    return [
        Finding(
            "caution",
            "staggered_starts",
            float(starts),
            f"시행 시점이 {starts}개로 서로 달라 이원고정효과가 효과를 고르지 않게 가중할 수 있습니다.",
            f"There are {starts} different starts: two-way fixed effects may weight effects unevenly.",
        )
    ]


def pre_fit(result: SyntheticControl, outcomes: FloatArray) -> list[Finding]:
    """How closely the synthetic control follows the treated before the start.

    outcomes: all outcomes before the start (units x T0), whose standard deviation is the yardstick.
    """
    fit = result.fit
    findings = [pre_fit_share(fit.pre_rmspe, outcomes, fit.outcomes[: fit.start])]
    if isinstance(findings[0].number, NotComputable):
        return findings
    if not fit.unique:
        findings.append(
            Finding(
                "caution",
                "weights_not_unique",
                float((fit.weights > 0).sum()),
                "같은 적합을 주는 가중치가 여럿이어서 가장 고른 것을 썼습니다.",
                "Several sets of weights fit equally well; the most even one was taken.",
            )
        )
    return findings


def pre_fit_share(
    error: float, outcomes: FloatArray, treated: FloatArray, *, parallel: bool = False
) -> Finding:
    """`error` (RMSPE before the start) as a share of the standard deviation of `outcomes` before it.

    treated: T0, the treated mean before the start;  parallel: the error is that after a common difference
    in level was taken out, as difference-in-differences allows.
    """
    spread, level = float(outcomes.std()), abs(float(treated.mean()))
    if not spread > 0:
        reason = reasons.no_variation()
        return Finding("fail", "pre_fit", reason, reason.sentence_ko, reason.sentence_en)
    share, of_level = error / spread, percent(error / level) if level > 0 else "-"
    more_ko, more_en = (
        (", 일정한 수준 차이를 뺀 뒤의 값", " after a constant difference") if parallel else ("", "")
    )
    return Finding(
        "ok" if share <= PRE_FIT_GOOD else "caution" if share <= PRE_FIT_POOR else "fail",
        "pre_fit",
        share,
        f"시행 전 적합 오차(RMSPE{more_ko})는 {with_particle(figure(error), '으로/로')}, "
        f"시행 전 표준편차의 {percent(share)}, "
        f"수준의 {of_level}입니다.",
        f"The pre-period error (RMSPE{more_en}) is {figure(error)}: {percent(share)} of the pre-period "
        f"standard deviation, {of_level} of the level.",
    )


def averaged_treated(sample: Sample) -> list[Finding]:
    """Several treated units were averaged into one for synthetic control."""
    count = len(sample.treated)
    if count == 1:
        return []
    return [
        Finding(
            "caution",
            "treated_averaged",
            float(count),
            f"실증 구역 {count}곳의 평균을 하나의 구역처럼 분석하고, 전체 구역에서 {count}곳씩 다시 뽑아 낸 "
            "평균과 견주었습니다. 구역별 차이는 보지 않습니다.",
            f"The mean of {count} treated units was analysed as one, and ranked among means of as many "
            "units dealt from all; differences among them are not seen.",
        )
    ]


def placebo_count(placebos: int, alpha: float) -> Finding:
    """Whether the placebos are many enough for the level: the least p-value is 1 / (placebos + 1)."""
    least = 1 / (placebos + 1)
    return Finding(
        "ok" if least <= alpha else "caution",
        "placebos",
        float(placebos),
        f"위약은 {placebos}개이고 가능한 가장 작은 p값은 {least:.3f}입니다.",
        f"There are {placebos} placebos; the least possible p-value is {least:.3f}.",
    )


@checked_arguments
def missing_asymmetry(outcomes: FloatArray, first_treated: npt.ArrayLike) -> Finding:
    """Whether readings began to lack on one side: gaps that come with treatment bias any comparison.

    outcomes: n x T, NaN where there is no reading; first_treated: n, columns or `NEVER`. The number is the
    change of the missing share from before the first start to after it, the treated less the controls.
    """
    starts = np.asarray(first_treated)
    if outcomes.ndim != 2 or starts.dtype.kind not in "iu":
        raise EstimationError("first_treated", "needs column numbers, and outcomes n x T")
    if np.isinf(outcomes).any():
        raise EstimationError("outcomes", "hold an infinity")
    treated = starts < outcomes.shape[1]
    if starts.shape != (len(outcomes),) or not treated.any() or treated.all() or starts.min() < 1:
        raise EstimationError(
            "first_treated", "needs treated units and controls, and a period before the start"
        )
    missing, first = np.isnan(outcomes), int(starts.min())
    change = [
        float(missing[side, first:].mean() - missing[side, :first].mean()) for side in (treated, ~treated)
    ]
    number = change[0] - change[1]
    size = abs(number)
    level: Level = "ok" if size <= ASYMMETRY_SMALL else "caution" if size <= ASYMMETRY_LARGE else "fail"
    own, others = (figure(100 * one) for one in change)
    return Finding(
        level,
        "missing_asymmetry",
        number,
        f"시행 후 결측 비율의 변화는 실증 구역 {own}%p, 대조 구역 {others}%p입니다.",
        f"After the start the share of missing readings changed by {own} percentage points among the treated "
        f"and by {others} among the controls.",
    )


def gaps_with_treatment(panel: Panel, design: Design) -> list[Finding]:
    """`missing_asymmetry` of the design's units before the policy, where there are controls and gaps."""
    outcomes = panel.rows(design.units).outcomes
    if not design.controls or not np.isnan(outcomes).any():
        return []
    never = np.iinfo(np.int64).max
    starts = design.starts(panel.periods)
    return [missing_asymmetry(outcomes, [starts.get(unit, never) for unit in design.units])]


def _at_least(value: float, good: float, poor: float) -> Level:
    return "ok" if value >= good else "caution" if value >= poor else "fail"
