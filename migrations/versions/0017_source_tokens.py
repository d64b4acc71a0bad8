"""Tokens with which machines hand readings to one source, and receipts by which each counts once.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_token",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_source_token_expires_after_it_was_made")),
        sa.CheckConstraint("length(token_hash) = 64", name=op.f("ck_source_token_only_the_hash_is_kept")),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_source_token_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_source_token_token_hash")),
    )
    op.create_index(op.f("ix_source_token_source_id"), "source_token", ["source_id"])
    op.create_table(
        "push_receipt",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_push_receipt_source_id")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["collection_attempt.id"], name=op.f("fk_push_receipt_attempt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_receipt")),
        sa.UniqueConstraint("source_id", "key", name=op.f("uq_push_receipt_source_id_key")),
    )


def downgrade() -> None:
    op.drop_table("push_receipt")
    op.drop_table("source_token")
