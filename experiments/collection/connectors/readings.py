"""What every connector hands over: readings, and an account of what was not one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.collection.faults import quote

IntArray = npt.NDArray[np.int64]


class Reading(NamedTuple):
    """One value of one attribute; `at` is the observed instant in microseconds since the epoch, UTC.

    `value` is what the hub sent, as JSON has it: what is no finite number in the metric's range goes to
    the quarantine later on. `unit` is what this reading itself says, None where it says nothing.
    """

    entity: str
    attribute: str
    at: int
    value: object
    unit: str | None = None


@dataclass(frozen=True, eq=False)
class Block:
    """n readings whose values are numbers, in stretches of one entity's attribute: the first `counts[0]`
    rows are of `entities[0]`, `attributes[0]` and `units[0]`, and so on, all as in `Reading`.

    `at` is (n,), in microseconds since the epoch, UTC; `values` are n floats or integers as the hub sent
    them, finite or not, and no truth values.
    """

    entities: Sequence[str]
    attributes: Sequence[str]
    units: Sequence[str | None]
    counts: Sequence[int]
    at: IntArray
    values: Sequence[float]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Reading]:
        return map(self.reading, range(len(self)))

    def reading(self, row: int) -> Reading:
        """One row by itself."""
        which = int(self.stretch[row])
        entity, attribute, unit = self.entities[which], self.attributes[which], self.units[which]
        return Reading(entity, attribute, int(self.at[row]), self.values[row], unit)

    @cached_property
    def stretch(self) -> IntArray:
        """The number of the stretch that each row is of, (n,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def between(self, first: int, end: int) -> Block:
        """The rows with `first <= at < end`."""
        chosen = (self.at >= first) & (self.at < end)
        return self if chosen.all() else self.take(chosen)

    def take(self, chosen: npt.NDArray[np.bool_]) -> Block:
        """The rows that the mask `chosen` (n,) names, and the stretches that still have any."""
        found, counts = np.unique(self.stretch[chosen], return_counts=True)
        kept = found.tolist()
        return Block(
            [self.entities[which] for which in kept],
            [self.attributes[which] for which in kept],
            [self.units[which] for which in kept],
            counts.tolist(),
            self.at[chosen],
            [self.values[row] for row in np.flatnonzero(chosen).tolist()],
        )

    @classmethod
    def together(cls, blocks: Sequence[Block]) -> Block:
        """One block of all rows in their order."""
        if len(blocks) == 1:
            return blocks[0]
        return cls(
            list(chain.from_iterable(block.entities for block in blocks)),
            list(chain.from_iterable(block.attributes for block in blocks)),
            list(chain.from_iterable(block.units for block in blocks)),
            list(chain.from_iterable(block.counts for block in blocks)),
            np.concatenate([block.at for block in blocks]),
            list(chain.from_iterable(block.values for block in blocks)),
        )


Batch = Block | list[Reading]


class NoValue(NamedTuple):
    """An instance without a value at `at`, or in a data set (`at` is None) that is not read."""

    reason: str
    at: int | None


@dataclass
class Dropped:
    """Reason -> how often, and the first case."""

    reasons: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, reason: str, case: object, times: int = 1) -> None:
        if reason not in self.reasons:
            self.reasons[reason] = {"count": 0, "first": quote(case)}
        self.reasons[reason]["count"] += times


@dataclass
class Harvest:
    """All readings of one window. `hub_count` is the hub's own count of entities, None if it gave none.

    `sha256` runs over the bodies in the order in which they came. Where `on_batch` is given, readings go
    there whenever `most` have come together (and at last with `flush`), so that a window of any size
    passes through; `readings` then holds those of the unfinished batch.
    """

    on_batch: Callable[[Batch], None] | None = None
    most: int = 20_000
    pages: int = 0
    hub_count: int | None = None
    dropped: Dropped = field(default_factory=Dropped)
    _parts: list[Batch] = field(default_factory=list, repr=False)
    _held: int = 0
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    @property
    def readings(self) -> list[Reading]:
        """What is held, one by one, in the order in which it came."""
        return list(chain.from_iterable(self._parts))

    def add(self, reading: Reading) -> None:
        """Take one more reading."""
        last = self._parts[-1] if self._parts else None
        if isinstance(last, list):
            last.append(reading)
        else:
            self._parts.append([reading])
        self._count(1)

    def take(self, block: Block) -> None:
        """Take all readings of a block."""
        self._parts.append(block)
        self._count(len(block))

    def _count(self, more: int) -> None:
        self._held += more
        if self.on_batch is not None and self._held >= self.most:
            self.flush()

    def flush(self) -> None:
        """Hand over what has come together."""
        if self.on_batch is None:
            return
        parts, self._parts, self._held = self._parts, [], 0
        for batch in _merged(parts):
            self.on_batch(batch)

    def count_page(self, body: bytes) -> int:
        """The number of this page, counted from 1."""
        self._hash.update(body)
        self.pages += 1
        return self.pages

    @property
    def sha256(self) -> str:
        return str(self._hash.hexdigest())


def _merged(parts: list[Batch]) -> Iterator[Batch]:
    """The same in the same order, with blocks that follow each other as one."""
    blocks: list[Block] = []
    for part in parts:
        if isinstance(part, Block):
            blocks.append(part)
            continue
        if blocks:
            yield Block.together(blocks)
            blocks = []
        yield part
    if blocks:
        yield Block.together(blocks)
