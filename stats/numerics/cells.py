"""Units x periods of outcomes, cell weights and covariates, checked once for regressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError, PanelError
from stats.numerics.absorb import IntArray
from stats.panel import BoolArray, FloatArray

Missing = Literal["refuse", "available"]


@dataclass(frozen=True, eq=False)
class Cells:
    """A checked panel of n units and T periods.

    outcomes    n x T, 0 where missing
    weights     n x T, 0 where missing
    covariates  p x n x T, 0 where missing
    names       p
    complete    no cell is missing and weights are the same in all cells of a unit
    """

    outcomes: FloatArray
    weights: FloatArray
    covariates: FloatArray
    names: tuple[str, ...]
    complete: bool

    @classmethod
    @checked_arguments
    def of(
        cls,
        outcomes: npt.ArrayLike,
        *,
        weights: npt.ArrayLike | None = None,
        covariates: npt.ArrayLike | None = None,
        names: Sequence[str] | None = None,
        missing: Missing = "refuse",
    ) -> Cells:
        """`outcomes` n x T; `weights` n or n x T, positive; `covariates` n x T or n x T x p.

        A cell is missing where the outcome or a covariate is NaN: refused with its unit and period, or
        left out with "available". Infinities, non-positive weights, units and periods without any cell,
        and outcomes that do not vary are refused.
        """
        y = _numbers("outcomes", outcomes)
        if y.ndim != 2 or min(y.shape) < 2:
            raise EstimationError("outcomes", f"must be units x periods, two of each at least: {y.shape}")
        x = np.zeros((0, *y.shape)) if covariates is None else _by_cell(covariates, y.shape)
        labels = tuple(f"covariate{place}" for place in range(len(x))) if names is None else tuple(names)
        if len(labels) != len(x):
            raise EstimationError("names", f"{len(labels)} for {len(x)} covariates")
        present: BoolArray = np.broadcast_to(np.array(True), y.shape)
        if not (np.isfinite(y.sum()) and np.isfinite(x.sum())):
            present = ~np.isnan(y) & ~np.isnan(x).any(axis=0)
            _refuse(np.isinf(y) | np.isinf(x).any(axis=0), "outcomes or covariates", "is infinite")
            if missing == "refuse":
                _refuse(~present, "outcomes or covariates", "is missing")
            for axis, kind in ((1, "unit"), (0, "period")):
                if not present.any(axis=axis).all():
                    place = int(np.argmin(present.any(axis=axis)))
                    raise PanelError("outcomes", "has no cell", **{kind: str(place)})
        whole = bool(present.all())
        w = _cell_weights(weights, present)
        if not whole:
            y, x, w = np.where(present, y, 0.0), np.where(present, x, 0.0), np.where(present, w, 0.0)
        if np.ptp(y[present] if not whole else y) == 0:
            raise EstimationError("outcomes", "do not vary")
        return cls(y, w, x, labels, whole and (w.strides[1] == 0 or bool((w == w[:, :1]).all())))

    def part(self, units: slice) -> Cells:
        """The cells of these units."""
        return Cells(
            self.outcomes[units], self.weights[units], self.covariates[:, units], self.names, self.complete
        )

    def cut(self, units: IntArray, width: int) -> Cells:
        """The cells of these units in the first `width` periods; none of either may be left empty."""
        y, w, x = self.outcomes[units, :width], self.weights[units, :width], self.covariates[:, units, :width]
        for axis, kind in ((1, "unit"), (0, "period")):
            if not (w > 0).any(axis=axis).all():
                place = int(np.argmin((w > 0).any(axis=axis)))
                raise PanelError(
                    "outcomes",
                    "has no cell that serves",
                    **{kind: str(units[place] if kind == "unit" else place)},
                )
        return Cells(y, w, x, self.names, self.complete)

    def within(self, values: FloatArray) -> FloatArray:
        """Values less the unit's (weighted) mean, 0 where cells are missing."""
        if self.complete:
            left: FloatArray = values - values.mean(axis=1, keepdims=True)
            return left
        means = (self.weights * values).sum(axis=1) / self.weights.sum(axis=1)
        return np.where(self.weights > 0, values - means[:, None], 0.0)


def _numbers(argument: str, values: npt.ArrayLike) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EstimationError(argument, f"is not a table of numbers: {error}") from error


def _by_cell(covariates: npt.ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    x = _numbers("covariates", covariates)
    x = x[..., None] if x.shape == shape else x
    if x.ndim != 3 or x.shape[:2] != shape:
        raise EstimationError("covariates", f"have shape {x.shape}, wanted {shape} or {(*shape, 'p')}")
    return np.ascontiguousarray(np.moveaxis(x, 2, 0))


def _cell_weights(weights: npt.ArrayLike | None, present: BoolArray) -> FloatArray:
    if weights is None:
        return np.broadcast_to(np.float64(1.0), present.shape)
    w = _numbers("weights", weights)
    if w.shape not in (present.shape, present.shape[:1]):
        raise EstimationError("weights", f"have shape {w.shape}, wanted (units,) or {present.shape}")
    w = np.broadcast_to(w if w.ndim == 2 else w[:, None], present.shape)
    _refuse(present & ~(np.isfinite(w) & (w > 0)), "weights", "is not a positive, finite weight")
    return w


def _refuse(bad: BoolArray, argument: str, reason: str) -> None:
    if bad.any():
        row, column = (int(place) for place in np.argwhere(bad)[0])
        raise PanelError(argument, reason, unit=str(row), period=str(column))
