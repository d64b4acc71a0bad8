"""What a ridge-augmented synthetic control is held against: as many units as were treated, one or several.

The treated take part in sets and in pools as the others do (`stats.synthetic_control.placebo_sets`): ranked
among controls whose pools have one unit less, a single treated district of 40 rejected 7.7 % of 2,000 true
nulls. The penalty is that of the treated for all, which leaves a little: 5.7 to 6.5 %.
"""

from __future__ import annotations

import numpy as np

from stats.clusters.clustered import IntArray
from stats.inference import Inference
from stats.numerics.simplex_batch import nearest_mixes
from stats.panel import BoolArray, FloatArray
from stats.synthetic_control.placebo_sets import among_sets, placebo_sets

CHUNK_CELLS = 2_000_000
"""Numbers of one working array; fixed, so that no result depends on the machine."""


def single_placebos(outcomes: FloatArray, start: int, penalty: float, rows: IntArray) -> FloatArray:
    """Gaps (B x T) of the controls `rows` as if treated from `start` on; unit 0, the treated, is in no pool.

    outcomes  n x T, complete;  penalty  lambda, in squared units of the outcome
    """
    targets = np.zeros((len(rows), len(outcomes)))
    targets[np.arange(len(rows)), rows] = 1.0
    pools = targets == 0
    pools[:, 0] = False
    gaps: FloatArray = (targets - _weights(outcomes, start, penalty, targets, pools)) @ outcomes
    return gaps


def set_inference(
    outcomes: FloatArray,
    shares: FloatArray,
    start: int,
    penalty: float,
    rng: np.random.Generator,
    *,
    alpha: float,
) -> Inference:
    """Rank of the mean of the first m units of n x T outcomes, by `shares` (m), among sets of as many."""
    count = len(shares)
    sets = placebo_sets(shares, len(outcomes) - count, rng)
    weights = _weights(outcomes, start, penalty, sets, sets == 0)
    return among_sets(outcomes, sets - weights, count, start, alpha=alpha)


def _weights(
    outcomes: FloatArray, start: int, penalty: float, targets: FloatArray, pools: BoolArray
) -> FloatArray:
    """B x n weights on the units in `pools` for the mixes `targets` (B x n) of units: shares, corrected.

    As `stats.synthetic_control.augmented.augmented_synthetic_control` with one penalty, all at once.
    """
    before = outcomes[:, :start]
    goals = targets @ before
    weights = nearest_mixes(goals, before, allowed=pools).weights
    missed = goals - weights @ before
    chunk = max(1, CHUNK_CELLS // max(start * start, before.size))
    for first in range(0, len(targets), chunk):
        rows = slice(first, first + chunk)
        inside = pools[rows, :, None]
        centre = np.where(inside, before, 0.0).sum(axis=1) / pools[rows].sum(axis=1)[:, None]
        donors = np.where(inside, before - centre[:, None], 0.0)
        # The smaller of the two Gram matrices gives the same correction.
        if start <= len(outcomes):
            system = donors.transpose(0, 2, 1) @ donors + penalty * np.eye(start)
            weights[rows] += (donors @ np.linalg.solve(system, missed[rows, :, None]))[:, :, 0]
        else:
            system = donors @ donors.transpose(0, 2, 1) + penalty * np.eye(len(outcomes))
            weights[rows] += np.linalg.solve(system, donors @ missed[rows, :, None])[:, :, 0]
    return weights
