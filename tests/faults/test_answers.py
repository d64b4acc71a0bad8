"""Whatever a hub answers: what is believed is whole, what is not is told, and all is there in the end."""

from __future__ import annotations

import json
import random
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments.collection.engine import collect_due
from experiments.collection.http import HubClient
from experiments.collection.models import CollectionAttempt, DataSource
from experiments.collection.sources import collect_now
from tests.experiments.collection.build import NOW, SETTINGS, entity, the_source
from tests.faults.hub import Asked, Reply, as_entity
from tests.faults.invariants import check, recorded


def collect(sessions, now=NOW, settings=SETTINGS):
    with sessions.begin() as session:
        collect_now(session, session.scalars(select(DataSource)).one(), at=now)
    return collect_due(sessions, now, holder="test", settings=settings)


def errors(sessions):
    with sessions() as session:
        rows = session.scalars(select(CollectionAttempt).order_by(CollectionAttempt.id))
        return [attempt.error for attempt in rows if attempt.error]


def status(code, **headers):
    return lambda asked: Reply(b'{"title": "no"}', status=code, headers=headers)


def silent(asked: Asked) -> Reply:
    return Reply(b"", is_silent=True)


def half_a_body(asked: Asked) -> Reply:
    return Reply(asked.truth.body, headers=asked.truth.headers, cut=len(asked.truth.body) // 2)


def too_long_a_length(asked: Asked) -> Reply:
    return Reply(asked.truth.body, headers=asked.truth.headers, length=len(asked.truth.body) + 50)


def too_short_a_length(asked: Asked) -> Reply:
    return Reply(asked.truth.body, headers=asked.truth.headers, length=len(asked.truth.body) - 50)


def truncated_json(asked: Asked) -> Reply:
    return Reply(asked.truth.body[: len(asked.truth.body) // 2], headers=asked.truth.headers)


def xml_in_json(asked: Asked) -> Reply:
    return Reply(b"<OpenAPI_ServiceResponse/>")


def the_first_page_again(asked: Asked) -> Reply | None:
    if asked.params["offset"] == "0":
        return None
    return asked.page(asked.hub.page({**asked.params, "offset": "0"})[0])


def endless_next(asked: Asked) -> Reply:
    page = [as_entity(f"urn:stranger:{asked.number}", [])]
    return Reply(json.dumps(page).encode(), headers={"Link": '</x?offset=1>; rel="next"'})


def the_same_page_for_ever(asked: Asked) -> Reply:
    page = asked.hub.page({**asked.params, "offset": "0"})[0]
    return Reply(json.dumps(page).encode(), headers={"Link": '</x?offset=1>; rel="next"'})


def fewer_than_counted(asked: Asked) -> Reply:
    return asked.page(asked.entities[:-1]) if asked.params["offset"] == "0" else asked.page([])


def bomb(asked: Asked) -> Reply:
    """10 GB of zeros in 10 MB: blocks that stand alone repeat without being compressed again."""
    megabyte = bytes(1024 * 1024)
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    first, block = (packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return Reply(first + block * 10_239, headers={"Content-Encoding": "gzip"})


FAULTS = {
    "500": (status(500), "HTTP 500"),
    "429": (status(429, **{"Retry-After": "600"}), "HTTP 429"),
    "404": (status(404), "HTTP 404"),
    "time-out": (silent, "ReadTimeout"),
    "half a body": (half_a_body, "peer closed connection"),
    "too long a length": (too_long_a_length, "peer closed connection"),
    "too short a length": (too_short_a_length, "not valid JSON"),
    "truncated JSON with 200": (truncated_json, "not valid JSON"),
    "XML with 200": (xml_in_json, "XML where JSON was expected"),
    "the first page again": (the_first_page_again, "repeats entities"),
    "the same page for ever": (the_same_page_for_ever, "repeats entities"),
    "fewer than counted": (fewer_than_counted, "the hub counts 3 entities but sent"),
    "a bomb": (bomb, "exceeds 1,048,576 bytes"),
    "a redirect to a private address": (
        status(302, Location="http://169.254.169.254/latest"),
        "a redirect to http://169.254.169.254/latest is not followed",
    ),
}


def lose_patience(monkeypatch, hub, when):
    """Wait for no answer from question `when` on, and for every one before: whether an answer comes in time
    must not hang on how busy the machine is."""
    get = HubClient.get

    def hurried(self, *question, **options):
        if hub.asked >= when:
            self._timeout = self._timeout | {"read": 0.2}
        return get(self, *question, **options)

    monkeypatch.setattr(HubClient, "get", hurried)


@pytest.mark.parametrize(("name", "when"), [*((name, 3) for name in FAULTS), ("500", 0), ("429", 0)])
def test_a_fault_is_told_and_nothing_is_lost(sessions, hub, source, name, when, monkeypatch):
    """`when` 0: from the first question on; 3: in the second window, whose second page fails."""
    fault, words = FAULTS[name]
    settings = replace(SETTINGS, largest_answer_bytes=1024 * 1024)
    if fault is silent:
        lose_patience(monkeypatch, hub, when)
    hub.play(lambda asked: fault(asked) if asked.number >= when else None)
    summaries = collect(sessions, settings=settings)
    assert summaries[-1].status == "failed"
    assert words in errors(sessions)[0]
    check(sessions, hub)
    assert len(recorded(sessions)) == (0 if when == 0 else 15)
    hub.play(None)
    monkeypatch.undo()
    assert [s.status for s in collect(sessions, settings=settings)] == ["done", "done"]
    check(sessions, hub, is_over=True)
    assert len(recorded(sessions)) == 30


def test_an_endless_chain_of_pages_ends(sessions, hub, source, monkeypatch):
    monkeypatch.setattr("experiments.collection.connectors.ngsi_ld.MOST_PAGES", 20)
    hub.play(endless_next)
    assert [s.status for s in collect(sessions)] == ["failed"]
    assert "more than 20 pages" in errors(sessions)[0]
    assert the_source(sessions).watermark == the_source(sessions).starts_at


def shuffled(asked: Asked) -> Reply:
    """Entities of the page, and their values, in any order."""
    entities = json.loads(asked.truth.body)
    rng = random.Random(asked.number)
    for each in entities:
        rng.shuffle(each["intensity"]["values"])
    rng.shuffle(entities)
    asked.hub.remember(asked.entities)
    return asked.page(entities)


def doubled(asked: Asked) -> Reply:
    """Every value twice."""
    entities = json.loads(asked.truth.body)
    for each in entities:
        each["intensity"]["values"] *= 2
    asked.hub.remember(asked.entities)
    return asked.page(entities)


@pytest.mark.parametrize("habit", [shuffled, doubled])
def test_order_and_repetition_do_not_matter(sessions, hub, source, habit):
    hub.play(habit)
    assert [s.status for s in collect(sessions)] == ["done", "done"]
    check(sessions, hub, is_over=True)
    assert len(recorded(sessions)) == 30


def test_pages_that_change_while_they_are_read_come_right_with_the_next_run(sessions, hub, source):
    def meddle(asked: Asked) -> None:
        at = asked.number % 10
        hub.readings[next(key for key in hub.readings if key[0] == entity(1))] = 1000.0 + asked.number
        hub.add(entity(3), at + 0.5, 5.0)

    hub.play(meddle)
    collect(sessions)
    hub.play(None)
    collect(sessions)
    check(sessions, hub, is_over=True)


def test_overlapping_pages_are_refused_rather_than_guessed(sessions, hub, source):
    """An entity comes twice and another one never: the count says so."""

    def overlapping(asked: Asked) -> Reply | None:
        if asked.params["offset"] == "0":
            return None
        return asked.page(asked.hub.page({**asked.params, "offset": "1"})[0][:1])

    hub.play(overlapping)
    assert [s.status for s in collect(sessions)] == ["failed"]
    hub.play(None)
    collect(sessions)
    check(sessions, hub, is_over=True)


def test_what_a_hub_forgets_is_kept_here(sessions, hub, source):
    assert {s.status for s in collect(sessions)} == {"done"}
    hub.forget(before=8)
    hub.add(entity(1), 9, -1.0)
    collect(sessions, NOW + timedelta(hours=1))
    check(sessions, hub, is_over=True)
    assert len(recorded(sessions)) == 30


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_loses_nothing_and_stamps_never_run_backwards(sessions, hub, source, jump):
    now = [NOW - timedelta(days=1)]

    def clock():
        return now[0]

    def jumping(asked: Asked) -> None:
        if asked.number == 1:
            now[0] += jump

    hub.play(jumping)
    collect_due(sessions, now[0], holder="test", settings=SETTINGS, clock=clock)
    for step in range(3):
        hub.add(entity(2), 9.5 + step / 100, float(step))
        hub.add(entity(1), 1, 500.0 + step)
        now[0] += timedelta(minutes=30)
        with sessions.begin() as session:
            collect_now(session, session.scalars(select(DataSource)).one(), at=now[0])
        collect_due(sessions, now[0], holder="test", settings=SETTINGS, clock=clock)
        check(sessions, hub)
    collect(sessions, NOW)
    check(sessions, hub, is_over=True)
    with sessions() as session:
        finished = list(session.scalars(select(CollectionAttempt.finished_at).order_by(CollectionAttempt.id)))
    assert finished == sorted(finished)
