"""The migrations make what the models say, on both databases, and can be undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect

from sandbox import db, places
from sandbox.tables import metadata

pytestmark = pytest.mark.filterwarnings(
    # Alembic cannot compare indexes over expressions; the columns under them are compared.
    "ignore:autogenerate skipping metadata-specified expression-based index:UserWarning"
)


@pytest.fixture
def migrated(committed_database: str) -> Iterator[Engine]:
    engine = db.engine_for(committed_database)
    yield engine
    engine.dispose()


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(places.migrations()))
    return ScriptDirectory.from_config(config)


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))


def test_there_is_one_head():
    assert len(scripts().get_heads()) == 1


def test_revisions_are_numbered_in_the_order_in_which_they_run():
    revisions = [script.revision for script in scripts().walk_revisions()][::-1]
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]


def test_files_are_named_by_their_number_and_what_they_do():
    for script in scripts().walk_revisions():
        assert script.module.__file__.rpartition("/")[2].startswith(f"{script.revision}_")


def test_models_equal_migrations(migrated):
    assert differences(migrated) == []


def test_check_constraints_of_the_models_are_in_the_database(migrated):
    """Alembic does not compare these."""
    inspector = inspect(migrated)
    for table in metadata.sorted_tables:
        promised = {str(rule.name) for rule in table.constraints if isinstance(rule, CheckConstraint)}
        kept = {rule["name"] for rule in inspector.get_check_constraints(table.name)}
        assert kept == promised, table.name


def test_migrations_can_be_undone_and_run_again(migrated):
    db.downgrade(migrated)
    assert set(inspect(migrated).get_table_names()) <= {"alembic_version"}
    db.upgrade(migrated)
    assert differences(migrated) == []
