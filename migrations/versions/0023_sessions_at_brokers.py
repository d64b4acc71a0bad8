"""Sources of MQTT brokers keep a session there, under one name for ever.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mqtt_session",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("broker", sa.String(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("connected_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "connected_since IS NULL OR heard_until IS NOT NULL",
            name=op.f("ck_mqtt_session_who_is_connected_was_heard"),
        ),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_mqtt_session_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mqtt_session")),
        sa.UniqueConstraint("client_id", name=op.f("uq_mqtt_session_client_id")),
        sa.UniqueConstraint("source_id", name=op.f("uq_mqtt_session_source_id")),
    )


def downgrade() -> None:
    op.drop_table("mqtt_session")
