"""Tables of data health: changes of devices, alerts, and when somebody looked last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.collection.models import DataSource
from experiments.districts import District, Territory
from experiments.orm import Base, Identified
from experiments.registrations.models import Experiment


class DeviceChange(Identified, Base):
    """A device was replaced, moved or calibrated at `changed_at`; in all districts of the source where
    none is named. Never edited: what was known when an evaluation ran stays known."""

    __tablename__ = "device_change"

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), index=True)
    district_id: Mapped[int | None] = mapped_column(ForeignKey(District.id))
    changed_at: Mapped[datetime]
    description: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None]
    recorded_by_name: Mapped[str]

    source: Mapped[DataSource] = relationship()
    district: Mapped[District | None] = relationship()


class HealthAlert(Identified, Base):
    """Something is wrong with the readings of a source, or with the two sides of an experiment.

    `detail` says how much of it and where, as plain JSON. It closes by itself when the trouble has
    passed; to have seen it is no reason to close it.
    """

    __tablename__ = "health_alert"
    __table_args__ = (
        CheckConstraint("(source_id IS NULL) <> (experiment_id IS NULL)", name="is_about_one_thing"),
        CheckConstraint("closed_at >= opened_at", name="closes_after_it_opened"),
        CheckConstraint("(seen_at IS NULL) = (seen_by_name IS NULL)", name="seen_means_by_someone"),
        Index("ix_health_alert_territory_id_closed_at", "territory_id", "closed_at"),
    )

    territory_id: Mapped[int] = mapped_column(ForeignKey(Territory.id))
    source_id: Mapped[int | None] = mapped_column(ForeignKey(DataSource.id), index=True)
    experiment_id: Mapped[int | None] = mapped_column(ForeignKey(Experiment.id), index=True)
    trouble: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seen_by_name: Mapped[str | None]

    territory: Mapped[Territory] = relationship()
    source: Mapped[DataSource | None] = relationship()
    experiment: Mapped[Experiment | None] = relationship()


class HealthCheck(Base):
    """When the health of `subject` (`source:12`, `experiment:3`) was looked at last, by whichever worker."""

    __tablename__ = "health_check"

    subject: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
