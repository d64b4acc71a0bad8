"""Credentials are sealed, used for the request alone, and never shown."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace

import pytest

from experiments.collection.credentials import (
    Credentials,
    CredentialsSchema,
    CredentialsUnreadable,
    Kind,
    Vault,
)
from experiments.collection.faults import HubFault
from experiments.collection.http import Access, HubClient
from experiments.collection.limits import HubMemory
from experiments.errors import Invalid
from experiments.fields import load
from tests.experiments.collection.build import SETTINGS, scripted_hub

OLD, NEW = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
SECRET = "s3cret/key+with=signs"
KEYED = replace(SETTINGS, credential_keys=(NEW, OLD), tries=2)


def credentials(kind=Kind.KEY_IN_QUERY, **changes):
    return Credentials(**{"kind": kind, "name": "serviceKey", "secret": SECRET} | changes)


def call(hub_url, held, *, times=1, memory=None, url=None):
    access = Access(1, hub_url, Vault([NEW]).seal(held))
    with HubClient(KEYED, memory=memory, sleep=lambda _: None) as client:
        return [client.get(url or f"{hub_url}/x", {"a": "1"}, {}, access=access) for _ in range(times)][-1]


def test_what_is_sealed_opens_with_any_key_and_shows_nothing():
    sealed = Vault([OLD]).seal(credentials())
    assert SECRET not in sealed
    assert Vault([NEW, OLD]).open(sealed) == credentials()
    assert SECRET not in repr(credentials())


def test_a_key_may_be_taken_out_once_everything_is_sealed_again():
    sealed = Vault([NEW, OLD]).seal_again(Vault([OLD]).seal(credentials()))
    assert Vault([NEW]).open(sealed) == credentials()


@pytest.mark.parametrize("keys", [[], [NEW]])
def test_credentials_under_an_unknown_key_are_unreadable(keys):
    with pytest.raises(CredentialsUnreadable):
        Vault(keys).open(Vault([OLD]).seal(credentials()))


def test_a_key_in_the_address_is_sent_and_not_told():
    asked = []

    def answer(target):
        asked.append(target)
        return 200, {}, f'{{"echo": "{SECRET}"}}'.encode()

    with scripted_hub(answer) as url:
        got = call(url, credentials())
    assert asked == ["/x?a=1&serviceKey=s3cret%2Fkey%2Bwith%3Dsigns"]
    assert got.url.endswith("/x?a=1")
    assert got.body == b'{"echo": "***"}'


def test_a_refusal_that_quotes_the_key_is_told_without_it(caplog):
    caplog.set_level(logging.DEBUG)
    with (
        scripted_hub(lambda target: (403, {}, f"no such key {SECRET} {target}".encode())) as url,
        pytest.raises(HubFault) as caught,
    ):
        call(url, credentials())
    told = f"{caught.value} {caught.value.url} {caplog.text}"
    assert "no such key ***" in told
    assert "s3cret" not in told


def test_headers_of_each_kind():
    basic = credentials(Kind.BASIC, name="kim").headers()["Authorization"]
    assert base64.b64decode(basic.removeprefix("Basic ")).decode() == f"kim:{SECRET}"
    assert credentials(Kind.KEY_IN_HEADER, name="X-Key").headers() == {"X-Key": SECRET}
    assert credentials(Kind.KEY_IN_QUERY).headers() == {}


def client_of(url):
    return credentials(Kind.CLIENT_CREDENTIALS, name="registry", token_url=f"{url}/token", scope="read")


def test_a_token_is_asked_for_once_and_again_when_the_hub_no_longer_takes_it(token_hub):
    memory = HubMemory()
    call(token_hub.url, client_of(token_hub.url), times=3, memory=memory)
    assert token_hub.tokens == 1
    token_hub.refused.add("token-1")
    call(token_hub.url, client_of(token_hub.url), memory=memory)
    assert (token_hub.tokens, token_hub.seen[-1]) == (2, "Bearer token-2")
    assert b"grant_type=client_credentials" in token_hub.form


def test_an_address_outside_the_hub_is_not_called():
    with pytest.raises(HubFault, match="not the hub's own"):
        call("http://127.0.0.1:1026", credentials(), url="http://127.0.0.1:8080/x")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "key_in_header", "name": "X Key"}, "name"),
        ({"kind": "basic", "name": "a:b"}, "name"),
        ({"kind": "client_credentials"}, "token_url"),
        ({"kind": "basic", "token_url": "http://hub.example"}, "token_url"),
        ({"secret": "two\r\nlines"}, "secret"),
    ],
)
def test_credentials_that_cannot_be_sent_are_refused(changes, field):
    with pytest.raises(Invalid) as caught:
        load(CredentialsSchema(), {"kind": "key_in_query", "name": "key", "secret": "x"} | changes)
    assert field in caught.value.errors
