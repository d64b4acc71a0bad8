"""Readings that an MQTT broker hands on, from the publisher into the record, through a real Mosquitto."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments.collection import preview, probe, quarantine
from experiments.collection.connectors.options import check_options
from experiments.collection.connectors.readings import Reading
from experiments.collection.ingest import receive
from experiments.collection.models import DataSource, Observation, QuarantinedReading, Way, to_microseconds
from experiments.collection.mqtt_models import MqttSession
from experiments.collection.settled import settled_as_of
from experiments.collection.sources import edit_source, pause, resume
from experiments.districts import District
from experiments.errors import Invalid
from experiments.metrics import Metric
from tests.experiments.collection.build import NOW, START, create_hub, day, entity, source_data, the_source
from tests.experiments.collection.mqtt import (
    OPTIONS,
    PATIENT,
    attempts,
    create_mqtt_source,
    is_connected,
    kept_aside,
    listening,
    said,
    until,
    values,
)
from tests.faults.mosquitto import Mosquitto


@pytest.fixture(scope="module")
def mosquitto():
    with Mosquitto() as broker:
        yield broker


@pytest.fixture
def broker(mosquitto):
    """A broker without anything that an earlier test left."""
    mosquitto.kill()
    for left in mosquitto.home.glob("mosquitto.db*"):
        left.unlink()
    mosquitto.start()
    return mosquitto


def source_at(sessions, broker, **changes):
    with sessions.begin() as session:
        create_mqtt_source(session, broker.url, **changes)


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_messages_are_stored_as_they_come(sessions, broker, protocol):
    source_at(sessions, broker, options=OPTIONS | {"protocol": protocol})
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish(said(n, at, 100.0 * n + at) for n in (1, 2, 3) for at in range(10))
        until(lambda: len(values(sessions)) == 30)
    assert values(sessions) == [100.0 * n + at for n in (1, 2, 3) for at in range(10)]
    assert {(attempt.status, attempt.way) for attempt in attempts(sessions)} == {("done", "push")}
    assert sum(attempt.pages for attempt in attempts(sessions)) == 30


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_what_is_sent_while_nobody_listens_comes_afterwards(sessions, broker, protocol):
    source_at(sessions, broker, options=OPTIONS | {"protocol": protocol})
    with listening(sessions):
        until(lambda: is_connected(sessions))
    broker.publish(said(1, at / 10, float(at)) for at in range(50))
    assert not is_connected(sessions)
    assert values(sessions) == []
    with listening(sessions, holder="second"):
        until(lambda: len(values(sessions)) == 50)


def test_a_retained_message_comes_with_the_subscription(sessions, broker):
    broker.publish([said(2, 1, 7.0)], retain=True)
    source_at(sessions, broker)
    with listening(sessions):
        until(lambda: values(sessions) == [7.0])


def test_taking_back_a_retained_message_is_no_reading(sessions, broker):
    source_at(sessions, broker)
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish([("city/1/traffic", b"")], retain=True)
        (attempt,) = until(lambda: attempts(sessions))
    assert attempt.dropped == {"empty_message": {"count": 1, "first": "city/1/traffic"}}
    assert kept_aside(sessions) == []


def test_the_same_message_counts_once_and_another_value_is_a_revision(sessions, broker):
    source_at(sessions, broker)
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish([said(1, 1, 5.0)])
        until(lambda: values(sessions) == [5.0])
        broker.publish([said(1, 1, 5.0)])
        until(lambda: len(attempts(sessions)) == 2)
        broker.publish([said(1, 1, 6.0)])
        until(lambda: values(sessions) == [6.0])
    counts = [(each.inserted, each.revised, each.unchanged) for each in attempts(sessions)]
    assert counts == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]


def test_messages_that_cannot_be_read_wait_in_quarantine_with_the_reason(sessions, broker):
    source_at(sessions, broker)
    bad = ["{", '"text"', '{"intensity": 3}', '{"at": "yesterday", "intensity": 3}', b"\xff\x00"]
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish([*(("city/1/traffic", each) for each in bad), said(1, 1, 2.0), said(1, 2, -5.0)])
        until(lambda: len(kept_aside(sessions)) == 6)
    assert values(sessions) == [2.0]
    reasons = {row.raw: (row.reason, row.attribute) for row in kept_aside(sessions)}
    assert reasons == {
        json.dumps("{"): ("not_json", "$"),
        json.dumps('"text"'): ("wrong_shape", "$"),
        json.dumps('{"intensity": 3}'): ("no_instant", "row 0.$.at"),
        json.dumps('{"at": "yesterday", "intensity": 3}'): ("wrong_shape", "row 0.$.at"),
        json.dumps("\\xff\x00"): ("not_json", "$"),
        "-5.0": ("out_of_range", "intensity"),
    }


def test_what_has_no_district_is_counted(sessions, broker):
    source_at(sessions, broker)
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish([said(9, 1, 5.0), said(1, 1, 5.0), said(1, -1, 5.0)])
        until(lambda: values(sessions) == [5.0])
        until(lambda: sum(attempt.pages for attempt in attempts(sessions)) == 3)
    dropped = [reason for attempt in attempts(sessions) for reason in attempt.dropped]
    assert sorted(dropped) == ["entity_not_mapped", "out_of_window"]


def test_entities_of_ngsi_ld_are_read(sessions, broker):
    entities = [{"entity": entity(n), "district": f"D{n}"} for n in (1, 2, 3)]
    source_at(sessions, broker, options={"payload": "ngsi_ld"}, entity_type="ngsi/#", entities=entities)

    def observed(number):
        made = {"type": "Property", "value": 10.0 * number, "observedAt": f"{day(1):%Y-%m-%dT%H:%M:%SZ}"}
        return {"id": entity(number), "type": "TrafficFlowObserved", "intensity": made}

    documents = [observed(1), [observed(2)], {"type": "Notification", "data": [observed(3)]}]
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish(("ngsi/a/b", json.dumps(each)) for each in documents)
        until(lambda: values(sessions) == [10.0, 20.0, 30.0])


def test_a_paused_source_takes_nothing_and_has_it_all_once_it_is_resumed(sessions, broker):
    source_at(sessions, broker)
    with listening(sessions) as worker:
        until(lambda: is_connected(sessions))
        with sessions.begin() as session:
            pause(session, session.scalars(select(DataSource)).one())
        broker.publish(said(1, at, float(at)) for at in range(10))
        until(lambda: not any(thread.is_alive() for thread in worker._threads.values()))
        assert values(sessions) == []
        with sessions.begin() as session:
            resume(session, session.scalars(select(DataSource)).one(), at=NOW)
        worker.look_after()
        until(lambda: len(values(sessions)) == 10)


def test_a_change_of_topics_reaches_the_broker(sessions, broker):
    source_at(sessions, broker)
    with listening(sessions):
        until(lambda: is_connected(sessions))
    with sessions.begin() as session:
        source = session.scalars(select(DataSource)).one()
        entities = [{"entity": str(n), "district": f"D{n}"} for n in (1, 2, 3)]
        given = {"entity_type": "town/+/traffic", "options": OPTIONS, "entities": entities}
        edit_source(session, source, source_data(**given), at=NOW)
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish([said(1, 1, 1.0), ("town/1/traffic", said(1, 2, 2.0)[1])])
        until(lambda: values(sessions) == [2.0])
    with sessions() as session:
        assert session.scalars(select(MqttSession)).one().topics == ["town/+/traffic"]


def test_the_watermark_follows_once_all_has_come(sessions, broker):
    source_at(sessions, broker)
    with listening(sessions):
        until(lambda: the_source(sessions).watermark == NOW)
    source = the_source(sessions)
    assert (source.lease_holder, source.next_due_at, source.failures) == (None, NOW, 0)


@pytest.mark.parametrize(
    ("entity_type", "options", "field"),
    [
        ("city/a+", OPTIONS, "entity_type"),
        ("#/city", OPTIONS, "entity_type"),
        ("$SYS/broker", OPTIONS, "entity_type"),
        ("city/#", {"entity_level": 1}, "options.time_field"),
        ("city/#", {"time_field": "$.at"}, "options.entity_field"),
        ("city/#", OPTIONS | {"entity_field": "$.id"}, "options.entity_field"),
        ("city/#", OPTIONS | {"protocol": "3.1"}, "options.protocol"),
        ("city/#", OPTIONS | {"rows": "$["}, "options.rows"),
    ],
)
def test_a_source_that_could_not_be_listened_to_is_refused(entity_type, options, field):
    with pytest.raises(Invalid) as refusal:
        check_options("mqtt", entity_type, options)
    assert list(refusal.value.errors) == [field]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://hub.example", "The scheme must be mqtt or mqtts, not https."),
        ("mqtt://hub.example:25", "Port 25 is not allowed"),
        ("mqtts://user:secret@hub.example", "Credentials do not belong in an address."),
        ("mqtt://hub.example/topic", "The address of a broker has no path."),
    ],
)
def test_an_address_of_no_broker_is_refused(session, url, words):
    with pytest.raises(Invalid) as refusal:
        create_hub(session, url, kind="mqtt")
    assert refusal.value.errors["base_url"][0].startswith(words)


def test_no_past_is_asked_for_after_an_edit(session):
    source = create_mqtt_source(session, "mqtts://hub.example")
    source.watermark = NOW
    entities = [{"entity": str(n), "district": f"D{n}"} for n in (1, 2)]
    given = {"entity_type": "city/#", "options": OPTIONS, "entities": entities}
    edit_source(session, source, source_data(**given, starts_at=day(-3).isoformat()), at=NOW)
    assert source.starts_at < START


def test_a_trial_overhears_the_broker_and_takes_nothing_away(sessions, broker):
    source_at(sessions, broker)
    broker.publish([said(1, 8, 4.0), ("city/2/traffic", "{")], retain=True)
    with sessions() as session:
        trial = preview.trial_of(session, session.scalars(select(DataSource)).one(), at=NOW)
    found = preview.run(trial, PATIENT, at=NOW)
    assert (found.fault, found.is_whole) == (None, True)
    assert [(reading.entity, reading.value) for reading in found.readings] == [("1", 4.0)]
    assert found.dropped["unreadable_message"]["first"] == "city/2/traffic: not_json at $"
    assert found.requests[0].headers == (("SUBSCRIBE", "city/+/traffic"),)
    assert values(sessions) == []


def test_a_broker_can_be_tested_by_connecting(sessions, broker):
    with sessions.begin() as session:
        hub = create_mqtt_source(session, broker.url).hub
        question = probe.question_of(hub, "")
    assert probe.ask(question, PATIENT).fault is None
    broker.kill()
    sample = probe.ask(question, PATIENT)
    broker.start()
    assert sample.fault.startswith("ConnectionRefusedError")


def test_messages_can_be_read_again_once_the_source_is_put_right(sessions, broker):
    source_at(sessions, broker, options=OPTIONS | {"time_field": "$.when"})
    with listening(sessions):
        until(lambda: is_connected(sessions))
        broker.publish([said(1, 1, 5.0), said(2, 1, -5.0), ("city/1/traffic", "{")])
        until(lambda: len(kept_aside(sessions)) == 3)
    with sessions.begin() as session:
        source = session.scalars(select(DataSource)).one()
        entities = [{"entity": str(n), "district": f"D{n}"} for n in (1, 2, 3)]
        given = {"entity_type": "city/+/traffic", "options": OPTIONS, "entities": entities}
        edit_source(session, source, source_data(**given), at=NOW)
        rows = quarantine.waiting(session, source)
        attempt = quarantine.reprocess(session, source, rows, holder="kim", at=NOW)
        assert (attempt.way, attempt.inserted) == ("reprocess", 1)
    assert values(sessions) == [5.0]
    assert [(row.reason, row.verdict) for row in kept_aside(sessions)] == [
        ("no_instant", "stored"),
        ("no_instant", "open"),
        ("not_json", "open"),
    ]


def test_a_message_that_is_read_late_says_nothing_over_what_was_repeated_meanwhile(session):
    source = create_mqtt_source(session, "mqtt://127.0.0.1")
    facts = {"way": Way.PUSH, "holder": "w"}
    five = [Reading("1", "intensity", to_microseconds(day(1)), 5.0)]
    first = receive(session, source, five, at=NOW, **facts)
    message = {"entity": "city/1/traffic", "attribute": "$", "raw": json.dumps(said(1, 1, 9.0)[1])}
    came = to_microseconds(NOW + timedelta(hours=1))
    stamps = {"source_id": source.id, "attempt_id": first.id, "observed_at": came, "received_at": came}
    session.add(QuarantinedReading(**message, **stamps, reason="no_instant"))
    receive(session, source, five, at=NOW + timedelta(hours=2), **facts)
    (row,) = quarantine.waiting(session, source)
    quarantine.reprocess(session, source, [row], holder="kim", at=NOW + timedelta(hours=3))
    assert row.verdict == "superseded"
    assert session.scalars(select(Observation.value)).one() == 5.0


def test_evaluations_need_not_wait_for_a_subscription_to_end(sessions, broker):
    """A claim that is held for days must not hold back the moment as of which readings are read."""
    source_at(sessions, broker)
    now = [NOW]
    with listening(sessions, now=lambda: now[0]):
        until(lambda: is_connected(sessions))
        now[0] = day(12)
        broker.publish([said(1, 11, 5.0)])
        until(lambda: values(sessions) == [5.0])
        with sessions() as session:
            metrics, districts = (
                session.scalars(select(Metric)).all(),
                session.scalars(select(District)).all(),
            )
            settled = settled_as_of(session, metrics=metrics, districts=districts, at=day(12))
    assert settled == day(12) - timedelta(microseconds=1)
