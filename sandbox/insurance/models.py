"""A pilot's insurance policies and the compensation plans that stand in where no insurer covers it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class Policy(Identified, Base):
    """One insurance policy as filed; it is never edited, the next one renews it.

    covers      won by the regime's kind of damage
    covers_from, covers_to  first and last day of the cover
    renews_id   the policy before it; only the first has none
    """

    __tablename__ = "insurance_policy"
    __table_args__ = (CheckConstraint("covers_to >= covers_from", name="ends_after_it_begins"),)

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("insurance_policy.id"), unique=True)
    insurer: Mapped[str]
    number: Mapped[str]
    covers: Mapped[dict[str, int]] = mapped_column(JSON)
    covers_from: Mapped[date]
    covers_to: Mapped[date]
    filed_at: Mapped[datetime]
    filed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    filed_by_name: Mapped[str]


class CompensationStatus(StrEnum):
    FILED = "filed"
    APPROVED = "approved"
    REFUSED = "refused"


class CompensationPlan(Identified, Versioned, Base):
    """How damage is paid for where insurance is impossible, at the same sums (D57-2)."""

    __tablename__ = "compensation_plan"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    text: Mapped[str] = mapped_column(Text)
    why_uninsurable: Mapped[str] = mapped_column(Text)
    covers: Mapped[dict[str, int]] = mapped_column(JSON)
    filed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=CompensationStatus.FILED)

    pilot: Mapped[Pilot] = relationship()


class CompensationPlanHistory(HistoryRow, Base):
    __tablename__ = "compensation_plan_history"

    subject_id: Mapped[int] = subject_key("compensation_plan")
