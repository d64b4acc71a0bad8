"""Answers to questions about risk, and the sign-offs that they call for.

Revision ID: 0048
Revises: 0047
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "risk_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("is_yes", sa.Boolean(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=False),
        sa.Column("answered_by_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["exemption_id"], ["exemption.id"], name=op.f("fk_risk_answer_exemption_id")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_risk_answer_answered_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_answer")),
        sa.UniqueConstraint("exemption_id", "question", name=op.f("uq_risk_answer_exemption_id_question")),
    )
    op.create_table(
        "sign_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("given_by_name", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(taken_back_at IS NULL) = (taken_back_reason IS NULL)",
            name=op.f("ck_sign_off_taken_back_means_with_a_reason"),
        ),
        sa.ForeignKeyConstraint(["exemption_id"], ["exemption.id"], name=op.f("fk_sign_off_exemption_id")),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name=op.f("fk_sign_off_given_by_id")),
        sa.ForeignKeyConstraint(["office_id"], ["organisation.id"], name=op.f("fk_sign_off_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_off")),
    )
    standing = sa.text("taken_back_at IS NULL")
    op.create_index(
        "ix_sign_off_standing",
        "sign_off",
        ["exemption_id", "kind"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )


def downgrade() -> None:
    op.drop_table("sign_off")
    op.drop_table("risk_answer")
