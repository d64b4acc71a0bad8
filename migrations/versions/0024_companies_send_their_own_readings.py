"""The one source of a pilot to which its company sends readings by token.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pilot_source",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_source_pilot_id")),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_pilot_source_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_source")),
        sa.UniqueConstraint("pilot_id", name=op.f("uq_pilot_source_pilot_id")),
        sa.UniqueConstraint("source_id", name=op.f("uq_pilot_source_source_id")),
    )


def downgrade() -> None:
    op.drop_table("pilot_source")
