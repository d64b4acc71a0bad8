"""Readings handed over by machines: all of a request or none, with a token that opens one source."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from experiments.collection import push, tokens
from experiments.collection.models import (
    CollectionAttempt,
    Observation,
    ObservationRevision,
    QuarantinedReading,
    Way,
)
from tests.api.callers import PROBLEM, Caller
from tests.factories import BEGINNING, create_metric, create_source

DISTRICT = "urn:ngsi-ld:District:1"
ADDRESS = "/observations"


@pytest.fixture
def source(rows, service):
    service.clock = lambda: BEGINNING
    metric = create_metric(rows, lowest=0)
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit}]
    source = create_source(rows, attributes=attributes)
    rows.commit()
    return source


@pytest.fixture
def secret(rows, source):
    _token, secret = tokens.make(rows, source, label="bus company", days=30, at=BEGINNING)
    rows.commit()
    return secret


@pytest.fixture
def sender(service, secret):
    return Caller(service, secret)


def reading(hour=1, value=5.0, **changes):
    at = f"2026-02-28T{hour:02d}:00:00+09:00"
    return {"entity": DISTRICT, "attribute": "wait", "observed_at": at, "value": value} | changes


def send(sender, *readings, **options):
    return sender.post(ADDRESS, {"readings": list(readings)}, **options)


def send_raw(sender, body, media, **headers):
    return sender.call("POST", ADDRESS, data=body, content_type=media, headers=headers)


def count(rows, table):
    found = rows.scalar(select(func.count()).select_from(table))
    rows.commit()
    return found


def test_readings_are_stored_and_counted(sender, rows):
    answer = send(sender, reading(1), reading(2))
    assert answer.status_code == 201, answer.text
    assert (answer.json["readings"], answer.json["inserted"]) == (2, 2)
    assert count(rows, Observation) == 2


def test_an_attempt_says_who_handed_over(sender, rows):
    send(sender, reading())
    attempt = rows.scalars(select(CollectionAttempt)).one()
    assert (attempt.way, attempt.holder) == (Way.PUSH, "token:1")


def test_a_changed_value_becomes_a_revision(sender, rows):
    send(sender, reading(1, 5.0))
    assert send(sender, reading(1, 6.0)).json["revised"] == 1
    assert rows.scalars(select(ObservationRevision.value)).all() == [5.0]


def test_a_value_out_of_range_waits_in_quarantine(sender, rows):
    assert send(sender, reading(1, -5.0), reading(2)).json["quarantined"] == 1
    assert rows.scalars(select(QuarantinedReading.reason)).all() == ["out_of_range"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"observed_at": "2026-02-28T01:00:00"}, "readings.1.observed_at"),
        ({"observed_at": 5}, "readings.1.observed_at"),
        ({"observed_at": "9999-12-31T23:00:00Z"}, "readings.1.observed_at"),
        ({"observed_at": "9999-12-31T23:59:59.999999Z"}, "readings.1.observed_at"),
        ({"observed_at": "0001-01-01T00:00:00Z"}, "readings.1.observed_at"),
        ({"value": None}, "readings.1.value"),
        ({"entity": ""}, "readings.1.entity"),
        ({"entity": "urn:other"}, "readings.1.entity"),
        ({"attribute": "speed"}, "readings.1.attribute"),
        ({"unit": 5}, "readings.1.unit"),
        ({"colour": "red"}, "readings.1.colour"),
    ],
)
def test_one_wrong_row_is_named_and_nothing_is_stored(sender, rows, changes, field):
    answer = send(sender, reading(1), reading(2, **changes))
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    assert list(answer.json["errors"]) == [field]
    assert count(rows, Observation) == 0


def test_two_values_for_one_instant_are_refused_by_both_rows(sender, rows):
    answer = send(sender, reading(1), reading(2), reading(1, 6.0))
    assert answer.status_code == 422
    assert answer.json["errors"] == {"readings.2.value": ["Row 0 gives another value for this instant."]}
    assert count(rows, Observation) == 0


def test_what_is_said_twice_or_lies_before_the_start_is_counted_in_the_receipt(sender, rows):
    early = reading(observed_at="1950-06-01T00:00:00Z")
    told = send(sender, reading(1), reading(1), reading(2), reading(3, -5.0), early).json
    parts = ("inserted", "revised", "unchanged", "quarantined", "repeated", "left_out")
    assert [told[part] for part in parts] == [2, 0, 0, 1, 1, 1]
    assert told["readings"] == 5
    assert rows.scalars(select(CollectionAttempt)).one().dropped["out_of_window"]["count"] == 1
    assert count(rows, Observation) == 2


def test_ndjson_and_csv_say_the_same_as_json(sender):
    lines = "\n".join(json.dumps(reading(hour)) for hour in (1, 2))
    table = "entity,attribute,observed_at,value,unit\r\n" + "".join(
        f"{DISTRICT},wait,2026-02-28T{hour:02d}:00:00+09:00,5.0,\r\n" for hour in (1, 2)
    )
    assert send(sender, reading(1), reading(2)).json["inserted"] == 2
    assert send_raw(sender, lines, "application/x-ndjson").json["unchanged"] == 2
    assert send_raw(sender, table, "text/csv").json["unchanged"] == 2


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ("{", "application/json"),
        ('{"readings": 5}', "application/json"),
        ("[]", "application/json"),
        ("[5]", "application/json"),
        ('{"a": 1}\n{', "application/x-ndjson"),
        ("entity,entity\nx,y\n", "text/csv"),
        ('entity,attribute,observed_at,value\n"x', "text/csv"),
        ("entity,attribute,observed_at,value\nx\n", "text/csv"),
        (b"\xff\xfe", "text/csv"),
    ],
)
def test_what_cannot_be_read_is_refused(sender, body, media):
    assert send_raw(sender, body, media).status_code == 422


def test_other_media_are_refused(sender):
    assert send_raw(sender, "<a/>", "application/xml").status_code == 415


def test_gzip_is_unpacked(sender):
    body = gzip.compress(json.dumps([reading()]).encode())
    answer = send_raw(sender, body, "application/json", **{"Content-Encoding": "gzip"})
    assert answer.json["inserted"] == 1


def test_a_bomb_is_refused_before_it_is_unpacked(sender):
    body = gzip.compress(b" " * (push.MOST_BYTES + 1))
    answer = send_raw(sender, body, "application/json", **{"Content-Encoding": "gzip"})
    assert answer.status_code == 413


# Without the hour of compression, which two workers that name the test would tell differently.
PACKED = gzip.compress(b"[]", mtime=0)


@pytest.mark.parametrize("body", [b"nonsense", PACKED[:-4], PACKED * 2], ids=["nonsense", "cut", "twice"])
def test_broken_gzip_is_refused(sender, body):
    answer = send_raw(sender, body, "application/json", **{"Content-Encoding": "gzip"})
    assert answer.status_code == 422


def test_more_rows_than_a_request_may_hold_are_refused(sender, monkeypatch):
    monkeypatch.setattr(push, "MOST_ROWS", 2)
    assert send(sender, reading(1), reading(2), reading(3)).status_code == 413


def test_a_request_sent_again_under_its_key_counts_once(sender, rows):
    headers = {"Idempotency-Key": "hour 1"}
    first = send(sender, reading(), headers=headers).json
    again = send(sender, reading(), headers=headers).json
    assert again == first | {"is_repeated": True}
    assert count(rows, CollectionAttempt) == 1


def test_a_key_is_not_used_for_another_body(sender, rows):
    headers = {"Idempotency-Key": "hour 1"}
    send(sender, reading(1), headers=headers)
    assert send(sender, reading(2), headers=headers).status_code == 422
    assert count(rows, Observation) == 1


def test_a_paused_source_takes_nothing(sender, rows, source):
    source.paused = True
    rows.commit()
    assert send(sender, reading()).status_code == 409


@pytest.mark.parametrize(
    ("body", "media", "why"),
    [
        ("{", "application/json", "body: The body is not JSON."),
        ("<a/>", "application/xml", "unknown media type application/xml"),
        (b" " * 9_000_000, "text/csv", "more than one request may hold"),
        ("[]", "application/json", "readings: There is no reading here."),
    ],
    ids=["unreadable", "media", "too large", "empty"],
)
def test_a_refused_request_is_an_attempt_with_its_reason(sender, rows, body, media, why):
    assert send_raw(sender, body, media).status_code in (413, 415, 422)
    attempt = rows.scalars(select(CollectionAttempt)).one()
    assert (attempt.status, attempt.way, attempt.holder, attempt.error) == ("failed", "push", "token:1", why)
    assert rows.scalars(select(tokens.SourceToken)).one().last_used_at == BEGINNING


def test_of_many_wrong_rows_ten_are_kept(sender, rows):
    send(sender, *[reading(hour, entity="urn:other") for hour in range(12)])
    lines = rows.scalars(select(CollectionAttempt.error)).one().splitlines()
    assert lines[0] == "readings.0.entity: unknown entity urn:other"
    assert (len(lines), lines[-1]) == (11, "and 2 more")


def test_what_is_sent_to_a_paused_source_is_seen(sender, rows, source):
    source.paused = True
    rows.commit()
    send(sender, reading())
    assert rows.scalars(select(CollectionAttempt.error)).all() == ["not taken: source_is_collected"]


# -- tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "src_nonsense", ""])
def test_without_a_token_nothing_is_taken(service, source, token):
    assert send(Caller(service, token), reading()).status_code == 401


def test_a_token_opens_nothing_else(sender):
    assert sender.get("/sessions/current").status_code == 401


def test_a_token_opens_no_other_source(sender, rows):
    other = create_source(rows, entities=[{"entity": "urn:other", "district": "D01"}])
    rows.commit()
    assert other.id
    assert send(sender, reading(entity="urn:other")).status_code == 422


def test_a_token_ends_on_its_day(sender, service):
    service.clock = lambda: BEGINNING + timedelta(days=30)
    assert send(sender, reading()).status_code == 401


def test_only_the_hash_of_a_token_is_kept(rows, secret):
    kept = rows.scalars(select(tokens.SourceToken)).one()
    assert secret not in {str(value) for value in vars(kept).values()}


def test_a_rotated_token_works_for_the_overlap_only(sender, service, rows):
    old = rows.scalars(select(tokens.SourceToken)).one()
    _new, secret = tokens.rotate(rows, old, days=30, overlap=timedelta(days=7), at=BEGINNING)
    rows.commit()
    service.clock = lambda: BEGINNING + timedelta(days=6)
    assert send(sender, reading(1)).status_code == 201
    service.clock = lambda: BEGINNING + timedelta(days=8)
    assert send(sender, reading(2)).status_code == 401
    assert send(Caller(service, secret), reading(2)).status_code == 201


def test_a_revoked_token_ends_at_once(sender, rows):
    tokens.revoke(rows, rows.scalars(select(tokens.SourceToken)).one(), at=BEGINNING)
    rows.commit()
    assert send(sender, reading()).status_code == 401


# -- notifications -------------------------------------------------------------------------------


def notification(**attributes):
    return {"type": "Notification", "data": [{"id": DISTRICT, "type": "DistrictObserved", **attributes}]}


def test_a_notification_is_readings(sender, rows):
    wait = {"type": "Property", "value": 5.0, "observedAt": "2026-02-28T01:00:00Z"}
    answer = sender.post(f"{ADDRESS}/notifications", notification(wait=wait, speed=wait))
    assert (answer.status_code, answer.json["inserted"]) == (201, 1)
    assert rows.scalars(select(Observation.value)).all() == [5.0]


def test_a_value_without_an_instant_is_left_out_with_the_reason(sender, rows):
    answer = sender.post(f"{ADDRESS}/notifications", notification(wait={"type": "Property", "value": 5}))
    assert (answer.status_code, answer.json["readings"]) == (201, 0)
    assert rows.scalars(select(CollectionAttempt)).one().dropped["no_instant"]["count"] == 1


def test_a_notified_instant_at_the_end_of_the_calendar_is_left_out(sender, rows):
    wait = {"type": "Property", "value": 5.0, "observedAt": "9999-12-31T23:59:59.999999Z"}
    assert sender.post(f"{ADDRESS}/notifications", notification(wait=wait)).status_code == 201
    assert rows.scalars(select(CollectionAttempt)).one().dropped["no_instant"]["count"] == 1


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"type": "Notification"},
        {"type": "Other", "data": []},
        {"type": "Notification", "data": [5]},
        notification(wait={"value": 5, "observedAt": "yesterday"}),
    ],
)
def test_what_is_no_notification_is_refused_and_seen(sender, rows, body):
    assert sender.post(f"{ADDRESS}/notifications", body).status_code == 422
    assert rows.scalars(select(CollectionAttempt.status)).all() == ["failed"]
