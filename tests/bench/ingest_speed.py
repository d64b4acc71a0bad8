"""How fast readings become observations, beside the database's own way: `python -m tests.bench.ingest_speed`.

The same readings, from the seed, three times: all new, all the same, one in ten edited. "Ours" is
`ingest.receive`: every reading checked (type, unit, range, mapping), compared, revised, accounted for in
an attempt. Beside it stands, for PostgreSQL, binary COPY into a temporary table followed by INSERT ...
ON CONFLICT DO UPDATE, and for SQLite executemany of that INSERT, each by the driver alone from rows that
are sorted already, into a table with the same columns and key. Both commit once. Medians over --times runs
in fresh databases.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import repeat
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.connectors.readings import Reading
from experiments.collection.ingest import receive
from experiments.collection.models import DataSource, Way, to_microseconds
from tests.bench._databases import AT, KINDS, create_series, fresh
from tests.experiments.collection.build import entity

HOUR = 3_600_000_000
TABLE = (
    "CREATE TABLE bare (series_id integer NOT NULL, observed_at bigint NOT NULL, "
    "value double precision NOT NULL, received_at bigint NOT NULL, revision integer NOT NULL, "
    "attempt_id integer NOT NULL, PRIMARY KEY (series_id, observed_at))"
)
UPSERT = (
    "ON CONFLICT (series_id, observed_at) DO UPDATE SET value = excluded.value, "
    "received_at = excluded.received_at, attempt_id = excluded.attempt_id"
)
COLUMNS = "(series_id, observed_at, value, received_at, revision, attempt_id)"
Row = tuple[int, int, float]


def timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def bring_postgresql(cursor: Any, rows: list[Row], table: str) -> None:
    """Rows into `table` by COPY into a temporary one."""
    cursor.execute("CREATE TEMP TABLE came (s integer, t bigint, v double precision) ON COMMIT DROP")
    with cursor.copy("COPY came FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int4", "int8", "float8"])
        for row in rows:
            copy.write_row(row)
    cursor.execute(f"INSERT INTO {table} {COLUMNS} SELECT s, t, v, 1, 0, 1 FROM came {UPSERT}")


def bring_sqlite(cursor: Any, rows: list[Row], table: str) -> None:
    """Rows into `table` by executemany."""
    full = ((*row, *rest) for row, rest in zip(rows, repeat((1, 0, 1))))
    cursor.executemany(f"INSERT INTO {table} {COLUMNS} VALUES (?, ?, ?, ?, ?, ?) {UPSERT}", full)


def bare(engine: Engine, rows: list[Row]) -> None:
    """Rows into the bare table, and committed."""
    with engine.begin() as connection:
        bring = bring_sqlite if engine.dialect.name == "sqlite" else bring_postgresql
        bring(connection.connection.cursor(), rows, "bare")


def ours(sessions: sessionmaker[Session], readings: list[Reading], at: Any) -> None:
    with sessions.begin() as session:
        source = session.query(DataSource).one()
        receive(session, source, readings, way=Way.PUSH, holder="bench", at=at)


def compare(kind: str, districts: int, hours: int, seed: int) -> dict[str, tuple[float, float]]:
    """What is brought -> seconds of the bare way and of ours, in databases of their own."""
    with fresh(kind) as sessions:
        series, _ = create_series(sessions, districts)
        engine = sessions.kw["bind"]
        with engine.begin() as connection:
            connection.exec_driver_sql(TABLE + (" WITHOUT ROWID" if kind == "sqlite" else ""))
        rng = np.random.default_rng(seed)
        values = rng.normal(100, 20, districts * hours)
        edited = np.where(rng.random(len(values)) < 0.1, values + 1, values)
        start, later = to_microseconds(AT), AT + timedelta(days=hours)
        keys = [(n, start + HOUR * hour) for n in range(districts) for hour in range(hours)]
        taken = {}
        for step, (what, column) in enumerate({"new": values, "same": values, "edited": edited}.items()):
            rows = [(series[n], at, v) for (n, at), v in zip(keys, column.tolist(), strict=True)]
            theirs = timed(lambda rows=rows: bare(engine, rows))
            readings = [
                Reading(entity(n + 1), "intensity", at, v)
                for (n, at), v in zip(keys, column.tolist(), strict=True)
            ]
            at = later + timedelta(hours=step)
            mine = timed(lambda readings=readings, at=at: ours(sessions, readings, at))
            taken[what] = (theirs, mine)
        return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, default=200)
    parser.add_argument("--hours", type=int, default=1_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    size = given.districts * given.hours
    print(
        f"{size:,} readings of {given.districts} districts, seed {given.seed}, medians of {given.times}; "
        "thousand rows per second"
    )
    for kind in KINDS:
        runs = [compare(kind, given.districts, given.hours, given.seed) for _ in range(given.times)]
        for what in runs[0]:
            theirs, mine = (median(run[what][way] for run in runs) for way in (0, 1))
            ratios = ", ".join(f"{run[what][0] / run[what][1]:.2f}" for run in runs)
            print(
                f"{kind:10}  {what:8}  bare {size / theirs / 1e3:6.0f}  ours {size / mine / 1e3:6.0f}  "
                f"ratio {theirs / mine:.2f} ({ratios})",
                flush=True,
            )


if __name__ == "__main__":
    main()
