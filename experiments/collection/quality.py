"""What can be wrong with a series although readings come: measured on arrays, with no database.

Instants are integer microseconds since the epoch, UTC, ascending; values are finite, in the metric's
unit. Every check says nothing (None, zero, an empty tuple) where there is too little to tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

FEWEST_READINGS = 12
# Chance that a healthy series shows a run of equal values as long as the one that is reported.
RUN_BY_CHANCE = 0.001
SHORTEST_FLAT_LINE = 6
# Hampel (1974): readings further from the median of their neighbours than so many robust deviations.
OUTLYING_DEVIATIONS = 6.0
NEIGHBOURS = 7
MAD_TO_DEVIATION = 1.4826
# Factors between units that are mistaken for each other: seconds, minutes, hours; m/s, km/h, mph; kilo.
UNIT_FACTORS = (1.609344, 3.6, 10.0, 24.0, 60.0, 100.0, 1_000.0, 3_600.0, 86_400.0)
FACTOR_TOLERANCE = 0.08
READINGS_EACH_SIDE = 14
BESIDE, AT_ONCE = 3, 0.75
"""Readings whose medians are compared next to a jump, and the least part of it that lies between them."""


class Trouble(StrEnum):
    """What stands out about a series, the gravest first."""

    SILENT = "silent"
    STALE = "stale"
    UNIT_CHANGE = "unit_change"
    LEVEL_SHIFT = "level_shift"
    GAPS = "gaps"
    FLAT_LINE = "flat_line"
    OUTLIERS = "outliers"
    LATE = "late"
    REVISED = "revised"


@dataclass(frozen=True)
class Shift:
    """Medians of the readings before and after a known change of the device at `at` (microseconds).

    `p_value`: share of all other places in the series at which the medians differ at least as much.
    """

    at: int
    before: float
    after: float
    p_value: float


def longest_flat_line(values: FloatArray) -> int:
    """Length of the longest run of equal readings, if it is longer than the series' own habit of
    repeating itself explains; 0 otherwise.

    Runs of n readings that repeat with chance p reach log(n) / log(1/p) (Erdos and Renyi, 1970); one
    that would come about less often than once in a thousand such series is reported.
    """
    n = len(values)
    if n < FEWEST_READINGS:
        return 0
    changes = np.flatnonzero(values[1:] != values[:-1])
    if not changes.size:
        return n
    edges = np.concatenate(([-1], changes, [n - 1]))
    longest = int(np.diff(edges).max())
    pairs = n - 1 - (longest - 1)
    repeats = n - 1 - len(changes) - (longest - 1)
    chance = min(max(repeats / max(pairs, 1), 0.02), 0.999)
    expected = math.log(RUN_BY_CHANCE / n) / math.log(chance)
    return longest if longest >= max(SHORTEST_FLAT_LINE, 1 + expected) else 0


def outliers(values: FloatArray) -> BoolArray:
    """Which readings lie far from the median of their seven neighbours on both sides (Hampel's filter).

    Deviations are measured by the median absolute residual of the neighbourhood or of the whole
    series, whichever is larger: a quiet stretch makes no ordinary reading an outlier.
    """
    n = len(values)
    if n < FEWEST_READINGS:
        return np.zeros(n, dtype=np.bool_)
    padded = np.pad(values, NEIGHBOURS, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    centre = np.median(windows, axis=1)
    around = np.median(np.abs(windows - centre[:, None]), axis=1)
    residual = np.abs(values - centre)
    scale = MAD_TO_DEVIATION * np.maximum(around, np.median(residual))
    result: BoolArray = (scale > 0) & (residual > OUTLYING_DEVIATIONS * scale)
    return result


def shift_at(at: IntArray, values: FloatArray, moment: int) -> Shift | None:
    """The change of level at `moment`; None with fewer than 14 readings on either side of it.

    Ranked among the changes at every other place of the series, so that readings that depend on the
    readings before them need no model.
    """
    place = int(np.searchsorted(at, moment))
    if place < READINGS_EACH_SIDE or len(values) - place < READINGS_EACH_SIDE:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(values, READINGS_EACH_SIDE)
    medians = np.median(windows, axis=1)
    steps = medians[READINGS_EACH_SIDE:] - medians[:-READINGS_EACH_SIDE]
    ours = place - READINGS_EACH_SIDE
    # Neighbouring places see part of the same step, and are no comparison.
    others = np.abs(np.arange(len(steps)) - ours) >= READINGS_EACH_SIDE
    larger = int((np.abs(steps[others]) >= abs(steps[ours])).sum())
    p_value = (1 + larger) / (1 + int(others.sum()))
    return Shift(moment, float(medians[ours]), float(medians[place]), p_value)


@dataclass(frozen=True)
class UnitJump:
    """The level jumps by `factor` from the reading at `place` (an index) on."""

    factor: float
    place: int


def unit_factor(values: FloatArray) -> float | None:
    """The factor of `unit_jump`; None where there is no such jump."""
    jump = unit_jump(values)
    return None if jump is None else jump.factor


def unit_jump(values: FloatArray) -> UnitJump | None:
    """The factor between two units by which the level jumps once and for good, above 1 for a rise and
    below for a fall, and where; None where it does not. NaN are passed over.

    The place of the jump is where the sums of the logarithms' deviations peak; the logarithms must lie
    closer to their medians on both sides than the jump is wide, and most of it must lie between neighbours.
    """
    places = np.flatnonzero(~np.isnan(values) & (values != 0))
    if len(places) < 2 * READINGS_EACH_SIDE:
        return None
    logs = np.log(np.abs(values[places]))
    sums = np.abs(np.cumsum(logs - logs.mean()))[READINGS_EACH_SIDE - 1 : -READINGS_EACH_SIDE]
    split = int(np.argmax(sums)) + READINGS_EACH_SIDE
    before, after = logs[:split], logs[split:]
    jump = float(np.median(after) - np.median(before))
    spread = MAD_TO_DEVIATION * max(_mad(before), _mad(after))
    if abs(jump) <= 4 * spread:
        return None
    # A trend has two levels as well, and comes by it step by step.
    at_once = np.median(after[:BESIDE]) - np.median(before[-BESIDE:])
    if abs(at_once) < AT_ONCE * abs(jump):
        return None
    nearest = min(UNIT_FACTORS, key=lambda factor: abs(math.log(factor) - abs(jump)))
    if abs(math.log(nearest) - abs(jump)) > FACTOR_TOLERANCE:
        return None
    return UnitJump(nearest if jump > 0 else 1 / nearest, int(places[split]))


def longest_gap(counts: IntArray) -> int:
    """The longest run of periods without a reading; `counts` has the readings of each period."""
    edges = np.concatenate(([-1], np.flatnonzero(counts > 0), [len(counts)]))
    return int(np.diff(edges).max()) - 1


def late(at: IntArray, first_received: IntArray, ends: IntArray, finished: IntArray) -> BoolArray:
    """Which readings came although their instant had been read before without them.

    `ends` and `finished` (both m): where each finished window of the source ended, and when it was
    done, in the order of `finished`. Only windows since the series' first reading count: before, the
    source was not asked for it.
    """
    since = int(np.searchsorted(finished, first_received.min())) if len(first_received) else len(finished)
    reached = np.maximum.accumulate(ends[since:])
    covering = np.searchsorted(reached, at, side="right")
    covered = covering < len(reached)
    result = np.zeros(len(at), dtype=np.bool_)
    result[covered] = first_received[covered] > finished[since:][covering[covered]]
    return result


def _mad(values: FloatArray) -> float:
    return float(np.median(np.abs(values - np.median(values))))
