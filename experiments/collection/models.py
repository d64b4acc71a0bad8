"""Tables of collection: hubs, sources with their mappings, series, observations, attempts.

Instants inside observations are integer microseconds since 1970-01-01T00:00:00Z: they are keys,
they are read by the million, and an integer is the same on every database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.districts import District, Territory
from experiments.lifecycle import Versioned
from experiments.metrics import Metric
from experiments.orm import Base, Identified

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# False for NaN (null on SQLite, above every number on PostgreSQL), infinities, text and blobs.
FINITE = "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308"


def to_microseconds(instant: datetime) -> int:
    """Microseconds since the epoch of an aware instant."""
    return (instant - EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The UTC instant of `to_microseconds`."""
    return EPOCH + microseconds * _MICROSECOND


class Dialect(StrEnum):
    """Which habits of the NGSI-LD temporal API a hub has."""

    ETSI = "etsi"
    CITY_DATA_HUB = "city_data_hub"
    SCORPIO = "scorpio"
    ORION_LD = "orion_ld"
    STELLIO = "stellio"


class Representation(StrEnum):
    """The shape of the answer that is asked for. Of raw readings both shapes are read, whatever was asked.

    Values that the hub has put together itself, over its own buckets (`aggregated_values`) or as the
    value of a KeyPerformanceIndicator over its calculationPeriod, are never read beside raw ones.
    """

    NORMALIZED = "normalized"
    TEMPORAL_VALUES = "temporal_values"
    AGGREGATED_VALUES = "aggregated_values"
    KEY_PERFORMANCE_INDICATOR = "key_performance_indicator"

    @property
    def is_raw(self) -> bool:
        return self in (Representation.NORMALIZED, Representation.TEMPORAL_VALUES)


class Way(StrEnum):
    """How readings come in: asked for, sent by the hub, handed over as a file, or out of quarantine."""

    PULL = "pull"
    PUSH = "push"
    UPLOAD = "upload"
    REPROCESS = "reprocess"


class Across(StrEnum):
    """How the values of several entities of one district become the district's value."""

    SUM = "sum"
    MEAN = "mean"


class Verdict(StrEnum):
    """What became of a reading in quarantine; `superseded`: a later reading of its instant was stored."""

    OPEN = "open"
    STORED = "stored"
    DISCARDED = "discarded"
    SUPERSEDED = "superseded"


class AttemptStatus(StrEnum):
    """`stale`: the answer came after another worker, or an edit, had taken the source over."""

    DONE = "done"
    FAILED = "failed"
    STALE = "stale"


class Hub(Identified, Versioned, Base):
    """A city data hub. `zone` is read where the hub leaves offsets out.

    It serves the sources of its territory, whose city keeps it; without one, those of every territory, and
    the administrator keeps it. `kind` names the connector that speaks with it, `concurrency` how many of its
    sources one worker may read at a time (the worker's own limit where it is None), `requests_per_minute`
    how often one worker may call it. `credentials` are sealed (`collection.credentials`). `failures` counts
    windows that failed in a row, whichever source they were of; until `resting_until` the hub is left alone.
    One that no source ever read from may be withdrawn: it then serves nobody, and its name is free.
    """

    __tablename__ = "hub"
    __table_args__ = (
        CheckConstraint(
            "dialect IN ('etsi', 'city_data_hub', 'scorpio', 'orion_ld', 'stellio')", name="dialect_is_known"
        ),
        CheckConstraint("concurrency >= 1", name="concurrency_is_positive"),
        CheckConstraint("requests_per_minute >= 1", name="rate_is_positive"),
        CheckConstraint("failures >= 0", name="failures_are_counted"),
    )

    name: Mapped[str] = mapped_column(unique=True)
    territory_id: Mapped[int | None] = mapped_column(ForeignKey(Territory.id), index=True)
    kind: Mapped[str] = mapped_column(default="ngsi_ld")
    concurrency: Mapped[int | None]
    base_url: Mapped[str]
    dialect: Mapped[str]
    zone: Mapped[str]
    tenant: Mapped[str | None]
    context_url: Mapped[str | None]
    credentials: Mapped[str | None] = mapped_column(Text)
    requests_per_minute: Mapped[int | None]
    failures: Mapped[int] = mapped_column(default=0)
    resting_until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    territory: Mapped[Territory | None] = relationship()


