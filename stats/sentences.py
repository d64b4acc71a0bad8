"""What the results of the other families say, each in one honest sentence, Korean and English.

`stats.words` has the sentence of a single effect; guardrails, benefit-cost and findings carry their own. As
there: an effect is only spoken of where zero is excluded, and a reason stands where a number does not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.particles import with_particle
from stats.results import Estimate
from stats.words import estimated, figure, probability, with_unit, with_unit_ko

if TYPE_CHECKING:
    from stats.monitoring.sequential import Boundaries
    from stats.monitoring.tost import Equivalence
    from stats.pooling.meta import MetaAnalysis
    from stats.pooling.transport import Transported

Sentences = tuple[str, str]


def group_time_sentences(overall: Estimate, starts: int, unit_ko: str = "") -> Sentences:
    """The mean effect over cohorts with `starts` different starts."""
    ko, en = estimated(overall, unit_ko)
    return f"시행 시점이 다른 {starts}개 집단의 평균: {ko}", f"Averaged over {starts} starts: {en}"


def equivalence_sentences(
    found: Equivalence | NotComputable, *, low: float, high: float, unit: str = "", unit_ko: str = ""
) -> Sentences:
    """Whether the effect lies within `low` to `high`, in the unit of the estimate."""
    if isinstance(found, NotComputable):
        return found.sentence_ko, found.sentence_en
    ko = f"{figure(low)} ~ {with_unit_ko(figure(high), unit_ko or unit)}"
    en = f"{figure(low)} to {with_unit(figure(high), unit)}"
    if found.status == "equivalent":
        return (
            f"효과는 동등성 범위({ko}) 안에 있습니다({probability(found.p_value)}).",
            f"The effect lies within the bounds of equivalence, {en} ({probability(found.p_value)}).",
        )
    if found.status == "different":
        return (
            f"효과는 동등성 범위({ko}) 밖에 있습니다.",
            f"The effect lies beyond the bounds of equivalence, {en}.",
        )
    return (
        f"효과가 동등성 범위({ko}) 안에 있는지 밖에 있는지 알 수 없습니다.",
        f"Whether the effect lies within the bounds of equivalence, {en}, is not clear.",
    )


def look_sentences(boundaries: Boundaries, look: int, z: float) -> Sentences:
    """The planned look number `look` (from 0) at which the statistic is `z`; another is refused."""
    count = len(boundaries.upper)
    if not 0 <= look < count:
        raise EstimationError("look", f"must be a planned look from 0 to {count - 1}, not {look!r}")
    if math.isnan(z):
        raise EstimationError("z", "is not a number")
    bound = boundaries.upper[look]
    crossed = z >= bound or (boundaries.sides == 2 and z <= -bound)
    said = f"z = {figure(z)}"
    if crossed:
        return (
            f"계획된 {count}번 중 {look + 1}번째 확인에서 경계({figure(bound)})를 넘었습니다({said}).",
            f"Planned look {look + 1} of {count}: the boundary of {figure(bound)} is crossed ({said}).",
        )
    if look + 1 < count:
        return (
            f"계획된 {count}번 중 {look + 1}번째 확인에서 경계를 넘지 않아 결론 없이 계속합니다({said}).",
            f"Planned look {look + 1} of {count}: the boundary is not crossed, the pilot goes on ({said}).",
        )
    return (
        f"마지막 확인까지 경계를 넘지 않아 효과가 있다고도 없다고도 할 수 없습니다({said}).",
        f"The boundary was not crossed at the last look: neither effect nor absence is shown ({said}).",
    )


def pooled_sentences(analysis: MetaAnalysis, unit_ko: str = "") -> Sentences:
    """The pooled effect of an analysis without moderators, and where a new site's effect is expected."""
    count = len(analysis.sites.effects)
    if isinstance(analysis.pooled.inference.p_value, NotComputable) and np.ptp(analysis.sites.effects) == 0:
        return _alike(analysis, unit_ko)
    ko, en = estimated(analysis.pooled, unit_ko)
    level = f"{100 * (1 - analysis.alpha):g}%"
    interval = analysis.predict().interval
    if isinstance(interval, NotComputable):
        more_ko, more_en = interval.sentence_ko, interval.sentence_en
    elif analysis.method == "FE":
        more_ko = "지역 간 차이를 감안하지 않아 다른 지역의 효과는 말하지 않습니다."
        more_en = "Differences between sites are not allowed for: nothing is said of other sites."
    else:
        low, high = figure(interval.low), figure(interval.high)
        either = interval.contains(0.0)
        more_ko = f"새 지역의 효과는 {low} ~ {high} 사이로 예상되며({level} 예측구간), " + (
            "방향은 지역에 따라 다를 수 있습니다." if either else "방향은 같습니다."
        )
        more_en = f"A new site is expected between {low} and {high} ({level} prediction interval), " + (
            "in either direction." if either else "in the same direction."
        )
    return f"{count}개 지역 종합: {ko} {more_ko}", f"Over {count} sites: {en} {more_en}"


def _alike(analysis: MetaAnalysis, unit_ko: str) -> Sentences:
    """Sites that agree to the last digit leave no spread to rescale errors by, nor for a new site."""
    pooled, count = analysis.pooled, len(analysis.sites.effects)
    ko = with_unit_ko(figure(pooled.value), unit_ko or pooled.unit)
    en = with_unit(figure(pooled.value), pooled.unit)
    told_ko = (
        f"{count}개 지역 종합: 모든 지역의 추정치가 {with_particle(ko, '으로/로')} 똑같아, 지역 간 차이로는 "
        "불확실성을 추정할 수 없습니다. 새 지역의 효과가 어느 범위에 있을지도 말할 수 없습니다."
    )
    told_en = (
        f"Over {count} sites: every site reports the same estimate, {en}, so their differences tell "
        "nothing of its uncertainty, nor between which bounds a new site would lie."
    )
    return told_ko, told_en


_SUPPORT = {
    "in_support": (
        "대상 지역은 자료의 범위 안에 있습니다.",
        "The target lies within what the data cover.",
    ),
    "partial": (
        "대상 지역은 자료의 범위와 일부만 겹칩니다.",
        "The data cover the target only in part.",
    ),
    "extrapolation": (
        "대상 지역은 자료의 범위 밖이어서 외삽입니다.",
        "The target lies beyond what the data cover: this is extrapolation.",
    ),
}


def transported_sentences(found: Transported, unit_ko: str = "") -> Sentences:
    """The effect that a target population would see, with how far the data reach to it."""
    reach_ko, reach_en = _SUPPORT[found.overlap.status]
    if isinstance(found.effect, NotComputable):
        return f"{reach_ko} {found.effect.sentence_ko}", f"{reach_en} {found.effect.sentence_en}"
    ko, en = estimated(found.effect, unit_ko)
    return f"{reach_ko} {ko}", f"{reach_en} {en}"


def power_sentences(
    weeks: int | NotComputable, *, effect: float, target: float, unit: str = "", unit_ko: str = ""
) -> Sentences:
    """`weeks_needed`: how long until `effect` is found with probability `target`, or never."""
    if isinstance(weeks, NotComputable):
        return weeks.sentence_ko, weeks.sentence_en
    ko, en = with_unit_ko(figure(effect), unit_ko or unit), with_unit(figure(effect), unit)
    if_ko = with_particle(ko, "이라면/라면")
    return (
        f"효과가 {if_ko} 시행 후 {weeks}개 기간이 지나야 {100 * target:g}%의 확률로 찾을 수 있습니다.",
        f"An effect of {en} is found with probability {100 * target:g}% after {weeks} periods.",
    )
