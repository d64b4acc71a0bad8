"""The front door for staggered starts: group-time effects, doubly robust, with imputation beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from stats import reasons
from stats.checks import diagnostics
from stats.checks.noise import noise_unlike
from stats.checks.sensitivity import Analysis
from stats.checks.sensitivity_findings import SMALL_CHANGE
from stats.clusters.weighted_reassignment import effective_clusters
from stats.cohorts import NEVER, IntArray
from stats.design import Design
from stats.differences.did import ENOUGH_DOF
from stats.errors import EstimationError, StatisticsError
from stats.findings import Finding, NotComputable
from stats.inference import Inference, silent
from stats.methods import sensitivity_checks
from stats.methods.parts import Parts, first_columns, observed, treated_weights
from stats.missing import Sample
from stats.panel import FloatArray
from stats.particles import with_particle
from stats.results import Coefficient, Component, Estimate, EventStudy, JointTest
from stats.staggered.aggregation import Aggregation, aggregate
from stats.staggered.group_time import GroupTimeEffects, group_time_effects
from stats.staggered.imputation import impute
from stats.staggered.ranked_leads import ranked_leads
from stats.staggered.reassigned_starts import reassigned_starts, repeated_starts
from stats.words import figure, percent

WINDOW = 24
"""Periods on each side of the start that the event study shows."""
ENOUGH_EFFECTIVE = 10
"""Effective treated clusters from which errors of unequal weights are trusted; below, effects are ranked."""


def staggered(cells: Sample, design: Design, rng: np.random.Generator) -> Parts:
    """The mean effect over all treated cells (`simple`), by cohort, and by time since the start.

    Errors are corrected for small cohorts, with Satterthwaite's degrees of freedom. With fewer than four of
    those, or weights by which the treated count as fewer than `ENOUGH_EFFECTIVE`, the effect is ranked among
    those of deals of the starts (and weights), where enough are possible.
    """
    found = effects_of(cells, design, base="universal")
    overall = aggregate(found, "simple", skip_missing=True)
    inference = reported(cells, design, found, overall, rng)
    known = effective(cells, design)
    few = len(cells.treated) < diagnostics.ENOUGH_TREATED and design.cluster is None
    few = few or (cells.panel.weights is not None and known < ENOUGH_EFFECTIVE)
    test = _pre_test(cells, design, found, few=few, rng=rng)
    study = _study(found, test, design, few=few)
    clusters = {design.cluster_of(unit) for unit in cells.treated}
    findings = [
        *diagnostics.pre_trend(study),
        diagnostics.treated_clusters(
            len(clusters), inference, known if cells.panel.weights is not None else None
        ),
        *noise_unlike(cells, inference),
        found.small_cohorts(),
        *_imputed(cells, design, overall.overall),
        *sensitivity_checks.balanced(cells),
        *sensitivity_checks.checks(cells, design, _simple(design), inference, periods=False),
    ]
    if found.missing:
        findings.append(_missing_cells(len(found.missing)))
    treated, gap = _paths(cells, found)
    return Parts(
        effect=Estimate(overall.overall, inference, design.outcome_unit),
        observed=observed(cells),
        treated=treated,
        counterfactual=treated - gap,
        event_study=study,
        components=_cohorts(found, cells.panel.periods, design, few=few),
        findings=tuple(findings),
    )


def effects_of(
    cells: Sample,
    design: Design,
    *,
    base: str,
    outcomes: FloatArray | None = None,
    first_treated: IntArray | None = None,
    weights: FloatArray | None = None,
) -> GroupTimeEffects:
    """Those of the sample, or of other outcomes, starts and weights of its units."""
    panel = cells.panel
    covariates = [panel.covariates[name] for name in design.covariates]
    labels = [design.cluster_of(unit) for unit in panel.units]
    return group_time_effects(
        panel.outcomes if outcomes is None else outcomes,
        first_columns(cells) if first_treated is None else first_treated,
        covariates=np.stack(covariates, axis=2) if covariates else None,
        weights=panel.weights if weights is None else weights,
        clusters=None if design.cluster is None else np.unique(labels, return_inverse=True)[1],
        control_group=design.control_group,
        base_period="universal" if base == "universal" else "varying",
        anticipation=design.anticipation,
        unbalanced="pairs" if design.missing == "available" else "refuse",
    )


def _simple(design: Design) -> Analysis:
    """The same estimate from outcomes and starts alone, for the sensitivity checks."""

    def effect(outcomes: FloatArray, first_treated: IntArray) -> float:
        found = group_time_effects(
            outcomes,
            first_treated,
            control_group=design.control_group,
            unbalanced="pairs" if design.missing == "available" else "refuse",
        )
        # As `simple`, without the errors, which cost most.
        taken = found.post & found.computable
        shares = found.shares[np.searchsorted(found.starts, found.groups[taken])]
        return float((shares * found.effects[taken]).sum() / shares.sum())

    return effect


def reported(
    cells: Sample, design: Design, found: GroupTimeEffects, overall: Aggregation, rng: np.random.Generator
) -> Inference:
    """The inference on the `simple` summary `overall` of `found`, see `staggered`."""
    corrected = overall.inference(alpha=design.alpha, small_sample=True)
    weights, clusters = cells.panel.weights, found.influence.clusters
    enough = weights is None or effective(cells, design) >= ENOUGH_EFFECTIVE
    if (corrected.dof or 0.0) >= ENOUGH_DOF and enough:
        return corrected
    outcomes, first, alpha = cells.panel.outcomes, first_columns(cells), design.alpha
    plain = weights is None and not design.covariates and not np.isnan(outcomes).any()
    try:
        if plain:
            return reassigned_starts(outcomes, first, found, rng=rng, alpha=alpha, clusters=clusters)
        again = _overall(cells, design)
        # Clusters are no units of one weight: their starts alone are dealt.
        dealt = weights if clusters is None else None
        return repeated_starts(outcomes, first, again, rng=rng, alpha=alpha, clusters=clusters, weights=dealt)
    except EstimationError:
        # A cluster with several starts cannot be dealt as one.
        return corrected if enough else silent(corrected.method, alpha, reasons.few_treated())


def effective(cells: Sample, design: Design) -> float:
    """How many treated clusters that count alike would tell as much as those with their weights."""
    number = np.unique([design.cluster_of(unit) for unit in cells.treated], return_inverse=True)[1]
    return effective_clusters(treated_weights(cells), number)


def _overall(cells: Sample, design: Design) -> Callable[..., float]:
    """The reported estimate, with all that the design names, from outcomes, starts and other weights."""

    def effect(outcomes: FloatArray, first_treated: IntArray, weights: FloatArray | None = None) -> float:
        found = effects_of(
            cells,
            design,
            base="universal",
            outcomes=outcomes,
            first_treated=first_treated,
            weights=weights,
        )
        return aggregate(found, "simple", skip_missing=True).overall

    return effect


def _study(
    found: GroupTimeEffects, test: JointTest | NotComputable, design: Design, *, few: bool
) -> EventStudy:
    """Effects by time since the start and the test of the leads."""
    reference = -1 - design.anticipation
    dynamic = aggregate(found, "dynamic", first=-WINDOW, last=WINDOW - 1, skip_missing=True)
    coefficients = tuple(
        Coefficient(int(label), int(label), _estimate(dynamic, place, design, few=few))
        for place, label in enumerate(dynamic.labels)
        if label != reference
    )
    return EventStudy(reference, reference, coefficients, test)


def _pre_test(
    cells: Sample, design: Design, found: GroupTimeEffects, *, few: bool, rng: np.random.Generator
) -> JointTest | NotComputable:
    """The Wald test, or where the treated clusters are too few for so many leads, the leads' rank."""
    if not few:
        varying = effects_of(cells, design, base="varying")
        test = varying.pre_test()
        most = varying.treated_clusters(varying.starts) // 2
        if isinstance(test, JointTest) and test.leads <= most:
            return test
    if not cells.controls:
        return reasons.too_few_control_clusters()
    panel, first = cells.panel.rows(cells.controls), first_columns(cells)
    never = replace(cells, panel=panel)
    alike = panel.weights is None and design.cluster is None and not design.covariates
    return ranked_leads(
        found,
        panel.outcomes,
        first,
        lambda deal: effects_of(never, design, base="universal", first_treated=deal),
        reference=-1 - design.anticipation,
        window=WINDOW,
        alike=alike and not np.isnan(cells.panel.outcomes).any(),
        rng=rng,
        clusters=found.influence.clusters,
    )


