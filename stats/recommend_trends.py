"""Whether treated and controls drifted apart before the start, as `stats.recommend` looks at it.

Each unit's slope is one number, so whatever the dependence over time the controls' slopes show how far units
drift apart by themselves.
"""

from __future__ import annotations

import numpy as np

from stats.panel import FloatArray

LEAST_TREND = 5
"""Periods before the start below which a difference in trend is hardly told from noise."""
LEAST_SLOPES = 4
"""Controls below which nobody can say how far trends drift apart by themselves."""


def slopes(outcomes: FloatArray) -> FloatArray:
    """The slope per period of each unit that has two readings, by least squares."""
    present = ~np.isnan(outcomes)
    outcomes = outcomes[present.sum(axis=1) > 1]
    present = ~np.isnan(outcomes)
    periods = np.where(present, np.arange(outcomes.shape[1], dtype=np.float64), np.nan)
    centred = np.where(present, periods - np.nanmean(periods, axis=1, keepdims=True), 0.0)
    found: FloatArray = (centred * np.where(present, outcomes, 0.0)).sum(axis=1) / (centred**2).sum(axis=1)
    return found


def drifting(drift: float, others: FloatArray, count: int) -> float:
    """The p-value of the mean slope of `count` units less that of `others`, as far as those spread."""
    from scipy.special import stdtr

    error = float(others.std(ddof=1)) * float(np.sqrt(1 / count + 1 / len(others)))
    if not error > 0:
        return float(drift == 0)
    return float(2 * stdtr(len(others) - 1, -abs(drift) / error))
