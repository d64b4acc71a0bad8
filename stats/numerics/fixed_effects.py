"""Weighted least squares with unit and period effects, solved without a dummy matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

IDENTIFIED = 1e-9
"""Share of a regressor's variation that must be left after the effects (and the other regressors)."""


@dataclass(frozen=True, eq=False)
class TwoWay:
    """The projection off unit and period effects for one pattern of present cells and weights.

    cells        units x periods, the weight of each cell, 0 where it is missing
    root         square root of `cells`
    unit_totals  units, row sums of `cells`
    inverse      periods x periods, pseudo-inverse of the period effects' normal matrix after the unit
                 effects are partialled out (the Schur complement)
    null_space   periods x periods, projection on that matrix' null space: one direction for each group
                 of periods that no unit links to the others
    """

    cells: FloatArray
    root: FloatArray
    unit_totals: FloatArray
    inverse: FloatArray
    null_space: FloatArray

    @classmethod
    def of(cls, present: BoolArray, weights: FloatArray | None = None) -> TwoWay:
        """For `present` cells (units x periods) and unit `weights`; each unit needs a cell.

        Complete panels have the closed form inverse = (I - 11'/T) / sum of weights.
        """
        unit_weights = np.ones(len(present)) if weights is None else weights
        cells = np.where(present, unit_weights[:, None], 0.0)
        totals = cells.sum(axis=1)
        null_space = _null_space(present)
        if present.all():
            inverse = (np.eye(cells.shape[1]) - null_space) / unit_weights.sum()
        else:
            normal = np.diag(cells.sum(axis=0)) - np.einsum("it,iu->tu", cells / totals[:, None], cells)
            scale = np.trace(normal) / len(normal)
            inverse = np.linalg.inv(normal + scale * null_space) - null_space / scale
        return cls(cells, np.sqrt(cells), totals, inverse, null_space)

    def residual(self, values: FloatArray) -> FloatArray:
        """`values` (... x units x periods, anything where cells are missing) less their fitted effects.

        Missing cells come back as 0.
        """
        filled = np.where(self.cells > 0, values, 0.0)
        within = filled - self._unit_means(filled)
        effects = (self.cells * within).sum(axis=-2) @ self.inverse
        rest = filled - effects[..., None, :]
        return np.where(self.cells > 0, rest - self._unit_means(rest), 0.0)

    def period_effects(self, values: FloatArray) -> FloatArray:
        """The fitted period effects (periods) of `values` (units x periods), up to one constant."""
        filled = np.where(self.cells > 0, values, 0.0)
        within = filled - self._unit_means(filled)
        effects: FloatArray = (self.cells * within).sum(axis=0) @ self.inverse
        return effects

    def _unit_means(self, values: FloatArray) -> FloatArray:
        means: FloatArray = (self.cells * values).sum(axis=-1) / self.unit_totals
        return means[..., None]


def _null_space(present: BoolArray) -> FloatArray:
    """Sum over the linked groups of periods of the projection on the group's constant; a period without
    any cell is a group for itself, and gets no effect."""
    projection = np.zeros((present.shape[1], present.shape[1]))
    left = np.ones(present.shape[1], dtype=bool)
    while left.any():
        group = np.zeros(present.shape[1], dtype=bool)
        wider = np.arange(present.shape[1]) == np.argmax(left)
        while (wider != group).any():
            group, wider = wider, wider | present[present[:, wider].any(axis=1)].any(axis=0)
        projection += np.outer(group, group) / group.sum()
        left = left & ~group
    return projection


@dataclass(frozen=True, eq=False)
class Regression:
    """Outcomes on k regressors with unit and period effects, in coordinates scaled by root weights.

    design        k x units x periods, regressors less their effects, times the root weight
    residuals     units x periods, times the root weight
    bread         k x k, inverse of the regressors' normal matrix
    coefficients  k
    """

    effects: TwoWay
    design: FloatArray
    residuals: FloatArray
    bread: FloatArray
    coefficients: FloatArray

    @property
    def observations(self) -> int:
        """Number of cells used."""
        return int((self.effects.cells > 0).sum())


def regress(effects: TwoWay, outcomes: FloatArray, regressors: FloatArray) -> Regression:
    """Least squares of `outcomes` (units x periods) on `regressors` (k x units x periods) and effects.

    `EstimationError` names the first regressor that the effects and the other regressors explain.
    """
    left = effects.residual(regressors)
    original = (effects.cells * regressors**2).sum(axis=(1, 2))
    normal = np.einsum("ait,bit->ab", left * effects.cells, left)
    scale = np.sqrt(np.where(original > 0, original, 1.0))
    scaled = normal / np.outer(scale, scale)
    weak = np.diag(scaled) < IDENTIFIED
    if weak.any() or np.linalg.eigvalsh(scaled)[0] < IDENTIFIED * np.diag(scaled).min():
        index = int(np.argmax(weak))
        raise EstimationError(
            f"regressors.{index}", "cannot be told from the effects and the other regressors"
        )
    bread = np.linalg.inv(scaled) / np.outer(scale, scale)
    filled = effects.residual(outcomes)
    coefficients = bread @ np.einsum("ait,it->a", left * effects.cells, filled)
    residuals = filled - np.einsum("a,ait->it", coefficients, left)
    return Regression(
        effects=effects,
        design=left * effects.root,
        residuals=residuals * effects.root,
        bread=bread,
        coefficients=coefficients,
    )
