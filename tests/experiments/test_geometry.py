"""Outlines: read by code, refused where they cross themselves, measured on the sphere."""

from __future__ import annotations

import math

import orjson
import pytest

from experiments.errors import Invalid
from experiments.geometry import AUTHALIC_RADIUS_KM, area_km2, outlines_by_code, overlaps, remote


def square(west, south, size=0.01):
    ring = [(west, south), (west + size, south), (west + size, south + size), (west, south + size)]
    return {"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]}


def collection(*features):
    made = [{"type": "Feature", "properties": {"code": code}, "geometry": shape} for code, shape in features]
    return orjson.dumps({"type": "FeatureCollection", "features": made})


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


def test_outlines_come_by_the_code_of_their_district():
    found = outlines_by_code(collection(("D01", square(127, 37)), ("D02", square(127.01, 37))))
    assert sorted(found) == ["D01", "D02"]
    assert orjson.loads(found["D01"]) == square(127, 37)


@pytest.mark.parametrize(
    ("file", "field"),
    [
        (b"{", "outlines"),
        (b'{"type": "FeatureCollection", "features": []}', "outlines"),
        (collection(("D01", square(127, 37)), (None, square(127, 37))), "outlines.1"),
        (collection(("D01", None)), "outlines.0"),
        (collection(("D01", {"type": "Point", "coordinates": [0, 0]})), "outlines.0"),
        (collection(("D01", BOW_TIE)), "outlines.0"),
        (collection(("D01", square(127, 37)), ("D01", square(128, 37))), "outlines.1"),
    ],
)
def test_what_is_no_outline_is_refused_where_it_stands(file, field):
    with pytest.raises(Invalid) as refusal:
        outlines_by_code(file)
    assert list(refusal.value.errors) == [field]


def test_a_ring_that_crosses_itself_is_named_with_the_place():
    with pytest.raises(Invalid) as refusal:
        outlines_by_code(collection(("D01", BOW_TIE)))
    assert refusal.value.errors["outlines.0"] == [
        "D01 is no valid outline: the outline crosses itself near 0.50000, 0.50000."
    ]


def hollow(hole):
    shell, inner = square(0, 0, 1)["coordinates"][0], hole["coordinates"][0]
    return {"type": "Polygon", "coordinates": [shell, inner]}


def parts(*squares):
    return {"type": "MultiPolygon", "coordinates": [each["coordinates"] for each in squares]}


@pytest.mark.parametrize(
    ("outline", "why"),
    [
        (hollow(square(5, 5)), "a hole lies outside"),
        (parts(square(0, 0, 1), square(0.5, 0.5, 1)), "the outline crosses itself"),
        (parts(square(0, 0, 3), square(1, 1, 1)), "one part lies in another"),
    ],
)
def test_what_is_wrong_is_said_in_words_of_our_own(outline, why):
    with pytest.raises(Invalid) as refusal:
        outlines_by_code(collection(("D01", outline)))
    assert why in refusal.value.errors["outlines.0"][0]


def test_a_district_far_from_the_others_is_found_with_its_distance():
    # One degree along a meridian is the radius times pi over 180.
    given = {f"D0{each}": square(127, 37 + each / 100) for each in range(1, 5)} | {"D09": square(127, 38.04)}
    found = remote({code: orjson.dumps(shape).decode() for code, shape in given.items()})
    assert found == {"D09": pytest.approx(AUTHALIC_RADIUS_KM * math.pi / 180, rel=1e-6)}


def test_of_two_apart_the_one_known_before_lies_right():
    given = {"D01": orjson.dumps(square(0, 0)).decode(), "D02": orjson.dumps(square(127, 37)).decode()}
    assert set(remote(given, {"D02"})) == {"D01"}
    assert remote({"D01": given["D01"]}) == {}


def test_neighbours_touch_and_do_not_overlap():
    given = outlines_by_code(collection(("D01", square(127, 37)), ("D02", square(127.01, 37))))
    assert overlaps(given) == []


def test_an_overlap_is_found_with_its_share():
    given = outlines_by_code(collection(("D01", square(127, 37)), ("D02", square(127.005, 37))))
    ((first, second, share),) = overlaps(given)
    assert (first, second, share) == ("D01", "D02", pytest.approx(0.5, rel=1e-6))


def test_the_area_of_a_zone_is_that_of_the_sphere():
    # A quarter of the northern hemisphere's lower half: R^2 * (pi/2) * sin(30 degrees).
    zone = {"type": "Polygon", "coordinates": [[[0, 0], [90, 0], [90, 30], [0, 30], [0, 0]]]}
    expected = AUTHALIC_RADIUS_KM**2 * math.pi / 2 * 0.5
    assert area_km2(orjson.dumps(zone).decode()) == pytest.approx(expected)
