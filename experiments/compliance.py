"""Whether readings keep a bound: one verdict for a window of time over several districts.

What was not measured is not kept: a window with too few readings is no data, unless what did come
shows a breach that no further reading could undo.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Gathering(StrEnum):
    """How the periods of a window become one number for each district."""

    MEAN = "mean"
    SUM = "sum"
    HIGHEST = "highest"
    LOWEST = "lowest"


class Side(StrEnum):
    """On which side of the bound the number has to stay; the bound itself is kept."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Verdict(StrEnum):
    KEPT = "kept"
    BREACHED = "breached"
    NO_DATA = "no_data"


@dataclass(frozen=True)
class Compliance:
    """The verdict on one window.

    value         of the district that is nearest to a breach or furthest in it; None without any reading
    unit          the row of that district; None without any reading
    completeness  mean share of the expected readings that came, of the least complete district, 0 to 1
    """

    verdict: Verdict
    value: float | None
    unit: int | None
    completeness: float


# Breaches that stand however many readings are missing: one more can only make them worse.
_CERTAIN = frozenset({(Gathering.HIGHEST, Side.AT_MOST), (Gathering.LOWEST, Side.AT_LEAST)})


def compliance(
    values: FloatArray,
    completeness: FloatArray,
    *,
    gathering: Gathering,
    side: Side,
    bound: float,
    least_completeness: float,
) -> Compliance:
    """Whether every district keeps the bound.

    values              units x periods, NaN where nothing was read
    completeness        units x periods, shares of the expected readings, 0 to 1
    bound               in the metric's unit
    least_completeness  below this share a district's window is no data, 0 to 1
    """
    if values.shape != completeness.shape or values.ndim != 2 or values.size == 0:
        raise ValueError("values and completeness are units x periods of the same shape, and not empty")
    shares = completeness.mean(axis=1)
    gathered = [_gather(row, gathering) for row in values]
    known = [(value, unit) for unit, value in enumerate(gathered) if value is not None]
    least = float(shares.min())
    if not known:
        return Compliance(Verdict.NO_DATA, None, None, least)
    broken = [each for each in known if _breaks(each[0], side, bound)]
    certain = (gathering, side) in _CERTAIN
    sure = [each for each in broken if certain or shares[each[1]] >= least_completeness]
    value, unit = _worst(sure or known, side)
    if sure:
        return Compliance(Verdict.BREACHED, value, unit, least)
    enough = len(known) == len(gathered) and least >= least_completeness
    return Compliance(Verdict.KEPT if enough else Verdict.NO_DATA, value, unit, least)


def _gather(row: FloatArray, gathering: Gathering) -> float | None:
    there = row[~np.isnan(row)]
    if not there.size:
        return None
    match gathering:
        case Gathering.MEAN:
            return float(there.mean())
        case Gathering.SUM:
            return float(there.sum())
        case Gathering.HIGHEST:
            return float(there.max())
        case Gathering.LOWEST:
            return float(there.min())


def _breaks(value: float, side: Side, bound: float) -> bool:
    return value > bound if side is Side.AT_MOST else value < bound


def _worst(known: list[tuple[float, int]], side: Side) -> tuple[float, int]:
    return max(known) if side is Side.AT_MOST else min(known)
