"""A large record: build it, collect a little more, read a year: `python -m tests.bench.hundred_million`.

Builds --millions readings (10 by default; 100 takes half an hour and 15 GB) of 200 districts, evenly over
the years 2024 to 2027, in PostgreSQL (or --kind sqlite). Then it times an incremental collection (two days
of readings, of which the first is known but for one in ten, which was edited) beside the driver's own way
to bring the same rows into the same table, and a panel of one year by days beside the bare GROUP BY of
that year.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import NamedTuple

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.connectors.readings import Reading
from experiments.collection.ingest import receive
from experiments.collection.intake import Columns, IntArray
from experiments.collection.models import DataSource, Way, to_microseconds
from experiments.collection.partitions import prepare_partitions
from experiments.collection.store import write
from experiments.districts import District
from experiments.metrics import Metric
from experiments.panel import panel
from tests.bench._databases import KINDS, create_series, fresh, the_metric, the_territory
from tests.bench.ingest_speed import Row, bring_postgresql, bring_sqlite
from tests.experiments.collection.build import entity

DISTRICTS = 200
FIRST, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2024, 2028))
DAY = 86_400_000_000
PIECE = 7


class Seconds(NamedTuple):
    ours: float
    bare: float


def instants(begin: datetime, days: int, per_day: int) -> IntArray:
    """So many readings a day, evenly, in microseconds."""
    each_day = to_microseconds(begin) + DAY * np.arange(days)
    return (each_day[:, None] + DAY // per_day * np.arange(per_day)).ravel()


def build(
    sessions: sessionmaker[Session], series: list[int], attempt_id: int, per_day: int, seed: int
) -> int:
    """Readings of every district, week by week as a collector would bring them; how many."""
    rng = np.random.default_rng(seed)
    total, begin = 0, FIRST
    while begin < END:
        at = instants(begin, min(PIECE, (END - begin).days), per_day)
        rows = Columns(
            np.repeat(np.array(series), len(at)),
            np.tile(at, len(series)),
            rng.normal(100, 20, len(series) * len(at)),
        )
        with sessions.begin() as session:
            write(session.connection(), rows, received_at=1, attempt_id=attempt_id)
        total, begin = total + len(rows), begin + timedelta(days=PIECE)
    return total


def increments(sessions: sessionmaker[Session], series: list[int], per_day: int, times: int) -> Seconds:
    """Seconds to take in two days of which the first is known but for one reading in ten, which was
    edited, and for the driver alone to bring the same rows into the same table: medians over days that
    follow each other. The first time, when all that is known differs, does not count."""
    ours, bare = [], []
    for turn in range(times + 1):
        at = instants(END + timedelta(days=turn - 1), 2, per_day).tolist()
        values = [float(n % 7) for n in range(per_day)] * 2
        values[:per_day:10] = [value + 1 + turn for value in values[:per_day:10]]
        rows = [(key, *pair) for key in series for pair in zip(at, values, strict=True)]
        bare.append(_timed(lambda rows=rows: _bring(sessions, rows)))
        readings = [
            Reading(entity(number), "intensity", *pair)
            for number in range(1, DISTRICTS + 1)
            for pair in zip(at, values, strict=True)
        ]
        now = END + timedelta(days=turn + 2)
        ours.append(_timed(lambda readings=readings, now=now: _receive(sessions, readings, now)))
    return Seconds(median(ours[1:]), median(bare[1:]))


def _receive(sessions: sessionmaker[Session], readings: list[Reading], at: datetime) -> None:
    with sessions.begin() as session:
        source = session.query(DataSource).one()
        receive(session, source, readings, way=Way.PUSH, holder="bench", at=at)


def _bring(sessions: sessionmaker[Session], rows: list[Row]) -> None:
    """COPY and INSERT ... ON CONFLICT, or executemany, taken back at the end."""
    with sessions() as session:
        connection = session.connection()
        bring = bring_sqlite if connection.dialect.name == "sqlite" else bring_postgresql
        bring(connection.connection.cursor(), rows, "observation")


def years(sessions: sessionmaker[Session], times: int) -> Seconds:
    """Seconds for the panel of 2026 by days, and for its bare GROUP BY fetched to numpy: medians."""
    ours, bare = [], []
    with sessions() as session:
        metric, districts = the_metric(session), the_territory(session).districts
        for _ in range(times):
            bare.append(_timed(lambda: _group_by(session)))
            ours.append(_timed(lambda: _panel(session, metric, districts)))
    return Seconds(median(ours), median(bare))


def _panel(session: Session, metric: Metric, districts: Sequence[District]) -> None:
    panel(
        session,
        metric=metric,
        districts=districts,
        period="day",
        first=date(2026, 1, 1),
        last=date(2026, 12, 31),
        as_of=END + timedelta(days=30),
    )


def _group_by(session: Session) -> None:
    first, end = (to_microseconds(datetime(number, 1, 1, tzinfo=UTC)) for number in (2026, 2027))
    cursor = session.connection().connection.cursor()
    cursor.execute(
        f"SELECT series_id, observed_at / {DAY} AS day, sum(value), count(*) FROM observation "
        f"WHERE observed_at >= {first} AND observed_at < {end} GROUP BY 1, 2"
    )
    np.array(cursor.fetchall())
    cursor.close()


def _timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def measure(kind: str, millions: float, seed: int, times: int) -> None:
    per_day = max(1, round(millions * 1e6 / DISTRICTS / (END - FIRST).days))
    with fresh(kind) as sessions:
        series, attempt_id = create_series(sessions, DISTRICTS)
        begin = time.perf_counter()
        total = build(sessions, series, attempt_id, per_day, seed)
        built = time.perf_counter() - begin
        print(f"{kind:10}  {total:,} rows built at {total / built / 1e3:.0f} k/s", flush=True)
        prepare_partitions(sessions, END)
        if kind == "postgresql":
            with sessions.begin() as session:
                session.execute(text("ANALYZE observation"))
        taken = DISTRICTS * 2 * per_day
        more = increments(sessions, series, per_day, times)
        print(
            f"{kind:10}  two days ({taken:,} readings): bare {taken / more.bare / 1e3:.0f} k/s, "
            f"ours {taken / more.ours / 1e3:.0f} k/s, ratio {more.bare / more.ours:.2f}",
            flush=True,
        )
        year = years(sessions, times)
        print(
            f"{kind:10}  a year by days: GROUP BY {year.bare:.2f} s, panel {year.ours:.2f} s, "
            f"ratio {year.ours / year.bare:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--kind", choices=KINDS, default="postgresql")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    print(f"{given.millions:g} million readings of {DISTRICTS} districts, seed {given.seed}")
    measure(given.kind, given.millions, given.seed, given.times)


if __name__ == "__main__":
    main()
