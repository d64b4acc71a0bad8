"""Rows into observations: new ones inserted, changed ones revised, equal ones left alone.

Called inside the transaction of one attempt, by whoever holds the source. Rows go in sorted by key,
which both databases take several times faster, and by each driver's own fast way: COPY into a temporary
table on PostgreSQL, executemany on SQLite. Then the database compares, in the same words on both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, bindparam, text

from experiments.collection.intake import OF_MESSAGES, Columns

# Beyond this size the planner should know how many rows arrived.
_WORTH_ANALYSING = 1_000
_COPY_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("size_of_series", ">i4"),
        ("series", ">i4"),
        ("size_of_at", ">i4"),
        ("at", ">i8"),
        ("size_of_value", ">i4"),
        ("value", ">f8"),
    ]
)
_COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = b"\xff\xff"

_MATCH = (
    "FROM arriving AS a JOIN observation AS o ON o.series_id = a.series_id AND o.observed_at = a.observed_at "
    "WHERE o.observed_at BETWEEN :first AND :last AND o.value <> a.value"
)
# What this attempt itself wrote a moment ago was never seen by anybody: it is replaced, not revised.
_OWN = "o.attempt_id = :attempt_id AND o.received_at = :received_at"
_REPEATED = text(f"SELECT count(*) {_MATCH} AND {_OWN}")
_SUPERSEDE = text(
    "INSERT INTO observation_revision "
    "(series_id, observed_at, revision, value, received_at, superseded_at, attempt_id) "
    "SELECT o.series_id, o.observed_at, o.revision, o.value, o.received_at, :received_at, o.attempt_id "
    f"{_MATCH} AND NOT ({_OWN})"
)
_UPSERT = text(
    "INSERT INTO observation (series_id, observed_at, value, received_at, revision, attempt_id) "
    "SELECT series_id, observed_at, value, :received_at, 0, :attempt_id FROM arriving WHERE true "
    "ON CONFLICT (series_id, observed_at) DO UPDATE SET "
    "value = excluded.value, received_at = excluded.received_at, attempt_id = excluded.attempt_id, "
    "revision = observation.revision + CASE WHEN observation.attempt_id = excluded.attempt_id "
    "AND observation.received_at = excluded.received_at THEN 0 ELSE 1 END "
    "WHERE observation.value <> excluded.value"
)
# Only values of files are ever taken back: whatever else repeats a value need not be remembered.
_HAS_FILES = text(
    "SELECT EXISTS (SELECT 1 FROM upload AS u JOIN collection_attempt AS c ON c.source_id = u.source_id "
    "WHERE c.id = :attempt_id AND u.attempt_id IS NOT NULL)"
)
# What a message says that nobody could read is not known until it is read again: whatever is said meanwhile
# has to be remembered, lest the message speak over it (`overtaken`).
_HAS_MESSAGES = text(
    "SELECT EXISTS (SELECT 1 FROM quarantined_reading AS q JOIN collection_attempt AS c "
    "ON c.source_id = q.source_id WHERE c.id = :attempt_id AND q.verdict = 'open' AND q.reason IN :reasons)"
).bindparams(bindparam("reasons", [reason.value for reason in sorted(OF_MESSAGES)], expanding=True))
_REMEMBER = text(
    "INSERT INTO observation_confirmation (series_id, observed_at, attempt_id, value, received_at) "
    "SELECT o.series_id, o.observed_at, :attempt_id, o.value, :received_at "
    "FROM arriving AS a JOIN observation AS o ON o.series_id = a.series_id AND o.observed_at = a.observed_at "
    "WHERE o.observed_at BETWEEN :first AND :last AND o.value = a.value AND o.attempt_id <> :attempt_id "
    "ON CONFLICT DO NOTHING"
)
_CONFIRM = text(
    "INSERT INTO observation_confirmation (series_id, observed_at, attempt_id, value, received_at) "
    "SELECT o.series_id, o.observed_at, :attempt_id, o.value, :received_at "
    "FROM arriving AS a JOIN observation AS o ON o.series_id = a.series_id AND o.observed_at = a.observed_at "
    "JOIN collection_attempt AS t ON t.id = o.attempt_id AND t.way = 'upload' "
    "WHERE o.observed_at BETWEEN :first AND :last AND o.value = a.value AND o.attempt_id <> :attempt_id "
    "AND NOT EXISTS (SELECT 1 FROM observation_confirmation AS c "
    "JOIN collection_attempt AS by ON by.id = c.attempt_id AND by.way <> 'upload' "
    "WHERE c.series_id = o.series_id AND c.observed_at = o.observed_at AND c.attempt_id > o.attempt_id) "
    "ON CONFLICT DO NOTHING"
)
_KNOWN = "SELECT EXISTS (SELECT 1 FROM observation WHERE series_id = ? AND observed_at BETWEEN ? AND ?)"
_INSERT = (
    "INSERT INTO observation (series_id, observed_at, value, received_at, revision, attempt_id) "
    "VALUES (?, ?, ?, ?, 0, ?)"
)


@dataclass(frozen=True)
class Stored:
    """How many rows were new, changed and equal; `repeated` came twice in one attempt, and differed."""

    inserted: int = 0
    revised: int = 0
    unchanged: int = 0
    repeated: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(
            self.inserted + other.inserted,
            self.revised + other.revised,
            self.unchanged + other.unchanged,
            self.repeated + other.repeated,
        )


def write(
    connection: Connection, rows: Columns, *, received_at: int, attempt_id: int, is_continued: bool = False
) -> Stored:
    """Store `rows`; a changed value supersedes the old one, which is kept as a revision.

    Of several values for one instant the last one counts. `is_continued`: this attempt wrote before, at
    the same instant. The caller holds the source: nobody else
    writes its series meanwhile. `received_at` is in microseconds, UTC.
    """
    rows, repeated = _last_of_each(rows)
    if not len(rows):
        return Stored()
    stored = Stored(repeated=repeated)
    if connection.dialect.name == "sqlite":
        new = _unknown_to_sqlite(connection, rows)
        stored += _insert(connection, rows.take(new), received_at, attempt_id)
        rows = rows.take(~new)
    if len(rows):
        stored += _compare(connection, rows, received_at, attempt_id, is_continued)
    return stored


def _last_of_each(rows: Columns) -> tuple[Columns, int]:
    """Rows sorted by key, each key once, and how many keys came with different values."""
    rows = rows.take(np.lexsort((rows.at, rows.series)))
    same = (rows.series[1:] == rows.series[:-1]) & (rows.at[1:] == rows.at[:-1])
    if not same.any():
        return rows, 0
    differing = int((same & (rows.values[1:] != rows.values[:-1])).sum())
    return rows.take(np.append(~same, True)), differing


def _compare(
    connection: Connection, rows: Columns, received_at: int, attempt_id: int, is_continued: bool
) -> Stored:
    """Let the database tell new rows, changed ones and equal ones apart."""
    _arrive(connection, rows, is_continued)
    stamp = {"received_at": received_at, "attempt_id": attempt_id}
    span = {"first": int(rows.at.min()), "last": int(rows.at.max())}
    repeated = int(connection.execute(_REPEATED, stamp | span).scalar_one()) if is_continued else 0
    if connection.execute(_HAS_FILES, stamp).scalar_one():
        connection.execute(_CONFIRM, stamp | span)
    if connection.execute(_HAS_MESSAGES, stamp).scalar_one():
        connection.execute(_REMEMBER, stamp | span)
    revised = connection.execute(_SUPERSEDE, stamp | span).rowcount
    touched = connection.execute(_UPSERT, stamp).rowcount
    return Stored(touched - revised - repeated, revised, len(rows) - touched, repeated)


def _arrive(connection: Connection, rows: Columns, is_continued: bool) -> None:
    """Fill the temporary table of this connection with `rows` alone."""
    on_postgresql = connection.dialect.name == "postgresql"
    connection.exec_driver_sql(
        "CREATE TEMP TABLE IF NOT EXISTS arriving "
        "(series_id integer NOT NULL, observed_at bigint NOT NULL, value double precision NOT NULL)"
        + (" ON COMMIT DELETE ROWS" if on_postgresql else "")
    )
    # Mostly empty already; where piece follows piece, rows that were only marked as deleted would pile up.
    is_big = on_postgresql and is_continued
    connection.exec_driver_sql("TRUNCATE arriving" if is_big else "DELETE FROM arriving")
    if not on_postgresql:
        columns = (rows.series.tolist(), rows.at.tolist(), rows.values.tolist())
        _execute_many(connection, "INSERT INTO arriving VALUES (?, ?, ?)", zip(*columns, strict=True))
        return
    cursor = connection.connection.cursor()
    with cursor.copy("COPY arriving FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_binary(rows))
    cursor.close()
    if len(rows) > _WORTH_ANALYSING:
        connection.exec_driver_sql("ANALYZE arriving")


def _binary(rows: Columns) -> bytes:
    """`rows` as PostgreSQL's binary COPY has them (documentation of COPY, "Binary Format")."""
    packed = np.empty(len(rows), dtype=_COPY_ROW)
    packed["fields"] = 3
    packed["size_of_series"], packed["size_of_at"], packed["size_of_value"] = 4, 8, 8
    packed["series"], packed["at"], packed["value"] = rows.series, rows.at, rows.values
    return _COPY_HEAD + packed.tobytes() + _COPY_END


