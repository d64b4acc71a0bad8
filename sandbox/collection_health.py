"""How collection is doing: each source with what happened last, for those who watch over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, exists, false, func, select
from sqlalchemy.orm import Session, joinedload

from experiments.collection.connectors.options import PUSHED, SUBSCRIBED
from experiments.collection.models import (
    AttemptStatus,
    CollectionAttempt,
    DataSource,
    Observation,
    QuarantinedReading,
    Series,
    Verdict,
)
from experiments.collection.mqtt_models import MqttSession
from experiments.errors import NotFound
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.collection_desk import may_keep
from sandbox.programmes.models import Site

ATTEMPTS_SHOWN = 20
# A beat of the scheduler, a long window and a slow hub are no reason to worry anybody.
GRACE = timedelta(minutes=15)


class Health(StrEnum):
    """What a source needs: attention (`refused`, `failing`, `overdue`; `quarantined` where all that
    came last went there, `absent` where no mapped entity came) or only time."""

    PAUSED = "paused"
    REFUSED = "refused"
    FAILING = "failing"
    OVERDUE = "overdue"
    WAITING = "waiting"
    CATCHING_UP = "catching_up"
    QUARANTINED = "quarantined"
    ABSENT = "absent"
    HEALTHY = "healthy"


@dataclass(frozen=True)
class SourceLine:
    """One source of a list with its latest attempt, and how many readings wait in quarantine."""

    source: DataSource
    health: Health
    latest: CollectionAttempt | None
    waiting: int


@dataclass(frozen=True)
class Listening:
    """How a source of a broker is listened to. `since` is None while nobody does; `heard_until` is when a
    connection was last known to stand, None where there never was one."""

    since: datetime | None
    heard_until: datetime | None


@dataclass(frozen=True)
class SourcePage:
    """One source with its latest attempts, newest first, how many of its series are silent and how many
    readings wait in quarantine; `listening` is None where the hub is asked."""

    source: DataSource
    listening: Listening | None
    health: Health
    attempts: tuple[CollectionAttempt, ...]
    series: int
    silent_series: int
    waiting: int
    may_keep: bool


def lines(session: Session, actor: Actor, now: datetime) -> list[SourceLine]:
    """The sources that this actor watches, by territory and name."""
    wanted = _watched(actor).options(joinedload(DataSource.hub), joinedload(DataSource.territory))
    rows = session.scalars(wanted.order_by(DataSource.territory_id, DataSource.name, DataSource.id)).all()
    newest = (
        select(func.max(CollectionAttempt.id))
        .where(CollectionAttempt.source_id.in_([source.id for source in rows]))
        .group_by(CollectionAttempt.source_id)
    )
    attempts = session.scalars(select(CollectionAttempt).where(CollectionAttempt.id.in_(newest)))
    latest = {attempt.source_id: attempt for attempt in attempts}
    waiting = _waiting(session, [source.id for source in rows])
    return [
        SourceLine(each, health(each, latest.get(each.id), now), latest.get(each.id), waiting.get(each.id, 0))
        for each in rows
    ]


def find(session: Session, source_id: int, actor: Actor) -> DataSource:
    """The source; NotFound also for whoever does not watch it."""
    source = session.scalar(_watched(actor).where(DataSource.id == source_id))
    if source is None:
        raise NotFound("source", source_id)
    return source


def page(session: Session, source: DataSource, actor: Actor, now: datetime) -> SourcePage:
    """All about one source."""
    attempts = tuple(
        session.scalars(
            select(CollectionAttempt)
            .where(CollectionAttempt.source_id == source.id)
            .order_by(CollectionAttempt.id.desc())
            .limit(ATTEMPTS_SHOWN)
        )
    )
    series = select(func.count()).select_from(Series).where(Series.source_id == source.id)
    silent = series.where(~exists().where(Observation.series_id == Series.id))
    return SourcePage(
        source=source,
        listening=_listening(session, source, now) if source.hub.kind in SUBSCRIBED else None,
        health=health(source, attempts[0] if attempts else None, now),
        attempts=attempts,
        series=session.scalar(series) or 0,
        silent_series=session.scalar(silent) or 0,
        waiting=_waiting(session, [source.id]).get(source.id, 0),
        may_keep=may_keep(session, source.territory_id, actor),
    )


def health(source: DataSource, latest: CollectionAttempt | None, now: datetime) -> Health:
    """What stands out about `source` at `now`, the most pressing first."""
    if source.paused:
        return Health.PAUSED
    if source.hub.kind == PUSHED:
        # Nobody can be late who is not asked; whether readings stay away is told series by series.
        if latest is None:
            return Health.WAITING
        return Health.REFUSED if latest.status == AttemptStatus.FAILED else _yield(source, latest)
    if source.failures:
        return Health.FAILING
    is_leased = source.lease_until is not None and source.lease_until > now
    if source.next_due_at + GRACE < now and not is_leased:
        return Health.OVERDUE
    if latest is None:
        return Health.WAITING
    interval, lag = timedelta(seconds=source.interval_seconds), timedelta(seconds=source.lag_seconds)
    if source.watermark < now - lag - 2 * interval - GRACE:
        return Health.CATCHING_UP
    return _yield(source, latest)


def _yield(source: DataSource, latest: CollectionAttempt) -> Health:
    """What came of an attempt that was made in time."""
    if latest.quarantined and not latest.inserted + latest.revised + latest.unchanged:
        return Health.QUARANTINED
    absent = (latest.dropped or {}).get("entity_absent")
    if absent and not latest.readings and absent["count"] >= len(source.entities):
        return Health.ABSENT
    return Health.HEALTHY


def _waiting(session: Session, source_ids: Sequence[int]) -> dict[int, int]:
    """How many readings of each source wait in quarantine; none where none does."""
    rows = session.execute(
        select(QuarantinedReading.source_id, func.count())
        .where(QuarantinedReading.source_id.in_(source_ids), QuarantinedReading.verdict == Verdict.OPEN)
        .group_by(QuarantinedReading.source_id)
    )
    return {row[0]: row[1] for row in rows}


def _listening(session: Session, source: DataSource, now: datetime) -> Listening:
    known = session.scalar(select(MqttSession).where(MqttSession.source_id == source.id))
    if known is None:
        return Listening(None, None)
    # A worker that died could no longer note that it hung up; its lease tells.
    is_held = source.lease_until is not None and source.lease_until > now
    return Listening(known.connected_since if is_held else None, known.heard_until)


def _watched(actor: Actor) -> Select[DataSource]:
    """A data officer watches the own city's sources, evaluators and auditors watch all."""
    watched = select(DataSource)
    if not access.watchers_of_collection(actor):
        return watched.where(false())
    if not access.city_data_officer(actor):
        return watched
    own = select(Site.territory_id).where(Site.city_id == actor.organisation_id)
    return watched.where(DataSource.territory_id.in_(own))
