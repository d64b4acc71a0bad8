"""The pilot, its treated districts and its history."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.districts import District
from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from experiments.registrations.models import Experiment
from sandbox.exemptions.models import Exemption
from sandbox.organisations import Organisation
from sandbox.programmes.models import Site

pilot_district = Table(
    "pilot_district",
    Base.metadata,
    Column("pilot_id", ForeignKey("pilot.id"), primary_key=True),
    Column("district_id", ForeignKey("district.id"), primary_key=True),
)


class PilotStatus(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    APPROVED = "approved"
    RUNNING = "running"
    SUSPENDED = "suspended"
    EXTENDED = "extended"
    DEEMED_EXTENDED = "deemed_extended"
    REPORT_DUE = "report_due"
    REPORTED = "reported"
    CONCLUDED = "concluded"
    STOPPED = "stopped"
    REVOKED = "revoked"
    REGULARISED = "regularised"
    CONVERTED = "converted"
    REJECTED = "rejected"
    NOT_REQUIRED = "not_required"
    WITHDRAWN = "withdrawn"


# In operation, in whichever period of it; approved and suspended ones go on too.
LIVE = (PilotStatus.RUNNING, PilotStatus.EXTENDED, PilotStatus.DEEMED_EXTENDED)
GOING_ON = frozenset({PilotStatus.APPROVED, PilotStatus.SUSPENDED, *LIVE})


class Pilot(Identified, Versioned, Base):
    """A pilot. It is public from the signed application on and is never deleted."""

    __tablename__ = "pilot"
    __table_args__ = (CheckConstraint("planned_to > planned_from", name="ends_after_start"),)

    number: Mapped[str | None] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    evaluator_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), unique=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey(Experiment.id), unique=True)
    technology: Mapped[str]
    title_ko: Mapped[str]
    title_en: Mapped[str]
    summary_ko: Mapped[str] = mapped_column(Text)
    summary_en: Mapped[str] = mapped_column(Text)
    contact: Mapped[str]
    planned_from: Mapped[date]
    planned_to: Mapped[date]
    status: Mapped[str] = mapped_column(default=PilotStatus.DRAFT, index=True)
    registered_at: Mapped[datetime]

    site: Mapped[Site] = relationship(lazy="joined")
    company: Mapped[Organisation] = relationship(foreign_keys=company_id, lazy="joined")
    evaluator: Mapped[Organisation] = relationship(foreign_keys=evaluator_id, lazy="joined")
    exemption: Mapped[Exemption] = relationship()
    experiment: Mapped[Experiment] = relationship()
    districts: Mapped[list[District]] = relationship(secondary=pilot_district, order_by=District.code)

    @property
    def key(self) -> str:
        """How the ledger names this pilot."""
        return f"pilot:{self.number}"


class PilotHistory(HistoryRow, Base):
    __tablename__ = "pilot_history"

    subject_id: Mapped[int] = subject_key("pilot")
