import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import sessionmaker

from experiments.collection.models import Hub, Observation
from sandbox import scheduler
from sandbox.ledger import LedgerEntry
from tests.experiments.collection.build import (
    NOW,
    SETTINGS,
    create_data_set,
    create_source,
    playing,
    scripted_hub,
    stored,
)
from tests.experiments.collection.conftest import sessions

__all__ = ["sessions"]
SECONDS_TO_WAIT = 20


def test_a_hub_that_begins_to_rest_stands_in_the_ledger_as_an_act_of_the_service(sessions):
    settings = replace(SETTINGS, failures_to_rest=1)
    with scripted_hub(lambda target: (503, {}, b"")) as url:
        with sessions.begin() as session:
            create_source(session, url)
        scheduler.collect(scheduler.Work(sessions, settings, clock=lambda: NOW))
    with sessions() as session:
        entry, hub = session.scalars(select(LedgerEntry)).one(), session.scalars(select(Hub)).one()
    assert (entry.act, entry.subject, entry.actor_role) == ("hub.rest", f"hub:{hub.id}", "service")
    assert json.loads(entry.details) == {"failures": 1, "resting_until": hub.resting_until.isoformat()}


def test_a_beat_collects_what_is_due(sessions):
    with playing(create_data_set()) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url)
        work = scheduler.Work(sessions, SETTINGS, clock=lambda: NOW)
        assert [attempt.status for attempt in scheduler.collect(work)] == ["done", "done"]
    assert len(stored(sessions)) == 30


def test_the_other_duties_do_not_wait_for_a_slow_hub(sessions):
    asked, done = threading.Event(), threading.Event()

    def slow(target):
        asked.set()
        return 200 if done.wait(SECONDS_TO_WAIT) else 500, {}, b"[]"

    def duty():
        if asked.is_set():
            done.set()

    with scripted_hub(slow) as url:
        with sessions.begin() as session:
            create_source(session, url)
        work = scheduler.Work(sessions, SETTINGS, clock=lambda: NOW, duties=(duty,))
        heartbeat = scheduler.start_background(work, seconds=0.05)
        try:
            assert asked.wait(SECONDS_TO_WAIT)
            assert done.wait(SECONDS_TO_WAIT / 2)
        finally:
            heartbeat.stop()


def test_a_duty_that_breaks_is_logged_and_the_others_go_on(sessions, caplog):
    done = []

    def broken():
        raise RuntimeError("no")

    scheduler.do_duties(scheduler.Work(sessions, SETTINGS, duties=(broken, lambda: done.append(1))))
    assert done == [1]
    assert caplog.records[-1].message == "due work broke off"
    assert caplog.records[-1].duty.endswith("broken")


def test_nothing_begins_after_stopping_was_asked(sessions):
    done = []
    work = scheduler.Work(sessions, SETTINGS, duties=(lambda: done.append(1),))
    work.stopping.set()
    scheduler.do_duties(work)
    assert (scheduler.collect(work), done) == ([], [])


def test_the_heart_beats_until_it_is_stopped(sessions):
    beats = threading.Semaphore(0)
    work = scheduler.Work(sessions, SETTINGS, duties=(beats.release,))
    heartbeat = scheduler.start_background(work, seconds=0.05)
    try:
        assert beats.acquire(timeout=SECONDS_TO_WAIT)
        assert beats.acquire(timeout=SECONDS_TO_WAIT)
    finally:
        heartbeat.stop()
    while beats.acquire(blocking=False):
        pass
    assert not beats.acquire(timeout=0.2)


def test_workers_have_names_of_their_own():
    assert scheduler.new_holder() != scheduler.new_holder()


def test_the_wall_clock_tells_utc():
    assert scheduler.wall_clock().utcoffset().total_seconds() == 0
    assert isinstance(scheduler.wall_clock(), datetime)


SERVICE = """
import sys, threading
from experiments.collection.settings import CollectionSettings
from sandbox import db, scheduler
work = scheduler.Work(db.sessions_for(sys.argv[1]), CollectionSettings(private_hubs=("127.0.0.1:*",)))
def tell():
    work.stopping.wait()
    print("stopping", flush=True)
threading.Thread(target=tell).start()
scheduler.run_forever(work, seconds=0.1)
print("ended")
"""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_the_service_ends_gracefully_when_asked(committed_database, asked):
    """In the middle of a slow answer: what is under way is written, nothing else begins."""
    engine = create_engine(committed_database)
    sessions = sessionmaker(engine)
    waiting, go_on = threading.Event(), threading.Event()
    hub = playing(create_data_set())
    answer = hub.api.reply

    def slow(target, headers):
        waiting.set()
        assert go_on.wait(SECONDS_TO_WAIT)
        return answer(target, headers)

    hub.api.reply = slow
    with hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url)
        environment = os.environ | {"PYTHONPATH": str(Path(scheduler.__file__).parents[1])}
        process = subprocess.Popen(
            [sys.executable, "-c", SERVICE, committed_database],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert waiting.wait(SECONDS_TO_WAIT)
        process.send_signal(asked)
        assert process.stdout.readline() == "stopping\n"
        go_on.set()
        output, _ = process.communicate(timeout=SECONDS_TO_WAIT)
    with sessions() as session:
        written = session.scalar(select(func.count()).select_from(Observation))
    engine.dispose()
    assert (process.returncode, output) == (0, "ended\n")
    assert written == 15
