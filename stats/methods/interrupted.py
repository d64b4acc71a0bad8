"""The front door without controls, or with a control series alone: interrupted time series."""

from __future__ import annotations

import numpy as np

from stats.design import Design
from stats.errors import EstimationError
from stats.methods.parts import Parts, treated_weights
from stats.missing import Sample
from stats.results import Component
from stats.time_series.interrupted import interrupted_time_series
from stats.time_series.interrupted_design import Season

MOST_DUMMIES = 12
"""Longer cycles are followed by sines and cosines: a dummy for each week of a year fits noise."""
HARMONICS = 2
"""Pairs of them: a yearly and a half-yearly wave."""


def interrupted(cells: Sample, design: Design, _: np.random.Generator) -> Parts:
    """Segmented regression of the treated mean with autoregressive errors; nothing here is random.

    The effect is the mean change over the periods from the start on, level and slope together. With
    controls their mean is the control series, which raises the evidence, though not to that of a comparison.
    """
    start, count = cells.starts[0], len(cells.treated)
    treated = np.einsum("j,jt->t", treated_weights(cells), cells.panel.outcomes[:count])
    control = cells.panel.outcomes[count:].mean(axis=0) if cells.controls else None
    found = interrupted_time_series(
        treated,
        start,
        season=None if design.season is None else _season(design.season, start),
        control=control,
        alpha=design.alpha,
        unit=design.outcome_unit,
    )
    components = [Component("level", "", found.level)]
    if found.slope is not None:
        components.append(Component("slope", "", found.slope))
    return Parts(
        effect=found.average,
        observed=float(treated[start:].mean()),
        treated=treated,
        counterfactual=found.counterfactual,
        evidence=found.evidence,
        components=tuple(components),
        findings=found.findings,
    )


def _season(period: int, before: int) -> Season:
    if before < period:
        raise EstimationError("season", f"a cycle of {period} is not seen once in {before} periods before")
    return Season(period) if period <= MOST_DUMMIES else Season(period, HARMONICS)
