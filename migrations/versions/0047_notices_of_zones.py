"""Gazette notices of growth zones, which are about a site and no pilot.

Revision ID: 0047
Revises: 0046
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("official_document") as batch:
        batch.alter_column("pilot_id", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("site_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_official_document_site_id"), "site", ["site_id"], ["id"])
        batch.create_index(op.f("ix_official_document_site_id"), ["site_id"])
        batch.create_check_constraint(
            op.f("ck_official_document_is_about_one_thing"), "(pilot_id IS NULL) <> (site_id IS NULL)"
        )


def downgrade() -> None:
    op.execute("DELETE FROM official_document WHERE pilot_id IS NULL")
    with op.batch_alter_table("official_document") as batch:
        batch.drop_constraint(op.f("ck_official_document_is_about_one_thing"), type_="check")
        batch.drop_index(op.f("ix_official_document_site_id"))
        batch.drop_constraint(op.f("fk_official_document_site_id"), type_="foreignkey")
        batch.drop_column("site_id")
        batch.alter_column("pilot_id", existing_type=sa.Integer(), nullable=False)
