import gzip
from dataclasses import replace

import pytest

from experiments.collection.faults import HubFault, PassingFault, quote
from experiments.collection.http import HubClient
from tests.experiments.collection.build import SETTINGS, scripted_hub


def ask(answers, **settings):
    """The answer, and the waits before it, of a hub that gives `answers` one after another."""
    rest, waits = iter(answers), []
    told = replace(SETTINGS, **({"tries": 4} | settings))
    with scripted_hub(lambda target: next(rest)) as url, HubClient(told, sleep=waits.append) as client:
        return client.get(f"{url}/x", {"a": "1,2"}, {"Accept": "application/json"}), waits


OK = (200, {}, b"[]")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_hub_is_asked_again(status):
    answer, waits = ask([(status, {}, b""), (status, {}, b""), OK])
    assert (answer.body, len(waits)) == (b"[]", 2)


def test_retry_after_is_honoured():
    assert ask([(429, {"Retry-After": "7"}, b""), OK])[1] == [7.0]


def test_retry_after_may_be_a_date():
    _, waits = ask([(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""), OK])
    assert waits == [0.0]


def test_a_hub_that_asks_for_more_than_our_patience_is_left_alone():
    with pytest.raises(PassingFault) as caught:
        ask([(429, {"Retry-After": "900"}, b""), OK])
    assert caught.value.retry_after_seconds == 900


def test_tries_are_limited():
    with pytest.raises(PassingFault, match="HTTP 503"):
        ask([(503, {}, b"")] * 2 + [OK], tries=2)


@pytest.mark.parametrize("status", [400, 401, 404])
def test_our_own_mistake_is_not_repeated(status):
    with pytest.raises(HubFault, match=f"HTTP {status}: BadRequestData") as caught:
        ask([(status, {}, b"BadRequestData"), OK])
    assert caught.value.status == status


def test_a_redirect_is_not_followed():
    with pytest.raises(HubFault, match=r"a redirect to http://127\.0\.0\.1/secret is not followed"):
        ask([(302, {"Location": "http://127.0.0.1/secret"}, b"")])


def test_half_a_body_is_a_fault_that_may_pass():
    whole = b'[{"id": 1}]'
    answer, waits = ask([(200, {"Content-Length": "50"}, whole), (200, {}, whole)])
    assert (answer.body, len(waits)) == (whole, 1)


def test_a_body_beyond_the_cap_is_not_read():
    with pytest.raises(HubFault, match="exceeds 1,000 bytes"):
        ask([(200, {}, b" " * 2000)], largest_answer_bytes=1000)


def test_the_cap_counts_decoded_bytes():
    bomb = gzip.compress(b" " * 5_000_000)
    with pytest.raises(HubFault, match="exceeds 100,000 bytes"):
        ask([(200, {"Content-Encoding": "gzip"}, bomb)], largest_answer_bytes=100_000)


def test_a_body_that_does_not_decode_is_a_fault():
    with pytest.raises(HubFault, match="does not decode"):
        ask([(200, {"Content-Encoding": "gzip"}, b"not gzip")])


def test_a_private_address_is_refused_before_anything_is_sent():
    asked = []
    told = replace(SETTINGS, private_hubs=())
    with (
        scripted_hub(lambda target: asked.append(target) or OK) as url,
        HubClient(told) as client,
        pytest.raises(HubFault, match="Port"),
    ):
        client.get(url, {}, {})
    assert asked == []


def test_nobody_answering_is_a_fault_that_may_pass():
    with HubClient(SETTINGS) as client, pytest.raises(PassingFault, match="ConnectError"):
        client.get("http://127.0.0.1:9/x", {}, {})


def test_foreign_text_is_quoted_without_controls_and_shortened():
    assert quote("a\x00b\n" + "x" * 500) == "a�b�" + "x" * 196 + "…"
