"""Credentials are sealed, used for the request alone, and never shown."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
from dataclasses import replace
from urllib import parse

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from experiments.collection.credentials import (
    Credentials,
    CredentialsSchema,
    CredentialsUnreadable,
    Kind,
    Vault,
    hide,
    hide_in_body,
)
from experiments.collection.faults import HubFault, PassingFault, quote
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


@pytest.mark.parametrize(
    "echo",
    [
        '{"request": {"Authorization": "Bearer token-1"}}',
        '{"seen": "token-1"}',
        '{"seen": "token%2D1", "again": "\\u0074oken-1"}',
    ],
)
def test_a_token_that_the_hub_repeats_is_not_told(token_hub, echo, monkeypatch):
    monkeypatch.setattr(token_hub, "answer", (500, echo.encode()))
    with pytest.raises(PassingFault) as caught:
        call(token_hub.url, client_of(token_hub.url))
    assert "***" in str(caught.value)
    assert "oken-1" not in str(caught.value)
    assert "oken%2D1" not in str(caught.value)


def test_a_secret_at_the_edge_of_a_quotation_is_not_told_by_half():
    with (
        scripted_hub(lambda target: (403, {}, b"x" * 190 + SECRET.encode() + b"x" * 300)) as url,
        pytest.raises(HubFault) as caught,
    ):
        call(url, credentials())
    assert "s3c" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Authorization: Bearer abc.def-1", "Authorization: ***"),
        ('{"authorization":"Basic a2ltOnB3"}', '{"authorization":"***"}'),
        (r'{"a":"{\"Set-Cookie\":\"SID=1; Path=/\"}"}', r'{"a":"{\"Set-Cookie\":\"***"}"}'),
        ("Cookie: SID=1; x=2\nnext", "Cookie: ***�next"),
        ("{'headers': {'Cookie': ['SID=1']}}", "{'headers': {'Cookie': ['***']}}"),
        ('{"access_token": "t1", "expires_in": 1}', '{"access_token": "***", "expires_in": 1}'),
        ("Basic authentication required", "Basic authentication required"),
        ("the token Bearer+x1y2 is unknown", "the token Bearer+*** is unknown"),
    ],
)
def test_what_hubs_repeat_of_who_asked_is_not_quoted(said, shown):
    assert quote(said) == shown


def escaped(text):
    return "".join(f"\\u{ord(c):04X}" for c in text)


PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=40)
WRITTEN = [
    str,
    lambda s: json.dumps(s)[1:-1],
    lambda s: json.dumps(json.dumps(s))[3:-3],
    lambda s: json.dumps(s)[1:-1].replace("/", r"\/"),
    escaped,
    lambda s: escaped(s).lower(),
    lambda s: parse.quote(s, safe=""),
    lambda s: parse.quote(s),
    lambda s: parse.quote(parse.quote(s, safe=""), safe=""),
    lambda s: re.sub("%..", lambda found: found[0].lower(), parse.quote(s, safe="")),
    parse.quote_plus,
    html.escape,
    lambda s: "".join(f"&#x{ord(c):x};" for c in s),
    lambda s: base64.b64encode(f"kim:{s}".encode()).decode(),
    lambda s: base64.urlsafe_b64encode(f"kim:{s}".encode()).decode().rstrip("="),
]


@given(secret=PRINTABLE, write=st.sampled_from(WRITTEN))
@example(secret='ab"cd/ef\\gh', write=WRITTEN[3])
def test_a_secret_is_hidden_however_it_is_written(secret, write):
    secrets = credentials(Kind.BASIC, name="kim", secret=secret).secrets()
    written = write(secret)
    assert written not in hide(f'<"{written}">', secrets)
    assert written.encode() not in hide_in_body(f'["{written}"]'.encode(), secrets)


@pytest.mark.parametrize(
    ("secret", "sent"),
    [
        ("ab%2Bcd%2Fef%3D%3D", "ab+cd/ef=="),
        ("ab+cd/ef==", "ab+cd/ef=="),
        ("100%+more", "100%+more"),
        ("50%zz", "50%zz"),
        ("plain-key", "plain-key"),
    ],
)
def test_a_key_that_was_handed_out_encoded_is_encoded_once(secret, sent):
    """data.go.kr gives an encoded and a decoded key; either may be entered."""
    assert credentials(kind=Kind.KEY_IN_QUERY, name="serviceKey", secret=secret).params() == {
        "serviceKey": sent
    }


def test_backslashes_in_a_secret_and_in_a_body_end_in_time():
    """Where each could stand for the next, looking would take longer than anybody lives."""
    secret = "ab" + "\\" * 20 + "cd"
    body = ("\\" * 5_000 + "x").encode()
    assert hide_in_body(body, (secret,)) == body
    assert secret not in hide_in_body(json.dumps({"k": secret}).encode(), (secret,)).decode()
    assert "ab" not in hide_in_body(json.dumps({"k": secret}).encode(), (secret,)).decode()


def test_a_key_kept_percent_encoded_is_hidden_decoded_too():
    secrets = credentials(secret="abc%2Bdefgh%3D%3D").secrets()
    assert hide("abc+defgh== abc%2bdefgh%3d%3d abc%252Bdefgh%253D%253D", secrets) == "*** *** ***"
