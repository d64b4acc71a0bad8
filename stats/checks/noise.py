"""Whether the treated were as noisy before the start as their controls, which ranks among them assume."""

from __future__ import annotations

import numpy as np

from stats import reasons
from stats.findings import Finding, Level
from stats.inference import Inference
from stats.missing import Sample
from stats.panel import FloatArray
from stats.words import figure

ALIKE, UNLIKE = 1.5, 3.0
"""Ratio of treated to controls' noise, either way, up to which they pass as alike, and beyond which not."""
LEAST_PERIODS = 4
ROUNDING = 1e-12
"""Noise below this share of the outcomes is none."""


def noise_unlike(cells: Sample, inference: Inference) -> list[Finding]:
    """The treated units' noise before the start as a multiple of the controls'; nothing where none is ranked.

    Noise is the root mean square of outcomes less the controls' mean by period and the unit's own mean over
    these differences, on average over units. Units twice as noisy as those they are ranked among look
    exceptional without any effect (`tests.bench.size_of_defaults --noisy`), calmer ones never do. Nothing is
    said of fewer than two controls or `LEAST_PERIODS` periods before the start.
    """
    before = cells.panel.outcomes[:, : min(cells.starts)]
    count = len(cells.treated)
    if inference.placebos is None or before.shape[1] < LEAST_PERIODS or len(before) - count < 2:
        return []
    own, others = (_noise(before, count, side) for side in (slice(0, count), slice(count, None)))
    if not min(own, others) > ROUNDING * np.nanmax(np.abs(before)):
        reason = reasons.no_variation()
        return [Finding("caution", "noise_unlike", reason, reason.sentence_ko, reason.sentence_en)]
    ratio = own / others
    apart = max(ratio, 1 / ratio)
    level: Level = "ok" if apart <= ALIKE else "caution" if apart <= UNLIKE else "fail"
    more_ko = more_en = ""
    if level != "ok" and ratio > 1:
        more_ko = " 더 크게 흔들리는 구역은 효과가 없어도 순위가 높게 나오기 쉽습니다."
        more_en = " Noisier units rank high too often without any effect."
    elif level != "ok":
        more_ko = " 덜 흔들리는 구역은 효과가 있어도 순위가 낮게 나오기 쉽습니다."
        more_en = " Calmer units rank low too often in spite of an effect."
    return [
        Finding(
            level,
            "noise_unlike",
            ratio,
            f"시행 전 실증 구역의 변동은 대조 구역의 {figure(ratio)}배입니다.{more_ko}",
            f"Before the start the treated varied {figure(ratio)} times as much as the controls.{more_en}",
        )
    ]


def _noise(before: FloatArray, count: int, side: slice) -> float:
    """Root mean square over the units of `side`; the controls, from row `count` on, share a mean by period.

    A control is part of that mean, which takes 1 / J of its variance, and adds as much to a treated unit's.
    """
    present = ~np.isnan(before)
    controls = present[count:].sum(axis=0)
    common = np.where(present[count:], before[count:], 0.0).sum(axis=0) / np.maximum(controls, 1)
    moves = np.where(present & (controls > 0), before - common, np.nan)[side]
    seen = ~np.isnan(moves)
    lengths = seen.sum(axis=1)
    moves, lengths = moves[lengths > 1], lengths[lengths > 1]
    if not len(lengths):
        return 0.0
    centred = moves - (np.where(np.isnan(moves), 0.0, moves).sum(axis=1) / lengths)[:, None]
    squares = np.where(np.isnan(centred), 0.0, centred**2).sum(axis=1) / (lengths - 1)
    number = len(before) - count
    share = 1 + 1 / number if side.start == 0 else 1 - 1 / number
    return float(np.sqrt(squares.mean() / share))
