"""A city opens sources that are sent to: its own districts, known metrics, by its data officer alone."""

from __future__ import annotations

import pytest

from experiments.collection import push, tokens
from experiments.errors import Invalid, Refused
from sandbox import hub_desk, pushed_sources
from sandbox.accounts import Role
from tests.factories import BEGINNING, create_metric, create_person, create_site, create_source


@pytest.fixture
def site(session):
    return create_site(session)


@pytest.fixture
def officer(session, site):
    return create_person(session, Role.CITY_DATA_OFFICER, site.city).actor


@pytest.fixture
def described(session, site):
    return {
        "name": "Bus stops",
        "territory": site.territory.code,
        "metrics": [create_metric(session).code],
        "districts": [site.territory.districts[0].code],
        "cadence": "day",
        "starts_on": "2026-01-01",
    }


def test_what_is_sent_with_a_token_of_such_a_source_is_stored(session, officer, described):
    source = pushed_sources.open_pushed(session, described, by=officer, at=BEGINNING)
    token, _secret = tokens.make(session, source, label="stops", days=9, at=BEGINNING)
    (code,), (district,) = described["metrics"], described["districts"]
    body = f'[{{"entity":"{district}","attribute":"{code}","observed_at":"2026-02-01T00:00:00Z","value":5}}]'
    readings = push.read(body.encode(), "application/json")
    receipt = push.push(session, token, readings, body=body.encode(), key=None, at=BEGINNING)
    assert receipt.inserted == 1
    assert source.hub not in hub_desk.usable(session, [source.territory_id])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"territory": "nowhere"}, "territory"),
        ({"metrics": []}, "metrics"),
        ({"metrics": ["never-defined"]}, "metrics"),
        ({"districts": []}, "districts"),
        ({"districts": ["D999"]}, "districts.0"),
        ({"cadence": "moon"}, "cadence"),
        ({"starts_on": "0001-01-01"}, "starts_on"),
    ],
)
def test_what_cannot_be_opened_is_refused_by_field(session, officer, described, change, field):
    with pytest.raises(Invalid) as refused:
        pushed_sources.open_pushed(session, described | change, by=officer, at=BEGINNING)
    assert list(refused.value.errors) == [field]


def test_a_name_is_used_once(session, officer, described):
    described["name"] = create_source(session).hub.name
    with pytest.raises(Invalid) as refused:
        pushed_sources.open_pushed(session, described, by=officer, at=BEGINNING)
    assert list(refused.value.errors) == ["name"]


@pytest.mark.parametrize("role", [Role.CITY_DATA_OFFICER, Role.EVALUATOR])
def test_nobody_else_opens_one(session, described, role):
    place = (create_site(session).city,) if role == Role.CITY_DATA_OFFICER else ()
    actor = create_person(session, role, *place).actor
    with pytest.raises(Refused):
        pushed_sources.open_pushed(session, described, by=actor, at=BEGINNING)