def _estimate(found: Aggregation, place: int, design: Design, *, few: bool) -> Estimate:
    inference = found.inference(place, alpha=design.alpha, small_sample=True)
    if few or found.treated[place] < diagnostics.ENOUGH_TREATED:
        inference = silent(inference.method, design.alpha, reasons.few_treated())
    return Estimate(float(found.effects[place]), inference, design.outcome_unit)


def _cohorts(
    found: GroupTimeEffects, periods: Sequence[str], design: Design, *, few: bool
) -> tuple[Component, ...]:
    """The mean effect on each cohort over its treated periods."""
    each = aggregate(found, "group", skip_missing=True, share_errors="exact")
    return tuple(
        Component("cohort", periods[int(label)], _estimate(each, place, design, few=few))
        for place, label in enumerate(each.labels)
    )


def _imputed(cells: Sample, design: Design, effect: float) -> list[Finding]:
    """The imputation estimate of the same mean (Borusyak, Jaravel, Spiess 2024), as a second opinion."""
    first = first_columns(cells)
    earlier = np.where(first == NEVER, first, first - design.anticipation)
    try:
        found = impute(
            cells.panel.outcomes,
            earlier,
            weights=cells.panel.weights,
            gaps="keep" if design.missing == "available" else "refuse",
        )
    except StatisticsError:
        return []
    other = float(found.effects[0])
    share = abs(other - effect) / abs(effect) if effect else reasons.no_effect_to_compare()
    if isinstance(share, NotComputable):
        return [Finding("caution", "imputation", share, share.sentence_ko, share.sentence_en)]
    return [
        Finding(
            "ok" if share <= SMALL_CHANGE else "caution",
            "imputation",
            share,
            f"대체 추정법(대입법)의 추정치는 {with_particle(figure(other), '으로/로')}, "
            f"보고한 효과와 {percent(share)} 다릅니다.",
            f"The imputation estimator gives {figure(other)}, {percent(share)} from the reported effect.",
        )
    ]


