"""The paths of a group-sequential statistic that have not crossed a boundary yet.

At look k, with the share t_k of the full information, Z_k is normal with mean drift x sqrt(t_k) and
B_k = Z_k sqrt(t_k) has independent increments. The recursion is Armitage, McPherson and Rowe's (1969),
here with Gauss-Legendre panels no wider than the next step's standard deviation: exact to some ten digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from stats.panel import FloatArray

PANEL = np.polynomial.legendre.leggauss(10)
REACH = 9.0
"""Standard deviations beyond which a path is taken to be nowhere: its probability is below 1e-18."""
FARTHEST = 40.0
"""Standard deviations beyond which a probability is 0 in floating point."""


class Walk:
    """Stands at the first look; `advance` goes on to the next with the paths within the bounds.

    Holds the sub-density of B (with quadrature weight) at nodes.
    """

    def __init__(self, fractions: tuple[float, ...], *, drift: float) -> None:
        self._fractions = fractions
        self._drift = drift
        self._look = 0
        self._nodes, self._mass = np.zeros(1), np.ones(1)

    def above(self, bound: float) -> float:
        """Probability of Z >= bound at this look, and of no crossing before."""
        from scipy.special import ndtr

        if math.isinf(bound):
            return 0.0 if bound > 0 else self.below(math.inf)
        edge = bound * math.sqrt(self._now)
        return float(self._mass @ ndtr((self._centre - edge) / math.sqrt(self._step)))

    def below(self, bound: float) -> float:
        """Probability of Z <= bound at this look, and of no crossing before."""
        from scipy.special import ndtr

        if math.isinf(bound):
            return 0.0 if bound < 0 else float(self._mass.sum())
        edge = bound * math.sqrt(self._now)
        return float(self._mass @ ndtr((edge - self._centre) / math.sqrt(self._step)))

    def upper_spending(self, error: float) -> float:
        """The bound that is exceeded with probability `error` at this look; infinite for none."""
        from scipy.optimize import brentq

        if error <= self.above(FARTHEST):
            return math.inf
        if error >= self.above(-REACH):
            return -REACH
        return float(brentq(lambda bound: self.above(bound) - error, -REACH, FARTHEST, xtol=1e-13))

    def lower_spending(self, error: float, highest: float) -> float:
        """The bound, up to `highest`, below which paths lie with probability `error`; -infinite for none."""
        from scipy.optimize import brentq

        if error <= self.below(-FARTHEST):
            return -math.inf
        if error >= self.below(highest):
            return highest
        top = min(highest, FARTHEST)
        return float(brentq(lambda bound: self.below(bound) - error, -FARTHEST, top, xtol=1e-13))

    def advance(self, lower: float, upper: float) -> None:
        """Go on with the paths between the bounds of Z at this look; nothing follows the last look."""
        if self._look + 1 == len(self._fractions):
            return
        root = math.sqrt(self._now)
        middle = self._drift * self._now
        high = min(upper * root, middle + REACH * root)
        low = max(lower * root, middle - REACH * root)
        following = self._fractions[self._look + 1] - self._now
        if high <= low:
            self._nodes, self._mass, self._look = np.zeros(1), np.zeros(1), self._look + 1
            return
        nodes, weights = _panels(low, high, 1.5 * math.sqrt(min(self._step, following)))
        spread = math.sqrt(self._step)
        density = np.zeros(len(nodes))
        for rows in _chunks(len(nodes)):
            distance = (nodes[rows, None] - self._centre) / spread
            density[rows] = (np.exp(-(distance**2) / 2) * self._mass).sum(axis=1)
        self._mass = density * weights / (spread * math.sqrt(2 * math.pi))
        self._nodes = nodes
        self._look += 1

    @property
    def _now(self) -> float:
        return self._fractions[self._look]

    @property
    def _step(self) -> float:
        return self._now - (self._fractions[self._look - 1] if self._look else 0.0)

    @property
    def _centre(self) -> FloatArray:
        centre: FloatArray = self._nodes + self._drift * self._step
        return centre


def _panels(low: float, high: float, width: float) -> tuple[FloatArray, FloatArray]:
    count = max(1, math.ceil((high - low) / width))
    half = (high - low) / (2 * count)
    centres = low + half * (2 * np.arange(count) + 1)
    nodes, weights = PANEL
    return (centres[:, None] + half * nodes).ravel(), np.tile(half * weights, count)


def _chunks(count: int) -> Iterator[slice]:
    """Rows at a time, so that the kernel between two looks is never held whole."""
    for start in range(0, count, 256):
        yield slice(start, start + 256)
