"""Treated cells with their imputed effects, averages of those, and their conservative errors.

The weights v that an average puts on every cell's outcome follow from the normal equations of the fit
to untreated cells, without a row for each of the fixed effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.cohorts import Cohorts, IntArray
from stats.differences.doubly_robust import normal
from stats.errors import EstimationError, PanelError
from stats.inference import Inference, silent
from stats.panel import BoolArray, FloatArray
from stats.staggered.untreated_outcomes import Coefficients, UntreatedFit, sum_by

Average = Literal["overall", "horizon", "group", "calendar"]
Alike = Literal["cohort_period", "horizon", "estimate"]
Unreachable = Literal["refuse", "drop"]

METHOD = "imputation_conservative_normal"


@dataclass(frozen=True, eq=False)
class ImputedEffects:
    """M averages of the effects on treated cells.

    labels           int64, M: 0 for overall; periods since the start; first treated columns; columns
    effects          float64, M, in the outcome's unit
    standard_errors  float64, M
    cells            int64, M: how many treated cells each averages
    treated          int64, M: how many clusters those are in
    influence        float64, clusters x M: what each cluster adds to the error of the average; the
                     standard error is the root of the sum of its squares
    """

    average: Average
    labels: IntArray
    effects: FloatArray
    standard_errors: FloatArray
    cells: IntArray
    treated: IntArray
    influence: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """M x M, of the averages."""
        return self.influence.T @ self.influence

    def inference(self, place: int = 0, *, alpha: float) -> Inference:
        """Normal inference for one average; silent for one treated cluster."""
        error = float(self.standard_errors[place])
        if self.treated[place] < 2:
            return silent(METHOD, alpha, reasons.one_treated_cluster())
        if not error > 0:
            return silent(METHOD, alpha, reasons.no_variation())
        return normal(float(self.effects[place]), error, alpha=alpha, method=METHOD)


@dataclass(frozen=True, eq=False)
class Imputed:
    """Cohorts with their treated cells' effects and untreated cells' residuals.

    Units whose weights v are proportional share a profile: a cohort where nothing else tells units
    apart, else each unit is its own.

    profiles  int64, n: 0..P-1
    fit       over the P profiles
    left      n x T: outcome less imputed or fitted value, 0 where absent
    treated   n x T: the treated cells in use
    weights   n, mean one
    """

    cohorts: Cohorts
    profiles: IntArray
    fit: UntreatedFit
    left: FloatArray
    treated: BoolArray
    weights: FloatArray

    @classmethod
    def of(cls, cohorts: Cohorts, unit_effects: npt.ArrayLike | None, unreachable: Unreachable) -> Imputed:
        count = len(cohorts.rows)
        weights = np.ones(count) if cohorts.weights is None else cohorts.weights / cohorts.weights.mean()
        present = ~np.isnan(cohorts.outcomes)
        if cohorts.covariates is None and unit_effects is None and present.all():
            profiles, fit, left = _fit_cohorts(cohorts, weights)
        else:
            profiles, fit, left = _fit_units(cohorts, weights, present, unit_effects)
        treated = cohorts.treated_cells & present
        reached = treated & fit.reachable[profiles]
        if not np.array_equal(reached, treated):
            if unreachable == "refuse":
                row, column = (int(place) for place in np.argwhere(treated & ~reached)[0])
                raise PanelError(
                    "outcomes",
                    "cannot be imputed: its unit or its period has no untreated reading",
                    unit=str(int(cohorts.rows[row])),
                    period=str(column),
                )
            if not reached.any():
                raise EstimationError("outcomes", "no treated cell can be imputed")
        left[~(reached | (present & ~treated))] = 0.0
        return cls(cohorts, profiles, fit, left, reached, weights)

    def averages(self, average: Average, alike: Alike, leave_one_out: bool) -> ImputedEffects:
        """The averages, and what each cluster adds to their errors."""
        rows, columns = np.nonzero(self.treated)
        start = self.cohorts.first_treated[rows]
        since = columns - start
        own = {"overall": np.zeros_like(rows), "horizon": since, "group": start, "calendar": columns}
        labels, place = _numbered(own[average])
        weight, effect = self.weights[rows], self.left[rows, columns]
        total = np.bincount(place, weights=weight).astype(np.float64)
        effects = np.bincount(place, weights=weight * effect) / total
        mean = effects[place]
        if alike != "estimate":
            kin = (
                since * len(labels) + place if alike == "horizon" else start * self.treated.shape[1] + columns
            )
            mean = self._common(rows, kin, weight**2, effect, leave_one_out)
        cells = _Treated(rows, columns, place, weight / total[place], effect - mean, len(labels))
        adding = self._adding(cells)
        return ImputedEffects(
            average=average,
            labels=labels,
            effects=effects,
            standard_errors=np.sqrt(np.sum(adding**2, axis=0)),
            cells=np.bincount(place).astype(np.int64),
            treated=self._treated_clusters(cells),
            influence=adding,
        )

    def _common(
        self, rows: IntArray, kin: IntArray, square: FloatArray, effect: FloatArray, leave_one_out: bool
    ) -> FloatArray:
        """For each treated cell the mean effect of its kin, by squared weight, as didimputation has it."""
        whole, sums = np.bincount(kin, weights=square), np.bincount(kin, weights=square * effect)
        if not leave_one_out:
            mean: FloatArray = (sums / np.where(whole > 0, whole, 1.0))[kin]
            return mean
        cluster = rows if self.cohorts.clusters is None else self.cohorts.clusters[rows]
        pair = np.unique(kin * (int(cluster.max()) + 1) + cluster, return_inverse=True)[1]
        rest = whole[kin] - np.bincount(pair, weights=square)[pair]
        if (rest <= 1e-12 * whole[kin]).any():
            raise EstimationError("leave_one_out", "a mean effect rests on one cluster: nothing is left")
        others: FloatArray = (sums[kin] - np.bincount(pair, weights=square * effect)[pair]) / rest
        return others

    def _imputing(self, cells: _Treated) -> Coefficients:
        """How imputation weighs untreated cells in each average: the coefficients of their weights."""
        fit, count = self.fit, cells.count
        width = self.treated.shape[1]
        group = fit.groups[self.profiles[cells.rows]]
        by_group = cells.sums(group, len(fit.total), cells.share)
        by_period = cells.sums(cells.columns, width, cells.share)
        by_covariate = np.zeros((fit.covariates.shape[2], count))
        for number in range(len(by_covariate)):
            values = fit.covariates[self.profiles[cells.rows], cells.columns, number]
            by_covariate[number] = cells.sums(np.zeros_like(cells.rows), 1, cells.share * values)[0]
        return fit.solve(by_group, by_period, by_covariate)

    def _treated_clusters(self, cells: _Treated) -> IntArray:
        clusters = self.cohorts.clusters
        codes = cells.rows if clusters is None else clusters[cells.rows]
        met = cells.sums(codes, int(codes.max()) + 1, np.ones(len(codes))) > 0
        counts: IntArray = met.sum(axis=0).astype(np.int64)
        return counts

    def _adding(self, cells: _Treated) -> FloatArray:
        """Clusters x M: sums of v times the residual."""
        fit, imputing = self.fit, self._imputing(cells)
        untreated = np.where(self.cohorts.treated_cells, 0.0, self.left)
        if self.cohorts.weights is not None:
            untreated *= self.weights[:, None]
        # v of an untreated cell is minus its weight times (a_group + b_period + x'c).
        adding = cells.sums(cells.rows, len(self.weights), cells.share * cells.centred)
        adding -= untreated @ imputing.period
        adding -= untreated.sum(axis=1, keepdims=True) * imputing.group[fit.groups[self.profiles]]
        if fit.covariates.shape[2]:
            adding -= np.einsum("itk,it->ik", fit.covariates[self.profiles], untreated) @ imputing.covariate
        return adding if self.cohorts.clusters is None else sum_by(self.cohorts.clusters, adding)


@dataclass(frozen=True, eq=False)
class _Treated:
    """Treated cells: where, in which of `count` averages, with what share, and the effect less its mean."""

    rows: IntArray
    columns: IntArray
    place: IntArray
    share: FloatArray
    centred: FloatArray
    count: int

    def sums(self, codes: IntArray, length: int, values: FloatArray) -> FloatArray:
        """length x count: of `values` by code and average."""
        flat = np.bincount(codes * self.count + self.place, weights=values, minlength=length * self.count)
        return flat.astype(np.float64).reshape(length, self.count)


def _numbered(values: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct values in order, and which of them each is, without sorting."""
    lowest = int(values.min())
    met = np.bincount(values - lowest) > 0
    place = np.cumsum(met) - 1
    return np.flatnonzero(met) + lowest, place[values - lowest]


