"""What every connector hands over: readings, and an account of what was not one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from experiments.collection.faults import quote


class Reading(NamedTuple):
    """One value of one attribute; `at` is the observed instant in microseconds since the epoch, UTC."""

    entity: str
    attribute: str
    at: int
    value: float


class NoValue(NamedTuple):
    """An instance without a value at `at`, or in a data set (`at` is None) that is not read."""

    reason: str
    at: int | None


@dataclass
class Dropped:
    """Reason -> how often, and the first case."""

    reasons: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, reason: str, case: object, times: int = 1) -> None:
        entry = self.reasons.setdefault(reason, {"count": 0, "first": quote(case)})
        entry["count"] += times


@dataclass
class Harvest:
    """All readings of one window. `hub_count` is the hub's own count of entities, None if it gave none.

    `sha256` runs over the bodies in the order in which they came.
    """

    readings: list[Reading] = field(default_factory=list)
    pages: int = 0
    hub_count: int | None = None
    dropped: Dropped = field(default_factory=Dropped)
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    def count_page(self, body: bytes) -> int:
        """The number of this page, counted from 1."""
        self._hash.update(body)
        self.pages += 1
        return self.pages

    @property
    def sha256(self) -> str:
        return str(self._hash.hexdigest())
