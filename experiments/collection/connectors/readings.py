"""What every connector hands over: readings, and an account of what was not one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from experiments.collection.faults import quote


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

    readings: list[Reading] = field(default_factory=list)
    on_batch: Callable[[list[Reading]], None] | None = None
    most: int = 20_000
    pages: int = 0
    hub_count: int | None = None
    dropped: Dropped = field(default_factory=Dropped)
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    def add(self, reading: Reading) -> None:
        """Take one more reading."""
        self.readings.append(reading)
        if self.on_batch is not None and len(self.readings) >= self.most:
            self.flush()

    def extend(self, readings: list[Reading]) -> None:
        """Take several more readings."""
        self.readings += readings
        if self.on_batch is not None and len(self.readings) >= self.most:
            self.flush()

    def flush(self) -> None:
        """Hand over what has come together."""
        if self.on_batch is not None and self.readings:
            batch, self.readings = self.readings, []
            self.on_batch(batch)

    def count_page(self, body: bytes) -> int:
        """The number of this page, counted from 1."""
        self._hash.update(body)
        self.pages += 1
        return self.pages

    @property
    def sha256(self) -> str:
        return str(self._hash.hexdigest())
