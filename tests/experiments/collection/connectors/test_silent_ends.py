"""An error that comes with status 200 is never taken for the end of the data, by no connector."""

import json

import pytest

from experiments.collection.connectors.json_path import read_window as read_json
from experiments.collection.connectors.registry import CONNECTORS
from experiments.collection.faults import HubFault
from tests.experiments.collection.build import create_query
from tests.experiments.collection.connectors.asking import asking, query_for

TABLE = {"entity_field": "zone", "time_field": "t"}
JSON = {"rows": "$.data.list[*]", "entity_field": "$.zone", "time_field": "$.t"}
QUERIES = {
    "json": lambda: query_for("json", "/x", options=JSON),
    "json, counted": lambda: query_for("json", "/x", options=JSON | {"page_parameter": "page"}),
    "json, linked": lambda: query_for("json", "/x", options=JSON | {"next": "$.next"}),
    "json, a bare list": lambda: query_for("json", "/x", options=JSON | {"rows": "$[*]"}),
    "csv": lambda: query_for("csv", "/x", options=TABLE),
    "ckan": lambda: query_for("ckan", "11111111-2222-3333-4444-555555555555", options=TABLE),
    "korean_api": lambda: query_for("korean_api", "/x", options=TABLE),
    "onem2m": lambda: query_for("onem2m", "/x", options={"origin": "S"}),
    "sensorthings": lambda: query_for("sensorthings", "Datastream", options={}, attributes=("result",)),
    "ngsi_ld": create_query,
}
ERRORS = [
    b'{"error":"database is down"}',
    b'{"error":{"code":500,"message":"database is down"},"status":"failed"}',
    b'{"errors":["database is down"],"status":500}',
    b'{"message":"database is down"}',
    b'{"code":500,"message":"database is down"}',
    b'{"data":null,"code":500}',
    b"{}",
    b"null",
    b'"database is down"',
    b"",
    b"<!doctype html><title>502 Bad Gateway</title>",
    b"\xef\xbb\xbf<html>login</html>",
]


@pytest.mark.parametrize("body", ERRORS)
@pytest.mark.parametrize("kind", QUERIES)
def test_an_error_with_status_200_is_a_fault(kind, body):
    with pytest.raises(HubFault):
        CONNECTORS[kind.partition(",")[0]](asking(lambda target: (200, {}, body)), QUERIES[kind](), None)


ROW = {"zone": "1", "t": "2026-03-02", "intensity": 1}


@pytest.mark.parametrize(
    "error",
    [
        {"error": "database is down"},
        {"data": {}},
        {"data": {"list": None}},
        {"data": {"list": "none"}},
        {"data": {"list": []}, "error": "database is down"},
        [],
    ],
)
@pytest.mark.parametrize("paging", [{"page_parameter": "page"}, {"next": "$.next"}])
def test_an_error_on_the_second_page_is_a_fault(error, paging):
    rest = iter([{"data": {"list": [ROW]}, "next": "?page=2"}, error])
    query = query_for("json", "/x", options=JSON | paging)
    with pytest.raises(HubFault, match="page 2"):
        read_json(asking(lambda target: (200, {}, json.dumps(next(rest)).encode())), query)


@pytest.mark.parametrize(
    ("rows", "document"),
    [
        ("$.data.list[*]", {"data": {"list": []}, "error": None}),
        ("$[*]", []),
        ("$.groups[*].list[*]", {"groups": []}),
        ("$.list[?@.t > '2027'].x", {"list": [{"t": "2026"}]}),
        ("$..list[*]", {"a": {"list": []}}),
    ],
)
def test_an_empty_list_is_an_end(rows, document):
    query = query_for("json", "/x", options=JSON | {"rows": rows})
    assert not read_json(asking(lambda target: (200, {}, json.dumps(document).encode())), query).readings
