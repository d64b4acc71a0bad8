"""From readings to columns: every reading is either fit to be stored, or kept aside with its reason.

The same for whatever way readings come in: pulled, pushed, uploaded, or let out of quarantine.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from experiments.collection import units
from experiments.collection.connectors.readings import Block, Dropped, Reading
from experiments.collection.faults import quote
from experiments.collection.models import Across, Series, SourceAttribute, SourceEntity
from experiments.metrics import Metric

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LONGEST_RAW = 1_000
ONE_DAY = 86_400_000_000
MOST_IN_MEMORY = 200_000
MOST_SUSPECTS = 10_000
_ROW = np.dtype([("series", np.int64), ("at", np.int64), ("value", np.float64)])


class Doubt(StrEnum):
    """Why a reading cannot be stored."""

    WRONG_TYPE = "wrong_type"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_UNIT = "unknown_unit"
    INCOMPATIBLE_UNIT = "incompatible_unit"
    IN_THE_FUTURE = "in_the_future"
    # Of a whole message, whose topic and payload stand in the place of entity and value.
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    NO_INSTANT = "no_instant"
    TOO_LARGE = "too_large"


# Rows carry their doubt as a small number, 0 where there is none.
_CODES = {doubt: code for code, doubt in enumerate(Doubt, start=1)}
_DOUBTS = tuple(Doubt)


OF_MESSAGES = frozenset({Doubt.NOT_JSON, Doubt.WRONG_SHAPE, Doubt.NO_INSTANT, Doubt.TOO_LARGE})


class Target(NamedTuple):
    """Where readings of one entity's attribute go: series, units of the mapping and of the metric, and
    the metric's range (None where open)."""

    series_id: int
    unit: str
    metric_unit: str
    lowest: float | None
    highest: float | None


class Suspect(NamedTuple):
    """A reading that is not stored, with the reason."""

    reading: Reading
    reason: Doubt

    @property
    def raw(self) -> str:
        """The value as JSON in ASCII, cut off where it is long."""
        return json.dumps(self.reading.value, default=quote)[:LONGEST_RAW]


Targets = Mapping[tuple[str, str], Target]


def targets_of(session: Session, source_id: int) -> dict[tuple[str, str], Target]:
    """(entity, attribute) -> target for everything that the source maps today, in the mapping's order."""
    # One query of plain columns: districts carry their outlines, and a source has thousands of rows.
    name = case((SourceAttribute.across.is_(None), ""), else_=SourceEntity.entity)
    found = session.execute(
        select(
            SourceEntity.entity,
            SourceAttribute.attribute,
            Series.id,
            SourceAttribute.unit,
            Metric.unit,
            Metric.lowest,
            Metric.highest,
        )
        .join(SourceAttribute, SourceAttribute.source_id == SourceEntity.source_id)
        .join(Metric, Metric.id == SourceAttribute.metric_id)
        .join(
            Series,
            and_(
                Series.metric_id == SourceAttribute.metric_id,
                Series.district_id == SourceEntity.district_id,
                Series.source_id == SourceEntity.source_id,
                Series.entity == name,
            ),
        )
        .where(SourceEntity.source_id == source_id)
        .order_by(SourceAttribute.id, SourceEntity.id)
    )
    return {(row[0], row[1]): Target._make(row[2:]) for row in found}


def series_in(targets: Targets) -> Callable[[str, str], int | None]:
    """The series of an entity and its attribute; None where `targets` have no place for them."""

    def series_of(entity: str, attribute: str) -> int | None:
        target = targets.get((entity, attribute))
        return None if target is None else target.series_id

    return series_of


def series_entity(across: str | None, entity: str) -> str:
    """What a series is named by: its entity where the district has several, nothing where it has one."""
    return entity if across in tuple(Across) else ""


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows fit to be stored, all three (n,): series id, instant in microseconds UTC, value in the
    metric's unit."""

    series: IntArray
    at: IntArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.series)

    def take(self, chosen: npt.NDArray[np.bool_] | IntArray) -> Columns:
        """The rows that `chosen` names, by mask or by position."""
        return Columns(self.series[chosen], self.at[chosen], self.values[chosen])


