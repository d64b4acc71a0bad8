"""The law-amendment board: articles, cases that point to them, their evidence.

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "amendment",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("assessment", sa.Text(), nullable=True),
        sa.Column("in_force_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ministry_id"], ["organisation.id"], name=op.f("fk_amendment_ministry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
        sa.UniqueConstraint("article", name=op.f("uq_amendment_article")),
    )
    op.create_index(op.f("ix_amendment_ministry_id"), "amendment", ["ministry_id"])
    op.create_index(op.f("ix_amendment_status"), "amendment", ["status"])
    op.create_table(
        "amendment_evidence",
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("shown_by", sa.String(), nullable=False),
        sa.Column("metric_code", sa.String(), nullable=True),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("would_show", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("entered_by_name", sa.String(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(shown_by = 'document') = (document IS NOT NULL)",
            name=op.f("ck_amendment_evidence_document_is_named"),
        ),
        sa.CheckConstraint(
            "(shown_by = 'metric') = (metric_code IS NOT NULL)",
            name=op.f("ck_amendment_evidence_metric_is_named"),
        ),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (removed_reason IS NULL)",
            name=op.f("ck_amendment_evidence_removed_means_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["person.id"], name=op.f("fk_amendment_evidence_entered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["exemption_id"], ["exemption.id"], name=op.f("fk_amendment_evidence_exemption_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment_evidence")),
    )
    op.create_index(op.f("ix_amendment_evidence_article"), "amendment_evidence", ["article"])
    op.create_index(
        op.f("ix_amendment_evidence_exemption_id"), "amendment_evidence", ["exemption_id"], unique=False
    )
    op.create_table(
        "amendment_history",
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("meeting", sa.String(), nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("old_status", sa.String(), nullable=False),
        sa.Column("new_status", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(reported_on IS NULL) = (meeting IS NULL)",
            name=op.f("ck_amendment_history_reported_means_where"),
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["amendment.id"], name=op.f("fk_amendment_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment_history")),
    )
    op.create_index(
        op.f("ix_amendment_history_subject_id"), "amendment_history", ["subject_id"], unique=False
    )
    op.create_table(
        "amendment_link",
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["amendment_id"], ["amendment.id"], name=op.f("fk_amendment_link_amendment_id")
        ),
        sa.ForeignKeyConstraint(
            ["exemption_id"], ["exemption.id"], name=op.f("fk_amendment_link_exemption_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment_link")),
        sa.UniqueConstraint(
            "amendment_id", "exemption_id", name=op.f("uq_amendment_link_amendment_id_exemption_id")
        ),
    )
    op.create_index(op.f("ix_amendment_link_amendment_id"), "amendment_link", ["amendment_id"])
    op.create_index(op.f("ix_amendment_link_exemption_id"), "amendment_link", ["exemption_id"])


def downgrade() -> None:
    op.drop_table("amendment_link")
    op.drop_table("amendment_history")
    op.drop_table("amendment_evidence")
    op.drop_table("amendment")
