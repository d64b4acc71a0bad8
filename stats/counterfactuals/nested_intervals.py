"""Intervals at every level, one inside the other, and the p-value that goes with them."""

from __future__ import annotations

from collections.abc import Callable

from stats.inference import Inference, Interval

HALVINGS = 20
"""Steps of the search for a p-value: it is known to a millionth of the level."""


def nested(interval: Callable[[float], Interval], alpha: float, method: str) -> Inference:
    """The interval at `alpha`, and the least level whose interval leaves out zero.

    `interval(level)` must not grow with the level. The p-value is 1 where even the narrowest, at level 1,
    holds zero.
    """
    reported = interval(alpha)
    low, high = (alpha, 1.0) if reported.contains(0.0) else (0.0, alpha)
    if high == 1.0 and interval(1.0).contains(0.0):
        return Inference(method, alpha, 1.0, reported)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if interval(middle).contains(0.0):
            low = middle
        else:
            high = middle
    return Inference(method, alpha, high, reported)
