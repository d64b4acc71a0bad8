"""What is filed and decided within a pilot's period, with the history of each."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.clocks.models import Clock
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot


class Deliberated:
    """What the committee resolved on it: when, in which meeting, whether it agrees, and why."""

    committee_on: Mapped[date | None]
    committee_meeting: Mapped[str | None]
    committee_agrees: Mapped[bool | None]
    committee_reasons: Mapped[str | None] = mapped_column(Text)


class ChangeStatus(StrEnum):
    FILED = "filed"
    RECORDED = "recorded"
    CONSULTING = "consulting"
    DELIBERATED = "deliberated"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Change(Identified, Versioned, Deliberated, Base):
    """A change of an approved pilot (Art. 52(1)); `nature` is the regime's rule that made it minor or major.

    field, before, after  what changes, as it stood and as it is wanted
    plan_phase  whether an evaluation had already shown results when the change was filed
    """

    __tablename__ = "pilot_change"
    __table_args__ = (UniqueConstraint("pilot_id", "number"),)

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    number: Mapped[int]
    field: Mapped[str]
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    nature: Mapped[str]
    is_minor: Mapped[bool]
    plan_phase: Mapped[str]
    status: Mapped[str] = mapped_column(default=ChangeStatus.FILED)

    pilot: Mapped[Pilot] = relationship()
    replies: Mapped[list[ChangeReply]] = relationship(
        order_by="ChangeReply.id", back_populates="change", cascade="all, delete-orphan"
    )


class ChangeHistory(HistoryRow, Base):
    __tablename__ = "pilot_change_history"

    subject_id: Mapped[int] = subject_key("pilot_change")


class ChangeReply(Identified, Base):
    """One ministry asked about a change, and its reply."""

    __tablename__ = "pilot_change_reply"
    __table_args__ = (
        UniqueConstraint("change_id", "ministry_id"),
        CheckConstraint("(agrees IS NULL) = (replied_at IS NULL)", name="replied_means_dated"),
    )

    change_id: Mapped[int] = mapped_column(ForeignKey(Change.id), index=True)
    ministry_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    clock_id: Mapped[int] = mapped_column(ForeignKey(Clock.id))
    agrees: Mapped[bool | None]
    text: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None]
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    change: Mapped[Change] = relationship(back_populates="replies")
    ministry: Mapped[Organisation] = relationship()
    clock: Mapped[Clock] = relationship()


class ExtensionStatus(StrEnum):
    FILED = "filed"
    DELIBERATED = "deliberated"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Extension(Identified, Versioned, Deliberated, Base):
    """The extension of a period (Art. 51(2), 53-3(1)), with the documents of D54(3) by the regime's ids.

    months_asked, months  as the operator asks, and as the committee fixes it
    ends_before, ends_after  the last day of the period without the extension, and with it
    """

    __tablename__ = "period_extension"
    __table_args__ = (
        CheckConstraint("months_asked > 0", name="months_are_positive"),
        CheckConstraint("status <> 'granted' OR ends_after > ends_before", name="granted_means_longer"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    documents: Mapped[dict[str, str]] = mapped_column(JSON)
    months_asked: Mapped[int]
    months: Mapped[int | None]
    ends_before: Mapped[date]
    ends_after: Mapped[date | None]
    filed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=ExtensionStatus.FILED)

    pilot: Mapped[Pilot] = relationship()


class ExtensionHistory(HistoryRow, Base):
    __tablename__ = "period_extension_history"

    subject_id: Mapped[int] = subject_key("period_extension")


class RequestStatus(StrEnum):
    FILED = "filed"
    UNDER_REVIEW = "under_review"
    ESCALATED = "escalated"
    NEEDED = "needed"
    NOT_NEEDED = "not_needed"
    WITHDRAWN = "withdrawn"


class LawRequest(Identified, Versioned, Base):
    """An operator's request to amend the law, with the results of the pilot (Art. 53-3(3)).

    assessment  by the regime's criteria (D58-3(5)), what the lead ministry found
    """

    __tablename__ = "law_request"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    results: Mapped[str] = mapped_column(Text)
    wanted: Mapped[str] = mapped_column(Text)
    assessment: Mapped[dict[str, str]] = mapped_column(JSON)
    filed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=RequestStatus.FILED)

    pilot: Mapped[Pilot] = relationship()


class LawRequestHistory(HistoryRow, Base):
    __tablename__ = "law_request_history"

    subject_id: Mapped[int] = subject_key("law_request")


class Conversion(Identified, Base):
    """A demonstration and the innovation project that its operator applies for (Art. 53-3(7)).

    waived  ids of plan contents and files that were taken over from the demonstration (D52(2))
    """

    __tablename__ = "conversion"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), unique=True)
    successor_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), unique=True)
    waived: Mapped[list[str]] = mapped_column(JSON)
    begun_at: Mapped[datetime]
    begun_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    pilot: Mapped[Pilot] = relationship(foreign_keys=pilot_id)
    successor: Mapped[Pilot] = relationship(foreign_keys=successor_id)


class RevocationStatus(StrEnum):
    OPEN = "open"
    REVOKED = "revoked"
    DROPPED = "dropped"


class Revocation(Identified, Versioned, Deliberated, Base):
    """A proceeding to revoke an approval, with its three steps (Art. 52(5)-(6), D59).

    hearing_invited_on, hearing_on  the day of the invitation, and the day to which it invites
    operator_came  whether anybody came; None until the hearing is recorded
    restoration, compensation  the duties that the revocation lays on the operator
    """

    __tablename__ = "revocation"
    __table_args__ = (
        CheckConstraint("hearing_on IS NULL OR hearing_on >= hearing_invited_on", name="invited_before"),
        CheckConstraint("(operator_came IS NULL) = (hearing_record IS NULL)", name="heard_means_recorded"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    ground: Mapped[str]
    facts: Mapped[str] = mapped_column(Text)
    city_opinion: Mapped[str | None] = mapped_column(Text)
    hearing_invited_on: Mapped[date | None]
    hearing_on: Mapped[date | None]
    hearing_place: Mapped[str | None]
    operator_came: Mapped[bool | None]
    hearing_record: Mapped[str | None] = mapped_column(Text)
    restoration: Mapped[str | None] = mapped_column(Text)
    compensation: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=RevocationStatus.OPEN)

    pilot: Mapped[Pilot] = relationship()


class RevocationHistory(HistoryRow, Base):
    __tablename__ = "revocation_history"

    subject_id: Mapped[int] = subject_key("revocation")


class OrdinaryPermit(Identified, Base):
    """The permit that the operator obtained once the law was amended (Art. 53(4))."""

    __tablename__ = "ordinary_permit"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    law: Mapped[str]
    amended_on: Mapped[date]
    office: Mapped[str]
    permit_number: Mapped[str]
    permitted_on: Mapped[date]
    filed_at: Mapped[datetime]
    filed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    filed_by_name: Mapped[str]

    pilot: Mapped[Pilot] = relationship()
