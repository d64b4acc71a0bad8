"""A request for rapid confirmation and the agencies asked about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.clocks.models import Case, Clock
from sandbox.exemptions.models import Exemption
from sandbox.organisations import Organisation
from sandbox.regimes import Regime, regime


class ConfirmationStatus(StrEnum):
    DRAFT = "draft"
    RECEIVED = "received"
    WAITING = "waiting"
    ALL_IN = "all_in"
    NOTIFIED = "notified"
    WITHDRAWN = "withdrawn"


class AgencyReply(StrEnum):
    """What an agency says of its own laws; the last one nobody says: silence does (Art. 49-2(4))."""

    NOT_OURS = "not_ours"
    NO_PERMIT = "no_permit"
    PERMIT_NEEDED = "permit_needed"
    DEEMED_NOT_REQUIRED = "deemed_not_required"


class ConfirmationOutcome(StrEnum):
    FREE_TO_OPERATE = "free_to_operate"
    PERMIT_NEEDED = "permit_needed"
    MIXED = "mixed"


class Confirmation(Identified, Versioned, Base):
    """One request; it keeps the regime version under which it was filed.

    `lead_reply` and what goes with it is what the lead ministry says of its own laws.
    """

    __tablename__ = "confirmation"
    __table_args__ = (
        CheckConstraint("(status = 'notified') = (outcome IS NOT NULL)", name="notified_means_outcome"),
        CheckConstraint("(outcome IS NULL) = (lead_reply IS NULL)", name="the_lead_answers_with_the_outcome"),
    )

    number: Mapped[str | None] = mapped_column(unique=True)
    regime_id: Mapped[str]
    regime_version: Mapped[str]
    company_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    title: Mapped[str]
    technology: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    articles: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(default=ConfirmationStatus.DRAFT, index=True)
    lead_reply: Mapped[str | None]
    lead_text: Mapped[str | None] = mapped_column(Text)
    lead_requirements: Mapped[str | None] = mapped_column(Text)
    lead_procedure: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None]
    exemption_id: Mapped[int | None] = mapped_column(ForeignKey(Exemption.id), unique=True)

    company: Mapped[Organisation] = relationship(foreign_keys=company_id, lazy="joined")
    lead: Mapped[Organisation] = relationship(foreign_keys=lead_id, lazy="joined")
    agencies: Mapped[list[Agency]] = relationship(order_by="Agency.id", back_populates="confirmation")
    clocks: Mapped[list[Clock]] = relationship(order_by=Clock.id, viewonly=True)

    @property
    def regime(self) -> Regime:
        return regime(self.regime_id, self.regime_version)

    @property
    def case(self) -> Case:
        """What its clocks belong to, and how the ledger names it."""
        return Case("confirmation", self.id)


class ConfirmationHistory(HistoryRow, Base):
    __tablename__ = "confirmation_history"

    subject_id: Mapped[int] = subject_key("confirmation")


class Agency(Identified, Base):
    """One agency asked, with its own clock and its reply; `replied_by_id` is empty where silence replied."""

    __tablename__ = "confirmation_agency"
    __table_args__ = (
        UniqueConstraint("confirmation_id", "organisation_id"),
        CheckConstraint("(reply IS NULL) = (replied_at IS NULL)", name="replied_means_dated"),
        CheckConstraint(
            "reply IS NULL OR reply <> 'permit_needed'"
            " OR (requirements IS NOT NULL AND procedure_text IS NOT NULL)",
            name="a_permit_comes_with_its_requirements",
        ),
    )

    confirmation_id: Mapped[int] = mapped_column(ForeignKey(Confirmation.id), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey(Clock.id))
    reply: Mapped[str | None]
    text: Mapped[str | None] = mapped_column(Text)
    requirements: Mapped[str | None] = mapped_column(Text)
    procedure_text: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None]
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    confirmation: Mapped[Confirmation] = relationship(back_populates="agencies")
    organisation: Mapped[Organisation] = relationship(lazy="joined")
    clock: Mapped[Clock] = relationship(lazy="joined")
