"""A new row of the ledger must follow its head: INSERT OR REPLACE cannot forge one either.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# REPLACE fires no delete trigger on SQLite, so the insert itself has to refuse.
SQLITE = """
CREATE TRIGGER ledger_entry_insert_follows BEFORE INSERT ON ledger_entry
WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM ledger_entry)
  OR NEW.previous_hash <> COALESCE(
    (SELECT hash FROM ledger_entry ORDER BY number DESC LIMIT 1), '0000000000000000000000000000000000000000000000000000000000000000')
  OR EXISTS (SELECT 1 FROM ledger_entry WHERE hash = NEW.hash)
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END
"""

POSTGRESQL = """
CREATE FUNCTION require_ledger_row_to_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
  SELECT number, hash INTO last FROM ledger_entry ORDER BY number DESC LIMIT 1;
  IF NEW.number <> COALESCE(last.number, 0) + 1 OR NEW.previous_hash <> COALESCE(last.hash, '0000000000000000000000000000000000000000000000000000000000000000') THEN
    RAISE EXCEPTION 'the ledger is append-only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_follows BEFORE INSERT ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION require_ledger_row_to_follow();
"""


def upgrade() -> None:
    op.execute(POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_entry_follows ON ledger_entry")
        op.execute("DROP FUNCTION require_ledger_row_to_follow()")
    else:
        op.execute("DROP TRIGGER ledger_entry_insert_follows")
