"""Several treated units analysed as their mean: their part is dealt anew among all units.

A mean of m units is smoother than one unit, and a mix follows it more closely: ranked among single
controls it looks exceptional, or dull, by construction. So sets of m units are averaged as the treated
were, each is fitted from all units outside it, and the treated mean is ranked among the sets. The treated
take part as the others do, in sets and in pools: all fits then have pools of one size, and where units are
exchangeable but for the effect the test is exact, whatever the dependence over time (Fisher 1935; Abadie
and Zhao 2021 on sets of treated units). Sets of controls alone would compare fits from smaller pools.

The statistic is |mean gap after the start| / root mean squared gap before it. Shares rest on what was
before the start alone. Under "the effect is c on each treated unit" the mean gap of a set is therefore
gap - c slope, with slope the share of treated units in the set less their share in its mix, so that
`stats.trials.randomisation.inverted` finds the interval in closed form. The slope of the treated is one,
and no set's is larger; a set that was fitted so much better than the treated that its slope beside its
error is larger still counts against the effect whatever c is.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from stats import reasons
from stats.inference import Inference, Interval, silent
from stats.panel import BoolArray, FloatArray
from stats.trials.assignment import Permuted, assignments
from stats.trials.randomisation import inverted

PLACEBO_SETS = "placebo_sets"

PERFECT = 1e-9
"""A pre-period error below this share of the outcomes' spread is rounding, and its ratio means nothing."""
MOST_SETS = 199
"""Sets beyond this many are drawn: p-values get no finer than 1/200."""


def placebo_sets(
    shares: FloatArray, controls: int, rng: np.random.Generator, *, most: int = MOST_SETS
) -> FloatArray:
    """The share of each unit in the mean of each set, B x (m + controls); zero outside the set.

    shares  m, of the treated in their mean, positive. The treated, who are the first m units, are the first
    set; the others are all there are, or `most` that are drawn.
    """
    values, codes = np.unique(shares, return_inverse=True)
    dealt = np.concatenate([1 + codes, np.zeros(controls, dtype=np.int64)]).astype(np.int64)
    every: FloatArray = np.append(0.0, values)[assignments(Permuted(dealt), rng, most=most)]
    return every


def among_sets(
    outcomes: FloatArray, contrasts: FloatArray, treated: int, start: int, *, alpha: float
) -> Inference:
    """Inference on the first of B sets, the `treated` first of n units, with outcomes n x T.

    contrasts  B x n: the shares of the units in each set, less those in its mix
    """
    gaps = contrasts @ outcomes
    error = np.sqrt(np.mean(gaps[:, :start] ** 2, axis=1))
    perfect = error <= PERFECT * max(float(np.ptp(outcomes)), float(np.abs(outcomes).max()) * 1e-3)
    if perfect[0]:
        return silent(PLACEBO_SETS, alpha, reasons.perfect_pre_fit())
    slopes = contrasts[:, :treated].sum(axis=1)
    return ranked_sets(gaps, slopes, start, perfect=perfect, alpha=alpha)


def ranked_sets(
    gaps: FloatArray, slopes: FloatArray, start: int, *, perfect: BoolArray, alpha: float
) -> Inference:
    """Inference on the first of B sets, the treated.

    gaps     B x T, set less its mix;  start: column of the first treated period
    slopes   B, by how much the gap after the start shrinks for each unit of effect that is taken out
    perfect  B, whether a set is fitted without error: it then counts against the effect. Not the treated's
    """
    before = np.sqrt(np.mean(gaps[:, :start] ** 2, axis=1))
    like = np.where(perfect, 0, np.arange(len(gaps)))
    means = gaps[:, start:].mean(axis=1)
    found = inverted(
        means[like] / before[like], slopes[like] / before[like], alpha=alpha, method=PLACEBO_SETS
    )
    interval = found.interval
    if isinstance(interval, Interval) and math.isinf(interval.high) and len(gaps) * alpha >= 1:
        reason = reasons.placebos_fit_perfectly() if perfect.any() else reasons.test_never_rejects(alpha)
        return replace(found, interval=replace(interval, unbounded=reason))
    return found