class DataSource(Identified, Versioned, Base):
    """One entity type of one hub, read into the metrics and districts of one territory.

    Every instant before `watermark` was read at least once; `received_until` is the latest instant
    stamped on anything received. `fence` rises with every claim and every edit: a worker that
    holds an older number can no longer write. `options` are what the connector of the hub's kind
    needs beside the rest.
    """

    __tablename__ = "data_source"
    __table_args__ = (
        UniqueConstraint("hub_id", "name"),
        CheckConstraint("interval_seconds > 0", name="interval_is_positive"),
        CheckConstraint("overlap_seconds >= 0", name="overlap_is_not_negative"),
        CheckConstraint("lag_seconds >= 0", name="lag_is_not_negative"),
        CheckConstraint("window_seconds > 0", name="window_is_positive"),
        CheckConstraint("page_size > 0", name="page_size_is_positive"),
        CheckConstraint("watermark >= starts_at", name="watermark_follows_the_start"),
        CheckConstraint("failures >= 0", name="failures_are_counted"),
        CheckConstraint(
            "(lease_holder IS NULL) = (lease_until IS NULL) "
            "AND (lease_holder IS NULL) = (claimed_at IS NULL)",
            name="a_lease_is_whole",
        ),
        CheckConstraint(
            "representation IN ('normalized', 'temporal_values', 'aggregated_values', "
            "'key_performance_indicator')",
            name="representation_is_known",
        ),
        Index("ix_data_source_due", "paused", "next_due_at"),
    )

    hub_id: Mapped[int] = mapped_column(ForeignKey(Hub.id))
    territory_id: Mapped[int] = mapped_column(ForeignKey(Territory.id), index=True)
    name: Mapped[str]
    entity_type: Mapped[str]
    representation: Mapped[str] = mapped_column(default=Representation.TEMPORAL_VALUES)
    interval_seconds: Mapped[int]
    overlap_seconds: Mapped[int]
    lag_seconds: Mapped[int]
    window_seconds: Mapped[int]
    page_size: Mapped[int]
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    starts_at: Mapped[datetime]
    watermark: Mapped[datetime]
    received_until: Mapped[datetime | None]
    next_due_at: Mapped[datetime]
    paused: Mapped[bool] = mapped_column(default=False)
    lease_holder: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)

    hub: Mapped[Hub] = relationship()
    territory: Mapped[Territory] = relationship()
    attributes: Mapped[list[SourceAttribute]] = relationship(
        back_populates="source", cascade="all, delete-orphan", order_by="SourceAttribute.id"
    )
    entities: Mapped[list[SourceEntity]] = relationship(
        back_populates="source", cascade="all, delete-orphan", order_by="SourceEntity.id"
    )


class SourceAttribute(Identified, Base):
    """Attribute of the hub's entities -> metric, with the unit and the cadence as agreed with the hub.

    `cadence` says how often a reading is expected (hour, day, week, month, year); None if irregular.
    `across` says how several entities of one district are put together; None where each has one.
    """

    __tablename__ = "source_attribute"
    __table_args__ = (
        UniqueConstraint("source_id", "attribute"),
        UniqueConstraint("source_id", "metric_id"),
        CheckConstraint("cadence IN ('hour', 'day', 'week', 'month', 'year')", name="cadence_is_known"),
        CheckConstraint("across IN ('sum', 'mean')", name="across_is_known"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id))
    attribute: Mapped[str]
    metric_id: Mapped[int] = mapped_column(ForeignKey(Metric.id))
    unit: Mapped[str]
    cadence: Mapped[str | None]
    across: Mapped[str | None]

    source: Mapped[DataSource] = relationship(back_populates="attributes")
    metric: Mapped[Metric] = relationship(lazy="joined")


class SourceEntity(Identified, Base):
    """Entity of the hub -> district."""

    __tablename__ = "source_entity"
    __table_args__ = (
        UniqueConstraint("source_id", "entity"),
        Index("ix_source_entity_source_id_district_id", "source_id", "district_id"),
        # Who else gives a metric for a district is asked at every registration.
        Index("ix_source_entity_district_id", "district_id"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id))
    entity: Mapped[str]
    district_id: Mapped[int] = mapped_column(ForeignKey(District.id))

    source: Mapped[DataSource] = relationship(back_populates="entities")
    district: Mapped[District] = relationship(lazy="joined")


class Series(Identified, Base):
    """One metric in one district as one source gives it.

    Where the district has several entities each has its own series, named by `entity`; where it has
    one `entity` is empty, so that a device may be replaced. Readings are expected since `known_from`.
    """

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("metric_id", "district_id", "source_id", "entity"),)

    metric_id: Mapped[int] = mapped_column(ForeignKey(Metric.id))
    district_id: Mapped[int] = mapped_column(ForeignKey(District.id), index=True)
    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), index=True)
    entity: Mapped[str] = mapped_column(default="")
    known_from: Mapped[datetime] = mapped_column(default=EPOCH)

    metric: Mapped[Metric] = relationship()
    district: Mapped[District] = relationship()
    source: Mapped[DataSource] = relationship()


class Backfill(Identified, Base):
    """A past span of a source that is read beside the live schedule, window by window.

    Everything of the span before `watermark` was read; it ends when the watermark reaches `ends_at`.
    It belongs to whoever holds the lease of its source.
    """

    __tablename__ = "backfill"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_the_start"),
        CheckConstraint("watermark BETWEEN starts_at AND ends_at", name="watermark_is_inside"),
        CheckConstraint("(finished_at IS NULL) = (watermark < ends_at)", name="ends_with_its_watermark"),
        CheckConstraint("failures >= 0", name="failures_are_counted"),
        Index("ix_backfill_due", "finished_at", "next_due_at"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    watermark: Mapped[datetime]
    requested_at: Mapped[datetime]
    next_due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)

    source: Mapped[DataSource] = relationship()


