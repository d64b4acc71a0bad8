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
    "forecasts": (
        "시행 전 마지막 절반을 예측한 오차가 {error}로, 권하는 방법({chosen})보다 뚜렷이 낫지 않습니다.",
        "Its forecasts of the last half before the start err by {error}: no clear gain over {chosen}.",
    ),
    "forecasts_best": (
        "시행 전 마지막 절반을 예측한 오차가 {error}로, 가장 작거나, 비슷하면서 더 단순합니다.",
        "Its forecasts of the last half before the start err by {error}: the least, or as good and simpler.",
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
