"""The front door for designs in which units are seen both ways: stepped wedge and switchback."""

from __future__ import annotations

import numpy as np

from stats.clusters.clustered import IntArray
from stats.design import Design, Switchback
from stats.differences.did import treatment
from stats.errors import EstimationError
from stats.methods.parts import Parts, first_columns, observed, treated_weights
from stats.missing import Sample
from stats.numerics.fixed_effects import TwoWay
from stats.panel import BoolArray, FloatArray
from stats.results import Estimate
from stats.trials.crossover import Crossover, stepped_wedge, switchback


def wedge(cells: Sample, design: Design, clusters: IntArray, rng: np.random.Generator) -> Parts:
    """The two-way coefficient, the starts dealt anew.

    The counterfactual is what unit and period effects, fitted on the untreated cells alone, predict: it has
    no value from the period on in which the last unit has crossed over.
    """
    found = stepped_wedge(
        cells.panel.outcomes,
        np.minimum(first_columns(cells), len(cells.panel.periods)),
        rng=rng,
        alpha=design.alpha,
        clusters=None if design.cluster is None else clusters,
    )
    treated, counterfactual = _untreated_path(cells)
    return _parts(found, design, observed(cells), treated, counterfactual)


def switched(cells: Sample, design: Design, told: Switchback, rng: np.random.Generator) -> Parts:
    """The coefficient of the switched treatment, its coins tossed anew.

    The series are of the units that switch; the counterfactual is their mean less the effect on the share of
    them that is treated in the period. Periods before the trial are left out of both.
    """
    periods = cells.panel.periods
    first = 0 if told.first is None else periods.index(told.first)
    outcomes = cells.panel.outcomes[:, first:]
    treated = np.zeros(outcomes.shape, dtype=bool)
    for row, unit in enumerate(cells.treated):
        treated[row] = np.isin(periods[first:], told.periods[unit])
    if told.length > outcomes.shape[1]:
        raise EstimationError("assignment.switchback.length", "is longer than the trial")
    found = switchback(
        outcomes,
        treated,
        length=told.length,
        rng=rng,
        alpha=design.alpha,
        together=told.together,
        tossed=told.tossed,
        washout=told.washout,
    )
    own = slice(0, len(cells.treated))
    mean = np.full(len(periods), np.nan)
    mean[first:] = outcomes[own].mean(axis=0)
    share = np.full(len(periods), np.nan)
    share[first:] = treated[own].mean(axis=0)
    return _parts(found, design, float(outcomes[treated].mean()), mean, mean - found.estimate * share)


def _parts(
    found: Crossover, design: Design, seen: float, treated: FloatArray, counterfactual: FloatArray
) -> Parts:
    return Parts(
        effect=Estimate(found.estimate, found.inference, design.outcome_unit),
        observed=seen,
        treated=treated,
        counterfactual=counterfactual,
        evidence="randomised",
    )


def _untreated_path(cells: Sample) -> tuple[FloatArray, FloatArray]:
    """Means of the treated units by period, and of what their untreated cells and the controls' predict."""
    count, outcomes = len(cells.treated), cells.panel.outcomes
    untreated: BoolArray = ~np.isnan(outcomes) & ~treatment(cells)
    # A unit without an untreated cell tells nothing of the periods, and has no prediction.
    rows: BoolArray = np.array(untreated.any(axis=1))
    path = TwoWay.of(untreated[rows]).period_effects(outcomes[rows])
    path = np.where(untreated.any(axis=0), path, np.nan)
    own = outcomes[:count]
    weights = np.where(np.isnan(own) | ~rows[:count, None], 0.0, treated_weights(cells)[:, None])
    levels = np.where(untreated[:count], own - path, np.nan)
    with np.errstate(invalid="ignore"):
        shift = np.nansum(levels, axis=1) / (~np.isnan(levels)).sum(axis=1)
        total = weights.sum(axis=0)
        treated = (weights * np.where(np.isnan(own), 0.0, own)).sum(axis=0) / total
        predicted = np.where(rows[:count, None], path + np.where(np.isnan(shift), 0.0, shift)[:, None], 0.0)
        return treated, (weights * predicted).sum(axis=0) / total
