"""What `stats.recommend` says, by code: Korean and English, with the numbers in braces."""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, tuple[str, str]] = {
    "not_dealt": (
        "실증 구역을 추첨으로 배정했는지는 자료에서 알 수 없습니다. 추첨했다면 방식을 계획에 적어야 합니다.",
        "That chance dealt the treatment cannot be seen in data: if it did, the plan must say how.",
    ),
    "controls_are_there": (
        "대조 구역이 있으므로 자기 과거와만 비교할 이유가 없습니다.",
        "There are controls, so there is no reason to compare the treated with their own past alone.",
    ),
    "for_poor_fit": (
        "적합이 나쁠 때의 민감도 분석으로 두고, 먼저 고르지 않습니다.",
        "It extrapolates where the fit is poor: a check beside another method rather than the first choice.",
    ),
    "several_starts": (
        "시행 시점이 {count}개라 쓸 수 없거나 효과가 고르지 않게 가중됩니다.",
        "There are {count} different starts: the method needs one, or would weight effects unevenly.",
    ),
    "several_starts_taken": (
        "시행 시점이 {count}개여서, 시행 집단과 기간별 효과를 따로 추정해 평균하는 방법을 권합니다.",
        "There are {count} different starts, so effects by cohort and period are estimated and averaged.",
    ),
    "one_start": (
        "시행 시점이 하나여서 필요하지 않습니다.",
        "There is one start, so it is not needed.",
    ),
    "nothing_else": (
        "다른 비교 방법에 필요한 자료가 모자라 이중차분을 권합니다.",
        "The data do not suffice for other comparisons: difference-in-differences is left.",
    ),
    "forecasts_worse": (
        "시행 전 마지막 절반을 예측한 오차는 {error}, 권하는 방법의 오차는 {chosen}입니다({ratio}배).",
        (
            "Its forecasts of the last half before the start err by {error}, {ratio} times the {chosen} "
            "of the method chosen."
        ),
    ),
    "forecasts_alike": (
        (
            "시행 전 마지막 절반을 예측한 오차는 {error}, 권하는 방법의 오차는 {chosen}입니다. "
            "{ratio}배의 차이는 우연일 수 있어 더 단순한 방법을 권합니다."
        ),
        (
            "Its forecasts of the last half before the start err by {error}, {ratio} times the {chosen} "
            "of the method chosen: that may be chance, and the simpler one is taken."
        ),
    ),
    "not_fitted": (
        "시행 전 자료에 맞춰 볼 수 없었습니다.",
        "It could not be fitted to the readings before the start.",
    ),
    "forecasts_best": (
        "시행 전 마지막 절반을 예측한 오차가 견준 방법 가운데 가장 작습니다({error}).",
        "Its forecasts of the last half before the start err least of those that were tried ({error}).",
    ),
    "forecasts_simplest": (
        "시행 전 마지막 절반을 예측한 오차({error})가 가장 작은 오차({least})와 비슷하고 더 단순합니다.",
        (
            "Its forecasts of the last half before the start err by {error}, much as the best ({least}), "
            "and it is simpler."
        ),
    ),
    "one_before": (
        "다만 시행 전 기간이 하나뿐이라 추세가 같았는지 볼 수 없습니다.",
        "There is, though, only one period before the start: whether trends were alike cannot be seen.",
    ),
    "few_before": (
        "다만 시행 전 기간이 {count}개뿐이라 추세가 같았는지 거의 볼 수 없습니다.",
        "There are, though, only {count} periods before the start: whether trends were alike hardly shows.",
    ),
    "trend_untold": (
        "다만 대조 구역이 {count}곳뿐이라 추세의 차이가 우연인지 가릴 수 없습니다.",
        "With only {count} controls, though, a difference in trend cannot be told from chance.",
    ),
    "own_trend": (
        (
            "다만 시행 전 실증 구역과 대조 구역의 격차가 기간당 {slope}씩 움직였고, 이는 대조 구역 사이의 "
            "차이로 보기 어렵습니다({p_value}). 추세가 효과로 보일 수 있습니다."
        ),
        (
            "Before the start, though, the gap between treated and controls moved by {slope} a period, "
            "more than controls drift apart ({p_value}): a trend may pass for an effect."
        ),
    ),
    "treated_gaps": (
        "실증 구역의 자료에 결측이 있어 쓸 수 없습니다.",
        "The treated series has gaps, which the method cannot take.",
    ),
    "few_donors": (
        "결측 없는 대조 구역이 {count}곳뿐입니다.",
        "Only {count} controls are without gaps.",
    ),
    "few_periods": (
        "시행 전 기간이 {count}개뿐입니다.",
        "There are only {count} periods before the start.",
    ),
    "no_controls": (
        "대조 구역이 {count}곳이라 비교할 수 없습니다.",
        "With {count} controls there is nothing to compare with.",
    ),
    "no_design": (
        "권할 수 있는 설계가 없습니다. 대조 구역이 {count}곳이고 자기 과거와 비교하기에도 모자랍니다.",
        "The data carry no design: {count} controls, and too little for a comparison with the past.",
    ),
    "only_its_past": (
        "대조 구역이 없어 자기 과거와만 비교합니다. 같은 시기의 다른 변화와 못 가려 근거 수준이 낮습니다.",
        "Without controls only the treated units' own past is left: the evidence is of a lower level.",
    ),
    "ranks_too_coarse": (
        "다만 대조 구역 {count}곳으로는 p값이 {least}보다 작아질 수 없어 5% 수준의 결론은 나오지 않습니다.",
        "With {count} controls, though, no p-value falls below {least}: nothing shows at the 5% level.",
    ),
    "gaps": (
        "전체 칸의 {share}가 결측입니다.",
        "Of all cells {share} are missing.",
    ),
}
