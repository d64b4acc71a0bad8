"""The application, the city's opinion, the ministries' replies and the conditions."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.clocks.models import Case, Clock
from sandbox.organisations import Organisation
from sandbox.regimes import Regime, regime


class ExemptionStatus(StrEnum):
    DRAFT = "draft"
    RETURNED = "returned"
    LOCAL_REVIEW = "local_review"
    LOCAL_DONE = "local_done"
    SUBMITTED = "submitted"
    CONSULTING = "consulting"
    CONSULTED = "consulted"
    EXPERT_DONE = "expert_done"
    TABLED = "tabled"
    RESOLVED = "resolved"
    APPROVED = "approved"
    REJECTED = "rejected"
    NOT_REQUIRED = "not_required"
    WITHDRAWN = "withdrawn"


class Reply(StrEnum):
    AGREE = "agree"
    AGREE_WITH_CONDITIONS = "agree_with_conditions"
    DISAGREE = "disagree"
    NOT_OURS = "not_ours"


class Resolution(StrEnum):
    """What a committee can resolve on a case."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    MODIFY = "modify"
    REJECT = "reject"
    NOT_REQUIRED = "not_required"
    DEFER = "defer"


class Exemption(Identified, Versioned, Base):
    """One application; it keeps the regime version under which it was filed.

    city_is_applicant   the city of the area applies together with the company
    returned_for        the regime's codes of the latest return (D52(3))
    resolution          what the committee resolved last, on the file of `resolved_digest`
    deliberated_by      ids of everybody who voted on this case or assessed it as an expert, or was
                        barred from that by a conflict
    against_resolution  why the decision differs from the resolution
    """

    __tablename__ = "exemption"
    __table_args__ = (
        CheckConstraint(
            "(status = 'approved') = (granted_from IS NOT NULL AND granted_to IS NOT NULL)",
            name="granted_means_dated",
        ),
        CheckConstraint("granted_to IS NULL OR granted_to > granted_from", name="ends_after_start"),
        CheckConstraint("requested_months > 0", name="months_are_positive"),
    )

    regime_id: Mapped[str]
    regime_version: Mapped[str]
    kind: Mapped[str]
    ground: Mapped[str]
    articles: Mapped[list[str]] = mapped_column(JSON)
    contents: Mapped[dict[str, str]] = mapped_column(JSON)
    requested_months: Mapped[int]
    company_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    city_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    status: Mapped[str] = mapped_column(default=ExemptionStatus.DRAFT, index=True)
    local_opinion: Mapped[str | None] = mapped_column(Text)
    granted_from: Mapped[date | None]
    granted_to: Mapped[date | None]
    decision_reasons: Mapped[str | None] = mapped_column(Text)
    city_is_applicant: Mapped[bool] = mapped_column(default=False)
    returned_for: Mapped[list[str]] = mapped_column(JSON, default=list)
    resolution: Mapped[str | None]
    resolved_digest: Mapped[str | None]
    deliberated_by: Mapped[list[int]] = mapped_column(JSON, default=list)
    against_resolution: Mapped[str | None] = mapped_column(Text)

    company: Mapped[Organisation] = relationship(foreign_keys=company_id)
    city: Mapped[Organisation] = relationship(foreign_keys=city_id)
    lead: Mapped[Organisation] = relationship(foreign_keys=lead_id)
    required_actions: Mapped[list[RequiredAction]] = relationship(order_by="RequiredAction.id")
    consultations: Mapped[list[Consultation]] = relationship(order_by="Consultation.id")
    conditions: Mapped[list[Condition]] = relationship(order_by="Condition.id")
    attachments: Mapped[list[Attachment]] = relationship(order_by="Attachment.id")
    clocks: Mapped[list[Clock]] = relationship(order_by=Clock.id, viewonly=True)

    @property
    def regime(self) -> Regime:
        return regime(self.regime_id, self.regime_version)

    @property
    def case(self) -> Case:
        """What its clocks belong to, and how the ledger names it."""
        return Case("exemption", self.id)


class ExemptionHistory(HistoryRow, Base):
    __tablename__ = "exemption_history"

    subject_id: Mapped[int] = subject_key("exemption")


class Attachment(Identified, Base):
    """A file of an application, kept under the SHA-256 of its content; one taken back leaves this row.

    kind        the regime's id of what is asked for, or "other"
    is_scanned  whether a scanner for viruses saw it and found nothing
    """

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("size > 0", name="size_is_positive"),
        CheckConstraint("(removed_at IS NULL) = (removed_reason IS NULL)", name="removed_means_reason"),
    )

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(index=True)
    is_scanned: Mapped[bool]
    attached_at: Mapped[datetime]
    attached_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    attached_by_name: Mapped[str]
    removed_at: Mapped[datetime | None]
    removed_reason: Mapped[str | None] = mapped_column(Text)


class RequiredAction(Identified, Base):
    """Something the city asks for, and the operator's answer (Art. 49(2))."""

    __tablename__ = "required_action"

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    text: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)


class Consultation(Identified, Base):
    """One ministry asked, with its due date and its written reply (Art. 49(4))."""

    __tablename__ = "consultation"
    __table_args__ = (
        UniqueConstraint("exemption_id", "ministry_id"),
        CheckConstraint("(reply IS NULL) = (replied_at IS NULL)", name="replied_means_dated"),
    )

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    ministry_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    asked_at: Mapped[datetime]
    clock_id: Mapped[int] = mapped_column(ForeignKey(Clock.id))
    reply: Mapped[str | None]
    text: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None]
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    ministry: Mapped[Organisation] = relationship()
    exemption: Mapped[Exemption] = relationship(back_populates="consultations")
    clock: Mapped[Clock] = relationship(lazy="joined")
    supplements: Mapped[list[Supplement]] = relationship(
        order_by="Supplement.id", back_populates="consultation"
    )

    @property
    def due_on(self) -> date | None:
        """The last day for the reply; None while the clock stands still without a cap."""
        return self.clock.due_on

    @property
    def open_supplement(self) -> Supplement | None:
        """What the applicant still has to supplement for this ministry, if anything."""
        return next((each for each in self.supplements if each.answered_at is None), None)


class Supplement(Identified, Base):
    """What a ministry asks the applicant to supplement; its clock stands still meanwhile (Art. 49(5)).

    `is_declined`: the applicant gives nothing, and the ministry replies on the file (D52(4)).
    """

    __tablename__ = "supplement"
    __table_args__ = (
        CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL) AND (answered_at IS NULL) = (answer IS NULL)",
            name="answered_means_dated",
        ),
    )

    consultation_id: Mapped[int] = mapped_column(ForeignKey(Consultation.id), index=True)
    items: Mapped[list[str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str | None] = mapped_column(Text)
    is_declined: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    consultation: Mapped[Consultation] = relationship(back_populates="supplements")


class Condition(Identified, Base):
    """A condition (조건) with the proof that it is necessary and proportionate."""

    __tablename__ = "condition"

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    requested_by_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    text: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str]
    necessity: Mapped[str] = mapped_column(Text)
    proportionality: Mapped[str] = mapped_column(Text)
    is_imposed: Mapped[bool] = mapped_column(default=False)

    requested_by: Mapped[Organisation] = relationship()


def condition_document(condition: Condition) -> dict[str, Any]:
    """A condition as the ledger records it."""
    return {"text": condition.text, "legal_basis": condition.legal_basis}
