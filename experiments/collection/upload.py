"""Files of readings that people hand over: mapped, checked cell by cell, stored whole or not at all.

A file is long (a row is a reading) or wide (a row is an instant, or an instant of an entity, and its
other columns are entities or attributes). What was stored from a file can be undone: values that it
changed are restored as a further revision, values that it brought are withdrawn, and both stay in the
history, so that whatever was computed meanwhile can be computed again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.collection import ingest, withdrawals
from experiments.collection.connectors.ngsi_ld_instants import LATEST, instant, is_sensible
from experiments.collection.connectors.readings import Reading
from experiments.collection.intake import Arrivals, Doubt, targets_of
from experiments.collection.models import (
    AttemptStatus,
    CollectionAttempt,
    DataSource,
    Way,
    to_microseconds,
)
from experiments.collection.push import NUMBER
from experiments.collection.spreadsheets import FORMULA, Cell, Sheet, place
from experiments.errors import Invalid, WrongMoment
from experiments.orm import Base, Identified

MOST_ERRORS = 100
_NO_INSTANT = "This is no day and no instant."
_SENSELESS = "This instant lies outside the years 1900 to 2199."
Where = tuple[int, int]
"""A cell by its row, from 1, and its column, from 0."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_BLANK_BETWEEN = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d)?(.*)")
_END_OF_DAY = re.compile(r"(.{10}T)24:00:00(.*)")


