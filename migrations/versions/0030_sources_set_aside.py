"""Sources whose readings are kept and do not count.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_set_aside",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "until IS NULL OR until >= since", name=op.f("ck_source_set_aside_ends_after_it_began")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["data_source.id"], name=op.f("fk_source_set_aside_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_set_aside")),
    )
    op.create_index(op.f("ix_source_set_aside_source_id"), "source_set_aside", ["source_id"])


def downgrade() -> None:
    op.drop_table("source_set_aside")
