"""Names and certificates that are not what they were: refused, told, and nothing lost."""

from __future__ import annotations

import ssl

import httpcore
import pytest
from sqlalchemy import select

from experiments.collection import addresses
from experiments.collection.engine import collect_due
from experiments.collection.models import CollectionAttempt, DataSource
from experiments.collection.settings import CollectionSettings
from tests.experiments.collection.build import NOW, SETTINGS, create_source, the_source
from tests.faults.certificates import self_signed
from tests.faults.hub import FaultHub, Reply
from tests.faults.invariants import check, recorded

PUBLIC = "93.184.215.14"


def only_error(sessions):
    with sessions() as session:
        attempts = session.scalars(select(CollectionAttempt))
        return next(attempt.error for attempt in attempts if attempt.error)


def move_to(sessions, url):
    """The operator puts the address right; the source is due again."""
    with sessions.begin() as session:
        source = session.scalars(select(DataSource)).one()
        source.hub.base_url = url
        source.next_due_at = NOW


def test_a_name_that_means_a_private_address_the_second_time_is_not_followed(sessions, hub, monkeypatch):
    """The hub closes every connection, so that its name is asked for again with every page."""
    answers = iter([[PUBLIC], [PUBLIC, "10.0.0.7"]])
    monkeypatch.setattr(addresses, "_resolve", lambda host, port: next(answers, ["127.0.0.1"]))
    port = int(hub.base_url.rpartition(":")[2])
    connect = httpcore.SyncBackend.connect_tcp
    called = []

    def connect_here(self, address, _port, *rest, **options):
        called.append(address)
        return connect(self, "127.0.0.1", port, *rest, **options)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect_here)
    hub.play(lambda asked: Reply(asked.truth.body, headers=asked.truth.headers | {"Connection": "close"}))
    with sessions.begin() as session:
        create_source(session, "http://hub.example:8080", overlap_seconds=30 * 86_400)
    settings = CollectionSettings(tries=1, read_seconds=60)
    (summary,) = collect_due(sessions, NOW, holder="one", settings=settings)
    assert (summary.status, called) == ("failed", [PUBLIC])
    assert "private network" in only_error(sessions)
    assert recorded(sessions) == {}
    monkeypatch.undo()
    hub.play(None)
    move_to(sessions, hub.base_url)
    collect_due(sessions, NOW, holder="two", settings=SETTINGS)
    check(sessions, hub, is_over=True)
    assert len(recorded(sessions)) == 30


@pytest.fixture
def impostor(tmp_path, hub):
    """A hub with the same readings behind a certificate that nobody vouches for."""
    self_signed(tmp_path / "pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    with FaultHub(tls=context) as impostor:
        impostor.readings = dict(hub.readings)
        yield impostor


def test_a_certificate_that_nobody_vouches_for_is_refused(sessions, hub, impostor):
    with sessions.begin() as session:
        create_source(session, impostor.base_url, overlap_seconds=30 * 86_400)
    (summary,) = collect_due(sessions, NOW, holder="one", settings=SETTINGS)
    assert summary.status == "failed"
    assert "certificate verify failed" in only_error(sessions)
    assert impostor.asked == 0
    assert the_source(sessions).watermark == the_source(sessions).starts_at
    move_to(sessions, hub.base_url)
    collect_due(sessions, NOW, holder="two", settings=SETTINGS)
    check(sessions, hub, is_over=True)
    assert len(recorded(sessions)) == 30
