"""Tables of the committee: seats, meetings with those called and their agenda, votes, assessments."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.accounts import Person
from sandbox.exemptions.models import Exemption
from sandbox.organisations import Organisation
from sandbox.regimes import Regime, regime
from sandbox.regimes.committees import CommitteeRules


class MeetingStatus(StrEnum):
    PLANNED = "planned"
    CALLED = "called"
    CLOSED = "closed"
    SIGNED = "signed"
    CANCELLED = "cancelled"


class Seat(Identified, Base):
    """A person's seat on a committee, from a day on and until one (both included).

    `affiliation_id`: the office or company that the person comes from; its cases recuse.
    """

    __tablename__ = "committee_seat"
    __table_args__ = (CheckConstraint("until_on IS NULL OR until_on >= from_on", name="ends_after_start"),)

    committee: Mapped[str] = mapped_column(index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    affiliation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    is_chair: Mapped[bool]
    from_on: Mapped[date]
    until_on: Mapped[date | None]

    person: Mapped[Person] = relationship()
    affiliation: Mapped[Organisation | None] = relationship()


class Meeting(Identified, Versioned, Base):
    """A meeting on one day, or a written deliberation over a window of days (both included)."""

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("committee", "number"),
        CheckConstraint("ends_on >= begins_on", name="ends_after_start"),
        CheckConstraint("mode <> 'oral' OR ends_on = begins_on", name="oral_means_one_day"),
        CheckConstraint("(status = 'signed') = (signed_at IS NOT NULL)", name="signed_means_dated"),
    )

    regime_id: Mapped[str]
    regime_version: Mapped[str]
    committee: Mapped[str]
    number: Mapped[int]
    mode: Mapped[str]
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[str] = mapped_column(default=MeetingStatus.PLANNED, index=True)
    minutes: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime | None]
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))

    called: Mapped[list[Called]] = relationship(order_by="Called.id")
    items: Mapped[list[AgendaItem]] = relationship(
        order_by="AgendaItem.id", back_populates="meeting", cascade="all, delete-orphan"
    )
    signed_by: Mapped[Person | None] = relationship()

    @property
    def regime(self) -> Regime:
        return regime(self.regime_id, self.regime_version)

    @property
    def rules(self) -> CommitteeRules:
        rules = self.regime.committee
        assert rules is not None  # a meeting is planned under a regime with a committee
        return rules

    @property
    def key(self) -> str:
        """How the ledger names this meeting."""
        return f"meeting:{self.id}"


class MeetingHistory(HistoryRow, Base):
    __tablename__ = "meeting_history"

    subject_id: Mapped[int] = subject_key("meeting")


class Called(Identified, Base):
    """A member as called to one meeting: later changes to the seat change nothing here."""

    __tablename__ = "meeting_called"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)

    meeting_id: Mapped[int] = mapped_column(ForeignKey(Meeting.id), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    affiliation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    is_chair: Mapped[bool]
    attended: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship()
    affiliation: Mapped[Organisation | None] = relationship()


class AgendaItem(Identified, Base):
    """One case on an agenda; `resolution` and `arithmetic` (a `Tally`) once the committee has resolved."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        UniqueConstraint("meeting_id", "exemption_id"),
        CheckConstraint("(resolution IS NULL) = (arithmetic IS NULL)", name="resolved_means_counted"),
    )

    meeting_id: Mapped[int] = mapped_column(ForeignKey(Meeting.id), index=True)
    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    resolution: Mapped[str | None]
    arithmetic: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    resolved_at: Mapped[datetime | None]

    meeting: Mapped[Meeting] = relationship(back_populates="items")
    exemption: Mapped[Exemption] = relationship()
    interests: Mapped[list[Interest]] = relationship(order_by="Interest.id")
    ballots: Mapped[list[Ballot]] = relationship(order_by="Ballot.id", cascade="all, delete-orphan")


class Interest(Identified, Base):
    """What a member declared about one item: no conflict, or one with its reason."""

    __tablename__ = "agenda_interest"
    __table_args__ = (
        UniqueConstraint("item_id", "person_id"),
        CheckConstraint("has_conflict = (reason <> '')", name="conflict_means_reason"),
    )

    item_id: Mapped[int] = mapped_column(ForeignKey(AgendaItem.id), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    has_conflict: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime]


class Ballot(Identified, Base):
    """One member's vote on one item."""

    __tablename__ = "agenda_ballot"
    __table_args__ = (UniqueConstraint("item_id", "person_id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey(AgendaItem.id), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    choice: Mapped[str]
    cast_at: Mapped[datetime]


class Assessment(Identified, Base):
    """One expert asked about one case: the declared interest first, then the scores by criterion."""

    __tablename__ = "expert_assessment"
    __table_args__ = (
        UniqueConstraint("exemption_id", "person_id"),
        CheckConstraint("(has_conflict IS NULL) = (declared_at IS NULL)", name="declared_means_dated"),
        CheckConstraint("(scores IS NULL) = (given_at IS NULL)", name="given_means_dated"),
    )

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    affiliation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    asked_at: Mapped[datetime]
    has_conflict: Mapped[bool | None]
    conflict_reason: Mapped[str | None] = mapped_column(Text)
    declared_at: Mapped[datetime | None]
    scores: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    text: Mapped[str | None] = mapped_column(Text)
    recommendation: Mapped[str | None]
    given_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    exemption: Mapped[Exemption] = relationship()
