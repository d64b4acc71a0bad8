"""Addresses that offices are told at, and every delivery with its tries."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.organisations import Organisation


class EndReason(StrEnum):
    """Why an address is told nothing any more."""

    REMOVED = "removed"
    FAILING = "failing"


class Endpoint(Identified, Base):
    """An address of one office and the events that it is told of.

    secret         what deliveries are signed with, sealed
    failing_since  the first of the failures since the last delivery that was taken
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_means_why"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(JSON)
    secret: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_by_name: Mapped[str]
    failing_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]

    @property
    def key(self) -> str:
        """How the ledger names this address."""
        return f"webhook:{self.id}"


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    TAKEN = "taken"
    GIVEN_UP = "given_up"


class Delivery(Identified, Base):
    """One event for one address; `key` keeps it from being told twice."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "key"),
        Index("ix_webhook_delivery_status_next_at", "status", "next_at"),
        CheckConstraint("status IN ('queued', 'sending', 'taken', 'given_up')", name="status_is_known"),
    )

    endpoint_id: Mapped[int] = mapped_column(ForeignKey(Endpoint.id))
    key: Mapped[str]
    event: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=DeliveryStatus.QUEUED)
    next_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)

    endpoint: Mapped[Endpoint] = relationship(lazy="joined")
    attempts: Mapped[list[Attempt]] = relationship(order_by="Attempt.id")


class Attempt(Identified, Base):
    """One try; `status` is the answer's, `error` says why it was not taken."""

    __tablename__ = "webhook_attempt"

    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id), index=True)
    at: Mapped[datetime]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
