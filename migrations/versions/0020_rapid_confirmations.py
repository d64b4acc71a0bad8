"""Requests for rapid confirmation; a clock belongs to one of these or to an application.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ONE_CASE = "(exemption_id IS NULL) <> (confirmation_id IS NULL)"


def upgrade() -> None:
    _create_confirmation()
    _create_confirmation_history()
    with op.batch_alter_table("clock") as batch:
        batch.add_column(sa.Column("confirmation_id", sa.Integer(), nullable=True))
        batch.alter_column("exemption_id", existing_type=sa.Integer(), nullable=True)
        batch.create_foreign_key(
            op.f("fk_clock_confirmation_id"), "confirmation", ["confirmation_id"], ["id"]
        )
        batch.create_check_constraint(op.f("ck_clock_belongs_to_one_case"), ONE_CASE)
    op.create_index("ix_clock_confirmation_id_subject", "clock", ["confirmation_id", "subject"])
    _create_agency()


def downgrade() -> None:
    op.drop_table("confirmation_agency")
    op.execute(
        "DELETE FROM clock_event WHERE clock_id IN (SELECT id FROM clock WHERE confirmation_id IS NOT NULL)"
    )
    op.execute("DELETE FROM clock WHERE confirmation_id IS NOT NULL")
    op.drop_index("ix_clock_confirmation_id_subject", table_name="clock")
    with op.batch_alter_table("clock") as batch:
        batch.drop_constraint(op.f("ck_clock_belongs_to_one_case"), type_="check")
        batch.drop_constraint(op.f("fk_clock_confirmation_id"), type_="foreignkey")
        batch.alter_column("exemption_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_column("confirmation_id")
    op.drop_table("confirmation_history")
    op.drop_table("confirmation")


def _create_confirmation() -> None:
    op.create_table(
        "confirmation",
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("regime_id", sa.String(), nullable=False),
        sa.Column("regime_version", sa.String(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("technology", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("articles", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("lead_reply", sa.String(), nullable=True),
        sa.Column("lead_text", sa.Text(), nullable=True),
        sa.Column("lead_requirements", sa.Text(), nullable=True),
        sa.Column("lead_procedure", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("exemption_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'notified') = (outcome IS NOT NULL)",
            name=op.f("ck_confirmation_notified_means_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (lead_reply IS NULL)",
            name=op.f("ck_confirmation_the_lead_answers_with_the_outcome"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["organisation.id"], name=op.f("fk_confirmation_company_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["organisation.id"], name=op.f("fk_confirmation_lead_id")),
        sa.ForeignKeyConstraint(
            ["exemption_id"], ["exemption.id"], name=op.f("fk_confirmation_exemption_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sa.UniqueConstraint("number", name=op.f("uq_confirmation_number")),
        sa.UniqueConstraint("exemption_id", name=op.f("uq_confirmation_exemption_id")),
    )
    for column in ("company_id", "lead_id", "status"):
        op.create_index(op.f(f"ix_confirmation_{column}"), "confirmation", [column])


def _create_confirmation_history() -> None:
    op.create_table(
        "confirmation_history",
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
            ["subject_id"], ["confirmation.id"], name=op.f("fk_confirmation_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation_history")),
    )
    op.create_index(op.f("ix_confirmation_history_subject_id"), "confirmation_history", ["subject_id"])


def _create_agency() -> None:
    op.create_table(
        "confirmation_agency",
        sa.Column("confirmation_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("requirements", sa.Text(), nullable=True),
        sa.Column("procedure_text", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(reply IS NULL) = (replied_at IS NULL)", name=op.f("ck_confirmation_agency_replied_means_dated")
        ),
        sa.CheckConstraint(
            "reply IS NULL OR reply <> 'permit_needed'"
            " OR (requirements IS NOT NULL AND procedure_text IS NOT NULL)",
            name=op.f("ck_confirmation_agency_a_permit_comes_with_its_requirements"),
        ),
        sa.ForeignKeyConstraint(
            ["confirmation_id"], ["confirmation.id"], name=op.f("fk_confirmation_agency_confirmation_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_confirmation_agency_organisation_id")
        ),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_confirmation_agency_clock_id")),
        sa.ForeignKeyConstraint(
            ["replied_by_id"], ["person.id"], name=op.f("fk_confirmation_agency_replied_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation_agency")),
        sa.UniqueConstraint(
            "confirmation_id",
            "organisation_id",
            name=op.f("uq_confirmation_agency_confirmation_id_organisation_id"),
        ),
    )
    for column in ("confirmation_id", "organisation_id"):
        op.create_index(op.f(f"ix_confirmation_agency_{column}"), "confirmation_agency", [column])
