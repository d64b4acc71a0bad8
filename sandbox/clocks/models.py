"""Tables of clocks: a running clock, what happened to it, and changes to the holidays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.clocks.rules import ClockRule
from sandbox.organisations import Organisation
from sandbox.regimes import Regime, regime


class EventKind(StrEnum):
    """What can happen to a clock; `voided`: the case ended before the act that it waited for."""

    STARTED = "started"
    STOPPED = "stopped"
    RESUMED = "resumed"
    EXTENDED = "extended"
    LAPSED = "lapsed"
    ENDED = "ended"
    VOIDED = "voided"


@dataclass(frozen=True)
class Case:
    """What a clock belongs to: an application (`exemption`) or a rapid confirmation, by its id."""

    kind: Literal["exemption", "confirmation"]
    id: int

    @property
    def key(self) -> str:
        """How the ledger names this case."""
        return f"{self.kind}:{self.id}"


class Clock(Identified, Base):
    """One clock of one case, by the regime version under which it started.

    `subject` says what it is about ("consultation:7"); `due_on` is what the events give, kept so that
    desks can sort by it; it is never the source.
    """

    __tablename__ = "clock"
    __table_args__ = (
        CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="ends_after_the_start"),
        CheckConstraint("(exemption_id IS NULL) <> (confirmation_id IS NULL)", name="belongs_to_one_case"),
        Index("ix_clock_owed_by_id_ended_on_due_on", "owed_by_id", "ended_on", "due_on"),
        Index("ix_clock_exemption_id_subject", "exemption_id", "subject"),
        Index("ix_clock_confirmation_id_subject", "confirmation_id", "subject"),
        Index("ix_clock_ended_on_due_on", "ended_on", "due_on"),
    )

    regime_id: Mapped[str]
    regime_version: Mapped[str]
    rule_id: Mapped[str]
    exemption_id: Mapped[int | None] = mapped_column(ForeignKey("exemption.id"))
    confirmation_id: Mapped[int | None] = mapped_column(ForeignKey("confirmation.id"))
    subject: Mapped[str]
    owed_by_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    started_on: Mapped[date]
    due_on: Mapped[date | None]
    lapsed_on: Mapped[date | None]
    ended_on: Mapped[date | None]

    owed_by: Mapped[Organisation] = relationship()
    events: Mapped[list[ClockEvent]] = relationship(order_by="ClockEvent.id", cascade="all, delete-orphan")

    @property
    def regime(self) -> Regime:
        return regime(self.regime_id, self.regime_version)

    @property
    def case(self) -> Case:
        if self.exemption_id is not None:
            return Case("exemption", self.exemption_id)
        assert self.confirmation_id is not None  # the table holds one or the other
        return Case("confirmation", self.confirmation_id)

    @property
    def rule(self) -> ClockRule:
        return self.regime.clock(self.rule_id)

    @property
    def is_running(self) -> bool:
        return self.ended_on is None


class ClockEvent(Identified, Base):
    """What happened to a clock: the day in the regime's zone counts, the instant is for the record."""

    __tablename__ = "clock_event"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('started', 'stopped', 'resumed', 'extended', 'lapsed', 'ended', 'voided')",
            name="kind_is_known",
        ),
    )

    clock_id: Mapped[int] = mapped_column(ForeignKey(Clock.id), index=True)
    kind: Mapped[str]
    day: Mapped[date]
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Text)


class HolidayChange(Identified, Base):
    """A day made a public holiday, or none, after the calendar was published; the latest row counts."""

    __tablename__ = "holiday_change"

    day: Mapped[date] = mapped_column(index=True)
    is_holiday: Mapped[bool]
    name_ko: Mapped[str]
    name_en: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
