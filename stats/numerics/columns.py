"""Long columns of an outcome and its regressors, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.errors import EstimationError
from stats.numerics.absorb import IntArray
from stats.panel import FloatArray


@dataclass(frozen=True, eq=False)
class Columns:
    """outcome n; regressors k x n, with their names; weights n or None."""

    outcome: FloatArray
    regressors: FloatArray
    names: tuple[str, ...]
    weights: FloatArray | None

    @property
    def size(self) -> int:
        """n."""
        return len(self.outcome)

    @classmethod
    def of(
        cls,
        outcome: npt.ArrayLike,
        regressors: npt.ArrayLike,
        names: Sequence[str] | None,
        weights: npt.ArrayLike | None,
    ) -> Columns:
        """`regressors` n x k, or n. Refused: other shapes, NaN and infinities with their row, weights that
        are not positive, names that are not different, an outcome that does not vary."""
        y = _numbers("outcome", outcome)
        x = _numbers("regressors", regressors)
        x = x[None] if x.ndim == 1 else np.ascontiguousarray(x.T)
        if y.ndim != 1 or x.ndim != 2 or x.shape[1] != len(y) or len(x) == 0:
            raise EstimationError("regressors", f"must be n x k with n = {y.size} rows of the outcome")
        labels = tuple(f"x{place}" for place in range(len(x))) if names is None else tuple(names)
        if len(labels) != len(x) or len(set(labels)) != len(labels):
            raise EstimationError("names", f"must be {len(x)} different names")
        _refuse_gaps("outcome", y[None], ("",))
        _refuse_gaps("regressors", x, labels)
        w = None if weights is None else _numbers("weights", weights)
        if w is not None and (w.shape != y.shape or not (np.isfinite(w) & (w > 0)).all()):
            raise EstimationError("weights", "must be one positive, finite number for each row")
        if y.min() == y.max():
            raise EstimationError("outcome", "does not vary")
        return cls(y, x, labels, w)

    def take(self, rows: IntArray) -> Columns:
        """These rows, in this order."""
        return Columns(
            self.outcome[rows],
            self.regressors[:, rows],
            self.names,
            None if self.weights is None else self.weights[rows],
        )


def _numbers(argument: str, values: npt.ArrayLike) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EstimationError(argument, f"is not numeric: {error}") from error


def _refuse_gaps(argument: str, columns: FloatArray, names: Sequence[str]) -> None:
    for column, name in zip(columns, names, strict=True):
        # One pass in nearly every case; a sum that overflows is looked at again.
        if not np.isfinite(column.sum()) and not np.isfinite(column).all():
            row = int(np.argmin(np.isfinite(column)))
            raise EstimationError(f"{argument}{'.' + name if name else ''}", f"row {row} is {column[row]}")
