"""Experiments, locked plans and evaluations.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "experiment",
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("evaluator_organisation_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_experiment_territory_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment")),
    )
    with op.batch_alter_table("experiment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_experiment_evaluator_organisation_id"), ["evaluator_organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_experiment_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_experiment_territory_id"), ["territory_id"], unique=False)

    op.create_table(
        "experiment_history",
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
            ["subject_id"], ["experiment.id"], name=op.f("fk_experiment_history_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment_history")),
    )
    with op.batch_alter_table("experiment_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_experiment_history_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "plan_version",
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_by_id", sa.Integer(), nullable=False),
        sa.Column("locked_by_name", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_prospective", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'original') = (number = 1)", name=op.f("ck_plan_version_the_first_is_the_original")
        ),
        sa.CheckConstraint(
            "kind = 'original' OR reason IS NOT NULL", name=op.f("ck_plan_version_amendments_have_reasons")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_plan_version_sha256_is_complete")),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiment.id"], name=op.f("fk_plan_version_experiment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("experiment_id", "number", name=op.f("uq_plan_version_experiment_id_number")),
    )
    with op.batch_alter_table("plan_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_version_experiment_id"), ["experiment_id"], unique=False)

    op.create_table(
        "evaluation",
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("plan_version_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("requested_by_name", sa.String(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("lease_holder", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("panel_digest", sa.String(), nullable=True),
        sa.Column("packages", sa.JSON(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("finding", sa.String(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by_id", sa.Integer(), nullable=True),
        sa.Column("signed_by_name", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'done') = (document IS NOT NULL)", name=op.f("ck_evaluation_done_means_documented")
        ),
        sa.CheckConstraint(
            "signed_at IS NULL OR status = 'done'", name=op.f("ck_evaluation_only_results_are_signed")
        ),
        sa.CheckConstraint(
            "status <> 'failed' OR error IS NOT NULL", name=op.f("ck_evaluation_failures_have_reasons")
        ),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by_id IS NULL)", name=op.f("ck_evaluation_signed_means_by_someone")
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiment.id"], name=op.f("fk_evaluation_experiment_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"], ["plan_version.id"], name=op.f("fk_evaluation_plan_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
    )
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evaluation_experiment_id"), ["experiment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_evaluation_status"), ["status"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evaluation_status"))
        batch_op.drop_index(batch_op.f("ix_evaluation_experiment_id"))

    op.drop_table("evaluation")
    with op.batch_alter_table("plan_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_version_experiment_id"))

    op.drop_table("plan_version")
    with op.batch_alter_table("experiment_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_experiment_history_subject_id"))

    op.drop_table("experiment_history")
    with op.batch_alter_table("experiment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_experiment_territory_id"))
        batch_op.drop_index(batch_op.f("ix_experiment_status"))
        batch_op.drop_index(batch_op.f("ix_experiment_evaluator_organisation_id"))

    op.drop_table("experiment")
