"""Conditions are judged: terms by version, checks, evidence, breaches.

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "condition_duty",
        sa.Column("condition_id", sa.Integer(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("next_check_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["condition_id"], ["condition.id"], name=op.f("fk_condition_duty_condition_id")
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_condition_duty_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_duty")),
        sa.UniqueConstraint("condition_id", name=op.f("uq_condition_duty_condition_id")),
    )
    op.create_index(
        op.f("ix_condition_duty_next_check_on"), "condition_duty", ["next_check_on"], unique=False
    )
    op.create_index(op.f("ix_condition_duty_pilot_id"), "condition_duty", ["pilot_id"])
    op.create_table(
        "condition_breach",
        sa.Column("duty_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["condition_duty.id"], name=op.f("fk_condition_breach_duty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_breach")),
        sa.UniqueConstraint("duty_id", "due_on", name=op.f("uq_condition_breach_duty_id_due_on")),
    )
    op.create_index(op.f("ix_condition_breach_duty_id"), "condition_breach", ["duty_id"])
    op.create_index(op.f("ix_condition_breach_status"), "condition_breach", ["status"])
    op.create_table(
        "condition_change",
        sa.Column("duty_id", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_name", sa.String(), nullable=False),
        sa.Column("is_agreed", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["condition_duty.id"], name=op.f("fk_condition_change_duty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_change")),
    )
    op.create_index(op.f("ix_condition_change_duty_id"), "condition_change", ["duty_id"])
    op.create_table(
        "condition_duty_history",
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
            ["subject_id"], ["condition_duty.id"], name=op.f("fk_condition_duty_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_duty_history")),
    )
    op.create_index(
        op.f("ix_condition_duty_history_subject_id"), "condition_duty_history", ["subject_id"], unique=False
    )
    op.create_table(
        "condition_evidence",
        sa.Column("duty_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_by_name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["condition_duty.id"], name=op.f("fk_condition_evidence_duty_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_evidence")),
    )
    op.create_index(op.f("ix_condition_evidence_duty_id"), "condition_evidence", ["duty_id"])
    op.create_table(
        "condition_terms",
        sa.Column("duty_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("purpose_item", sa.String(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("metric_id", sa.Integer(), nullable=True),
        sa.Column("bound", sa.Double(), nullable=True),
        sa.Column("side", sa.String(), nullable=True),
        sa.Column("gathering", sa.String(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("frequency", sa.String(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("set_by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(basis = 'evidence') = (evidence IS NOT NULL)", name=op.f("ck_condition_terms_evidence_is_named")
        ),
        sa.CheckConstraint(
            "(basis = 'metric') = (metric_id IS NOT NULL AND bound IS NOT NULL AND side IS NOT NULL AND gathering IS NOT NULL)",
            name=op.f("ck_condition_terms_a_metric_comes_with_its_bound"),
        ),
        sa.CheckConstraint("basis IN ('metric', 'evidence')", name=op.f("ck_condition_terms_basis_is_known")),
        sa.ForeignKeyConstraint(["duty_id"], ["condition_duty.id"], name=op.f("fk_condition_terms_duty_id")),
        sa.ForeignKeyConstraint(["metric_id"], ["metric.id"], name=op.f("fk_condition_terms_metric_id")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_condition_terms_set_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_terms")),
        sa.UniqueConstraint("duty_id", "number", name=op.f("uq_condition_terms_duty_id_number")),
    )
    op.create_index(op.f("ix_condition_terms_duty_id"), "condition_terms", ["duty_id"])
    op.create_table(
        "condition_breach_history",
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
            ["subject_id"], ["condition_breach.id"], name=op.f("fk_condition_breach_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_breach_history")),
    )
    op.create_index(
        op.f("ix_condition_breach_history_subject_id"),
        "condition_breach_history",
        ["subject_id"],
        unique=False,
    )
    op.create_table(
        "condition_check",
        sa.Column("duty_id", sa.Integer(), nullable=False),
        sa.Column("terms_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("bound", sa.Double(), nullable=True),
        sa.Column("district", sa.String(), nullable=True),
        sa.Column("completeness", sa.Double(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('kept', 'breached', 'no_data')", name=op.f("ck_condition_check_verdict_is_known")
        ),
        sa.CheckConstraint("due_on >= first_day", name=op.f("ck_condition_check_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["duty_id"], ["condition_duty.id"], name=op.f("fk_condition_check_duty_id")),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["condition_terms.id"], name=op.f("fk_condition_check_terms_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_check")),
        sa.UniqueConstraint(
            "terms_id", "due_on", "as_of", name=op.f("uq_condition_check_terms_id_due_on_as_of")
        ),
    )
    op.create_index(op.f("ix_condition_check_duty_id"), "condition_check", ["duty_id"])
    op.create_table(
        "condition_evidence_history",
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
            ["subject_id"], ["condition_evidence.id"], name=op.f("fk_condition_evidence_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_evidence_history")),
    )
    op.create_index(
        op.f("ix_condition_evidence_history_subject_id"),
        "condition_evidence_history",
        ["subject_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("condition_evidence_history")
    op.drop_table("condition_check")
    op.drop_table("condition_breach_history")
    op.drop_table("condition_terms")
    op.drop_table("condition_evidence")
    op.drop_table("condition_duty_history")
    op.drop_table("condition_change")
    op.drop_table("condition_breach")
    op.drop_table("condition_duty")
