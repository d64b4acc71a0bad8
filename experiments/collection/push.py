"""Readings that machines send: JSON, NDJSON or CSV, all of a request or nothing of it.

A request is refused where its shape is wrong or a row is of nothing that the source maps; every such
row is named. A row of the right shape whose value cannot be stored goes into quarantine, as it would
if it had been pulled.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection import decoding, ingest
from experiments.collection.connectors.ngsi_ld_instants import instant, is_sensible
from experiments.collection.connectors.readings import Dropped, Reading
from experiments.collection.models import CollectionAttempt, DataSource, Way
from experiments.collection.tokens import PushReceipt, SourceToken
from experiments.errors import DomainError, Invalid, WrongMoment

MOST_ROWS = 100_000
MOST_BYTES = 32 * 1024 * 1024
MOST_ERRORS = 100
LONGEST_KEY = 200
REQUIRED = ("entity", "attribute", "observed_at", "value")
OPTIONAL = ("unit",)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)

Errors = dict[str, list[str]]


class TooLarge(DomainError):
    """More than a request may hold, before or after it was unpacked."""


@dataclass(frozen=True)
class Receipt:
    """What became of a push: `readings` is the sum of the counts below it.

    `repeated` said again what another reading of the same request had said, `left_out` lie before the
    source's start. `is_repeated` where the same request had been taken before.
    """

    attempt_id: int
    readings: int
    inserted: int
    revised: int
    unchanged: int
    quarantined: int
    repeated: int
    left_out: int
    is_repeated: bool = False


def push(
    session: Session,
    token: SourceToken,
    readings: Sequence[Reading],
    *,
    body: bytes,
    key: str | None,
    at: datetime,
    dropped: Dropped | None = None,
) -> Receipt:
    """Hand `readings`, as they were read from `body`, to the source of `token`, at most once for each `key`.

    Invalid by row, and nothing is stored; also where `key` came before with another body. `dropped` is
    what was left out of the body already.
    """
    source = token.source
    if source.paused:
        raise WrongMoment("source.push", "paused", needs="source_is_collected")
    # Whoever sends the same key at the same moment waits here, and finds the receipt.
    ingest.lock(session, source, at)
    sha256 = hashlib.sha256(body).hexdigest()
    if key is not None and (known := _known(session, source, key)) is not None:
        if known.body_sha256 != sha256:
            raise Invalid({"Idempotency-Key": ["This key came with another body before."]})
        return _receipt(known.attempt, is_repeated=True)
    refuse_unmapped(source, readings)
    try:
        attempt = ingest.receive(session, source, readings, way=Way.PUSH, holder=f"token:{token.id}", at=at)
    except OverflowError:
        raise Invalid({"readings": ["Too many of these readings cannot be stored."]}) from None
    if dropped is not None:
        attempt.dropped = attempt.dropped | dropped.reasons
    if key is not None:
        session.add(PushReceipt(source_id=source.id, key=key, body_sha256=sha256, attempt_id=attempt.id))
        session.flush()
    return _receipt(attempt)


def checked_key(key: str | None) -> str | None:
    """An Idempotency-Key as it was sent; Invalid where it is blank, long or not printable."""
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise Invalid({"Idempotency-Key": [f"1 to {LONGEST_KEY} printable characters."]})
    return key


def unpacked(body: bytes, encoding: str) -> bytes:
    """`body` without its gzip; TooLarge beyond 32 MiB, of which no more than that is ever unpacked."""
    if encoding.strip().lower() in {"", "identity"}:
        return body
    if encoding.strip().lower() not in {"gzip", "x-gzip"}:
        raise Invalid({"Content-Encoding": ["Only gzip is known."]})
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, MOST_BYTES + 1)
    except zlib.error:
        raise Invalid({"body": ["This is not gzip."]}) from None
    if len(plain) > MOST_BYTES:
        raise TooLarge("the unpacked body is too large")
    if not unpacker.eof or unpacker.unused_data:
        raise Invalid({"body": ["This is not one whole gzip member."]})
    return plain


def read(body: bytes, media: str) -> list[Reading]:
    """The readings in `body`, of a media type of `FORMATS`; Invalid with what is wrong, by row from 0."""
    readings: list[Reading] = []
    errors: Errors = {}
    said: dict[tuple[str, str, int], int] = {}
    for number, row in enumerate(FORMATS[media](body)):
        if number >= MOST_ROWS:
            raise TooLarge(f"more than {MOST_ROWS:,} readings")
        wrong = _faults(row)
        if wrong:
            errors |= {f"readings.{number}.{name}": [message] for name, message in wrong.items()}
            if len(errors) >= MOST_ERRORS:
                break
        elif not errors:
            at = instant(row["observed_at"], None)
            reading = Reading(row["entity"], row["attribute"], at, row["value"], row.get("unit"))
            first = said.setdefault(reading[:3], number)
            if first < number and readings[first] != reading:
                errors[f"readings.{number}.value"] = [f"Row {first} gives another value for this instant."]
            readings.append(reading)
    if errors:
        raise Invalid(errors)
    if not readings:
        raise Invalid({"readings": ["There is no reading here."]})
    return readings


def mapped(source: DataSource) -> frozenset[tuple[str, str]]:
    """The (entity, attribute) pairs of which `source` takes readings."""
    return frozenset((each.entity, a.attribute) for each in source.entities for a in source.attributes)


def refuse_unmapped(source: DataSource, readings: Sequence[Reading]) -> None:
    """Invalid where readings are of entities or attributes that `source` does not map, by row from 0."""
    wanted = mapped(source)
    errors: Errors = {}
    for number, reading in enumerate(readings):
        if (reading.entity, reading.attribute) not in wanted:
            errors |= _unmapped(number, reading, wanted)
            if len(errors) >= MOST_ERRORS:
                break
    if errors:
        raise Invalid(errors)


def _unmapped(number: int, reading: Reading, wanted: frozenset[tuple[str, str]]) -> Errors:
    """Which of the two names is strange, or that the two do not go together."""
    errors = {}
    if reading.entity not in {entity for entity, _ in wanted}:
        errors[f"readings.{number}.entity"] = [f"unknown entity {reading.entity[:80]}"]
    if reading.attribute not in {attribute for _, attribute in wanted}:
        errors[f"readings.{number}.attribute"] = [f"unknown attribute {reading.attribute[:80]}"]
    return errors or {f"readings.{number}": ["The source does not map this attribute of this entity."]}


def _faults(row: Any) -> dict[str, str]:
    """Field -> what is wrong with it."""
    if not isinstance(row, dict):
        return {"_schema": "Invalid input type."}
    wrong = {name: "Missing data for required field." for name in REQUIRED if name not in row}
    wrong |= {str(name)[:80]: "Unknown field." for name in row if name not in REQUIRED + OPTIONAL}
    for name in ("entity", "attribute", "observed_at"):
        if name in row and not (isinstance(row[name], str) and row[name]):
            wrong[name] = "Not a valid string."
    if "value" in row and row["value"] is None:
        wrong["value"] = "Field may not be null."
    elif isinstance(row.get("value"), float) and not math.isfinite(row["value"]):
        wrong["value"] = "Special numeric values (nan or infinity) are not permitted."
    if row.get("unit") is not None and not isinstance(row["unit"], str):
        wrong["unit"] = "Not a valid string."
    if "observed_at" in row and "observed_at" not in wrong:
        try:
            if not is_sensible(instant(row["observed_at"], None)):
                wrong["observed_at"] = "This instant lies outside the years 1900 to 2199."
        except (ValueError, OverflowError):
            wrong["observed_at"] = "An instant with its offset from UTC is needed."
    return wrong


def _json(body: bytes) -> Iterator[Any]:
    try:
        document = decoding.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid({"body": ["The body is not JSON."]}) from None
    rows = document.get("readings") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise Invalid({"readings": ["Not a valid list."]})
    yield from rows


def _ndjson(body: bytes) -> Iterator[Any]:
    for number, line in enumerate(body.splitlines(), start=1):
        if line.strip():
            try:
                yield decoding.loads(line)
            except orjson.JSONDecodeError:
                raise Invalid({"body": [f"Line {number} is not JSON."]}) from None


def _csv(body: bytes) -> Iterator[Any]:
    """Rows under a header; a cell that reads as a number is one, and an empty one is left out."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid({"body": ["The body is not UTF-8."]}) from None
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(table, [])]
        if len(set(header)) != len(header):
            raise Invalid({"body": ["A column stands twice in the header."]})
        for cells in table:
            if cells:
                yield _row(header, cells)
    except csv.Error:
        raise Invalid({"body": [f"Line {table.line_num} is not CSV."]}) from None


