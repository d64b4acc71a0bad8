"""Items of the board, the cases that point to them, lines of evidence, reports to the committee."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.exemptions.models import Exemption
from sandbox.organisations import Organisation


class AmendmentStatus(StrEnum):
    IDENTIFIED = "identified"
    REQUESTED = "requested"
    UNDER_REVIEW = "under_review"
    NOT_NEEDED = "not_needed"
    NEEDED = "needed"
    ESCALATED = "escalated"
    STARTED = "started"
    COMPLETED = "completed"
    IN_FORCE = "in_force"


class ShownBy(StrEnum):
    """What supplies a line of evidence."""

    METRIC = "metric"
    DOCUMENT = "document"


class Amendment(Identified, Versioned, Base):
    """One article of one law, whoever's cases are exempted from it.

    article   as applications write it, spaces made single
    ministry  whose law it is; the lead ministry of the case that brought it, until corrected
    draft     the wording that is proposed
    """

    __tablename__ = "amendment"

    article: Mapped[str] = mapped_column(unique=True)
    ministry_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    draft: Mapped[str | None] = mapped_column(Text)
    assessment: Mapped[str | None] = mapped_column(Text)
    in_force_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(default=AmendmentStatus.IDENTIFIED, index=True)

    ministry: Mapped[Organisation] = relationship(lazy="joined")
    links: Mapped[list[Link]] = relationship(order_by="Link.id", back_populates="amendment")

    @property
    def key(self) -> str:
        """How the ledger names this item."""
        return f"amendment:{self.id}"


class AmendmentHistory(HistoryRow, Base):
    """A step; `reported_on` and `meeting` say when and where the committee was told of it."""

    __tablename__ = "amendment_history"
    __table_args__ = (
        CheckConstraint("(reported_on IS NULL) = (meeting IS NULL)", name="reported_means_where"),
    )

    subject_id: Mapped[int] = subject_key("amendment")
    reported_on: Mapped[date | None]
    meeting: Mapped[str | None]


class Link(Identified, Base):
    """A case that is exempted from the article."""

    __tablename__ = "amendment_link"
    __table_args__ = (UniqueConstraint("amendment_id", "exemption_id"),)

    amendment_id: Mapped[int] = mapped_column(ForeignKey(Amendment.id), index=True)
    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    linked_at: Mapped[datetime]

    amendment: Mapped[Amendment] = relationship(back_populates="links")
    exemption: Mapped[Exemption] = relationship()


class EvidenceLine(Identified, Base):
    """What one case is to show for changing one article: by a metric of its plan, or by a document.

    criterion  the regime's id of what the need is judged by (D58-3(5)), where the regime has any
    """

    __tablename__ = "amendment_evidence"
    __table_args__ = (
        CheckConstraint("(shown_by = 'metric') = (metric_code IS NOT NULL)", name="metric_is_named"),
        CheckConstraint("(shown_by = 'document') = (document IS NOT NULL)", name="document_is_named"),
        CheckConstraint("(removed_at IS NULL) = (removed_reason IS NULL)", name="removed_means_reason"),
    )

    exemption_id: Mapped[int] = mapped_column(ForeignKey(Exemption.id), index=True)
    article: Mapped[str] = mapped_column(index=True)
    criterion: Mapped[str]
    shown_by: Mapped[str]
    metric_code: Mapped[str | None]
    document: Mapped[str | None]
    would_show: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_by_name: Mapped[str]
    removed_at: Mapped[datetime | None]
    removed_reason: Mapped[str | None] = mapped_column(Text)
