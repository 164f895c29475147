"""Whether the places in a file can be right: on the earth, in Japan, in this town, and drawable."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.box import JAPAN, Box
from layers.crs import likely_crs, to_plane
from layers.errors import Fault, Grade
from layers.kinds import Kind

Mask = NDArray[np.bool_]
NEAR_TOWN_M = 5_000.0
ROUGHLY_M = 20.0
_BASE_TYPE = {
    "MultiPoint": "Point",
    "MultiLineString": "LineString",
    "MultiPolygon": "Polygon",
    "LinearRing": "LineString",
}


@dataclass(frozen=True)
class Shapes:
    """The geometries of a frame with their row labels, and which of them can be looked at further."""

    array: NDArray[np.object_]
    rows: list[int]
    present: Mask
    finite: Mask
    bounds: NDArray[np.float64]

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> Shapes:
        array = np.asarray(frame.geometry.array)
        present = ~(shapely.is_missing(array) | shapely.is_empty(array))
        coordinates, owners = shapely.get_coordinates(array, return_index=True)
        finite = present.copy()
        finite[owners[~np.isfinite(coordinates).all(axis=1)]] = False
        return cls(array, [int(label) for label in frame.index], present, finite, shapely.bounds(array))

    def faults(
        self, mask: Mask, code: str, grade: Grade, found: str = "", expected: str = ""
    ) -> Iterator[Fault]:
        for at in np.flatnonzero(mask):
            yield Fault(code, grade, self.rows[at], None, found or self.where(at), expected)

    def where(self, at: np.intp) -> str:
        """The south-west corner of a shape: longitude, latitude."""
        west, south = self.bounds[at][:2]
        return f"{west:.10g}, {south:.10g}"


def place_faults(
    shapes: Shapes, kind: Kind, zone: int, near: Box, boundary: BaseGeometry | None
) -> Iterator[Fault]:
    """All faults of place and shape. Longitude and latitude in; distances in metres of the plane zone."""
    yield from shapes.faults(~shapes.present, "geometry_missing", Grade.REFUSE, "-", "point, line or area")
    yield from shapes.faults(
        shapes.present & ~shapes.finite, "number_not_finite", Grade.REFUSE, "NaN, Infinity", "numbers"
    )
    yield from _wrong_types(shapes, kind)
    in_japan = yield from _misplaced(shapes, zone, near)
    if kind.id != "boundary":
        yield from _town_faults(shapes, in_japan, zone, boundary)


def _wrong_types(shapes: Shapes, kind: Kind) -> Iterator[Fault]:
    expected = ", ".join(sorted(kind.geometry))
    for at in np.flatnonzero(shapes.present):
        shape = shapes.array[at]
        lone = shape.geom_type != "MultiPoint" or len(shape.geoms) == 1  # several points are not one place
        if _BASE_TYPE.get(shape.geom_type, shape.geom_type) not in kind.geometry or not lone:
            yield Fault("geometry_type", Grade.REFUSE, shapes.rows[at], None, shape.geom_type, expected)


def _misplaced(shapes: Shapes, zone: int, near: Box) -> Generator[Fault, None, Mask]:
    """Yields the faults, returns which rows lie in Japan."""
    west, south, east, north = np.where(shapes.finite, shapes.bounds.T, 0.0)
    in_japan = (west >= JAPAN.west) & (east <= JAPAN.east) & (south >= JAPAN.south) & (north <= JAPAN.north)
    reach, height = np.maximum(abs(west), abs(east)), np.maximum(abs(south), abs(north))
    crossing = (height <= 90) & (reach <= 360) & ((reach > 180) | (east - west > 180))
    metres = ~crossing & ((reach > 180) | (height > 90))
    zero = shapes.finite & (west == 0) & (south == 0) & (east == 0) & (north == 0)
    hint = _crs_hint(shapes, metres, zone, near)
    yield from _together(shapes, shapes.finite & metres, "metres_without_crs", hint)
    yield from shapes.faults(crossing, "antimeridian", Grade.REFUSE, expected="-180 to 180")
    yield from shapes.faults(zero, "zero_position", Grade.REFUSE, "0, 0", "lon, lat")
    rest = shapes.finite & ~(in_japan | metres | crossing | zero)
    yield from shapes.faults(rest, "outside_japan", Grade.REFUSE, expected="122-154.5, 20-46")
    return np.asarray(in_japan & shapes.finite)


def _together(shapes: Shapes, mask: Mask, code: str, expected: str) -> Iterator[Fault]:
    """One fault for the file when all its rows have it, otherwise one for each row that does."""
    if not mask.any():
        return
    if mask[shapes.finite].all():
        first = next(shapes.faults(mask, code, Grade.REFUSE))
        yield Fault(code, Grade.REFUSE, None, None, first.found, expected)
    else:
        yield from shapes.faults(mask, code, Grade.REFUSE, expected=expected)


def _crs_hint(shapes: Shapes, metres: Mask, zone: int, near: Box) -> str:
    at = np.flatnonzero(shapes.finite & metres)
    if not len(at):
        return ""
    west, south, east, north = np.median(shapes.bounds[at], axis=0)
    # where nothing lies near, or a town does not know its extent yet: the system its own files come in
    return next(iter(likely_crs((west + east) / 2, (south + north) / 2, zone, near)), f"EPSG:{zone}")


def _town_faults(shapes: Shapes, in_japan: Mask, zone: int, boundary: BaseGeometry | None) -> Iterator[Fault]:
    if boundary is None:
        yield Fault("town_boundary_unknown", Grade.NOTE, None, None, "-", "boundary")
        return
    if not in_japan.any():
        return  # said already, and more precisely
    # a broken shape is tried by its box: predicates may fail on it
    array = np.where(shapely.is_valid(shapes.array), shapes.array, shapely.envelope(shapes.array))
    shapely.prepare(boundary)
    outside = in_japan & ~shapely.intersects(boundary, array)
    if (outside | ~in_japan).all() and not _any_near(array[in_japan], zone, boundary):
        yield Fault(
            "nothing_in_town", Grade.REFUSE, None, None, str(int(in_japan.sum())), f"{NEAR_TOWN_M:.0f} m"
        )
    yield from _outside(shapes, outside, array, zone, boundary)


def _outside(
    shapes: Shapes, outside: Mask, array: NDArray[np.object_], zone: int, boundary: BaseGeometry
) -> Iterator[Fault]:
    """Each row outside the town with its distance from the border, true to ROUGHLY_M."""
    at = np.flatnonzero(outside)
    if not len(at):
        return
    border = to_plane(boundary, zone).simplify(ROUGHLY_M)
    for one, away_m in zip(at, shapely.distance(border, to_plane(array[at], zone)), strict=True):
        found = shapes.where(one)
        away = f"{away_m:.0f} m" if away_m < 1000 else f"{away_m / 1000:.1f} km"
        yield Fault("outside_town", Grade.NOTE, shapes.rows[one], None, found, away)


def _any_near(array: NDArray[np.object_], zone: int, boundary: BaseGeometry) -> bool:
    town, others = to_plane(boundary, zone), to_plane(array, zone)
    shapely.prepare(town)
    return bool(shapely.dwithin(town, others, NEAR_TOWN_M).any())
