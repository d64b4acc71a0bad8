"""Applications for exemptions.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exemption",
        sa.Column("regime_id", sa.String(), nullable=False),
        sa.Column("regime_version", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("articles", sa.JSON(), nullable=False),
        sa.Column("contents", sa.JSON(), nullable=False),
        sa.Column("requested_months", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("local_opinion", sa.Text(), nullable=True),
        sa.Column("granted_from", sa.Date(), nullable=True),
        sa.Column("granted_to", sa.Date(), nullable=True),
        sa.Column("decision_reasons", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'approved') = (granted_from IS NOT NULL AND granted_to IS NOT NULL)",
            name=op.f("ck_exemption_granted_means_dated"),
        ),
        sa.CheckConstraint(
            "granted_to IS NULL OR granted_to > granted_from", name=op.f("ck_exemption_ends_after_start")
        ),
        sa.CheckConstraint("requested_months > 0", name=op.f("ck_exemption_months_are_positive")),
        sa.ForeignKeyConstraint(["city_id"], ["organisation.id"], name=op.f("fk_exemption_city_id")),
        sa.ForeignKeyConstraint(["company_id"], ["organisation.id"], name=op.f("fk_exemption_company_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["organisation.id"], name=op.f("fk_exemption_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemption")),
    )
    with op.batch_alter_table("exemption", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exemption_city_id"), ["city_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exemption_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exemption_lead_id"), ["lead_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exemption_status"), ["status"], unique=False)

    op.create_table(
        "condition",
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.String(), nullable=False),
        sa.Column("necessity", sa.Text(), nullable=False),
        sa.Column("proportionality", sa.Text(), nullable=False),
        sa.Column("is_imposed", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["exemption_id"], ["exemption.id"], name=op.f("fk_condition_exemption_id")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["organisation.id"], name=op.f("fk_condition_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition")),
    )
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_condition_exemption_id"), ["exemption_id"], unique=False)

    op.create_table(
        "consultation",
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(reply IS NULL) = (replied_at IS NULL)", name=op.f("ck_consultation_replied_means_dated")
        ),
        sa.ForeignKeyConstraint(
            ["exemption_id"], ["exemption.id"], name=op.f("fk_consultation_exemption_id")
        ),
        sa.ForeignKeyConstraint(
            ["ministry_id"], ["organisation.id"], name=op.f("fk_consultation_ministry_id")
        ),
        sa.ForeignKeyConstraint(["replied_by_id"], ["person.id"], name=op.f("fk_consultation_replied_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
        sa.UniqueConstraint(
            "exemption_id", "ministry_id", name=op.f("uq_consultation_exemption_id_ministry_id")
        ),
    )
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consultation_exemption_id"), ["exemption_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultation_ministry_id"), ["ministry_id"], unique=False)

    op.create_table(
        "exemption_history",
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
            ["subject_id"], ["exemption.id"], name=op.f("fk_exemption_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemption_history")),
    )
    with op.batch_alter_table("exemption_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exemption_history_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "required_action",
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exemption_id"], ["exemption.id"], name=op.f("fk_required_action_exemption_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_required_action")),
    )
    with op.batch_alter_table("required_action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_required_action_exemption_id"), ["exemption_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("required_action", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_required_action_exemption_id"))

    op.drop_table("required_action")
    with op.batch_alter_table("exemption_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exemption_history_subject_id"))

    op.drop_table("exemption_history")
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consultation_ministry_id"))
        batch_op.drop_index(batch_op.f("ix_consultation_exemption_id"))

    op.drop_table("consultation")
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_condition_exemption_id"))

    op.drop_table("condition")
    with op.batch_alter_table("exemption", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exemption_status"))
        batch_op.drop_index(batch_op.f("ix_exemption_lead_id"))
        batch_op.drop_index(batch_op.f("ix_exemption_company_id"))
        batch_op.drop_index(batch_op.f("ix_exemption_city_id"))

    op.drop_table("exemption")
