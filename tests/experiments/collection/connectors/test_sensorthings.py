"""SensorThings: a server that shortens pages, estimates counts and links as it likes."""

import json
from datetime import timedelta

import pytest

from experiments.collection.connectors.sensorthings import read_window
from experiments.collection.faults import HubFault
from experiments.collection.models import AttemptStatus
from experiments.collection.sources import register_source
from tests.experiments.collection.build import (
    START,
    collect,
    create_hub,
    create_metric,
    create_territory,
    day,
    scripted_hub,
    source_data,
    stored,
)
from tests.experiments.collection.connectors.asking import asking, dropped, found, query_for
from tests.experiments.collection.connectors.sensorthings_hub import SensorThingsHub

BASE = "http://hub.example/v1.1"


def written(number):
    return f"{day(number):%Y-%m-%dT%H:%M:%S.000Z}"


def ten_days(number=1):
    return [(written(d), 100.0 * number + d) for d in range(10)]


def ask(hub, *, entity_type="Datastream", entities=("1",), attributes=("result",), options=None, **changes):
    query = query_for(
        "sensorthings",
        entity_type,
        options=options or {},
        base_url=BASE,
        entities=frozenset(entities),
        attributes=attributes,
        **changes,
    )
    return read_window(asking(hub), query)


def page(*observations, **more):
    """A hub that gives the datastream, then these observations at whatever address."""
    rows = [{"phenomenonTime": when, "result": result} for when, result in observations]
    return {"value": rows} | more


def scripted(*documents):
    rest = iter([{"unitOfMeasurement": {"symbol": "s"}}, *documents])

    def hub(target):
        document = next(rest)
        return 200, {}, document if isinstance(document, bytes) else json.dumps(document).encode()

    return hub


@pytest.mark.parametrize("result_format", ["plain", "dataArray"])
@pytest.mark.parametrize("absolute", ["", "http://hub.example"])
def test_every_observation_is_read_though_pages_are_short_and_counts_are_wrong(result_format, absolute):
    hub = SensorThingsHub({"1": ("s", ten_days())}, absolute=absolute)
    harvest = ask(hub, options={"result_format": result_format})
    assert [value for *_, value in found(harvest)] == [100.0 + d for d in range(10)]
    assert harvest.pages == 5


def test_an_observation_on_the_edge_belongs_to_the_later_window():
    hub = SensorThingsHub({"1": ("s", ten_days())})
    before, after = ask(hub, end=day(4)), ask(hub, start=day(4), end=day(6))
    assert [found(each)[-1][3] for each in (before, after)] == [103.0, 105.0]
    assert len(before.readings) + len(after.readings) == 6


def test_the_datastreams_of_a_thing_are_found_by_their_properties_over_nested_links():
    streams = {str(n): ("s", [(written(1), n)]) for n in range(5)}
    things = {"junction 7": [(f"property {n}", str(n)) for n in range(5)]}
    harvest = ask(
        SensorThingsHub(streams, things, most=2),
        entity_type="Thing",
        entities=["junction 7"],
        attributes=("property 0", "property 4", "property 9"),
    )
    assert [(row[1], row[3]) for row in found(harvest)] == [("property 0", 0), ("property 4", 4)]
    assert dropped(harvest) == {"attribute_missing": 1}


def test_the_unit_of_the_datastream_goes_with_every_reading():
    hub = SensorThingsHub({"1": ("min", [(written(1), 2)])})
    assert {reading.unit for reading in ask(hub).readings} == {"min"}
    assert {reading.unit for reading in ask(hub, options={"unit_from": "mapping"}).readings} == {None}


def test_an_entity_that_the_server_does_not_know_is_counted():
    harvest = ask(SensorThingsHub({"1": ("s", ten_days())}), entities=["1", "2"])
    assert (len(harvest.readings), dropped(harvest)) == (10, {"entity_absent": 1})


