"""Metrics have cards: what is counted over what, standard code, owner, state of verification, artefacts.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TEXTS = ("numerator_ko", "numerator_en", "artefacts_ko", "artefacts_en")
LINES = ("standard", "owner")
KNOWN = "verification IN ('unverified', 'checked', 'verified')"


def upgrade() -> None:
    with op.batch_alter_table("metric") as batch:
        for name in TEXTS:
            batch.add_column(sa.Column(name, sa.Text(), nullable=True))
        for name in LINES:
            batch.add_column(sa.Column(name, sa.String(), nullable=True))
        batch.add_column(sa.Column("verification", sa.String(), nullable=False, server_default="unverified"))
        batch.create_check_constraint(op.f("ck_metric_verification_is_known"), KNOWN)
    with op.batch_alter_table("metric") as batch:
        batch.alter_column("verification", existing_type=sa.String(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("metric") as batch:
        batch.drop_constraint(op.f("ck_metric_verification_is_known"), type_="check")
        for name in ("verification", *LINES, *TEXTS):
            batch.drop_column(name)
