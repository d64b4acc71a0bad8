"""Hubs through the interface: the same rules as on the pages, and no secret ever comes out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.accounts import Role
from tests.api.callers import problem
from tests.experiments.collection.build import scripted_hub
from tests.factories import create_hub, create_person, create_site, hub_values

SECRET = "correct horse battery"
KEY = {"kind": "key_in_header", "name": "X-Api-Key", "secret": SECRET}


@pytest.fixture
def site(rows):
    site = create_site(rows)
    assert site.city.id
    assert site.territory.code
    rows.commit()
    return site


@pytest.fixture
def officer(rows, caller, site):
    person = create_person(rows, Role.CITY_DATA_OFFICER, site.city)
    rows.commit()
    return caller.sign_in(person)


def registered(officer, site, **changes):
    answer = officer.post("/hubs", hub_values(territory=site.territory.code) | changes)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_hub_is_registered_changed_and_read(officer, site):
    hub = registered(officer, site, requests_per_minute=30)
    changed = hub_values(territory=site.territory.code, zone="UTC", version=hub["version"])
    assert officer.put(f"/hubs/{hub['id']}", changed).json["zone"] == "UTC"
    (shown,) = officer.read("/hubs")["items"]
    assert (shown["zone"], shown["territory"], shown["version"]) == ("UTC", site.territory.code, 2)


def test_a_change_over_a_newer_one_is_refused(officer, site):
    hub = registered(officer, site)
    stale = hub_values(territory=site.territory.code, version=hub["version"] + 1)
    assert problem(officer.put(f"/hubs/{hub['id']}", stale))["status"] == 409


def test_credentials_go_in_and_never_come_out(officer, site):
    hub = registered(officer, site)
    sealed = officer.put(f"/hubs/{hub['id']}/credentials", KEY)
    assert sealed.json["has_credentials"] is True
    assert SECRET not in sealed.text + officer.get("/hubs").text
    assert officer.delete(f"/hubs/{hub['id']}/credentials").json["has_credentials"] is False
    assert problem(officer.delete(f"/hubs/{hub['id']}/credentials"))["status"] == 409


def test_a_test_shows_how_the_answer_begins(officer, site, service):
    service.settings = replace(service.settings, private_hubs=("127.0.0.1:*",))
    with scripted_hub(lambda target: (200, {"Content-Type": "text/plain"}, target.encode())) as base_url:
        hub = registered(officer, site, base_url=base_url)
        sample = officer.post(f"/hubs/{hub['id']}/test", {"path": "/types?limit=1"}).json
    assert (sample["status"], sample["begins"], sample["fault"]) == (200, "/types?limit=1", None)


def test_a_path_that_is_none_is_named(officer, site):
    hub = registered(officer, site)
    assert "path" in problem(officer.post(f"/hubs/{hub['id']}/test", {"path": "@evil"}))["errors"]


def test_a_hub_that_does_not_rest_is_not_woken(officer, site):
    hub = registered(officer, site)
    assert problem(officer.post(f"/hubs/{hub['id']}/wake"))["needs"] == "hub_that_rests"


def test_a_hub_is_withdrawn_once_with_a_reason(officer, site):
    address = f"/hubs/{registered(officer, site)['id']}"
    assert problem(officer.post(f"{address}/withdraw", {"reason": " "}))["status"] == 422
    assert officer.post(f"{address}/withdraw", {"reason": "twice"}).status_code == 204
    assert problem(officer.post(f"{address}/withdraw", {"reason": "twice"}))["status"] == 404


def test_another_citys_hub_is_not_found(officer, rows):
    hub = create_hub(rows, territory=create_site(rows).territory.code)
    rows.commit()
    assert problem(officer.get(f"/hubs/{hub.id}"))["status"] == 404


def test_a_reviewer_has_no_business_with_hubs(caller, rows, site):
    person = create_person(rows, Role.CITY_REVIEWER, site.city)
    rows.commit()
    assert problem(caller.sign_in(person).get("/hubs"))["status"] == 403
