"""Units by the period in which their treatment starts: what every staggered estimator begins with.

A cohort is the units first treated in the same column of the panel; treatment is never switched
off. Made once by `Cohorts.of` (arrays) or `cohorts_of` (a `Panel`), and checked once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError, PanelError
from stats.panel import BoolArray, FloatArray, Panel

IntArray = npt.NDArray[np.int64]

NEVER: int = int(np.iinfo(np.int64).max)
"""The first treated column of a unit that is never treated."""

AlreadyTreated = Literal["refuse", "drop"]
Gaps = Literal["refuse", "drop_unit", "keep"]


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Outcomes of n units in T periods with the column in which each unit's treatment starts.

    outcomes        float64, n x T; NaN only where gaps were kept
    first_treated   int64, n: the column of the first treated period, or `NEVER`
    rows            int64, n: which row of the input each unit was
    weights         float64, n, positive, or None: every unit counts alike
    covariates      float64, n x k (fixed) or n x T x k (by period), or None; no constant among them
    clusters        int64, n: 0..G-1, or None: every unit is its own
    """

    outcomes: FloatArray
    first_treated: IntArray
    rows: IntArray
    weights: FloatArray | None = None
    covariates: FloatArray | None = None
    clusters: IntArray | None = None

    @classmethod
    @checked_arguments
    def of(
        cls,
        outcomes: FloatArray,
        first_treated: npt.ArrayLike,
        *,
        weights: npt.ArrayLike | None = None,
        covariates: npt.ArrayLike | None = None,
        clusters: npt.ArrayLike | None = None,
        already_treated: AlreadyTreated = "refuse",
        gaps: Gaps = "refuse",
        units: Sequence[str] | None = None,
        periods: Sequence[str] | None = None,
    ) -> Cohorts:
        """The checked cohorts of an n x T matrix.

        A unit whose treatment starts at or after column T is never treated within the panel and
        counts as `NEVER`. Refused with the unit (label or row number) and the period named: wrong
        shapes, infinities, NaN unless `gaps` says what to do about it, units treated from the first
        column on unless they are to be dropped, non-positive weights, no treated unit, one period,
        outcomes that do not vary.
        `clusters` may hold any labels.
        """
        matrix = _matrix("outcomes", outcomes, 2)
        count, width = matrix.shape
        if width < 2:
            raise EstimationError("outcomes", "a period before the start and one after it are needed")
        names = _Names(units, periods)
        starts = _starts(first_treated, count, width, names)
        weight = None if weights is None else _weights(weights, count, names)
        table = None if covariates is None else _covariates(covariates, matrix.shape, names)
        codes = None if clusters is None else _codes(clusters, count)
        names.refuse_infinite("outcomes", matrix)
        if _constant(matrix):
            raise EstimationError("outcomes", "do not vary")
        kept = starts > 0
        if already_treated == "refuse" and not kept.all():
            row = int(np.argmin(kept))
            raise PanelError(
                "first_treated",
                "treated from the first period on: there is no period before the start",
                unit=names.unit(row),
            )
        if gaps != "keep":
            holes = ~kept[:, None] | ~np.isnan(matrix)
            if gaps == "refuse" and not holes.all():
                row, column = (int(place) for place in np.argwhere(~holes)[0])
                raise PanelError("outcomes", "is missing", unit=names.unit(row), period=names.period(column))
            kept &= holes.all(axis=1)
        rows = np.flatnonzero(kept).astype(np.int64)
        if not (starts[rows] < NEVER).any():
            raise EstimationError("first_treated", "no unit becomes treated within the panel")
        if len(rows) == count:
            return cls(matrix, starts, rows, weight, table, codes)
        return cls(
            matrix[rows],
            starts[rows],
            rows,
            None if weight is None else weight[rows],
            None if table is None else table[rows],
            None if codes is None else _codes(codes[rows], len(rows)),
        )

    @property
    def starts(self) -> IntArray:
        """The columns in which some cohort's treatment starts, in order."""
        starts: IntArray = np.unique(self.first_treated[self.first_treated < NEVER])
        return starts

    @property
    def never(self) -> BoolArray:
        """n: whether the unit is never treated."""
        never: BoolArray = self.first_treated == NEVER
        return never

    @property
    def treated_cells(self) -> BoolArray:
        """n x T: whether the unit is treated in the period."""
        treated: BoolArray = np.arange(self.outcomes.shape[1]) >= self.first_treated[:, None]
        return treated


