"""The decision and its history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.evaluation.models import Evaluation
from experiments.evaluation.rule import Finding
from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class DecisionStatus(StrEnum):
    PROPOSED = "proposed"
    AWAITING_SECOND = "awaiting_second"
    DECIDED = "decided"
    SENT_BACK = "sent_back"


class Outcome(StrEnum):
    """What may be decided; the classes of the decision rule, without 'invalid'."""

    EXPAND_NATIONWIDE = "expand_nationwide"
    EXPAND_CONDITIONAL = "expand_conditional"
    EXTEND_PILOT = "extend_pilot"
    REDESIGN_RERUN = "redesign_rerun"
    STOP = "stop"
    SAFETY_STOP = "safety_stop"
    AMEND_LAW_ONLY = "amend_law_only"


# A finding allows its own outcome; invalid evidence allows only another try.
OUTCOMES_IN_LINE: dict[str, frozenset[str]] = {
    **{finding.value: frozenset({finding.value}) for finding in Finding if finding != Finding.INVALID},
    Finding.INVALID.value: frozenset({Outcome.EXTEND_PILOT.value, Outcome.REDESIGN_RERUN.value}),
}


class Decision(Identified, Versioned, Base):
    """A decision on one pilot, resting on one signed evaluation."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("(status = 'decided') = (decided_at IS NOT NULL)", name="decided_means_dated"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey(Evaluation.id))
    outcome: Mapped[str]
    reasons: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(default=DecisionStatus.PROPOSED, index=True)
    decided_at: Mapped[datetime | None]
    against_reason: Mapped[str | None] = mapped_column(Text)

    pilot: Mapped[Pilot] = relationship()
    evaluation: Mapped[Evaluation] = relationship()

    @property
    def is_against_the_finding(self) -> bool:
        return self.outcome not in OUTCOMES_IN_LINE[self.evaluation.finding or Finding.INVALID.value]


class DecisionHistory(HistoryRow, Base):
    __tablename__ = "decision_history"

    subject_id: Mapped[int] = subject_key("decision")
