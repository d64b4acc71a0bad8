"""A trial asks the real hub a little, sorts what comes, stores nothing and shows no secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
from cryptography.fernet import Fernet

from experiments.collection import preview
from experiments.collection.credentials import Credentials, Kind, Vault
from experiments.collection.models import CollectionAttempt, Observation
from tests.experiments.collection.build import (
    NOW,
    SETTINGS,
    create_data_set,
    create_source,
    entity,
    playing,
    scripted_hub,
)

SERIES = {
    1: {"intensity": [(8, 5.0), (9, "many")]},
    2: {"intensity": [(9, 6.0)]},
    9: {"intensity": [(9, 1.0)]},
}


def tried(session, base_url, **changes):
    source = create_source(session, base_url, **changes)
    return preview.run(preview.trial_of(session, source, at=NOW), SETTINGS, at=NOW)


def test_readings_are_sorted_as_a_run_would(session):
    with playing(create_data_set(SERIES)) as hub:
        found = tried(session, hub.base_url)
    assert [(each.entity, each.value) for each in found.readings] == [(entity(1), 5.0), (entity(2), 6.0)]
    assert [(each.reason, each.raw) for each in found.suspects] == [("wrong_type", '"many"')]
    assert found.dropped["entity_not_mapped"]["count"] == 1
    assert (found.fault, found.is_whole) == (None, True)


def test_the_questions_are_shown_as_they_were_sent(session):
    with playing(create_data_set(SERIES)) as hub:
        base_url = hub.base_url
        found = tried(session, base_url)
    assert found.requests[0].address.startswith(f"{base_url}/")
    assert "type=TrafficFlowObserved" in found.requests[0].address


def test_nothing_is_stored(session):
    with playing(create_data_set(SERIES)) as hub:
        tried(session, hub.base_url)
    assert session.query(Observation).count() == session.query(CollectionAttempt).count() == 0


def test_a_large_hub_is_asked_a_few_times_only(session, monkeypatch):
    monkeypatch.setattr(preview, "MOST_REQUESTS", 2)
    # A trial asks for a page that holds every entity, as far as a page may hold them.
    monkeypatch.setattr(preview, "LARGEST_PAGE", 1)
    with playing(create_data_set(entities=3)) as hub:
        found = tried(session, hub.base_url, page_size=1)
    assert len(found.requests) == 2
    assert not found.is_whole


def test_at_most_a_week_is_asked_for(session):
    with playing(create_data_set(SERIES)) as hub:
        found = tried(session, hub.base_url, window_seconds=31 * 86_400)
    assert found.end - found.start == timedelta(days=7)


def test_a_fault_is_said_and_not_repeated(session):
    asked = []

    def broken(target):
        asked.append(target)
        return 200, {"Content-Type": "application/json"}, b'[{"id": '

    with scripted_hub(broken) as base_url:
        found = tried(session, base_url)
    assert "not valid JSON" in found.fault
    assert len(asked) == len(found.requests) == 1


def test_what_came_before_a_fault_is_not_shown(session, monkeypatch):
    monkeypatch.setattr(preview, "LARGEST_PAGE", 1)
    pages = []

    def second_breaks(target):
        pages.append(target)
        headers = {"Content-Type": "application/json", "NGSILD-Results-Count": "2"}
        values = [[5.0, (NOW - timedelta(hours=2)).isoformat()]]
        found = {
            "id": entity(1),
            "type": "TrafficFlowObserved",
            "intensity": {"type": "Property", "values": values},
        }
        return 200, headers, orjson.dumps([found]) if len(pages) == 1 else b"["

    with scripted_hub(second_breaks) as base_url:
        found = tried(session, base_url, page_size=1)
    assert len(pages) == 2
    assert (found.readings, found.dropped, found.suspects) == ((), {}, ())
    assert not any(line.points for line in found.lines)


def test_a_question_that_was_never_sent_is_not_shown(session):
    keys = (Fernet.generate_key().decode(),)
    settings = replace(SETTINGS, credential_keys=keys)
    with scripted_hub(lambda target: (200, {}, b"[]")) as base_url:
        source = create_source(session, base_url)
        client = Credentials(Kind.CLIENT_CREDENTIALS, "me", "secret", token_url="http://10.0.0.1/token")
        source.hub.credentials = Vault(keys).seal(client)
        found = preview.run(preview.trial_of(session, source, at=NOW), settings, at=NOW)
    assert "private network" in found.fault
    assert found.requests == ()
