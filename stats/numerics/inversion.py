"""Where a test stops accepting: the ends of intervals by inversion, many hypotheses at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from stats.panel import BoolArray, FloatArray

GRID, ROUNDS, DOUBLINGS = 24, 4, 40
"""How an end of an interval is found: doubling the distance, then narrowing by this many points each time."""


def last_accepted(
    accepted: Callable[[FloatArray], BoolArray], centre: float, step: float, rejected: float | None
) -> float:
    """The last effect accepted on the way from `centre` in the direction of `step`.

    rejected: one on that way that is known to be rejected, so that the end lies before it.
    """
    far: FloatArray = np.asarray(centre + step * 2.0 ** np.arange(-4, DOUBLINGS), dtype=np.float64)
    if rejected is not None:
        far = np.append(far[np.abs(far - centre) < abs(rejected - centre)], rejected)
    inside, outside = centre, math.nan
    for first in range(0, len(far), 8):
        some = far[first : first + 8]
        good = accepted(some)
        stop = len(some) if good.all() else int(np.argmin(good))
        inside = float(some[stop - 1]) if stop else inside
        if stop < len(some):
            outside = float(some[stop])
            break
    if math.isnan(outside):
        return math.copysign(math.inf, step)
    for _ in range(ROUNDS):
        between: FloatArray = np.linspace(inside, outside, GRID + 2).astype(np.float64)
        good = accepted(between[1:-1])
        stop = GRID if good.all() else int(np.argmin(good))
        inside, outside = float(between[stop]), float(between[stop + 1])
    return inside
