"""Rows of the ledger and the one way to add one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from experiments.canonical import canonical, digest
from experiments.lifecycle import Actor
from experiments.orm import Base
from sandbox.ledger import witness

GENESIS = "0" * 64

# Any fixed number; every appender asks PostgreSQL for the lock of this name.
_LEDGER_LOCK = 0x6C656467

_HASHED = (
    "number",
    "actor_id",
    "actor_name",
    "actor_role",
    "act",
    "subject",
    "details",
    "previous_hash",
)


class LedgerEntry(Base):
    """One act. `hash` covers every other column and the hash of the row before.

    stored  canonical JSON {table: {id: SHA-256}} of the facts that the act put into other tables
            (`sandbox.ledger.witness`); None where it put none there, and in rows older than that
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (CheckConstraint("number >= 1", name="numbered_from_one"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    details: Mapped[str] = mapped_column(Text)
    stored: Mapped[str | None] = mapped_column(Text)
    previous_hash: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)


def expected_hash(row: Any) -> str:
    """The hash that a row must carry: over its other columns, the hash of the row before among them."""
    columns = {name: getattr(row, name) for name in _HASHED}
    # Rows older than the column keep the hash that they were written with.
    if getattr(row, "stored", None) is not None:
        columns["stored"] = row.stored
    return digest(canonical(columns | {"at": row.at.isoformat()}))


def hold(session: Session) -> None:
    """Let nobody else append until this transaction ends, as for numbers without gaps."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LEDGER_LOCK})


def append(
    session: Session,
    *,
    act: str,
    subject: str,
    by: Actor,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> LedgerEntry:
    """Add one act in the current transaction and return its row.

    `subject` is `kind:key` (`pilot:RS-2026-0001`). Appends are serialised: SQLite has one writer,
    PostgreSQL holds an advisory lock until the transaction ends. The act's own changes are
    flushed before the lock is asked for, so that two acts never wait for each other crosswise.
    """
    hold(session)
    facts = witness.stored_facts(session)
    last = session.execute(
        select(LedgerEntry.number, LedgerEntry.hash).order_by(LedgerEntry.number.desc()).limit(1)
    ).first()
    entry = LedgerEntry(
        number=last.number + 1 if last else 1,
        # The hash is over the instant's text, which must read the same when it comes back.
        at=at.astimezone(UTC),
        actor_id=by.person_id,
        actor_name=by.name,
        actor_role=by.role,
        act=act,
        subject=subject,
        details=canonical(dict(details or {})),
        stored=facts,
        previous_hash=last.hash if last else GENESIS,
        hash="",
    )
    entry.hash = expected_hash(entry)
    session.add(entry)
    session.flush()
    return entry
