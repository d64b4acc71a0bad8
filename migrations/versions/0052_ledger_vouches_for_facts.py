"""Beside each act of the ledger, the digests of the facts that it put into other tables.

Revision ID: 0052
Revises: 0051
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_entry", sa.Column("stored", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("ledger_entry", "stored")
