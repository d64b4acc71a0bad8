"""What a condition asks to be shown: its terms by version, evidence, checks and breaches."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Double, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.metrics import Metric
from experiments.orm import Base, Identified
from sandbox.exemptions.kept import KeptFile
from sandbox.exemptions.models import Condition
from sandbox.pilots.models import Pilot


class DutyStatus(StrEnum):
    STANDING = "standing"
    CHANGE_ASKED = "change_asked"
    LIFTED = "lifted"


class Basis(StrEnum):
    """What compliance is judged by: collected readings, or what the company files."""

    METRIC = "metric"
    EVIDENCE = "evidence"


class Frequency(StrEnum):
    ONCE = "once"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class EvidenceStatus(StrEnum):
    FILED = "filed"
    ACCEPTED = "accepted"
    RETURNED = "returned"


class BreachStatus(StrEnum):
    OPEN = "open"
    EXPLAINED = "explained"
    CLOSED = "closed"


class Duty(Identified, Versioned, Base):
    """What the company has to show for one condition; its terms are versions, the last one in force.

    next_check_on  the first day on which the next due window can be judged; None where none is left
    """

    __tablename__ = "condition_duty"

    condition_id: Mapped[int] = mapped_column(ForeignKey(Condition.id), unique=True)
    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    status: Mapped[str] = mapped_column(default=DutyStatus.STANDING)
    next_check_on: Mapped[date | None] = mapped_column(index=True)

    condition: Mapped[Condition] = relationship(lazy="joined")
    pilot: Mapped[Pilot] = relationship()
    versions: Mapped[list[Terms]] = relationship(order_by="Terms.number", back_populates="duty")
    changes: Mapped[list[ChangeRequest]] = relationship(order_by="ChangeRequest.id")
    checks: Mapped[list[Check]] = relationship(order_by="Check.id")
    evidence: Mapped[list[Evidence]] = relationship(order_by="Evidence.id", back_populates="duty")
    breaches: Mapped[list[Breach]] = relationship(order_by="Breach.id", back_populates="duty")

    @property
    def terms(self) -> Terms:
        """The terms in force."""
        return self.versions[-1]


class DutyHistory(HistoryRow, Base):
    __tablename__ = "condition_duty_history"

    subject_id: Mapped[int] = subject_key("condition_duty")


class Terms(Identified, Base):
    """One version of what a condition says and how it is shown to be kept.

    purpose_item  the item of the application's plan that it serves, by the regime's id
    bound         in the metric's unit, with `side` and `gathering` as `experiments.compliance` has them
    evidence      what is filed where no metric shows it
    """

    __tablename__ = "condition_terms"
    __table_args__ = (
        UniqueConstraint("duty_id", "number"),
        CheckConstraint("basis IN ('metric', 'evidence')", name="basis_is_known"),
        CheckConstraint(
            "(basis = 'metric') = (metric_id IS NOT NULL AND bound IS NOT NULL AND side IS NOT NULL"
            " AND gathering IS NOT NULL)",
            name="a_metric_comes_with_its_bound",
        ),
        CheckConstraint("(basis = 'evidence') = (evidence IS NOT NULL)", name="evidence_is_named"),
    )

    duty_id: Mapped[int] = mapped_column(ForeignKey(Duty.id), index=True)
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    purpose_item: Mapped[str]
    purpose: Mapped[str] = mapped_column(Text)
    basis: Mapped[str]
    metric_id: Mapped[int | None] = mapped_column(ForeignKey(Metric.id))
    bound: Mapped[float | None] = mapped_column(Double)
    side: Mapped[str | None]
    gathering: Mapped[str | None]
    evidence: Mapped[str | None] = mapped_column(Text)
    frequency: Mapped[str]
    first_due_on: Mapped[date]
    valid_from: Mapped[date]
    set_at: Mapped[datetime]
    set_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    set_by_name: Mapped[str]

    duty: Mapped[Duty] = relationship(back_populates="versions")
    metric: Mapped[Metric | None] = relationship(lazy="joined")


class ChangeRequest(Identified, Base):
    """What the company wants a condition to say instead, and why; the duty's history has the answer."""

    __tablename__ = "condition_change"

    duty_id: Mapped[int] = mapped_column(ForeignKey(Duty.id), index=True)
    wanted: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    proof: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by_name: Mapped[str]
    is_agreed: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]


class Check(Identified, Base):
    """What was found for one due window; a later row of the same window takes the place of an earlier."""

    __tablename__ = "condition_check"
    __table_args__ = (
        UniqueConstraint("terms_id", "due_on", "as_of"),
        CheckConstraint("verdict IN ('kept', 'breached', 'no_data')", name="verdict_is_known"),
        CheckConstraint("due_on >= first_day", name="ends_after_it_begins"),
    )

    duty_id: Mapped[int] = mapped_column(ForeignKey(Duty.id), index=True)
    terms_id: Mapped[int] = mapped_column(ForeignKey(Terms.id))
    first_day: Mapped[date]
    due_on: Mapped[date]
    basis: Mapped[str]
    verdict: Mapped[str]
    value: Mapped[float | None] = mapped_column(Double)
    bound: Mapped[float | None] = mapped_column(Double)
    district: Mapped[str | None]
    completeness: Mapped[float | None] = mapped_column(Double)
    as_of: Mapped[datetime]

    terms: Mapped[Terms] = relationship(lazy="joined")


class Evidence(Identified, Versioned, Base):
    """What the company files for one due day of a condition without a metric."""

    __tablename__ = "condition_evidence"

    duty_id: Mapped[int] = mapped_column(ForeignKey(Duty.id), index=True)
    due_on: Mapped[date]
    text: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime]
    filed_by_name: Mapped[str]
    status: Mapped[str] = mapped_column(default=EvidenceStatus.FILED)

    duty: Mapped[Duty] = relationship(back_populates="evidence")
    files: Mapped[list[EvidenceFile]] = relationship(order_by="EvidenceFile.id")


class EvidenceFile(KeptFile, Base):
    """A file beside the text of evidence."""

    __tablename__ = "condition_evidence_file"

    evidence_id: Mapped[int] = mapped_column(ForeignKey(Evidence.id), index=True)


class EvidenceHistory(HistoryRow, Base):
    __tablename__ = "condition_evidence_history"

    subject_id: Mapped[int] = subject_key("condition_evidence")


class Breach(Identified, Versioned, Base):
    """A task that a broken condition opens: the company explains, the lead ministry closes it."""

    __tablename__ = "condition_breach"
    __table_args__ = (UniqueConstraint("duty_id", "due_on"),)

    duty_id: Mapped[int] = mapped_column(ForeignKey(Duty.id), index=True)
    due_on: Mapped[date]
    opened_at: Mapped[datetime]
    explanation: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(default=BreachStatus.OPEN, index=True)

    duty: Mapped[Duty] = relationship(back_populates="breaches")


class BreachHistory(HistoryRow, Base):
    __tablename__ = "condition_breach_history"

    subject_id: Mapped[int] = subject_key("condition_breach")
