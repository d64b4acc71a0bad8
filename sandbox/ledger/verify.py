"""Walk the ledger from its first row and name the first one that is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from sandbox.ledger.chain import GENESIS, LedgerEntry, expected_hash

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
    """Recompute every hash in order; stops at the first row that is missing, swapped or changed.

    Rows cut off at the end leave a sound chain: whoever noted `rows` and `head` earlier sees that.
    """
    previous, number = GENESIS, 0
    # Columns, not entities: what this session believes to know of a row is not what is stored.
    columns = select(LedgerEntry.__table__).order_by(LedgerEntry.number)
    with session.execute(columns.execution_options(yield_per=_ROWS_AT_A_TIME)) as rows:
        for row in rows:
            why = _fault(row, number + 1, previous)
            if why:
                return Verdict(number, previous, Broken(number + 1, why))
            previous, number = row.hash, row.number
    return Verdict(number, previous, None)


def _fault(row: Row[Any], expected_number: int, previous: str) -> str | None:
    if row.number != expected_number:
        return "it is missing"
    if row.previous_hash != previous:
        return "it does not follow from the row before it"
    if row.hash != expected_hash(row):
        return "its contents were changed after it was written"
    return None