def _unknown_to_sqlite(connection: Connection, rows: Columns) -> npt.NDArray[np.bool_]:
    """Which rows belong to series that have nothing in their span yet: most often all of them.

    `rows` are sorted by key. SQLite looks up its own tree for next to nothing, while passing rows
    through a temporary table costs as much as storing them.
    """
    new = np.zeros(len(rows), dtype=np.bool_)
    starts = np.flatnonzero(np.append(True, rows.series[1:] != rows.series[:-1]))
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        span = (int(rows.series[start]), int(rows.at[start]), int(rows.at[end - 1]))
        new[start:end] = not connection.exec_driver_sql(_KNOWN, span).scalar_one()
    return new


def _insert(connection: Connection, rows: Columns, received_at: int, attempt_id: int) -> Stored:
    if len(rows):
        columns = (rows.series.tolist(), rows.at.tolist(), rows.values.tolist())
        full = zip(*columns, repeat(received_at), repeat(attempt_id), strict=False)
        _execute_many(connection, _INSERT, full)
    return Stored(inserted=len(rows))


def _execute_many(connection: Connection, statement: str, rows: Iterable[tuple[float, ...]]) -> None:
    """By the driver itself, which takes rows as they are made; hundreds of thousands of them in a list cost
    as much as storing them does."""
    cursor: Any = connection.connection.cursor()
    cursor.executemany(statement, rows)
    cursor.close()