class CollectionAttempt(Identified, Base):
    """One window fetched, or not, and why. `hub_count` is the hub's own count of entities, if it gave one.

    `dropped` maps a reason to its count and its first case; `quarantined` counts readings that came
    and could not be stored. `way` says how readings came; the window of what was not pulled is the
    span of its readings.
    """

    __tablename__ = "collection_attempt"
    __table_args__ = (
        CheckConstraint("status IN ('done', 'failed', 'stale')", name="status_is_known"),
        CheckConstraint("(status = 'done') = (error IS NULL)", name="failures_have_reasons"),
        CheckConstraint("finished_at >= started_at", name="ends_after_the_start"),
        CheckConstraint("way IN ('pull', 'push', 'upload', 'reprocess')", name="way_is_known"),
        Index("ix_collection_attempt_source_id_id", "source_id", "id"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id))
    backfill_id: Mapped[int | None] = mapped_column(ForeignKey(Backfill.id))
    way: Mapped[str] = mapped_column(default=Way.PULL)
    holder: Mapped[str]
    fence: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    status: Mapped[str]
    pages: Mapped[int] = mapped_column(default=0)
    hub_count: Mapped[int | None]
    readings: Mapped[int] = mapped_column(default=0)
    inserted: Mapped[int] = mapped_column(default=0)
    revised: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    dropped: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str | None] = mapped_column(Text)
    error_url: Mapped[str | None] = mapped_column(Text)
    response_digest: Mapped[str | None]

    source: Mapped[DataSource] = relationship()


class Observation(Base):
    """The latest value of a series at one instant; earlier ones are `ObservationRevision`s.

    `observed_at` and `received_at` are microseconds since the epoch, UTC. Series and attempt are not
    referenced by the database: that costs three times as much as storing the row, neither is ever
    deleted, and both come from the transaction that writes the row.
    """

    __tablename__ = "observation"
    __table_args__ = (
        CheckConstraint(FINITE, name="value_is_finite"),
        CheckConstraint("revision >= 0", name="revisions_are_counted"),
        # Rows are found by their key alone; without a rowid SQLite keeps them in the order of the key.
        {"sqlite_with_rowid": False, "postgresql_partition_by": "RANGE (observed_at)"},
    )

    series_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    observed_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[float] = mapped_column(Double)
    received_at: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(default=0)
    attempt_id: Mapped[int]


class ObservationRevision(Base):
    """A value that was known from `received_at` until `superseded_at` (microseconds, UTC)."""

    __tablename__ = "observation_revision"
    __table_args__ = (
        CheckConstraint(FINITE, name="value_is_finite"),
        CheckConstraint("superseded_at >= received_at", name="known_before_superseded"),
        {"sqlite_with_rowid": False},
    )

    series_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    observed_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[float] = mapped_column(Double)
    received_at: Mapped[int] = mapped_column(BigInteger)
    superseded_at: Mapped[int] = mapped_column(BigInteger)
    attempt_id: Mapped[int] = mapped_column(ForeignKey(CollectionAttempt.id))


class ObservationConfirmation(Base):
    """A reading that repeated the value which a file had brought, or its withdrawal restored.

    It stores nothing, but says whose the value is when the file is taken back. After the first that
    cannot be taken back itself, further ones of the same value are not written down.
    """

    __tablename__ = "observation_confirmation"
    __table_args__ = ({"sqlite_with_rowid": False},)

    series_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    observed_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    attempt_id: Mapped[int] = mapped_column(
        ForeignKey(CollectionAttempt.id), primary_key=True, autoincrement=False
    )
    value: Mapped[float] = mapped_column(Double)
    received_at: Mapped[int] = mapped_column(BigInteger)


class QuarantinedReading(Identified, Base):
    """A reading that came and could not be stored, with the reason, until somebody decides about it.

    `raw` is the value as JSON, cut off after 1,000 characters; `unit` what the reading itself said.
    """

    __tablename__ = "quarantined_reading"
    __table_args__ = (
        CheckConstraint("verdict IN ('open', 'stored', 'discarded', 'superseded')", name="verdict_is_known"),
        CheckConstraint("(verdict = 'open') = (decided_at IS NULL)", name="decided_or_open"),
        CheckConstraint("(verdict = 'discarded') = (note IS NOT NULL)", name="discarding_needs_a_reason"),
        Index("ix_quarantined_reading_source_id_observed_at", "source_id", "observed_at"),
        Index("ix_quarantined_reading_verdict_source_id", "verdict", "source_id"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id))
    attempt_id: Mapped[int] = mapped_column(ForeignKey(CollectionAttempt.id))
    entity: Mapped[str]
    attribute: Mapped[str]
    observed_at: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[int] = mapped_column(BigInteger)
    raw: Mapped[str] = mapped_column(Text)
    unit: Mapped[str | None]
    reason: Mapped[str]
    verdict: Mapped[str] = mapped_column(default=Verdict.OPEN)
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Text)

    source: Mapped[DataSource] = relationship()
    attempt: Mapped[CollectionAttempt] = relationship()
