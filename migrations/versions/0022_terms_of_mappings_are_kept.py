"""Terms of mappings are kept with the moment from which they held, and series since when they exist.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# What was agreed before nobody knows any more: today's terms stand for all that came.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TODAYS_TERMS = sa.text(
    "INSERT INTO mapping_terms "
    "(source_id, metric_id, known_from, origin, attribute, unit, cadence, across) "
    "SELECT a.source_id, a.metric_id, :epoch, h.name || ' ' || s.entity_type, "
    "a.attribute, a.unit, a.cadence, a.across FROM source_attribute AS a "
    "JOIN data_source AS s ON s.id = a.source_id JOIN hub AS h ON h.id = s.hub_id ORDER BY a.id"
).bindparams(sa.bindparam("epoch", EPOCH, type_=sa.DateTime(timezone=True)))
# Of mappings that were taken out what they brought is left, and must go on being counted.
LOST_TERMS = sa.text(
    "INSERT INTO mapping_terms (source_id, metric_id, known_from, origin, attribute, unit) "
    "SELECT DISTINCT x.source_id, x.metric_id, :epoch, h.name || ' ' || s.entity_type, '?', m.unit "
    "FROM series AS x JOIN data_source AS s ON s.id = x.source_id JOIN hub AS h ON h.id = s.hub_id "
    "JOIN metric AS m ON m.id = x.metric_id WHERE NOT EXISTS (SELECT 1 FROM source_attribute AS a "
    "WHERE a.source_id = x.source_id AND a.metric_id = x.metric_id)"
).bindparams(sa.bindparam("epoch", EPOCH, type_=sa.DateTime(timezone=True)))


def upgrade() -> None:
    op.create_table(
        "mapping_terms",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("metric_id", sa.Integer(), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("attribute", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("cadence", sa.String(), nullable=True),
        sa.Column("across", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cadence IN ('hour', 'day', 'week', 'month', 'year')",
            name=op.f("ck_mapping_terms_cadence_is_known"),
        ),
        sa.CheckConstraint("across IN ('sum', 'mean')", name=op.f("ck_mapping_terms_across_is_known")),
        sa.ForeignKeyConstraint(["source_id"], ["data_source.id"], name=op.f("fk_mapping_terms_source_id")),
        sa.ForeignKeyConstraint(["metric_id"], ["metric.id"], name=op.f("fk_mapping_terms_metric_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping_terms")),
    )
    op.create_index("ix_mapping_terms_metric_id_source_id", "mapping_terms", ["metric_id", "source_id"])
    op.execute(TODAYS_TERMS)
    op.execute(LOST_TERMS)
    _date_the_series()


def _date_the_series() -> None:
    with op.batch_alter_table("series") as batch:
        batch.add_column(sa.Column("known_from", sa.DateTime(timezone=True), nullable=True))
    series = sa.table("series", sa.column("known_from", sa.DateTime(timezone=True)))
    op.execute(series.update().values(known_from=EPOCH))
    with op.batch_alter_table("series") as batch:
        batch.alter_column("known_from", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("series") as batch:
        batch.drop_column("known_from")
    op.drop_table("mapping_terms")
