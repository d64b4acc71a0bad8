"""Answers to a regime's questions about risk, and the sign-offs given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.exemptions.models import Exemption
from sandbox.organisations import Organisation


class RiskAnswer(Identified, Base):
    """What was answered last to a question of the regime; earlier answers stand in the ledger."""

    __tablename__ = "risk_answer"
    __table_args__ = (UniqueConstraint("exemption_id", "question"),)

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id))
    question: Mapped[str]
    is_yes: Mapped[bool]
    explanation: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime]
    answered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answered_by_name: Mapped[str]


class SignOff(Identified, Base):
    """A reviewer's word that a kind of risk was looked at, with what was looked at; it may be taken back."""

    __tablename__ = "sign_off"
    __table_args__ = (
        CheckConstraint(
            "(taken_back_at IS NULL) = (taken_back_reason IS NULL)", name="taken_back_means_with_a_reason"
        ),
        # One that stands at a time; those taken back stay.
        Index(
            "ix_sign_off_standing",
            "exemption_id",
            "kind",
            unique=True,
            sqlite_where=text("taken_back_at IS NULL"),
            postgresql_where=text("taken_back_at IS NULL"),
        ),
    )

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id))
    kind: Mapped[str]
    statement: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_by_name: Mapped[str]
    office_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    taken_back_at: Mapped[datetime | None]
    taken_back_reason: Mapped[str | None] = mapped_column(Text)

    office: Mapped[Organisation] = relationship(lazy="joined")
