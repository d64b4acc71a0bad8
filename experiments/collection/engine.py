"""Who collects what now, and the one transaction that makes a window part of the record.

The database decides: a source that is due is claimed by a lease with a fencing number. The hub is
asked outside any transaction; then one transaction checks the number, writes observations, revisions
and the attempt, and moves the watermark. Whoever comes with an older number is refused. Thus any
number of collectors may run, and any may die at any moment: a window is either in, whole, or will be
read again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.claims import NO_LEASE, Claim, StaleFence, claim_next, hold, release
from experiments.collection.connectors.ngsi_ld import read_window
from experiments.collection.connectors.readings import Harvest
from experiments.collection.faults import HubFault
from experiments.collection.http import HubClient
from experiments.collection.models import AttemptStatus, CollectionAttempt, DataSource, to_microseconds
from experiments.collection.settings import CollectionSettings
from experiments.collection.store import keyed, write

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
FIRST_BACK_OFF_SECONDS = 30


@dataclass(frozen=True)
class AttemptSummary:
    """One attempt as the log and the demonstration show it."""

    attempt_id: int
    source_id: int
    source_name: str
    status: str
    window_start: datetime
    window_end: datetime
    pages: int
    readings: int
    inserted: int
    revised: int
    unchanged: int
    dropped: dict[str, Any]
    error: str | None
    error_url: str | None


def collect_due(
    session_factory: sessionmaker[Session],
    now: datetime,
    *,
    holder: str,
    settings: CollectionSettings,
    clock: Clock | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    report: Callable[[AttemptSummary], None] = lambda summary: None,
) -> list[AttemptSummary]:
    """Collect every source that is due at `now`, each once, and return its attempts in order.

    Commits after each window, because a run of a job is a rim: what one window brought must not hang
    on the next. `clock` stamps what was received (`now` where it is None); `holder` names this worker.
    Between windows `is_stopping` is asked; `report` sees each attempt as it ends.
    """
    clock = clock or (lambda: now)
    summaries: list[AttemptSummary] = []
    seen: set[int] = set()
    with HubClient(settings) as client:
        while not is_stopping():
            claim = claim_next(session_factory, now, holder=holder, settings=settings, at=clock(), but=seen)
            if claim is None:
                break
            seen.add(claim.source_id)
            try:
                for summary in _collect(session_factory, claim, client, now, clock, settings, is_stopping):
                    summaries.append(summary)
                    report(summary)
            except Exception:
                # The lease runs out by itself; the other sources must not wait for this one.
                log.exception("collection of a source broke off", extra={"source_id": claim.source_id})
    return summaries


def _collect(
    session_factory: sessionmaker[Session],
    claim: Claim,
    client: HubClient,
    now: datetime,
    clock: Clock,
    settings: CollectionSettings,
    is_stopping: Callable[[], bool],
) -> Iterator[AttemptSummary]:
    """Window after window until the source has caught up, the run is long enough, or something fails.

    The overlap is read again once per run, at its beginning; within a run windows follow each other
    without a gap.
    """
    target = (now - claim.lag).replace(microsecond=0)
    start = max(claim.starts_at, claim.watermark - claim.overlap)
    ahead = 0
    if start >= target:
        release(session_factory, claim, due=now + claim.interval)
    while start < target:
        end = min(start + claim.window, target)
        # Windows of the overlap are free, or a long overlap would leave no room to get ahead.
        ahead += end > claim.watermark
        is_last = end == target or ahead >= settings.windows_per_run
        due = now + claim.interval if end == target else now
        window = _Window(claim, start, end, next_due_at=due if is_last else None)
        summary = window.collect(session_factory, client, clock, settings)
        yield summary
        if is_last or summary.status != AttemptStatus.DONE:
            return
        if is_stopping():
            release(session_factory, claim, due=now)
            return
        claim = replace(claim, watermark=max(claim.watermark, end), failures=0)
        start = end


@dataclass(frozen=True)
class _Window:
    """[start, end) of one claim; the run's last window has `next_due_at` and gives the lease back."""

    claim: Claim
    start: datetime
    end: datetime
    next_due_at: datetime | None

    def collect(
        self,
        session_factory: sessionmaker[Session],
        client: HubClient,
        clock: Clock,
        settings: CollectionSettings,
    ) -> AttemptSummary:
        started_at = clock()
        try:
            harvest = read_window(client.get, replace(self.claim.query, start=self.start, end=self.end))
            return self._store(session_factory, harvest, started_at, clock, settings)
        except HubFault as fault:
            return self._fail(session_factory, fault, started_at, clock, settings)
        except StaleFence:
            return self._note_stale(session_factory, started_at, clock)
        except Exception as error:
            log.exception("a window could not be stored", extra={"source_id": self.claim.source_id})
            broken = HubFault(f"the collector broke off: {type(error).__name__}", url="")
            return self._fail(session_factory, broken, started_at, clock, settings)

    def _store(
        self,
        session_factory: sessionmaker[Session],
        harvest: Harvest,
        started_at: datetime,
        clock: Clock,
        settings: CollectionSettings,
    ) -> AttemptSummary:
        claim = self.claim
        values = keyed(harvest.readings, claim.series, harvest.dropped)
        with session_factory.begin() as session:
            received_until = hold(session, claim, failures=0)
            # Stamped once the source is held, and never before an earlier stamp, whatever the clock does.
            received_at = max(clock(), started_at, received_until or started_at)
            attempt = self._attempt(AttemptStatus.DONE, started_at, received_at)
            attempt.pages, attempt.hub_count = harvest.pages, harvest.hub_count
            attempt.readings, attempt.dropped = len(harvest.readings), harvest.dropped.reasons
            attempt.response_digest = harvest.sha256
            session.add(attempt)
            session.flush()
            stored = write(
                session.connection(),
                claim.source_id,
                values,
                received_at=to_microseconds(received_at),
                attempt_id=attempt.id,
            )
            attempt.inserted, attempt.revised = stored.inserted, stored.revised
            attempt.unchanged = stored.unchanged
            hold(session, claim, received_until=received_at, **self._progress(received_at, settings))
            session.flush()
            return _summary(claim, attempt)

    def _progress(self, at: datetime, settings: CollectionSettings) -> dict[str, Any]:
        """The watermark, and the lease: given back with the last window, prolonged with every other."""
        progress: dict[str, Any] = {"watermark": max(self.claim.watermark, self.end)}
        if self.next_due_at is None:
            return progress | {"lease_until": at + timedelta(seconds=settings.lease_seconds)}
        return progress | {"next_due_at": self.next_due_at} | NO_LEASE

    def _fail(
        self,
        session_factory: sessionmaker[Session],
        fault: HubFault,
        started_at: datetime,
        clock: Clock,
        settings: CollectionSettings,
    ) -> AttemptSummary:
        at = max(clock(), started_at)
        wait = back_off(self.claim.failures + 1, settings, fault.retry_after_seconds)
        with session_factory.begin() as session:
            attempt = self._attempt(AttemptStatus.FAILED, started_at, at)
            attempt.error, attempt.error_url = fault.sentence(), fault.url or None
            attempt.pages = fault.page or 0
            try:
                hold(
                    session,
                    self.claim,
                    failures=DataSource.failures + 1,
                    next_due_at=at + wait,
                    **NO_LEASE,
                )
            except StaleFence:
                attempt.status = AttemptStatus.STALE
            session.add(attempt)
            session.flush()
            return _summary(self.claim, attempt)

    def _note_stale(
        self, session_factory: sessionmaker[Session], started_at: datetime, clock: Clock
    ) -> AttemptSummary:
        with session_factory.begin() as session:
            attempt = self._attempt(AttemptStatus.STALE, started_at, max(clock(), started_at))
            attempt.error = "another worker or an edit had taken the source over; nothing was written"
            session.add(attempt)
            session.flush()
            return _summary(self.claim, attempt)

    def _attempt(
        self, status: AttemptStatus, started_at: datetime, finished_at: datetime
    ) -> CollectionAttempt:
        return CollectionAttempt(
            source_id=self.claim.source_id,
            holder=self.claim.holder,
            fence=self.claim.fence,
            started_at=started_at,
            finished_at=finished_at,
            window_start=self.start,
            window_end=self.end,
            status=status,
        )


def back_off(failures: int, settings: CollectionSettings, asked_seconds: float | None = None) -> timedelta:
    """How long to leave a source alone after so many failures in a row; longer where the hub asks for it."""
    seconds = min(FIRST_BACK_OFF_SECONDS * 2 ** min(failures - 1, 20), settings.longest_back_off_seconds)
    return timedelta(seconds=max(seconds, asked_seconds or 0))


def _summary(claim: Claim, attempt: CollectionAttempt) -> AttemptSummary:
    summary = AttemptSummary(
        attempt_id=attempt.id,
        source_id=claim.source_id,
        source_name=claim.source_name,
        status=attempt.status,
        window_start=attempt.window_start,
        window_end=attempt.window_end,
        pages=attempt.pages,
        readings=attempt.readings,
        inserted=attempt.inserted,
        revised=attempt.revised,
        unchanged=attempt.unchanged,
        dropped=attempt.dropped,
        error=attempt.error,
        error_url=attempt.error_url,
    )
    log.info("a window was collected", extra=asdict(summary))
    return summary
