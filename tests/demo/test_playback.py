"""The hub speaks as HUBS has it written: by the standard's own tests, and by the City Data Hub's source."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.demo.dataset import DataSet
from sandbox.demo.playback import BadRequest, PlaybackHub

T0 = datetime(2020, 8, 1, 12, 3, tzinfo=UTC)
ETSI = "/ngsi-ld/v1/temporal/entities"


def at(minutes):
    return T0 + timedelta(minutes=minutes)


def vehicles(count=3, known_from=T0):
    """Vehicles A, B, C ... with speeds at 12:03, 12:05 and 12:07."""
    speeds = [(at(0), 120.0, known_from), (at(2), 80.0, known_from), (at(4), 100.0, known_from)]
    return DataSet.of(
        "Vehicle", {f"urn:ngsi-ld:Vehicle:{chr(65 + n)}": {"speed": speeds} for n in range(count)}
    )


def api(dialect="etsi", now=None, data_set=None, **options):
    clock = (lambda: now) if now else (lambda: at(60))
    return PlaybackHub([data_set or vehicles()], dialect=dialect, clock=clock, **options).api


def window(start="2020-08-01T12:00:00Z", end="2020-08-01T13:00:00Z", **more):
    pairs = {"type": "Vehicle", "timerel": "between", "timeAt": start, "endTimeAt": end} | more
    return "?" + "&".join(f"{name}={value}" for name, value in pairs.items() if value is not None)


def minutes(reply):
    return [int(pair[1][14:16]) for pair in reply.document[0]["speed"]["values"]]


@pytest.mark.parametrize(
    ("relation", "start", "end", "expected"),
    [
        ("between", "12:03:00", "12:07:00", [3, 5]),
        ("between", "12:05:00.000", "12:07:00", [5]),
        ("after", "12:05:00", None, [5, 7]),
        ("before", "12:05:00", None, [3]),
    ],
)
def test_etsi_bounds_are_after_inclusive_before_exclusive(relation, start, end, expected):
    query = window(
        f"2020-08-01T{start}Z", end and f"2020-08-01T{end}Z", timerel=relation, options="temporalValues"
    )
    assert minutes(api().reply(ETSI + query, {})) == expected


def test_a_city_data_hub_has_both_ends_in():
    rows = [(at(24 * 60 * day), float(day), T0) for day in range(3)]
    hub = api("city_data_hub", data_set=DataSet.of("Vehicle", {"urn:A": {"speed": rows}}), now=at(99_999))
    query = window(
        "2020-08-01T21:03:00.000%2B09:00", "2020-08-02T21:03:00,000%2B09:00", options="temporalValues"
    )
    values = hub.reply("/temporal/entities" + query, {"accept": "*/*"}).document[0]["speed"]["values"]
    assert values == [[0.0, "2020-08-01T21:03:00,000+09:00"], [1.0, "2020-08-02T21:03:00,000+09:00"]]


def test_a_city_data_hub_sends_whole_rows_and_after_leaves_its_instant_out():
    hub = api("city_data_hub")
    both = hub.reply(
        "/temporal/entities" + window("2020-08-01T12:05:00Z", "2020-08-01T12:05:30Z"), {"accept": "*/*"}
    )
    assert [instance["value"] for instance in both.document[0]["speed"]] == [120.0, 80.0, 100.0]
    after = window("2020-08-01T12:07:00Z", None, timerel="after")
    assert hub.reply("/temporal/entities" + after, {"accept": "*/*"}).document == []


def test_normalized_and_temporal_values_have_their_shapes():
    normalized = api().reply(ETSI + window(end="2020-08-01T12:04:00Z"), {}).document[0]
    assert normalized == {
        "id": "urn:ngsi-ld:Vehicle:A",
        "type": "Vehicle",
        "speed": [{"type": "Property", "value": 120.0, "observedAt": "2020-08-01T12:03:00Z"}],
    }
    values = api().reply(ETSI + window(end="2020-08-01T12:04:00Z", options="temporalValues"), {}).document[0]
    assert values["speed"] == {"type": "Property", "values": [[120.0, "2020-08-01T12:03:00Z"]]}


@pytest.mark.parametrize(
    "query",
    [
        window(timerel="since"),
        window(end=None),
        window(start="2020-08-01"),
        window(start="2020-08-01T12:00:00"),
        window(limit="-1"),
        window(options="aggregatedValues"),
    ],
)
def test_a_wrong_question_is_a_bad_request(query):
    with pytest.raises(BadRequest) as caught:
        api().reply(ETSI + query, {})
    assert (caught.value.status, caught.value.kind) == (400, "BadRequestData")


def test_entities_are_paged_with_count_and_links():
    reply = api().reply(ETSI + window(limit=1, offset=1, count="true"), {})
    assert [entity["id"] for entity in reply.document] == ["urn:ngsi-ld:Vehicle:B"]
    assert reply.headers["NGSILD-Results-Count"] == "3"
    following, previous = reply.headers["Link"].split(", ")
    assert following.startswith(f"<{ETSI}?type=Vehicle&")
    assert following.endswith('&limit=1&offset=2&count=true>; rel="next";type="application/json"')
    assert previous.endswith('&limit=1&offset=0&count=true>; rel="prev";type="application/json"')


def test_an_offset_past_the_end_is_an_empty_page():
    assert api().reply(ETSI + window(offset=3), {}).document == []


def test_too_many_instances_are_cut_at_an_instant():
    reply = api(most_instances=7).reply(ETSI + window(options="temporalValues"), {})
    assert reply.status == 206
    assert reply.headers["Content-Range"] == "date-time 2020-08-01T12:03:00Z-2020-08-01T12:05:00Z/*"
    assert minutes(reply) == [3, 5]


def test_an_entity_without_a_reading_in_the_window_does_not_match():
    assert api().reply(ETSI + window(start="2020-08-01T12:30:00Z", count="true"), {}).headers == {
        "NGSILD-Results-Count": "0"
    }


def test_one_entity_can_be_retrieved_by_id():
    reply = api().reply(f"{ETSI}/urn:ngsi-ld:Vehicle:B", {})
    assert (reply.document["id"], len(reply.document["speed"])) == ("urn:ngsi-ld:Vehicle:B", 3)


@pytest.mark.parametrize("path", [f"{ETSI}/urn:none", "/ngsi-ld/v1/temporal/types", "/temporal/entities"])
def test_what_is_not_there_is_not_found(path):
    with pytest.raises(BadRequest) as caught:
        api().reply(path, {})
    assert caught.value.status == 404


def test_a_city_data_hub_counts_at_an_address_of_its_own_and_sends_no_count_header():
    hub = api("city_data_hub")
    counted = hub.reply("/temporal/entitycount" + window(), {"accept": "*/*"})
    assert counted.document == {"totalCount": 3, "type": "Vehicle"}
    assert hub.reply("/temporal/entities" + window(limit=1, count="true"), {"accept": "*/*"}).headers == {}


def test_a_city_data_hub_asks_for_an_accept_header():
    with pytest.raises(BadRequest, match="Accept"):
        api("city_data_hub").reply("/temporal/entities" + window(), {})


def test_readings_appear_when_they_are_known():
    late = vehicles(known_from=at(90))
    assert api(data_set=late, now=at(89)).reply(ETSI + window(), {}).document == []
    assert len(api(data_set=late, now=at(90)).reply(ETSI + window(), {}).document) == 3


def test_an_edit_replaces_the_value_at_its_instant():
    edited = DataSet.of("Vehicle", {"urn:A": {"speed": [(at(0), 120.0, at(1)), (at(0), 99.0, at(50))]}})
    values = [
        api(data_set=edited, now=now).reply(ETSI + window(), {}).document[0]["speed"][0]["value"]
        for now in (at(49), at(50))
    ]
    assert values == [120.0, 99.0]


def test_it_listens_on_loopback_and_echoes_the_tenant():
    with PlaybackHub([vehicles()], dialect="etsi", clock=lambda: at(60)) as hub:
        answer = httpx.get(hub.base_url + ETSI + window(), headers={"NGSILD-Tenant": "cityA"})
        refusal = httpx.get(hub.base_url + ETSI + window(end=None))
    assert (answer.headers["NGSILD-Tenant"], len(answer.json())) == ("cityA", 3)
    assert refusal.status_code == 400
    assert refusal.json()["type"] == "https://uri.etsi.org/ngsi-ld/errors/BadRequestData"


def test_an_unstarted_hub_has_no_address():
    with pytest.raises(RuntimeError):
        _ = PlaybackHub([vehicles()], dialect="etsi", clock=lambda: T0).base_url
