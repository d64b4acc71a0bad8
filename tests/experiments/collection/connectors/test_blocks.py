"""Readings in columns are the same readings: whatever a page holds, and whatever is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.collection.connectors import ngsi_ld_instants
from experiments.collection.connectors.ngsi_ld import read_window
from experiments.collection.connectors.ngsi_ld_page import Page
from experiments.collection.connectors.readings import Block, Harvest, Reading
from experiments.collection.faults import HubFault
from experiments.collection.http import Answer
from experiments.collection.intake import Arrivals, Target
from experiments.collection.models import to_microseconds
from tests.experiments.collection.build import NOW, START, create_query

MANY = 250
TARGETS = {
    ("a", "v"): Target(1, "km/h", "km/h", 0, 100),
    ("b", "v"): Target(2, "km/h", "m/s", None, None),
    ("c", "v"): Target(3, "km/h", "km/h", None, 50),
}
VALUES = st.one_of(
    st.floats(-10, 110), st.integers(-5, 120), st.sampled_from([None, True, "7", 2**63, 1e308, {"a": 1}, []])
)
INSTANTS = st.one_of(
    st.integers(-3, 300).map(lambda hours: f"{START + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"),
    st.sampled_from(["2026-03-02T09:00:00+09:00", "2026-03-02T00:00:00.5Z", "2026-02-30T00:00:00Z", "x", 7]),
)
PAIRS = st.lists(
    st.one_of(st.tuples(VALUES, INSTANTS).map(list), st.sampled_from([["7"], "ab", [1, 2, 3]])), max_size=4
)
ONE = st.fixed_dictionaries(
    {"type": st.just("Property"), "value": VALUES, "observedAt": INSTANTS},
    optional={"unitCode": st.sampled_from(["KMH", None, 5, "?"]), "datasetId": st.sampled_from([None, "d"])},
)
ATTRIBUTES = st.one_of(
    st.fixed_dictionaries({"values": PAIRS}, optional={"datasetId": st.just("d")}),
    st.lists(ONE, max_size=4),
    ONE,
    st.sampled_from([None, [], "x", {"values": {"ab": 1}}]),
)
PAGES = st.lists(
    st.tuples(st.sampled_from("abcd"), ATTRIBUTES), min_size=1, max_size=4, unique_by=lambda entry: entry[0]
).map(lambda entries: [{"id": name, "type": "T", "v": held} for name, held in entries])


def outcome(page, batches):
    """What reading `page` comes to: rows, what is kept aside and left out, or the fault."""
    query = create_query(end=NOW, entities=frozenset("abc"), attributes=("v",), page_size=10)
    answer = Answer("http://hub.example", 200, httpx.Headers(), orjson.dumps(page))
    with Arrivals(TARGETS, until=to_microseconds(NOW)) as arrivals:
        harvest = Harvest(on_batch=lambda batch: (batches.append(batch), arrivals.add(batch)))
        try:
            read_window(lambda *_: answer, query, harvest)
        except HubFault as fault:
            return str(fault)
        harvest.flush()
        rows = [
            row for part in arrivals.chunks() for row in zip(part.series, part.at, part.values, strict=True)
        ]
        return rows, sorted(map(repr, arrivals.suspects)), harvest.dropped.reasons


@settings(max_examples=300, deadline=None)
@given(PAGES)
def test_columns_come_to_the_same_as_one_by_one(page):
    together = outcome(page, [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "block", lambda *_: None)
        assert together == outcome(page, [])


def test_usual_pages_pass_in_columns():
    pairs = [[n / 2, f"{START + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}"] for n in range(3)]
    instances = [{"value": value, "observedAt": at, "unitCode": "KMH"} for value, at in pairs]
    page = [{"id": name, "type": "T", "v": instances} for name in "ab"]
    batches = []
    outcome(page, batches)
    (block,) = batches
    assert isinstance(block, Block)
    assert list(block)[3:] == [
        Reading("b", "v", to_microseconds(START + timedelta(hours=n)), n / 2, "KMH") for n in range(3)
    ]


def test_a_block_knows_its_rows_between_instants():
    block = Block("ab", "vv", (None, "KMH"), (2, 1), np.array([1, 5, 9]), [10, 50, 90])
    assert list(block.between(5, 10)) == [Reading("a", "v", 5, 50), Reading("b", "v", 9, 90, "KMH")]
    assert list(block.between(9, 10)) == [Reading("b", "v", 9, 90, "KMH")]


def test_what_is_not_mapped_is_counted_and_left_out_of_a_block():
    block = Block("axa", "vvw", (None,) * 3, (1, 2, 1), np.arange(4), [1, 2, 3, 4])
    with Arrivals(TARGETS, until=0) as arrivals:
        arrivals.add(block)
        (rows,) = arrivals.chunks()
    assert (rows.series.tolist(), rows.values.tolist()) == ([1], [1.0])
    assert arrivals.unmapped.reasons == {"not_mapped": {"count": 3, "first": "x v"}}


def test_readings_keep_their_order_among_blocks():
    batches = []
    harvest = Harvest(on_batch=batches.append)
    blocks = [Block("a", "v", (None,), (1,), np.array([n]), [n]) for n in (1, 2, 4)]
    harvest.take(blocks[0])
    harvest.take(blocks[1])
    harvest.add(Reading("a", "v", 3, 3))
    harvest.take(blocks[2])
    assert [reading.at for reading in harvest.readings] == [1, 2, 3, 4]
    harvest.flush()
    assert [[reading.at for reading in batch] for batch in batches] == [[1, 2], [3], [4]]
    assert harvest.readings == []


FORMS = (
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%dT%H:%M:%S,%f+09:00",
    "%Y-%m-%dT%H:%M:%S-0330",
)


@pytest.mark.parametrize("form", FORMS)
def test_many_instants_are_the_same_as_each(form):
    rng = np.random.default_rng(20261123)
    since = datetime(1890, 1, 1, tzinfo=UTC)
    moments = [since + timedelta(microseconds=int(n)) for n in rng.integers(0, 9 * 10**15, MANY)]
    texts = [f"{moment:{form}}" for moment in moments]
    expected = [ngsi_ld_instants.instant(text, None) for text in texts]
    assert ngsi_ld_instants.instants(texts, None).tolist() == expected


@settings(max_examples=200, deadline=None)
@given(
    st.text("0123456789-:TZ.\n+", min_size=20, max_size=20)
    | st.from_regex(r"[012]{2}\d{2}-[01]\d-[0123]\d[T ][012]\d:[0-6]\d:[0-6]\dZ", fullmatch=True),
    st.integers(1, MANY - 1),
)
def test_one_wrong_instant_among_many_is_refused_as_alone(odd, place):
    usual = f"{START:%Y-%m-%dT%H:%M:%SZ}"
    texts = [usual] * place + [odd] + [usual] * (MANY - place)
    try:
        alone = ngsi_ld_instants.instant(odd, None)
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            ngsi_ld_instants.instants(texts, None)
    else:
        assert ngsi_ld_instants.instants(texts, None)[place] == alone


def test_texts_that_only_fit_together_are_no_instants():
    usual = f"{START:%Y-%m-%dT%H:%M:%SZ}"
    with pytest.raises(ValueError, match="2026-03-01T00:00:00Z2"):
        ngsi_ld_instants.instants([usual] * MANY + [f"{usual}2", usual[1:]], None)
    with pytest.raises(ValueError, match="2026-03-01"):
        ngsi_ld_instants.instants([usual] * MANY + [f"{usual}\n{usual}"], None)
