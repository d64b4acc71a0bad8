"""Korean public-data APIs: two formats, and errors that come with HTTP 200."""

import json

import httpx
import pytest

from experiments.collection.connectors.korean_api import read_window
from experiments.collection.faults import HubFault, PassingFault
from tests.experiments.collection.build import day
from tests.experiments.collection.connectors.asking import asking, found, query_for
from tests.experiments.collection.connectors.walk import collected

OPTIONS = {"entity_field": "stationName", "time_field": "dataTime"}
GATEWAY = """<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>
<returnAuthMsg>{words}</returnAuthMsg><returnReasonCode>{code}</returnReasonCode></cmmMsgHeader>
</OpenAPI_ServiceResponse>"""


def items(days=10):
    # The last hour of a day is written as 24:00.
    return [
        {"stationName": f"역{n}", "dataTime": f"{day(d):%Y-%m-%d} 24:00", "pm10": f"{1000 * n + d:,}"}
        for d in range(days)
        for n in (1, 2, 3)
    ]


def in_json(part, total, code="00"):
    inner = "" if not part else {"item": part if len(part) > 1 else part[0]}
    body = {"items": inner, "totalCount": total, "pageNo": 1, "numOfRows": 5}
    header = {"resultCode": code, "resultMsg": "NORMAL SERVICE."}
    return json.dumps({"response": {"header": header, "body": body}}).encode()


def in_xml(part, total, code="00"):
    rows = "".join(
        "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in item.items()) + "</item>"
        for item in part
    )
    header = f"<header><resultCode>{code}</resultCode><resultMsg>NORMAL SERVICE.</resultMsg></header>"
    body = f"<body><items>{rows}</items><totalCount>{total}</totalCount></body>"
    return f"<?xml version='1.0' encoding='UTF-8'?><response>{header}{body}</response>".encode()


def playing(rows, written, *, most=4):
    """A portal that gives at most `most` items a page, and them only to whoever has the day right."""

    def hub(target):
        params = httpx.URL("http://hub.example" + target).params
        size = min(int(params["numOfRows"]), most)
        start = (int(params["pageNo"]) - 1) * size
        return 200, {}, written(rows[start : start + size], len(rows))

    return hub


def ask(hub, **changes):
    given = {"entities": frozenset(["역1", "역2", "역3"]), "attributes": ("pm10",), "page_size": 4}
    query = query_for("korean_api", "/B5/getStations", options=OPTIONS, **given | changes)
    return read_window(asking(hub), query)


def scripted(*bodies):
    rest = iter(bodies)
    return lambda target: (200, {}, next(rest))


@pytest.mark.parametrize("written", [in_json, in_xml])
def test_every_item_is_read_to_the_total(written):
    harvest = ask(playing(items(9), written), end=day(10))
    assert [row[3] for row in found(harvest)] == [1000.0 * n + d for n in (1, 2, 3) for d in range(9)]
    assert found(harvest)[0][2] == "2026-03-01T15:00"


@pytest.mark.parametrize("written", [in_json, in_xml])
@pytest.mark.parametrize("count", [0, 1])
def test_an_answer_with_one_item_or_none_is_read(written, count):
    assert len(ask(playing(items()[:count], written)).readings) == count


def test_no_data_is_no_error():
    assert ask(scripted(in_xml([], 0, code="03"))).readings == []


@pytest.mark.parametrize(
    ("code", "words", "fault"),
    [
        (30, "SERVICE_KEY_IS_NOT_REGISTERED_ERROR", HubFault),
        (22, "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR", PassingFault),
    ],
)
def test_an_error_of_the_gateway_with_status_200_is_a_fault(code, words, fault):
    with pytest.raises(HubFault, match=f"{code}: {words}") as caught:
        ask(scripted(GATEWAY.format(code=code, words=words).encode()))
    assert type(caught.value) is fault


ONE, TWO = items()[:2]
BOMB = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><response><header>&c;</header></response>'


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        ([in_json([], 0, code="10")], "the hub reports 10: NORMAL SERVICE"),
        ([in_json([ONE], 3), in_json([ONE], 3)], "repeats the rows"),
        ([in_json([ONE], 3), in_json([], 3)], "counts 3 items but sent 1"),
        ([in_json([ONE], 3), in_json([TWO], 4)], "totalCount changed from 3 to 4"),
        ([in_json([ONE, TWO], 1)], "counts 1 items but sent 2"),
        ([in_json([ONE], "many")], "a totalCount was expected"),
        ([in_json([ONE | {"dataTime": "soon"}], 1)], "an instant was expected"),
        ([in_xml([ONE], 1)[:-9]], "not valid XML"),
        ([in_json([ONE], 1)[:-9]], "not valid JSON"),
        ([BOMB], "not valid XML"),
        ([b"{}"], "a header with its resultCode"),
    ],
)
def test_what_leaves_doubt_is_a_fault(bodies, reason):
    with pytest.raises(HubFault, match=reason):
        ask(scripted(*bodies))


def test_readings_come_over_the_network_into_the_record(sessions):
    values = collected(
        sessions,
        playing(items(), in_xml, most=2),
        kind="korean_api",
        entity_type="/B5/getStations",
        options=OPTIONS,
        attribute="pm10",
        entities=("역1", "역2", "역3"),
    )
    assert values == sorted(1000.0 * n + d for n in (1, 2, 3) for d in range(10))
