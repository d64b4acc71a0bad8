"""From readings to columns: every reading is either fit to be stored, or kept aside with its reason.

The same for whatever way readings come in: pulled, pushed, uploaded, or let out of quarantine.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from experiments.collection import units
from experiments.collection.connectors.readings import Dropped, Reading
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
        self._targets = list(targets.values())
        self._index = {key: position for position, key in enumerate(targets)}
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

    def add(self, readings: Sequence[Reading]) -> None:
        """Check `readings`; OverflowError where more than 10,000 in all cannot be stored, for then it is
        the source that is wrong."""
        self.count += len(readings)
        rows = self._checked(readings)
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

    def _checked(self, readings: Sequence[Reading]) -> Columns:
        readings, position = self._mapped(readings)
        if not readings:
            return Columns(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
        readings, position, values = self._numbers(readings, position)
        at = np.array([reading.at for reading in readings], dtype=np.int64)
        values, reasons = self._converted(readings, position, values)
        lowest = self._limit("lowest", -np.inf)[position]
        highest = self._limit("highest", np.inf)[position]
        reasons[(values < lowest) | (values > highest)] = Doubt.OUT_OF_RANGE
        reasons[~np.isfinite(values)] = Doubt.NOT_FINITE
        reasons[at > self._until + ONE_DAY] = Doubt.IN_THE_FUTURE
        bad = reasons != ""
        for row in np.flatnonzero(bad).tolist():
            self.suspects.append(Suspect(readings[row], Doubt(reasons[row])))
        series = np.array([target.series_id for target in self._targets], dtype=np.int64)[position]
        return Columns(series, at, values).take(~bad)

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
        try:
            values = np.array(raw, dtype=np.float64)
        except OverflowError:  # an integer beyond the largest float
            values = np.array([_as_float(value) for value in raw], dtype=np.float64)
        return readings, position, values

    def _converted(
        self, readings: Sequence[Reading], position: IntArray, values: FloatArray
    ) -> tuple[FloatArray, npt.NDArray[np.str_]]:
        """Values in the metric's unit, and why some could not be converted ('' where they could)."""
        reasons = np.full(len(values), "", dtype="U20")
        if not any(t.unit != t.metric_unit for t in self._targets) and not any(r.unit for r in readings):
            return values, reasons
        values = values.copy()
        given = np.array([r.unit or self._targets[p].unit for r, p in zip(readings, position, strict=True)])
        wanted = np.array([self._targets[p].metric_unit for p in position])
        for pair in {*zip(given.tolist(), wanted.tolist(), strict=True)}:
            rows = (given == pair[0]) & (wanted == pair[1])
            try:
                values[rows] = units.convert(values[rows], *pair)
            except units.UnknownUnit:
                reasons[rows] = Doubt.UNKNOWN_UNIT
            except units.IncompatibleUnits:
                reasons[rows] = Doubt.INCOMPATIBLE_UNIT
        return values, reasons

    def _limit(self, name: str, otherwise: float) -> FloatArray:
        limits = [getattr(target, name) for target in self._targets]
        return np.array([otherwise if limit is None else limit for limit in limits], dtype=np.float64)


def _as_float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # called with numbers alone
    except OverflowError:
        return np.inf


def _together(parts: Sequence[Columns]) -> Columns:
    return Columns(
        np.concatenate([part.series for part in parts]),
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.values for part in parts]),
    )
