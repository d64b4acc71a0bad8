"""Claims for damage, and receipts that residents hold.

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("entry_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_number"], ["ledger_entry.number"], name=op.f("fk_receipt_entry_number")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_receipt")),
    )
    op.create_table(
        "claim",
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("information", sa.Text(), nullable=True),
        sa.Column("paid_won", sa.BigInteger(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'reported') = (reported_at IS NOT NULL)", name=op.f("ck_claim_reported_means_dated")
        ),
        sa.CheckConstraint("(paid_won IS NULL) = (paid_on IS NULL)", name=op.f("ck_claim_paid_means_dated")),
        sa.CheckConstraint("(refusal IS NULL) = (proof IS NULL)", name=op.f("ck_claim_refused_with_proof")),
        sa.CheckConstraint(
            "(sealed IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_claim_erased_means_dated")
        ),
        sa.CheckConstraint("amount_won > 0", name=op.f("ck_claim_a_sum_is_claimed")),
        sa.CheckConstraint("paid_won IS NULL OR refusal IS NULL", name=op.f("ck_claim_paid_or_refused")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_claim_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_number")),
        sa.UniqueConstraint("receipt", name=op.f("uq_claim_receipt")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_claim_token_hash")),
    )
    op.create_index(op.f("ix_claim_pilot_id"), "claim", ["pilot_id"], unique=False)
    op.create_index(op.f("ix_claim_reported_at"), "claim", ["reported_at"], unique=False)
    op.create_table(
        "claim_filing",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_claim_filing_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_filing")),
    )
    op.create_index(op.f("ix_claim_filing_address"), "claim_filing", ["address"], unique=False)
    op.create_index(op.f("ix_claim_filing_at"), "claim_filing", ["at"], unique=False)
    op.create_index(op.f("ix_claim_filing_pilot_id"), "claim_filing", ["pilot_id"], unique=False)
    op.create_table(
        "claim_history",
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("old_status", sa.String(), nullable=False),
        sa.Column("new_status", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["claim.id"], name=op.f("fk_claim_history_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_history")),
    )
    op.create_index(op.f("ix_claim_history_subject_id"), "claim_history", ["subject_id"], unique=False)


def downgrade() -> None:
    op.drop_table("claim_history")
    op.drop_table("claim_filing")
    op.drop_table("claim")
    op.drop_table("receipt")