def test_no_interval_is_lost_or_counted_twice_where_it_reaches_over_an_edge():
    hours = [(f"{written(d - 0.5)}/{written(d + 0.5)}", float(d)) for d in range(1, 9)]
    hub = SensorThingsHub({"1": ("s", hours)})
    options = {"longest_interval_seconds": 86_400}
    windows = [ask(hub, start=day(n), end=day(n + 1), options=options) for n in range(9)]
    assert sorted(reading.value for each in windows for reading in each.readings) == [
        *map(float, range(1, 9))
    ]


@pytest.mark.parametrize("value", ["12", True, {"a": 1}, [1]])
def test_a_result_of_any_type_is_handed_over_as_it_came(value):
    assert ask(scripted(page((written(1), value)))).readings[0].value == value


def test_an_observation_without_a_result_is_counted():
    assert dropped(ask(scripted(page((written(1), None))))) == {"null_value": 1}


GOOD = (written(1), 1.0)
ON = {"@iot.nextLink": "?$skip=1"}


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([b'{"value":[{"phenomenonTime":"2026-03-0'], "not valid JSON"),
        ([b"<html>sorry</html>"], "XML where JSON was expected"),
        ([{"message": "no"}], "a list of Observations was expected"),
        (
            [
                page(
                    (
                        "2026-03-02",
                        1,
                    )[:2],
                    ("soon", 2),
                )
            ],
            "a phenomenonTime was expected, not 'soon'",
        ),
        ([page((None, 1))], "a phenomenonTime was expected, not null"),
        ([page((f"{written(1)}/{written(2)}", 1))], "an interval of 86400 s, where 0 s are allowed for"),
        ([{"value": [{"result": 1}]}], "without phenomenonTime"),
        ([{"value": [{"components": ["id"], "dataArray": [[1]]}]}], "components without"),
        ([{"value": [{"components": ["phenomenonTime", "result"], "dataArray": [[1]]}]}], "2 cells"),
        ([page(GOOD, **{"@iot.nextLink": "http://elsewhere.example/v1.1/x"})], "leads away from the hub"),
        ([page(GOOD, **{"@iot.nextLink": 7})], "a link was expected"),
        ([page(GOOD, **ON)] * 2, "repeats the rows"),
        (
            [
                page(GOOD, **ON),
                page((written(2), 1), **ON),
            ],
            "was followed before",
        ),
        (
            [page(GOOD, **ON), page(**ON)],
            "followed before",
        ),
    ],
)
def test_what_leaves_doubt_is_a_fault(documents, reason):
    with pytest.raises(HubFault, match=reason) as caught:
        ask(scripted(*documents))
    assert caught.value.page == 1 + len(documents)


def test_a_server_that_leads_on_for_ever_is_left(monkeypatch):
    monkeypatch.setattr("experiments.collection.connectors.documents.MOST_PAGES", 20)

    def hub(target):
        hub.asked += 1
        more = {"@iot.nextLink": f"?$skip={hub.asked}", "unitOfMeasurement": None}
        return 200, {}, json.dumps({"value": []} | more).encode()

    hub.asked = 0
    with pytest.raises(HubFault, match="more than 20 pages"):
        ask(hub)


def test_readings_come_over_the_network_into_the_record_in_the_unit_of_the_metric(sessions):
    streams = {"1": ("min", ten_days()), "2": ("m", [(written(2), 5.0)]), "3": ("s", ten_days(3))}
    hub = SensorThingsHub(streams)
    with scripted_hub(hub) as address:
        with sessions.begin() as session:
            create_territory(session)
            create_metric(session, unit="s")
            create_hub(session, f"{address}/v1.1", kind="sensorthings")
            entities = [{"entity": str(n), "district": f"D{n}"} for n in (1, 2, 3)]
            attributes = [{"attribute": "result", "metric": "intensity", "unit": "s"}]
            data = source_data(entity_type="Datastream", entities=entities, attributes=attributes)
            register_source(session, data, at=START)
        summaries = collect(sessions, day(10) + timedelta(hours=1))
    assert {each.status for each in summaries} == {AttemptStatus.DONE}
    assert sum(each.quarantined for each in summaries) == 1
    values = sorted(value for value, _ in stored(sessions).values())
    assert values == sorted([60.0 * (100 + d) for d in range(10)] + [300.0 + d for d in range(10)])
