"""Hubs belong to a territory, whose city keeps them, and an edit that raced another is refused.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# A hub whose sources are all of one territory is that territory's; the others stay common.
OWNED = """
    UPDATE hub SET territory_id = (SELECT min(territory_id) FROM data_source WHERE hub_id = hub.id)
    WHERE (SELECT count(DISTINCT territory_id) FROM data_source WHERE hub_id = hub.id) = 1
"""


def upgrade() -> None:
    with op.batch_alter_table("hub") as batch_op:
        batch_op.add_column(sa.Column("territory_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.create_foreign_key(op.f("fk_hub_territory_id"), "territory", ["territory_id"], ["id"])
        batch_op.create_index(op.f("ix_hub_territory_id"), ["territory_id"])
    with op.batch_alter_table("hub") as batch_op:
        batch_op.alter_column("version", server_default=None)
    op.execute(OWNED)


def downgrade() -> None:
    with op.batch_alter_table("hub") as batch_op:
        batch_op.drop_index(op.f("ix_hub_territory_id"))
        batch_op.drop_constraint(op.f("fk_hub_territory_id"), type_="foreignkey")
        for name in ("version", "territory_id"):
            batch_op.drop_column(name)
