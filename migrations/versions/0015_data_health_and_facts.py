"""Changes of devices, alerts about data health, and baseline facts about districts.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_device_change()
    _create_health_alert()
    op.create_table(
        "health_check",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_health_check")),
    )
    _create_district_fact()


def downgrade() -> None:
    for table in ("district_fact", "health_check", "health_alert", "device_change"):
        op.drop_table(table)


def _create_device_change() -> None:
    op.create_table(
        "device_change",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_device_change_source_id")),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_device_change_district_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_change")),
    )
    op.create_index(op.f("ix_device_change_source_id"), "device_change", ["source_id"])


def _create_health_alert() -> None:
    op.create_table(
        "health_alert",
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("experiment_id", sa.Integer(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_name", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(source_id IS NULL) <> (experiment_id IS NULL)", name=op.f("ck_health_alert_is_about_one_thing")
        ),
        sa.CheckConstraint("closed_at >= opened_at", name=op.f("ck_health_alert_closes_after_it_opened")),
        sa.CheckConstraint(
            "(seen_at IS NULL) = (seen_by_name IS NULL)", name=op.f("ck_health_alert_seen_means_by_someone")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_health_alert_territory_id")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_health_alert_source_id")),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiment.id"], name=op.f("fk_health_alert_experiment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_alert")),
    )
    op.create_index("ix_health_alert_territory_id_closed_at", "health_alert", ["territory_id", "closed_at"])
    op.create_index(op.f("ix_health_alert_source_id"), "health_alert", ["source_id"])
    op.create_index(op.f("ix_health_alert_experiment_id"), "health_alert", ["experiment_id"])


def _create_district_fact() -> None:
    op.create_table(
        "district_fact",
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_district_fact_district_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_district_fact")),
        sa.UniqueConstraint(
            "district_id",
            "name",
            "valid_on",
            "recorded_at",
            name=op.f("uq_district_fact_district_id_name_valid_on_recorded_at"),
        ),
    )
