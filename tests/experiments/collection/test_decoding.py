"""Numbers that JSON does not know, and units beside pairs: each concerns its own reading."""

import math

import orjson
import pytest
from sqlalchemy import select

from experiments.collection import decoding, notifications, push
from experiments.collection.models import QuarantinedReading
from experiments.errors import Invalid
from tests.experiments.collection.build import collect, create_source, scripted_hub, stored
from tests.experiments.collection.conftest import sessions

__all__ = ["sessions"]

PAIRS = (
    b'[{"id":"a","type":"T","intensity":{%s"values":'
    b'[[%s,"2026-03-01T00:00:00Z"],[7,"2026-03-02T00:00:00Z"]]}}]'
)


def collected(sessions, page, **changes):
    """The summary of the first window of a source whose hub answers with `page`, and what waits."""
    mapping = {"entities": [{"entity": "a", "district": "D1"}]} | changes
    with scripted_hub(lambda target: (200, {"NGSILD-Results-Count": "1"}, page)) as url:
        with sessions.begin() as session:
            create_source(session, url, **mapping)
        summary, *_ = collect(sessions)
    with sessions() as session:
        rows = session.scalars(select(QuarantinedReading).order_by(QuarantinedReading.id))
        return summary, [(row.reason, row.raw, row.unit) for row in rows]


@pytest.mark.parametrize(
    ("number", "raw"), [(b"NaN", "NaN"), (b"1" + b"0" * 400, "Infinity"), (b"-1e999", "-Infinity")]
)
def test_a_number_that_json_does_not_know_waits_and_the_others_are_stored(sessions, number, raw):
    summary, waiting = collected(sessions, PAIRS % (b"", number))
    assert (summary.status, summary.error) == ("done", None)
    assert [value for value, _ in stored(sessions).values()] == [7.0]
    assert waiting == [("not_finite", raw, None)]


def test_an_unknown_unit_beside_pairs_waits(sessions):
    summary, waiting = collected(sessions, PAIRS % (b'"unitCode":"KGM",', b"5"))
    assert (summary.status, stored(sessions)) == ("done", {})
    assert waiting == [("unknown_unit", raw, "KGM") for raw in ("5", "7")]


@pytest.mark.parametrize("number", [b"NaN", b"-1e999"])
def test_so_does_one_that_a_notification_holds(number):
    at = b'"observedAt":"2026-03-0%dT00:00:00Z"'
    first, second = (b'{"type":"Property","value":%s,%s}' % (v, at % d) for d, v in ((1, number), (2, b"7")))
    body = b'{"type":"Notification","data":[{"id":"a","type":"T","wait":[%s,%s]}]}' % (first, second)
    readings, dropped = notifications.read(body, {("a", "wait")}, zone="UTC")
    assert [math.isfinite(each.value) for each in readings] == [False, True]
    assert dropped.reasons == {}


@pytest.mark.parametrize("body", [b'[{"v":NaN}', b"[NaN,01]", b'[NaN,"\\ud800"]', b"[NaN,nan]", b"[" * 3000])
def test_what_is_no_json_for_another_reason_stays_refused(body):
    with pytest.raises(orjson.JSONDecodeError):
        decoding.loads(body)


def test_integers_are_kept_as_the_fast_decoder_keeps_them():
    found = decoding.loads(b'[NaN, 12, 123456789012345678, "x", 1' + b"0" * 25 + b"]")
    assert math.isnan(found[0])
    assert found[1:] == [12, 123456789012345678, "x", 1e25]


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_a_number_that_was_sent_and_is_none_names_its_row(media):
    row = '{"entity":"a","attribute":"b","observed_at":"2026-03-0%dT00:00:00Z","value":%s}'
    rows = [row % (1, "1"), row % (2, "NaN")]
    body = "\n".join(rows) if media.endswith("ndjson") else f"[{','.join(rows)}]"
    with pytest.raises(Invalid) as caught:
        push.read(body.encode(), media)
    assert list(caught.value.errors) == ["readings.1.value"]
