"""Requests for the fast track."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.exemptions.models import Exemption


class FastTrackStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class FastTrack(Identified, Versioned, Base):
    """A company's word that its application is the same as an approved one (`earlier`), and the answer."""

    __tablename__ = "fast_track"
    __table_args__ = (CheckConstraint("earlier_id <> exemption_id", name="names_another_case"),)

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), unique=True)
    earlier_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id))
    statement: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(default=FastTrackStatus.ASKED)
    asked_at: Mapped[datetime]
    answer_reason: Mapped[str | None] = mapped_column(Text)

    exemption: Mapped[Exemption] = relationship(foreign_keys=exemption_id)
    earlier: Mapped[Exemption] = relationship(foreign_keys=earlier_id)


class FastTrackHistory(HistoryRow, Base):
    __tablename__ = "fast_track_history"

    subject_id: Mapped[int] = subject_key("fast_track")
