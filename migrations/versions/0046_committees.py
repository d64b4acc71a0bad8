"""Committees: seats, meetings, agendas, declared interests, ballots and experts' assessments.

Revision ID: 0046
Revises: 0045
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "committee_seat",
        sa.Column("committee", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("affiliation_id", sa.Integer(), nullable=True),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= from_on", name=op.f("ck_committee_seat_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["affiliation_id"], ["organisation.id"], name=op.f("fk_committee_seat_affiliation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_committee_seat_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_seat")),
    )
    op.create_index(op.f("ix_committee_seat_committee"), "committee_seat", ["committee"], unique=False)
    op.create_index(op.f("ix_committee_seat_person_id"), "committee_seat", ["person_id"], unique=False)
    op.create_table(
        "expert_assessment",
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("affiliation_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_conflict", sa.Boolean(), nullable=True),
        sa.Column("conflict_reason", sa.Text(), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scores", sa.JSON(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("recommendation", sa.String(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(has_conflict IS NULL) = (declared_at IS NULL)",
            name=op.f("ck_expert_assessment_declared_means_dated"),
        ),
        sa.CheckConstraint(
            "(scores IS NULL) = (given_at IS NULL)", name=op.f("ck_expert_assessment_given_means_dated")
        ),
        sa.ForeignKeyConstraint(
            ["affiliation_id"], ["organisation.id"], name=op.f("fk_expert_assessment_affiliation_id")
        ),
        sa.ForeignKeyConstraint(
            ["exemption_id"], ["exemption.id"], name=op.f("fk_expert_assessment_exemption_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_expert_assessment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_assessment")),
        sa.UniqueConstraint(
            "exemption_id", "person_id", name=op.f("uq_expert_assessment_exemption_id_person_id")
        ),
    )
    op.create_index(
        op.f("ix_expert_assessment_exemption_id"), "expert_assessment", ["exemption_id"], unique=False
    )
    op.create_index(op.f("ix_expert_assessment_person_id"), "expert_assessment", ["person_id"], unique=False)
    op.create_table(
        "meeting",
        sa.Column("regime_id", sa.String(), nullable=False),
        sa.Column("regime_version", sa.String(), nullable=False),
        sa.Column("committee", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'signed') = (signed_at IS NOT NULL)", name=op.f("ck_meeting_signed_means_dated")
        ),
        sa.CheckConstraint(
            "mode <> 'oral' OR ends_on = begins_on", name=op.f("ck_meeting_oral_means_one_day")
        ),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_meeting_ends_after_start")),
        sa.ForeignKeyConstraint(["signed_by_id"], ["person.id"], name=op.f("fk_meeting_signed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("committee", "number", name=op.f("uq_meeting_committee_number")),
    )
    op.create_index(op.f("ix_meeting_status"), "meeting", ["status"], unique=False)
    op.create_table(
        "agenda_item",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("arithmetic", sa.JSON(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(resolution IS NULL) = (arithmetic IS NULL)", name=op.f("ck_agenda_item_resolved_means_counted")
        ),
        sa.ForeignKeyConstraint(["exemption_id"], ["exemption.id"], name=op.f("fk_agenda_item_exemption_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_agenda_item_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_item")),
        sa.UniqueConstraint(
            "meeting_id", "exemption_id", name=op.f("uq_agenda_item_meeting_id_exemption_id")
        ),
    )
    op.create_index(op.f("ix_agenda_item_exemption_id"), "agenda_item", ["exemption_id"], unique=False)
    op.create_index(op.f("ix_agenda_item_meeting_id"), "agenda_item", ["meeting_id"], unique=False)
    op.create_table(
        "meeting_called",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("affiliation_id", sa.Integer(), nullable=True),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["affiliation_id"], ["organisation.id"], name=op.f("fk_meeting_called_affiliation_id")
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_called_meeting_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_meeting_called_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_called")),
        sa.UniqueConstraint("meeting_id", "person_id", name=op.f("uq_meeting_called_meeting_id_person_id")),
    )
    op.create_index(op.f("ix_meeting_called_meeting_id"), "meeting_called", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_meeting_called_person_id"), "meeting_called", ["person_id"], unique=False)
    op.create_table(
        "meeting_history",
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
        sa.ForeignKeyConstraint(["subject_id"], ["meeting.id"], name=op.f("fk_meeting_history_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_history")),
    )
    op.create_index(op.f("ix_meeting_history_subject_id"), "meeting_history", ["subject_id"], unique=False)
    op.create_table(
        "agenda_ballot",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_item.id"], name=op.f("fk_agenda_ballot_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_agenda_ballot_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_ballot")),
        sa.UniqueConstraint("item_id", "person_id", name=op.f("uq_agenda_ballot_item_id_person_id")),
    )
    op.create_index(op.f("ix_agenda_ballot_item_id"), "agenda_ballot", ["item_id"], unique=False)
    op.create_table(
        "agenda_interest",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("has_conflict", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "has_conflict = (reason <> '')", name=op.f("ck_agenda_interest_conflict_means_reason")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_item.id"], name=op.f("fk_agenda_interest_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_agenda_interest_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_interest")),
        sa.UniqueConstraint("item_id", "person_id", name=op.f("uq_agenda_interest_item_id_person_id")),
    )
    op.create_index(op.f("ix_agenda_interest_item_id"), "agenda_interest", ["item_id"], unique=False)


def downgrade() -> None:
    op.drop_table("agenda_interest")
    op.drop_table("agenda_ballot")
    op.drop_table("meeting_history")
    op.drop_table("meeting_called")
    op.drop_table("agenda_item")
    op.drop_table("meeting")
    op.drop_table("expert_assessment")
    op.drop_table("committee_seat")
