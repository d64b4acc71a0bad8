"""The heartbeat: it wakes work up and knows nothing; the database says what is due and who does it.

Two jobs, so that no deadline of the law waits for a slow hub: collection, and all the other duties. They
lie in a memory store: stores cannot be shared between processes, and a job lost with its process
is found again by the next beat, since due work lies in the database. `coalesce`, one instance and no
misfire grace, because a late beat is as good as any and two at once are none better than one.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.engine import collect_due
from experiments.collection.limits import HubMemory
from experiments.collection.rests import OnRest
from experiments.collection.settings import CollectionSettings
from experiments.collection.windows import AttemptSummary
from sandbox import hub_desk

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Duty = Callable[[], object]


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def new_holder() -> str:
    """A name for this worker that no other process has or had."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True)
class Work:
    """What a beat does: collection, and beside it `duties` (other due work, such as evaluations), one by one.

    `endings` bring to an end what duties began and left running; `on_rest` puts rests of hubs on record.
    """

    session_factory: sessionmaker[Session]
    settings: CollectionSettings
    clock: Clock = wall_clock
    duties: Sequence[Duty] = ()
    endings: Sequence[Duty] = ()
    holder: str = field(default_factory=new_holder)
    stopping: threading.Event = field(default_factory=threading.Event)
    memory: HubMemory = field(default_factory=HubMemory)
    on_rest: OnRest = hub_desk.note_rest


def collect(work: Work) -> list[AttemptSummary]:
    """One beat of collection: the attempts as they ended. One that breaks off is logged and tried again."""
    try:
        return collect_due(
            work.session_factory,
            work.clock(),
            holder=work.holder,
            settings=work.settings,
            clock=work.clock,
            memory=work.memory,
            is_stopping=work.stopping.is_set,
            on_rest=work.on_rest,
        )
    except Exception:
        log.exception("due work broke off", extra={"duty": "collect"})
        return []


def do_duties(work: Work) -> None:
    """One beat of the rest. A duty that fails is logged and tried again at the next; the others go on."""
    for duty in work.duties:
        if work.stopping.is_set():
            break
        try:
            duty()
        except Exception:
            log.exception("due work broke off", extra={"duty": getattr(duty, "__qualname__", repr(duty))})


class Heartbeat:
    """A running scheduler; `stop` lets what is being written end, and nothing else begin."""

    def __init__(self, work: Work, *, seconds: float) -> None:
        self._work = work
        # Beats that find the last one still at work are dropped by design and not worth a warning each.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(timezone=UTC, daemon=True)
        for job in (collect, do_duties):
            self._scheduler.add_job(
                job,
                "interval",
                args=[work],
                seconds=seconds,
                id=job.__name__,
                next_run_time=datetime.now(UTC),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._work.stopping.set()
        self._scheduler.shutdown(wait=True)
        for end in self._work.endings:
            end()


def start_background(work: Work, *, seconds: float) -> Heartbeat:
    """A heartbeat in a thread of this process, as `sandbox serve` carries it."""
    heartbeat = Heartbeat(work, seconds=seconds)
    heartbeat.start()
    return heartbeat


def run_forever(work: Work, *, seconds: float) -> None:
    """Beat until SIGTERM or SIGINT, then end gracefully; for `sandbox scheduler`, in the main thread."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    heartbeat = start_background(work, seconds=seconds)
    log.info("scheduler started", extra={"holder": work.holder, "seconds": seconds})
    try:
        asked.wait()
    finally:
        heartbeat.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
        log.info("scheduler stopped", extra={"holder": work.holder})
