"""Runs the migrations on whatever database the caller means.

That is, in this order: the connection that `sandbox.db` hands over, the database of the Flask
application whose context is open (`flask db ...`), or the one that the settings name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from flask import has_app_context
from sqlalchemy import Connection, Engine, TypeDecorator

from sandbox import db
from sandbox.config import read_settings
from sandbox.tables import metadata


class BrokenReferences(RuntimeError):
    """A migration left rows that point at nothing; it was rolled back."""


def run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    with engine().connect() as connection:
        migrate(connection)


def engine() -> Engine:
    if has_app_context():
        return db.db.engine
    return db.engine_for(read_settings().database_url)


def migrate(connection: Connection) -> None:
    with references_unchecked(connection):
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
            render_item=render_plain_type,
            on_version_apply=refuse_broken_references,
            process_revision_directives=number,
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def references_unchecked(connection: Connection) -> Iterator[None]:
    """Switch SQLite's foreign keys off: batch mode drops and refills tables that others point at.

    The pragma has no effect inside a transaction and SQLAlchemy would open one for it, hence the
    driver's own connection.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def refuse_broken_references(ctx: MigrationContext, *_: Any, **__: Any) -> None:
    """Called inside the transaction of each migration, before it is committed."""
    assert ctx.connection is not None
    if ctx.dialect.name == "sqlite":
        broken = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise BrokenReferences(f"{len(broken)} rows, the first in table {broken[0][0]}")


def render_plain_type(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write what a decorated type stores: a migration must not change when the decorator does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def number(migration: MigrationContext, _: Any, directives: list[MigrationScript]) -> None:
    """Name a new revision by the next number (0007), so that the folder reads like a diary."""
    for script in directives:
        script.rev_id = f"{int(migration.get_current_revision() or 0) + 1:04d}"


run()