class Upload(Identified, Base):
    """A file of one source as it came, the attempt that stored it, and the one that undid that.

    One that was never stored may be discarded; its content is kept.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("undo_id IS NULL OR attempt_id IS NOT NULL", name="only_what_was_stored_is_undone"),
        CheckConstraint(
            "discarded_at IS NULL OR attempt_id IS NULL", name="only_what_is_not_stored_is_discarded"
        ),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), index=True)
    name: Mapped[str]
    sha256: Mapped[str]
    sent_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey(CollectionAttempt.id))
    undo_id: Mapped[int | None] = mapped_column(ForeignKey(CollectionAttempt.id))
    discarded_at: Mapped[datetime | None]

    source: Mapped[DataSource] = relationship()
    attempt: Mapped[CollectionAttempt | None] = relationship(foreign_keys=[attempt_id])
    undo: Mapped[CollectionAttempt | None] = relationship(foreign_keys=[undo_id])


@dataclass(frozen=True)
class Layout:
    """Which columns of a file say what, by name; '' where none does.

    Where `value` names a column the file is long. Where it does not the file is wide: its other columns
    are attributes of the row's `entity`, or entities where no column names one. `only_attribute` is meant
    where neither a column nor a header says the attribute. `unit` names the column with the unit of a row's
    values; where it is blank the unit of the mapping is meant.
    """

    observed_at: str
    entity: str = ""
    attribute: str = ""
    value: str = ""
    only_attribute: str = ""
    unit: str = ""

    def ignored(self, header: Sequence[str]) -> list[str]:
        """The columns of `header` that say nothing; none of a wide file, where the others are values."""
        said = {self.observed_at, self.entity, self.attribute, self.value, self.unit}
        return [name for name in header if name not in said] if self.value else []


@dataclass(frozen=True)
class Checked:
    """The readings of a file in its order, and the rows (from 1) of those before the start of the source:
    they are stored, since somebody looked at them, and nothing else of the source is as old."""

    readings: list[Reading]
    early_rows: tuple[int, ...]


def checked(session: Session, source: DataSource, sheet: Sheet, layout: Layout, *, at: datetime) -> Checked:
    """The readings of `sheet`, all of them fit to be stored; Invalid with what is wrong, by cell (`B5`),
    row by row, at most 100 of them.

    Entities may be called by the code of their district where it has one alone. Instants without an
    offset are those of the territory.
    """
    faults = _layout_faults(sheet, layout)
    if faults:
        raise Invalid(faults)
    found = list(_Reader(source, sheet, layout).cells())
    errors = {where: said for where, said in found if isinstance(said, str)}
    readings = [(where, said) for where, said in found if not isinstance(said, str)]
    with Arrivals(targets_of(session, source.id), until=to_microseconds(at)) as trial:
        trial.add([reading for _, reading in readings])
        doubts = {id(suspect.reading): suspect.reason for suspect in trial.suspects}
    errors |= {
        _place_of(doubts[id(r)], where, sheet, layout): _DOUBTS[doubts[id(r)].value]
        for where, r in readings
        if id(r) in doubts
    }
    errors |= _contradictions(readings)
    if errors:
        raise Invalid({place(*where): [errors[where]] for where in sorted(errors)[:MOST_ERRORS]})
    if not readings:
        raise Invalid({"file": ["There is no reading here."]})
    first = to_microseconds(source.starts_at)
    early = dict.fromkeys(where[0] for where, reading in readings if reading.at < first)
    return Checked([reading for _, reading in readings], tuple(early))


def store_upload(
    session: Session, upload: Upload, readings: list[Reading], *, holder: str, at: datetime
) -> CollectionAttempt:
    """Hand the readings of `upload` to its source, once."""
    ingest.lock(session, upload.source, at)
    session.refresh(upload)
    _require_open(upload, "source.upload")
    upload.attempt = ingest.receive(session, upload.source, readings, way=Way.UPLOAD, holder=holder, at=at)
    session.flush()
    return upload.attempt


def discard(session: Session, upload: Upload, *, at: datetime) -> None:
    """Give `upload`, which was never stored, up for good."""
    ingest.lock(session, upload.source, at)
    session.refresh(upload)
    _require_open(upload, "source.discard_upload")
    upload.discarded_at = at
    session.flush()


def _require_open(upload: Upload, verb: str) -> None:
    if upload.attempt_id is not None:
        raise WrongMoment(verb, "stored", needs="upload_is_not_stored")
    if upload.discarded_at is not None:
        raise WrongMoment(verb, "discarded", needs="upload_is_not_discarded")


def undo(session: Session, upload: Upload, *, holder: str, at: datetime) -> CollectionAttempt:
    """Take back what `upload` said, as an attempt: known is then what everything else says last."""
    received_at = ingest.lock(session, upload.source, at)
    session.refresh(upload)
    done = upload.attempt
    if done is None or upload.undo_id is not None:
        raise WrongMoment("source.undo_upload", "not stored", needs="upload_is_stored")
    attempt = CollectionAttempt(
        source_id=upload.source_id,
        way=Way.UPLOAD,
        holder=holder,
        fence=upload.source.fence,
        started_at=at,
        finished_at=received_at,
        window_start=done.window_start,
        window_end=done.window_end,
        status=AttemptStatus.DONE,
    )
    session.add(attempt)
    session.flush()
    rows = session.execute(
        select(Upload.attempt_id, Upload.undo_id).where(
            Upload.source_id == upload.source_id, Upload.undo_id.is_not(None)
        )
    )
    undone = {attempt_id for row in rows for attempt_id in row}
    withdrawals.take_back(session, done, attempt, undone=undone, now=to_microseconds(received_at))
    upload.undo = attempt
    session.flush()
    return attempt


def _place_of(doubt: Doubt, where: Where, sheet: Sheet, layout: Layout) -> Where:
    """The cell that is wrong: that of the unit where the unit is."""
    is_unit = layout.unit and doubt in (Doubt.UNKNOWN_UNIT, Doubt.INCOMPATIBLE_UNIT)
    return (where[0], sheet.header.index(layout.unit)) if is_unit else where


def _contradictions(readings: Sequence[tuple[Where, Reading]]) -> dict[Where, str]:
    """What says something else of a reading than a cell before it."""
    said: dict[tuple[str, str, int], tuple[Where, object]] = {}
    errors = {}
    for where, reading in readings:
        value = (reading.value, reading.unit)
        before, first = said.setdefault(reading[:3], (where, value))
        if value != first:
            errors[where] = f"another value of the same instant stands in {place(*before)}"
    return errors


_DOUBTS: Mapping[str, str] = {
    "wrong_type": "This is no number.",
    "not_finite": "This is no number.",
    "out_of_range": "This lies outside the metric's range.",
    "unknown_unit": "This unit is not known.",
    "incompatible_unit": "This unit does not fit the metric.",
    "in_the_future": "This lies in the future.",
}


def _layout_faults(sheet: Sheet, layout: Layout) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name in ("observed_at", "entity", "attribute", "value", "unit"):
        column = getattr(layout, name)
        if column and column not in sheet.header:
            errors[name] = ["There is no such column."]
    if not layout.observed_at:
        errors["observed_at"] = ["Choose a column."]
    if layout.value and not layout.entity:
        errors["entity"] = ["Choose a column."]
    is_said = layout.attribute or layout.only_attribute or (layout.entity and not layout.value)
    if not is_said:
        errors["only_attribute"] = ["Choose an attribute."]
    return errors


class _Reader:
    """Cells of a sheet to readings, or to what is wrong with them."""

    def __init__(self, source: DataSource, sheet: Sheet, layout: Layout) -> None:
        self._sheet = sheet
        self._layout = layout
        self._zone = source.territory.zone
        self._attributes = {each.attribute for each in source.attributes}
        self._entities = {each.entity: each.entity for each in source.entities}
        codes = [each.district.code for each in source.entities]
        for each in source.entities:
            if codes.count(each.district.code) == 1:
                self._entities.setdefault(each.district.code, each.entity)

    def cells(self) -> Iterator[tuple[Where, Reading | str]]:
        """(cell, reading or what is wrong), row by row."""
        for number, cells in self._sheet.rows:
            row = dict(zip(self._sheet.header, cells, strict=True))
            at = self._instant(row[self._layout.observed_at])
            if at is None or not is_sensible(at):
                yield self._place(number, self._layout.observed_at), _NO_INSTANT if at is None else _SENSELESS
                continue
            for column, entity, attribute in self._readings(row):
                value = row[column]
                if value not in (None, ""):
                    where, read = self._reading(number, column, entity, attribute, at, value)
                    yield where, read if isinstance(read, str) else read._replace(unit=self._unit(row))

    def _unit(self, row: Mapping[str, Cell]) -> str | None:
        written = row[self._layout.unit] if self._layout.unit else None
        return str(written).strip() or None if written is not None else None

    def _readings(self, row: Mapping[str, Cell]) -> Iterator[tuple[str, str, str]]:
        """(column of the value, entity, attribute) of what stands in a row."""
        layout = self._layout
        attribute = str(row[layout.attribute] or "") if layout.attribute else layout.only_attribute
        entity = str(row[layout.entity] or "") if layout.entity else ""
        if layout.value:
            yield layout.value, entity, attribute
            return
        taken = {layout.observed_at, layout.entity, layout.attribute, layout.unit}
        for column in self._sheet.header:
            if column not in taken:
                yield (column, entity, column) if layout.entity else (column, column, attribute)

    def _reading(
        self, number: int, column: str, entity: str, attribute: str, at: int, value: Cell
    ) -> tuple[Where, Reading | str]:
        where = self._place(number, column)
        if value is FORMULA:
            return where, "The formula has no stored value; save the file in its program first."
        if isinstance(value, datetime | time | timedelta):
            return where, "This is a date, a time of day or a duration; write a number."
        if entity not in self._entities:
            return where, f"unknown entity {entity[:80]}"
        if attribute not in self._attributes:
            return where, f"unknown attribute {attribute[:80]}"
        if isinstance(value, str):
            plain = value.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", value) else value
            value = float(plain) if NUMBER.fullmatch(plain) else value
        return where, Reading(self._entities[entity], attribute, at, value)

    def _instant(self, cell: Cell) -> int | None:
        """Microseconds since the epoch; None for what is no instant."""
        try:
            return self._read(cell)
        except ValueError:
            return None
        except OverflowError:
            return LATEST

    def _read(self, cell: Cell) -> int | None:
        if isinstance(cell, datetime):
            return to_microseconds(cell.replace(tzinfo=ZoneInfo(self._zone)))
        if not isinstance(cell, str):
            return None
        written = f"{cell}T00:00:00" if _DAY.fullmatch(cell) else cell
        if matched := _BLANK_BETWEEN.fullmatch(written.replace("T", " ")):
            written = f"{matched[1]}T{matched[2]}{matched[3] or ':00'}{matched[4]}"
        # Public hubs of hourly readings call midnight the end of the day before: 24:00.
        if matched := _END_OF_DAY.fullmatch(written):
            day = datetime.fromisoformat(f"{matched[1]}00:00:00") + timedelta(days=1)
            written = f"{day.isoformat()}{matched[2]}"
        return instant(written, self._zone)

    def _place(self, number: int, column: str) -> Where:
        return number, self._sheet.header.index(column)


def uploads_of(session: Session, source: DataSource) -> list[Upload]:
    """The files of `source`, the newest first."""
    return list(
        session.scalars(select(Upload).where(Upload.source_id == source.id).order_by(Upload.id.desc()))
    )
