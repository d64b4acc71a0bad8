"""Minimising a function that is smooth but for kinks: quasi-Newton steps with a weak Wolfe search.

BFGS as for smooth functions; what makes it work across kinks is a line search that only asks that the
slope along the step has risen, not that it is nearly flat, and that brackets by doubling and halving (Lewis
and Overton 2013). Starting points that fill a box evenly come from an additive recurrence, so that
nothing is random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stats.panel import FloatArray

Sloped = Callable[[FloatArray], tuple[float, FloatArray]]
"""A function of a point that returns its value and its slope there."""

FIRST_STEP, LONGEST = 4.0, 30.0
"""Bounds on the largest coordinate of the first trial step and of any step."""
SEARCHES = 25
LITTLE, STALLED = 1e-6, 3
"""A descent ends after so many steps in a row that each lower the value by less than this share."""


@dataclass(frozen=True, eq=False)
class Point:
    """Where a descent stands: the place, the value and the slope there."""

    place: FloatArray
    value: float
    slope: FloatArray


def descended(function: Sloped, start: FloatArray, steps: int) -> Point:
    """`start` after at most `steps` steps down."""
    point = Point(start, *function(start))
    curvature = _steepest(point.slope)
    stalled = 0
    for _ in range(steps):
        direction = -curvature @ point.slope
        if direction @ point.slope >= -1e-14 * point.value:
            curvature = _steepest(point.slope)
            direction = -curvature @ point.slope
            if direction @ point.slope >= -1e-14 * point.value:
                break
        found = _line_search(function, point, direction)
        if found is None:
            break
        curvature = _updated(curvature, found.place - point.place, found.slope - point.slope)
        stalled = stalled + 1 if point.value - found.value <= LITTLE * point.value else 0
        point = found
        if stalled == STALLED:
            break
    return point


def spread_evenly(count: int, dimensions: int) -> FloatArray:
    """`count` points that fill the unit cube evenly: multiples of the powers of one irrational number."""
    base = 2.0
    for _ in range(60):
        base = (1 + base) ** (1 / (dimensions + 1))
    points: FloatArray = (0.5 + np.outer(np.arange(1, count + 1), base ** -np.arange(1, dimensions + 1))) % 1
    return points


def _line_search(function: Sloped, point: Point, direction: FloatArray) -> Point | None:
    """A point that is lower and whose slope along the step has risen; failing that, the last lower one."""
    size, fall = float(np.abs(direction).max()), float(direction @ point.slope)
    low, high, length = 0.0, np.inf, min(1.0, FIRST_STEP / size)
    lower: Point | None = None
    for _ in range(SEARCHES):
        place = point.place + length * direction
        trial = Point(place, *function(place))
        if trial.value > point.value + 1e-4 * length * fall:
            high = length
        else:
            lower = trial
            if trial.slope @ direction >= 0.5 * fall:
                break
            low = length
        length = (low + high) / 2 if np.isfinite(high) else 2 * low
        if length * size > LONGEST:
            break
    return lower


def _updated(curvature: FloatArray, step: FloatArray, change: FloatArray) -> FloatArray:
    """The BFGS update of the inverse Hessian, left as it is where the curvature is not positive."""
    along = float(step @ change)
    if along <= 1e-12 * np.sqrt(float(step @ step) * float(change @ change)):
        return curvature
    across = curvature @ change
    growth = np.outer(step, step) * ((along + float(change @ across)) / along**2)
    return curvature + growth - (np.outer(across, step) + np.outer(step, across)) / along


def _steepest(slope: FloatArray) -> FloatArray:
    """Multiple of the identity that makes the first step one unit long."""
    largest = float(np.abs(slope).max())
    return np.eye(len(slope)) / (largest if largest > 0 else 1.0)
