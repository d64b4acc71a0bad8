"""oneM2M: instances whose content is a text, and platforms that page as they like."""

import json

import httpx
import pytest

from experiments.collection.connectors.onem2m import read_window
from experiments.collection.faults import HubFault
from tests.experiments.collection.build import day
from tests.experiments.collection.connectors.asking import asking, dropped, found, query_for
from tests.experiments.collection.connectors.walk import collected

OPTIONS = {"origin": "S-registry"}


class Platform:
    """Containers: name -> [(creation, content)]. `pages` says whether X-M2M-CTS tells of further pages,
    `wrapper` what instances lie in; `ignores_offset` plays a platform that does not know `ofst`."""

    def __init__(self, containers, *, most=4, tells=True, wrapper="m2m:cnt", ignores_offset=False):
        self.containers, self.most, self.tells = containers, most, tells
        self.wrapper, self.ignores_offset = wrapper, ignores_offset

    def __call__(self, target):
        url = httpx.URL("http://hub.example" + target)
        name = url.path.removeprefix("/~/mn-cse/traffic/")
        if name not in self.containers:
            return 404, {}, b"{}"
        params = url.params
        rows = [
            {"ri": f"{name}-{n}", "ty": 4, "ct": created, "cnf": "text/plain:0", "con": content}
            for n, (created, content) in enumerate(self.containers[name])
            if params["cra"] < created < params["crb"]
        ]
        offset = 0 if self.ignores_offset else int(params["ofst"])
        part = rows[offset : offset + min(self.most, int(params["lim"]))]
        headers = {"X-M2M-RSC": "2000"}
        if self.tells:
            headers["X-M2M-CTS"] = "1" if offset + len(part) < len(rows) else "2"
        return 200, headers, json.dumps({self.wrapper: {"m2m:cin": part}}).encode()


def created(number):
    return f"{day(number):%Y%m%dT%H%M%S}"


def contents(number=1, days=10):
    return [(created(d), json.dumps({"intensity": 100 * number + d, "other": "x"})) for d in range(days)]


def ask(hub, *, entities=("c1",), **changes):
    given = {"base_url": "http://hub.example/~", "entities": frozenset(entities)}
    query = query_for("onem2m", "/mn-cse/traffic", options=OPTIONS, **given | changes)
    return read_window(asking(hub), query)


def scripted(*answers):
    rest = iter(answers)

    def hub(target):
        document, headers = next(rest)
        return 200, headers, json.dumps(document).encode()

    return hub


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("wrapper", ["m2m:cnt", "m2m:rsp"])
def test_every_instance_is_read_though_pages_are_short(tells, wrapper):
    harvest = ask(Platform({"c1": contents()}, tells=tells, wrapper=wrapper))
    assert [row[3] for row in found(harvest)] == [100 + d for d in range(10)]


def test_windows_share_no_instance():
    hub = Platform({"c1": contents()})
    parts = [ask(hub, start=day(n), end=day(n + 1)) for n in range(10)]
    assert [len(part.readings) for part in parts] == [1] * 10


@pytest.mark.parametrize(
    ("content", "attribute", "value"),
    [
        ("12.5", "con", 12.5),
        ("OFF", "con", "OFF"),
        (7, "con", 7),
        ('{"con": "1,200"}', "con", 1200.0),
        ('{"intensity": "many"}', "intensity", "many"),
        ('{"intensity": 1', "intensity", '{"intensity": 1'),
        ("12", "intensity", "12"),
    ],
)
def test_a_content_is_read_or_handed_over_as_it_came(content, attribute, value):
    harvest = ask(Platform({"c1": [(created(1), content)]}), attributes=(attribute,))
    assert [(r.attribute, r.value) for r in harvest.readings] == [(attribute, value)]


def test_what_did_not_come_is_counted():
    hub = Platform({"c1": [(created(1), '{"intensity": null}')], "c2": [(created(1), '{"other": 1}')]})
    harvest = ask(hub, entities=("c1", "c2", "c3"))
    assert dropped(harvest) == {"null_value": 1, "attribute_missing": 1, "entity_absent": 1}


def test_a_platform_that_knows_no_offset_is_read_where_all_fits_on_a_page():
    harvest = ask(Platform({"c1": contents()}, most=50, tells=False, ignores_offset=True))
    assert len(harvest.readings) == 10


def test_a_container_without_instances_is_empty():
    assert ask(scripted(({"m2m:cnt": {"rn": "c1"}}, {}))).readings == []


def instance(**changes):
    return {"ri": "a", "ct": "20260302T000000", "con": "1"} | changes


@pytest.mark.parametrize(
    ("document", "headers", "reason"),
    [
        ({}, {"X-M2M-RSC": "4103"}, "X-M2M-RSC 4103"),
        ({"m2m:cnt": {"m2m:cin": [instance()]}}, {"X-M2M-CTS": "1"}, "repeats instances"),
        ({"m2m:cnt": {"m2m:cin": [instance(ct="soon")]}}, {}, "a time of creation was expected, not 'soon'"),
        ({"m2m:cnt": {"m2m:cin": [{"con": "1"}]}}, {}, "an instance with its ri"),
        ({"m2m:cnt": 7}, {}, "an object was expected"),
        ({"error": "no"}, {}, "a oneM2M resource was expected"),
    ],
)
def test_what_leaves_doubt_is_a_fault(document, headers, reason):
    with pytest.raises(HubFault, match=reason):
        ask(scripted((document, headers), (document, headers)))


def test_a_full_page_that_comes_again_is_a_fault():
    with pytest.raises(HubFault, match="repeats instances"):
        ask(Platform({"c1": contents()}, most=4, tells=False, ignores_offset=True), page_size=4)


def test_the_request_names_who_asks():
    seen = []

    def get(url, params, headers):
        seen.append(headers)
        return asking(Platform({"c1": contents(days=1)}))(url, params, headers)

    query = query_for(
        "onem2m",
        "/mn-cse/traffic",
        options=OPTIONS,
        base_url="http://hub.example/~",
        entities=frozenset(["c1"]),
    )
    read_window(get, query)
    assert (seen[0]["X-M2M-Origin"], seen[0]["X-M2M-RI"]) == ("S-registry", "1")


def test_readings_come_over_the_network_into_the_record(sessions):
    values = collected(
        sessions,
        Platform({f"c{n}": contents(n) for n in (1, 2, 3)}),
        kind="onem2m",
        entity_type="/mn-cse/traffic",
        base_path="/~",
        options=OPTIONS,
        entities=("c1", "c2", "c3"),
    )
    assert values == sorted(100.0 * n + d for n in (1, 2, 3) for d in range(10))
