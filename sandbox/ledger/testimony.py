"""Every stored fact held against the last digest that the ledger has of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from sandbox.ledger.chain import LedgerEntry
from sandbox.ledger.witness import row_digest, witnessed_tables

_ROWS_AT_A_TIME = 500


@dataclass(frozen=True)
class Difference:
    """A stored row that is not what the ledger's row `number` vouches for; `is_gone`: it is not there."""

    number: int
    table: str
    key: int
    is_gone: bool


@dataclass(frozen=True)
class Testimony:
    """What differs, and how many rows no row of the ledger vouches for (they are older than the witness)."""

    differences: tuple[Difference, ...]
    witnessed: int
    unwitnessed: int


def testimony(session: Session) -> Testimony:
    """Every listed row held against the last digest that the ledger has of it.

    The digests stand in a temporary database meanwhile, on disk once they are many, so that the
    memory this takes does not grow with the register.
    """
    kept = sqlite3.connect("")
    try:
        kept.execute("CREATE TABLE fact (name TEXT, id INTEGER, sha256 TEXT, number INTEGER, seen INTEGER)")
        kept.execute("CREATE UNIQUE INDEX of_row ON fact (name, id)")
        _read_ledger(session, kept)
        differences: list[Difference] = []
        unwitnessed = 0
        for name, columns in witnessed_tables().items():
            for key, found in _rows(session, columns):
                recorded = kept.execute(
                    "UPDATE fact SET seen = 1 WHERE name = ? AND id = ? RETURNING sha256, number", (name, key)
                ).fetchone()
                if recorded is None:
                    unwitnessed += 1
                elif recorded[0] != found:
                    differences.append(Difference(recorded[1], name, key, is_gone=False))
        gone = kept.execute(
            "SELECT number, name, id FROM fact"
            " WHERE seen = 0 AND sha256 IS NOT NULL ORDER BY number, name, id"
        )
        differences += [Difference(number, name, key, is_gone=True) for number, name, key in gone]
        witnessed = kept.execute("SELECT count(*) FROM fact WHERE seen = 1").fetchone()[0]
    finally:
        kept.close()
    return Testimony(tuple(differences), witnessed, unwitnessed)


def _read_ledger(session: Session, kept: sqlite3.Connection) -> None:
    stored = select(LedgerEntry.number, LedgerEntry.stored).where(LedgerEntry.stored.is_not(None))
    stored = stored.order_by(LedgerEntry.number).execution_options(yield_per=_ROWS_AT_A_TIME)
    with session.execute(stored) as entries:
        for number, text in entries:
            kept.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?, 0)", _parsed(number, text))


def _parsed(number: int, text: str | None) -> Iterable[tuple[str, int, str | None, int]]:
    """The digests of one row; none where somebody left no such object there (`verify` names that row)."""
    try:
        facts = json.loads(text or "{}")
        return [(name, int(key), sha, number) for name, rows in facts.items() for key, sha in rows.items()]
    except (ValueError, AttributeError, TypeError):
        return []


def _rows(session: Session, columns: tuple[Column[Any], ...]) -> Iterator[tuple[int, str]]:
    key = columns[0].table.c.id
    rows = select(key, *columns).order_by(key).execution_options(yield_per=_ROWS_AT_A_TIME)
    with session.execute(rows) as found:
        for row in found:
            yield row[0], row_digest(row)
