"""Influence functions of many effects at once, kept small.

Each unit's influence on q effects is a short row of numbers times a matrix that all units of its
cohort share: without covariates p is the number of periods, however many effects there are. From
that come covariances, sums by cluster and bootstrap draws without an n x q matrix, let alone n x n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stats.cohorts import IntArray
from stats.panel import BoolArray, FloatArray

CHUNK = 2048
"""Units whose multipliers are drawn together: fixed, so that a seed gives the same draws everywhere."""


@dataclass(frozen=True, eq=False)
class Block:
    """Units `rows` (m of n): influence = basis (m x p) @ loading (p x q)."""

    rows: IntArray
    basis: FloatArray
    loading: FloatArray


@dataclass(frozen=True, eq=False)
class Influence:
    """Influence functions of q effects over n units, by blocks that share no unit.

    clusters: n codes 0..G-1, or None: then every unit is its own cluster.
    """

    blocks: tuple[Block, ...]
    count: int
    clusters: IntArray | None = None

    @property
    def width(self) -> int:
        """q, the number of effects."""
        return int(self.blocks[0].loading.shape[1])

    @property
    def clusters_in_all(self) -> int:
        """G, or the number of units without clusters."""
        return self.count if self.clusters is None else int(self.clusters.max()) + 1

    @cached_property
    def covariance(self) -> FloatArray:
        """q x q: (1 / n^2) times the sum over clusters of the outer product of their sums."""
        total = np.zeros((self.width, self.width))
        for block in self._independent:
            total += block.loading.T @ (block.basis.T @ block.basis) @ block.loading
        return (total + total.T) / (2 * self.count**2)

    def values(self) -> FloatArray:
        """n x q, written out; unclustered standard errors are sqrt(mean(square) / n)."""
        values = np.zeros((self.count, self.width))
        for block in self.blocks:
            values[block.rows] = block.basis @ block.loading
        return values

    def small_sample(self, loading: FloatArray) -> tuple[float, float]:
        """Standard error of the effect with this loading (q) and its degrees of freedom, for small cohorts.

        Each cohort's variance with divisor m - 1 for its m units or clusters (CR2, with one start), and
        Welch's (1947) degrees of freedom. (NaN, 0) where a cohort that is compared has one unit or cluster.
        """
        variances, shifts, dofs = [], 0.0, []
        for block in self.within:
            direction = block.loading @ loading
            values = block.basis @ direction
            size = len(values)
            if size == 1 and direction[:-1].any():
                return math.nan, 0.0
            if not values.any() or size == 1:
                continue
            centre = values.mean()
            variances.append(float(((values - centre) ** 2).sum()) * size / (size - 1))
            # That shares of cohorts are estimated shifts a whole cohort at once.
            shifts += size * float(centre) ** 2
            dofs.append(size - 1)
        total = sum(variances)
        if not total > 0:
            return math.nan, 0.0
        dof = total**2 / sum(one**2 / each for one, each in zip(variances, dofs, strict=True))
        return math.sqrt(total + shifts) / self.count, dof

    def draws(self, rng: np.random.Generator, draws: int, *, mammen: bool = False) -> FloatArray:
        """draws x q: means of the influence functions times random multipliers of mean 0 and variance 1.

        Multipliers are Rademacher signs or Mammen's (1993) two points. Both are a random bit, stretched,
        so a draw is a sum over the units whose bit is set; that sum is taken over whole numbers, which
        floating point adds without error in any order: the draws are the same on any machine.
        """
        golden = (1 + math.sqrt(5)) / 2
        low, high, chance = (1 - golden, golden, (golden - 1) / math.sqrt(5)) if mammen else (-1.0, 1.0, 0.5)
        parts = []
        for block in self._independent:
            whole, unit = _whole(block.basis)
            sums = np.zeros((draws, whole.shape[1]))
            for start in range(0, len(whole), CHUNK):
                part = whole[start : start + CHUNK]
                sums += _bits(rng, draws, len(part), chance).astype(np.float64) @ part
            parts.append((low * whole.sum(axis=0) + (high - low) * sums) * unit)
        loading = np.vstack([block.loading for block in self._independent]) / self.count
        drawn: FloatArray = np.hstack(parts) @ loading
        return drawn

    @cached_property
    def _independent(self) -> tuple[Block, ...]:
        """The blocks, or with clusters one block of their sums."""
        if self.clusters is None:
            return self.blocks
        sums = np.zeros((int(self.clusters.max()) + 1, self.width))
        for codes, values in self._by_cluster(self.clusters):
            sums[codes] += values
        return (Block(np.arange(len(sums)), sums, np.eye(self.width)),)

    @cached_property
    def within(self) -> tuple[Block, ...]:
        """The cohorts' blocks; with clusters their sums by cohort, or all as one where cohorts share one."""
        if self.clusters is None:
            return self.blocks
        parts = list(self._by_cluster(self.clusters))
        codes = np.concatenate([present for present, _ in parts])
        if len(np.unique(codes)) < len(codes):
            return self._independent
        return tuple(
            Block(
                present,
                np.column_stack([sums, np.zeros(len(sums))]),
                np.vstack([np.eye(self.width), np.zeros(self.width)]),
            )
            for present, sums in parts
        )

    def _by_cluster(self, clusters: IntArray) -> Iterator[tuple[IntArray, FloatArray]]:
        for block in self.blocks:
            codes = clusters[block.rows]
            order = np.argsort(codes, kind="stable")
            present, first = np.unique(codes[order], return_index=True)
            yield present, np.add.reduceat(block.basis[order], first, axis=0) @ block.loading


def _whole(basis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whole numbers and their unit by column: basis = whole * unit up to 2^-40 of the largest entry.

    The sum of all rows stays below 2^53, so that no partial sum is ever rounded.
    """
    largest = np.abs(basis).max(axis=0)
    room = 52 - math.ceil(math.log2(len(basis) + 1))
    unit = np.exp2(np.frexp(largest)[1] - room)
    return np.rint(basis / unit), unit


def _bits(rng: np.random.Generator, draws: int, width: int, chance: float) -> BoolArray:
    if chance != 0.5:
        return rng.random((draws, width)) < chance
    packed = rng.integers(0, 256, size=(draws, -(-width // 8)), dtype=np.uint8)
    return np.unpackbits(packed, axis=1, count=width).view(np.bool_)
