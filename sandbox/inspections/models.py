"""An inspection with its checklist and its photos."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class InspectionStatus(StrEnum):
    PLANNED = "planned"
    RECORDED = "recorded"
    CANCELLED = "cancelled"


class ItemResult(StrEnum):
    """What was found of one item of the checklist."""

    IN_ORDER = "in_order"
    FINDING = "finding"
    NOT_LOOKED_AT = "not_looked_at"


class Inspection(Identified, Versioned, Base):
    """One inspection.

    is_joint   city and ministry inspect together
    is_requested  the ministry asks the city to look (D55(3))
    items      by id of the regime's checklist: result and text
    """

    __tablename__ = "inspection"
    __table_args__ = (
        CheckConstraint("(status = 'recorded') = (inspected_on IS NOT NULL)", name="recorded_means_dated"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    planned_on: Mapped[date]
    is_joint: Mapped[bool]
    is_requested: Mapped[bool]
    purpose: Mapped[str] = mapped_column(Text)
    inspected_on: Mapped[date | None]
    present: Mapped[str | None]
    items: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON)
    planned_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=InspectionStatus.PLANNED)

    pilot: Mapped[Pilot] = relationship()
    photos: Mapped[list[InspectionPhoto]] = relationship(
        order_by="InspectionPhoto.id", back_populates="inspection"
    )


class InspectionHistory(HistoryRow, Base):
    __tablename__ = "inspection_history"

    subject_id: Mapped[int] = subject_key("inspection")


class InspectionPhoto(Identified, Base):
    """A photo, kept in the file store by the hash of its content."""

    __tablename__ = "inspection_photo"

    inspection_id: Mapped[int] = mapped_column(ForeignKey(Inspection.id), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    is_scanned: Mapped[bool]
    attached_at: Mapped[datetime]
    attached_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    attached_by_name: Mapped[str]

    inspection: Mapped[Inspection] = relationship(back_populates="photos")
