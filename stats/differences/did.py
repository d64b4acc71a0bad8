"""Difference-in-differences by two-way fixed effects, with inference for few treated clusters.

y_it = unit_i + period_t + effect x [unit i is treated in period t] + error, weighted by unit where the
panel has weights. The reported inference depends on how many clusters are treated, for the common CR1
error with t(G - 1) rejects true nulls far too often where they are few: it forgets that the treated
residuals have been fitted and counts the many controls as if they told of the few treated.

- CR2 with Satterthwaite degrees of freedom where at least four of these are there (Bell and McCaffrey
  2002; Imbens and Kolesar 2016; Pustejovsky and Tipton 2018, who find fewer not to be relied upon).
- With fewer, usually two to four treated clusters: the effect among those of all re-assignments of the
  treated clusters' starts (`stats.clusters.reassignment`), where there are enough of them for the level.
- With weights, both without reading them as inverse variances (`stats.clusters.weighted_reassignment`).
- With one treated cluster no clustered error exists at all; each control cluster is analysed as if it
  had been treated, and the effect is ranked among those placebos (Conley and Taber 2011).

With staggered starts the two-way estimate weights effects unevenly and may use treated units
as controls (Goodman-Bacon 2021); `stats.evaluate` says so beside the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stats import reasons
from stats.clusters.clustered import IntArray, cr1, cr2
from stats.clusters.reassignment import can_be_dealt, deals, reassigned
from stats.clusters.weighted_reassignment import (
    effective_clusters,
    weighted_changes,
    weighted_deals,
    weighted_reassignment,
)
from stats.design import Design
from stats.inference import (
    CR1,
    CR2,
    PLACEBO_DIFFERENCE,
    Inference,
    drawn,
    placebo_difference,
    silent,
    student_t,
)
from stats.missing import Sample
from stats.numerics.fixed_effects import Regression, TwoWay, regress
from stats.panel import BoolArray, FloatArray, Panel

ENOUGH_DOF = 4
"""Below so many Satterthwaite degrees of freedom t tests are not reliable (Pustejovsky and Tipton 2018)."""


@dataclass(frozen=True, eq=False)
class PlaceboGap:
    """A control unit or cluster treated in pretence: `gaps` by period, `effect` by the same regression."""

    unit: str
    gaps: FloatArray
    effect: float


@dataclass(frozen=True, eq=False)
class DifferenceInDifferences:
    """The estimate on a sample.

    inference     the reported one: CR2, re-assignment of few treated clusters, placebos of one
    conventional  CR1 with t(G - 1), for comparison with other software
    treated, counterfactual   means over the treated units by period, NaN where no treated cell is
    placebos      filled where the reported inference ranks among them
    """

    effect: float
    inference: Inference
    conventional: Inference
    treated: FloatArray
    counterfactual: FloatArray
    placebos: tuple[PlaceboGap, ...]


@dataclass(frozen=True)
class Clusters:
    """The clusters of a sample.

    number    cluster of each unit of the sample, 0 to G-1
    names     of the clusters
    treated   numbers of those with a treated unit
    placebos  numbers of those that are analysed as if treated, or take part in re-assignment
    seed      of the re-assignments that are drawn
    effective number of treated clusters that count alike and would tell as much: fewer with unequal weights
    """

    number: IntArray
    names: tuple[str, ...]
    treated: frozenset[int]
    placebos: tuple[int, ...]
    seed: int
    effective: float

    @classmethod
    def of(cls, sample: Sample, design: Design, rng: np.random.Generator) -> Clusters:
        """The design's clusters, numbered in the order of the sample's units.

        Placebos are all control clusters, or as many as `drawn` allows.
        """
        labels = [design.cluster_of(unit) for unit in sample.panel.units]
        names = tuple(dict.fromkeys(labels))
        number = np.array([names.index(label) for label in labels], dtype=np.intp)
        treated = frozenset(int(n) for n in number[: len(sample.treated)])
        controls = [n for n in range(len(names)) if n not in treated]
        placebos = tuple(controls[place] for place in drawn(len(controls), rng))
        own, weights = number[: len(sample.treated)], sample.panel.weights
        effective = len(treated) if weights is None else effective_clusters(weights[: len(own)], own)
        return cls(number, names, treated, placebos, int(rng.integers(2**63)), float(effective))

    @property
    def controls(self) -> int:
        """Number of clusters without a treated unit."""
        return len(self.names) - len(self.treated)


def treatment(sample: Sample) -> BoolArray:
    """Units x periods: whether the unit is treated in the period (an absorbing state)."""
    periods = np.arange(len(sample.panel.periods))
    treated = periods >= np.array(sample.starts)[:, None]
    return np.vstack([treated, np.zeros((len(sample.controls), len(periods)), dtype=bool)])


def two_way(sample: Sample, clusters: Clusters, *, alpha: float) -> DifferenceInDifferences:
    """The two-way fixed-effects estimate of `sample` with (1 - alpha) intervals."""
    regression = regress(effects_of(sample.panel), sample.panel.outcomes, _regressor(treatment(sample)))
    effect = float(regression.coefficients[0])
    pretended = tuple(_placebos(sample, clusters)) if needs_placebos(clusters) else ()
    treated, counterfactual = paths(sample.panel, sample.starts)
    return DifferenceInDifferences(
        effect=effect,
        inference=_reported(regression, sample, clusters, pretended, alpha),
        conventional=_conventional(regression, sample, clusters, alpha),
        treated=treated,
        counterfactual=counterfactual,
        placebos=pretended,
    )


def needs_placebos(clusters: Clusters) -> bool:
    """Whether no clustered error exists because one cluster alone is treated."""
    return len(clusters.treated) == 1 and clusters.controls > 1


def pretences(sample: Sample, clusters: Clusters) -> Iterator[tuple[str, Sample]]:
    """Each control cluster as if its units had been treated, with the truly treated units left out.

    The pretended start is that of the truly treated, the earliest where the one treated cluster has
    several. Clusters without a cell on each side of it, or the last control, are passed over.
    """
    start = min(sample.starts)
    for number in clusters.placebos:
        chosen = [unit for unit, n in zip(sample.panel.units, clusters.number, strict=True) if n == number]
        others = tuple(unit for unit in sample.controls if unit not in chosen)
        panel = sample.panel.rows((*chosen, *others))
        present = ~np.isnan(panel.outcomes[: len(chosen)])
        if not (others and present[:, :start].any() and present[:, start:].any()):
            continue
        yield (
            clusters.names[number],
            Sample(
                panel=panel,
                treated=tuple(chosen),
                starts=(start,) * len(chosen),
                controls=others,
                dropped_units=(),
                dropped_periods=(),
                coverage=sample.coverage,
            ),
        )


def _placebos(sample: Sample, clusters: Clusters) -> Iterator[PlaceboGap]:
    for name, pretence in pretences(sample, clusters):
        regressor = _regressor(treatment(pretence))
        regression = regress(effects_of(pretence.panel), pretence.panel.outcomes, regressor)
        treated, counterfactual = paths(pretence.panel, pretence.starts)
        gaps, start = treated - counterfactual, pretence.starts[0]
        if all(np.isfinite(side).any() for side in (gaps[:start], gaps[start:])):
            yield PlaceboGap(name, gaps, float(regression.coefficients[0]))


def _reported(
    regression: Regression,
    sample: Sample,
    clusters: Clusters,
    pretended: tuple[PlaceboGap, ...],
    alpha: float,
) -> Inference:
    effect = float(regression.coefficients[0])
    if needs_placebos(clusters):
        return placebo_difference(effect, np.array([placebo.effect for placebo in pretended]), alpha=alpha)
    if len(clusters.treated) == 1:
        return silent(PLACEBO_DIFFERENCE, alpha, reasons.one_treated_cluster())
    if clusters.controls < 2:
        return silent(CR2, alpha, reasons.too_few_control_clusters())
    if sample.panel.weights is not None:
        return _weighted(regression, sample, sample.panel.weights, clusters, alpha)
    corrected = cr2(regression, clusters.number)
    error = float(np.sqrt(corrected.covariance[0, 0]))
    if is_rounding(error, sample.panel.outcomes):
        return silent(CR2, alpha, reasons.no_variation())
    dof = float(corrected.dof(np.eye(1))[0])
    if dof < ENOUGH_DOF and _can_be_reassigned(sample, clusters, alpha):
        return reassigned(
            regression.effects,
            sample.panel.outcomes,
            treatment(sample),
            clusters.number,
            clusters.placebos,
            alpha=alpha,
            rng=np.random.default_rng(clusters.seed),
        )
    return student_t(effect, error, dof, alpha=alpha, method=CR2)


def _weighted(
    regression: Regression, sample: Sample, weights: FloatArray, clusters: Clusters, alpha: float
) -> Inference:
    """CR2 whose working model leaves the weights out, or ranks where that has too few degrees of freedom."""
    outcomes, treated = sample.panel.outcomes, treatment(sample)
    complete, number = not np.isnan(outcomes).any(), clusters.number
    whole = complete and can_be_dealt(treated, number)
    if whole and len(set(sample.starts)) == 1:
        count = len(sample.treated)
        corrected = weighted_changes(outcomes, sample.starts[0], count, weights, number)
        inference = corrected.inference(0, alpha=alpha)
        if (inference.dof or 0.0) >= ENOUGH_DOF:
            return inference
    indicator = treated.astype(np.float64)
    if whole and weighted_deals(indicator, weights, number) * alpha >= 1:
        rng = np.random.default_rng(clusters.seed)
        return weighted_reassignment(outcomes, indicator, weights, number, alpha=alpha, rng=rng)
    # With gaps, or clusters of several starts, no deal compares alike: the shares bound what is known.
    model = cr2(regression, number)
    error, dof = (
        float(np.sqrt(model.covariance[0, 0])),
        min(float(model.dof(np.eye(1))[0]), clusters.effective - 1),
    )
    if is_rounding(error, outcomes):
        return silent(CR2, alpha, reasons.no_variation())
    if dof < ENOUGH_DOF:
        return silent(CR2, alpha, reasons.few_treated())
    return student_t(float(regression.coefficients[0]), error, dof, alpha=alpha, method=CR2)


def _can_be_reassigned(sample: Sample, clusters: Clusters, alpha: float) -> bool:
    treated, number = treatment(sample), clusters.number
    return can_be_dealt(treated, number) and deals(treated, number, clusters.placebos) * alpha >= 1


def _conventional(regression: Regression, sample: Sample, clusters: Clusters, alpha: float) -> Inference:
    if len(clusters.treated) == 1:
        return silent(CR1, alpha, reasons.one_treated_cluster())
    error = float(np.sqrt(cr1(regression, clusters.number)[0, 0]))
    if is_rounding(error, sample.panel.outcomes):
        return silent(CR1, alpha, reasons.no_variation())
    effect = float(regression.coefficients[0])
    return student_t(effect, error, len(clusters.names) - 1, alpha=alpha, method=CR1)


def is_rounding(error: float, outcomes: FloatArray) -> bool:
    """Whether a standard error is no more than rounding noise of outcomes that the model fits exactly."""
    return not error > 1e-13 * float(np.nanmax(np.abs(outcomes)))


def effects_of(panel: Panel) -> TwoWay:
    """The projection off unit and period effects for the cells and weights of `panel`."""
    return TwoWay.of(~np.isnan(panel.outcomes), panel.weights)


def _regressor(treated: BoolArray) -> FloatArray:
    return treated.astype(np.float64)[None]


def paths(panel: Panel, starts: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Treated means by period, and the same means if each treated unit had moved like the controls.

    The control path (on a complete panel the mean of the controls, else their fitted period effects) is
    shifted to each treated unit's own level before its start. On a complete panel with one start the
    mean gap after the start is the two-way estimate.
    """
    first = len(starts)
    outcomes = panel.outcomes[:first]
    present = ~np.isnan(outcomes)
    weights = np.ones(len(panel.units)) if panel.weights is None else panel.weights
    path = TwoWay.of(~np.isnan(panel.outcomes[first:]), weights[first:]).period_effects(
        panel.outcomes[first:]
    )
    path = np.where(np.isnan(panel.outcomes[first:]).all(axis=0), np.nan, path)
    before = np.arange(outcomes.shape[1]) < np.array(starts)[:, None]
    differences = np.where(before & present & ~np.isnan(path), outcomes - path, np.nan)
    with np.errstate(invalid="ignore"):
        shift = np.nansum(differences, axis=1) / (~np.isnan(differences)).sum(axis=1)
        cells = np.where(present, weights[:first, None], 0.0)
        total = cells.sum(axis=0)
        treated = (cells * np.where(present, outcomes, 0.0)).sum(axis=0) / total
        counterfactual = (cells * (path + shift[:, None])).sum(axis=0) / total
    return treated, counterfactual