def _row(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any] | None:
    if len(cells) != len(header):
        return None
    row: dict[str, Any] = {
        name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()
    }
    if NUMBER.fullmatch(row.get("value", "")):
        row["value"] = float(row["value"])
    return row


FORMATS: Mapping[str, Callable[[bytes], Iterator[Any]]] = {
    "application/json": _json,
    "application/x-ndjson": _ndjson,
    "text/csv": _csv,
}


def _known(session: Session, source: DataSource, key: str) -> PushReceipt | None:
    return session.scalar(
        select(PushReceipt).where(PushReceipt.source_id == source.id, PushReceipt.key == key)
    )


def _receipt(attempt: CollectionAttempt, *, is_repeated: bool = False) -> Receipt:
    left_out = int(attempt.dropped.get(ingest.BEFORE_THE_START, {"count": 0})["count"])
    kept = attempt.inserted + attempt.revised + attempt.unchanged + attempt.quarantined
    return Receipt(
        attempt_id=attempt.id,
        readings=attempt.readings + left_out,
        inserted=attempt.inserted,
        revised=attempt.revised,
        unchanged=attempt.unchanged,
        quarantined=attempt.quarantined,
        repeated=attempt.readings - kept,
        left_out=left_out,
        is_repeated=is_repeated,
    )
