"""What single sites, and small ones, do to a pooled effect; how it grew; and the rows of a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.inference import Interval
from stats.numerics.absorb import IntArray
from stats.numerics.wald import wald
from stats.particles import with_particle
from stats.pooling.meta import MetaAnalysis, meta_analysis, too_few_sites
from stats.results import Estimate
from stats.words import figure

SMALL_SITES = 10
"""Below this many sites Egger's test has hardly any power (Sterne et al. 2011)."""


@dataclass(frozen=True)
class WithoutSite:
    """The analysis without one site: pooled effect, tau^2, Cochran's Q and I^2 in per cent."""

    label: str
    pooled: Estimate
    tau2: float
    q: float
    i2_pct: float


@dataclass(frozen=True)
class WithSite:
    """The analysis of the first `sites` sites, of which `label` came last (Lau et al. 1992).

    A single site is its own pooled effect, with a normal interval and no heterogeneity to speak of.
    """

    label: str
    sites: int
    pooled: Estimate
    tau2: float
    i2_pct: float | NotComputable


@dataclass(frozen=True)
class ForestRow:
    """One line of a forest plot; `weight_pct` None in the lines below the sites."""

    label: str
    value: float
    interval: Interval
    weight_pct: float | None


@checked_arguments
def leave_one_out(analysis: MetaAnalysis) -> tuple[WithoutSite, ...]:
    """The same analysis, without moderators, k times without one site each. Needs 3 sites or more."""
    _without_moderators(analysis)
    if len(analysis.labels) < 3:
        raise EstimationError("analysis", "leaving one of fewer than 3 sites out leaves nothing to pool")
    return tuple(_without(analysis, place) for place in range(len(analysis.labels)))


@checked_arguments
def cumulative(analysis: MetaAnalysis, order: Sequence[int] | None = None) -> tuple[WithSite, ...]:
    """The same analysis, without moderators, of the first site, the first two, and so on to all k.

    order  places (from 0) of all k sites, as by year or by precision; as they were given without it
    """
    _without_moderators(analysis)
    count = len(analysis.labels)
    places = np.arange(count) if order is None else np.asarray(order)
    if sorted(places.tolist()) != list(range(count)):
        raise EstimationError("order", f"must name each of the places 0 to {count - 1} once")
    found = []
    for step, place in enumerate(places.astype(np.intp)):
        part = _refitted(analysis, places[: step + 1].astype(np.intp))
        found.append(WithSite(analysis.labels[place], step + 1, part.pooled, part.tau2, part.i2_pct))
    return tuple(found)


@checked_arguments
def leave_one_out_finding(analysis: MetaAnalysis) -> Finding:
    """Whether any single site decides on which side of significance the pooled effect lies.

    The number is the largest change of the pooled effect, in its unit, with its sign.
    """
    if len(analysis.labels) < 3:
        reason = too_few_sites()
        return Finding("caution", "leave_one_site_out", reason, reason.sentence_ko, reason.sentence_en)
    others = leave_one_out(analysis)
    changes = [other.pooled.value - analysis.pooled.value for other in others]
    place = int(np.argmax(np.abs(changes)))
    whole = analysis.pooled.inference.excludes_zero
    turning = [other.label for other in others if other.pooled.inference.excludes_zero != whole]
    change = f"{'+' if changes[place] > 0 else ''}{figure(changes[place])}"
    label = others[place].label
    without = with_particle(label, "을/를")
    ko = f"사업지를 하나씩 뺄 때 통합 효과는 {without} 뺄 때 가장 크게 변합니다(변화 {change})."
    en = f"Leaving one site out moves the pooled effect most for {label}: by {change}."
    if turning:
        ko += f" 다음 사업지를 빼면 결론이 바뀝니다: {', '.join(turning)}."
        en += f" Without one of these the conclusion changes: {', '.join(turning)}."
    return Finding("caution" if turning else "ok", "leave_one_site_out", changes[place], ko, en)


