"""Uncertainties of a pilot, and the guidance given to its company."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot


class UncertaintyStatus(StrEnum):
    NAMED = "named"
    ANSWERED = "answered"
    TESTED = "tested"
    DECLARED_OPEN = "declared_open"


class LinkedTo(StrEnum):
    """What is to settle an uncertainty."""

    METRIC = "metric"
    CONDITION = "condition"
    PLAN_ITEM = "plan_item"
    NOTHING_YET = "nothing_yet"


class Uncertainty(Identified, Versioned, Base):
    """Something that nobody knew at approval. `link` is a metric's code, a condition's key or a plan item's
    id, as `linked_to` says; `conclusion` is what settled it, or why it stays open."""

    __tablename__ = "uncertainty"
    __table_args__ = (
        CheckConstraint("(linked_to = 'nothing_yet') = (link IS NULL)", name="links_lead_somewhere"),
        CheckConstraint("(status = 'named') = (conclusion IS NULL)", name="settled_means_concluded"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    text: Mapped[str] = mapped_column(Text)
    linked_to: Mapped[str]
    link: Mapped[str | None]
    named_at: Mapped[datetime]
    named_by_name: Mapped[str]
    office_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    conclusion: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(default=UncertaintyStatus.NAMED)

    pilot: Mapped[Pilot] = relationship()
    office: Mapped[Organisation] = relationship(lazy="joined")


class UncertaintyHistory(HistoryRow, Base):
    __tablename__ = "uncertainty_history"

    subject_id: Mapped[int] = subject_key("uncertainty")


class GuidanceStatus(StrEnum):
    GIVEN = "given"
    STATED = "stated"
    CONFIRMED = "confirmed"
    CONTESTED = "contested"


class Guidance(Identified, Versioned, Base):
    """What an authority told a company to do, and whether it was done.

    is_followed  as the company states it; None before. The authority confirms or contests it.
    """

    __tablename__ = "guidance"
    __table_args__ = (
        CheckConstraint("(status = 'given') = (is_followed IS NULL)", name="stated_means_answered"),
        CheckConstraint("(is_followed IS NULL) = (statement IS NULL)", name="answered_means_explained"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    office_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    text: Mapped[str] = mapped_column(Text)
    given_on: Mapped[date]
    given_by_name: Mapped[str]
    is_followed: Mapped[bool | None]
    statement: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(default=GuidanceStatus.GIVEN)

    pilot: Mapped[Pilot] = relationship()
    office: Mapped[Organisation] = relationship(lazy="joined")


class GuidanceHistory(HistoryRow, Base):
    __tablename__ = "guidance_history"

    subject_id: Mapped[int] = subject_key("guidance")
