"""The application, the city's opinion, the ministries' replies and the conditions."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.organisations import Organisation
from sandbox.regimes import Regime, regime


class ExemptionStatus(StrEnum):
    DRAFT = "draft"
    LOCAL_REVIEW = "local_review"
    LOCAL_DONE = "local_done"
    SUBMITTED = "submitted"
    CONSULTING = "consulting"
    CONSULTED = "consulted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Reply(StrEnum):
    AGREE = "agree"
    AGREE_WITH_CONDITIONS = "agree_with_conditions"
    DISAGREE = "disagree"
    NOT_OURS = "not_ours"


class Exemption(Identified, Versioned, Base):
    """One application; it keeps the regime version under which it was filed."""

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

    company: Mapped[Organisation] = relationship(foreign_keys=company_id)
    city: Mapped[Organisation] = relationship(foreign_keys=city_id)
    lead: Mapped[Organisation] = relationship(foreign_keys=lead_id)
    required_actions: Mapped[list[RequiredAction]] = relationship(order_by="RequiredAction.id")
    consultations: Mapped[list[Consultation]] = relationship(order_by="Consultation.id")
    conditions: Mapped[list[Condition]] = relationship(order_by="Condition.id")

    @property
    def regime(self) -> Regime:
        return regime(self.regime_id, self.regime_version)


class ExemptionHistory(HistoryRow, Base):
    __tablename__ = "exemption_history"

    subject_id: Mapped[int] = subject_key("exemption")


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
    due_on: Mapped[date]
    reply: Mapped[str | None]
    text: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None]
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    ministry: Mapped[Organisation] = relationship()
    exemption: Mapped[Exemption] = relationship(back_populates="consultations")


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
