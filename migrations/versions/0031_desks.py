"""Desks: lines in their order, words to search by, provisions, and who takes a case.

The service writes the lines of the cases that are there already when it next runs.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_line",
        sa.Column("desk", sa.String(), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("acts", sa.JSON(), nullable=False),
        sa.Column("lacks", sa.JSON(), nullable=False),
        sa.Column("own", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_desk_line_pilot_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_desk_line_assignee_id")),
        sa.PrimaryKeyConstraint("desk", "pilot_id", name=op.f("pk_desk_line")),
    )
    op.create_index("ix_desk_line_desk_place", "desk_line", ["desk", "place"], unique=True)
    op.create_index(op.f("ix_desk_line_pilot_id"), "desk_line", ["pilot_id"])
    op.create_table(
        "case_text",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("grams", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_case_text_pilot_id")),
        sa.PrimaryKeyConstraint("pilot_id", name=op.f("pk_case_text")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_case_text_grams ON case_text USING gin (string_to_array(grams, ' '))")
    op.create_table(
        "case_article",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_case_article_pilot_id")),
        sa.PrimaryKeyConstraint("pilot_id", "article", name=op.f("pk_case_article")),
    )
    op.create_index(op.f("ix_case_article_article"), "case_article", ["article"])
    op.create_table(
        "assignment",
        sa.Column("pilot_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= assigned_at", name=op.f("ck_assignment_ends_after_it_began")
        ),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_assignment_pilot_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_assignment_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id")),
        sa.ForeignKeyConstraint(["assigned_by_id"], ["person.id"], name=op.f("fk_assignment_assigned_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_pilot_id"), "assignment", ["pilot_id"])
    op.create_index(
        "uq_assignment_open",
        "assignment",
        ["pilot_id", "organisation_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("assignment")
    op.drop_table("case_article")
    op.drop_table("case_text")
    op.drop_table("desk_line")
