"""A real broker that dies, refuses and comes back, and workers that die under it: nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments.collection import mqtt_batches
from experiments.collection.claims import claim_next
from experiments.collection.credentials import Credentials, Kind, Vault
from experiments.collection.models import Hub
from experiments.collection.mqtt import Listeners
from experiments.collection.mqtt_broker import Broker
from sandbox import db
from tests.experiments.collection.build import NOW, the_source
from tests.experiments.collection.mqtt import (
    PATIENT,
    after_the_lease,
    attempts,
    create_mqtt_source,
    is_connected,
    kept_aside,
    listeners,
    listening,
    said,
    until,
    values,
)
from tests.faults.certificates import self_signed
from tests.faults.mosquitto import Mosquitto, required
from tests.faults.test_workers import AFTER, BEFORE, PROCESSES, SECONDS_TO_WAIT

KEY = "eGFPbVZlZDhkOFRMV2xvWlE5cnN0dmN4ekFiRGVmR2g="
ALL = [float(at) for at in range(30)]


def thirty():
    return (said(1, at / 10, float(at)) for at in range(30))


@pytest.fixture
def broker():
    with Mosquitto() as broker:
        yield broker


@pytest.fixture
def source(sessions, broker):
    with sessions.begin() as session:
        return create_mqtt_source(session, broker.url).id


def known_to(sessions, broker):
    """The broker has the session of the source, and nobody listens."""
    with listening(sessions, holder="before"):
        until(lambda: is_connected(sessions))


def errors(sessions):
    return [attempt.error for attempt in attempts(sessions) if attempt.error]


POINTS = {
    "after the receipt": (Broker, "receive", AFTER),
    "before the commit": (mqtt_batches.Book, "_keep_aside", AFTER),
    "after the commit": (Broker, "acknowledge", BEFORE),
    "after the acknowledgement": (Broker, "acknowledge", AFTER),
}


def die_at(point):
    """End this process with SIGKILL there, at the first turn that has a message in hand."""
    place, name, when = POINTS[point]
    original = getattr(place, name)

    def deadly(*args, **options):
        if when == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **options)
        if result != []:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(place, name, deadly)


def listen(url, point):
    """What runs in a process of its own until it is killed."""
    die_at(point)
    worker = Listeners(db.sessions_for(url), PATIENT, lambda: NOW, "killed")
    worker.look_after()
    worker._threads.popitem()[1].join()


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_loses_no_message_and_counts_none_twice(
    sessions, committed_database, broker, source, point
):
    known_to(sessions, broker)
    broker.publish([*thirty(), ("city/1/traffic", "{")])
    process = PROCESSES.Process(target=listen, args=(committed_database, point))
    process.start()
    process.join(SECONDS_TO_WAIT)
    assert process.exitcode == -signal.SIGKILL
    assert (values(sessions) == []) == (point in ("after the receipt", "before the commit"))
    with listening(sessions, holder="heir", now=after_the_lease()):
        until(lambda: values(sessions) == ALL)
        until(lambda: kept_aside(sessions))
        until(lambda: the_source(sessions).watermark == after_the_lease())
    assert sum(attempt.inserted for attempt in attempts(sessions)) == 30
    assert sum(attempt.revised for attempt in attempts(sessions)) == 0
    assert [row.reason for row in kept_aside(sessions)] == ["not_json"]


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_broker_that_dies_and_returns_is_listened_to_again(sessions, broker, source, ending):
    now = [NOW]
    with listening(sessions, now=lambda: now[0]) as worker:
        until(lambda: is_connected(sessions))
        broker.publish([said(2, 1, 1.0)])
        until(lambda: values(sessions) == [1.0])
        getattr(broker, ending)()
        until(lambda: errors(sessions))
        assert not is_connected(sessions)
        assert (the_source(sessions).failures, the_source(sessions).lease_holder) == (1, None)
        broker.start()
        broker.publish(thirty())
        worker.look_after()
        assert not is_connected(sessions)
        now[0] += timedelta(minutes=1)
        worker.look_after()
        until(lambda: is_connected(sessions))
        broker.publish(thirty())
        until(lambda: values(sessions) == sorted([1.0, *ALL]))
    assert errors(sessions)[0] == "the connection was lost: without a word"
    assert the_source(sessions).failures == 0


def test_a_broker_that_forgot_the_session_is_told_of(sessions, broker, source):
    known_to(sessions, broker)
    broker.stop()
    (broker.home / "mosquitto.db").unlink()
    broker.start()
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish(thirty())
        until(lambda: values(sessions) == ALL)
    assert errors(sessions) == ["the broker no longer knew the subscription: what was sent may be missing"]


def test_of_two_workers_one_listens_and_the_other_takes_over(sessions, broker, source):
    with listening(sessions, holder="one") as one, listening(sessions, holder="two") as two:
        until(lambda: is_connected(sessions))
        assert (len(one._threads), len(two._threads)) == (1, 0)
        broker.publish([said(1, 0, 0.0)])
        until(lambda: values(sessions) == [0.0])
        one.stop()
        broker.publish(thirty())
        assert values(sessions) == [0.0]
        two.look_after()
        until(lambda: values(sessions) == ALL)
    assert {attempt.holder for attempt in attempts(sessions)} == {"one", "two"}
    assert errors(sessions) == []


def test_a_worker_that_was_overtaken_stores_nothing_and_acknowledges_nothing(sessions, broker, source):
    with listening(sessions, holder="sleeper") as sleeper:
        until(lambda: is_connected(sessions))
        assert claim_next(sessions, after_the_lease(), holder="x", settings=PATIENT, subscribed=True)
        broker.publish(thirty())
        until(lambda: not any(thread.is_alive() for thread in sleeper._threads.values()))
        assert values(sessions) == []
    with listening(sessions, holder="heir", now=after_the_lease() + timedelta(hours=1)):
        until(lambda: values(sessions) == ALL)
    fences = [attempt.fence for attempt in attempts(sessions)]
    assert fences == sorted(fences)


def test_a_wrong_password_is_told_and_a_right_one_listens(sessions, tmp_path):
    passwords = tmp_path / "passwords"
    settings = replace(PATIENT, credential_keys=(KEY,))
    required()
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "registry", "right"], check=True)
    with Mosquitto(f"password_file {passwords}", "allow_anonymous false") as broker:
        with sessions.begin() as session:
            create_mqtt_source(session, broker.url)

        def look(secret, now):
            sealed = Vault([KEY]).seal(Credentials(Kind.BASIC, "registry", secret))
            with sessions.begin() as session:
                session.scalars(select(Hub)).one().credentials = sealed
            worker = Listeners(sessions, settings, lambda: now, "one")
            worker.look_after()
            return worker

        refused = look("wrong", NOW)
        until(lambda: errors(sessions))
        refused.stop()
        (error,) = errors(sessions)
        assert error.startswith("the broker refuses the connection: ")
        assert "wrong" not in error
        worker = look("right", NOW + timedelta(minutes=1))
        until(lambda: is_connected(sessions))
        broker.publish(thirty(), user=("registry", "right"))
        until(lambda: values(sessions) == ALL)
        worker.stop()


def test_a_certificate_that_nobody_vouches_for_is_refused(sessions, tmp_path):
    trusted = self_signed(tmp_path / "pem")
    with Mosquitto("allow_anonymous true", certificate=tmp_path / "pem") as broker:
        with sessions.begin() as session:
            create_mqtt_source(session, broker.url)
        with listening(sessions):
            (error,) = until(lambda: errors(sessions))
        assert "certificate verify failed" in error
        assert not is_connected(sessions)
        assert the_source(sessions).watermark == the_source(sessions).starts_at
        worker = Listeners(sessions, PATIENT, lambda: NOW + timedelta(minutes=1), "two", trust=trusted)
        worker.look_after()
        until(lambda: is_connected(sessions))
        worker.stop()


def test_a_name_that_means_a_private_address_is_not_called(sessions, broker, monkeypatch):
    """Here the loopback is allowed by its number alone."""
    with sessions.begin() as session:
        create_mqtt_source(session, "mqtt://hub.example")
    monkeypatch.setattr("experiments.collection.addresses._resolve", lambda host, port: ["127.0.0.1"])
    worker = listeners(sessions)
    worker.look_after()
    (error,) = until(lambda: errors(sessions))
    worker.stop()
    assert "private network" in error
