"""The page that tries a source: for the own city's data officer, against a real hub, storing nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments.collection.models import DataSource, Hub, Observation
from sandbox.demo.dataset import DataSet
from sandbox.demo.playback import PlaybackHub
from sandbox.ledger import LedgerEntry
from tests.experiments.collection.build import scripted_hub
from tests.factories import BEGINNING, create_metric, create_site, create_source
from tests.web.office import controls, wrong_fields
from tests.web.visitors import remembering, said, stored


def create_source_at(rows, site, base_url):
    source = create_source(remembering(rows), site)
    source.hub.base_url = base_url
    rows.commit()
    return f"/sources/{source.id}/try"


def answer(*values):
    """A hub with one reading for each value, whatever is asked."""
    instants = (BEGINNING - timedelta(hours=hour + 1) for hour in range(len(values)))
    instances = [[value, at.isoformat()] for value, at in zip(values, instants, strict=True)]
    entity = {"id": "urn:ngsi-ld:District:1", "type": "DistrictObserved"}
    body = json.dumps([entity | {"wait": {"type": "Property", "values": instances}}]).encode()
    return lambda target: (200, {"Content-Type": "application/json"}, body)


def test_readings_are_shown_where_they_would_go(officer, rows, service, site):
    service.settings = replace(service.settings, private_hubs=("127.0.0.1:*",))
    with scripted_hub(answer(12.5, "many")) as base_url:
        page = officer.read(create_source_at(rows, site, base_url))
    assert f"GET {base_url}/" in page
    assert "12.5" in page
    assert "What would go into quarantine" in page
    assert stored(rows, select(Observation.value)) == []


def test_a_hub_that_may_not_be_called_is_not_called(officer, rows, site):
    with scripted_hub(answer(12.5)) as base_url:
        page = said(officer.open(create_source_at(rows, site, base_url)))
    assert "The answer cannot be used" in page
    assert "12.5" not in page


def test_another_citys_source_is_not_found(officer, rows):
    assert officer.open(create_source_at(rows, create_site(rows), "http://hub.example")).status_code == 404


def typed(site, metric, base_url, **changes):
    """What the form of a new source on a new hub sends."""
    return {
        "hub": "",
        "new_hub.name": "Town hub",
        "new_hub.base_url": base_url,
        "new_hub.kind": "ngsi_ld",
        "new_hub.dialect": "etsi",
        "new_hub.zone": "Asia/Seoul",
        "territory": site.territory.code,
        "name": "waits",
        "entity_type": "DistrictObserved",
        "representation": "temporal_values",
        "starts_at": f"{BEGINNING - timedelta(days=3):%Y-%m-%dT%H:%M}",
        "interval_seconds": "1 h",
        "overlap_seconds": "7 d",
        "lag_seconds": "0",
        "window_seconds": "31 d",
        "page_size": "100",
        "attributes": f"wait = {metric}, hours",
        "entities": "urn:ngsi-ld:District:1 = D01\nurn:ngsi-ld:District:2 = D02",
    } | changes


@pytest.fixture
def metric(rows, site):
    """The code of a metric in minutes."""
    assert site.territory.code
    code = create_metric(remembering(rows), code="bus_wait", unit="minutes").code
    rows.commit()
    return code


def test_a_form_is_tried_before_it_is_saved(officer, rows, service, site, metric):
    service.settings = replace(service.settings, private_hubs=("127.0.0.1:*",))
    with scripted_hub(answer(0.5, 0.25)) as base_url:
        tried = officer.send("/sources/new", **typed(site, metric, base_url), verb="try")
    page = said(tried)
    assert tried.status_code == 200
    assert f"GET {base_url}/" in page
    assert "Without a reading: 1 of 2 districts." in page
    # Half an hour is drawn, and listed under the chart, in the metric's minutes.
    assert re.search(r"<td class=\"number\">30</td>", tried.text)
    acts = select(LedgerEntry.act).where(LedgerEntry.act != "person.sign_in")
    assert [stored(rows, query) for query in (select(DataSource), select(Hub), acts)] == [[], [], []]


def test_a_tried_form_keeps_what_was_typed(officer, service, site, metric):
    form = typed(site, metric, "http://hub.example:8080", name="Waits at stops")
    page = officer.send("/sources/new", **form, verb="try").text
    assert 'value="Waits at stops"' in page
    assert "The answer cannot be used" in page


def test_a_form_that_is_wrong_is_not_tried(officer, site, metric):
    form = typed(site, metric, "http://hub.example:8080", attributes=f"wait = {metric}, metres")
    assert wrong_fields(officer.send("/sources/new", **form, verb="try")) == {"attributes"}


def test_a_change_is_tried_before_it_is_saved(officer, rows, service, site, metric):
    service.settings = replace(service.settings, private_hubs=("127.0.0.1:*",))
    with scripted_hub(answer(12.5)) as base_url:
        path = create_source_at(rows, site, base_url).removesuffix("/try") + "/edit"
        before = stored(rows, select(DataSource.version))
        form = controls(officer.open(path).text.replace("<form id", '<form class="form" id'))
        tried = officer.send(path, **form.to_dict(flat=True) | {"name": "another name"}, verb="try")
    assert "12.5" in said(tried)
    assert stored(rows, select(DataSource.version)) == before
    assert "another name" not in stored(rows, select(DataSource.name))


def test_entities_of_many_pages_are_shown_all_the_same(officer, service, site, metric, rows):
    """None of them counts before all have come, and a trial does not ask for ever."""
    service.settings = replace(service.settings, private_hubs=("127.0.0.1:*",))
    data = DataSet.of(
        "DistrictObserved",
        {
            f"urn:ngsi-ld:District:{number}": {"wait": [(BEGINNING - timedelta(hours=1), 0.5, BEGINNING)]}
            for number in range(1, 7)
        },
    )
    entities = "\n".join(f"urn:ngsi-ld:District:{number} = D{number:02d}" for number in range(1, 7))
    with PlaybackHub([data], dialect="city_data_hub", clock=lambda: BEGINNING) as hub:
        form = typed(site, metric, hub.base_url, page_size="1", entities=entities)
        page = said(officer.send("/sources/new", **form | {"new_hub.dialect": "city_data_hub"}, verb="try"))
    assert "6 readings; the first are shown." in page
    assert "Without a reading" not in page
