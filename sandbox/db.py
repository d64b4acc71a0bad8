"""The database of the service: one metadata, one way to configure an engine, migrations.

SQLite and PostgreSQL are made to behave alike: a transaction that may write takes the write lock
first on SQLite (deferred transactions lose updates silently), and one that may not is read-only
on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from experiments.orm import Base
from sandbox import places


class _Database(SQLAlchemy):
    session: Session  # type: ignore[assignment]  # a proxy at run time, and a session to whoever takes one


db = _Database(metadata=Base.metadata)

writing: ContextVar[bool] = ContextVar("writing", default=True)


@contextmanager
def reading_only() -> Iterator[None]:
    """Transactions begun inside cannot write, on either database."""
    token = writing.set(False)
    try:
        yield
    finally:
        writing.reset(token)


def configure(engine: Engine) -> Engine:
    """Give `engine` the service's transaction rules; safe to call once per engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def engine_for(url: str) -> Engine:
    """A configured engine for scripts, schedulers and workers outside Flask."""
    return configure(create_engine(url, pool_pre_ping=url.startswith("postgresql")))


def sessions_for(url: str) -> sessionmaker[Session]:
    """A session factory for processes without Flask."""
    return sessionmaker(engine_for(url))


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`."""
    from alembic import command

    with engine.connect() as connection:
        command.upgrade(_alembic_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Undo the migrations down to `revision`."""
    from alembic import command

    with engine.connect() as connection:
        command.downgrade(_alembic_config(connection), revision)


def _alembic_config(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(places.migrations()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN is deferred; ours is chosen in _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    may_write = writing.get()
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if may_write else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if may_write else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if not writing.get():
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
