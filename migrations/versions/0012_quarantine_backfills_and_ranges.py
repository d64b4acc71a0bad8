"""Readings wait in quarantine, the past is read beside the present, metrics know their range.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("metric") as batch_op:
        batch_op.add_column(sa.Column("lowest", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("highest", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("denominator_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_metric_denominator_id"), "metric", ["denominator_id"], ["id"])
        batch_op.drop_constraint(op.f("ck_metric_aggregation_is_known"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_metric_aggregation_is_known"),
            "aggregation IN ('sum', 'mean', 'median', 'last', 'min', 'max', 'rate')",
        )
        batch_op.create_check_constraint(op.f("ck_metric_range_is_not_empty"), "lowest <= highest")
        batch_op.create_check_constraint(
            op.f("ck_metric_rates_have_a_denominator"),
            "(aggregation = 'rate') = (denominator_id IS NOT NULL)",
        )
    with op.batch_alter_table("hub") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="ngsi_ld"))
        batch_op.add_column(sa.Column("concurrency", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_hub_concurrency_is_positive"), "concurrency >= 1")
    _forget_default("hub", "kind")
    with op.batch_alter_table("data_source") as batch_op:
        batch_op.add_column(sa.Column("options", sa.JSON(), nullable=False, server_default="{}"))
    _forget_default("data_source", "options")
    with op.batch_alter_table("source_attribute") as batch_op:
        batch_op.add_column(sa.Column("across", sa.String(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_source_attribute_across_is_known"), "across IN ('sum', 'mean')"
        )
    with op.batch_alter_table("source_entity") as batch_op:
        batch_op.drop_constraint(op.f("uq_source_entity_source_id_district_id"), type_="unique")
        batch_op.create_index("ix_source_entity_source_id_district_id", ["source_id", "district_id"])
    with op.batch_alter_table("series") as batch_op:
        batch_op.add_column(sa.Column("entity", sa.String(), nullable=False, server_default=""))
        batch_op.drop_constraint(op.f("uq_series_metric_id_district_id_source_id"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_series_metric_id_district_id_source_id_entity"),
            ["metric_id", "district_id", "source_id", "entity"],
        )
    _forget_default("series", "entity")
    op.create_table(
        "backfill",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watermark", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_backfill_ends_after_the_start")),
        sa.CheckConstraint(
            "watermark BETWEEN starts_at AND ends_at", name=op.f("ck_backfill_watermark_is_inside")
        ),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (watermark < ends_at)", name=op.f("ck_backfill_ends_with_its_watermark")
        ),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_backfill_failures_are_counted")),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_backfill_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill")),
    )
    op.create_index(op.f("ix_backfill_source_id"), "backfill", ["source_id"])
    op.create_index("ix_backfill_due", "backfill", ["finished_at", "next_due_at"])
    with op.batch_alter_table("collection_attempt") as batch_op:
        batch_op.add_column(sa.Column("backfill_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("way", sa.String(), nullable=False, server_default="pull"))
        batch_op.add_column(sa.Column("quarantined", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(
            op.f("fk_collection_attempt_backfill_id"), "backfill", ["backfill_id"], ["id"]
        )
        batch_op.create_check_constraint(
            op.f("ck_collection_attempt_way_is_known"), "way IN ('pull', 'push', 'upload', 'reprocess')"
        )
    _forget_default("collection_attempt", "way")
    _forget_default("collection_attempt", "quarantined")
    op.create_table(
        "quarantined_reading",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("attribute", sa.String(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('open', 'stored', 'discarded', 'superseded')",
            name=op.f("ck_quarantined_reading_verdict_is_known"),
        ),
        sa.CheckConstraint(
            "(verdict = 'open') = (decided_at IS NULL)", name=op.f("ck_quarantined_reading_decided_or_open")
        ),
        sa.CheckConstraint(
            "(verdict = 'discarded') = (note IS NOT NULL)",
            name=op.f("ck_quarantined_reading_discarding_needs_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["collection_attempt.id"], name=op.f("fk_quarantined_reading_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["data_source.id"], name=op.f("fk_quarantined_reading_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_reading")),
    )
    op.create_index(
        "ix_quarantined_reading_source_id_observed_at", "quarantined_reading", ["source_id", "observed_at"]
    )
    op.create_index(
        "ix_quarantined_reading_verdict_source_id", "quarantined_reading", ["verdict", "source_id"]
    )


def _forget_default(table: str, column: str) -> None:
    """The default filled the rows that were there; new ones say what they are."""
    with op.batch_alter_table(table) as batch_op:
        batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    op.drop_table("quarantined_reading")
    with op.batch_alter_table("collection_attempt") as batch_op:
        batch_op.drop_constraint(op.f("ck_collection_attempt_way_is_known"), type_="check")
        batch_op.drop_constraint(op.f("fk_collection_attempt_backfill_id"), type_="foreignkey")
        for column in ("quarantined", "way", "backfill_id"):
            batch_op.drop_column(column)
    op.drop_table("backfill")
    with op.batch_alter_table("series") as batch_op:
        batch_op.drop_constraint(op.f("uq_series_metric_id_district_id_source_id_entity"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_series_metric_id_district_id_source_id"), ["metric_id", "district_id", "source_id"]
        )
        batch_op.drop_column("entity")
    with op.batch_alter_table("source_entity") as batch_op:
        batch_op.drop_index("ix_source_entity_source_id_district_id")
        batch_op.create_unique_constraint(
            op.f("uq_source_entity_source_id_district_id"), ["source_id", "district_id"]
        )
    with op.batch_alter_table("source_attribute") as batch_op:
        batch_op.drop_constraint(op.f("ck_source_attribute_across_is_known"), type_="check")
        batch_op.drop_column("across")
    with op.batch_alter_table("data_source") as batch_op:
        batch_op.drop_column("options")
    with op.batch_alter_table("hub") as batch_op:
        batch_op.drop_constraint(op.f("ck_hub_concurrency_is_positive"), type_="check")
        for column in ("concurrency", "kind"):
            batch_op.drop_column(column)
    with op.batch_alter_table("metric") as batch_op:
        batch_op.drop_constraint(op.f("ck_metric_rates_have_a_denominator"), type_="check")
        batch_op.drop_constraint(op.f("ck_metric_range_is_not_empty"), type_="check")
        batch_op.drop_constraint(op.f("ck_metric_aggregation_is_known"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_metric_aggregation_is_known"), "aggregation IN ('sum', 'mean', 'last')"
        )
        batch_op.drop_constraint(op.f("fk_metric_denominator_id"), type_="foreignkey")
        for column in ("denominator_id", "highest", "lowest"):
            batch_op.drop_column(column)
