"""The final report of a pilot, the supplements that authorities demand, and the authority's written proof."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot


class ReportStatus(StrEnum):
    DRAFT = "draft"
    FILED = "filed"
    SUPPLEMENT_ASKED = "supplement_asked"
    ACCEPTED = "accepted"


class Report(Identified, Versioned, Base):
    """The one report of a pilot; `contents` by the regime's ids of what it must contain (D56(5)).

    company_consents_at, authority_consents_at  the two keys to its publication (EU AI Act Art. 57(8))
    """

    __tablename__ = "final_report"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), unique=True)
    contents: Mapped[dict[str, str]] = mapped_column(JSON)
    filed_at: Mapped[datetime | None]
    company_consents_at: Mapped[datetime | None]
    authority_consents_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default=ReportStatus.DRAFT)

    pilot: Mapped[Pilot] = relationship()
    demands: Mapped[list[Demand]] = relationship(order_by="Demand.id", back_populates="report")
    proofs: Mapped[list[WrittenProof]] = relationship(order_by="WrittenProof.id", back_populates="report")

    @property
    def is_public(self) -> bool:
        """Whether both have agreed to publish it, and it was filed."""
        was_filed = self.status in (ReportStatus.FILED, ReportStatus.ACCEPTED)
        return was_filed and self.company_consents_at is not None and self.authority_consents_at is not None


class ReportHistory(HistoryRow, Base):
    __tablename__ = "final_report_history"

    subject_id: Mapped[int] = subject_key("final_report")


class Demand(Identified, Base):
    """What one authority demands to be supplemented, by when, and the answer (D56(6))."""

    __tablename__ = "report_demand"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_means_dated"),
    )

    report_id: Mapped[int] = mapped_column(ForeignKey(Report.id), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    text: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    report: Mapped[Report] = relationship(back_populates="demands")
    organisation: Mapped[Organisation] = relationship()


class WrittenProof(Identified, Base):
    """The authority's written proof of what was done in the sandbox (EU AI Act Art. 57(7)); never edited."""

    __tablename__ = "written_proof"

    report_id: Mapped[int] = mapped_column(ForeignKey(Report.id), index=True)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str]
    given_at: Mapped[datetime]
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_by_name: Mapped[str]

    report: Mapped[Report] = relationship(back_populates="proofs")
