"""Changes, extensions, requests to amend the law, conversions, revocations, permits and final reports.

Revision ID: 0043
Revises: 0042
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversion",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("waived", sa.JSON(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["begun_by_id"], ["person.id"], name=op.f("fk_conversion_begun_by_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_conversion_pilot_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["pilot.id"], name=op.f("fk_conversion_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion")),
        sa.UniqueConstraint("pilot_id", name=op.f("uq_conversion_pilot_id")),
        sa.UniqueConstraint("successor_id", name=op.f("uq_conversion_successor_id")),
    )
    op.create_table(
        "final_report",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("contents", sa.JSON(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_consents_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authority_consents_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_final_report_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_final_report")),
        sa.UniqueConstraint("pilot_id", name=op.f("uq_final_report_pilot_id")),
    )
    op.create_table(
        "law_request",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("assessment", sa.JSON(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_law_request_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_request")),
    )
    op.create_index(op.f("ix_law_request_pilot_id"), "law_request", ["pilot_id"], unique=False)
    op.create_table(
        "ordinary_permit",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("law", sa.String(), nullable=False),
        sa.Column("amended_on", sa.Date(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("permit_number", sa.String(), nullable=False),
        sa.Column("permitted_on", sa.Date(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_by_id", sa.Integer(), nullable=False),
        sa.Column("filed_by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["filed_by_id"], ["person.id"], name=op.f("fk_ordinary_permit_filed_by_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_ordinary_permit_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ordinary_permit")),
    )
    op.create_index(op.f("ix_ordinary_permit_pilot_id"), "ordinary_permit", ["pilot_id"], unique=False)
    op.create_table(
        "period_extension",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("months_asked", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("ends_before", sa.Date(), nullable=False),
        sa.Column("ends_after", sa.Date(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("committee_on", sa.Date(), nullable=True),
        sa.Column("committee_meeting", sa.String(), nullable=True),
        sa.Column("committee_agrees", sa.Boolean(), nullable=True),
        sa.Column("committee_reasons", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status <> 'granted' OR ends_after > ends_before",
            name=op.f("ck_period_extension_granted_means_longer"),
        ),
        sa.CheckConstraint("months_asked > 0", name=op.f("ck_period_extension_months_are_positive")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_period_extension_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_extension")),
    )
    op.create_index(op.f("ix_period_extension_pilot_id"), "period_extension", ["pilot_id"], unique=False)
    op.create_table(
        "pilot_change",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("is_minor", sa.Boolean(), nullable=False),
        sa.Column("plan_phase", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("committee_on", sa.Date(), nullable=True),
        sa.Column("committee_meeting", sa.String(), nullable=True),
        sa.Column("committee_agrees", sa.Boolean(), nullable=True),
        sa.Column("committee_reasons", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_change_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_change")),
        sa.UniqueConstraint("pilot_id", "number", name=op.f("uq_pilot_change_pilot_id_number")),
    )
    op.create_index(op.f("ix_pilot_change_pilot_id"), "pilot_change", ["pilot_id"], unique=False)
    op.create_table(
        "revocation",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("city_opinion", sa.Text(), nullable=True),
        sa.Column("hearing_invited_on", sa.Date(), nullable=True),
        sa.Column("hearing_on", sa.Date(), nullable=True),
        sa.Column("hearing_place", sa.String(), nullable=True),
        sa.Column("operator_came", sa.Boolean(), nullable=True),
        sa.Column("hearing_record", sa.Text(), nullable=True),
        sa.Column("restoration", sa.Text(), nullable=True),
        sa.Column("compensation", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("committee_on", sa.Date(), nullable=True),
        sa.Column("committee_meeting", sa.String(), nullable=True),
        sa.Column("committee_agrees", sa.Boolean(), nullable=True),
        sa.Column("committee_reasons", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(operator_came IS NULL) = (hearing_record IS NULL)",
            name=op.f("ck_revocation_heard_means_recorded"),
        ),
        sa.CheckConstraint(
            "hearing_on IS NULL OR hearing_on >= hearing_invited_on",
            name=op.f("ck_revocation_invited_before"),
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_revocation_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation")),
    )
    op.create_index(op.f("ix_revocation_pilot_id"), "revocation", ["pilot_id"], unique=False)
    op.create_table(
        "final_report_history",
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
            ["subject_id"], ["final_report.id"], name=op.f("fk_final_report_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_final_report_history")),
    )
    op.create_index(
        op.f("ix_final_report_history_subject_id"), "final_report_history", ["subject_id"], unique=False
    )
    op.create_table(
        "law_request_history",
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
            ["subject_id"], ["law_request.id"], name=op.f("fk_law_request_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_request_history")),
    )
    op.create_index(
        op.f("ix_law_request_history_subject_id"), "law_request_history", ["subject_id"], unique=False
    )
    op.create_table(
        "period_extension_history",
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
            ["subject_id"], ["period_extension.id"], name=op.f("fk_period_extension_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_extension_history")),
    )
    op.create_index(
        op.f("ix_period_extension_history_subject_id"),
        "period_extension_history",
        ["subject_id"],
        unique=False,
    )
    op.create_table(
        "pilot_change_history",
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
            ["subject_id"], ["pilot_change.id"], name=op.f("fk_pilot_change_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_change_history")),
    )
    op.create_index(
        op.f("ix_pilot_change_history_subject_id"), "pilot_change_history", ["subject_id"], unique=False
    )
    op.create_table(
        "pilot_change_reply",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(agrees IS NULL) = (replied_at IS NULL)", name=op.f("ck_pilot_change_reply_replied_means_dated")
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["pilot_change.id"], name=op.f("fk_pilot_change_reply_change_id")
        ),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_pilot_change_reply_clock_id")),
        sa.ForeignKeyConstraint(
            ["ministry_id"], ["organisation.id"], name=op.f("fk_pilot_change_reply_ministry_id")
        ),
        sa.ForeignKeyConstraint(
            ["replied_by_id"], ["person.id"], name=op.f("fk_pilot_change_reply_replied_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_change_reply")),
        sa.UniqueConstraint(
            "change_id", "ministry_id", name=op.f("uq_pilot_change_reply_change_id_ministry_id")
        ),
    )
    op.create_index(
        op.f("ix_pilot_change_reply_change_id"), "pilot_change_reply", ["change_id"], unique=False
    )
    op.create_table(
        "report_demand",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_report_demand_answered_means_dated")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_report_demand_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_report_demand_asked_by_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_report_demand_organisation_id")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["final_report.id"], name=op.f("fk_report_demand_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_demand")),
    )
    op.create_index(op.f("ix_report_demand_report_id"), "report_demand", ["report_id"], unique=False)
    op.create_table(
        "revocation_history",
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
            ["subject_id"], ["revocation.id"], name=op.f("fk_revocation_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation_history")),
    )
    op.create_index(
        op.f("ix_revocation_history_subject_id"), "revocation_history", ["subject_id"], unique=False
    )
    op.create_table(
        "written_proof",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("given_by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name=op.f("fk_written_proof_given_by_id")),
        sa.ForeignKeyConstraint(["report_id"], ["final_report.id"], name=op.f("fk_written_proof_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_written_proof")),
    )
    op.create_index(op.f("ix_written_proof_report_id"), "written_proof", ["report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("written_proof")
    op.drop_table("revocation_history")
    op.drop_table("report_demand")
    op.drop_table("pilot_change_reply")
    op.drop_table("pilot_change_history")
    op.drop_table("period_extension_history")
    op.drop_table("law_request_history")
    op.drop_table("final_report_history")
    op.drop_table("revocation")
    op.drop_table("pilot_change")
    op.drop_table("period_extension")
    op.drop_table("ordinary_permit")
    op.drop_table("law_request")
    op.drop_table("final_report")
    op.drop_table("conversion")
