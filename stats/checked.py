"""Arrays at the door of a pure function: finite numbers of the right shape, or refused by argument."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stats.arguments import plain_array
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray


def finite(argument: str, values: npt.ArrayLike, dimensions: int) -> FloatArray:
    """`values` as float64 with so many `dimensions`; the first entry that is not finite is named."""
    array = plain_array(argument, values).astype(np.float64, copy=False)
    if array.ndim != dimensions or not array.size:
        raise EstimationError(argument, f"must have {dimensions} dimensions and hold something")
    if not np.isfinite(array).all():
        place = ", ".join(str(index) for index in np.argwhere(~np.isfinite(array))[0])
        raise EstimationError(argument, f"entry {place} is not finite")
    return array


def varying(argument: str, values: npt.ArrayLike, dimensions: int) -> FloatArray:
    """`finite`, and not all the same."""
    array = finite(argument, values, dimensions)
    if np.ptp(array) == 0:
        raise EstimationError(argument, "do not vary")
    return array


def positive(argument: str, values: npt.ArrayLike, count: int) -> FloatArray:
    """`count` positive, finite numbers."""
    array = finite(argument, values, 1)
    if array.shape != (count,) or not (array > 0).all():
        raise EstimationError(argument, f"must be {count} positive numbers")
    return array


def indicator(argument: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> BoolArray:
    """Truth values, or zeros and ones, of the `shape`; both must occur."""
    array = plain_array(argument, values)
    if array.shape != shape:
        raise EstimationError(argument, f"has shape {array.shape}, wanted {shape}")
    if not np.isin(array, (0, 1)).all():
        raise EstimationError(argument, "must be zeros and ones")
    chosen: BoolArray = array.astype(bool)
    if chosen.all() or not chosen.any():
        raise EstimationError(argument, "must hold treated and controls")
    return chosen
