import json

import pytest

from experiments import districts
from experiments.errors import Invalid, NotFound
from tests.experiments.collection.build import create_territory

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
ROW = {"code": "X1", "name_ko": "새동", "name_en": "New"}


def refused(session, **change):
    territory = create_territory(session)
    with pytest.raises(Invalid) as caught:
        districts.add_districts(session, territory, [ROW, ROW | {"code": "X2"} | change])
    assert {district.code for district in territory.districts} == {"D1", "D2", "D3"}
    return caught.value.errors


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "D1"}, "1.code"),
        ({"code": "X1"}, "1.code"),
        ({"code": "a b"}, "1.code"),
        ({"name_ko": " "}, "1.name_ko"),
        ({"name_en": "a\u202eb"}, "1.name_en"),
        ({"population": -1}, "1.population"),
        ({"population": 7.9}, "1.population"),
        ({"outline": "{"}, "1.outline"),
        ({"outline": {"type": "Point", "coordinates": [0, 0]}}, "1.outline"),
        ({"outline": {"type": "Polygon", "coordinates": []}}, "1.outline"),
        ({"outline": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}}, "1.outline"),
        ({"outline": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], ["1", 1], [0, 0]]]}}, "1.outline"),
        ({"outline": {"type": "Polygon", "coordinates": [[[0, 0], [181, 0], [1, 1], [0, 0]]]}}, "1.outline"),
    ],
)
def test_a_bad_row_is_named_and_none_is_added(session, change, field):
    assert list(refused(session, **change)) == [field]


@pytest.mark.parametrize("outline", [SQUARE, json.dumps(SQUARE, indent=2)])
def test_an_outline_is_kept_as_compact_text(session, outline):
    (district,) = districts.add_districts(session, create_territory(session), [ROW | {"outline": outline}])
    assert district.outline == json.dumps(SQUARE, separators=(",", ":"))


def test_districts_come_in_the_order_asked_for(session):
    territory = create_territory(session)
    found = districts.districts(session, territory, ["D3", "D1"])
    assert [district.code for district in found] == ["D3", "D1"]


def test_every_unknown_district_is_named_by_its_position(session):
    with pytest.raises(Invalid) as caught:
        districts.districts(session, create_territory(session), ["D1", "X", "Y"], field="control")
    assert caught.value.errors == {"control.1": ["unknown district X"], "control.2": ["unknown district Y"]}


def test_what_is_not_there_is_not_found(session):
    with pytest.raises(NotFound):
        districts.territory(session, "atlantis")
    with pytest.raises(NotFound):
        districts.district(session, create_territory(session), "D9")


def test_two_territories_cannot_share_a_code(session):
    create_territory(session)
    with pytest.raises(Invalid) as caught:
        create_territory(session)
    assert list(caught.value.errors) == ["code"]