def _fit_cohorts(cohorts: Cohorts, weights: FloatArray) -> tuple[IntArray, UntreatedFit, FloatArray]:
    """Nothing missing and no covariates: the cohorts' means determine the effects of the periods."""
    starts, profiles = np.unique(cohorts.first_treated, return_inverse=True)
    profiles = profiles.astype(np.int64)
    width = cohorts.outcomes.shape[1]
    untreated = np.arange(width) < starts[:, None]
    total = np.bincount(profiles, weights=weights).astype(np.float64)
    centred = cohorts.outcomes - cohorts.outcomes.mean()
    means = sum_by(profiles, centred * weights[:, None]) / total[:, None]
    none = np.zeros((len(starts), width, 0))
    fit = UntreatedFit.of(np.arange(len(starts)), total[:, None] * untreated, none)
    left = centred - fit.regress(means).period[:, 0]
    before = untreated[profiles]
    left -= (np.where(before, left, 0.0).sum(axis=1) / before.sum(axis=1).clip(min=1))[:, None]
    return profiles, fit, left


def _fit_units(
    cohorts: Cohorts, weights: FloatArray, present: BoolArray, unit_effects: npt.ArrayLike | None
) -> tuple[IntArray, UntreatedFit, FloatArray]:
    """Every unit by itself."""
    count, width = cohorts.outcomes.shape
    groups = np.arange(count)
    if unit_effects is not None:
        labels = np.asarray(unit_effects)
        if len(labels) <= int(cohorts.rows[-1]):
            raise EstimationError("unit_effects", "one label for each unit is needed")
        groups = np.unique(labels[cohorts.rows], return_inverse=True)[1].astype(np.int64)
    table = cohorts.covariates
    if table is None:
        table = np.zeros((count, width, 0))
    elif table.ndim == 2:
        raise EstimationError("covariates", "fixed ones are part of the unit's effect; n x T x k is wanted")
    else:
        table = table - table.mean(axis=(0, 1))
    known = np.where(present, cohorts.outcomes, 0.0)
    known = np.where(present, known - known.sum() / present.sum(), 0.0)
    fit = UntreatedFit.of(groups, weights[:, None] * (present & ~cohorts.treated_cells), table)
    return np.arange(count), fit, np.where(present, known - fit.predict(fit.regress(known)), 0.0)
