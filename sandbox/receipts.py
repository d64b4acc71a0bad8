"""Receipts that residents hold: a hash that stands in the ledger, and what anybody can check of it.

Promises that a receipt tells nothing of the person who holds it: the hash covers a random salt, so
that nobody finds it by trying names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from experiments.canonical import digest
from experiments.errors import NotFound
from experiments.orm import Base
from sandbox.ledger import LedgerEntry
from sandbox.ledger.chain import GENESIS, expected_hash

_HASH = re.compile("[0-9a-f]{64}")


class Receipt(Base):
    """Which row of the ledger a receipt's hash stands in."""

    __tablename__ = "receipt"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    entry_number: Mapped[int] = mapped_column(ForeignKey("ledger_entry.number"))


@dataclass(frozen=True)
class Checked:
    """A receipt held against the ledger.

    is_sound  the row holds the hash, has the hash of its own contents, and follows from the row before
    head      number and hash of the ledger's last row
    """

    sha256: str
    act: str
    subject: str
    at: datetime
    entry_number: int
    entry_hash: str
    previous_hash: str
    is_sound: bool
    head: tuple[int, str]


def give(session: Session, document: str, entry: LedgerEntry) -> None:
    """Note that `entry`, whose details hold the digest of `document`, is its receipt's row."""
    session.add(Receipt(sha256=digest(document), entry_number=entry.number))
    session.flush()


def check(session: Session, sha256: str) -> Checked:
    """What the ledger says of this hash; NotFound where it says nothing."""
    wanted = sha256.strip().lower()
    receipt = session.get(Receipt, wanted) if _HASH.fullmatch(wanted) else None
    if receipt is None:
        raise NotFound("receipt", sha256[:64])
    entry = session.get_one(LedgerEntry, receipt.entry_number)
    before = session.get(LedgerEntry, entry.number - 1)
    head = session.execute(
        select(LedgerEntry.number, LedgerEntry.hash).order_by(LedgerEntry.number.desc()).limit(1)
    ).one()
    return Checked(
        sha256=wanted,
        act=entry.act,
        subject=entry.subject,
        at=entry.at,
        entry_number=entry.number,
        entry_hash=entry.hash,
        previous_hash=entry.previous_hash,
        is_sound=(
            wanted in entry.details
            and entry.hash == expected_hash(entry)
            and entry.previous_hash == (before.hash if before else GENESIS)
        ),
        head=(head.number, head.hash),
    )