class Arrivals:
    """What one attempt brought, checked as it comes and bounded in memory: rows beyond 200,000 wait in a
    temporary file until they are stored. `until` (microseconds) is now; a day later is the future.
    """

    def __init__(self, targets: Targets, *, until: int) -> None:
        self.series_of = series_in(targets)
        self._targets = list(targets.values())
        self._index = {key: position for position, key in enumerate(targets)}
        self._series = np.array([target.series_id for target in self._targets], dtype=np.int64)
        self._lowest = _limits([target.lowest for target in self._targets], -np.inf)
        self._highest = _limits([target.highest for target in self._targets], np.inf)
        self._converts = any(target.unit != target.metric_unit for target in self._targets)
        self._until = until
        self._waiting: list[Columns] = []
        self._file: IO[bytes] | None = None
        self.suspects: list[Suspect] = []
        self.unmapped = Dropped()
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, batch: Block | Sequence[Reading]) -> None:
        """Check readings; OverflowError where more than 10,000 in all cannot be stored, for then it is
        the source that is wrong."""
        self.count += len(batch)
        rows = self._of_block(batch) if isinstance(batch, Block) else self._of_readings(batch)
        if len(self.suspects) > MOST_SUSPECTS:
            raise OverflowError(f"more than {MOST_SUSPECTS:,} readings cannot be stored")
        if len(rows):
            self._waiting.append(rows)
        if sum(map(len, self._waiting)) >= MOST_IN_MEMORY:
            self._put_aside()

    def chunks(self) -> Iterator[Columns]:
        """All rows in the order in which they came, at most about 200,000 at a time."""
        if self._file is not None:
            self._file.seek(0)
            while block := self._file.read(MOST_IN_MEMORY * _ROW.itemsize):
                rows = np.frombuffer(block, dtype=_ROW)
                yield Columns(rows["series"].copy(), rows["at"].copy(), rows["value"].copy())
        if self._waiting:
            yield _together(self._waiting)

    def _put_aside(self) -> None:
        rows = _together(self._waiting)
        packed = np.empty(len(rows), dtype=_ROW)
        packed["series"], packed["at"], packed["value"] = rows.series, rows.at, rows.values
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the arrivals
        self._file.write(packed.tobytes())
        self._waiting = []

    def _of_block(self, block: Block) -> Columns:
        names = zip(block.entities, block.attributes, strict=True)
        found = [self._index.get(name, -1) for name in names]
        if -1 in found:
            for stretch, target in enumerate(found):
                if target < 0:
                    name = f"{block.entities[stretch]} {block.attributes[stretch]}"
                    self.unmapped.note("not_mapped", name, block.counts[stretch])
            return self._of_block(block.take(np.array(found)[block.stretch] >= 0))
        targets = np.array(found, dtype=np.int64)
        values = _floats(block.values)
        return self._judged(block.reading, targets, block.units, block.counts, block.at, values)

    def _of_readings(self, readings: Sequence[Reading]) -> Columns:
        readings, targets = self._mapped(readings)
        readings, targets, values = self._numbers(readings, targets)
        stated = [reading.unit for reading in readings]
        at = np.array([reading.at for reading in readings], dtype=np.int64)
        return self._judged(readings.__getitem__, targets, stated, [1] * len(readings), at, values)

    def _judged(
        self,
        reading: Callable[[int], Reading],
        targets: IntArray,
        stated: Sequence[str | None],
        counts: Sequence[int],
        at: IntArray,
        values: FloatArray,
    ) -> Columns:
        """The rows that can be stored; the others are kept aside as the `reading` of their row.

        m stretches have their target, the unit they state (None: that of the mapping) and their count of
        rows; `at` and `values` are (n,).
        """
        if not len(values):
            return Columns(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
        position = np.repeat(targets, counts)
        values, doubts = self._converted(targets, stated, counts, values)
        is_outside = (values < self._lowest[position]) | (values > self._highest[position])
        doubts[is_outside] = _CODES[Doubt.OUT_OF_RANGE]
        doubts[~np.isfinite(values)] = _CODES[Doubt.NOT_FINITE]
        doubts[at > self._until + ONE_DAY] = _CODES[Doubt.IN_THE_FUTURE]
        rows = Columns(self._series[position], at, values)
        if not doubts.any():
            return rows
        self.suspects += [
            Suspect(reading(row), _DOUBTS[int(doubts[row]) - 1]) for row in np.flatnonzero(doubts).tolist()
        ]
        return rows.take(doubts == 0)

    def _mapped(self, readings: Sequence[Reading]) -> tuple[Sequence[Reading], IntArray]:
        """Readings that have a target, with its position."""
        index = self._index
        position = np.array([index.get((r.entity, r.attribute), -1) for r in readings], dtype=np.int64)
        if (position >= 0).all():
            return readings, position
        for row in np.flatnonzero(position < 0).tolist():
            self.unmapped.note("not_mapped", f"{readings[row].entity} {readings[row].attribute}")
        kept = np.flatnonzero(position >= 0)
        return [readings[row] for row in kept.tolist()], position[kept]

    def _numbers(
        self, readings: Sequence[Reading], position: IntArray
    ) -> tuple[Sequence[Reading], IntArray, FloatArray]:
        """Readings whose value is a number, with target and value; a truth value is none."""
        raw = [reading.value for reading in readings]
        if not set(map(type, raw)) <= {float, int}:
            is_number = np.array([type(value) in (float, int) for value in raw])
            for row in np.flatnonzero(~is_number).tolist():
                self.suspects.append(Suspect(readings[row], Doubt.WRONG_TYPE))
            kept = np.flatnonzero(is_number)
            readings, position = [readings[row] for row in kept.tolist()], position[kept]
            raw = [raw[row] for row in kept.tolist()]
        return readings, position, _floats(raw)

    def _converted(
        self, targets: IntArray, stated: Sequence[str | None], counts: Sequence[int], values: FloatArray
    ) -> tuple[FloatArray, npt.NDArray[np.int8]]:
        """Values in the metric's unit, and the codes of why some could not be converted."""
        doubts = np.zeros(len(values), dtype=np.int8)
        if not self._converts and not any(stated):
            return values, doubts
        values = values.copy()
        wanted = [self._targets[target] for target in targets.tolist()]
        pairs = [(unit or to.unit, to.metric_unit) for unit, to in zip(stated, wanted, strict=True)]
        order = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
        which = np.repeat([order[pair] for pair in pairs], counts)
        for pair, number in order.items():
            rows = which == number
            try:
                values[rows] = units.convert(values[rows], *pair)
            except units.UnknownUnit:
                doubts[rows] = _CODES[Doubt.UNKNOWN_UNIT]
            except units.IncompatibleUnits:
                doubts[rows] = _CODES[Doubt.INCOMPATIBLE_UNIT]
        return values, doubts


def _limits(limits: Sequence[float | None], otherwise: float) -> FloatArray:
    return np.array([otherwise if limit is None else limit for limit in limits], dtype=np.float64)


def _floats(numbers: Sequence[Any]) -> FloatArray:
    """`numbers`, floats and integers of any size, (n,)."""
    try:
        return np.array(numbers, dtype=np.float64)
    except OverflowError:  # an integer beyond the largest float
        return np.array([_as_float(number) for number in numbers], dtype=np.float64)


def _as_float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # called with numbers alone
    except OverflowError:
        return np.inf


def _together(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    return Columns(
        np.concatenate([part.series for part in parts]),
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.values for part in parts]),
    )
