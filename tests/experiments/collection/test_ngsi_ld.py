"""The connector against the playback hub's API and against pages made to be wrong."""

from datetime import timedelta

import pytest

from experiments.collection.connectors.ngsi_ld import read_window
from experiments.collection.faults import HubFault
from experiments.collection.models import Dialect, Representation, from_microseconds
from tests.experiments.collection.build import (
    NOW,
    START,
    answering,
    asking,
    create_data_set,
    create_query,
    day,
    entity,
    playing,
)

DIALECTS = ("etsi", "city_data_hub")


def instants(harvest):
    return [from_microseconds(reading.at) for reading in harvest.readings]


def content(harvest):
    return sorted(reading[:4] for reading in harvest.readings)


def one(values, **entity_facts):
    return [
        {"id": entity(1), "type": "T", "intensity": {"type": "Property", "values": values}} | entity_facts
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_reading_of_the_window_is_read(dialect):
    hub = playing(create_data_set(), dialect=dialect)
    harvest = read_window(asking(hub), create_query(dialect=Dialect(dialect)))
    assert content(harvest) == [
        (entity(n), "intensity", int((day(d).timestamp()) * 1_000_000), 100.0 * n + d)
        for n in (1, 2, 3)
        for d in range(10)
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reading_on_the_boundary_belongs_to_the_later_window(dialect):
    hub = playing(create_data_set(entities=1), dialect=dialect)
    query = create_query(dialect=Dialect(dialect), entities=frozenset([entity(1)]), end=day(4))
    before = read_window(asking(hub), query)
    after = read_window(asking(hub), create_query(dialect=Dialect(dialect), start=day(4), end=day(6)))
    assert (max(instants(before)), min(instants(after))) == (day(3), day(4))


def test_a_reading_a_microsecond_before_the_end_of_the_window_is_in():
    end = day(4) + timedelta(microseconds=1)
    hub = playing(create_data_set(entities=1), dialect="city_data_hub")
    harvest = read_window(asking(hub), create_query(dialect=Dialect.CITY_DATA_HUB, end=end))
    assert max(instants(harvest)) == day(4)


def test_an_inclusive_end_is_dropped_and_counted():
    hub = playing(create_data_set(entities=1), dialect="city_data_hub")
    harvest = read_window(asking(hub), create_query(dialect=Dialect.CITY_DATA_HUB, end=day(4)))
    assert harvest.dropped.reasons["out_of_window"]["count"] == 1


def test_an_attribute_outside_the_window_is_dropped_although_its_row_matched():
    series = {1: {"intensity": [(1.0, 5.0)], "speed": [(1.2, 60.0)]}}
    hub = playing(create_data_set(series), dialect="city_data_hub")
    query = create_query(
        dialect=Dialect.CITY_DATA_HUB, attributes=("intensity", "speed"), start=day(1.1), end=day(2)
    )
    harvest = read_window(asking(hub), query)
    assert [reading.attribute for reading in harvest.readings] == ["speed"]


def test_entities_are_paged_to_the_end():
    asked = []
    hub = playing(create_data_set(entities=7))
    harvest = read_window(asking(hub, asked), create_query(page_size=2))
    assert (len(asked), len(harvest.readings), harvest.hub_count) == (4, 70, 7)


def test_a_short_page_is_not_the_end():
    hub = playing(create_data_set(entities=7))
    hub.api.most_limit = 3
    harvest = read_window(asking(hub), create_query(page_size=100))
    assert len(harvest.readings) == 70


@pytest.mark.parametrize("most_instances", [2, 5, 7, 30])
def test_instances_are_paged_to_the_end(most_instances):
    data_set = create_data_set(entities=7)
    whole = read_window(asking(playing(data_set)), create_query())
    hub = playing(data_set, most_instances=most_instances)
    asked = []
    cut = read_window(asking(hub, asked), create_query(page_size=4))
    assert content(cut) == content(whole)
    assert len(asked) > 2


def test_entities_that_fall_silent_do_not_shift_the_others_out_of_a_cut_window():
    series = {n: {"intensity": [(0.1 * n, n)]} for n in range(1, 5)}
    series |= {n: {"intensity": [(d, n) for d in range(10)]} for n in range(5, 9)}
    hub = playing(create_data_set(series), most_instances=6)
    harvest = read_window(asking(hub), create_query(page_size=3))
    assert len(harvest.readings) == 44


@pytest.mark.parametrize("dialect", DIALECTS)
def test_both_representations_give_the_same_readings(dialect):
    hub = playing(create_data_set(), dialect=dialect)
    shapes = [
        content(read_window(asking(hub), create_query(dialect=Dialect(dialect), representation=shape)))
        for shape in Representation
        if shape.is_raw
    ]
    assert shapes[0] == shapes[1] != []


def test_a_hub_without_counting_is_followed_by_its_links():
    pages = [
        (one([[1.0, "2026-03-01T00:00:00Z"]]), 200, {"Link": '<x>; rel="next", type="application/json"'}),
        ([{"id": entity(2), "type": "T"}], 200, {"Link": '<x>; rel="prev"'}),
    ]
    assert read_window(answering(*pages), create_query()).pages == 2


def test_a_city_data_hub_without_entitycount_is_read_until_a_short_page():
    hub = playing(create_data_set(entities=3), dialect="city_data_hub")
    ask = asking(hub)

    def get(url, params, headers):
        if url.endswith("entitycount"):
            raise HubFault("HTTP 404", url=url, status=404)
        return ask(url, params, headers)

    harvest = read_window(get, create_query(dialect=Dialect.CITY_DATA_HUB, page_size=2))
    assert (len(harvest.readings), harvest.hub_count) == (30, None)


def test_local_time_without_offset_is_read_in_the_zone_of_a_city_data_hub():
    answers = [({"totalCount": 1},), (one([[1, "2026-03-02T09:00:00,000"]]),)]
    harvest = read_window(answering(*answers), create_query(dialect=Dialect.CITY_DATA_HUB))
    assert instants(harvest) == [day(1)]


def test_a_complete_answer_may_carry_its_range():
    values = [[1, "2026-03-02T00:00:00Z"], [2, "2026-03-03T00:00:00Z"]]
    whole = {"Content-Range": "date-time 2026-03-02T00:00:00Z-2026-03-03T00:00:00Z/2"}
    assert len(read_window(answering((one(values), 200, whole)), create_query()).readings) == 2


def test_what_cannot_be_placed_is_counted_with_its_first_case():
    page = [
        {"id": "urn:stranger:1", "type": "T", "intensity": {"values": [[1, "2026-03-01T00:00:00Z"]]}},
        {
            "id": entity(1),
            "type": "T",
            "intensity": [
                {
                    "type": "Property",
                    "value": 3,
                    "observedAt": "2026-03-01T00:00:00Z",
                    "datasetId": "urn:other",
                },
                {"type": "Property", "value": None, "observedAt": "2026-03-02T00:00:00Z"},
                {"type": "Property", "value": 4, "observedAt": "2026-03-03T00:00:00Z"},
            ],
        },
        {"id": entity(2), "type": "T"},
    ]
    harvest = read_window(answering((page,)), create_query(entities=frozenset(map(entity, (1, 2, 3)))))
    assert harvest.dropped.reasons == {
        "entity_not_mapped": {"count": 1, "first": "urn:stranger:1"},
        "other_dataset": {"count": 1, "first": f"{entity(1)} [1].intensity[0]"},
        "null_value": {"count": 1, "first": f"{entity(1)} [1].intensity[1]"},
        "attribute_missing": {"count": 1, "first": f"{entity(2)} intensity"},
        "entity_absent": {"count": 1, "first": entity(3)},
    }
    assert [reading.value for reading in harvest.readings] == [4.0]


GOOD = [1.0, "2026-03-01T00:00:00Z"]


@pytest.mark.parametrize("value", ["12", True, {"a": 1}, 4])
def test_a_value_of_any_type_is_handed_over_as_it_came(value):
    harvest = read_window(answering((one([GOOD, [value, "2026-03-02T00:00:00Z"]]),)), create_query())
    assert [reading.value for reading in harvest.readings] == [1.0, value]


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        (one([[1.0, "2026-03-02"]]), "[0].intensity.values[0]", "an instant was expected"),
        (one([[1.0, "2026-03-02T00:00:00"]]), "[0].intensity.values[0]", "an instant was expected"),
        (one([[1.0, "2026-02-30T00:00:00Z"]]), "[0].intensity.values[0]", "an instant was expected"),
        (one([[1.0, 1772323200]]), "[0].intensity.values[0]", "an instant was expected"),
        (one([[1.0, ["x"]]]), "[0].intensity.values[0]", "an instant was expected, not a list"),
        (one([[1.0]]), "[0].intensity.values[0]", "[value, instant] was expected"),
        (one(["ab"]), "[0].intensity.values[0]", "[value, instant] was expected"),
        (one({"a": 1}), "[0].intensity.values", "a list of [value, instant] was expected"),
        (one([], intensity="12"), "[0].intensity", "an attribute was expected"),
        (one([], intensity={"type": "Property"}), "[0].intensity", "neither values nor value"),
        (one([], intensity=[{"value": 1}]), "[0].intensity[0]", "observedAt is missing"),
        (one([], intensity={"avg": [[1, "a", "b"]]}), "[0].intensity", "aggregatedValues (avg)"),
        (one([], id=7), "[0].id", "the id of an entity"),
        ([7], "[0]", "an entity was expected"),
        ({"a": 1}, "$", "a list of entities was expected"),
        ({"type": "x", "title": "Bad\x00 request", "detail": "no"}, "$", "the hub reports: Bad� request no"),
        (b'[{"id": "a", "intensity": {"values": [[1.0, "2026-', "$", "not valid JSON"),
        (b'[{"id":"a","intensity":{"values":[[NaN,"2026-03-01T00:00:00Z"]]}}', "$", "not valid JSON"),
        (b'[{"id":"a","intensity":{"values":[[1e999,"2026-03-01T00:00:00Z"]]}}', "$", "not valid JSON"),
        (b"", "$", "not valid JSON"),
        (b'\n<?xml version="1.0"?><OpenAPI_ServiceResponse/>', "$", "XML where JSON was expected"),
    ],
)
def test_a_page_that_cannot_be_read_names_address_page_and_path(body, path, reason):
    first = ([{"id": entity(9), "type": "T"}], 200, {"Link": '<x>; rel="next"'})
    with pytest.raises(HubFault) as caught:
        read_window(answering(first, (body,)), create_query())
    assert caught.value.url.startswith("http://hub.example/ngsi-ld/v1/temporal/entities?type=")
    assert (caught.value.page, caught.value.path) == (2, path)
    assert reason in caught.value.reason


