"""Event study: treated against controls at each distance from the start, and the joint pre-trend test.

The regression is that of `stats.differences.did` with one indicator for every period relative to the start
but the last before it (-1), the reference (where no treated unit has a reading then, the last before that).
Long panels are cut into equal spells of periods instead, counted from the start both ways; the spell that
ends at -1 is the reference.

The leads are tested together. A Wald test of many leads with few treated clusters rejects nearly
always, so (a) the test is the small-sample "HTZ" F of Pustejovsky and Tipton (2018) on the CR2
covariance, and (b) where even that has too few degrees of freedom, neighbouring leads are averaged
into blocks and the blocks are tested; the result says into how many. With one treated cluster the
root mean square of its leads is ranked among the controls' in pretence.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from stats import reasons
from stats.clusters.clustered import CR2 as CR2Covariance
from stats.clusters.clustered import cr2
from stats.differences.did import ENOUGH_DOF, Clusters, effects_of, is_rounding, needs_placebos, pretences
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import CR2, TIE, placebo_difference, silent, student_t
from stats.missing import Sample
from stats.numerics.fixed_effects import Regression, regress
from stats.panel import BoolArray, FloatArray
from stats.results import Coefficient, Covariance, Estimate, EventStudy, JointTest

MOST_COEFFICIENTS = 48
"""Longer panels are cut into spells: a reader cannot tell more points apart."""
MOST_BLOCKS = 12
"""Blocks of leads in the joint test; more would spread its power over too many directions."""
FEWEST_DOF = 4.0
"""Denominator degrees of freedom that a joint test of more than one block must keep."""

_Told: TypeAlias = "tuple[dict[Spell, Estimate], JointTest | NotComputable, Covariance]"
HTZ = "htz"
PLACEBO_RANK = "placebo_rank"


@dataclass(frozen=True)
class Spell:
    """Periods `first` to `last` relative to the start (0: the first treated period)."""

    first: int
    last: int

    def holds(self, relative: FloatArray) -> BoolArray:
        """Where `relative` (any shape, NaN for controls) lies in the spell."""
        inside: BoolArray = (relative >= self.first) & (relative <= self.last)
        return inside


def event_study(
    sample: Sample, clusters: Clusters, *, alpha: float, unit: str = "", most: int = MOST_COEFFICIENTS
) -> EventStudy:
    """Coefficients by relative spell in `unit`, each with its inference, and the joint test of the leads.

    most: spells, beside a shorter one at either end; the covariance of the coefficients is the CR2 matrix.
    """
    spells = _spells(sample, most)
    reference = _reference(sample, spells)
    others = [spell for spell in spells if spell != reference]
    estimates: dict[Spell, Estimate] = {}
    test: JointTest | NotComputable = reasons.not_identified()
    covariance: Covariance = reasons.not_identified()
    # Cells may lack such that no reading tells a coefficient from the effects: then all stay silent.
    with suppress(EstimationError):
        found = _Estimated(sample, clusters, *_regression(sample, others), alpha, unit)
        told = found.among_placebos() if needs_placebos(clusters) else found.clustered()
        estimates, test, covariance = told
    return EventStudy(
        reference_first=reference.first,
        reference_last=reference.last,
        coefficients=tuple(
            Coefficient(spell.first, spell.last, estimates.get(spell, reasons.not_identified()))
            for spell in others
        ),
        pre_trend=test,
        covariance=covariance if len(estimates) == len(others) else reasons.not_identified(),
    )


@dataclass(frozen=True, eq=False)
class _Estimated:
    """The regression on the indicators of the identified `spells`."""

    sample: Sample
    clusters: Clusters
    spells: Sequence[Spell]
    regression: Regression
    alpha: float
    unit: str

    def clustered(self) -> _Told:
        """CR2 inference for each coefficient, and the HTZ test of the leads."""
        alpha, values = self.alpha, self.regression.coefficients
        alone = np.array([self._treated_clusters(spell) < 2 for spell in self.spells])
        if self.clusters.controls < 2 or alone.all():
            reason = reasons.one_treated_cluster() if alone.all() else reasons.too_few_control_clusters()
            silence = silent(CR2, alpha, reason)
            return (
                {
                    spell: Estimate(float(value), silence, self.unit)
                    for spell, value in zip(self.spells, values, strict=True)
                },
                reason,
                reason,
            )
        covariance = cr2(self.regression, self.clusters.number)
        errors = np.sqrt(np.diag(covariance.covariance))
        dofs, weights = covariance.dof(np.eye(len(values))), self.sample.panel.weights
        if weights is not None:
            # CR2 reads weights as inverse variances and would count one heavy cluster as many.
            dofs = np.minimum(dofs, self.clusters.effective - 1)
        estimates = {}
        for index, spell in enumerate(self.spells):
            if alone[index]:
                inference = silent(CR2, alpha, reasons.one_treated_cluster())
            elif is_rounding(float(errors[index]), self.sample.panel.outcomes):
                inference = silent(CR2, alpha, reasons.no_variation())
            elif weights is not None and dofs[index] < ENOUGH_DOF * (1 - 1e-9):
                inference = silent(CR2, alpha, reasons.few_treated())
            else:
                value, error, dof = (float(array[index]) for array in (values, errors, dofs))
                inference = student_t(value, error, dof, alpha=alpha, method=CR2)
            estimates[spell] = Estimate(float(values[index]), inference, self.unit)
        leads = [index for index, spell in enumerate(self.spells) if spell.last < 0 and not alone[index]]
        if any(is_rounding(float(errors[index]), self.sample.panel.outcomes) for index in leads):
            return estimates, reasons.no_variation(), reasons.no_variation()
        matrix: Covariance = (
            reasons.one_treated_cluster() if alone.any() else _triangle(covariance.covariance)
        )
        if weights is not None and self.clusters.effective - 1 < ENOUGH_DOF * (1 - 1e-9):
            return estimates, reasons.few_treated(), matrix
        return estimates, _joint_test(values, covariance, leads), matrix

    def among_placebos(self) -> _Told:
        """Each coefficient, and the size of all leads, ranked among the controls in pretence."""
        values = self.regression.coefficients
        rows = []
        for _, pretence in pretences(self.sample, self.clusters):
            # A control without a cell in the reference has no coefficients and is no placebo.
            with suppress(EstimationError):
                spells, regression = _regression(pretence, self.spells)
                place = {spell: float(b) for spell, b in zip(spells, regression.coefficients, strict=True)}
                rows.append([place.get(spell, np.nan) for spell in self.spells])
        placebos = np.array(rows).reshape(len(rows), len(values))
        estimates = {}
        for index, spell in enumerate(self.spells):
            known = placebos[~np.isnan(placebos[:, index]), index]
            inference = placebo_difference(float(values[index]), known, alpha=self.alpha)
            estimates[spell] = Estimate(float(values[index]), inference, self.unit)
        leads = np.array([spell.last < 0 for spell in self.spells])
        return estimates, _rank_test(values[leads], placebos[:, leads]), reasons.one_treated_cluster()

    def _treated_clusters(self, spell: Spell) -> int:
        inside = spell.holds(_relative(self.sample)) & ~np.isnan(self.sample.panel.outcomes)
        return len(set(self.clusters.number[inside.any(axis=1)].tolist()))


def _regression(sample: Sample, spells: Sequence[Spell]) -> tuple[list[Spell], Regression]:
    """On the spells in which a treated cell is; the others have no coefficient."""
    relative, present = _relative(sample), ~np.isnan(sample.panel.outcomes)
    indicators = {spell: spell.holds(relative) & present for spell in spells}
    met = [spell for spell, indicator in indicators.items() if indicator.any()]
    regressors = np.array([indicators[spell] for spell in met], dtype=np.float64)
    return met, regress(effects_of(sample.panel), sample.panel.outcomes, regressors)


def _relative(sample: Sample) -> FloatArray:
    """Units x periods: periods since the unit's start, NaN for controls."""
    periods = np.arange(len(sample.panel.periods), dtype=np.float64)
    relative = np.full((len(sample.panel.units), len(periods)), np.nan)
    relative[: len(sample.starts)] = periods - np.array(sample.starts)[:, None]
    return relative


