"""Certificates and gazette notices, and the addresses that they name.

Revision ID: 0032
Revises: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("organisation") as batch:
        batch.add_column(sa.Column("address", sa.String(), nullable=True))
    op.create_table(
        "official_document",
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("regime_id", sa.String(), nullable=False),
        sa.Column("regime_version", sa.String(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=True),
        sa.Column("issued_by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_official_document_numbered_from_one")),
        sa.CheckConstraint(
            "series IN ('certificate', 'notice')", name=op.f("ck_official_document_series_is_known")
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_official_document_pilot_id")),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["person.id"], name=op.f("fk_official_document_issued_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_document")),
        sa.UniqueConstraint(
            "series", "year", "sequence", name=op.f("uq_official_document_series_year_sequence")
        ),
        sa.UniqueConstraint("sha256", name=op.f("uq_official_document_sha256")),
    )
    op.create_index(op.f("ix_official_document_pilot_id"), "official_document", ["pilot_id"])


def downgrade() -> None:
    op.drop_table("official_document")
    with op.batch_alter_table("organisation") as batch:
        batch.drop_column("address")
