"""Clocks with their events, supplements that stop them, and changes to the holidays.

Every consultation so far gets the clock that its due date stood for.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EVENT_KINDS = "'started', 'stopped', 'resumed', 'extended', 'lapsed', 'ended', 'voided'"


def upgrade() -> None:
    _create_clock()
    _create_clock_event()
    _create_holiday_change()
    _create_supplement()
    with op.batch_alter_table("consultation") as batch:
        batch.add_column(sa.Column("clock_id", sa.Integer(), nullable=True))
    _give_consultations_their_clocks()
    with op.batch_alter_table("consultation") as batch:
        batch.alter_column("clock_id", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(op.f("fk_consultation_clock_id"), "clock", ["clock_id"], ["id"])
        batch.drop_column("due_on")


def downgrade() -> None:
    with op.batch_alter_table("consultation") as batch:
        batch.add_column(sa.Column("due_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE consultation SET due_on = (SELECT COALESCE(clock.due_on, clock.started_on) "
        "FROM clock WHERE clock.id = consultation.clock_id)"
    )
    with op.batch_alter_table("consultation") as batch:
        batch.alter_column("due_on", existing_type=sa.Date(), nullable=False)
        batch.drop_constraint(op.f("fk_consultation_clock_id"), type_="foreignkey")
        batch.drop_column("clock_id")
    for table in ("supplement", "holiday_change", "clock_event", "clock"):
        op.drop_table(table)


def _create_clock() -> None:
    op.create_table(
        "clock",
        sa.Column("regime_id", sa.String(), nullable=False),
        sa.Column("regime_version", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("exemption_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("owed_by_id", sa.Integer(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("lapsed_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "ended_on IS NULL OR ended_on >= started_on", name=op.f("ck_clock_ends_after_the_start")
        ),
        sa.ForeignKeyConstraint(["exemption_id"], ["exemption.id"], name=op.f("fk_clock_exemption_id")),
        sa.ForeignKeyConstraint(["owed_by_id"], ["organisation.id"], name=op.f("fk_clock_owed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index("ix_clock_owed_by_id_ended_on_due_on", "clock", ["owed_by_id", "ended_on", "due_on"])
    op.create_index("ix_clock_exemption_id_subject", "clock", ["exemption_id", "subject"])
    op.create_index("ix_clock_ended_on_due_on", "clock", ["ended_on", "due_on"])


def _create_clock_event() -> None:
    op.create_table(
        "clock_event",
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"kind IN ({EVENT_KINDS})", name=op.f("ck_clock_event_kind_is_known")),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_clock_event_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_event")),
    )
    op.create_index(op.f("ix_clock_event_clock_id"), "clock_event", ["clock_id"])


def _create_holiday_change() -> None:
    op.create_table(
        "holiday_change",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_holiday", sa.Boolean(), nullable=False),
        sa.Column("name_ko", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_change")),
    )
    op.create_index(op.f("ix_holiday_change_day"), "holiday_change", ["day"])


def _create_supplement() -> None:
    op.create_table(
        "supplement",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("is_declined", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL) AND (answered_at IS NULL) = (answer IS NULL)",
            name=op.f("ck_supplement_answered_means_dated"),
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_supplement_consultation_id")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_supplement_asked_by_id")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name=op.f("fk_supplement_answered_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplement")),
    )
    op.create_index(op.f("ix_supplement_consultation_id"), "supplement", ["consultation_id"])


def _give_consultations_their_clocks() -> None:
    """Their clocks counted thirty days from the day on which the ministry was asked."""
    connection = op.get_bind()
    tables = sa.MetaData()
    consultation, exemption, clock, event = (
        sa.Table(name, tables, autoload_with=connection)
        for name in ("consultation", "exemption", "clock", "clock_event")
    )
    asked = connection.execute(
        sa.select(consultation, exemption.c.regime_id, exemption.c.regime_version).join(
            exemption, exemption.c.id == consultation.c.exemption_id
        )
    )
    for row in asked.mappings().all():
        started_on = row["due_on"] - timedelta(days=30)
        replied_at = row["replied_at"]
        ended_on = None if replied_at is None else max(started_on, replied_at.date())
        made = connection.execute(
            sa.insert(clock).values(
                regime_id=row["regime_id"],
                regime_version=row["regime_version"],
                rule_id="K03",
                exemption_id=row["exemption_id"],
                subject=f"ministry:{row['ministry_id']}",
                owed_by_id=row["ministry_id"],
                started_on=started_on,
                due_on=row["due_on"],
                ended_on=ended_on,
            )
        )
        key = made.inserted_primary_key[0]
        connection.execute(sa.update(consultation).where(consultation.c.id == row["id"]).values(clock_id=key))
        events = [("started", started_on, row["asked_at"])]
        if ended_on is not None:
            events.append(("ended", ended_on, replied_at))
        for kind, day, at in events:
            connection.execute(
                sa.insert(event).values(clock_id=key, kind=kind, day=day, at=at, actor_name="sandbox")
            )
