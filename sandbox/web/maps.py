"""The map of districts: outlines in, SVG out. No tiles, no request to anywhere.

Roles differ by fill pattern as well as by colour: treated districts solid with white names, controls
hatched, others pale.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from markupsafe import Markup

from sandbox.web import drawing
from sandbox.web.charts import DataTable
from sandbox.web.drawing import NARROW, WIDE, Point, Sheet, element, line, rectangle, text

Ring = tuple[Point, ...]
Polygon = tuple[Ring, ...]
CLEARANCE = 6.0


class Role(StrEnum):
    """What a district is to the pilot."""

    TREATED = "treated"
    CONTROL = "control"
    OTHER = "other"


@dataclass(frozen=True)
class MapDistrict:
    """One district; `outline` is a GeoJSON Polygon or MultiPolygon, as text or mapping."""

    name: str
    role: Role
    outline: str | Mapping[str, object]


@dataclass(frozen=True)
class DistrictMap:
    """Districts of one site, and the words for their roles."""

    districts: tuple[MapDistrict, ...]
    role_labels: Mapping[Role, str]
    district_label: str
    role_label: str

    def table(self) -> DataTable:
        order = {role: place for place, role in enumerate(Role)}
        listed = sorted(self.districts, key=lambda district: (order[district.role], district.name))
        rows = tuple((district.name, self.role_labels[district.role]) for district in listed)
        return DataTable((self.district_label, self.role_label), rows)


def polygons(outline: str | Mapping[str, object]) -> tuple[Polygon, ...]:
    """Polygons of an outline, each an outer ring and its holes; ValueError where it is no such thing."""
    try:
        geometry: dict[str, Any] = json.loads(outline) if isinstance(outline, str) else dict(outline)
        coordinates = geometry["coordinates"]
        nested = {"Polygon": [coordinates], "MultiPolygon": coordinates}[geometry["type"]]
        return tuple(
            tuple(tuple((float(place[0]), float(place[1])) for place in ring) for ring in polygon)
            for polygon in nested
        )
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError("an outline must be a GeoJSON Polygon or MultiPolygon") from error


def district_map(values: DistrictMap, id: str, title: str, description: str, narrow: bool = False) -> Markup:
    """Every district with its role; names where they fit, all names in the table."""
    shapes = [polygons(district.outline) for district in values.districts]
    sheet, project = _projection(shapes, NARROW if narrow else WIDE)
    drawn = [
        (district, tuple(tuple(tuple(map(project, ring)) for ring in polygon) for polygon in shape))
        for district, shape in zip(values.districts, shapes, strict=True)
    ]
    # Where some districts have a part, the names of the others would only crowd the map.
    named = {Role.TREATED, Role.CONTROL} & {each.role for each in values.districts} or set(Role)
    used = [role for role in Role if any(district.role == role for district in values.districts)]
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        _hatch(id),
        *(_area(id, district, shape) for district, shape in drawn),
        *(_name(sheet, district, shape) for district, shape in drawn if district.role in named),
        *_key(id, sheet, [(role, values.role_labels[role]) for role in used]),
    )


class _Projection:
    """Longitude and latitude to the sheet: equal scale in both directions at the site's latitude."""

    def __init__(self, west: float, north: float, squeeze: float, scale: float, offset: Point) -> None:
        self.west, self.north, self.squeeze, self.scale, self.offset = west, north, squeeze, scale, offset

    def __call__(self, place: Point) -> Point:
        across = (place[0] - self.west) * self.squeeze * self.scale
        return self.offset[0] + across, self.offset[1] + (self.north - place[1]) * self.scale


def _projection(shapes: Sequence[tuple[Polygon, ...]], sheet: Sheet) -> tuple[Sheet, _Projection]:
    """Fits all outlines into the sheet's width, and the sheet's height to the outlines."""
    places = [place for shape in shapes for polygon in shape for ring in polygon for place in ring]
    if not places:
        raise ValueError("a map needs at least one outline")
    (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*places, strict=True))
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * squeeze or 1e-9, north - south or 1e-9
    top = 3.2 * sheet.font
    room = (sheet.width - 8, (1.0 if sheet.narrow else 0.6) * sheet.width)
    scale = min(room[0] / wide, room[1] / high)
    offset = ((sheet.width - wide * scale) / 2, top)
    return replace(sheet, height=top + high * scale + 6), _Projection(west, north, squeeze, scale, offset)


def _hatch(id: str) -> Markup:
    ground = rectangle((0, 0), (7, 7), "c-hatch-ground")
    pattern = element(
        "pattern",
        ground,
        line((0, 0), (0, 7), "c-hatch"),
        id=f"{id}-hatch",
        width=7,
        height=7,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    return element("defs", pattern)


def _fill(id: str, role: Role) -> dict[str, str]:
    hatched = {"fill": f"url(#{id}-hatch)"} if role is Role.CONTROL else {}
    return {**hatched, "class_": f"c-district c-district-{role}"}


def _area(id: str, district: MapDistrict, shape: tuple[Polygon, ...]) -> Markup:
    rings = "".join(f"{drawing.path(ring)}Z" for polygon in shape for ring in polygon)
    name = element("title", district.name)
    return element("path", name, d=rings, fill_rule="evenodd", **_fill(id, district.role))


def _name(sheet: Sheet, district: MapDistrict, shape: tuple[Polygon, ...]) -> Markup:
    """The name in its district where it fits."""
    outer = max((polygon[0] for polygon in shape), key=lambda ring: abs(_area_of(ring)))
    middle = _centroid(outer)
    if _width_at(outer, middle) < drawing.text_width(district.name, sheet.font) + CLEARANCE:
        return Markup()
    treated = district.role is Role.TREATED
    return text(
        district.name,
        (middle[0], middle[1] + 0.35 * sheet.font),
        sheet.font,
        anchor="middle",
        class_="c-on-treated" if treated else "c-strong",
        halo=not treated,
    )


def _edges(ring: Ring) -> Iterator[tuple[Point, Point]]:
    return zip(ring, (*ring[1:], ring[0]), strict=True)


def _area_of(ring: Ring) -> float:
    """Signed area (shoelace)."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _edges(ring)) / 2


def _centroid(ring: Ring) -> Point:
    area = _area_of(ring)
    if abs(area) < 1e-9:
        return ring[0]
    x = sum((x1 + x2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in _edges(ring)) / (6 * area)
    y = sum((y1 + y2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in _edges(ring)) / (6 * area)
    return x, y


def _width_at(ring: Ring, middle: Point) -> float:
    """Twice the shorter way from the point to the outline along the horizontal; 0 outside."""
    crossings = [
        x1 + (middle[1] - y1) / (y2 - y1) * (x2 - x1)
        for (x1, y1), (x2, y2) in _edges(ring)
        if (y1 > middle[1]) != (y2 > middle[1])
    ]
    left = [x for x in crossings if x <= middle[0]]
    right = [x for x in crossings if x > middle[0]]
    if len(left) % 2 == 0 or not right:
        return 0.0
    return 2 * min(middle[0] - max(left), min(right) - middle[0])


def _key(id: str, sheet: Sheet, entries: Sequence[tuple[Role, str]]) -> list[Markup]:
    """Swatch and words for every role on the map, in a row above it."""
    pieces = []
    across = 4.0
    for role, words in entries:
        swatch = element("rect", x=across, y=4, width=20, height=sheet.font + 2, **_fill(id, role))
        pieces.append(swatch + text(words, (across + 27, 3 + sheet.font), sheet.font))
        across += 27 + drawing.text_width(words, sheet.font) + 20
    return pieces
