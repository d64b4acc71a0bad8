"""Pilots and decisions.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pilot",
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("evaluator_id", sa.Integer(), nullable=False),
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("technology", sa.String(), nullable=False),
        sa.Column("title_ko", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("summary_ko", sa.Text(), nullable=False),
        sa.Column("summary_en", sa.Text(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("planned_from", sa.Date(), nullable=False),
        sa.Column("planned_to", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("planned_to > planned_from", name=op.f("ck_pilot_ends_after_start")),
        sa.ForeignKeyConstraint(["company_id"], ["organisation.id"], name=op.f("fk_pilot_company_id")),
        sa.ForeignKeyConstraint(["evaluator_id"], ["organisation.id"], name=op.f("fk_pilot_evaluator_id")),
        sa.ForeignKeyConstraint(["exemption_id"], ["exemption.id"], name=op.f("fk_pilot_exemption_id")),
        sa.ForeignKeyConstraint(["experiment_id"], ["experiment.id"], name=op.f("fk_pilot_experiment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_pilot_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot")),
        sa.UniqueConstraint("exemption_id", name=op.f("uq_pilot_exemption_id")),
        sa.UniqueConstraint("experiment_id", name=op.f("uq_pilot_experiment_id")),
        sa.UniqueConstraint("number", name=op.f("uq_pilot_number")),
    )
    with op.batch_alter_table("pilot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pilot_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pilot_evaluator_id"), ["evaluator_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pilot_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pilot_status"), ["status"], unique=False)

    op.create_table(
        "decision",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("against_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'decided') = (decided_at IS NOT NULL)", name=op.f("ck_decision_decided_means_dated")
        ),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_decision_evaluation_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_decision_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_pilot_id"), ["pilot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_status"), ["status"], unique=False)

    op.create_table(
        "pilot_district",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_pilot_district_district_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_district_pilot_id")),
        sa.PrimaryKeyConstraint("pilot_id", "district_id", name=op.f("pk_pilot_district")),
    )
    op.create_table(
        "pilot_history",
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
        sa.ForeignKeyConstraint(["subject_id"], ["pilot.id"], name=op.f("fk_pilot_history_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_history")),
    )
    with op.batch_alter_table("pilot_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pilot_history_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "decision_history",
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
        sa.ForeignKeyConstraint(["subject_id"], ["decision.id"], name=op.f("fk_decision_history_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_history")),
    )
    with op.batch_alter_table("decision_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_history_subject_id"), ["subject_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("decision_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_history_subject_id"))

    op.drop_table("decision_history")
    with op.batch_alter_table("pilot_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pilot_history_subject_id"))

    op.drop_table("pilot_history")
    op.drop_table("pilot_district")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_status"))
        batch_op.drop_index(batch_op.f("ix_decision_pilot_id"))

    op.drop_table("decision")
    with op.batch_alter_table("pilot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pilot_status"))
        batch_op.drop_index(batch_op.f("ix_pilot_site_id"))
        batch_op.drop_index(batch_op.f("ix_pilot_evaluator_id"))
        batch_op.drop_index(batch_op.f("ix_pilot_company_id"))

    op.drop_table("pilot")
