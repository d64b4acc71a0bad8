"""Walk the ledger from its first row and name the first one that is broken."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.ledger.chain import GENESIS, LedgerEntry

_ROWS_AT_A_TIME = 1000


@dataclass(frozen=True)
class Broken:
    """The first row that does not fit, and what is wrong with it."""

    number: int
    why: str


@dataclass(frozen=True)
class Verdict:
    """What a walk found: how many rows are sound, the head's hash, and the break if any."""

    rows: int
    head: str
    broken: Broken | None

    @property
    def is_sound(self) -> bool:
        return self.broken is None


def verify(session: Session) -> Verdict:
    """Recompute every hash in order; stops at the first row that is missing, swapped or changed."""
    previous, number = GENESIS, 0
    rows = session.scalars(
        select(LedgerEntry).order_by(LedgerEntry.number).execution_options(yield_per=_ROWS_AT_A_TIME)
    )
    for entry in rows:
        why = _fault(entry, number + 1, previous)
        if why:
            return Verdict(
                number, previous, Broken(entry.number if entry.number == number + 1 else number + 1, why)
            )
        previous, number = entry.hash, entry.number
    return Verdict(number, previous, None)


def _fault(entry: LedgerEntry, expected_number: int, previous: str) -> str | None:
    if entry.number != expected_number:
        return f"row {expected_number} is missing"
    if entry.previous_hash != previous:
        return "it does not follow from the row before it"
    if entry.hash != entry.expected_hash():
        return "its contents were changed after it was written"
    return None
