"""The gazette (고시): the notices of a year, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from sandbox.documents.models import OfficialDocument

ROWS_PER_PAGE = 50
NOTICE = "notice"


@dataclass(frozen=True)
class Gazette:
    """One page of the notices of `year` (None: no notice was ever published); pages count from 1."""

    notices: tuple[OfficialDocument, ...]
    years: tuple[int, ...]
    year: int | None
    total: int
    page: int
    pages: int


def gazette(session: Session, *, year: int | None = None, page: int = 1) -> Gazette:
    """The notices of `year`, of the latest one where none is named or nothing was published in it."""
    series = OfficialDocument.series == NOTICE
    numbered = select(OfficialDocument.year).where(series).distinct()
    years = tuple(session.scalars(numbered.order_by(OfficialDocument.year.desc())))
    if not years:
        return Gazette((), (), None, 0, 1, 1)
    shown = year if year in years else years[0]
    wanted = series & (OfficialDocument.year == shown)
    total = session.scalar(select(func.count(OfficialDocument.id)).where(wanted)) or 0
    pages = max(1, ceil(total / ROWS_PER_PAGE))
    page = min(max(page, 1), pages)
    rows = session.scalars(
        select(OfficialDocument)
        .where(wanted)
        .options(joinedload(OfficialDocument.pilot))
        .order_by(OfficialDocument.sequence.desc())
        .limit(ROWS_PER_PAGE)
        .offset((page - 1) * ROWS_PER_PAGE)
    )
    return Gazette(tuple(rows), years, shown, total, page, pages)
