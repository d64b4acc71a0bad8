"""PostgreSQL that is killed in the middle of a window and comes back: the window is read again, whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from experiments.collection import store
from experiments.collection.engine import collect_due
from sandbox import db
from tests.databases import PostgresqlDatabases
from tests.experiments.collection.build import NOW, SETTINGS, create_source
from tests.faults.invariants import check, recorded
from tests.faults.server import Server


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


@pytest.fixture
def ground(server, hub):
    """Sessions on that server, with a source that reads the hub."""
    databases = PostgresqlDatabases(server.url)
    url = databases.create()
    engine = db.engine_for(url)
    sessions = sessionmaker(engine)
    with sessions.begin() as session:
        create_source(session, hub.base_url, overlap_seconds=30 * 86_400)
    yield sessions
    engine.dispose()
    databases.drop(url)
    databases.close()


def crash_and_return(server):
    server.crash()
    server.start()


def test_a_crash_while_the_hub_is_asked_costs_nothing(server, ground, hub):
    def crash(asked):
        if asked.number == 3:
            crash_and_return(server)

    hub.play(crash)
    first, *_ = collect_due(ground, NOW, holder="one", settings=SETTINGS)
    assert first.status == "done"
    finish(ground, hub)


def test_a_crash_in_the_middle_of_the_write_leaves_no_half_of_it(server, ground, hub, monkeypatch):
    original, calls = store.write, []

    def write(*args, **options):
        stored = original(*args, **options)
        calls.append(stored)
        if len(calls) == 2:
            crash_and_return(server)
        return stored

    monkeypatch.setattr(store, "write", write)
    summaries = collect_due(ground, NOW, holder="one", settings=SETTINGS)
    assert [s.status for s in summaries] == ["done", "failed"]
    assert summaries[-1].error == "the collector broke off: OperationalError"
    assert len(recorded(ground)) == 15
    finish(ground, hub)


def test_a_database_that_stays_away_takes_no_worker_down(server, ground, hub):
    def crash(asked):
        if asked.number == 3:
            server.crash()

    hub.play(crash)
    try:
        with pytest.raises(OperationalError):
            collect_due(ground, NOW, holder="one", settings=SETTINGS)
    finally:
        server.start()
    finish(ground, hub)


def finish(sessions, hub):
    """Another worker takes over once the lease has run out, and everything is there."""
    check(sessions, hub)
    hub.play(None)
    later = NOW + timedelta(seconds=SETTINGS.lease_seconds + 3601)
    assert collect_due(sessions, later, holder="two", settings=SETTINGS)[-1].status == "done"
    check(sessions, hub, is_over=True)
    assert len(recorded(sessions)) == 30
