"""Why a number does not exist, said once for each reason, in Korean and in English."""

from __future__ import annotations

from stats.findings import NotComputable


def one_treated_cluster() -> NotComputable:
    """Clustered errors estimate the spread among treated clusters; of one there is none."""
    return NotComputable(
        "one_treated_cluster",
        "실증 구역이 하나(한 군집)뿐이라 군집 표준오차를 계산할 수 없습니다.",
        "With one treated cluster there is no spread among the treated, so no clustered standard error.",
    )


def one_cluster_identifies() -> NotComputable:
    """Residuals are zero in a direction that only one cluster informs, so errors made of them are too."""
    return NotComputable(
        "one_cluster_identifies",
        "추정치가 한 군집에만 달려 있어 군집 간 변동으로 불확실성을 계산할 수 없습니다.",
        "The estimate hangs on one cluster alone, so no spread between clusters tells how uncertain it is.",
    )


def too_few_control_clusters() -> NotComputable:
    """The same for the controls, or for the placebos that they serve as."""
    return NotComputable(
        "too_few_controls",
        "대조 구역이 너무 적어 불확실성을 계산할 수 없습니다.",
        "There are too few controls to say how uncertain the estimate is.",
    )


def no_variation() -> NotComputable:
    """Residuals of exactly zero: the model reproduces the data and leaves nothing to judge by."""
    return NotComputable(
        "no_variation",
        "잔차에 변동이 없어 불확실성을 계산할 수 없습니다.",
        "The residuals do not vary, so there is nothing to judge uncertainty by.",
    )


def perfect_pre_fit() -> NotComputable:
    """The ratio to a pre-period error of zero."""
    return NotComputable(
        "perfect_pre_fit",
        "시행 전 적합 오차가 0이라 시행 후/전 오차비를 계산할 수 없습니다.",
        "The pre-period is fitted without error, so the ratio of post- to pre-period error does not exist.",
    )


def constant_effect_rejected() -> NotComputable:
    """No constant effect makes the gaps look like the placebos' gaps: the inverted test is empty."""
    return NotComputable(
        "constant_effect_rejected",
        "시행 후 격차가 너무 크게 변해 어떤 일정한 효과도 검정을 통과하지 못하므로 구간이 없습니다.",
        "The gap moves so much after the start that every constant effect is rejected: no interval.",
    )


def placebos_too_few_for_level(placebos: int, alpha: float) -> NotComputable:
    """With J placebos no p-value falls below 1 / (J + 1): no value can be ruled out."""
    return NotComputable(
        "placebos_too_few_for_level",
        f"위약 {placebos}개로는 유의수준 {alpha:g}에서 어떤 값도 배제할 수 없어 구간에 끝이 없습니다.",
        f"With {placebos} placebos no value can be ruled out at level {alpha:g}: the interval has no ends.",
    )


def assignments_too_few_for_level(count: int, alpha: float) -> NotComputable:
    """Of B possible assignments none has a p-value below 1 / B: no value can be ruled out."""
    return NotComputable(
        "assignments_too_few_for_level",
        f"배정이 {count}가지뿐이라 유의수준 {alpha:g}에서 어떤 값도 배제할 수 없어 구간에 끝이 없습니다.",
        f"With {count} possible assignments no value can be ruled out at level {alpha:g}: "
        "the interval has no ends.",
    )


def test_never_rejects(alpha: float) -> NotComputable:
    """However far the hypothesis is from the estimate, the test keeps it: the interval has no end."""
    return NotComputable(
        "test_never_rejects",
        f"추정치에서 아무리 먼 값도 유의수준 {alpha:g}에서 배제되지 않아 구간에 끝이 없습니다.",
        f"Values however far from the estimate are not ruled out at level {alpha:g}: "
        "the interval has no end.",
    )


def placebos_fit_perfectly() -> NotComputable:
    """Placebos without pre-period error have an unbounded ratio, and so has the interval."""
    return NotComputable(
        "placebos_fit_perfectly",
        "시행 전 오차가 0인 위약이 있어 구간에 끝이 없습니다.",
        "Placebos without pre-period error make the interval unbounded.",
    )


def counterfactual_not_positive() -> NotComputable:
    """A relative effect needs a base that is away from zero over the whole interval."""
    return NotComputable(
        "counterfactual_not_positive",
        "비교 기준값이 0 이하이거나 구간 안에서 0에 닿아 상대 효과를 말할 수 없습니다.",
        "The counterfactual mean is not positive, or not over the whole interval: no relative effect.",
    )


def no_leads() -> NotComputable:
    """One period before the start is the reference itself; nothing is left to test."""
    return NotComputable(
        "no_leads",
        "시행 전 기간이 하나뿐이라 사전 추세를 검정할 수 없습니다.",
        "There is only one period before the start, so no pre-trend can be tested.",
    )


def leads_exceed_clusters() -> NotComputable:
    """Even one pooled lead leaves no degrees of freedom."""
    return NotComputable(
        "leads_exceed_clusters",
        "군집 수가 적어 사전 추세를 검정할 수 없습니다.",
        "There are too few clusters for a joint test of the pre-trend.",
    )


def not_identified() -> NotComputable:
    """The coefficient cannot be told from the fixed effects with the cells there are."""
    return NotComputable(
        "not_identified",
        "있는 자료로는 이 기간의 계수를 고정효과와 구별할 수 없습니다.",
        "With the cells there are, this coefficient cannot be told from the fixed effects.",
    )


def not_with_weights() -> NotComputable:
    """The checks analyse again by outcomes and starts alone, as if units counted alike."""
    return NotComputable(
        "not_with_weights",
        "가중치가 있는 분석에서는 이 점검을 하지 않습니다.",
        "This check is not made where units count unequally.",
    )


def few_treated() -> NotComputable:
    """Normal errors forget that the spread of few treated units is itself hardly known."""
    return NotComputable(
        "few_treated",
        "실증 구역이 적어 정규근사로는 불확실성을 말할 수 없습니다.",
        "The treated units are too few for errors that rest on large numbers.",
    )


def no_effect_to_compare() -> NotComputable:
    """A share of an effect of exactly zero."""
    return NotComputable(
        "no_effect_to_compare",
        "추정된 효과가 0이라 다른 추정치와의 차이를 비율로 말할 수 없습니다.",
        "The estimated effect is zero: no difference can be told as a share of it.",
    )
