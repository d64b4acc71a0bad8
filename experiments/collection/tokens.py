"""Secrets with which machines hand readings over: each opens one source, and nothing else.

Only hashes are kept. A token is rotated by making its successor: the old one goes on working for a
while, so that a sender can change over without losing a reading.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from marshmallow import Schema, fields, validate
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.collection.models import CollectionAttempt, DataSource
from experiments.errors import NotFound, WrongMoment
from experiments.fields import Line, load
from experiments.orm import Base, Identified

TOKEN_BYTES = 32
PREFIX = "src_"
LONGEST_DAYS = 400


class SourceToken(Identified, Base):
    """The right to hand readings to one source, until it expires or is revoked."""

    __tablename__ = "source_token"
    __table_args__ = (
        CheckConstraint("expires_at > made_at", name="expires_after_it_was_made"),
        CheckConstraint("length(token_hash) = 64", name="only_the_hash_is_kept"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), index=True)
    label: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    source: Mapped[DataSource] = relationship()

    def works_at(self, at: datetime) -> bool:
        """Whether readings are taken with it at `at`."""
        return self.revoked_at is None and at < self.expires_at


class PushReceipt(Identified, Base):
    """What became of a push that named itself with an idempotency key, so that it counts once."""

    __tablename__ = "push_receipt"
    __table_args__ = (UniqueConstraint("source_id", "key"),)

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id))
    key: Mapped[str]
    body_sha256: Mapped[str]
    attempt_id: Mapped[int] = mapped_column(ForeignKey(CollectionAttempt.id))

    attempt: Mapped[CollectionAttempt] = relationship()


class TokenSchema(Schema):
    """A token as people ask for it: what it is for, and for how many days it works."""

    label = Line(required=True, longest=100)
    days = fields.Integer(required=True, validate=validate.Range(min=1, max=LONGEST_DAYS))


def make(
    session: Session, source: DataSource, *, label: str, days: int, at: datetime
) -> tuple[SourceToken, str]:
    """A new token of `source` and its secret, which is known only now."""
    values = load(TokenSchema(), {"label": label, "days": days})
    secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    token = SourceToken(
        source=source,
        label=values["label"],
        token_hash=_hash(secret),
        made_at=at,
        expires_at=at + timedelta(days=values["days"]),
    )
    session.add(token)
    session.flush()
    return token, secret


def rotate(
    session: Session, token: SourceToken, *, days: int, overlap: timedelta, at: datetime
) -> tuple[SourceToken, str]:
    """The successor of `token`, which itself works for no longer than `overlap` from now."""
    if not token.works_at(at):
        raise WrongMoment("source.rotate_token", "ended", needs="token_works")
    successor = make(session, token.source, label=token.label, days=days, at=at)
    token.expires_at = min(token.expires_at, at + overlap)
    session.flush()
    return successor


def revoke(session: Session, token: SourceToken, *, at: datetime) -> None:
    """End `token` at once."""
    if not token.works_at(at):
        raise WrongMoment("source.revoke_token", "ended", needs="token_works")
    token.revoked_at = at
    session.flush()


def tokens_of(session: Session, source: DataSource) -> list[SourceToken]:
    """The tokens of `source`, the newest first."""
    rows = select(SourceToken).where(SourceToken.source_id == source.id).order_by(SourceToken.id.desc())
    return list(session.scalars(rows))


def token_of(session: Session, source: DataSource, token_id: int) -> SourceToken:
    """The token of `source` with this id; NotFound also for one of another source."""
    token = session.get(SourceToken, token_id)
    if token is None or token.source_id != source.id:
        raise NotFound("token", token_id)
    return token


def holder(session: Session, secret: str, at: datetime) -> SourceToken | None:
    """The working token with this secret, noted as used at `at`; None where there is none."""
    token = session.scalar(select(SourceToken).where(SourceToken.token_hash == _hash(secret)))
    if token is None or not token.works_at(at):
        return None
    token.last_used_at = at
    return token


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