RANGE = "date-time 2026-03-01T00:00:00Z-{}/{}"


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (206, {}, "206 without Content-Range"),
        (206, {"Content-Range": "bytes 0-7/8"}, "cannot be read"),
        (206, {"Content-Range": RANGE.format("2026-03-01T00:00:00Z", "*")}, "within one instant"),
        (200, {"NGSILD-Results-Count": "2"}, "counts 2 entities but sent 1"),
        (200, {"NGSILD-Results-Count": "many"}, "NGSILD-Results-Count is 'many'"),
    ],
)
def test_doubt_about_completeness_is_a_fault(status, headers, reason):
    with pytest.raises(HubFault, match=reason):
        read_window(answering((one([GOOD]), status, headers), ([], 200, headers)), create_query(page_size=1))


def test_a_hub_that_repeats_a_page_for_ever_is_a_fault():
    page = (one([GOOD]), 200, {"Link": '<x>; rel="next"'})
    with pytest.raises(HubFault, match="repeats entities"):
        read_window(answering(page, page, page), create_query())


def test_a_count_that_changes_between_pages_is_a_fault():
    pages = [
        (one([GOOD]), 200, {"NGSILD-Results-Count": "2"}),
        ([{"id": entity(2)}], 200, {"NGSILD-Results-Count": "3"}),
    ]
    with pytest.raises(HubFault, match="changed from 2 to 3"):
        read_window(answering(*pages), create_query())


