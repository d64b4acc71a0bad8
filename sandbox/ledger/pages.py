"""Read the ledger page by page, the newest act first."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from sandbox.ledger.chain import LedgerEntry

ROWS_PER_PAGE = 50


@dataclass(frozen=True)
class LedgerPage:
    """One page of the rows that were asked for; `page` and `pages` count from 1."""

    rows: tuple[LedgerEntry, ...]
    total: int
    page: int
    pages: int


def search(session: Session, *, subject: str = "", act: str = "", page: int = 1) -> LedgerPage:
    """Rows whose subject begins with `subject` and whose act is `act`, where these are given."""
    wanted = _wanted(select(LedgerEntry), subject, act)
    total = session.scalar(_wanted(select(func.count(LedgerEntry.number)), subject, act)) or 0
    pages = max(1, ceil(total / ROWS_PER_PAGE))
    page = min(max(page, 1), pages)
    rows = session.scalars(
        wanted.order_by(LedgerEntry.number.desc()).limit(ROWS_PER_PAGE).offset((page - 1) * ROWS_PER_PAGE)
    )
    return LedgerPage(tuple(rows), total, page, pages)


def acts(session: Session) -> list[str]:
    """Every kind of act that stands in the ledger, by name."""
    return list(session.scalars(select(LedgerEntry.act).distinct().order_by(LedgerEntry.act)))


def _wanted(query: Select, subject: str, act: str) -> Select:
    if subject:
        query = query.where(LedgerEntry.subject.startswith(subject, autoescape=True))
    return query.where(LedgerEntry.act == act) if act else query
