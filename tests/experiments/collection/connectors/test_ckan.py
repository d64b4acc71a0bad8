"""CKAN: a datastore that gives fewer rows than asked for and knows no spans of time."""

import json

import httpx
import pytest

from experiments.collection.connectors.ckan import read_window
from experiments.collection.faults import HubFault
from tests.experiments.collection.build import day
from tests.experiments.collection.connectors.asking import asking, dropped, found, query_for
from tests.experiments.collection.connectors.walk import collected

OPTIONS = {"entity_field": "district", "time_field": "at"}


class Datastore:
    """One resource; at most `most` rows a page."""

    def __init__(self, rows, *, type_of_time="timestamp", most=4):
        self.rows = [{"_id": n} | row for n, row in enumerate(rows, start=1)]
        self.type_of_time, self.most, self.asked = type_of_time, most, []

    def __call__(self, target):
        url = httpx.URL("http://hub.example" + target)
        self.asked.append(str(url))
        assert url.path == "/api/3/action/datastore_search"
        params = url.params
        wanted = json.loads(params.get("filters", "{}"))
        rows = [row for row in self.rows if all(row[name] == value for name, value in wanted.items())]
        if params["sort"] == '"at" desc, _id desc':
            rows.sort(key=lambda row: (row["at"] or "9", row["_id"]), reverse=True)
        offset, limit = int(params["offset"]), min(int(params["limit"]), self.most)
        fields = [{"id": "_id", "type": "int"}, {"id": "at", "type": self.type_of_time}]
        result = {"fields": fields, "records": rows[offset : offset + limit], "total": len(rows)}
        return 200, {}, json.dumps({"success": True, "result": result}).encode()


def rows(days=10):
    return [
        {"district": n, "at": f"{day(d):%Y-%m-%dT%H:%M:%S+00:00}", "intensity": 100 * n + d, "class": "bus"}
        for d in range(days)
        for n in (1, 2, 3)
    ]


def ask(hub, *, options=OPTIONS, entities=("1", "2", "3"), **changes):
    query = query_for("ckan", "resource", options=options, entities=frozenset(entities), **changes)
    return read_window(asking(hub), query)


def scripted(*results):
    first = {"fields": [{"id": "at", "type": "text"}], "records": [], "total": 2}
    rest = iter([{"success": True, "result": first}, *results])
    return lambda target: (200, {}, json.dumps(next(rest)).encode())


def result(*records, total=2):
    return {"success": True, "result": {"records": list(records), "total": total}}


@pytest.mark.parametrize("type_of_time", ["timestamp", "text"])
def test_every_row_is_read_though_pages_are_short(type_of_time):
    harvest = ask(Datastore(rows(), type_of_time=type_of_time))
    assert [row[3] for row in found(harvest)] == [100 * n + d for n in (1, 2, 3) for d in range(10)]


def test_reading_ends_before_the_window_where_the_newest_come_first():
    hub = Datastore(rows(100))
    harvest = ask(hub, start=day(98), end=day(99))
    assert [row[3] for row in found(harvest)] == [198, 298, 398]
    assert len(hub.asked) == 3


def test_windows_share_no_row():
    hub = Datastore(rows())
    parts = [ask(hub, start=day(n), end=day(n + 1)) for n in range(10)]
    assert [len(part.readings) for part in parts] == [3] * 10


def test_rows_are_filtered_as_the_source_says():
    mixed = rows(1) + [row | {"class": "car"} for row in rows(1)]
    assert len(ask(Datastore(mixed), options=OPTIONS | {"filters": {"class": "bus"}}).readings) == 3


def test_a_row_without_an_instant_is_counted():
    harvest = ask(Datastore([*rows(1), {"district": 1, "at": None, "intensity": 1, "class": "bus"}]))
    assert (len(harvest.readings), dropped(harvest)) == (3, {"no_instant": 1})


ROW = {"district": "1", "at": "2026-03-02", "intensity": 1}


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([{"success": False, "error": {"message": "Not found"}}], "the hub reports: .*Not found"),
        ([result(ROW), result(ROW)], "repeats the rows"),
        ([result(ROW), result()], "counts 2 rows but sent 1"),
        ([result(ROW, total=3)], "changed from 2 to 3"),
        ([result(7)], "a row was expected"),
        ([result(ROW, total=None)], "a total was expected"),
        ([{"success": True, "result": {"total": 2}}], "a list of rows was expected"),
    ],
)
def test_what_leaves_doubt_is_a_fault(pages, reason):
    with pytest.raises(HubFault, match=reason):
        ask(scripted(*pages))


def test_a_column_of_time_that_is_not_there_is_a_fault():
    with pytest.raises(HubFault, match="no column when"):
        ask(Datastore(rows()), options=OPTIONS | {"time_field": "when"})


def test_readings_come_over_the_network_into_the_record(sessions):
    values = collected(sessions, Datastore(rows()), kind="ckan", entity_type="r-1", options=OPTIONS)
    assert values == sorted(100.0 * n + d for n in (1, 2, 3) for d in range(10))
