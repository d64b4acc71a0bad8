"""Outlines: read by code, refused where they cross themselves, measured on the sphere."""

from __future__ import annotations

import math

import orjson
import pytest

from experiments.errors import Invalid
from experiments.geometry import AUTHALIC_RADIUS_KM, area_km2, outlines_by_code, overlaps


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
    assert refusal.value.errors["outlines.0"] == ["D01 is no valid outline: Self-intersection[0.5 0.5]."]


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
