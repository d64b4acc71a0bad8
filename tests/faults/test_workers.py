"""Workers that die at any moment, and workers that come in numbers: a window is in, whole, or not at all."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from multiprocessing import get_context

import pytest
from sqlalchemy import select

from experiments.collection import claims, engine, store, windows
from experiments.collection.engine import collect_due
from experiments.collection.http import HubClient
from experiments.collection.models import DataSource
from experiments.collection.sources import collect_now, register_source
from sandbox import db
from tests.experiments.collection.build import NOW, SETTINGS, START, create_metric, entity, source_data
from tests.faults.invariants import check, recorded

SECONDS_TO_WAIT = 60
# Processes that are forked from one that has imported everything and runs no threads.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])

AFTER, BEFORE = "after", "before"
POINTS = {
    "before the claim": (claims, "claim_next", BEFORE, 1),
    "after the claim": (claims, "claim_next", AFTER, 1),
    "before the first question": (HubClient, "get", BEFORE, 1),
    "after the first page": (HubClient, "get", AFTER, 1),
    "before the source is held": (windows, "hold", BEFORE, 1),
    "when the source is held": (windows, "hold", AFTER, 1),
    "before the rows": (store, "write", BEFORE, 1),
    "after the rows": (store, "write", AFTER, 1),
    "before the commit": (windows, "hold", AFTER, 2),
    "after the commit": (windows.Window, "_store", AFTER, 1),
    "in the middle of the second window": (store, "write", AFTER, 2),
    "after the last commit": (engine._Run, "collect", AFTER, 1),
}


def die_at(point: str) -> None:
    """End this process with SIGKILL there: nothing is closed, nothing rolled back by hand."""
    place, name, when, turn = POINTS[point]
    original = getattr(place, name)
    turns = [0]

    def deadly(*args, **options):
        turns[0] += 1
        if when == BEFORE and turns[0] == turn:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **options)
        if when == AFTER and turns[0] == turn:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(place, name, deadly)


def work(url: str, holder: str, point: str | None, rounds: int) -> None:
    """What runs in a process of its own."""
    if point is not None:
        die_at(point)
    sessions = db.sessions_for(url)
    for number in range(rounds):
        collect_due(sessions, NOW + timedelta(hours=number), holder=holder, settings=SETTINGS)
    sessions.kw["bind"].dispose()


def start(url, holder, *, point=None, rounds=1):
    process = PROCESSES.Process(target=work, args=(url, holder, point, rounds))
    process.start()
    return process


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_leaves_a_window_whole_or_not_begun(
    sessions, committed_database, hub, source, point
):
    process = start(committed_database, "killed", point=point)
    process.join(SECONDS_TO_WAIT)
    assert process.exitcode == -signal.SIGKILL
    check(sessions, hub)
    assert len(recorded(sessions)) in (0, 15, 30)
    hub.add(entity(1), 1, -5.0)
    later = NOW + timedelta(seconds=SETTINGS.lease_seconds + 1)
    with sessions.begin() as session:
        collect_now(session, session.scalars(select(DataSource)).one(), at=NOW)
    assert collect_due(sessions, later, holder="heir", settings=SETTINGS)[-1].status == "done"
    check(sessions, hub, is_over=True)
    assert len(recorded(sessions)) == 30


@pytest.mark.parametrize("count", [2, 5])
def test_many_workers_at_once_write_everything_once(sessions, committed_database, hub, source, count):
    with sessions.begin() as session:
        for number in range(2, 6):
            mapping = [{"attribute": "intensity", "metric": f"m{number}", "unit": "vehicles"}]
            create_metric(session, code=f"m{number}")
            register_source(session, source_data(name=f"t{number}", attributes=mapping), at=START)
    workers = [start(committed_database, f"w{number}", rounds=3) for number in range(count)]
    for worker in workers:
        worker.join(SECONDS_TO_WAIT)
    assert [worker.exitcode for worker in workers] == [0] * count
    check(sessions, hub, is_over=True)