@checked_arguments
def egger(analysis: MetaAnalysis) -> Estimate:
    """Egger's regression (1997): how effects grow with their standard errors, as small-site bias makes them.

    Weighted least squares of the effect on its standard error, t with k - 2 degrees of freedom; the
    estimate is the slope. Needs 3 sites or more with standard errors that differ.
    """
    _without_moderators(analysis)
    sites = analysis.sites
    line = meta_analysis(
        sites.effects,
        sites.variances,
        moderators=np.sqrt(sites.variances),
        method="FE",
        test="hartung_knapp",
        alpha=analysis.alpha,
    )
    return line.coefficients[1]


@checked_arguments
def egger_finding(analysis: MetaAnalysis) -> Finding:
    """Egger's test as a finding; its number is the p-value. Below 10 sites no alarm is no reassurance."""
    if np.ptp(analysis.sites.variances) <= 1e-9 * analysis.sites.variances.max():
        alike = NotComputable(
            "sites_alike",
            "사업지의 표준오차가 모두 같아 작은 사업지의 치우침을 검정할 수 없습니다.",
            "All sites have the same standard error: whether smaller ones lean to one side cannot be tested.",
        )
        return Finding("caution", "small_site_effects", alike, alike.sentence_ko, alike.sentence_en)
    p_value = egger(analysis).inference.p_value
    if not isinstance(p_value, float):
        return Finding("caution", "small_site_effects", p_value, p_value.sentence_ko, p_value.sentence_en)
    if p_value <= 0.1:
        ko = "작은 사업지일수록 효과가 한쪽으로 치우칩니다: 선택적 보고를 의심해야 합니다."
        en = "Smaller sites report effects that lean to one side: selective reporting must be suspected."
        return Finding("caution", "small_site_effects", p_value, ko, en)
    if len(analysis.labels) < SMALL_SITES:
        ko = "사업지가 적어 작은 사업지의 치우침을 가려낼 힘이 거의 없습니다."
        en = "With so few sites a lean of the smaller ones could hardly be seen."
        return Finding("caution", "small_site_effects", p_value, ko, en)
    ko = "작은 사업지의 효과가 한쪽으로 치우친 흔적이 없습니다."
    en = "Smaller sites show no lean to one side."
    return Finding("ok", "small_site_effects", p_value, ko, en)


@checked_arguments
def forest(analysis: MetaAnalysis) -> tuple[ForestRow, ...]:
    """A line for each site (normal interval), then the pooled effect, then the prediction interval.

    A line without an interval is left out: the prediction where it is not computable.
    """
    _without_moderators(analysis)
    weights = analysis.sites.fit(analysis.tau2).weights
    rows = []
    for place, label in enumerate(analysis.labels):
        value = float(analysis.sites.effects[place])
        error = float(np.sqrt(analysis.sites.variances[place]))
        interval = wald(value, error, alpha=analysis.alpha, method="site").interval
        assert isinstance(interval, Interval)  # a sampling variance is above 0
        rows.append(ForestRow(label, value, interval, float(100 * weights[place] / weights.sum())))
    below = (("pooled", analysis.pooled.inference.interval), ("prediction", analysis.predict().interval))
    for label, found in below:
        if isinstance(found, Interval):
            rows.append(ForestRow(label, analysis.pooled.value, found, None))
    return tuple(rows)


def _without(analysis: MetaAnalysis, place: int) -> WithoutSite:
    rest = _refitted(analysis, np.flatnonzero(np.arange(len(analysis.labels)) != place))
    assert isinstance(rest.i2_pct, float)  # at least two sites are left
    return WithoutSite(analysis.labels[place], rest.pooled, rest.tau2, rest.q.statistic, rest.i2_pct)


def _refitted(analysis: MetaAnalysis, keep: IntArray) -> MetaAnalysis:
    """The same analysis of these sites; of one alone its effect as it stands."""
    weights, alone = analysis.sites.moment_weights, len(keep) == 1
    return meta_analysis(
        analysis.sites.effects[keep],
        analysis.sites.variances[keep],
        method="FE" if alone else analysis.method,
        test="z" if alone else analysis.test,
        solver=analysis.solver,
        moment_weights=None if alone or weights is None else weights[keep],
        alpha=analysis.alpha,
    )


def _without_moderators(analysis: MetaAnalysis) -> None:
    if analysis.names != ("intercept",):
        raise EstimationError(
            "analysis", "is about a pooled effect, so it takes an analysis without moderators"
        )
