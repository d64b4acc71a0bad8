"""Files of readings as people handed them over, with what stored and what undid them.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("undo_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_upload_source_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["collection_attempt.id"], name=op.f("fk_upload_attempt_id")),
        sa.ForeignKeyConstraint(["undo_id"], ["collection_attempt.id"], name=op.f("fk_upload_undo_id")),
        sa.CheckConstraint(
            "undo_id IS NULL OR attempt_id IS NOT NULL", name=op.f("ck_upload_only_what_was_stored_is_undone")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_source_id"), "upload", ["source_id"])


def downgrade() -> None:
    op.drop_table("upload")
