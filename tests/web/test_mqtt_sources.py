"""A source of an MQTT broker, from the form over HTTP to the page that shows that somebody listens."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from experiments.collection.models import DataSource, Observation
from experiments.collection.mqtt import Listeners
from sandbox.accounts import Role
from tests.experiments.collection.build import day
from tests.experiments.collection.mqtt import PATIENT, is_connected, until
from tests.factories import create_metric, create_person, create_site
from tests.faults.mosquitto import Mosquitto
from tests.web.visitors import Clock, Visitor, remembering, said, stored

OPTIONS = "entity_level = 3\r\ntime_field = $.measured.at\r\nvalues.wait = $.measured.wait\r\nprotocol = 5"


@pytest.fixture
def site(rows):
    site = create_site(remembering(rows))
    # Read now: later on nothing may be open beside the worker.
    assert site.city.id
    assert site.territory.id
    create_metric(remembering(rows), code="bus_wait", unit="minutes")
    rows.commit()
    return site


@pytest.fixture
def officer(rows, client, site, service):
    Clock(service).now = day(10)
    service.settings = replace(service.settings, private_hubs=PATIENT.private_hubs)
    person = create_person(remembering(rows), Role.CITY_DATA_OFFICER, site.city)
    rows.commit()
    visitor = Visitor(client)
    visitor.sign_in(person)
    return visitor


def typed(site, address, **changes):
    return {
        "hub": "",
        "new_hub.name": "Gaon broker",
        "new_hub.base_url": address,
        "new_hub.kind": "mqtt",
        "new_hub.dialect": "etsi",
        "new_hub.zone": "Asia/Seoul",
        "territory": site.territory.code,
        "name": "Bus stops",
        "entity_type": "gaon/stops/+/state gaon/depots/#",
        "representation": "temporal_values",
        "attributes": "wait = bus_wait, minutes, day",
        "entities": "north = D01\r\nsouth = D02",
        "options": OPTIONS,
        "starts_at": "2026-03-01T00:00",
        "interval_seconds": "15 min",
        "overlap_seconds": "7 d",
        "lag_seconds": "0",
        "window_seconds": "31 d",
        "page_size": "100",
    } | changes


def message(stop, at, wait):
    measured = {"measured": {"at": day(at).isoformat(), "wait": wait}}
    return f"gaon/stops/{stop}/state", json.dumps(measured)


def test_a_city_sets_a_broker_up_and_sees_what_it_sends(officer, rows, site):
    with Mosquitto() as broker:
        answer = officer.send("/sources/new", **typed(site, broker.url))
        assert answer.status_code == 303, said(answer)
        assert "Not connected" in officer.read(answer.location)
        sessions = sessionmaker(rows.get_bind())
        worker = Listeners(sessions, PATIENT, lambda: day(10), "a worker")
        worker.look_after()
        until(lambda: is_connected(sessions))
        broker.publish(message(stop, at, 3.5) for stop in ("north", "south") for at in range(5))
        broker.publish([("gaon/stops/north/state", "{}")])
        until(lambda: len(stored(rows, select(Observation.observed_at))) == 10)
        assert "Listening since" in officer.read(answer.location)
        source = answer.location.rpartition("/")[2]
        until(lambda: "Message without an instant" in officer.read(f"/sources/{source}/quarantine"))
        worker.stop()
        assert "Not connected" in officer.read(answer.location)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"new_hub.base_url": "https://hub.example"}, "The scheme must be mqtt or mqtts, not https."),
        ({"entity_type": "gaon/a+"}, "Not a filter of topics: gaon/a+"),
        ({"options": "time_field = $.at"}, "Name the entity by entity_field or by entity_level."),
        ({"options": "entity_level = 3"}, "time_field: Missing data for required field."),
    ],
)
def test_what_could_not_be_listened_to_is_refused_by_its_field(officer, rows, site, change, message):
    answer = officer.send("/sources/new", **typed(site, "mqtts://hub.example") | change)
    assert answer.status_code == 422
    assert message in said(answer)
    assert stored(rows, select(DataSource)) == []