def _triangle(matrix: FloatArray) -> tuple[tuple[float, ...], ...]:
    """The rows of a symmetric matrix, each as far as its diagonal."""
    return tuple(tuple(row[: place + 1]) for place, row in enumerate(matrix.tolist()))


def _spells(sample: Sample, most: int) -> list[Spell]:
    """Spells of equal length outward from the start; the outermost may be shorter."""
    leads = max(sample.starts)
    lags = len(sample.panel.periods) - min(sample.starts)
    length = -(-(leads + lags) // most)
    before = [Spell(max(-leads, last - length + 1), last) for last in range(-1, -leads - 1, -length)]
    after = [Spell(first, min(lags - 1, first + length - 1)) for first in range(0, lags, length)]
    return [*reversed(before), *after]


def _reference(sample: Sample, spells: list[Spell]) -> Spell:
    """The last spell before the start in which a treated cell is."""
    relative = _relative(sample)[~np.isnan(sample.panel.outcomes)]
    return max(
        (spell for spell in spells if spell.last < 0 and spell.holds(relative).any()),
        key=lambda spell: spell.last,
    )


def _joint_test(values: FloatArray, covariance: CR2Covariance, leads: list[int]) -> JointTest | NotComputable:
    if not leads:
        return reasons.no_leads()
    for blocks in range(min(len(leads), MOST_BLOCKS), 0, -1):
        contrasts = _block_means(leads, blocks, len(values))
        eta = covariance.joint_dof(contrasts)
        left = eta - blocks + 1
        if left >= (max(FEWEST_DOF, blocks) if blocks > 1 else 1.0):
            break
    else:
        return reasons.leads_exceed_clusters()
    from scipy.special import fdtrc

    means = values @ contrasts
    wald = float(means @ np.linalg.solve(contrasts.T @ covariance.covariance @ contrasts, means))
    statistic = left / (eta * blocks) * wald
    return JointTest(
        method=HTZ,
        statistic=statistic,
        dof_numerator=float(blocks),
        dof_denominator=left,
        p_value=float(fdtrc(blocks, left, statistic)),
        leads=len(leads),
        blocks=blocks,
    )


def _block_means(leads: list[int], blocks: int, coefficients: int) -> FloatArray:
    """Coefficients x blocks: each column averages neighbouring leads."""
    contrasts = np.zeros((coefficients, blocks))
    for column, block in enumerate(np.array_split(np.array(leads), blocks)):
        contrasts[block, column] = 1 / len(block)
    return contrasts


def _rank_test(leads: FloatArray, placebos: FloatArray) -> JointTest | NotComputable:
    if len(leads) == 0:
        return reasons.no_leads()
    complete = placebos[~np.isnan(placebos).any(axis=1)]
    if len(complete) == 0:
        return reasons.too_few_control_clusters()
    own = float(np.sqrt(np.mean(leads**2)))
    others = np.sqrt(np.mean(complete**2, axis=1))
    p_value = (1 + int(np.sum(others >= own * (1 - TIE)))) / (len(complete) + 1)
    return JointTest(
        method=PLACEBO_RANK,
        statistic=own,
        dof_numerator=None,
        dof_denominator=None,
        p_value=p_value,
        leads=len(leads),
        blocks=len(leads),
        placebos=len(complete),
    )
