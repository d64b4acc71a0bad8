"""What a city's data officer does with the tokens of a source: a permission, one act, one ledger row."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from experiments.collection import tokens
from experiments.collection.models import DataSource
from experiments.collection.tokens import SourceToken
from experiments.errors import Refused
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.collection_desk import may_keep

# A sender has this long to change over to the successor.
OVERLAP = timedelta(days=7)
SENSIBLE_DAYS = 90


def make(session: Session, source: DataSource, *, label: str, days: int, by: Actor, at: datetime) -> str:
    """The secret of a new token, which is shown this once."""
    _require_keeper(session, source, by, "source.make_token")
    token, secret = tokens.make(session, source, label=label, days=days, at=at)
    _record(session, token, "make_token", by, at, label=token.label, expires_at=token.expires_at.isoformat())
    return secret


def rotate(session: Session, source: DataSource, token_id: int, *, by: Actor, at: datetime) -> str:
    """The secret of the successor of a token, which itself works for a week more."""
    _require_keeper(session, source, by, "source.rotate_token")
    old = tokens.token_of(session, source, token_id)
    token, secret = tokens.rotate(session, old, days=SENSIBLE_DAYS, overlap=OVERLAP, at=at)
    _record(session, token, "rotate_token", by, at, before=old.id, expires_at=token.expires_at.isoformat())
    return secret


def revoke(session: Session, source: DataSource, token_id: int, *, by: Actor, at: datetime) -> None:
    """End a token at once."""
    _require_keeper(session, source, by, "source.revoke_token")
    token = tokens.token_of(session, source, token_id)
    tokens.revoke(session, token, at=at)
    _record(session, token, "revoke_token", by, at)


def _require_keeper(session: Session, source: DataSource, by: Actor, verb: str) -> None:
    if not may_keep(session, source.territory_id, by):
        raise Refused(verb, "data_officer_of_the_city")


def _record(
    session: Session, token: SourceToken, verb: str, by: Actor, at: datetime, **facts: object
) -> None:
    subject, details = f"source:{token.source_id}", {"token": token.id, **facts}
    ledger.append(session, act=f"source.{verb}", subject=subject, by=by, at=at, details=details)
