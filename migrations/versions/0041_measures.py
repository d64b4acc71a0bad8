"""Suspensions with their proposals, orders, incidents, inspections and the tasks that follow.

Revision ID: 0041
Revises: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suspension_proposal",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_suspension_proposal_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension_proposal")),
        sa.UniqueConstraint(
            "pilot_id", "cause", "key", name=op.f("uq_suspension_proposal_pilot_id_cause_key")
        ),
    )
    op.create_index(op.f("ix_suspension_proposal_pilot_id"), "suspension_proposal", ["pilot_id"])
    op.create_table(
        "suspension_proposal_history",
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
            ["subject_id"], ["suspension_proposal.id"], name=op.f("fk_suspension_proposal_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension_proposal_history")),
    )
    op.create_index(
        op.f("ix_suspension_proposal_history_subject_id"), "suspension_proposal_history", ["subject_id"]
    )
    op.create_table(
        "suspension",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measures", sa.Text(), nullable=True),
        sa.Column("committee_reference", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status <> 'made_permanent' OR committee_reference IS NOT NULL",
            name=op.f("ck_suspension_a_permanent_stop_names_its_deliberation"),
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_suspension_pilot_id")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["suspension_proposal.id"], name=op.f("fk_suspension_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension")),
    )
    op.create_index(op.f("ix_suspension_pilot_id"), "suspension", ["pilot_id"])
    op.create_table(
        "suspension_history",
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
            ["subject_id"], ["suspension.id"], name=op.f("fk_suspension_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension_history")),
    )
    op.create_index(op.f("ix_suspension_history_subject_id"), "suspension_history", ["subject_id"])
    op.create_table(
        "pilot_order",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("legal_ground", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("heard_as", sa.String(), nullable=True),
        sa.Column("heard_on", sa.Date(), nullable=True),
        sa.Column("heard_text", sa.Text(), nullable=True),
        sa.Column("appeal", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("extended_from", sa.Date(), nullable=True),
        sa.Column("city_opinion", sa.Text(), nullable=True),
        sa.Column("committee_reference", sa.String(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(heard_as IS NULL) = (heard_on IS NULL)", name=op.f("ck_pilot_order_heard_means_dated")
        ),
        sa.CheckConstraint(
            "status NOT IN ('issued', 'reported', 'done', 'missed') OR (heard_as IS NOT NULL AND appeal IS NOT NULL AND due_on IS NOT NULL)",
            name=op.f("ck_pilot_order_issued_after_a_hearing_with_its_appeal"),
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_order_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_order")),
    )
    op.create_index(op.f("ix_pilot_order_due_on"), "pilot_order", ["due_on"])
    op.create_index(op.f("ix_pilot_order_pilot_id"), "pilot_order", ["pilot_id"])
    op.create_index(op.f("ix_pilot_order_status"), "pilot_order", ["status"])
    op.create_table(
        "pilot_order_history",
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
            ["subject_id"], ["pilot_order.id"], name=op.f("fk_pilot_order_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_order_history")),
    )
    op.create_index(op.f("ix_pilot_order_history_subject_id"), "pilot_order_history", ["subject_id"])
    op.create_table(
        "incident",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("injured", sa.Integer(), nullable=False),
        sa.Column("damage_won", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by_id", sa.Integer(), nullable=False),
        sa.Column("reported_by_name", sa.String(), nullable=False),
        sa.Column("reported_by_role", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "deaths >= 0 AND injured >= 0 AND damage_won >= 0",
            name=op.f("ck_incident_counts_are_not_negative"),
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_incident_pilot_id")),
        sa.ForeignKeyConstraint(["reported_by_id"], ["person.id"], name=op.f("fk_incident_reported_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_pilot_id"), "incident", ["pilot_id"])
    op.create_table(
        "incident_history",
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
        sa.ForeignKeyConstraint(["subject_id"], ["incident.id"], name=op.f("fk_incident_history_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_history")),
    )
    op.create_index(op.f("ix_incident_history_subject_id"), "incident_history", ["subject_id"])
    op.create_table(
        "incident_follow_up",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_incident_follow_up_by_id")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_follow_up_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_follow_up")),
    )
    op.create_index(op.f("ix_incident_follow_up_incident_id"), "incident_follow_up", ["incident_id"])
    op.create_table(
        "remedy_task",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_remedy_task_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedy_task")),
        sa.UniqueConstraint("pilot_id", "origin", name=op.f("uq_remedy_task_pilot_id_origin")),
    )
    op.create_index(op.f("ix_remedy_task_pilot_id"), "remedy_task", ["pilot_id"])
    op.create_table(
        "remedy_task_history",
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
            ["subject_id"], ["remedy_task.id"], name=op.f("fk_remedy_task_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedy_task_history")),
    )
    op.create_index(op.f("ix_remedy_task_history_subject_id"), "remedy_task_history", ["subject_id"])
    op.create_table(
        "inspection",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("is_joint", sa.Boolean(), nullable=False),
        sa.Column("is_requested", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=True),
        sa.Column("present", sa.String(), nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'recorded') = (inspected_on IS NOT NULL)",
            name=op.f("ck_inspection_recorded_means_dated"),
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_inspection_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
    )
    op.create_index(op.f("ix_inspection_pilot_id"), "inspection", ["pilot_id"])
    op.create_table(
        "inspection_history",
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
            ["subject_id"], ["inspection.id"], name=op.f("fk_inspection_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_history")),
    )
    op.create_index(op.f("ix_inspection_history_subject_id"), "inspection_history", ["subject_id"])
    op.create_table(
        "inspection_photo",
        sa.Column("inspection_id", sa.Integer(), nullable=False),
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
            ["attached_by_id"], ["person.id"], name=op.f("fk_inspection_photo_attached_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name=op.f("fk_inspection_photo_inspection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_photo")),
    )
    op.create_index(op.f("ix_inspection_photo_inspection_id"), "inspection_photo", ["inspection_id"])


def downgrade() -> None:
    op.drop_table("inspection_photo")
    op.drop_table("inspection_history")
    op.drop_table("inspection")
    op.drop_table("remedy_task_history")
    op.drop_table("remedy_task")
    op.drop_table("incident_follow_up")
    op.drop_table("incident_history")
    op.drop_table("incident")
    op.drop_table("pilot_order_history")
    op.drop_table("pilot_order")
    op.drop_table("suspension_history")
    op.drop_table("suspension")
    op.drop_table("suspension_proposal_history")
    op.drop_table("suspension_proposal")
