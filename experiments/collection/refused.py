"""Requests that were refused after their token was known: each is an attempt that failed, with its reason.

Whoever sends is answered at once; whoever keeps the source has to see it too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection import ingest
from experiments.collection.faults import quote
from experiments.collection.models import AttemptStatus, CollectionAttempt, Way
from experiments.collection.push import TooLarge
from experiments.collection.tokens import SourceToken
from experiments.errors import DomainError, Invalid, WrongMoment

# More rows than this say nothing new about what is wrong.
MOST_NAMED = 10
ATTEMPTS_SHOWN = 10


def note(session: Session, token: SourceToken, why: str, *, at: datetime) -> CollectionAttempt:
    """Keep, as of the instant `at`, that a request with `token` was refused, in a transaction of its own."""
    source = token.source
    ingest.lock(session, source, at)
    token.last_used_at = at
    attempt = CollectionAttempt(
        source_id=source.id,
        way=Way.PUSH,
        holder=f"token:{token.id}",
        fence=source.fence,
        started_at=at,
        finished_at=at,
        window_start=at,
        window_end=at,
        status=AttemptStatus.FAILED,
        error=why,
    )
    session.add(attempt)
    session.flush()
    return attempt


def reason(refusal: DomainError) -> str:
    """Why a request was refused, one line for each complaint: `field: message`, at most ten of them."""
    if isinstance(refusal, Invalid):
        lines = [f"{quote(field)}: {' '.join(texts)}" for field, texts in refusal.errors.items()]
        rest = [f"and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
        return "\n".join(lines[:MOST_NAMED] + rest)
    if isinstance(refusal, WrongMoment):
        return f"not taken: {refusal.needs or refusal.status}"
    if isinstance(refusal, TooLarge):
        return "more than one request may hold"
    return quote(refusal)


def latest(session: Session, source_id: int) -> list[CollectionAttempt]:
    """The latest ten attempts of a source that is sent to, newest first."""
    rows = select(CollectionAttempt).where(CollectionAttempt.source_id == source_id)
    return list(session.scalars(rows.order_by(CollectionAttempt.id.desc()).limit(ATTEMPTS_SHOWN)))
