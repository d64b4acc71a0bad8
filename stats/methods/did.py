"""The front door's difference-in-differences: estimate, event study, diagnostics, sensitivity."""

from __future__ import annotations

import numpy as np

from stats.checks import diagnostics
from stats.checks.noise import noise_unlike
from stats.cohorts import NEVER, IntArray
from stats.design import Design
from stats.differences.did import Clusters, two_way
from stats.differences.event_study import event_study
from stats.findings import Finding
from stats.methods import sensitivity_checks
from stats.methods.parts import Parts, first_columns, observed, placebo
from stats.methods.trend_checks import trend_checks
from stats.missing import Sample
from stats.numerics.fixed_effects import TwoWay, regress
from stats.panel import FloatArray
from stats.results import Estimate
from stats.staggered.bacon import bacon


def difference_in_differences(cells: Sample, design: Design, rng: np.random.Generator) -> Parts:
    """The two-way estimate.

    With several starts it still runs, because a locked plan must be carried out as it was locked; a finding
    then tells how much of it rests on units that were treated already. New plans take "staggered".
    """
    clusters, start = Clusters.of(cells, design, rng), min(cells.starts)
    result = two_way(cells, clusters, alpha=design.alpha)
    study = event_study(cells, clusters, alpha=design.alpha, unit=design.outcome_unit)
    findings = [
        *diagnostics.pre_trend(study),
        *trend_checks(
            cells,
            clusters,
            result.inference,
            unit=design.outcome_unit,
            unit_ko=design.outcome_unit_ko,
        ),
        diagnostics.treated_clusters(len(clusters.treated), result.inference, clusters.effective),
        *noise_unlike(cells, result.inference),
        *diagnostics.staggered(cells),
        *_forbidden(cells),
        *sensitivity_checks.balanced(cells),
        *sensitivity_checks.checks(cells, design, effect_of, result.inference),
    ]
    if result.placebos:
        findings.append(diagnostics.placebo_count(len(result.placebos), design.alpha))
    return Parts(
        effect=Estimate(result.effect, result.inference, design.outcome_unit),
        observed=observed(cells),
        treated=result.treated,
        counterfactual=result.counterfactual,
        event_study=study,
        placebos=tuple(placebo(one.unit, one.gaps, one.effect, start) for one in result.placebos),
        findings=tuple(findings),
    )


def _forbidden(cells: Sample) -> list[Finding]:
    """How much of the estimate compares with units that were treated already; it needs a complete panel."""
    if len(set(cells.starts)) == 1 or np.isnan(cells.panel.outcomes).any():
        return []
    return [bacon(cells.panel.outcomes, first_columns(cells), weights=cells.panel.weights).finding()]


def effect_of(outcomes: FloatArray, first_treated: IntArray) -> float:
    """The two-way coefficient of units that count alike."""
    own = first_treated < NEVER
    starts = np.unique(first_treated[own])
    if len(starts) == 1 and not np.isnan(outcomes).any():
        # On a complete panel with one start that is the difference of the changes of means.
        start = int(starts[0])
        changes = outcomes[:, start:].mean(axis=1) - outcomes[:, :start].mean(axis=1)
        return float(changes[own].mean() - changes[~own].mean())
    treated = np.arange(outcomes.shape[1]) >= first_treated[:, None]
    found = regress(TwoWay.of(~np.isnan(outcomes)), outcomes, treated.astype(np.float64)[None])
    return float(found.coefficients[0])