@pytest.mark.parametrize("document", [{}, {"totalCount": "3"}, [], {"totalCount": True}])
def test_an_entitycount_without_a_number_is_a_fault(document):
    with pytest.raises(HubFault, match="totalCount"):
        read_window(answering((document,)), create_query(dialect=Dialect.CITY_DATA_HUB))


def test_the_request_names_tenant_and_context():
    seen = {}

    def get(url, params, headers):
        seen.update(headers)
        return answering(([],))(url, params, headers)

    read_window(get, create_query(tenant="cityA", context_url="https://hub.example/context.jsonld"))
    assert seen["NGSILD-Tenant"] == "cityA"
    assert seen["Link"].startswith(
        '<https://hub.example/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"'
    )


@pytest.mark.parametrize(
    ("dialect", "path", "at"),
    [
        ("etsi", "/ngsi-ld/v1/temporal/entities?", "timeAt=2026-03-01T00%3A00%3A00.000000Z"),
        ("city_data_hub", "/temporal/entities?", "timeAt=2026-03-01T09%3A00%3A00.000%2B09%3A00"),
    ],
)
def test_the_window_is_written_as_the_dialect_writes_it(dialect, path, at):
    asked = []
    hub = playing(create_data_set(), dialect=dialect)
    read_window(asking(hub, asked), create_query(dialect=Dialect(dialect), start=START, end=NOW))
    assert asked[-1].startswith(f"http://hub.example{path}")
    assert at in asked[-1]


