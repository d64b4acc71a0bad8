"""How far parallel trends may fail: the sets of Rambachan and Roth (2023) as linear inequalities.

delta holds the differential trend at the coefficients of an event study: `before` periods, then (after
the reference period, where it is zero) those from the start on. Each set is a polyhedron A delta <= d,
or a union of such.

    smoothness           the slope changes by at most M between neighbouring periods (Delta^SD)
    relative_magnitudes  a step after the reference is at most Mbar times the largest before (Delta^RM)
    relative_smoothness  a change of slope from the reference on is at most Mbar times the largest
                         before (Delta^SDRM)

A. Rambachan and J. Roth, "A more credible approach to parallel trends", Review of Economic Studies 90
(2023), sections 2.4 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats.errors import EstimationError
from stats.panel import FloatArray

Kind = Literal["smoothness", "relative_magnitudes", "relative_smoothness"]
Sign = Literal["positive", "negative"]
Direction = Literal["increasing", "decreasing"]

_ORDERS = {"smoothness": 2, "relative_magnitudes": 1, "relative_smoothness": 2}


@dataclass(frozen=True)
class Restriction:
    """What is assumed of the differential trend, up to the bound (M or Mbar) that is varied.

    sign      the trend is nowhere negative ("positive") or nowhere positive from the start on
    monotone  the trend never falls ("increasing") or never rises over all periods
    """

    kind: Kind
    sign: Sign | None = None
    monotone: Direction | None = None

    def __post_init__(self) -> None:
        if self.kind not in _ORDERS:
            raise EstimationError("kind", f"{self.kind!r} is none of {', '.join(_ORDERS)}")
        if self.sign not in (None, "positive", "negative"):
            raise EstimationError("sign", f"{self.sign!r} is neither positive nor negative")
        if self.monotone not in (None, "increasing", "decreasing"):
            raise EstimationError("monotone", f"{self.monotone!r} is neither increasing nor decreasing")

    @property
    def shaped(self) -> bool:
        """Whether a sign or a direction is assumed beside the bound."""
        return self.sign is not None or self.monotone is not None

    @property
    def fewest_before(self) -> int:
        """Coefficients before the reference that the bound needs to be measured against."""
        return 2 if self.kind == "relative_smoothness" else 1


@dataclass(frozen=True, eq=False)
class Polyhedron:
    """{delta: matrix delta <= limits}: matrix m x p, limits m."""

    matrix: FloatArray
    limits: FloatArray


def polyhedra(restriction: Restriction, bound: float, *, before: int, after: int) -> tuple[Polyhedron, ...]:
    """The polyhedra whose union is the set, for `before` + `after` = p coefficients.

    One for "smoothness"; for the relative sets one for each step before the reference and each of its
    signs, that step taken as the largest.
    """
    if not (np.ndim(bound) == 0 and np.isreal(bound) and 0 <= bound < np.inf):
        raise EstimationError("bound", f"{bound} is not a finite number from 0 on")
    if before < restriction.fewest_before:
        needed = restriction.fewest_before
        raise EstimationError(
            "before", f"{restriction.kind} needs {needed} coefficients before the reference"
        )
    order = _ORDERS[restriction.kind]
    steps = differences(before, after, order)
    shape = _shape(restriction, before, after)
    if restriction.kind == "smoothness":
        matrix = np.vstack([steps, -steps, shape])
        limits = np.concatenate([np.full(2 * len(steps), bound), np.zeros(len(shape))])
        return (Polyhedron(matrix, limits),)
    earlier = before + 1 - order
    scale = np.where(np.arange(len(steps)) < earlier, 1.0, bound)[:, None]
    found = []
    for largest in range(earlier):
        for sign in (1.0, -1.0):
            limit = scale * (sign * steps[largest])
            rows = np.vstack([steps - limit, -steps - limit])
            rows = np.vstack([rows[np.abs(rows).max(axis=1) > 0], shape])
            found.append(Polyhedron(rows, np.zeros(len(rows))))
    return tuple(found)


def differences(before: int, after: int, order: int) -> FloatArray:
    """Rows that take the differences of `order` of delta, zero at the reference: (p + 1 - order) x p."""
    with_reference = np.diff(np.eye(before + after + 1), n=order, axis=0)
    rows: FloatArray = np.delete(with_reference, before, axis=1)
    return rows


def _shape(restriction: Restriction, before: int, after: int) -> FloatArray:
    rows = [np.empty((0, before + after))]
    if restriction.sign is not None:
        later = np.eye(before + after)[before:]
        rows.append(-later if restriction.sign == "positive" else later)
    if restriction.monotone is not None:
        steps = differences(before, after, 1)
        rows.append(-steps if restriction.monotone == "increasing" else steps)
    return np.vstack(rows)
