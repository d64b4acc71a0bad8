"""Databases for measurements: fresh ones of both kinds, with one source to write for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.models import CollectionAttempt, DataSource, Series
from experiments.districts import Territory
from experiments.metrics import Metric
from sandbox import db
from tests import postgresql
from tests.databases import PostgresqlDatabases, SqliteDatabases
from tests.experiments.collection.build import (
    create_hub,
    create_metric,
    create_territory,
    entity,
    source_data,
)

from sandbox import tables  # noqa: F401  # isort: skip - relationships need every table

AT = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("sqlite", "postgresql")


@contextmanager
def fresh(kind: str) -> Iterator[sessionmaker[Session]]:
    """A session factory over an empty database at the latest migration."""
    with tempfile.TemporaryDirectory(prefix="sandbox-bench-") as folder:
        if kind == "sqlite":
            databases: SqliteDatabases | PostgresqlDatabases = SqliteDatabases(Path(folder))
        else:
            databases = PostgresqlDatabases(postgresql.server(Path(tempfile.gettempdir())))
        url = databases.create()
        engine = db.engine_for(url)
        yield sessionmaker(engine)
        engine.dispose()
        databases.drop(url)


def create_series(sessions: sessionmaker[Session], districts: int) -> tuple[list[int], int]:
    """A source with so many districts: the ids of its series, and of an attempt."""
    with sessions.begin() as session:
        create_territory(session, count=districts)
        create_metric(session, aggregation="mean")
        create_hub(session)
        entities = [{"entity": entity(n), "district": f"D{n}"} for n in range(1, districts + 1)]
        from experiments.collection.sources import register_source

        source = register_source(session, source_data(entities=entities, starts_at=AT.isoformat()), at=AT)
        attempt = add_attempt(session, source)
        return sorted(row.id for row in session.query(Series)), attempt.id


def add_attempt(session: Session, source: DataSource) -> CollectionAttempt:
    """One more attempt that is done."""
    times = dict.fromkeys(("started_at", "finished_at", "window_start", "window_end"), AT)
    attempt = CollectionAttempt(source_id=source.id, holder="bench", fence=0, status="done", **times)
    session.add(attempt)
    session.flush()
    return attempt


def the_metric(session: Session) -> Metric:
    return session.query(Metric).one()


def the_territory(session: Session) -> Territory:
    return session.query(Territory).one()
