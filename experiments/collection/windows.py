"""One window of one source: ask the hub, then make the answer part of the record in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.claims import NO_LEASE, Claim, Past, StaleFence, hold
from experiments.collection.connectors.readings import Batch, Harvest
from experiments.collection.connectors.registry import CONNECTORS
from experiments.collection.faults import HubFault, PassingFault
from experiments.collection.http import Access, Answer, HubClient
from experiments.collection.ingest import ingest
from experiments.collection.intake import Arrivals
from experiments.collection.models import (
    AttemptStatus,
    Backfill,
    CollectionAttempt,
    DataSource,
    Hub,
    to_microseconds,
)
from experiments.collection.rests import OnRest, note_failure, note_success, tell_nobody
from experiments.collection.settings import CollectionSettings

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
FIRST_BACK_OFF_SECONDS = 30


@dataclass(frozen=True)
class Crew:
    """What every window needs: the database, the way to hubs, the clock, the limits, and whom to tell of
    hubs that begin to rest."""

    session_factory: sessionmaker[Session]
    client: HubClient
    clock: Clock
    settings: CollectionSettings
    on_rest: OnRest = tell_nobody


@dataclass(frozen=True)
class AttemptSummary:
    """One attempt as the log and the demonstration show it."""

    attempt_id: int
    source_id: int
    source_name: str
    backfill_id: int | None
    status: str
    window_start: datetime
    window_end: datetime
    pages: int
    readings: int
    inserted: int
    revised: int
    unchanged: int
    quarantined: int
    dropped: dict[str, Any]
    error: str | None
    error_url: str | None


@dataclass(frozen=True)
class Window:
    """[start, end) of one claim, of its present or of a backfill in its past.

    The last window of the present has `next_due_at`: when the source is due again.
    """

    claim: Claim
    start: datetime
    end: datetime
    next_due_at: datetime | None = None
    past: Past | None = None

    def collect(self, crew: Crew, *, gives_back: bool) -> AttemptSummary:
        """Fetch and store, or note why not. `gives_back`: the lease ends with this window."""
        started_at = crew.clock()
        until = to_microseconds(started_at)
        with Arrivals(self.claim.targets, until=until) as arrivals:
            try:
                harvest = self._fetch(crew, arrivals)
                return self._store(crew, harvest, arrivals, started_at, gives_back)
            except HubFault as fault:
                return self._fail(crew, fault, started_at)
            except StaleFence:
                return self._note_stale(crew, started_at)
            except Exception as error:
                log.exception("a window could not be stored", extra={"source_id": self.claim.source_id})
                broken = HubFault(f"the collector broke off: {type(error).__name__}", url="")
                return self._fail(crew, broken, started_at)

    def _fetch(self, crew: Crew, arrivals: Arrivals) -> Harvest:
        def take(batch: Batch) -> None:
            try:
                arrivals.add(batch)
            except OverflowError as error:
                first = arrivals.suspects[0]
                reason = f"{error}, the first for {first.reason.value}: {first.raw}"
                raise HubFault(reason, url=self.claim.query.base_url) from None

        harvest = Harvest(on_batch=take)
        read = CONNECTORS[self.claim.kind]
        read(
            _Renewing(self.claim, crew).get,
            replace(self.claim.query, start=self.start, end=self.end),
            harvest,
        )
        harvest.flush()
        return harvest

    def _store(
        self, crew: Crew, harvest: Harvest, arrivals: Arrivals, started_at: datetime, gives_back: bool
    ) -> AttemptSummary:
        with crew.session_factory.begin() as session:
            received_until = hold(session, self.claim)
            # Stamped once the source is held, and never before an earlier stamp, whatever the clock does.
            received_at = max(crew.clock(), started_at, received_until or started_at)
            attempt = self._attempt(AttemptStatus.DONE, started_at, received_at)
            attempt.pages, attempt.hub_count = harvest.pages, harvest.hub_count
            attempt.response_digest = harvest.sha256
            session.add(attempt)
            session.flush()
            ingest(session, arrivals, attempt=attempt, received_at=received_at, dropped=harvest.dropped)
            note_success(session, self.claim.hub_id)
            self._advance(session, received_at, crew.settings, gives_back)
            return self._summary(attempt)

    def _advance(
        self, session: Session, received_at: datetime, settings: CollectionSettings, gives_back: bool
    ) -> None:
        """Move the watermark, and give the lease back or prolong it."""
        lease: dict[str, Any] = {"lease_until": received_at + timedelta(seconds=settings.lease_seconds)}
        progress = NO_LEASE if gives_back else lease
        if self.past is not None:
            finished_at = received_at if self.end == self.past.ends_at else None
            values = {"watermark": self.end, "failures": 0, "finished_at": finished_at}
            session.execute(update(Backfill).where(Backfill.id == self.past.backfill_id).values(values))
        else:
            progress = progress | {"watermark": max(self.claim.watermark, self.end), "failures": 0}
            if self.next_due_at is not None:
                progress = progress | {"next_due_at": self.next_due_at}
        hold(session, self.claim, received_until=received_at, **progress)

    def _fail(self, crew: Crew, fault: HubFault, started_at: datetime) -> AttemptSummary:
        at = max(crew.clock(), started_at)
        with crew.session_factory.begin() as session:
            attempt = self._attempt(AttemptStatus.FAILED, started_at, at)
            attempt.error, attempt.error_url = fault.sentence(), fault.url or None
            attempt.pages = fault.page or 0
            try:
                hold(session, self.claim, **NO_LEASE)
                postpone(session, self._progress_of, at, crew.settings, fault.retry_after_seconds)
            except StaleFence:
                attempt.status = AttemptStatus.STALE
            session.add(attempt)
            session.flush()
            # What is wrong with one page is the matter of its source; a hub that is down, of all.
            if attempt.status == AttemptStatus.FAILED and isinstance(fault, PassingFault):
                hub_id, told = self.claim.hub_id, crew.on_rest
                note_failure(session, hub_id, at=at, settings=crew.settings, on_rest=told)
            return self._summary(attempt)

    @property
    def _progress_of(self) -> tuple[type[DataSource | Backfill], int]:
        if self.past is None:
            return DataSource, self.claim.source_id
        return Backfill, self.past.backfill_id

    def _note_stale(self, crew: Crew, started_at: datetime) -> AttemptSummary:
        with crew.session_factory.begin() as session:
            attempt = self._attempt(AttemptStatus.STALE, started_at, max(crew.clock(), started_at))
            attempt.error = "another worker or an edit had taken the source over; nothing was written"
            session.add(attempt)
            session.flush()
            return self._summary(attempt)

    def _attempt(
        self, status: AttemptStatus, started_at: datetime, finished_at: datetime
    ) -> CollectionAttempt:
        return CollectionAttempt(
            source_id=self.claim.source_id,
            backfill_id=self.past.backfill_id if self.past else None,
            holder=self.claim.holder,
            fence=self.claim.fence,
            started_at=started_at,
            finished_at=finished_at,
            window_start=self.start,
            window_end=self.end,
            status=status,
        )

    def _summary(self, attempt: CollectionAttempt) -> AttemptSummary:
        summary = AttemptSummary(
            attempt_id=attempt.id,
            source_id=self.claim.source_id,
            source_name=self.claim.source_name,
            backfill_id=attempt.backfill_id,
            status=attempt.status,
            window_start=attempt.window_start,
            window_end=attempt.window_end,
            pages=attempt.pages,
            readings=attempt.readings,
            inserted=attempt.inserted,
            revised=attempt.revised,
            unchanged=attempt.unchanged,
            quarantined=attempt.quarantined,
            dropped=attempt.dropped,
            error=attempt.error,
            error_url=attempt.error_url,
        )
        log.info("a window was collected", extra=asdict(summary))
        return summary


class _Renewing:
    """GET that prolongs the lease when half of it is over: a long window must not look like a dead worker,
    or two workers would take it from each other for ever. StaleFence where the lease is lost."""

    def __init__(self, claim: Claim, crew: Crew) -> None:
        self._claim = claim
        self._crew = crew
        self._renewed_at = crew.clock()
        with crew.session_factory() as session:
            self._access = access_to(session.get_one(Hub, claim.hub_id))

    def get(self, url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        now = self._crew.clock()
        seconds = self._crew.settings.lease_seconds
        if abs((now - self._renewed_at).total_seconds()) > seconds / 2:
            with self._crew.session_factory.begin() as session:
                hold(session, self._claim, lease_until=now + timedelta(seconds=seconds))
            self._renewed_at = now
        return self._crew.client.get(url, params, headers, access=self._access)


def access_to(hub: Hub) -> Access:
    """How `hub` may be called, its credentials still sealed."""
    return Access(hub.id, hub.base_url, hub.credentials, hub.requests_per_minute)


def postpone(
    session: Session,
    row: tuple[type[DataSource | Backfill], int],
    at: datetime,
    settings: CollectionSettings,
    asked_seconds: float | None = None,
) -> None:
    """Leave a source, or a backfill, alone for a while after one more failure; its source is held."""
    # Not through the objects: a failure is no edit, and must not raise the version that people edit.
    table, key = row
    failures = session.execute(select(table.failures).where(table.id == key)).scalar_one() + 1
    session.execute(
        update(table)
        .where(table.id == key)
        .values(failures=failures, next_due_at=at + back_off(failures, settings, asked_seconds))
        .execution_options(synchronize_session=False)
    )


def back_off(failures: int, settings: CollectionSettings, asked_seconds: float | None = None) -> timedelta:
    """How long to leave a source alone after so many failures in a row; longer where the hub asks for it."""
    seconds = min(FIRST_BACK_OFF_SECONDS * 2 ** min(failures - 1, 20), settings.longest_back_off_seconds)
    return timedelta(seconds=max(seconds, asked_seconds or 0))
