"""What nobody knows yet of a pilot, and the guidance that authorities gave.

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guidance",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("given_by_name", sa.String(), nullable=False),
        sa.Column("is_followed", sa.Boolean(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'given') = (is_followed IS NULL)", name=op.f("ck_guidance_stated_means_answered")
        ),
        sa.CheckConstraint(
            "(is_followed IS NULL) = (statement IS NULL)", name=op.f("ck_guidance_answered_means_explained")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["organisation.id"], name=op.f("fk_guidance_office_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_guidance_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guidance")),
    )
    op.create_index(op.f("ix_guidance_pilot_id"), "guidance", ["pilot_id"])
    op.create_table(
        "uncertainty",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("linked_to", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_by_name", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(linked_to = 'nothing_yet') = (link IS NULL)", name=op.f("ck_uncertainty_links_lead_somewhere")
        ),
        sa.CheckConstraint(
            "(status = 'named') = (conclusion IS NULL)", name=op.f("ck_uncertainty_settled_means_concluded")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["organisation.id"], name=op.f("fk_uncertainty_office_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_uncertainty_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uncertainty")),
    )
    op.create_index(op.f("ix_uncertainty_pilot_id"), "uncertainty", ["pilot_id"])
    op.create_table(
        "guidance_history",
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
        sa.ForeignKeyConstraint(["subject_id"], ["guidance.id"], name=op.f("fk_guidance_history_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guidance_history")),
    )
    op.create_index(op.f("ix_guidance_history_subject_id"), "guidance_history", ["subject_id"])
    op.create_table(
        "uncertainty_history",
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
        sa.ForeignKeyConstraint(
            ["subject_id"], ["uncertainty.id"], name=op.f("fk_uncertainty_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uncertainty_history")),
    )
    op.create_index(
        op.f("ix_uncertainty_history_subject_id"), "uncertainty_history", ["subject_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("uncertainty_history")
    op.drop_table("guidance_history")
    op.drop_table("uncertainty")
    op.drop_table("guidance")
