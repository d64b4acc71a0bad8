"""A suspension with the measures that end it, and a proposal to suspend with its evidence."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class ProposalStatus(StrEnum):
    OPEN = "open"
    ACTED = "acted"
    DISMISSED = "dismissed"


class SuspensionStatus(StrEnum):
    IN_FORCE = "in_force"
    REPORTED = "reported"
    CLOSED = "closed"
    LIFTED = "lifted"
    MADE_PERMANENT = "made_permanent"


class Cause(StrEnum):
    """What a proposal to suspend came out of."""

    INCIDENT = "incident"
    GUARDRAIL = "guardrail"
    INSPECTION = "inspection"


class SuspensionProposal(Identified, Versioned, Base):
    """A case for suspending; `cause` and `key` name what it came out of, so that it is proposed once.

    evidence  facts for the decider, as the cause knew them when it was proposed
    """

    __tablename__ = "suspension_proposal"
    __table_args__ = (UniqueConstraint("pilot_id", "cause", "key"),)

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    cause: Mapped[str]
    key: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    opened_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=ProposalStatus.OPEN)

    pilot: Mapped[Pilot] = relationship()


class SuspensionProposalHistory(HistoryRow, Base):
    __tablename__ = "suspension_proposal_history"

    subject_id: Mapped[int] = subject_key("suspension_proposal")


class Suspension(Identified, Versioned, Base):
    """One suspension, from the Minister's order to its lifting or to the permanent stop.

    code                 the regime's reason, beside the text in the history
    measures             what the company says it has done
    committee_reference  the deliberation that a permanent stop rests on
    """

    __tablename__ = "suspension"
    __table_args__ = (
        CheckConstraint(
            "status <> 'made_permanent' OR committee_reference IS NOT NULL",
            name="a_permanent_stop_names_its_deliberation",
        ),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey(SuspensionProposal.id))
    code: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[datetime]
    measures: Mapped[str | None] = mapped_column(Text)
    committee_reference: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=SuspensionStatus.IN_FORCE)

    pilot: Mapped[Pilot] = relationship()


class SuspensionHistory(HistoryRow, Base):
    __tablename__ = "suspension_history"

    subject_id: Mapped[int] = subject_key("suspension")
