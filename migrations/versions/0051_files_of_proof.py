"""Files beside the evidence for conditions and beside the proof of a refused claim.

Revision ID: 0051
Revises: 0050
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

OWNERS = (
    ("condition_evidence_file", "evidence_id", "condition_evidence"),
    ("claim_file", "claim_id", "claim"),
)


def upgrade() -> None:
    for table, key, owner in OWNERS:
        op.create_table(
            table,
            sa.Column(key, sa.Integer(), nullable=False),
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("media_type", sa.String(), nullable=False),
            sa.Column("size", sa.Integer(), nullable=False),
            sa.Column("sha256", sa.String(), nullable=False),
            sa.Column("is_scanned", sa.Boolean(), nullable=False),
            sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("attached_by_id", sa.Integer(), nullable=False),
            sa.Column("attached_by_name", sa.String(), nullable=False),
            sa.Column("id", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(
                ["attached_by_id"], ["person.id"], name=op.f(f"fk_{table}_attached_by_id")
            ),
            sa.ForeignKeyConstraint([key], [f"{owner}.id"], name=op.f(f"fk_{table}_{key}")),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_{key}"), table, [key])


def downgrade() -> None:
    for table, _key, _owner in reversed(OWNERS):
        op.drop_table(table)
