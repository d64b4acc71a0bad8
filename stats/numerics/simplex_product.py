"""A quadratic programme over a product of simplices: several sets of shares that sum to one each.

Minimise w'Gw / 2 - c'w where the shares of every block are non-negative and sum to one: what synthetic
controls of several units become when they are chosen together. The primal active-set method of
`stats.numerics.simplex_batch`, for one problem with several sums: the promise of a donor is how far its slope
lies below the common slope of its block.
"""

from __future__ import annotations

import numpy as np

from stats.clusters.clustered import IntArray
from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

GAIN, JITTER = 1e-13, 1e-13
"""Beside the diagonal: the slope from which a donor is taken in, and the ridge that tells donors apart."""


def product_of_simplices(gram: FloatArray, linear: FloatArray, block: IntArray) -> FloatArray:
    """The shares w (N).

    gram: N x N, positive semi-definite; linear: N; block: N, 0..B-1, which sum each share belongs to.
    Where several are equally good, one of them, in which equal donors share equally. `EstimationError`
    where the numbers are not finite.
    """
    if not (np.isfinite(gram).all() and np.isfinite(linear).all()):
        raise EstimationError("gram", "holds a value that is not finite")
    scale = max(float(np.abs(np.diagonal(gram)).max()), float(np.finfo(np.float64).tiny))
    weights = _vertices(np.diagonal(gram) / 2 - linear, block)
    passive = weights > 0
    value = np.inf
    for _ in range(20 * len(linear) + 100):
        weights, passive = _face_optimum(gram / scale, linear / scale, block, weights, passive)
        slopes = gram @ weights - linear
        common = np.bincount(block, weights * slopes)
        reached = float(common.sum() - weights @ linear) / 2
        gains = np.where(passive, -np.inf, common[block] - slopes)
        best = int(gains.argmax())
        # Rounding may promise what no step brings: then the value stands still.
        if gains[best] <= GAIN * scale or not reached < value:
            break
        value = reached
        passive = passive.copy()
        passive[best] = True
    return weights


def _vertices(costs: FloatArray, block: IntArray) -> FloatArray:
    """The single best donor of each block."""
    weights = np.zeros(len(costs))
    for each in range(int(block.max()) + 1):
        inside = np.flatnonzero(block == each)
        weights[inside[costs[inside].argmin()]] = 1.0
    return weights


def _face_optimum(
    gram: FloatArray, linear: FloatArray, block: IntArray, weights: FloatArray, passive: BoolArray
) -> tuple[FloatArray, BoolArray]:
    """The best shares among the donors in use; those that would turn negative on the way are left out."""
    while True:
        used = np.flatnonzero(passive)
        goal = _unconstrained(gram, linear, block, used)
        falling = goal <= 0
        moved = np.zeros(len(weights))
        if not falling.any():
            moved[used] = goal
            return moved, passive
        now = weights[used]
        reach = np.full(len(used), np.inf)
        reach[falling] = np.where(
            now[falling] > 0, now[falling] / np.maximum(now[falling] - goal[falling], 1e-300), 0.0
        )
        length = float(reach.min())
        left = reach <= length
        moved[used] = np.where(left, 0.0, now + length * (goal - now))
        weights, passive = moved, passive.copy()
        passive[used[left]] = False


def _unconstrained(gram: FloatArray, linear: FloatArray, block: IntArray, used: IntArray) -> FloatArray:
    """The shares of the donors in use, of either sign, that are best with every block summing to one."""
    sums = (block[used][None, :] == np.unique(block)[:, None]).astype(np.float64)
    size, blocks = len(used), len(sums)
    system = np.zeros((size + blocks, size + blocks))
    system[:size, :size] = gram[np.ix_(used, used)] + JITTER * np.eye(size)
    system[:size, size:], system[size:, :size] = sums.T, sums
    goal = np.concatenate([linear[used], np.ones(blocks)])
    shares: FloatArray = np.asarray(np.linalg.solve(system, goal)[:size], dtype=np.float64)
    return shares
