"""Outlines of districts out of GeoJSON: valid, apart from each other and not too far, with their areas."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from experiments.districts import DistrictSchema
from experiments.errors import Invalid
from experiments.fields import load

# The sphere of the Earth's own surface area (authalic radius of WGS 84), in kilometres.
AUTHALIC_RADIUS_KM = 6371.0072
# Outlines drawn apart share slivers; more than this of the smaller one is an overlap.
LARGEST_SHARED_SHARE = 0.01
LARGEST_FILE_BYTES = 20_000_000
# Districts of one territory are that close to some other one; an island may lie further out.
USUAL_KM = 50.0

# What GEOS finds wrong with an outline, in words of its own.
FAULTS = {
    "Self-intersection": "the outline crosses itself",
    "Ring Self-intersection": "the outline touches itself",
    "Hole lies outside shell": "a hole lies outside",
    "Holes are nested": "a hole lies in a hole",
    "Nested shells": "one part lies in another",
    "Duplicate Rings": "a ring stands twice",
    "Interior is disconnected": "a hole cuts the outline in two",
    "Too few points in geometry component": "a ring encloses nothing",
}
_EXPLAINED = re.compile(r"(?P<why>[^\[]+)(?:\[(?P<place>[^\]]+)\])?")


def outlines_by_code(text: bytes) -> dict[str, str]:
    """Outline by district code from a GeoJSON FeatureCollection whose features have a property `code`.

    Invalid by feature (`outlines.3`) for what is no outline, does not close, or crosses itself.
    """
    if len(text) > LARGEST_FILE_BYTES:
        raise Invalid({"outlines": [f"Larger than {LARGEST_FILE_BYTES:,} bytes."]})
    try:
        collection = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid({"outlines": [f"Not JSON: {error}."]}) from None
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not features:
        raise Invalid({"outlines": ["A GeoJSON FeatureCollection with features is needed."]})
    found: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for position, feature in enumerate(features):
        try:
            code, outline = _feature(feature)
        except Invalid as refusal:
            errors[f"outlines.{position}"] = [m for messages in refusal.errors.values() for m in messages]
            continue
        if code in found:
            errors[f"outlines.{position}"] = [f"{code} stands twice"]
        found[code] = outline
    if errors:
        raise Invalid(errors)
    return found


def overlaps(outlines: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """Pairs of districts that share more than a hundredth of the smaller one, with that share."""
    codes = sorted(outlines)
    shapes = [_shape(outlines[code]) for code in codes]
    tree = shapely.STRtree(shapes)
    shared = []
    for first, second in sorted(map(tuple, tree.query(shapes, predicate="intersects").T.tolist())):
        if first >= second:
            continue
        common = shapely.intersection(shapes[first], shapes[second])
        share = area_km2_of(common) / min(area_km2_of(shapes[first]), area_km2_of(shapes[second]))
        if share > LARGEST_SHARED_SHARE:
            shared.append((codes[first], codes[second], share))
    return shared


def remote(outlines: Mapping[str, str], known: Collection[str] = ()) -> dict[str, float]:
    """Districts more than 50 km from all that lie together, with the distance to them in kilometres.

    Distances are great circles between the middles of outlines. Of groups that lie apart the largest is
    the territory, and of equal ones that with more districts whose code is `known` to lie right.
    """
    codes = sorted(outlines)
    if len(codes) < 2:
        return {}
    apart = _distances_km(np.array([_middle(outlines[code]) for code in codes]))
    group = _connected(apart <= USUAL_KM)
    trusted = np.isin(codes, list(known))
    home = max(
        np.unique(group).tolist(),
        key=lambda each: (int((group == each).sum()), int(trusted[group == each].sum()), -each),
    )
    at_home = group == home
    return {codes[each]: float(apart[each, at_home].min()) for each in np.flatnonzero(~at_home).tolist()}


def _connected(near: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The lowest index of each one's group, (n,), where `near` (n, n) says who lies beside whom."""
    group = np.arange(len(near))
    while True:
        lowest = np.where(near, group, len(near)).min(axis=1)
        if (lowest == group).all():
            return group
        group = lowest


def _middle(outline: str) -> tuple[float, float]:
    west, south, east, north = _shape(outline).bounds
    return (west + east) / 2, (south + north) / 2


def _distances_km(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Great-circle distances, (n, n), between places (n, 2) in degrees of longitude and latitude."""
    longitude, latitude = np.radians(places).T
    ahead = np.sin((latitude[:, None] - latitude) / 2) ** 2
    across = np.sin((longitude[:, None] - longitude) / 2) ** 2
    haversine = ahead + np.cos(latitude)[:, None] * np.cos(latitude) * across
    angles: npt.NDArray[np.float64] = 2 * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0)))
    return AUTHALIC_RADIUS_KM * angles


def area_km2(outline: str) -> float:
    """Area of a GeoJSON outline in square kilometres, within half a per cent: by the cylindrical
    equal-area projection of the authalic sphere (Lambert, 1772)."""
    return area_km2_of(_shape(outline))


def area_km2_of(geometry: BaseGeometry) -> float:
    """Area in square kilometres of a geometry in degrees."""

    def project(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        radians = np.radians(degrees)
        return AUTHALIC_RADIUS_KM * np.column_stack([radians[:, 0], np.sin(radians[:, 1])])

    return float(shapely.area(shapely.transform(geometry, project)))


def _feature(feature: Any) -> tuple[str, str]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    code = properties.get("code") if isinstance(properties, dict) else None
    if not isinstance(code, str):
        raise Invalid({"code": ["A feature needs a property 'code'."]})
    outline = load(DistrictSchema(only=("outline",)), {"outline": feature.get("geometry")})["outline"]
    if outline is None:
        raise Invalid({"geometry": ["A feature needs a geometry."]})
    geometry = _shape(outline)
    if not geometry.is_valid:
        raise Invalid({"geometry": [f"{code} is no valid outline: {_fault(geometry)}."]})
    return code, outline


def _fault(geometry: BaseGeometry) -> str:
    """What is wrong with an outline, and near which position."""
    found = _EXPLAINED.fullmatch(explain_validity(geometry))
    why = FAULTS.get(found["why"], found["why"]) if found else ""
    if found is None or found["place"] is None:
        return why
    longitude, latitude = (f"{float(degrees):.5f}" for degrees in found["place"].split()[:2])
    return f"{why} near {longitude}, {latitude}"


def _shape(outline: str) -> BaseGeometry:
    return shapely.force_2d(shape(orjson.loads(outline)))
