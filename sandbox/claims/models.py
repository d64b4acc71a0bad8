"""A claim for damage by a pilot, its history, and the tries that the throttle counts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.lifecycle import HistoryRow, Versioned, subject_key
from experiments.orm import Base, Identified
from sandbox.exemptions.kept import KeptFile
from sandbox.pilots.models import Pilot


class ClaimStatus(StrEnum):
    FILED = "filed"
    INFORMED = "informed"
    PAID = "paid"
    REFUSED = "refused"
    REPORTED = "reported"


class Claim(Identified, Versioned, Base):
    """One claim. What the claimant wrote is sealed; only the sum claimed stands in the open.

    sealed       the claim as filed (canonical JSON), sealed; empty once it was erased
    receipt      SHA-256 of that text, which stands in the ledger
    token_hash   of the secret in the claimant's link
    information  what the company told the claimant about insurance or compensation plan
    refusal, proof  why the company does not pay, and what proves it
    report       what became of the claim, as told to the Minister
    """

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("amount_won > 0", name="a_sum_is_claimed"),
        CheckConstraint("(paid_won IS NULL) = (paid_on IS NULL)", name="paid_means_dated"),
        CheckConstraint("(refusal IS NULL) = (proof IS NULL)", name="refused_with_proof"),
        CheckConstraint("paid_won IS NULL OR refusal IS NULL", name="paid_or_refused"),
        CheckConstraint("(status = 'reported') = (reported_at IS NOT NULL)", name="reported_means_dated"),
        CheckConstraint("(sealed IS NULL) = (erased_at IS NOT NULL)", name="erased_means_dated"),
    )

    number: Mapped[str | None] = mapped_column(unique=True)
    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    status: Mapped[str] = mapped_column(default=ClaimStatus.FILED)
    filed_at: Mapped[datetime]
    amount_won: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[str | None] = mapped_column(Text)
    receipt: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    information: Mapped[str | None] = mapped_column(Text)
    paid_won: Mapped[int | None] = mapped_column(BigInteger)
    paid_on: Mapped[date | None]
    refusal: Mapped[str | None] = mapped_column(Text)
    proof: Mapped[str | None] = mapped_column(Text)
    report: Mapped[str | None] = mapped_column(Text)
    reported_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]

    pilot: Mapped[Pilot] = relationship()
    files: Mapped[list[ClaimFile]] = relationship(order_by="ClaimFile.id")

    @property
    def key(self) -> str:
        """What the clocks of this claim are about."""
        return f"claim:{self.id}"


class ClaimHistory(HistoryRow, Base):
    __tablename__ = "claim_history"

    subject_id: Mapped[int] = subject_key("claim")


class ClaimFile(KeptFile, Base):
    """A file that proves why the company does not pay; its parties alone read it."""

    __tablename__ = "claim_file"

    claim_id: Mapped[int] = mapped_column(ForeignKey(Claim.id), index=True)


class ClaimFiling(Identified, Base):
    """That somebody at an address filed a claim; kept for the throttle and no longer."""

    __tablename__ = "claim_filing"

    address: Mapped[str] = mapped_column(index=True)
    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
