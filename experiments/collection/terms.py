"""What was agreed about a metric of a source, and since when: mappings change, results may not.

Whatever reads as of a moment takes the terms of that moment. Each state of a mapping is kept; the
latest one also stands in `SourceAttribute`, which collection goes by.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.collection.models import DataSource, SourceAttribute
from experiments.metrics import Metric
from experiments.orm import Base, Identified


class MappingTerms(Identified, Base):
    """How readings of one metric were made in one source, from `known_from` until the next terms.

    The terms of a mapping that was taken out stay in force for what it brought. `origin` names the hub
    and its entity type as they were called.
    """

    __tablename__ = "mapping_terms"
    __table_args__ = (
        CheckConstraint("cadence IN ('hour', 'day', 'week', 'month', 'year')", name="cadence_is_known"),
        CheckConstraint("across IN ('sum', 'mean')", name="across_is_known"),
        Index("ix_mapping_terms_metric_id_source_id", "metric_id", "source_id"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id))
    metric_id: Mapped[int] = mapped_column(ForeignKey(Metric.id))
    known_from: Mapped[datetime]
    origin: Mapped[str]
    attribute: Mapped[str]
    unit: Mapped[str]
    cadence: Mapped[str | None]
    across: Mapped[str | None]

    source: Mapped[DataSource] = relationship()

    @property
    def said(self) -> str:
        """The way in which readings are made, in one line."""
        told = ", ".join(part for part in (self.unit, self.cadence, self.across) if part)
        return f"{self.origin}.{self.attribute} ({told})"


def note(session: Session, source: DataSource, *, at: datetime) -> None:
    """Keep the terms of every mapping of `source` that are new at `at`."""
    known = {row.metric_id: row for row in _in_order(session, source_id=source.id)}
    for mapped in source.attributes:
        before = known.get(mapped.metric_id)
        terms = _terms(source, mapped, at)
        if before is None or before.said != terms.said:
            session.add(terms)
    session.flush()


def terms_of(session: Session, metric: Metric, *, as_of: datetime) -> dict[int, MappingTerms]:
    """By source, the terms of `metric` that were in force at `as_of`; without sources of later."""
    rows = _in_order(session, metric_id=metric.id)
    return {row.source_id: row for row in rows if row.known_from <= as_of}


def _in_order(session: Session, **which: int) -> Iterable[MappingTerms]:
    query = select(MappingTerms).filter_by(**which)
    return session.scalars(query.order_by(MappingTerms.known_from, MappingTerms.id)).all()


def _terms(source: DataSource, mapped: SourceAttribute, at: datetime) -> MappingTerms:
    return MappingTerms(
        source_id=source.id,
        metric_id=mapped.metric.id,
        known_from=at,
        origin=f"{source.hub.name} {source.entity_type}",
        attribute=mapped.attribute,
        unit=mapped.unit,
        cadence=mapped.cadence,
        across=mapped.across,
    )
