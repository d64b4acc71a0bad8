"""Tables of notices: what a person is told, how they want to be told, and the mails that carry it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.accounts import Person


class MailMode(StrEnum):
    """How a person's notices are mailed: as they come, once a day, or not at all."""

    EACH = "each"
    DAILY = "daily"
    NONE = "none"


class MailStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    GIVEN_UP = "given_up"


class Mail(Identified, Base):
    """One e-mail with one or more notices; whoever sends it holds it until `held_until`."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'sending', 'sent', 'given_up')", name="status_is_known"),
        Index("ix_mail_status_next_at", "status", "next_at"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=MailStatus.QUEUED)
    next_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)

    person: Mapped[Person] = relationship(lazy="joined")
    attempts: Mapped[list[MailAttempt]] = relationship(order_by="MailAttempt.id")


class MailAttempt(Identified, Base):
    """One try to hand a mail over; `error` is empty where it was taken."""

    __tablename__ = "mail_attempt"

    mail_id: Mapped[int] = mapped_column(ForeignKey(Mail.id), index=True)
    at: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(Text)


class Notice(Identified, Base):
    """Something that one person is told. `key` keeps it from being told twice.

    subject     what it is about, as the ledger names it
    facts       what fills the text of `code`
    mail_after  when it may be mailed; empty where the person wants no mail
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        Index("ix_notice_person_id_seen_at", "person_id", "seen_at"),
        Index("ix_notice_mail_id_mail_after", "mail_id", "mail_after"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    key: Mapped[str]
    code: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    mail_after: Mapped[datetime | None]
    mail_id: Mapped[int | None] = mapped_column(ForeignKey(Mail.id))

    person: Mapped[Person] = relationship()


class NoticeSetting(Base):
    """How one person wants to be told; nobody without a row has changed the defaults."""

    __tablename__ = "notice_setting"
    __table_args__ = (
        CheckConstraint("mail IN ('each', 'daily', 'none')", name="mail_is_known"),
        CheckConstraint("language IN ('ko', 'en')", name="language_is_known"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True)
    mail: Mapped[str]
    language: Mapped[str]
    reminder_days: Mapped[list[int]] = mapped_column(JSON)
