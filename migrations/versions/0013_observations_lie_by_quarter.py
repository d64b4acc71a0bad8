"""On PostgreSQL observations are partitioned by quarter; references of single rows go.

Two references per row cost three times as much as storing the row. Series and attempts are never
deleted, and both come from the transaction that writes the row. (SQLite keeps one table, and loses
the references too, so that both databases promise the same.)

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from datetime import UTC, datetime

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PARTS = "observation_parts"
FIRST_YEAR, LAST_YEAR = 2024, 2027
COLUMNS = "series_id, observed_at, value, received_at, revision, attempt_id"
FINITE = "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308"
WITHOUT_ROWID = {"sqlite_with_rowid": False}
OF_REVISIONS = "fk_observation_revision_series_id_observed_at"


def upgrade() -> None:
    with op.batch_alter_table("observation_revision", table_kwargs=WITHOUT_ROWID) as batch_op:
        batch_op.drop_constraint(OF_REVISIONS, type_="foreignkey")
    if op.get_context().dialect.name == "sqlite":
        with op.batch_alter_table("observation", table_kwargs=WITHOUT_ROWID) as batch_op:
            batch_op.drop_constraint("fk_observation_series_id", type_="foreignkey")
            batch_op.drop_constraint("fk_observation_attempt_id", type_="foreignkey")
        return
    _set_aside()
    op.execute(f"CREATE SCHEMA {PARTS}")
    _create("PARTITION BY RANGE (observed_at)")
    op.execute(f"CREATE TABLE {PARTS}.observation_other PARTITION OF observation DEFAULT")
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for quarter in range(4):
            begin = datetime(year, 3 * quarter + 1, 1, tzinfo=UTC)
            end = datetime(year + quarter // 3, (3 * quarter + 3) % 12 + 1, 1, tzinfo=UTC)
            op.execute(
                f"CREATE TABLE {PARTS}.observation_{year}_{quarter + 1} PARTITION OF observation "
                f"FOR VALUES FROM ({int(begin.timestamp()) * 1_000_000}) TO ({int(end.timestamp()) * 1_000_000})"
            )
    _bring_back()


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        _refer()
    else:
        _set_aside()
        _create("")
        _bring_back()
        _refer()
        op.execute(f"DROP SCHEMA {PARTS} CASCADE")


def _refer() -> None:
    with op.batch_alter_table("observation", table_kwargs=WITHOUT_ROWID) as batch_op:
        batch_op.create_foreign_key("fk_observation_series_id", "series", ["series_id"], ["id"])
        batch_op.create_foreign_key("fk_observation_attempt_id", "collection_attempt", ["attempt_id"], ["id"])
    with op.batch_alter_table("observation_revision", table_kwargs=WITHOUT_ROWID) as batch_op:
        key = ["series_id", "observed_at"]
        batch_op.create_foreign_key(OF_REVISIONS, "observation", key, key)


def _set_aside() -> None:
    op.execute("ALTER TABLE observation RENAME TO observation_before")
    # Names of keys are unique in a schema.
    op.execute("ALTER TABLE observation_before DROP CONSTRAINT pk_observation")


def _create(how: str) -> None:
    op.execute(
        "CREATE TABLE observation ("
        "series_id integer NOT NULL, observed_at bigint NOT NULL, value double precision NOT NULL, "
        "received_at bigint NOT NULL, revision integer NOT NULL, attempt_id integer NOT NULL, "
        "CONSTRAINT ck_observation_revisions_are_counted CHECK (revision >= 0), "
        f"CONSTRAINT ck_observation_value_is_finite CHECK ({FINITE}), "
        f"CONSTRAINT pk_observation PRIMARY KEY (series_id, observed_at)) {how}"
    )


def _bring_back() -> None:
    op.execute(
        f"INSERT INTO observation ({COLUMNS}) SELECT {COLUMNS} FROM observation_before "  # noqa: S608
        "ORDER BY series_id, observed_at"
    )
    op.execute("DROP TABLE observation_before CASCADE")
