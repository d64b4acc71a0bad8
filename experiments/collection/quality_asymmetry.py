"""Whether treated and control districts were collected alike: a threat to validity, tested.

Readings that go missing on one side only, or only after the start, bend an estimate without leaving a
trace in it. The districts are the units: which of them are treated is exchanged, as in Fisher's test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from stats.findings import Finding

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SCHEMA_VERSION = 2
MOST_ASSIGNMENTS = 20_000
SIGNIFICANCE = 0.05
# With few districts no p-value can be small: a difference of this share raises the alarm by its size.
LARGE_DIFFERENCE = 0.05
# Below one reading in two hundred neither size nor significance harms an estimate.
NEGLIGIBLE_DIFFERENCE = 0.005


@dataclass(frozen=True)
class Asymmetry:
    """Shares of the expected readings that were there (0 to 1), by side and by time; None where a side
    has no period. `p_value` is of the larger of the two differences, None where there is but one side."""

    treated_before: float | None
    control_before: float | None
    treated_after: float | None
    control_after: float | None
    p_value: float | None

    @property
    def difference(self) -> float:
        """The larger difference, treated less control, of the time before and the time after."""
        pairs = [
            (self.treated_before, self.control_before),
            (self.treated_after, self.control_after),
        ]
        known = [a - b for a, b in pairs if a is not None and b is not None]
        return max(known, key=abs, default=0.0)

    @property
    def is_alarming(self) -> bool:
        """Whether the sides differ by much, or by more than chance makes likely."""
        size = abs(self.difference)
        if size >= LARGE_DIFFERENCE:
            return True
        return size >= NEGLIGIBLE_DIFFERENCE and self.p_value is not None and self.p_value < SIGNIFICANCE


def asymmetry(
    completeness: FloatArray, is_treated: npt.NDArray[np.bool_], is_after: npt.NDArray[np.bool_], seed: int
) -> Asymmetry:
    """Compare the sides in `completeness` (units x periods, 0 to 1).

    The p-value is the share of assignments of as many districts to treatment under which the larger of
    the two absolute differences of means is at least the observed one: of all assignments where there
    are at most 20,000, else of as many drawn with `seed`, the observed one among them.
    """
    before, after = (_means(completeness[:, chosen]) for chosen in (~is_after, is_after))
    p_value = None
    if is_treated.any() and not is_treated.all() and completeness.shape[1]:
        known = [means for means in (before, after) if means is not None]
        p_value = _p_value(np.array(known), is_treated, seed)
    return Asymmetry(
        _mean(before, is_treated),
        _mean(before, ~is_treated),
        _mean(after, is_treated),
        _mean(after, ~is_treated),
        p_value,
    )


def findings(found: Asymmetry, mappings: Sequence[str]) -> tuple[Finding, ...]:
    """What an evaluation says about its collection. `mappings` describes how each district's readings
    are made, one text for each way that is in use; one way for all is as it should be."""
    return (_of_coverage(found), _of_mapping(mappings))


def document(found: Asymmetry, mappings: Sequence[str]) -> dict[str, Any]:
    """Both, as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "coverage": {
            "treated_before": found.treated_before,
            "control_before": found.control_before,
            "treated_after": found.treated_after,
            "control_after": found.control_after,
            "difference": found.difference,
            "p_value": found.p_value,
        },
        "mappings": list(mappings),
        "findings": [each.document() for each in findings(found, mappings)],
    }


def _of_coverage(found: Asymmetry) -> Finding:
    size = f"{100 * abs(found.difference):.1f}"
    chance = "" if found.p_value is None else f" (p = {found.p_value:.3f})"
    if not found.is_alarming:
        return Finding(
            "ok",
            "coverage_asymmetry",
            found.difference,
            f"실증 구역과 대조 구역의 수집률 차이는 최대 {size}%p이다{chance}.",
            f"Treated and control districts were collected alike: shares of readings differ by {size} "
            f"percentage points at most{chance}.",
        )
    side_ko, side_en = ("실증", "treated") if found.difference < 0 else ("대조", "control")
    return Finding(
        "fail" if abs(found.difference) >= LARGE_DIFFERENCE else "caution",
        "coverage_asymmetry",
        found.difference,
        f"{side_ko} 구역에서 관측값이 {size}%p 더 많이 빠졌다{chance}. 추정치가 한쪽으로 치우쳤을 수 있다.",
        f"Readings are missing more often in the {side_en} districts, by {size} percentage points{chance}. "
        "The estimate may be bent by that.",
    )


def _of_mapping(mappings: Sequence[str]) -> Finding:
    if len(mappings) <= 1:
        return Finding(
            "ok",
            "same_mapping",
            float(len(mappings)),
            "모든 구역의 관측값을 같은 방식으로 수집하였다.",
            "Readings of all districts are made in the same way.",
        )
    return Finding(
        "caution",
        "same_mapping",
        float(len(mappings)),
        f"구역에 따라 관측값을 {len(mappings)}가지 방식으로 수집하였다: {'; '.join(mappings)}.",
        f"Readings are made in {len(mappings)} different ways, depending on the district: "
        f"{'; '.join(mappings)}.",
    )


def _means(completeness: FloatArray) -> FloatArray | None:
    """The mean of each unit; None without periods."""
    if not completeness.shape[1]:
        return None
    means: FloatArray = completeness.mean(axis=1)
    return means


def _mean(means: FloatArray | None, chosen: npt.NDArray[np.bool_]) -> float | None:
    return None if means is None or not chosen.any() else float(means[chosen].mean())


def _p_value(means: FloatArray, is_treated: npt.NDArray[np.bool_], seed: int) -> float:
    """`means` are times x units."""
    observed = _largest(means, np.flatnonzero(is_treated)[None, :])[0]
    statistics = np.concatenate(
        [_largest(means, block) for block in _assignments(len(is_treated), int(is_treated.sum()), seed)]
    )
    # Equal statistics must count as equal whatever the order of their sums.
    at_least = int((statistics >= observed - 1e-9).sum())
    is_every = comb(len(is_treated), int(is_treated.sum())) <= MOST_ASSIGNMENTS
    return at_least / len(statistics) if is_every else (1 + at_least) / (1 + len(statistics))


def _largest(means: FloatArray, treated: IntArray) -> FloatArray:
    """The larger absolute difference for every assignment; `treated` is assignments x treated units."""
    size, count = means.shape[1], treated.shape[1]
    sums = means[:, treated].sum(axis=2)
    others = (means.sum(axis=1)[:, None] - sums) / (size - count)
    result: FloatArray = np.abs(sums / count - others).max(axis=0)
    return result


def _assignments(size: int, treated: int, seed: int) -> Iterator[IntArray]:
    if comb(size, treated) <= MOST_ASSIGNMENTS:
        yield np.array(list(combinations(range(size), treated)), dtype=np.int64)
        return
    rng = np.random.default_rng(seed)
    for _ in range(20):
        yield rng.random((MOST_ASSIGNMENTS // 20, size)).argsort(axis=1)[:, :treated].astype(np.int64)
