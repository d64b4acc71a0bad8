"""Applications are returned for reasons of the law, and a committee resolves on them.

Revision ID: 0040
Revises: 0039
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exemption") as batch_op:
        batch_op.add_column(
            sa.Column("city_is_applicant", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("returned_for", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("resolution", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("resolved_digest", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("deliberated_by", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("against_resolution", sa.Text(), nullable=True))
    with op.batch_alter_table("exemption") as batch_op:
        batch_op.alter_column("city_is_applicant", server_default=None)
        batch_op.alter_column("returned_for", server_default=None)
        batch_op.alter_column("deliberated_by", server_default=None)
    # Applications that had been returned stood as drafts beside their pilot.
    op.execute(
        "UPDATE exemption SET status = 'returned' WHERE status = 'draft' AND id IN"
        " (SELECT exemption_id FROM pilot WHERE status = 'returned')"
    )


def downgrade() -> None:
    op.execute("UPDATE exemption SET status = 'draft' WHERE status = 'returned'")
    op.execute("UPDATE exemption SET status = 'rejected' WHERE status = 'not_required'")
    op.execute(
        "UPDATE exemption SET status = 'consulted' WHERE status IN ('expert_done', 'tabled', 'resolved')"
    )
    with op.batch_alter_table("exemption") as batch_op:
        batch_op.drop_column("against_resolution")
        batch_op.drop_column("deliberated_by")
        batch_op.drop_column("resolved_digest")
        batch_op.drop_column("resolution")
        batch_op.drop_column("returned_for")
        batch_op.drop_column("city_is_applicant")
