"""Plain JSON, described by JSONPath: linked pages, counted pages, and single documents."""

import json

import httpx
import pytest

from experiments.collection.connectors.json_path import read_window
from experiments.collection.faults import HubFault
from tests.experiments.collection.build import day
from tests.experiments.collection.connectors.asking import asking, dropped, found, query_for
from tests.experiments.collection.connectors.walk import collected

OPTIONS = {"rows": "$.data.list[*]", "entity_field": "$.zone.id", "time_field": "$.t"}
COUNTED = OPTIONS | {"page_parameter": "page", "size_parameter": "size", "total": "$.data.n"}
LINKED = OPTIONS | {"next": "$.links.next"}


def rows(days=10):
    return [
        {"zone": {"id": n}, "t": f"{day(d):%Y-%m-%dT%H:%M:%SZ}", "intensity": 100 * n + d}
        for d in range(days)
        for n in (1, 2, 3)
    ]


def playing(rows, *, most=4):
    """At most `most` rows a page, which `page` counts from 1 and `links` lead on to."""

    def hub(target):
        url = httpx.URL("http://hub.example" + target)
        number = int(url.params.get("page", 1))
        part = rows[(number - 1) * most : number * most]
        document = {"data": {"list": part, "n": len(rows)}, "links": {"next": None}}
        if number * most < len(rows):
            document["links"]["next"] = f"{url.path}?page={number + 1}"
        return 200, {}, json.dumps(document).encode()

    return hub


def ask(hub, *, options, entities=("1", "2", "3"), path="/api/readings", **changes):
    query = query_for("json", path, options=options, entities=frozenset(entities), **changes)
    return read_window(asking(hub), query)


def scripted(*documents):
    rest = iter(documents)
    return lambda target: (200, {}, json.dumps(next(rest)).encode())


@pytest.mark.parametrize("options", [COUNTED, COUNTED | {"total": None}, LINKED])
def test_every_row_is_read_though_pages_are_short(options):
    harvest = ask(playing(rows()), options=options)
    assert [row[3] for row in found(harvest)] == [100 * n + d for n in (1, 2, 3) for d in range(10)]


def test_windows_share_no_row():
    parts = [ask(playing(rows()), options=LINKED, start=day(n), end=day(n + 1)) for n in range(10)]
    assert [len(part.readings) for part in parts] == [3] * 10


def test_an_attribute_is_found_by_its_path():
    row = {"zone": {"id": "1"}, "t": 1_772_323_200, "cars": [{"kind": "bus", "n": "1,200"}]}
    options = {"entity_field": "$.zone.id", "time_field": "$.t", "time_format": "epoch_s"}
    options["values"] = {"buses": "$.cars[?@.kind == 'bus'].n"}
    harvest = ask(scripted([row]), options=options, attributes=("buses",))
    assert [row[3] for row in found(harvest)] == [1200.0]


def test_what_did_not_come_is_counted():
    harvest = ask(scripted({"data": {"list": [rows()[0] | {"intensity": None}]}}), options=OPTIONS)
    assert dropped(harvest) == {"null_value": 1, "entity_absent": 2}


@pytest.mark.parametrize("value", [True, {"a": 1}, "many"])
def test_a_value_of_any_type_is_handed_over_as_it_came(value):
    harvest = ask(scripted({"data": {"list": [rows()[0] | {"intensity": value}]}}), options=OPTIONS)
    assert [reading.value for reading in harvest.readings] == [value]


ROW = {"zone": {"id": "1"}, "t": "2026-03-02", "intensity": 1}


def page(*rows, total=2, following=None):
    return {"data": {"list": list(rows), "n": total}, "links": {"next": following}}


@pytest.mark.parametrize(
    ("options", "documents", "reason"),
    [
        (COUNTED, [page(ROW), page(ROW)], "repeats the rows"),
        (COUNTED, [page(ROW), page()], "counts 2 rows but sent 1"),
        (COUNTED, [page(ROW, total=3), page()], "changed from 3 to 2"),
        (COUNTED, [page(ROW, total=None)], "a number of rows was expected"),
        (LINKED, [page(ROW, following="http://elsewhere.example/")], "leads away from the hub"),
        (LINKED, [page(ROW, following="?a=1"), page(following="?a=1")], "followed before"),
        (OPTIONS, ["text"], "an object or a list was expected"),
        (OPTIONS, [page("text")], "an object or a list was expected"),
        (OPTIONS, [page(ROW | {"zone": {}})], "the name of an entity was expected"),
        (OPTIONS, [page(ROW | {"t": [1]})], "an instant was expected"),
        (OPTIONS | {"values": {"intensity": "$..*"}}, [page(ROW)], "leads to 4 values"),
    ],
)
def test_what_leaves_doubt_is_a_fault(options, documents, reason):
    with pytest.raises(HubFault, match=reason):
        ask(scripted(*documents), options=options)


def test_readings_come_over_the_network_into_the_record(sessions):
    values = collected(
        sessions, playing(rows()), kind="json", entity_type="/v1/readings", options=LINKED, base_path="/api"
    )
    assert values == sorted(100.0 * n + d for n in (1, 2, 3) for d in range(10))