def test_a_range_that_runs_backwards_is_followed_to_the_oldest_reading():
    """Some hubs hand out the newest readings and stop at the old end."""
    days = [[float(n), f"2026-03-0{n}T00:00:00Z"] for n in range(1, 7)]
    backwards = {"Content-Range": "date-time 2026-03-06T00:00:00Z-2026-03-04T00:00:00Z/6"}
    asked = []
    pages = answering((one(days[3:]), 206, backwards), (one(days[:4]), 200))

    def get(url, params, headers):
        asked.append((params["timeAt"], params["endTimeAt"]))
        return pages(url, params, headers)

    harvest = read_window(get, create_query())
    assert sorted(reading.value for reading in harvest.readings) == [1, 2, 3, 4, 5, 6]
    assert asked[1] == ("2026-03-01T00:00:00.000000Z", "2026-03-04T00:00:00.000001Z")


BUCKETS = [
    [67.0, "2026-03-01T12:03:00Z", "2026-03-01T13:03:00Z"],
    [53.0, "2026-03-01T13:03:00Z", "2026-03-01T14:03:00Z"],
]


def test_aggregated_values_stand_where_their_bucket_begins():
    page = [{"id": entity(1), "type": "T", "intensity": {"type": "Property", "max": BUCKETS}}]
    seen = {}

    def get(url, params, headers):
        seen.update(params)
        return answering((page,))(url, params, headers)

    query = create_query(
        representation=Representation.AGGREGATED_VALUES, options={"method": "max", "period": "PT1H"}
    )
    harvest = read_window(get, query)
    assert [(str(at), r.value) for at, r in zip(instants(harvest), harvest.readings, strict=True)] == [
        ("2026-03-01 12:03:00+00:00", 67.0),
        ("2026-03-01 13:03:00+00:00", 53.0),
    ]
    assert (seen["options"], seen["aggrMethods"], seen["aggrPeriodDuration"]) == (
        "aggregatedValues",
        "max",
        "PT1H",
    )


def test_raw_readings_are_refused_where_aggregates_are_expected():
    query = create_query(representation=Representation.AGGREGATED_VALUES)
    with pytest.raises(HubFault, match="aggregatedValues of avg were expected"):
        read_window(answering((one([GOOD]),)), query)


def indicators(**changes):
    facts = {
        "id": entity(1),
        "type": "KeyPerformanceIndicator",
        "kpiValue": {
            "type": "Property",
            "value": 41.5,
            "observedAt": "2026-04-02T00:00:00Z",
            "unitCode": "MIN",
        },
        "calculationPeriod": {
            "type": "Property",
            "value": {"from": "2026-03-02T00:00:00Z", "to": "2026-03-09T00:00:00Z"},
        },
    }
    return [facts | changes]


def asking_indicators(page, seen=None):
    def get(url, params, headers):
        if seen is not None:
            seen.append((url, dict(params)))
        return answering((page,))(url, params, headers)

    shape = Representation.KEY_PERFORMANCE_INDICATOR
    return read_window(get, create_query(representation=shape, attributes=("kpiValue",)))


@pytest.mark.parametrize("value", [{"type": "Property", "value": 41.5}, 41.5])
def test_an_indicator_stands_at_the_beginning_of_its_period(value):
    seen = []
    harvest = asking_indicators(indicators(kpiValue=value), seen)
    assert [(reading.value, at) for reading, at in zip(harvest.readings, instants(harvest), strict=True)] == [
        (41.5, day(1))
    ]
    assert seen[0][0].endswith("/ngsi-ld/v1/entities")
    assert "timeAt" not in seen[0][1]


def test_an_indicator_of_another_period_is_dropped_and_counted():
    period = {"from": "2025-03-02T00:00:00Z", "to": "2025-03-09T00:00:00Z"}
    harvest = asking_indicators(indicators(calculationPeriod=period))
    assert (harvest.readings, harvest.dropped.reasons["out_of_window"]["count"]) == ([], 1)


@pytest.mark.parametrize("period", [None, {"from": "2026-03-02T00:00:00Z"}, {"value": 3}])
def test_an_indicator_without_its_period_is_a_fault(period):
    with pytest.raises(HubFault, match="calculationPeriod"):
        asking_indicators(indicators(calculationPeriod=period))


def test_a_hub_with_a_limit_of_its_own_is_not_asked_for_more():
    asked = []
    hub = playing(create_data_set())
    read_window(asking(hub, asked), create_query(dialect=Dialect.STELLIO, page_size=5_000))
    assert "limit=100&" in asked[0]
