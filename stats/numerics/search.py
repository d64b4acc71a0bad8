"""The edge of an accepted range, by walking out and halving."""

from __future__ import annotations

import math
from collections.abc import Callable

WIDEST = 2.0**40
"""Steps out after which a range counts as endless."""


def outward(accepted: Callable[[float], bool], start: float, step: float, *, limit: float = WIDEST) -> float:
    """The last accepted value from `start` in the direction of `step`; infinite if none is refused.

    `start` is accepted; the steps double until a value is refused or `limit` steps are passed, then the
    edge between the last accepted and the first refused is halved to the precision of the numbers.
    """
    inside, width = 0.0, 1.0
    while accepted(start + width * step):
        inside, width = width, 2 * width
        if width > limit:
            return math.copysign(math.inf, step)
    outside = width
    for _ in range(60):
        middle = (inside + outside) / 2
        if accepted(start + middle * step):
            inside = middle
        else:
            outside = middle
        if outside - inside <= 1e-12 * outside:
            break
    return start + inside * step
