"""What repeated a value that came in a file is remembered; a file that is not stored can be discarded.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

DISCARDED = "ck_upload_only_what_is_not_stored_is_discarded"


def upgrade() -> None:
    op.create_table(
        "observation_confirmation",
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("observed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["collection_attempt.id"], name=op.f("fk_observation_confirmation_attempt_id")
        ),
        sa.PrimaryKeyConstraint(
            "series_id", "observed_at", "attempt_id", name=op.f("pk_observation_confirmation")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("upload") as batch_op:
        batch_op.add_column(sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_check_constraint(op.f(DISCARDED), "discarded_at IS NULL OR attempt_id IS NULL")


def downgrade() -> None:
    with op.batch_alter_table("upload") as batch_op:
        batch_op.drop_constraint(op.f(DISCARDED), type_="check")
        batch_op.drop_column("discarded_at")
    op.drop_table("observation_confirmation")
