"""Sources whose readings are kept and do not count: from a moment on, until that is taken back.

Two sources that give readings for the same cell make it undecidable which one counts. Whoever keeps them
says so by setting one aside; what evaluations of an earlier moment rest on stays as it was.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from experiments.collection.models import DataSource
from experiments.orm import Base, Identified


class SetAside(Identified, Base):
    """One stretch of time over which a source does not count, with the reason for it."""

    __tablename__ = "source_set_aside"
    __table_args__ = (CheckConstraint("until IS NULL OR until >= since", name="ends_after_it_began"),)

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), index=True)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str]


def set_aside(session: Session, source: DataSource, *, reason: str, by_name: str, at: datetime) -> SetAside:
    """From `at` on the readings of `source` count for nothing."""
    row = SetAside(source_id=source.id, since=at, reason=reason, by_name=by_name)
    session.add(row)
    session.flush()
    return row


def current(session: Session, source: DataSource) -> SetAside | None:
    """The stretch that has not ended."""
    query = select(SetAside).where(SetAside.source_id == source.id, SetAside.until.is_(None))
    return session.scalar(query)


def sources_aside(session: Session, *, as_of: datetime) -> frozenset[int]:
    """The sources that did not count at that moment."""
    query = select(SetAside.source_id).where(
        SetAside.since <= as_of, or_(SetAside.until.is_(None), SetAside.until > as_of)
    )
    return frozenset(session.scalars(query))
