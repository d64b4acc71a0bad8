"""An incident as it was reported, and what was added later."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class IncidentStatus(StrEnum):
    REPORTED = "reported"
    CLOSED = "closed"


class Incident(Identified, Versioned, Base):
    """What happened; a report is never edited, follow-ups are added to it.

    due_at  until when it had to be reported, by the regime's hours for its severity
    deaths, injured  people; damage_won  damage to property in won, as far as it is known
    """

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("deaths >= 0 AND injured >= 0 AND damage_won >= 0", name="counts_are_not_negative"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    severity: Mapped[str]
    happened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    place: Mapped[str]
    what: Mapped[str] = mapped_column(Text)
    deaths: Mapped[int]
    injured: Mapped[int]
    damage_won: Mapped[int] = mapped_column(BigInteger)
    done: Mapped[str] = mapped_column(Text)
    reported_at: Mapped[datetime]
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reported_by_name: Mapped[str]
    reported_by_role: Mapped[str]
    status: Mapped[str] = mapped_column(default=IncidentStatus.REPORTED)

    pilot: Mapped[Pilot] = relationship()
    follow_ups: Mapped[list[FollowUp]] = relationship(order_by="FollowUp.id", back_populates="incident")

    @property
    def is_late(self) -> bool:
        """Reported after the set time."""
        return self.reported_at > self.due_at


class IncidentHistory(HistoryRow, Base):
    __tablename__ = "incident_history"

    subject_id: Mapped[int] = subject_key("incident")


class FollowUp(Identified, Base):
    """What somebody added to an incident later."""

    __tablename__ = "incident_follow_up"

    incident_id: Mapped[int] = mapped_column(ForeignKey(Incident.id), index=True)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str]
    by_role: Mapped[str]

    incident: Mapped[Incident] = relationship(back_populates="follow_ups")
