"""Hubs that take their time: others are read meanwhile, and whoever drips for ever comes to an end."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from experiments.collection.engine import collect_due
from experiments.collection.faults import PassingFault
from experiments.collection.http import HubClient
from experiments.collection.sources import register_source
from tests.experiments.collection.build import (
    NOW,
    SETTINGS,
    START,
    create_hub,
    create_metric,
    create_source,
    day,
    scripted_hub,
    source_data,
)

# Far beyond what a busy machine needs; waited for only where the test fails.
SECONDS_TO_WAIT = 20
EMPTY = (200, {}, b"[]")


def add_source(session, number, **changes):
    create_metric(session, code=f"m{number}")
    mapping = [{"attribute": "intensity", "metric": f"m{number}", "unit": "vehicles"}]
    data = {"name": f"traffic {number}", "attributes": mapping, "starts_at": day(9).isoformat()}
    register_source(session, source_data(**data | changes), at=START)


def test_what_falls_due_while_a_slow_hub_is_read_is_not_kept_waiting(sessions):
    now, go_on, read = [NOW], threading.Event(), []

    def slow(target):
        return EMPTY if go_on.wait(SECONDS_TO_WAIT) else (500, {}, b"")

    def quick(target):
        read.append(target)
        # A quarter of an hour passes after every answer.
        now[0] += timedelta(minutes=15)
        if len(read) == 3:
            go_on.set()
        return EMPTY

    with scripted_hub(slow) as slow_url, scripted_hub(quick) as quick_url:
        with sessions.begin() as session:
            create_source(session, slow_url, starts_at=day(9).isoformat())
            create_hub(session, quick_url, name="quick")
            add_source(session, 2, hub="quick", interval_seconds=600)
        settings = replace(SETTINGS, look_again_seconds=0.01)
        summaries = collect_due(sessions, NOW, holder="one", settings=settings, clock=lambda: now[0])
    assert {summary.status for summary in summaries} == {"done"}
    assert [summary.source_name for summary in summaries][:2] == ["traffic 2", "traffic 2"]


def test_one_hub_never_holds_all_readers_where_there_are_others(sessions):
    go_on = threading.Event()

    def slow(target):
        return EMPTY if go_on.wait(SECONDS_TO_WAIT) else (500, {}, b"")

    def quick(target):
        go_on.set()
        return EMPTY

    with scripted_hub(slow) as slow_url, scripted_hub(quick) as quick_url:
        with sessions.begin() as session:
            create_source(session, slow_url, starts_at=day(9).isoformat())
            add_source(session, 2)
            create_hub(session, quick_url, name="quick")
            add_source(session, 3, hub="quick")
        settings = replace(SETTINGS, sources_at_once=2)
        summaries = collect_due(sessions, NOW, holder="one", settings=settings)
    assert {summary.status for summary in summaries} == {"done"}


@contextmanager
def dripping_hub(begins: bytes):
    """A server that sends `begins`, and then a byte now and then for as long as anybody listens."""
    over, asked = threading.Event(), []

    def drip(connection):
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(begins)
                while not over.wait(0.02):
                    connection.sendall(b" ")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while not over.is_set():
                connection, _ = server.accept()
                asked.append(connection)
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}", asked
        finally:
            over.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()


HEAD = b"HTTP/1.1 200 OK\r\nX-Slow: "


@pytest.mark.parametrize("begins", [HEAD, HEAD + b"\r\nContent-Length: 100000\r\n\r\n["])
def test_a_hub_that_drips_comes_to_an_end_with_all_tries_together(begins):
    settings = replace(SETTINGS, tries=4, answer_seconds=0.3)
    with dripping_hub(begins) as (url, asked), HubClient(settings) as client:
        with pytest.raises(PassingFault, match=r"no complete answer in 0\.3 s"):
            client.get(f"{url}/x", {}, {})
        assert len(asked) == 1


def test_one_question_ends_before_its_lease_is_to_be_prolonged():
    assert SETTINGS.answer_seconds < SETTINGS.lease_seconds / 2
