"""Hubs that were registered by mistake are withdrawn; who else feeds a district is found by its key.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hub", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_source_entity_district_id", "source_entity", ["district_id"])


def downgrade() -> None:
    op.drop_index("ix_source_entity_district_id", "source_entity")
    op.drop_column("hub", "withdrawn_at")
