"""What every method hands to the front door, before rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats import reasons
from stats.cohorts import NEVER, IntArray
from stats.differences.did import treatment
from stats.findings import Finding
from stats.missing import Sample
from stats.panel import OUTCOME, FloatArray
from stats.results import Component, Estimate, EventStudy, Evidence, Placebo, PredictorBalance, Weight


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of an evaluation that differ between methods.

    observed                  mean outcome of the treated cells, of which the effect is a part
    treated, counterfactual   T, NaN where there is nothing
    components                what the effect is made of, in its unit: cohorts, level and slope
    """

    effect: Estimate
    observed: float
    treated: FloatArray
    counterfactual: FloatArray
    evidence: Evidence = "comparison"
    event_study: EventStudy | None = None
    components: tuple[Component, ...] = ()
    placebos: tuple[Placebo, ...] = ()
    weights: tuple[Weight, ...] = ()
    predictors: tuple[PredictorBalance, ...] = ()
    findings: tuple[Finding, ...] = ()


def observed(cells: Sample) -> float:
    """Mean outcome of the treated cells, weighted as the estimate is."""
    present = treatment(cells) & ~np.isnan(cells.panel.outcomes)
    unit_weights = np.ones(len(present)) if cells.panel.weights is None else cells.panel.weights
    weights = np.where(present, unit_weights[:, None], 0.0)
    return float((weights * np.where(present, cells.panel.outcomes, 0.0)).sum() / weights.sum())


def first_columns(cells: Sample) -> IntArray:
    """Each unit's first treated column, `NEVER` for the controls."""
    return np.array([*cells.starts, *[NEVER] * len(cells.controls)], dtype=np.int64)


def treated_weights(cells: Sample) -> FloatArray:
    """Shares of the treated units in their mean, which sum to one."""
    count = len(cells.treated)
    weights = np.ones(count) if cells.panel.weights is None else cells.panel.weights[:count]
    shares: FloatArray = weights / weights.sum()
    return shares


def placebo(unit: str, gaps: FloatArray, effect: float, start: int) -> Placebo:
    """A control analysed as if treated from column `start` on, by its gaps (T, NaN where none)."""
    before, after = rms(gaps[:start]), rms(gaps[start:])
    return Placebo(
        unit=unit,
        gaps=tuple(None if np.isnan(gap) else float(gap) for gap in gaps),
        effect=effect,
        pre_rmspe=before,
        post_rmspe=after,
        ratio=after / before if before > 0 else reasons.perfect_pre_fit(),
    )


def before_the_start(cells: Sample) -> dict[str, FloatArray]:
    """Each unit's mean outcome and covariates before the first start, without those that a unit lacks."""
    start = min(cells.starts)
    found = {}
    for name, values in {OUTCOME: cells.panel.outcomes, **cells.panel.covariates}.items():
        present = ~np.isnan(values[:, :start])
        if present.any(axis=1).all():
            total = np.where(present, values[:, :start], 0.0).sum(axis=1)
            found[name] = total / present.sum(axis=1)
    return found


def rms(gaps: FloatArray) -> float:
    """Root mean square of what is there."""
    return float(np.sqrt(np.nanmean(gaps**2)))
