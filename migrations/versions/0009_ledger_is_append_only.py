"""The databases themselves refuse to change or remove a row of the ledger.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

POSTGRESQL = """
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only';
END $$;
CREATE TRIGGER ledger_entry_is_append_only BEFORE UPDATE OR DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_entry_is_not_truncated BEFORE TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
"""

SQLITE = """
CREATE TRIGGER ledger_entry_{verb}_refused BEFORE {verb} ON ledger_entry
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
    else:
        for verb in ("update", "delete"):
            op.execute(SQLITE.format(verb=verb))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_entry_is_append_only ON ledger_entry")
        op.execute("DROP TRIGGER ledger_entry_is_not_truncated ON ledger_entry")
        op.execute("DROP FUNCTION refuse_ledger_change()")
    else:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER ledger_entry_{verb}_refused")
