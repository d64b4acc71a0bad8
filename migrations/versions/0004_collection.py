"""What is read from hubs and what came of it.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hub",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("base_url", sa.String(), nullable=False),
        sa.Column("dialect", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=True),
        sa.Column("context_url", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("dialect IN ('etsi', 'city_data_hub')", name=op.f("ck_hub_dialect_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub")),
        sa.UniqueConstraint("name", name=op.f("uq_hub_name")),
    )
    op.create_table(
        "data_source",
        sa.Column("hub_id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("representation", sa.String(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("overlap_seconds", sa.Integer(), nullable=False),
        sa.Column("lag_seconds", sa.Integer(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("page_size", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watermark", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("lease_holder", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "representation IN ('normalized', 'temporal_values')",
            name=op.f("ck_data_source_representation_is_known"),
        ),
        sa.CheckConstraint(
            "(lease_holder IS NULL) = (lease_until IS NULL) AND (lease_holder IS NULL) = (claimed_at IS NULL)",
            name=op.f("ck_data_source_a_lease_is_whole"),
        ),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_data_source_failures_are_counted")),
        sa.CheckConstraint("interval_seconds > 0", name=op.f("ck_data_source_interval_is_positive")),
        sa.CheckConstraint("lag_seconds >= 0", name=op.f("ck_data_source_lag_is_not_negative")),
        sa.CheckConstraint("overlap_seconds >= 0", name=op.f("ck_data_source_overlap_is_not_negative")),
        sa.CheckConstraint("page_size > 0", name=op.f("ck_data_source_page_size_is_positive")),
        sa.CheckConstraint("watermark >= starts_at", name=op.f("ck_data_source_watermark_follows_the_start")),
        sa.CheckConstraint("window_seconds > 0", name=op.f("ck_data_source_window_is_positive")),
        sa.ForeignKeyConstraint(["hub_id"], ["hub.id"], name=op.f("fk_data_source_hub_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_data_source_territory_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_source")),
        sa.UniqueConstraint("hub_id", "name", name=op.f("uq_data_source_hub_id_name")),
    )
    with op.batch_alter_table("data_source", schema=None) as batch_op:
        batch_op.create_index("ix_data_source_due", ["paused", "next_due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_data_source_territory_id"), ["territory_id"], unique=False)

    op.create_table(
        "collection_attempt",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("hub_count", sa.Integer(), nullable=True),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("inserted", sa.Integer(), nullable=False),
        sa.Column("revised", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_url", sa.Text(), nullable=True),
        sa.Column("response_digest", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'done') = (error IS NULL)", name=op.f("ck_collection_attempt_failures_have_reasons")
        ),
        sa.CheckConstraint(
            "status IN ('done', 'failed', 'stale')", name=op.f("ck_collection_attempt_status_is_known")
        ),
        sa.CheckConstraint(
            "finished_at >= started_at", name=op.f("ck_collection_attempt_ends_after_the_start")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["data_source.id"], name=op.f("fk_collection_attempt_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_attempt")),
    )
    with op.batch_alter_table("collection_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_collection_attempt_source_id_id", ["source_id", "id"], unique=False)

    op.create_table(
        "series",
        sa.Column("metric_id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_series_district_id")),
        sa.ForeignKeyConstraint(["metric_id"], ["metric.id"], name=op.f("fk_series_metric_id")),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_series_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "metric_id", "district_id", "source_id", name=op.f("uq_series_metric_id_district_id_source_id")
        ),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_district_id"), ["district_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_source_id"), ["source_id"], unique=False)

    op.create_table(
        "source_attribute",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("attribute", sa.String(), nullable=False),
        sa.Column("metric_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("cadence", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cadence IN ('hour', 'day', 'week', 'month', 'year')",
            name=op.f("ck_source_attribute_cadence_is_known"),
        ),
        sa.ForeignKeyConstraint(["metric_id"], ["metric.id"], name=op.f("fk_source_attribute_metric_id")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["data_source.id"], name=op.f("fk_source_attribute_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_attribute")),
        sa.UniqueConstraint("source_id", "attribute", name=op.f("uq_source_attribute_source_id_attribute")),
        sa.UniqueConstraint("source_id", "metric_id", name=op.f("uq_source_attribute_source_id_metric_id")),
    )
    op.create_table(
        "source_entity",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_source_entity_district_id")),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_source_entity_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_entity")),
        sa.UniqueConstraint("source_id", "district_id", name=op.f("uq_source_entity_source_id_district_id")),
        sa.UniqueConstraint("source_id", "entity", name=op.f("uq_source_entity_source_id_entity")),
    )
    op.create_table(
        "observation",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_observation_revisions_are_counted")),
        sa.CheckConstraint(
            "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308",
            name=op.f("ck_observation_value_is_finite"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["collection_attempt.id"], name=op.f("fk_observation_attempt_id")
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_observation_series_id")),
        sa.PrimaryKeyConstraint("series_id", "observed_at", name=op.f("pk_observation")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observation_revision",
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("observed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "superseded_at >= received_at", name=op.f("ck_observation_revision_known_before_superseded")
        ),
        sa.CheckConstraint(
            "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308",
            name=op.f("ck_observation_revision_value_is_finite"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["collection_attempt.id"], name=op.f("fk_observation_revision_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["series_id", "observed_at"],
            ["observation.series_id", "observation.observed_at"],
            name=op.f("fk_observation_revision_series_id_observed_at"),
        ),
        sa.PrimaryKeyConstraint("series_id", "observed_at", "revision", name=op.f("pk_observation_revision")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("observation_revision")
    op.drop_table("observation")
    op.drop_table("source_entity")
    op.drop_table("source_attribute")
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_series_source_id"))
        batch_op.drop_index(batch_op.f("ix_series_district_id"))

    op.drop_table("series")
    with op.batch_alter_table("collection_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_collection_attempt_source_id_id")

    op.drop_table("collection_attempt")
    with op.batch_alter_table("data_source", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_source_territory_id"))
        batch_op.drop_index("ix_data_source_due")

    op.drop_table("data_source")
    op.drop_table("hub")