def _missing_cells(count: int) -> Finding:
    return Finding(
        "caution",
        "cells_without_effect",
        float(count),
        f"비교할 대조 구역이 없어 효과를 계산하지 못한 시행 집단×기간 칸이 {count}개 있습니다.",
        f"{count} cohort-period cells have no effect, for want of comparable controls.",
    )


def _paths(cells: Sample, found: GroupTimeEffects) -> tuple[FloatArray, FloatArray]:
    """The treated mean by period, and its gap: the cohorts' effects in that period by size."""
    rows = slice(0, len(cells.treated))
    outcomes, width = cells.panel.outcomes[rows], len(cells.panel.periods)
    weights = np.where(np.isnan(outcomes), 0.0, treated_weights(cells)[:, None])
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore"):
        treated = (weights * np.where(np.isnan(outcomes), 0.0, outcomes)).sum(axis=0) / total
    gaps, shares = np.zeros(width), np.zeros(width)
    size = dict(zip(found.starts.tolist(), found.shares.tolist(), strict=True))
    for cell, (group, period) in enumerate(zip(found.groups.tolist(), found.periods.tolist(), strict=True)):
        if cell not in found.missing:
            gaps[period] += size[group] * found.effects[cell]
            shares[period] += size[group]
    with np.errstate(invalid="ignore"):
        return treated, gaps / np.where(shares > 0, shares, np.nan)
