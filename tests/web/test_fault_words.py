"""Faults of hubs as people read them."""

from __future__ import annotations

import pytest

from experiments.collection.faults import HubFault
from sandbox.web.fault_words import REASONS, fault, refusal


@pytest.fixture
def korean(service):
    """Inside a request of somebody who reads Korean."""
    with service.test_request_context("/"):
        yield


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("HTTP 503: busy", "HTTP 503"),
        ("ConnectError: [Errno 111] Connection refused", "Connection refused"),
        ("the certificate is not valid: self-signed certificate", "self-signed certificate"),
        ("the body exceeds 67,108,864 bytes", "67,108,864"),
        ("page 2, at $: the page repeats the rows of an earlier page", "2"),
        ("page 1, at $: not valid JSON: unexpected end", "unexpected end"),
        ("page 1, at $.list[*]: the rows are not even an empty list", "$.list[*]"),
        ("page 1, at $.error: the hub reports: 'down'", "'down'"),
        ("Port 22 is not allowed; SANDBOX_PRIVATE_HUBS can allow it.", "SANDBOX_PRIVATE_HUBS"),
    ],
)
def test_a_reason_is_told_in_korean_with_what_the_hub_said(korean, reason, words):
    said = fault(reason)
    assert words in said
    assert any("가" <= letter <= "힣" for letter in said)


def test_the_place_in_the_answer_is_kept(korean):
    told = HubFault("HTTP 500: no", url="http://hub.example", page=3, path="$[0].wait").sentence()
    said = fault(told)
    assert "3" in said
    assert "$[0].wait" in said
    assert "page" not in said


def test_what_nobody_listed_stays_as_it_is(korean):
    assert fault("something new") == "something new"


def test_every_reason_keeps_what_changes_in_it(korean):
    for pattern, words in REASONS:
        assert pattern.count("(?P<") == str(words).count("%("), pattern


def test_a_refused_request_is_told_in_korean_line_by_line(korean):
    said = refusal("readings.1.entity: unknown entity urn:9\nnot taken: source_is_collected\nand 2 more")
    assert said[0].startswith("readings.1.entity: ")
    assert "urn:9" in said[0]
    assert all(any("가" <= letter <= "힣" for letter in line) for line in said)
