"""Something that a company has to put right by a day."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class TaskStatus(StrEnum):
    OPEN = "open"
    REPORTED = "reported"
    DONE = "done"


class RemedyTask(Identified, Versioned, Base):
    """One task; `origin` names what it came out of ("inspection:3:damage"), once for each pilot."""

    __tablename__ = "remedy_task"
    __table_args__ = (UniqueConstraint("pilot_id", "origin"),)

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    origin: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    opened_at: Mapped[datetime]
    report: Mapped[str | None] = mapped_column(Text)
    reported_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(default=TaskStatus.OPEN)

    pilot: Mapped[Pilot] = relationship()


class RemedyTaskHistory(HistoryRow, Base):
    __tablename__ = "remedy_task_history"

    subject_id: Mapped[int] = subject_key("remedy_task")
