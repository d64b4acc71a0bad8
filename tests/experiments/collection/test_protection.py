"""What the client is protected against: names that change, bombs, impatience, false certificates."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest

from experiments.collection.faults import HubFault, PassingFault
from experiments.collection.http import Access, HubClient
from experiments.collection.limits import HubMemory
from experiments.collection.models import Hub
from experiments.collection.pinned import PinnedTransport
from experiments.collection.rests import doubtful
from tests.experiments.collection.build import NOW, SETTINGS, collect, create_source, scripted_hub

PUBLIC = replace(SETTINGS, private_hubs=())


def test_a_name_of_which_one_address_is_private_is_not_called():
    answers = iter([["203.0.113.7", "127.0.0.1"]])
    transport = PinnedTransport((), resolve=lambda host, port: next(answers))
    with HubClient(PUBLIC, transport=transport) as client, pytest.raises(HubFault, match="private network"):
        client.get("http://hub.example/x", {}, {})
    assert list(answers) == []


def test_a_name_is_resolved_once_and_stays_in_the_host_header():
    seen, asked = [], []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    with scripted_hub(lambda target: seen.append(target) or (200, {}, b"[]")) as url:
        port = url.rpartition(":")[2]
        told = replace(SETTINGS, private_hubs=("hub.example:*",))
        transport = PinnedTransport(told.private_hubs, resolve=resolve)
        with HubClient(told, transport=transport) as client:
            answer = client.get(f"http://hub.example:{port}/x", {}, {})
    assert (answer.body, seen, asked) == (b"[]", ["/x"], ["hub.example"])


def get(answer, **settings):
    with scripted_hub(lambda target: answer) as url, HubClient(replace(SETTINGS, **settings)) as client:
        return client.get(f"{url}/x", {}, {})


def test_a_body_that_unpacks_too_well_is_not_read():
    bomb = gzip.compress(b" " * 8_000_000)
    with pytest.raises(HubFault, match="more than 200 times its size"):
        get((200, {"Content-Encoding": "gzip"}, bomb))


def test_a_compressed_body_that_breaks_off_is_no_body():
    packed = gzip.compress(b"a,b\n" * 1000)
    with pytest.raises(PassingFault, match="ends within its compression"):
        get((200, {"Content-Encoding": "gzip"}, packed[:-12]))


def test_an_encoding_that_was_not_asked_for_is_refused():
    with pytest.raises(HubFault, match="encoded as br"):
        get((200, {"Content-Encoding": "br"}, b"x"))


def test_a_hub_is_called_no_more_often_than_it_wants():
    waits = []
    with scripted_hub(lambda target: (200, {}, b"[]")) as url:
        memory = HubMemory(clock=lambda: 100.0)
        access = Access(1, url, requests_per_minute=30)
        for _ in range(3):  # what is known of a hub outlives a run
            with HubClient(SETTINGS, memory=memory, sleep=waits.append) as client:
                client.get(f"{url}/x", {}, {}, access=access)
    assert waits == [2.0, 4.0]


def test_an_answer_that_did_not_change_is_not_sent_again():
    turns = iter([(200, {"ETag": '"a"'}, b"[1]"), (304, {}, b"")])
    with scripted_hub(lambda target: next(turns)) as url, HubClient(SETTINGS) as client:
        first, second = (client.get(f"{url}/x", {}, {}) for _ in range(2))
    assert (first.body, first.unchanged, second.body, second.unchanged) == (b"[1]", False, b"[1]", True)


def test_answers_without_validators_or_beyond_the_room_are_not_kept():
    bodies = iter([b"[1]", b"[2]", b"x" * 100, b"y" * 100])
    headers = iter([{}, {}, {"ETag": '"a"'}, {"ETag": '"b"'}])
    with (
        scripted_hub(lambda target: (200, next(headers), next(bodies))) as url,
        HubClient(SETTINGS, memory=HubMemory(most_bytes=200)) as client,
    ):
        got = [client.get(f"{url}/x", {}, {}) for _ in range(4)]
    assert [answer.unchanged for answer in got] == [False] * 4


def test_a_hub_that_fails_again_and_again_is_left_alone_until_it_answers(sessions):
    healthy = [False]

    def answer(target):
        return (200, {"NGSILD-Results-Count": "0"}, b"[]") if healthy[0] else (503, {}, b"")

    with scripted_hub(answer) as url:
        with sessions.begin() as session:
            create_source(session, url)
        at = NOW
        for _ in range(SETTINGS.failures_to_rest):
            assert [summary.status for summary in collect(sessions, at)] == ["failed"]
            at += timedelta(hours=2)
        failed_at = at - timedelta(hours=2)
        assert collect(sessions, failed_at + timedelta(seconds=59)) == []
        assert doubtful(sessions, SETTINGS) != set()
        healthy[0] = True
        assert {summary.status for summary in collect(sessions, at)} == {"done"}
    with sessions() as session:
        hub = session.query(Hub).one()
        assert (hub.failures, hub.resting_until) == (0, None)
