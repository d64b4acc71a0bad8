"""Requests for the fast track of cases like one approved before.

Revision ID: 0050
Revises: 0049
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fast_track",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("earlier_id", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("earlier_id <> exemption_id", name=op.f("ck_fast_track_names_another_case")),
        sa.ForeignKeyConstraint(["exemption_id"], ["exemption.id"], name=op.f("fk_fast_track_exemption_id")),
        sa.ForeignKeyConstraint(["earlier_id"], ["exemption.id"], name=op.f("fk_fast_track_earlier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fast_track")),
        sa.UniqueConstraint("exemption_id", name=op.f("uq_fast_track_exemption_id")),
    )
    op.create_table(
        "fast_track_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("old_status", sa.String(), nullable=False),
        sa.Column("new_status", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["fast_track.id"], name=op.f("fk_fast_track_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fast_track_history")),
    )
    op.create_index(op.f("ix_fast_track_history_subject_id"), "fast_track_history", ["subject_id"])


def downgrade() -> None:
    op.drop_table("fast_track_history")
    op.drop_table("fast_track")
