"""A large record: build it, collect a little more, read a year: `python -m tests.bench.hundred_million`.

Builds --millions readings (10 by default; 100 takes some 40 minutes and 15 GB) of 200 districts, evenly
over the years 2024 to 2027, in PostgreSQL (or --kind sqlite). Then it times an incremental collection
(two days of readings, of which the first is known and was edited), and a panel of one year by days
beside the bare GROUP BY of that year.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.connectors.readings import Reading
from experiments.collection.ingest import receive
from experiments.collection.intake import Columns
from experiments.collection.models import DataSource, Way, to_microseconds
from experiments.collection.store import write
from experiments.panel import panel
from tests.bench._databases import KINDS, create_series, fresh, the_metric, the_territory
from tests.experiments.collection.build import entity

DISTRICTS = 200
FIRST, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2024, 2028))
DAY = 86_400_000_000
PIECE = timedelta(days=7)


def build(sessions: sessionmaker[Session], series: list[int], attempt_id: int, step: timedelta) -> int:
    """A reading of every district each `step`, week by week as a collector would; how many."""
    rng = np.random.default_rng(20261123)
    total, begin = 0, FIRST
    while begin < END:
        end = min(begin + PIECE, END)
        instants = np.arange(to_microseconds(begin), to_microseconds(end), step // timedelta(microseconds=1))
        rows = Columns(
            np.repeat(np.array(series), len(instants)),
            np.tile(instants, len(series)),
            rng.normal(100, 20, len(series) * len(instants)),
        )
        with sessions.begin() as session:
            write(session.connection(), rows, received_at=1, attempt_id=attempt_id)
        total, begin = total + len(rows), end
    return total


def increment(sessions: sessionmaker[Session], step: timedelta) -> float:
    """Seconds to take in two days of which the first is known, with other values."""
    count = int(2 * timedelta(days=1) / step)
    instants = [to_microseconds(END - timedelta(days=1) + n * step) for n in range(count)]
    readings = [
        Reading(entity(number), "intensity", at, float(n % 10))
        for number in range(1, DISTRICTS + 1)
        for n, at in enumerate(instants)
    ]
    begin = time.perf_counter()
    with sessions.begin() as session:
        source = session.query(DataSource).one()
        receive(session, source, readings, way=Way.PUSH, holder="bench", at=END + timedelta(days=2))
    return time.perf_counter() - begin


def year(sessions: sessionmaker[Session]) -> tuple[float, float]:
    """Seconds for the panel of 2026 by days, and for its bare GROUP BY."""
    first, end = (datetime(number, 1, 1, tzinfo=UTC) for number in (2026, 2027))
    with sessions() as session:
        metric, districts = the_metric(session), the_territory(session).districts
        begin = time.perf_counter()
        panel(
            session,
            metric=metric,
            districts=districts,
            period="day",
            first=date(2026, 1, 1),
            last=date(2026, 12, 31),
            as_of=END + timedelta(days=3),
        )
        ours = time.perf_counter() - begin
        bare = text(
            f"SELECT series_id, observed_at / {DAY} AS day, sum(value), count(*) FROM observation "
            "WHERE observed_at >= :first AND observed_at < :end GROUP BY 1, 2"
        )
        begin = time.perf_counter()
        np.array(session.execute(bare, {"first": to_microseconds(first), "end": to_microseconds(end)}).all())
        return ours, time.perf_counter() - begin


def measure(kind: str, millions: float) -> None:
    step = (END - FIRST) * DISTRICTS / (millions * 1e6)
    with fresh(kind) as sessions:
        series, attempt_id = create_series(sessions, DISTRICTS)
        begin = time.perf_counter()
        total = build(sessions, series, attempt_id, step)
        built = time.perf_counter() - begin
        if kind == "postgresql":
            with sessions.begin() as session:
                session.execute(text("ANALYZE observation"))
        more, (ours, bare) = increment(sessions, step), year(sessions)
        taken = DISTRICTS * int(2 * timedelta(days=1) / step)
        print(
            f"{kind:10}  {total:,} rows built at {total / built / 1e3:.0f} k/s; two days "
            f"({taken:,} readings) at {taken / more / 1e3:.0f} k/s; a year's panel {ours:.2f} s, "
            f"GROUP BY {bare:.2f} s, ratio {ours / bare:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--kind", choices=KINDS, default="postgresql")
    given = parser.parse_args()
    measure(given.kind, given.millions)


if __name__ == "__main__":
    main()
