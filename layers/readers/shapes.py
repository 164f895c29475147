"""A GeoJSON geometry as a shape, saying what was mended on the way: an open ring, a height left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault, Grade

Points = NDArray[np.float64]
RING_UNCLOSED = Fault(
    "ring_unclosed", Grade.REPAIR, found="first point != last point", expected="closed ring"
)
Z_DROPPED = Fault("z_dropped", Grade.REPAIR, found="3D", expected="2D")


class MalformedShape(ValueError):
    """A geometry whose members do not make a shape."""


def shape_of(geometry: Any) -> tuple[BaseGeometry, tuple[Fault, ...]]:
    """The flat shape of a GeoJSON geometry and what was found on the way (faults without a row)."""
    if not isinstance(geometry, dict) or geometry.get("type") not in _BUILDERS:
        found = geometry.get("type") if isinstance(geometry, dict) else type(geometry).__name__
        raise MalformedShape(f"type {found}")
    faults: set[Fault] = set()
    try:
        shape = _BUILDERS[geometry["type"]](geometry.get("coordinates"), faults)
    except (ShapelyError, ValueError, TypeError, OverflowError) as error:
        raise MalformedShape(f"{geometry['type']}: {error}") from None
    return shape, tuple(sorted(faults, key=lambda fault: fault.code))


def _points(raw: Any, faults: set[Fault]) -> Points:
    if not isinstance(raw, list) or not all(isinstance(point, list) and len(point) >= 2 for point in raw):
        raise MalformedShape("expected a list of [lon, lat]")
    if any(len(point) > 2 for point in raw):
        faults.add(Z_DROPPED)
    numbers = [value for point in raw for value in point[:2]]
    if not set(map(type, numbers)) <= {int, float}:  # texts, nulls and truths are not coordinates
        raise MalformedShape("expected numbers")
    return np.array(numbers, dtype=float).reshape(-1, 2)


def _ring(raw: Any, faults: set[Fault]) -> BaseGeometry:
    points = _points(raw, faults)
    if len(points) and not np.array_equal(points[0], points[-1], equal_nan=True):
        faults.add(RING_UNCLOSED)
        points = np.vstack([points, points[:1]])
    if len(points) < 4:
        raise MalformedShape("a ring needs three corners")
    return shapely.linearrings(points)


def _point(raw: Any, faults: set[Fault]) -> BaseGeometry:
    return shapely.Point() if raw == [] else shapely.points(_points([raw], faults)[0])


def _line(raw: Any, faults: set[Fault]) -> BaseGeometry:
    return shapely.linestrings(_points(raw, faults)) if raw else shapely.LineString()


def _polygon(raw: Any, faults: set[Fault]) -> BaseGeometry:
    if not raw:
        return shapely.Polygon()
    outer, *holes = [_ring(ring, faults) for ring in raw]
    return shapely.polygons(outer, holes or None)


_BUILDERS: dict[Any, Any] = {
    "Point": _point,
    "LineString": _line,
    "Polygon": _polygon,
    "MultiPoint": lambda raw, faults: shapely.multipoints([_point(part, faults) for part in raw]),
    "MultiLineString": lambda raw, faults: shapely.multilinestrings([_line(part, faults) for part in raw]),
    "MultiPolygon": lambda raw, faults: shapely.multipolygons([_polygon(part, faults) for part in raw]),
}
GEOMETRY_TYPES = frozenset(_BUILDERS)


def numbered_fault(fault: Fault, row: int) -> Fault:
    """A fault of this file with the row it was met in."""
    return replace(fault, row=row)
