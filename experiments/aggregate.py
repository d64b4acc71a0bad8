"""Readings of one period become one number, by the rule of their metric.

Sums run in the order of the instants and one by one: adding in another order, or several at a time,
changes the last digit, and with it the digest of the panel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from experiments.metrics import Aggregation

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def counts_by_period(starts: IntArray, at: IntArray, edges: IntArray) -> IntArray:
    """Readings per series and period, (series, periods). Series i has `at[starts[i]:starts[i + 1]]`,
    which ascend and lie within the edges; `starts` has one element more than there are series."""
    counts = np.empty((len(starts) - 1, len(edges) - 1), dtype=np.int64)
    for row, (start, end) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
        counts[row] = np.diff(np.searchsorted(at[start:end], edges))
    return counts


def aggregate(rule: Aggregation, values: FloatArray, counts: IntArray) -> FloatArray:
    """One value per cell, in the shape of `counts`; NaN where a cell has no reading.

    `values` are those of the first cell in the order of their instants, then those of the second one,
    and so on, row by row.
    """
    flat = counts.ravel()
    result = np.full(len(flat), np.nan)
    filled = flat > 0
    ends = np.cumsum(flat)[filled]
    starts = ends - flat[filled]
    if not filled.any():
        return result.reshape(counts.shape)
    match rule:
        case Aggregation.LAST:
            result[filled] = values[ends - 1]
        case Aggregation.MIN:
            result[filled] = np.minimum.reduceat(values, starts)
        case Aggregation.MAX:
            result[filled] = np.maximum.reduceat(values, starts)
        case Aggregation.MEDIAN:
            ordered = values[np.lexsort((values, _cells(flat)))]
            size = ends - starts
            result[filled] = (ordered[starts + (size - 1) // 2] + ordered[starts + size // 2]) / 2
        case Aggregation.SUM | Aggregation.MEAN | Aggregation.RATE:
            result[filled] = np.bincount(_cells(flat), weights=values, minlength=len(flat))[filled]
            if rule is Aggregation.MEAN:
                result[filled] /= flat[filled]
    return result.reshape(counts.shape)


def _cells(flat: IntArray) -> IntArray:
    """The cell of each value."""
    return np.repeat(np.arange(len(flat)), flat)
