"""Instants, numbers and columns as tables write them; CSV over HTTP."""

import unicodedata

import httpx
import pytest

from experiments.collection.connectors.csv_http import read_window
from experiments.collection.connectors.instants import instant_of
from experiments.collection.connectors.ngsi_ld_instants import EARLIEST, LATEST
from experiments.collection.connectors.options import check_options
from experiments.collection.connectors.tables import number
from experiments.collection.faults import HubFault
from experiments.collection.models import from_microseconds
from experiments.errors import Invalid
from tests.experiments.collection.build import day
from tests.experiments.collection.connectors.asking import asking, dropped, found, query_for
from tests.experiments.collection.connectors.walk import collected

OPTIONS = {"entity_field": "구역", "time_field": "일시"}


def ask(body, *, options=OPTIONS, entities=("1", "2"), path="/traffic.csv", **changes):
    asked = []

    def hub(target):
        asked.append(target)
        return 200, {}, body if isinstance(body, bytes) else body.encode()

    given = {"entities": frozenset(entities), "attributes": ("교통량",)}
    query = query_for("csv", path, options=options, **given | changes)
    return read_window(asking(hub), query), asked


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T12:30:00Z", "2026-03-01T12:30:00+00:00"),
        ("2026-03-01 12:30", "2026-03-01T03:30:00+00:00"),
        ("2026-03-01T12:30:15,250+09:00", "2026-03-01T03:30:15.250000+00:00"),
        ("20260301", "2026-02-28T15:00:00+00:00"),
        ("2026.03.01", "2026-02-28T15:00:00+00:00"),
        ("2026030112", "2026-03-01T03:00:00+00:00"),
        ("202603011230", "2026-03-01T03:30:00+00:00"),
        ("20260301T123015", "2026-03-01T03:30:15+00:00"),
        ("2026-03-01 24:00", "2026-03-01T15:00:00+00:00"),
        ("2026-12-31 24:00", "2026-12-31T15:00:00+00:00"),
    ],
)
def test_instants_are_read_in_the_forms_of_tables(text, instant):
    assert from_microseconds(instant_of(text, "Asia/Seoul")).isoformat() == instant


@pytest.mark.parametrize(
    ("text", "format", "nearest"),
    [
        ("0001-01-01", None, EARLIEST - 1),
        ("0001-01-01T00:00:00+09:00", None, EARLIEST - 1),
        ("9999-12-31 24:00", None, LATEST),
        ("9999-12-31T23:59:59-09:00", None, LATEST),
        ("9" * 30, "epoch_s", LATEST),
        ("-" + "9" * 30, "epoch_ms", EARLIEST - 1),
    ],
)
def test_what_lies_beyond_all_readings_is_drawn_to_their_edge(text, format, nearest):
    assert instant_of(text, "Asia/Seoul", format) == nearest


def test_a_row_at_the_end_of_the_calendar_spoils_no_page():
    body = "일시,구역,교통량\n2026-03-02,1,5\n9999-12-31 24:00,1,6\n0001-01-01,2,7\n"
    harvest, _asked = ask(body)
    assert dropped(harvest)["out_of_window"] == 2
    assert len(harvest.readings) == 1


