"""Metrics name their unit in Korean too; those that are there keep the one name they had.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("metric") as batch:
        batch.add_column(sa.Column("unit_ko", sa.String(), nullable=True))
    op.execute("UPDATE metric SET unit_ko = unit")
    with op.batch_alter_table("metric") as batch:
        batch.alter_column("unit_ko", existing_type=sa.String(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("metric") as batch:
        batch.drop_column("unit_ko")