@checked_arguments
def cohorts_of(
    panel: Panel,
    first_treated: Mapping[str, str],
    *,
    covariates: Sequence[str] = (),
    clusters: Mapping[str, str] | None = None,
    already_treated: AlreadyTreated = "refuse",
    gaps: Gaps = "refuse",
) -> Cohorts:
    """The cohorts of a panel: unit -> label of its first treated period; units not named are never treated.

    `covariates` names the panel's covariates that are taken (by period); `clusters` maps each unit
    to its cluster. A unit or period that the panel does not know is refused.
    """
    place = {period: column for column, period in enumerate(panel.periods)}
    known = set(panel.units)
    for unit, period in first_treated.items():
        if unit not in known:
            raise PanelError("first_treated", "is not a unit of the panel", unit=unit)
        if period not in place:
            raise PanelError("first_treated", "is not a period of the panel", unit=unit, period=period)
    for name in covariates:
        if name not in panel.covariates:
            raise PanelError(f"covariates.{name}", "is not in the panel")
    if clusters is not None:
        for unit in panel.units:
            if unit not in clusters:
                raise PanelError("clusters", "has no cluster", unit=unit)
    return Cohorts.of(
        panel.outcomes,
        np.array([place[first_treated[unit]] if unit in first_treated else NEVER for unit in panel.units]),
        weights=panel.weights,
        covariates=np.stack([panel.covariates[name] for name in covariates], axis=2) if covariates else None,
        clusters=None if clusters is None else np.array([clusters[unit] for unit in panel.units]),
        already_treated=already_treated,
        gaps=gaps,
        units=panel.units,
        periods=panel.periods,
    )


class _Names:
    """Labels for error messages; without labels, row and column numbers."""

    def __init__(self, units: Sequence[str] | None, periods: Sequence[str] | None) -> None:
        self.units, self.periods = units, periods

    def unit(self, row: int) -> str:
        return str(row) if self.units is None else self.units[row]

    def period(self, column: int) -> str:
        return str(column) if self.periods is None else self.periods[column]

    def refuse_infinite(self, argument: str, matrix: FloatArray) -> None:
        # The sum is finite in nearly every case, and one pass over the data shows it.
        if np.isfinite(matrix.sum()) or not np.isinf(matrix).any():
            return
        row, column = (int(place) for place in np.argwhere(np.isinf(matrix))[0][:2])
        raise PanelError(argument, "is infinite", unit=self.unit(row), period=self.period(column))


def _matrix(argument: str, values: Any, dimensions: int) -> FloatArray:
    try:
        matrix: FloatArray = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EstimationError(argument, f"is not numeric: {error}") from error
    if matrix.ndim != dimensions or 0 in matrix.shape:
        raise EstimationError(
            argument, f"has shape {matrix.shape}, wanted {dimensions} dimensions, none empty"
        )
    return matrix


def _constant(matrix: FloatArray) -> bool:
    """Whether all that is not missing is one and the same number; a first row that varies settles it."""
    for values in (matrix[0], matrix):
        seen = values[~np.isnan(values)]
        if len(seen) and not (seen == seen[0]).all():
            return False
    return True


def _starts(first_treated: npt.ArrayLike, count: int, width: int, names: _Names) -> IntArray:
    given = np.asarray(first_treated)
    if given.shape != (count,):
        raise EstimationError("first_treated", f"has shape {given.shape}, wanted ({count},)")
    if given.dtype.kind not in "iu":
        raise EstimationError("first_treated", "holds column numbers: integers, and NEVER for never treated")
    starts = given.astype(np.int64)
    if (starts < 0).any():
        row = int(np.argmax(starts < 0))
        raise PanelError("first_treated", f"{starts[row]} is not a column", unit=names.unit(row))
    starts[starts >= width] = NEVER
    return starts


def _weights(weights: npt.ArrayLike, count: int, names: _Names) -> FloatArray:
    values: FloatArray = np.asarray(weights, dtype=np.float64)
    if values.shape != (count,):
        raise EstimationError("weights", f"has shape {values.shape}, wanted ({count},)")
    good = np.isfinite(values) & (values > 0)
    if not good.all():
        row = int(np.argmin(good))
        raise PanelError("weights", f"{values[row]} is not a positive, finite weight", unit=names.unit(row))
    return values


def _covariates(covariates: npt.ArrayLike, shape: tuple[int, ...], names: _Names) -> FloatArray:
    values = np.asarray(covariates, dtype=np.float64)
    count, width = shape
    if not (
        (values.ndim == 2 and len(values) == count)
        or (values.ndim == 3 and values.shape[:2] == (count, width))
    ):
        raise EstimationError(
            "covariates", f"has shape {values.shape}, wanted ({count}, k) or ({count}, {width}, k)"
        )
    if not np.isfinite(values).all():
        place = np.argwhere(~np.isfinite(values))[0]
        raise PanelError(
            "covariates",
            "is missing or infinite",
            unit=names.unit(int(place[0])),
            period=names.period(int(place[1])) if values.ndim == 3 else None,
        )
    return values


def _codes(clusters: npt.ArrayLike, count: int) -> IntArray:
    labels = np.asarray(clusters)
    if labels.shape != (count,):
        raise EstimationError("clusters", f"has shape {labels.shape}, wanted ({count},)")
    codes = np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64)
    if count > 1 and codes.max(initial=0) == 0:
        # Its own sum of residuals is zero, and so would the standard error be.
        raise EstimationError("clusters", "hold one alone: errors come from the spread between clusters")
    return codes
