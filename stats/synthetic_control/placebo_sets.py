"""Several treated units analysed as their mean: placebos are means of as many controls.

A mean of m units is smoother than one unit, and a mix follows it more closely: ranked among single
controls it looks exceptional, or dull, by construction. So sets of m controls are averaged as the treated
were. A set's pool lacks its own members, and a smaller pool fits worse; to compare like with like the
treated mean is fitted anew from the same pool, without that set. Given the set, treated and placebo are
exchangeable; the share of sets whose ratio is at least the treated one is the p-value (the leave-two-out
test of Lei and Sudijono 2024, with sets in the place of units).

The treated ratio under "the effect is c" is, with pool b, r_b(c)^2 pre_b^2 = (mean gap_b - c)^2 + var(gap_b),
so set b stays at least as extreme for c in an interval round mean gap_b. The intervals have different
centres, and the share p(c) may rise again further out. What is reported is the least p-value that falls on
either side, min(sup over c' <= c, sup over c' >= c) of p(c'): never below p(c), and above alpha exactly on
the shortest interval that holds every c with p(c) > alpha.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np

from stats import reasons
from stats.clusters.clustered import IntArray
from stats.findings import NotComputable
from stats.inference import TIE, Inference, Interval, silent
from stats.panel import FloatArray

PLACEBO_SETS = "placebo_sets_rmspe_ratio"

MOST_SETS = 199
"""Sets beyond this many are drawn: p-values get no finer than 1/200."""


def placebo_sets(controls: int, size: int, rng: np.random.Generator, *, most: int = MOST_SETS) -> IntArray:
    """Sets of `size` of the `controls`, B x size: all there are, or `most` that are drawn."""
    if math.comb(controls, size) <= most:
        return np.array(list(itertools.combinations(range(controls), size)), dtype=np.intp)
    return np.argsort(rng.random((most, controls)), axis=1)[:, :size]


def paired_ratios(
    post_gaps: FloatArray, pre_rmspe: FloatArray, ratios: FloatArray, *, alpha: float
) -> Inference:
    """Inference from the treated mean's gaps with each set's pool and the sets' own ratios.

    post_gaps  B x periods after the start;  pre_rmspe  B, of the treated with that pool
    ratios     B, post- to pre-period error of the sets; infinite where a set is fitted without error
    """
    count = len(ratios)
    if count == 0:
        return silent(PLACEBO_SETS, alpha, reasons.too_few_control_clusters())
    centre, spread = post_gaps.mean(axis=1), post_gaps.var(axis=1)
    endless = np.isinf(ratios)
    square = (np.where(endless, 0.0, ratios) * pre_rmspe) ** 2 * (1 + 2 * TIE) - spread
    half = np.where(endless, np.inf, np.sqrt(np.maximum(square, 0.0)))
    possible = endless | (square >= 0)
    low, high = np.sort((centre - half)[possible]), np.sort((centre + half)[possible])

    def share(constants: FloatArray) -> FloatArray:
        inside = np.searchsorted(low, constants, "right") - np.searchsorted(high, constants, "left")
        return (1 + inside) / (count + 1)

    # p(c) is a step function that takes its largest values at ends of the intervals.
    steps = np.concatenate([low, high, [0.0]])
    steps = steps[np.isfinite(steps)]
    values = share(steps)
    p_value = float(min(values[steps <= 0].max(), values[steps >= 0].max()))
    return Inference(
        PLACEBO_SETS, alpha, p_value, _hull(steps, values, int(endless.sum()), alpha, count), placebos=count
    )


def _hull(
    steps: FloatArray, values: FloatArray, endless: int, alpha: float, count: int
) -> Interval | NotComputable:
    """The shortest interval that holds every constant whose share exceeds alpha."""
    rank = math.floor(Fraction(str(alpha)) * (count + 1))
    if rank == 0:
        return Interval(-math.inf, math.inf, reasons.placebos_too_few_for_level(count, alpha))
    if endless >= rank:
        return Interval(-math.inf, math.inf, reasons.placebos_fit_perfectly())
    accepted = steps[values > alpha]
    if not len(accepted):
        return reasons.constant_effect_rejected()
    return Interval(float(accepted.min()), float(accepted.max()))