def test_instants_are_read_as_the_source_says():
    assert instant_of("1772323200", "Asia/Seoul", "epoch_s") == 1_772_323_200_000_000
    assert instant_of("1772323200000", "Asia/Seoul", "epoch_ms") == 1_772_323_200_000_000
    assert instant_of("01/03/2026 09", "Asia/Seoul", "%d/%m/%Y %H") == 1_772_323_200_000_000


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-02-30", "2026-03-01 24:01", "2026-0301", "12:30", "２０２６0301"]
)
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - datetime has words of its own
        instant_of(text, "Asia/Seoul")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5),
        (" -3 ", -3.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("", None),
        ("-", None),
        (7, 7),
        (True, True),
        ("12,34", "12,34"),
        ("1_000", "1_000"),
        ("１２", "１２"),
        ("NaN", "NaN"),
        ("E3", "E3"),
        (".", "."),
    ],
)
def test_a_number_is_read_where_text_writes_one(text, value):
    assert number(text) == value
    assert type(number(text)) is type(value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_files_of_korean_offices_are_read(encoding):
    text = '구역,일시,교통량\r\n1,2026-03-02 09:00,"1,234"\r\n\r\n2,2026-03-02 10:00,n/a\r\n'
    harvest, _ = ask(text.encode(encoding))
    assert found(harvest) == [
        ("1", "교통량", "2026-03-02T00:00", 1234.0),
        ("2", "교통량", "2026-03-02T01:00", "n/a"),
    ]


def test_tabs_and_hangul_that_was_taken_apart_are_read():
    text = unicodedata.normalize("NFD", "구역\t일시\t교통량\n") + "남구 일동\t2026-03-02\t5\n"
    harvest, _ = ask(text, options=OPTIONS | {"delimiter": "tab"}, entities=["남구 일동"])
    assert [row[3] for row in found(harvest)] == [5.0]


def test_what_has_no_place_is_counted():
    rows = ["1,2026-03-02,", "1,2026-04-02,5", "1,,5", "9,2026-03-02,5"]
    harvest, _ = ask("\n".join(["구역,일시,교통량", *rows]))
    assert dropped(harvest) == {
        "null_value": 1,
        "out_of_window": 1,
        "no_instant": 1,
        "entity_not_mapped": 1,
        "entity_absent": 1,
    }


def test_a_row_on_the_edge_belongs_to_the_later_window():
    text = "구역,일시,교통량\n1,2026-03-05 09:00,5\n"
    counts = [len(ask(text, end=day(4))[0].readings), len(ask(text, start=day(4))[0].readings)]
    assert counts == [0, 1]


def test_the_window_and_the_entity_stand_in_the_address():
    options = {"time_field": "t", "parameters": {"from": "{start:%Y%m%d}", "to": "{last:%Y%m%d}", "k": "v"}}
    text = "t,n\n2026-03-02,5\n"
    harvest, asked = ask(
        text, options=options, path="/{entity}/day.csv", entities=("a b", "c"), attributes=("n",), end=day(1)
    )
    assert asked == [f"/{name}/day.csv?from=20260301&to=20260302&k=v" for name in ("a%20b", "c")]
    assert [row[0] for row in found(harvest)] == ["a b", "c"]


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        (b"\xff\xff\xff", "$", "neither UTF-8 nor CP949"),
        ("<!doctype html><p>sorry", "$", "a page of HTML"),
        ("", "line 1", "the file is empty"),
        ("구역,교통량\n1,2\n", "line 1", "there is no column 일시"),
        ("구역,일시,a,a\n1,2026-03-02,1,2\n", "line 1", "two columns have the same name"),
        ("구역,일시,교통량\n1,2026-03-02,5\n1,2026-03-0", "line 3", "3 cells were expected, not 2"),
        ("구역,일시,교통량\n1,soon,5\n", "line 2.일시", "an instant was expected, not 'soon'"),
        ("구역,일시,교통량\n ,2026-03-02,5\n", "line 2.구역", "the name of an entity was expected"),
        ('구역,일시,교통량\n1,"2026-03-02,5\n', "line 2", "not separated values"),
    ],
)
def test_what_is_no_table_is_a_fault_with_its_line(body, path, reason):
    with pytest.raises(HubFault) as caught:
        ask(body)
    assert reason in caught.value.reason
    assert caught.value.path == path


def test_readings_come_over_the_network_into_the_record(sessions):
    def hub(target):
        asked = httpx.URL("http://hub.example" + target).params["day"]
        rows = [f"{n},{asked},{100 * n}" for n in (1, 2, 3)]
        return 200, {}, "\n".join(["구역,일시,교통량", *rows]).encode("cp949")

    options = OPTIONS | {"parameters": {"day": "{last:%Y-%m-%d}"}}
    values = collected(
        sessions, hub, kind="csv", entity_type="/traffic.csv", options=options, attribute="교통량"
    )
    assert values == sorted([100.0, 200.0, 300.0] * 2)


@pytest.mark.parametrize(
    ("kind", "entity_type", "options", "field"),
    [
        ("sensorthings", "Sensor", {}, "entity_type"),
        ("sensorthings", "Thing", {"result_format": "xml"}, "options.result_format"),
        ("sensorthings", "Thing", {"longest_interval_seconds": -1}, "options.longest_interval_seconds"),
        ("ngsi_ld", "T", {"surprise": 1}, "options.surprise"),
        ("csv", "traffic.csv", OPTIONS, "entity_type"),
        ("csv", "/a/../b", OPTIONS, "entity_type"),
        ("csv", "/a?b=c", OPTIONS, "entity_type"),
        ("csv", "/{password}", OPTIONS, "entity_type"),
        ("csv", "/a", {"time_field": "t"}, "options.entity_field"),
        ("csv", "/a", {"entity_field": "e"}, "options.time_field"),
        ("csv", "/a", OPTIONS | {"time_format": "%"}, "options.time_format"),
        ("csv", "/a", OPTIONS | {"parameters": {"q": "{x}"}}, "options.parameters.q.value"),
        ("json", "/a", OPTIONS | {"rows": "$["}, "options.rows"),
        ("onem2m", "/a", {}, "options.origin"),
        ("onem2m", "/a", {"origin": "a\r\nX: y"}, "options.origin"),
    ],
)
def test_what_a_kind_cannot_work_with_is_refused_by_field(kind, entity_type, options, field):
    with pytest.raises(Invalid) as refusal:
        check_options(kind, entity_type, options)
    assert set(refusal.value.errors) == {field}
