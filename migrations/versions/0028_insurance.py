"""Insurance policies of pilots, and compensation plans in their place.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "insurance_policy",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("renews_id", sa.Integer(), nullable=True),
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.Column("covers_from", sa.Date(), nullable=False),
        sa.Column("covers_to", sa.Date(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_by_id", sa.Integer(), nullable=False),
        sa.Column("filed_by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("covers_to >= covers_from", name=op.f("ck_insurance_policy_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_insurance_policy_pilot_id")),
        sa.ForeignKeyConstraint(
            ["renews_id"], ["insurance_policy.id"], name=op.f("fk_insurance_policy_renews_id")
        ),
        sa.ForeignKeyConstraint(["filed_by_id"], ["person.id"], name=op.f("fk_insurance_policy_filed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insurance_policy")),
        sa.UniqueConstraint("renews_id", name=op.f("uq_insurance_policy_renews_id")),
    )
    op.create_index(op.f("ix_insurance_policy_pilot_id"), "insurance_policy", ["pilot_id"])
    op.create_table(
        "compensation_plan",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why_uninsurable", sa.Text(), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_compensation_plan_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compensation_plan")),
    )
    op.create_index(op.f("ix_compensation_plan_pilot_id"), "compensation_plan", ["pilot_id"])
    op.create_table(
        "compensation_plan_history",
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("old_status", sa.String(), nullable=False),
        sa.Column("new_status", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["compensation_plan.id"], name=op.f("fk_compensation_plan_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compensation_plan_history")),
    )
    op.create_index(
        op.f("ix_compensation_plan_history_subject_id"), "compensation_plan_history", ["subject_id"]
    )


def downgrade() -> None:
    op.drop_table("compensation_plan_history")
    op.drop_table("compensation_plan")
    op.drop_table("insurance_policy")
