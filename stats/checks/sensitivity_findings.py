"""What the sensitivity checks say, each as a finding with its number.

Thresholds are conventions, stated here once. Placebo outcomes: Lipsitch, Tchetgen Tchetgen, Cohen (2010,
Epidemiology 21).
"""

from __future__ import annotations

from collections.abc import Mapping

from stats.checks.sensitivity import SpillOver, Variation
from stats.findings import Finding, Level, NotComputable
from stats.particles import with_particle
from stats.results import Estimate
from stats.words import figure, percent, probability

SMALL_CHANGE, LARGE_CHANGE = 0.25, 0.50
"""Changes and placebo effects, as shares of the effect, up to which it stands, beyond which it does not."""
PLACEBO_FAILS, PLACEBO_DOUBTFUL = 0.05, 0.10
"""Holm-adjusted p-values of placebo outcomes below which the comparison is rejected or in doubt."""


def placebo_dates_finding(variation: Variation) -> Finding:
    """Whether effects appear where none can be: the largest pretended one as a share of the effect."""
    return _judged(
        variation,
        "placebo_dates",
        max((abs(effect) for effect in variation.effects), default=None),
        "시행 전 시점을 시작으로 꾸민 위약 분석에서 가장 큰 효과는 추정된 효과의 {share}입니다.",
        "With pretended starts before the real one, the largest effect is {share} of the estimated one.",
    )


def leave_one_control_out_finding(variation: Variation) -> Finding:
    """How far one control moves the effect."""
    return _moved(variation, "leave_one_control_out", "대조 구역 {label}", "control {label}")


def leave_one_period_out_finding(variation: Variation) -> Finding:
    """How far one period moves the effect."""
    return _moved(variation, "leave_one_period_out", "기간 {label}", "period {label}")


def anticipation_finding(variation: Variation) -> Finding:
    """How far the periods just before the start move the effect."""
    return _judged(
        variation,
        "anticipation",
        _change(variation),
        "시행 직전 기간을 빼면 효과가 최대 {share}만큼 달라집니다.",
        "Without the periods just before the start the effect changes by up to {share} of itself.",
    )


def spill_over_finding(found: SpillOver) -> Finding:
    """How large the effect on the neighbours is beside the effect itself."""
    return _judged(
        Variation(found.effect, ("ring",), (found.on_ring,)),
        "spill_over",
        abs(found.on_ring),
        f"인접 대조 구역에서 나타난 변화는 추정된 효과의 {{share}}입니다. 이를 빼면 효과는 "
        f"{figure(found.without_ring)}입니다.",
        f"The change in neighbouring controls is {{share}} of the estimated effect; without them the effect "
        f"is {figure(found.without_ring)}.",
    )


def placebo_outcomes_finding(estimates: Mapping[str, Estimate]) -> Finding:
    """Whether outcomes that the pilot cannot have changed did change: the smallest p-value after Holm.

    estimates: by the outcome's name; those without a p-value are not counted.
    """
    known = {
        name: estimate.inference.p_value
        for name, estimate in estimates.items()
        if not isinstance(estimate.inference.p_value, NotComputable)
    }
    if not known:
        reason = _no_placebo_outcome()
        return Finding("caution", "placebo_outcomes", reason, reason.sentence_ko, reason.sentence_en)
    name = min(known, key=lambda one: (known[one], one))
    smallest = min(1.0, known[name] * len(known))
    level: Level = "fail" if smallest < PLACEBO_FAILS else "caution" if smallest < PLACEBO_DOUBTFUL else "ok"
    told = probability(smallest)
    return Finding(
        level,
        "placebo_outcomes",
        smallest,
        f"실증이 바꿀 수 없는 지표 {len(known)}개 중 가장 크게 어긋난 것은 {name}입니다({told}, Holm 보정).",
        f"Of {len(known)} outcomes that the pilot cannot change, {name} is the most at odds ({told}, after "
        f"Holm).",
    )


def _moved(variation: Variation, code: str, told_ko: str, told_en: str) -> Finding:
    label = variation.farthest[0] if variation.farthest else ""
    ko, en = told_ko.format(label=label), told_en.format(label=label)
    lowest = min((*variation.effects, variation.effect))
    highest = max((*variation.effects, variation.effect))
    turned = lowest < 0 < highest
    return _judged(
        variation,
        code,
        _change(variation),
        f"하나씩 빼 보면 효과는 {figure(lowest)}에서 {figure(highest)} 사이이고, 가장 크게 달라지는 것은 "
        f"{with_particle(ko, '을/를')} 뺄 때로 효과의 {{share}}만큼 변합니다.",
        f"Leaving one out at a time, the effect lies between {figure(lowest)} and {figure(highest)}; it "
        f"changes most, by {{share}} of itself, without {en}.",
        worst="fail" if turned else None,
    )


def _change(variation: Variation) -> float | None:
    return abs(variation.farthest[1] - variation.effect) if variation.farthest else None


def _judged(
    variation: Variation,
    code: str,
    size: float | None,
    told_ko: str,
    told_en: str,
    *,
    worst: Level | None = None,
) -> Finding:
    """`size` as a share of the effect, by the thresholds; analyses that were refused are told, too."""
    if size is None or not abs(variation.effect) > 0:
        reason = _nothing_to_compare()
        return Finding("caution", code, reason, reason.sentence_ko, reason.sentence_en)
    share = size / abs(variation.effect)
    level: Level = "ok" if share <= SMALL_CHANGE else "caution" if share <= LARGE_CHANGE else "fail"
    more_ko = more_en = ""
    if variation.refused:
        level = "caution" if level == "ok" else level
        more_ko = f" 분석할 수 없었던 경우: {', '.join(variation.refused)}."
        more_en = f" Not to be analysed: {', '.join(variation.refused)}."
    return Finding(
        worst or level,
        code,
        share,
        told_ko.replace("{share}", percent(share)) + more_ko,
        told_en.replace("{share}", percent(share)) + more_en,
    )


def _nothing_to_compare() -> NotComputable:
    return NotComputable(
        "nothing_to_compare",
        "추정된 효과가 0이거나 다시 분석할 수 있는 경우가 없어 민감도를 말할 수 없습니다.",
        "The estimated effect is zero or nothing could be analysed again: no sensitivity to tell.",
    )


def _no_placebo_outcome() -> NotComputable:
    return NotComputable(
        "no_placebo_outcome",
        "p값을 계산할 수 있는 위약 지표가 없습니다.",
        "No placebo outcome has a p-value.",
    )
