"""An order with the hearing before it, its period and what the company reports."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class OrderStatus(StrEnum):
    ANNOUNCED = "announced"
    HEARD = "heard"
    ISSUED = "issued"
    REPORTED = "reported"
    DONE = "done"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class Heard(StrEnum):
    """How the operator was heard; silence counts once the day to answer has passed (D55(6))."""

    STATEMENT = "statement"
    HEARING = "hearing"
    WAIVER = "waiver"
    SILENCE = "silence"


class Order(Identified, Versioned, Base):
    """One order, of a kind that the regime knows.

    answer_by    until when the operator may state its position
    heard_as, heard_on, heard_text  how and when it was heard, and what it said
    appeal       how to appeal, as issued
    due_on       last day of the period, the extension included
    extended_from  the last day before the extension; the law knows one
    city_opinion, committee_reference  what partial revocations rest on beside the hearing
    report       what the company says it has done
    """

    __tablename__ = "pilot_order"
    __table_args__ = (
        CheckConstraint("(heard_as IS NULL) = (heard_on IS NULL)", name="heard_means_dated"),
        CheckConstraint(
            "status NOT IN ('issued', 'reported', 'done', 'missed')"
            " OR (heard_as IS NOT NULL AND appeal IS NOT NULL AND due_on IS NOT NULL)",
            name="issued_after_a_hearing_with_its_appeal",
        ),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    kind: Mapped[str]
    legal_ground: Mapped[str]
    content: Mapped[str] = mapped_column(Text)
    announced_at: Mapped[datetime]
    answer_by: Mapped[date]
    heard_as: Mapped[str | None]
    heard_on: Mapped[date | None]
    heard_text: Mapped[str | None] = mapped_column(Text)
    appeal: Mapped[str | None] = mapped_column(Text)
    due_on: Mapped[date | None] = mapped_column(index=True)
    extended_from: Mapped[date | None]
    city_opinion: Mapped[str | None] = mapped_column(Text)
    committee_reference: Mapped[str | None]
    report: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(default=OrderStatus.ANNOUNCED, index=True)

    pilot: Mapped[Pilot] = relationship()


class OrderHistory(HistoryRow, Base):
    __tablename__ = "pilot_order_history"

    subject_id: Mapped[int] = subject_key("pilot_order")
