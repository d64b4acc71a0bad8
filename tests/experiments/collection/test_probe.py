"""One question to a hub: what comes back is shown without secrets, and read no further than is shown."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from experiments.collection import probe
from experiments.collection.credentials import Credentials, Kind, Vault
from experiments.collection.http import Access
from tests.experiments.collection.build import SETTINGS, scripted_hub

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECRET = "correct horse"


def ask(reply, *, path="/x", credentials=None, settings=SETTINGS):
    settings = replace(settings, credential_keys=(KEY,))
    sealed = Vault(settings.credential_keys).seal(credentials) if credentials else None
    with scripted_hub(reply) as base_url:
        access = Access(1, base_url, sealed)
        return probe.ask(probe.Question(path, {"Accept": "application/json"}, access), settings)


def answering(body, status=200, **headers):
    return lambda target: (status, {"Content-Type": "application/json"} | headers, body)


def test_the_answer_is_shown_as_it_came():
    sample = ask(answering(b'[{"id": "urn:1"}]'))
    assert (sample.status, sample.begins, sample.is_whole, sample.fault) == (
        *(200, '[{"id": "urn:1"}]', True),
        None,
    )


def test_only_the_first_kilobyte_of_a_long_answer_is_shown():
    sample = ask(answering(b"x" * 5_000_000))
    assert (len(sample.begins), sample.is_whole, sample.fault) == (probe.SHOWN_BYTES, False, None)


def test_a_packed_answer_is_unpacked():
    sample = ask(answering(gzip.compress(b'{"a": 1}'), **{"Content-Encoding": "gzip"}))
    assert sample.begins == '{"a": 1}'


def test_a_refusal_is_shown_with_its_words():
    sample = ask(answering(b'{"title": "no such type"}', 404))
    assert (sample.status, "no such type" in sample.begins) == (404, True)
    assert "HTTP 404" in sample.fault


@pytest.mark.parametrize("kind", [Kind.KEY_IN_HEADER, Kind.KEY_IN_QUERY, Kind.BASIC])
def test_no_way_of_writing_the_secret_is_shown(kind):
    credentials = Credentials(kind, "key", SECRET)
    said = json.dumps([*credentials.secrets(), "fine"]).encode()
    sample = ask(answering(said, **{"X-Echo": credentials.secrets()[0]}), credentials=credentials)
    shown = repr(sample)
    assert not [each for each in credentials.secrets() if each in shown]
    assert "fine" in shown


def test_a_cookie_of_the_hub_is_not_shown():
    sample = ask(answering(b"{}", **{"Set-Cookie": "session=abc"}))
    assert ("set-cookie", "***") in sample.headers


def test_a_hub_in_a_private_network_is_not_asked():
    sample = ask(answering(b"secret of the house"), settings=replace(SETTINGS, private_hubs=()))
    assert (sample.status, sample.begins) == (None, "")
    assert "SANDBOX_PRIVATE_HUBS" in sample.fault


def test_a_path_that_leads_to_another_host_is_not_asked():
    sample = ask(answering(b"{}"), path="@169.254.169.254/latest")
    assert sample.status is None
    assert sample.fault
