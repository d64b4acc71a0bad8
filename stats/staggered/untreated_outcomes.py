"""What untreated outcomes look like: effects of unit and period (and covariates), fitted where untreated.

The weighted least squares problem is solved exactly by eliminating the unit effects: what is left is a
system of as many equations as there are periods and covariates, however many units. Unit effects may be
shared by units of one group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.cohorts import IntArray
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

SINGULAR = 1e-10
"""Relative size of an eigenvalue of the scaled system below which it counts as zero."""


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Solutions for H right-hand sides: by group (U x H), period (T x H) and covariate (k x H)."""

    group: FloatArray
    period: FloatArray
    covariate: FloatArray


@dataclass(frozen=True, eq=False)
class UntreatedFit:
    """The normal equations of group and period effects and k covariates over weighted cells.

    groups      int64, n: which effect each row has, 0..U-1
    weights     float64, n x T, zero for cells out of the fit
    covariates  float64, n x T x k (k may be 0), finite
    by_group    U x T: sums of the weights; `total` U their row sums
    moments     U x k: sums of weighted covariates
    inverse     (T + k) square: generalised inverse of the system without the groups, zero where a period
                has no cell in the fit
    """

    groups: IntArray
    weights: FloatArray
    covariates: FloatArray
    by_group: FloatArray
    total: FloatArray
    moments: FloatArray
    inverse: FloatArray

    @classmethod
    def of(cls, groups: IntArray, weights: FloatArray, covariates: FloatArray) -> UntreatedFit:
        """Refused: cells that leave the effects of two periods apart, covariates that the effects explain."""
        by_group = sum_by(groups, weights)
        total = by_group.sum(axis=1)
        weighted = covariates * weights[:, :, None]
        moments = sum_by(groups, weighted.sum(axis=1))
        width, extra = weights.shape[1], covariates.shape[2]
        shares = by_group / np.where(total > 0, total, 1.0)[:, None]
        system = np.zeros((width + extra, width + extra))
        system[:width, :width] = np.diag(weights.sum(axis=0)) - by_group.T @ shares
        if extra:
            flat = covariates.reshape(-1, extra)
            centre = moments / np.where(total > 0, total, 1.0)[:, None]
            within = flat - np.repeat(centre[groups], width, axis=0)
            scaled = within * weights.reshape(-1, 1)
            system[width:, width:] = scaled.T @ within
            _refuse_fixed(np.diag(system)[width:], (flat**2 * weights.reshape(-1, 1)).sum(axis=0))
            system[:width, width:] = scaled.reshape(*weights.shape, extra).sum(axis=0)
            system[width:, :width] = system[:width, width:].T
        inverse = _inverse(system, weights.sum(axis=0) > 0, width)
        return cls(groups, weights, covariates, by_group, total, moments, inverse)

    def solve(self, group: FloatArray, period: FloatArray, covariate: FloatArray) -> Coefficients:
        """The coefficients whose normal equations have these right-hand sides (U x H, T x H, k x H)."""
        total = np.where(self.total > 0, self.total, 1.0)[:, None]
        mean = group / total
        right = np.vstack([period - self.by_group.T @ mean, covariate - self.moments.T @ mean])
        found = self.inverse @ right
        width = self.weights.shape[1]
        periods, covariates = found[:width], found[width:]
        groups = mean - (self.by_group @ periods + self.moments @ covariates) / total
        return Coefficients(groups, periods, covariates)

    def regress(self, outcomes: FloatArray) -> Coefficients:
        """Of outcomes n x T (finite where weighted), H = 1; for cells out of the fit any finite number."""
        weighted = outcomes * self.weights
        return self.solve(
            sum_by(self.groups, weighted).sum(axis=1, keepdims=True),
            weighted.sum(axis=0)[:, None],
            np.einsum("itk,it->k", self.covariates, weighted)[:, None],
        )

    def predict(self, found: Coefficients, column: int = 0) -> FloatArray:
        """n x T: the fitted values of one solution."""
        values: FloatArray = found.group[self.groups, column][:, None] + found.period[:, column]
        if self.covariates.shape[2]:
            values = values + self.covariates @ found.covariate[:, column]
        return values

    @property
    def reachable(self) -> BoolArray:
        """n x T: where a value can be imputed."""
        reachable: BoolArray = (self.total[self.groups] > 0)[:, None] & (self.weights.sum(axis=0) > 0)
        return reachable


def sum_by(groups: IntArray, values: FloatArray) -> FloatArray:
    """Sums of the rows of each group; groups are numbered 0..U-1 and none is empty."""
    if len(groups) and groups[-1] == len(groups) - 1 and np.array_equal(groups, np.arange(len(groups))):
        return values
    order = np.argsort(groups, kind="stable")
    first = np.flatnonzero(np.diff(groups[order], prepend=-1))
    return np.add.reduceat(values[order], first, axis=0)


def _inverse(system: FloatArray, met: BoolArray, width: int) -> FloatArray:
    """Without the first period in the fit, the reference, and without periods that have no cell."""
    kept = np.concatenate([np.flatnonzero(met)[1:], np.arange(width, len(system))]).astype(np.int64)
    part = system[np.ix_(kept, kept)]
    sizes = np.sqrt(np.diag(part))
    inverse = np.zeros_like(system)
    if len(kept) == 0:
        return inverse
    if not (sizes > 0).all():
        raise EstimationError("outcomes", _apart(int(kept[np.argmin(sizes)]), width))
    values, vectors = np.linalg.eigh(part / np.outer(sizes, sizes))
    if values[0] <= SINGULAR * values[-1]:
        weakest = int(kept[np.argmax(np.abs(vectors[:, 0]))])
        raise EstimationError("outcomes" if weakest < width else "covariates", _apart(weakest, width))
    inverse[np.ix_(kept, kept)] = (vectors / values) @ vectors.T / np.outer(sizes, sizes)
    return inverse


def _refuse_fixed(within: FloatArray, whole: FloatArray) -> None:
    """Sums of squares within groups and in all: what is fixed within groups leaves rounding alone."""
    fixed = within <= SINGULAR**2 * whole
    if fixed.any():
        place = int(np.argmax(fixed))
        raise EstimationError("covariates", f"covariate {place} never changes: the effects of units hold it")


def _apart(place: int, width: int) -> str:
    if place < width:
        return f"untreated readings do not connect period {place} with the others: it cannot be compared"
    return f"covariate {place - width} is explained by the effects of units and periods"
