"""Observations out of the database as arrays, as they were known at a moment, always in the same order.

Each database has its own fast way. PostgreSQL packs a series into one value, so that a million readings
travel as a few hundred rows; it does so in whatever order it meets them, with several processes where it
likes, because sorting them there costs more than all the rest. SQLite walks its own tree series by series.
Either takes hardly longer than letting the database add the readings up, and unlike its sums does not
depend on the order of rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, text

from experiments.collection.intake import Columns, FloatArray, IntArray

_PACKED = (
    "SELECT series_id, string_agg(int8send(observed_at) || float8send(value), ''::bytea) FROM observation "
    "WHERE series_id = ANY(%s) AND observed_at >= %s AND observed_at < %s AND received_at <= %s "
    "GROUP BY series_id ORDER BY series_id"
)
_PACKED_ROW = np.dtype([("at", ">i8"), ("value", ">f8")])
_PLAIN = (
    "SELECT observed_at, value FROM observation "
    "WHERE series_id = ? AND observed_at >= ? AND observed_at < ? AND received_at <= ? ORDER BY observed_at"
)
_EARLIER = text(
    "SELECT r.series_id, r.observed_at, r.value FROM observation_revision AS r "
    "WHERE r.series_id BETWEEN :lowest AND :highest AND r.observed_at >= :first AND r.observed_at < :end "
    "AND r.received_at <= :as_of AND r.superseded_at > :as_of"
)


def readout(connection: Connection, series: Sequence[int], *, first: int, end: int, as_of: int) -> Columns:
    """Every reading of `series` with `first <= observed_at < end` in the value that was known at `as_of`
    (microseconds, UTC), sorted by series and instant."""
    wanted = sorted(set(series))
    if not wanted:
        return _columns([], [], [])
    read = _postgresql if connection.dialect.name == "postgresql" else _sqlite
    latest = read(connection, wanted, first, end, as_of)
    span = {"lowest": wanted[0], "highest": wanted[-1], "first": first, "end": end, "as_of": as_of}
    among = set(wanted)
    earlier = [row for row in connection.execute(_EARLIER, span) if row[0] in among]
    if not earlier:
        return latest
    old = _columns(*([row[column] for row in earlier] for column in range(3)))
    both = Columns(
        np.concatenate([latest.series, old.series]),
        np.concatenate([latest.at, old.at]),
        np.concatenate([latest.values, old.values]),
    )
    return both.take(np.lexsort((both.at, both.series)))


def _postgresql(connection: Connection, series: list[int], first: int, end: int, as_of: int) -> Columns:
    cursor = connection.connection.cursor(binary=True)
    try:
        cursor.execute(_PACKED, (series, first, end, as_of))
        rows = cursor.fetchall()
    finally:
        cursor.close()
    sizes = [len(packed) // _PACKED_ROW.itemsize for _, packed in rows]
    ids = np.array([series_id for series_id, _ in rows], dtype=np.int64)
    at, values = np.empty(sum(sizes), np.int64), np.empty(sum(sizes))
    begin = 0
    for (_, packed), size in zip(rows, sizes, strict=True):
        _unpack(packed, at[begin : begin + size], values[begin : begin + size])
        begin += size
    return Columns(np.repeat(ids, sizes), at, values)


def _unpack(packed: bytes, at: IntArray, values: FloatArray) -> None:
    """Instants and values of one series into `at` and `values`, both (n,), sorted by instant: the database
    packs them as it meets them."""
    rows = np.frombuffer(packed, dtype=_PACKED_ROW)
    at[:], values[:] = rows["at"], rows["value"]
    if not (at[1:] > at[:-1]).all():
        order = np.argsort(at, kind="stable")
        at[:], values[:] = at[order], values[order]


def _sqlite(connection: Connection, series: list[int], first: int, end: int, as_of: int) -> Columns:
    cursor = connection.connection.cursor()
    try:
        parts = [
            (series_id, rows)
            for series_id in series
            if (rows := cursor.execute(_PLAIN, (series_id, first, end, as_of)).fetchall())
        ]
    finally:
        cursor.close()
    return Columns(
        np.repeat(
            np.array([series_id for series_id, _ in parts], dtype=np.int64),
            np.array([len(rows) for _, rows in parts], dtype=np.int64),
        ),
        np.array([row[0] for _, rows in parts for row in rows], dtype=np.int64),
        np.array([row[1] for _, rows in parts for row in rows], dtype=np.float64),
    )


def _columns(series: list[int], at: list[int], values: list[float]) -> Columns:
    return Columns(np.array(series, np.int64), np.array(at, np.int64), np.array(values, np.float64))
