"""How treatment was assigned, as something that can be drawn again.

An assignment is one label per unit (0 for control, 1 for treated, or the step at which a unit crosses
over). A mechanism knows all assignments that might have come out, and draws or lists them: that, and not
an error term, is the source of randomness in randomisation inference (Fisher 1935; Imbens and Rubin
2015, chapter 5).

- `Permuted`: labels dealt to whole clusters, within blocks. Without either it is complete randomisation;
  with `blocks` blocked randomisation or, with blocks of two, matched pairs; with `clusters` cluster
  randomisation; with the crossover period as label a stepped wedge; on the cells of a panel, with blocks
  of time as clusters and units as blocks, a balanced switchback.
- `Coins`: one independent coin for each cluster, as in a Bernoulli experiment or a switchback whose
  blocks of time were tossed one by one.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments, plain_array
from stats.errors import EstimationError

LabelArray = npt.NDArray[np.int64]

MOST_ASSIGNMENTS = 9_999
"""Assignments beyond this many are sampled: p-values get no finer than 1/10,000."""


class Mechanism(Protocol):
    """What could have been assigned in the place of what was, by cluster (G of them)."""

    @property
    def place(self) -> LabelArray:
        """The cluster of each unit, numbered from 0; n."""
        ...

    @property
    def actual(self) -> LabelArray:
        """The label that each cluster was dealt, G."""
        ...

    @property
    def count(self) -> int:
        """Number of assignments that might have come out."""
        ...

    def all(self) -> LabelArray:
        """Each assignment once, count x G."""
        ...

    def draw(self, size: int, rng: np.random.Generator) -> LabelArray:
        """`size` assignments as the mechanism would deal them, size x G."""
        ...


@dataclass(frozen=True, eq=False)
class Permuted:
    """The labels dealt anew to clusters within blocks, each as often as it was dealt.

    labels    n, the labels that were dealt
    clusters  n, the cluster of each unit, or None: each unit for itself. One label per cluster.
    blocks    n, the block of each unit, or None: one block. One block per cluster.
    """

    labels: LabelArray
    clusters: LabelArray | None = None
    blocks: LabelArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", _codes("labels", self.labels, None))
        for name in ("clusters", "blocks"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _codes(name, value, len(self.labels)))
        for name, values in (("labels", self.labels), ("blocks", self.blocks)):
            if values is not None:
                _one_per_cluster(name, values, self.place)

    @property
    def actual(self) -> LabelArray:
        return self.labels[self._first]

    @property
    def count(self) -> int:
        total = 1
        for members in self._groups:
            _, times = np.unique(self.actual[members], return_counts=True)
            total *= math.factorial(len(members)) // math.prod(math.factorial(int(t)) for t in times)
        return total

    def all(self) -> LabelArray:
        groups = self._groups
        each = [_arrangements(tuple(sorted(self.actual[members].tolist()))) for members in groups]
        rows = np.empty((self.count, len(self.actual)), dtype=np.int64)
        for row, chosen in enumerate(itertools.product(*each)):
            for members, labels in zip(groups, chosen, strict=True):
                rows[row, members] = labels
        return rows

    def draw(self, size: int, rng: np.random.Generator) -> LabelArray:
        rows = np.empty((size, len(self.actual)), dtype=np.int64)
        for members in self._groups:
            # Ranks of independent uniforms are a random order: faster than shuffling row by row.
            order = np.argsort(rng.random((size, len(members))), axis=1)
            rows[:, members] = self.actual[members][order]
        return rows

    @property
    def place(self) -> LabelArray:
        if self.clusters is None:
            return np.arange(len(self.labels))
        return np.unique(self.clusters, return_inverse=True)[1].astype(np.int64)

    @property
    def _first(self) -> LabelArray:
        return np.unique(self.place, return_index=True)[1].astype(np.int64)

    @property
    def _dealt(self) -> LabelArray:
        """The label of each cluster."""
        return self.labels[self._first]

    @property
    def _groups(self) -> list[LabelArray]:
        """The clusters of each block."""
        if self.blocks is None:
            return [np.arange(len(self.actual))]
        block = self.blocks[self._first]
        return [np.flatnonzero(block == one).astype(np.int64) for one in np.unique(block)]


@dataclass(frozen=True, eq=False)
class Coins:
    """One coin per cluster: label 1 with `probability`, else 0, independently.

    labels    n, zeros and ones, what the coins showed
    clusters  n, the cluster of each unit, or None: each unit has its coin
    """

    labels: LabelArray
    clusters: LabelArray | None = None
    probability: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", _codes("labels", self.labels, None))
        if not set(self.labels.tolist()) <= {0, 1}:
            raise EstimationError("labels", "a coin shows 0 or 1")
        if not 0 < self.probability < 1:
            raise EstimationError("probability", f"must lie between 0 and 1, not {self.probability!r}")
        if self.clusters is not None:
            object.__setattr__(self, "clusters", _codes("clusters", self.clusters, len(self.labels)))
        _one_per_cluster("labels", self.labels, self.place)

    @property
    def actual(self) -> LabelArray:
        return self.labels[np.unique(self.place, return_index=True)[1]]

    @property
    def count(self) -> int:
        """Only fair coins make a list on which each assignment weighs the same."""
        return 2 ** len(self.actual) if self.probability == 0.5 else MOST_ASSIGNMENTS + 1

    def all(self) -> LabelArray:
        coins = len(self.actual)
        return ((np.arange(2**coins)[:, None] >> np.arange(coins)) & 1).astype(np.int64)

    def draw(self, size: int, rng: np.random.Generator) -> LabelArray:
        return (rng.random((size, len(self.actual))) < self.probability).astype(np.int64)

    @property
    def place(self) -> LabelArray:
        if self.clusters is None:
            return np.arange(len(self.labels))
        return np.unique(self.clusters, return_inverse=True)[1].astype(np.int64)


@checked_arguments
def assignments(
    mechanism: Mechanism, rng: np.random.Generator, *, most: int = MOST_ASSIGNMENTS
) -> LabelArray:
    """Assignments to compare with, B x G, the actual one first and counted once.

    All of them where there are at most `most`; else the actual one and `most` draws, with which the
    share of assignments as extreme as the actual one is a valid p-value (Phipson and Smyth 2010).
    """
    actual = mechanism.actual[None]
    if mechanism.count <= most:
        every = mechanism.all()
        return np.vstack([actual, every[(every != actual).any(axis=1)]])
    return np.vstack([actual, mechanism.draw(most, rng)])


def switchback_blocks(units: int, periods: int, length: int, *, together: bool = False) -> LabelArray:
    """The block of time of each cell of a switchback, numbered from 0, units x periods.

    Blocks are `length` periods long, the last may be shorter. With `together` all units switch at once
    and a block of time is one cluster; else each unit has its own.
    """
    if not 1 <= length <= periods:
        raise EstimationError("length", f"must lie between 1 and the {periods} periods, not {length}")
    block = np.arange(periods) // length
    own = np.zeros(units, dtype=np.int64) if together else np.arange(units) * (int(block[-1]) + 1)
    return (own[:, None] + block).astype(np.int64)


@lru_cache(maxsize=8)
def _arrangements(labels: tuple[int, ...]) -> LabelArray:
    """Each distinct order of `labels`, once: choose the places of the rarest, then order the rest."""
    values, times = np.unique(np.array(labels, dtype=np.int64), return_counts=True)
    if len(values) == 1:
        return np.array([labels], dtype=np.int64)
    rarest = int(np.argmin(times))
    rest = _arrangements(tuple(label for label in labels if label != values[rarest]))
    places = np.array(list(itertools.combinations(range(len(labels)), int(times[rarest]))))
    rows = np.full((len(places), len(rest), len(labels)), values[rarest])
    for chosen, block in zip(places, rows, strict=True):
        block[:, np.delete(np.arange(len(labels)), chosen)] = rest
    return rows.reshape(-1, len(labels))


def _codes(argument: str, values: npt.ArrayLike, count: int | None) -> LabelArray:
    codes = plain_array(argument, values)
    if codes.ndim != 1 or codes.dtype.kind not in "iub":
        raise EstimationError(argument, "must be whole numbers, one per unit")
    if count is not None and len(codes) != count:
        raise EstimationError(argument, f"has {len(codes)} entries for {count} units")
    return codes.astype(np.int64)


def _one_per_cluster(argument: str, values: LabelArray, place: LabelArray) -> None:
    low = np.full(int(place.max()) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), np.iinfo(np.int64).min)
    np.minimum.at(low, place, values)
    np.maximum.at(high, place, values)
    if (low < high).any():
        raise EstimationError(argument, f"differ within cluster {int(np.argmax(low < high))}")
