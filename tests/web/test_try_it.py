"""The page that tries a source: for the own city's data officer, against a real hub, storing nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from experiments.collection.models import Observation
from tests.experiments.collection.build import scripted_hub
from tests.factories import BEGINNING, create_site, create_source
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
