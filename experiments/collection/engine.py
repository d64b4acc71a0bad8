"""Who collects what now.

The database decides: a source that is due is claimed by a lease with a fencing number. The hub is
asked outside any transaction; then one transaction checks the number, writes observations, revisions
and the attempt, and moves the watermark. Whoever comes with an older number is refused. Thus any
number of collectors may run, and any may die at any moment: a window is either in, whole, or will be
read again.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection import claims
from experiments.collection.claims import Claim
from experiments.collection.connectors.options import PUSHED, SUBSCRIBED
from experiments.collection.http import HubClient
from experiments.collection.limits import HubMemory
from experiments.collection.models import AttemptStatus, DataSource, Hub
from experiments.collection.partitions import prepare_partitions
from experiments.collection.rests import OnRest, doubtful, tell_nobody
from experiments.collection.settings import CollectionSettings
from experiments.collection.windows import AttemptSummary, Clock, Crew, Window

log = logging.getLogger(__name__)


def collect_due(
    session_factory: sessionmaker[Session],
    now: datetime,
    *,
    holder: str,
    settings: CollectionSettings,
    clock: Clock | None = None,
    memory: HubMemory | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    report: Callable[[AttemptSummary], None] = lambda summary: None,
    on_rest: OnRest = tell_nobody,
) -> list[AttemptSummary]:
    """Collect every source that is due at `now`, each once, and return its attempts as they ended.

    As many sources at a time as the settings say. While some are still being read, those that have fallen
    due by the clock are taken too, so that nobody waits for a slow hub. Commits after each window, because
    a run of a job is a rim: what one window brought must not hang on the next. `clock` stamps what was
    received (`now` where it is None); `holder` names this worker, `memory` is what it knows of hubs from
    earlier runs. Between windows `is_stopping` is asked; `report` sees each attempt as it ends, one at a
    time; `on_rest` each rest of a hub, in the transaction in which it begins.
    """
    clock = clock or (lambda: now)
    prepare_partitions(session_factory, now)
    with (
        HubClient(settings, memory=memory) as client,
        ThreadPoolExecutor(settings.sources_at_once, thread_name_prefix="collector") as pool,
    ):
        crew = Crew(session_factory, client, clock, settings, on_rest)
        run = _Run(crew, is_stopping, report)
        under_way: dict[Future[None], Claim] = {}
        seen: set[int] = set()
        shy, most = doubtful(session_factory, settings), _most_of_a_hub(session_factory, settings)
        while not is_stopping():
            at = clock()
            claim = claims.claim_next(
                session_factory,
                now,
                holder=holder,
                settings=settings,
                at=at,
                but=seen | {claim.source_id for claim in under_way.values()},
                but_of=_busy_hubs(under_way.values(), settings, shy, most),
            )
            if claim is not None:
                seen.add(claim.source_id)
                under_way[pool.submit(run.collect, claim, now)] = claim
            elif not under_way:
                break
            if claim is None or len(under_way) >= settings.sources_at_once:
                done, _ = wait(under_way, settings.look_again_seconds, return_when=FIRST_COMPLETED)
                for future in done:
                    _note_break(future, under_way.pop(future))
                if under_way and clock() - now >= timedelta(seconds=settings.look_again_seconds):
                    # Whoever had his turn may have another one, behind all that waited for longer.
                    now, seen = clock(), set()
                    shy = doubtful(session_factory, settings)
                    most = _most_of_a_hub(session_factory, settings)
        for future, claim in under_way.items():
            _note_break(future, claim)
    return run.summaries


def _busy_hubs(
    under_way: Iterable[Claim], settings: CollectionSettings, shy: AbstractSet[int], most: int
) -> set[int]:
    """Hubs of which as many sources are being read as they, or the settings, allow, and never more than
    `most`; of a `shy` one, one."""
    hubs = Counter((claim.hub_id, claim.hub_concurrency or settings.sources_per_hub) for claim in under_way)
    return {
        hub_id for (hub_id, own), count in hubs.items() if count >= (1 if hub_id in shy else min(own, most))
    }


def _most_of_a_hub(session_factory: sessionmaker[Session], settings: CollectionSettings) -> int:
    """How many readers one hub may hold: half of them, rounded up, where others are to be read as well."""
    is_read = Hub.kind.not_in((*SUBSCRIBED, PUSHED)), ~DataSource.paused
    hubs = select(func.count(distinct(DataSource.hub_id))).join(DataSource.hub).where(*is_read)
    with session_factory() as session:
        is_alone = session.execute(hubs).scalar_one() <= 1
    return settings.sources_at_once if is_alone else (settings.sources_at_once + 1) // 2


def _note_break(future: Future[None], claim: Claim) -> None:
    # The lease runs out by itself; the other sources must not wait for this one.
    if error := future.exception():
        log.error("collection of a source broke off", extra={"source_id": claim.source_id}, exc_info=error)


@dataclass
class _Run:
    """One run over all sources that are due; called from several threads."""

    crew: Crew
    is_stopping: Callable[[], bool]
    report: Callable[[AttemptSummary], None]
    summaries: list[AttemptSummary] = field(default_factory=list)
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def collect(self, claim: Claim, now: datetime) -> None:
        """Window after window until the source has caught up with `now`, had its share, or one fails."""
        windows = [*self._present(claim, now), *self._past(claim)]
        if not windows:
            claims.release(self.crew.session_factory, claim, due=now + claim.interval)
        for position, window in enumerate(windows, start=1):
            is_last = position == len(windows)
            summary = window.collect(self.crew, gives_back=is_last)
            with self._telling:
                self.summaries.append(summary)
                self.report(summary)
            if summary.status != AttemptStatus.DONE:
                return
            if not is_last and self.is_stopping():
                claims.release(self.crew.session_factory, claim, due=now if claim.is_live else None)
                return

    def _present(self, claim: Claim, now: datetime) -> list[Window]:
        """From the overlap to now. The overlap is read again once per run, at its beginning; then
        windows follow each other without a gap."""
        target = (now - claim.lag).replace(microsecond=0)
        start = max(claim.starts_at, claim.watermark - claim.overlap)
        spans: list[tuple[datetime, datetime]] = []
        ahead = 0
        while claim.is_live and start < target and ahead < self.crew.settings.windows_per_run:
            end = min(start + claim.window, target)
            # Windows of the overlap are free, or a long overlap would leave no room to get ahead.
            ahead += end > claim.watermark
            spans.append((start, end))
            start = end
        due = now + claim.interval if start >= target else now
        return [
            Window(claim, start, end, next_due_at=due if end == spans[-1][1] else None)
            for start, end in spans
        ]

    def _past(self, claim: Claim) -> list[Window]:
        if claim.past is None:
            return []
        start = claim.past.watermark
        windows: list[Window] = []
        while start < claim.past.ends_at and len(windows) < self.crew.settings.backfill_windows_per_run:
            end = min(start + claim.window, claim.past.ends_at)
            windows.append(Window(claim, start, end, past=claim.past))
            start = end
        return windows
