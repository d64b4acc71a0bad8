"""Quarters of the record: on PostgreSQL observations are partitioned by when they were observed.

Old quarters stay as they are while new readings go into small indexes, and a panel of one year touches
four of them. SQLite keeps one table. Partitions are made ahead, never while a window is written.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.models import DataSource, to_microseconds

log = logging.getLogger(__name__)

SCHEMA = "observation_parts"
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=200)


def prepare_partitions(session_factory: sessionmaker[Session], now: datetime) -> list[str]:
    """Make the quarters that sources reach back to and those of the months ahead; names of the new ones.

    What was observed outside them goes into the default partition; a quarter that has readings there
    already stays there. Where readers or writers hold the table for long, the next run tries again.
    """
    with session_factory.begin() as session:
        if session.connection().dialect.name != "postgresql":
            return []
        oldest = session.scalar(select(func.min(DataSource.starts_at)))
        known = set(
            session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = :s"), {"s": SCHEMA})
        )
        wanted = {n: q for n, q in quarters(oldest or now, now + AHEAD).items() if n not in known}
    if not wanted:
        return []
    try:
        with session_factory.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            return [name for name, span in wanted.items() if _make(session, name, *span)]
    except OperationalError:
        log.warning("partitions could not be made; the next run tries again")
        return []


def quarters(first: datetime, last: datetime) -> dict[str, tuple[int, int]]:
    """Name -> [from, to) in microseconds of every quarter (UTC) that touches [first, last]."""
    found = {}
    year, quarter = max(first, EARLIEST).year, (max(first, EARLIEST).month - 1) // 3
    while (begin := datetime(year, 3 * quarter + 1, 1, tzinfo=UTC)) <= last:
        name = f"observation_{year}_{quarter + 1}"
        year, quarter = (year, quarter + 1) if quarter < 3 else (year + 1, 0)
        end = datetime(year, 3 * quarter + 1, 1, tzinfo=UTC)
        found[name] = (to_microseconds(begin), to_microseconds(end))
    return found


def _make(session: Session, name: str, begin: int, end: int) -> bool:
    """Make one quarter, unless another worker did or readings of it lie in the default partition."""
    # One worker at a time, and one that waited finds it made.
    session.execute(text("LOCK TABLE ONLY observation IN ACCESS EXCLUSIVE MODE"))
    if session.scalar(text("SELECT to_regclass(:name)"), {"name": f"{SCHEMA}.{name}"}) is not None:
        return False
    outside = text(
        f"SELECT EXISTS (SELECT 1 FROM {SCHEMA}.observation_other "  # noqa: S608 - constants of this module
        "WHERE observed_at >= :begin AND observed_at < :end)"
    )
    if session.scalar(outside, {"begin": begin, "end": end}):
        return False
    session.execute(
        text(f"CREATE TABLE {SCHEMA}.{name} PARTITION OF observation FOR VALUES FROM ({begin}) TO ({end})")
    )
    return True
