"""Sources of every kind of hub, from the form over HTTP to the page that shows what came."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from experiments.collection.connectors.options import OPTIONS, SUBSCRIBED
from experiments.collection.connectors.registry import CONNECTORS
from experiments.collection.engine import collect_due
from experiments.collection.models import DataSource, Observation
from sandbox.accounts import Role
from sandbox.web import source_words
from tests.experiments.collection.build import SETTINGS, day, scripted_hub
from tests.experiments.collection.connectors import (
    test_ckan,
    test_json_path,
    test_korean_api,
    test_onem2m,
)
from tests.experiments.collection.connectors.sensorthings_hub import SensorThingsHub
from tests.factories import create_metric, create_person, create_site
from tests.web.visitors import Clock, Visitor, remembering, said, stored


def table(target):
    """Three days of two districts, as a file of a Korean office."""
    lines = [f"{n} 동,{day(d):%Y-%m-%d},{100 * n + d}" for d in (1, 2, 3) for n in (1, 2)]
    return 200, {}, "\n".join(["구역,일자,대기 시간(분)", *lines]).encode("cp949")


def observed():
    return {str(n): ("min", [(f"{day(d):%Y-%m-%dT00:00:00Z}", n + d) for d in range(3)]) for n in (1, 2)}


# kind -> hub, path of its address, entity type, attribute, entities, options, readings that it has
KINDS = {
    "sensorthings": (
        SensorThingsHub(observed()),
        "/v1.1",
        "Datastream",
        "result",
        ("1", "2"),
        "result_format = dataArray\r\nlongest_interval_seconds = 0",
        6,
    ),
    "ckan": (
        test_ckan.Datastore(test_ckan.rows()),
        "",
        "r-1",
        "intensity",
        ("1", "2"),
        "entity_field = district\r\ntime_field = at\r\nfilters.class = bus",
        20,
    ),
    "korean_api": (
        test_korean_api.playing(test_korean_api.items(), test_korean_api.in_xml),
        "",
        "/B5/getStations",
        "pm10",
        ("역1", "역2"),
        "entity_field = stationName\r\ntime_field = dataTime\r\nparameters.day = {last:%Y%m%d}",
        20,
    ),
    "csv": (
        table,
        "",
        "/wait.csv",
        "대기 시간(분)",
        ("1 동", "2 동"),
        "\r\nentity_field = 구역\r\n\r\ntime_field = 일자\r\ntime_format = %Y-%m-%d",
        6,
    ),
    "json": (
        test_json_path.playing(test_json_path.rows()),
        "/api",
        "/v1/readings",
        "intensity",
        ("1", "2"),
        "rows = $.data.list[*]\r\nentity_field = $.zone.id\r\ntime_field = $.t\r\nnext = $.links.next",
        20,
    ),
    "onem2m": (
        test_onem2m.Platform({f"c{n}": test_onem2m.contents(n) for n in (1, 2)}),
        "/~",
        "/mn-cse/traffic",
        "intensity",
        ("c1", "c2"),
        "origin = S-registry",
        20,
    ),
}


@pytest.fixture
def clock(service):
    clock = Clock(service)
    clock.now = day(10)
    return clock


@pytest.fixture
def site(rows):
    site = create_site(remembering(rows))
    assert site.city.id
    assert site.territory.id
    create_metric(remembering(rows), code="bus_wait", unit="minutes")
    rows.commit()
    return site


@pytest.fixture
def officer(rows, client, clock, site, service):
    service.settings = replace(service.settings, private_hubs=SETTINGS.private_hubs)
    person = create_person(remembering(rows), Role.CITY_DATA_OFFICER, site.city)
    rows.commit()
    visitor = Visitor(client)
    visitor.sign_in(person)
    return visitor


def typed(site, kind, address, **changes):
    _, path, entity_type, attribute, entities, options, _ = KINDS[kind]
    return {
        "hub": "",
        "new_hub.name": "Gaon hub",
        "new_hub.base_url": address + path,
        "new_hub.kind": kind,
        "new_hub.dialect": "etsi",
        "new_hub.zone": "Asia/Seoul",
        "territory": site.territory.code,
        "name": "Bus stops",
        "entity_type": entity_type,
        "representation": "temporal_values",
        "attributes": f"{attribute} = bus_wait, minutes, day",
        "entities": "".join(f"{name} = D0{n}\r\n" for n, name in enumerate(entities, start=1)),
        "options": options,
        "starts_at": "2026-03-01T00:00",
        "interval_seconds": "15 min",
        "overlap_seconds": "7 d",
        "lag_seconds": "0",
        "window_seconds": "31 d",
        "page_size": "100",
    } | changes


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_of_any_kind_is_registered_by_the_form_and_read(kind, officer, rows, site):
    hub, *_, expected = KINDS[kind]
    with scripted_hub(hub) as address:
        answer = officer.send("/sources/new", **typed(site, kind, address))
        assert answer.status_code == 303, said(answer)
        sessions = sessionmaker(rows.get_bind())
        collect_due(sessions, day(10) + timedelta(days=1), holder="a worker", settings=SETTINGS)
    assert len(stored(rows, select(Observation.observed_at))) == expected
    page = officer.read(answer.location)
    assert str(source_words.KINDS[kind]) in page
    assert KINDS[kind][5].strip().splitlines()[-1] in page


def test_what_was_typed_is_shown_again_for_a_change(officer, rows, site):
    with scripted_hub(table) as address:
        answer = officer.send("/sources/new", **typed(site, "json", address))
        (source,) = stored(rows, select(DataSource))
        page = officer.client.get(f"{answer.location}/edit").text
    assert "entity_field = $.zone.id\n" in page
    assert source.options["page_parameter"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("entity_field = a\r\n\r\ntime_format = %", "Line 3: Not a format of instants."),
        ("time_field = t", "Name what holds the entity, or write {entity} in the address."),
        ("entity_field = a", "time_field: Missing data for required field."),
        (
            "time_field = t\r\nparameters.serviceKey = x",
            "Line 2: Keys and passwords belong",
        ),
        ("time_field = t\r\nsurprise = x", "Line 2: Unknown field."),
        ("time_field", "Line 1: write one equals sign between the two names"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_its_line(officer, rows, site, options, message):
    answer = officer.send("/sources/new", **typed(site, "csv", "https://hub.example.org", options=options))
    assert answer.status_code == 422
    assert message in said(answer)
    assert stored(rows, select(DataSource)) == []


def test_every_kind_has_its_connector_its_options_and_its_words():
    assert (
        set(CONNECTORS) | SUBSCRIBED
        == set(OPTIONS)
        == set(source_words.KINDS)
        == set(source_words.WHAT_KINDS_ASK)
    )


@pytest.mark.parametrize("kind", OPTIONS)
def test_the_form_names_every_option_of_a_kind(kind):
    _, must, may = source_words.WHAT_KINDS_ASK[kind]
    assert {name.removesuffix(".*") for name in (*must, *may)} == set(OPTIONS[kind]().fields)
