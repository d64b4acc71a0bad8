"""Invented outlines: an irregular tessellation of an invented town, as GeoJSON.

Voronoi cells by clipping the boundary with one bisector after another: quadratic in the number of
cells, which is nothing for a town. The place is open sea, so that nobody takes it for a real one.
"""

from __future__ import annotations

import json
import math

import numpy as np

Point = tuple[float, float]
Polygon = list[Point]

CENTRE_LONGITUDE, CENTRE_LATITUDE = 125.20, 36.60
HALF_WIDTH_DEGREES, HALF_HEIGHT_DEGREES = 0.075, 0.052
BOUNDARY_POINTS = 72
RELAXATIONS = 3


def tessellation(count: int, rng: np.random.Generator) -> list[str]:
    """`count` neighbouring polygons as GeoJSON text, from north-west to south-east."""
    boundary = _boundary(rng)
    seeds = _seeds(count, boundary, rng)
    for _ in range(RELAXATIONS):
        # Lloyd's step evens the cells out; few of them leave the town looking grown, not drawn.
        seeds = [_centroid(cell) for cell in _cells(seeds, boundary)]
    cells = _cells(sorted(seeds, key=lambda seed: (-round(seed[1] / 0.4), seed[0])), boundary)
    return [_geojson(cell) for cell in cells]


def _boundary(rng: np.random.Generator) -> Polygon:
    """A smooth closed curve around the origin, about one unit in radius; convex, as clipping needs it."""
    phases = rng.uniform(0, 2 * math.pi, 3)
    points = []
    for step in range(BOUNDARY_POINTS):
        angle = 2 * math.pi * step / BOUNDARY_POINTS
        waves = zip((2, 3, 4), (0.05, 0.03, 0.015), phases, strict=True)
        radius = 1 + sum(size * math.cos(n * angle + phase) for n, size, phase in waves)
        points.append((radius * math.cos(angle), radius * math.sin(angle)))
    return points


def _seeds(count: int, boundary: Polygon, rng: np.random.Generator) -> list[Point]:
    seeds: list[Point] = []
    while len(seeds) < count:
        x, y = (float(value) for value in rng.uniform(-1.1, 1.1, 2))
        if _inside((x, y), boundary):
            seeds.append((x, y))
    return seeds


def _inside(point: Point, boundary: Polygon) -> bool:
    """Whether `point` lies left of every edge of the counter-clockwise `boundary`."""
    (x, y) = point
    edges = zip(boundary, boundary[1:] + boundary[:1], strict=True)
    return all((bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0 for (ax, ay), (bx, by) in edges)


def _cells(seeds: list[Point], boundary: Polygon) -> list[Polygon]:
    cells = []
    for seed in seeds:
        cell = boundary
        for other in seeds:
            if other != seed:
                cell = _nearer(cell, seed, other)
        cells.append(cell)
    return cells


def _nearer(polygon: Polygon, seed: Point, other: Point) -> Polygon:
    """The part of `polygon` that is nearer to `seed` than to `other` (Sutherland-Hodgman, one edge)."""
    normal = (other[0] - seed[0], other[1] - seed[1])
    middle = ((other[0] + seed[0]) / 2, (other[1] + seed[1]) / 2)
    beyond = [(x - middle[0]) * normal[0] + (y - middle[1]) * normal[1] for x, y in polygon]
    kept: Polygon = []
    for i, (point, side) in enumerate(zip(polygon, beyond, strict=True)):
        previous, side_before = polygon[i - 1], beyond[i - 1]
        if (side <= 0) != (side_before <= 0):
            share = side_before / (side_before - side)
            kept.append(
                (
                    previous[0] + share * (point[0] - previous[0]),
                    previous[1] + share * (point[1] - previous[1]),
                )
            )
        if side <= 0:
            kept.append(point)
    return kept


def _centroid(polygon: Polygon) -> Point:
    area = x = y = 0.0
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = ax * by - bx * ay
        area += cross / 2
        x += (ax + bx) * cross
        y += (ay + by) * cross
    return x / (6 * area), y / (6 * area)


def _geojson(polygon: Polygon) -> str:
    ring = [
        [
            round(CENTRE_LONGITUDE + HALF_WIDTH_DEGREES * x, 6),
            round(CENTRE_LATITUDE + HALF_HEIGHT_DEGREES * y, 6),
        ]
        for x, y in polygon
    ]
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, separators=(",", ":"))
