"""Hubs have credentials, a rate and rests; more dialects, and values that hubs put together themselves.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

DIALECTS = "dialect IN ('etsi', 'city_data_hub', 'scorpio', 'orion_ld', 'stellio')"
FEWER_DIALECTS = "dialect IN ('etsi', 'city_data_hub')"
SHAPES = (
    "representation IN ('normalized', 'temporal_values', 'aggregated_values', 'key_performance_indicator')"
)
FEWER_SHAPES = "representation IN ('normalized', 'temporal_values')"


def upgrade() -> None:
    with op.batch_alter_table("hub") as batch_op:
        batch_op.add_column(sa.Column("credentials", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("requests_per_minute", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_check_constraint(op.f("ck_hub_rate_is_positive"), "requests_per_minute >= 1")
        batch_op.create_check_constraint(op.f("ck_hub_failures_are_counted"), "failures >= 0")
        batch_op.drop_constraint(op.f("ck_hub_dialect_is_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_hub_dialect_is_known"), DIALECTS)
    with op.batch_alter_table("hub") as batch_op:
        batch_op.alter_column("failures", server_default=None)
    with op.batch_alter_table("data_source") as batch_op:
        batch_op.drop_constraint(op.f("ck_data_source_representation_is_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_data_source_representation_is_known"), SHAPES)


def downgrade() -> None:
    with op.batch_alter_table("data_source") as batch_op:
        batch_op.drop_constraint(op.f("ck_data_source_representation_is_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_data_source_representation_is_known"), FEWER_SHAPES)
    with op.batch_alter_table("hub") as batch_op:
        batch_op.drop_constraint(op.f("ck_hub_dialect_is_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_hub_dialect_is_known"), FEWER_DIALECTS)
        batch_op.drop_constraint(op.f("ck_hub_failures_are_counted"), type_="check")
        batch_op.drop_constraint(op.f("ck_hub_rate_is_positive"), type_="check")
        for name in ("resting_until", "failures", "requests_per_minute", "credentials"):
            batch_op.drop_column(name)
