"""Numbers and results in plain words, Korean and English, saying no more than the numbers do."""

from __future__ import annotations

import math
from collections.abc import Mapping

from stats.findings import NotComputable
from stats.inference import Interval
from stats.particles import with_particle
from stats.results import Estimate, Evidence

SIGNIFICANT = 3


def figure(value: float) -> str:
    """A number for a sentence: three significant digits, never fewer than its integer part, no exponent.

    Below zero it has a minus sign (U+2212), as figures on pages do.
    """
    if value == 0 or abs(value) < 1e-12:
        return "0"
    decimals = SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{min(max(decimals, 0), 12)}f}".replace("-", "−")


def percent(share: float) -> str:
    """A share as a percentage."""
    return f"{figure(100 * share)}%"


def probability(p_value: float) -> str:
    """A p-value with three decimals, a fourth next to 0.05, or the bound that it lies below."""
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.4f}" if 0.045 <= p_value < 0.055 else f"p = {p_value:.3f}"


_AGAINST: Mapping[Evidence, tuple[str, str]] = {
    "randomised": ("비교 기준", "the comparison"),
    "comparison": ("비교 기준", "the comparison"),
    "controlled_before_after": (
        "대조 계열과 과거 추세로 예상한 값",
        "what its past and controls predict",
    ),
    "before_after": ("과거 추세로 예상한 값", "what its own past predicts"),
}


def effect_sentences(
    effect: Estimate,
    relative: Estimate | NotComputable,
    unit_ko: str = "",
    evidence: Evidence = "comparison",
) -> tuple[str, str]:
    """What the estimate says, in Korean and in English.

    An effect is only spoken of where zero is rejected; an interval that contains zero is said to leave
    it open; and where nothing is known of the uncertainty that is said, with its reason. `unit_ko` is
    the unit's name in Korean; without one the estimate's own is used in both. A series held against its own
    past is not called compared.
    """
    inference, against = effect.inference, _AGAINST[evidence]
    unit_ko = unit_ko or effect.unit
    if isinstance(inference.p_value, NotComputable):
        return _without_inference(effect, relative, unit_ko, inference.p_value, against)
    p_value = probability(inference.p_value)
    range_ko, range_en = ranges(inference.interval, inference.alpha)
    if inference.excludes_zero and effect.value != 0:
        told_ko, told_en = _difference(effect, relative, unit_ko)
        ko = f"시행 이후 실증 구역의 평균은 {against[0]}보다 {told_ko}았습니다({range_ko}, {p_value})."
        en = f"After the start the treated mean was {told_en} {against[1]} ({range_en}; {p_value})."
        return ko, en
    return _open(effect, unit_ko, f"{range_ko}, {p_value}", f"{range_en}; {p_value}")


def estimated(effect: Estimate, unit_ko: str = "") -> tuple[str, str]:
    """An estimate that is not a pilot's own: pooled, transported, aggregated."""
    inference, unit_ko = effect.inference, unit_ko or effect.unit
    ko, en = with_unit_ko(figure(effect.value), unit_ko), with_unit(figure(effect.value), effect.unit)
    if isinstance(inference.p_value, NotComputable):
        reason = inference.p_value
        return (
            f"추정치는 {with_particle(ko, '이나/나')} 우연인지는 말할 수 없습니다. {reason.sentence_ko}",
            f"the estimate is {en}, and whether that is chance cannot be said. {reason.sentence_en}",
        )
    range_ko, range_en = ranges(inference.interval, inference.alpha)
    p_value = probability(inference.p_value)
    if inference.excludes_zero:
        return f"효과는 {ko}입니다({range_ko}, {p_value}).", f"the effect is {en} ({range_en}; {p_value})."
    return _open(effect, unit_ko, f"{range_ko}, {p_value}", f"{range_en}; {p_value}")


def _open(effect: Estimate, unit_ko: str, beside_ko: str, beside_en: str) -> tuple[str, str]:
    signed = f"{'+' if effect.value > 0 else ''}{figure(effect.value)}"
    ko = (
        f"자료만으로는 효과가 있다고도 없다고도 할 수 없습니다: 추정치는 "
        f"{with_particle(with_unit_ko(signed, unit_ko), '으로/로')} 0을 배제할 수 없습니다({beside_ko})."
    )
    en = (
        f"The data show neither an effect nor its absence: the estimate is {with_unit(signed, effect.unit)} "
        f"and zero cannot be ruled out ({beside_en})."
    )
    return ko, en


def _without_inference(
    effect: Estimate,
    relative: Estimate | NotComputable,
    unit_ko: str,
    reason: NotComputable,
    against: tuple[str, str],
) -> tuple[str, str]:
    if effect.value == 0:
        ko = (
            f"시행 이후 실증 구역의 평균이 {with_particle(against[0], '과/와')} 같았으나, "
            f"이것이 우연인지는 말할 수 없습니다. {reason.sentence_ko}"
        )
        en = (
            f"After the start the treated mean was the same as {against[1]}; "
            f"whether that is chance cannot be said. {reason.sentence_en}"
        )
        return ko, en
    told_ko, told_en = _difference(effect, relative, unit_ko)
    ko = (
        f"시행 이후 실증 구역의 평균은 {against[0]}보다 {told_ko}았으나, "
        f"이 차이가 우연인지는 말할 수 없습니다. {reason.sentence_ko}"
    )
    en = (
        f"After the start the treated mean was {told_en} {against[1]}; "
        f"whether that is chance cannot be said. {reason.sentence_en}"
    )
    return ko, en


def _difference(effect: Estimate, relative: Estimate | NotComputable, unit_ko: str) -> tuple[str, str]:
    """Size and direction, as a Korean stem that takes 았 and in English."""
    share = "" if isinstance(relative, NotComputable) else f" ({percent(abs(relative.value))})"
    size = figure(abs(effect.value))
    ko, en = f"{with_unit_ko(size, unit_ko)}{share}", f"{with_unit(size, effect.unit)}{share}"
    return (f"{ko} 높", f"{en} above") if effect.value > 0 else (f"{ko} 낮", f"{en} below")


def with_unit(number: str, unit: str) -> str:
    """A number with its unit, which may be empty."""
    return f"{number} {unit}" if unit else number


def with_unit_ko(number: str, unit: str) -> str:
    """A number with its unit in Korean: a Korean unit stands next to the figure, as a percent sign does."""
    close = "가" <= unit[:1] <= "힣" or unit[:1] in ("%", "℃", "°")
    return f"{number}{unit}" if close else with_unit(number, unit)


def ranges(interval: Interval | NotComputable, alpha: float) -> tuple[str, str]:
    """The interval for a bracket, or that there is none."""
    level = f"{100 * (1 - alpha):g}%"
    if isinstance(interval, NotComputable):
        return f"{level} 신뢰구간 없음", f"no {level} interval"
    if math.isinf(interval.low) or math.isinf(interval.high):
        return f"{level} 신뢰구간에 끝이 없음", f"the {level} interval is unbounded"
    low, high = figure(interval.low), figure(interval.high)
    return f"{level} 신뢰구간 {low} ~ {high}", f"{level} interval {low} to {high}"
