"""Cuts shapes into tiles: simplified once for a zoom, clipped at each tile's edge, in whole units, still valid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.grid import spread
from layers.tiles.encoder import AREA, LINE, Paths
from layers.tiles.mercator import EXTENT, TileAt

Shapes = NDArray[np.object_]
Ints = NDArray[np.int64]

BUFFER = 64  # what a tile holds beyond its edge: a thick outline's half width, so that no seam is seen
TOLERANCE = 8.0  # half a pixel where a tile is drawn 256 px wide
FINE_TOLERANCE = 1.0  # where a tile is cut from the shapes themselves and enlarged by the browser
SMALLEST = 8.0  # half a pixel: an area smaller than this is drawn as a square of this size, and not lost


@dataclass(frozen=True, eq=False)
class Parts:
    """Polygons or lines, each part of a shape alone, in units of a zoom; owner is the shape's position.

    whole tells that all corners are in whole units already.
    """

    parts: Shapes
    owner: Ints
    bounds: NDArray[np.float64]
    geometry: int
    whole: bool

    @classmethod
    def of(cls, shapes: Shapes, geometry: int, owner: Ints | None = None, *, whole: bool = False) -> Parts:
        """The parts of shapes; what is not of the geometry (a line where areas are expected) is left out."""
        parts, of_shape = shapely.get_parts(shapes, return_index=True)
        wanted = shapely.get_type_id(parts) == _TYPE[geometry]
        wanted &= ~shapely.is_empty(parts)
        parts, of_shape = parts[wanted], of_shape[wanted]
        return cls(
            parts, of_shape if owner is None else owner[of_shape], shapely.bounds(parts), geometry, whole
        )

    def coarser(self, factor: float, tolerance: float = TOLERANCE) -> Parts:
        """These parts in larger units (factor < 1), simplified, in whole units."""
        scaled = _scaled(self.parts, factor)
        simple = _simplified(scaled, tolerance, self.geometry)
        return Parts.of(simple, self.geometry, self.owner, whole=True)


_TYPE = {LINE: shapely.GeometryType.LINESTRING, AREA: shapely.GeometryType.POLYGON}


def _simplified(shapes: Shapes, tolerance: float, geometry: int) -> Shapes:
    """Shapes with fewer corners, in whole units; none is lost."""
    simple = np.asarray(shapely.simplify(shapes, tolerance, preserve_topology=False), dtype=object)
    gone = shapely.is_empty(simple) & ~shapely.is_empty(shapes)
    # the slower way keeps every ring a ring; it is for the few that the quick one would lose
    simple[gone] = shapely.simplify(shapes[gone], tolerance)
    whole = in_whole_units(simple)
    return _seen(whole, shapely.bounds(shapes)) if geometry == AREA else whole


def in_whole_units(shapes: Shapes) -> Shapes:
    """Corners moved to whole units; what that would make invalid is snapped by GEOS, which keeps it valid."""
    rounded = shapely.transform(shapes, np.rint)
    broken = ~shapely.is_valid(rounded)
    if broken.any():
        sound = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        rounded[broken] = shapely.set_precision(sound, 1.0)
    return np.asarray(rounded, dtype=object)


def _seen(shapes: Shapes, bounds: NDArray[np.float64]) -> Shapes:
    """The shapes, with a small square in place of each that the screen would lose."""
    west, north, east, south = bounds.T
    small = (np.maximum(east - west, south - north) < SMALLEST) | shapely.is_empty(shapes)
    small &= np.isfinite(west)  # nothing there before either
    if small.any():
        x, y = np.rint((west + east)[small] / 2), np.rint((north + south)[small] / 2)
        half = SMALLEST / 2
        shapes[small] = shapely.box(x - half, y - half, x + half, y + half)
    return shapes


@dataclass(frozen=True, eq=False)
class Cut:
    """Features of many tiles, ready to be written: one for each tile and shape, tile after tile."""

    tiles: list[TileAt]
    starts: list[int]  # of each tile's features, and the end of the last
    owner: Ints  # of each feature
    paths: Paths


def cut(source: Parts, zoom: int, factor: float = 1.0, only: TileAt | None = None) -> Cut:
    """All tiles of a zoom, or one. factor takes the source's units to those of the zoom."""
    part, x, y = _met(source, factor, only)
    order = np.lexsort((part, source.owner[part], x, y))
    part, x, y = part[order], x[order], y[order]
    shapes = _clipped(source, factor, part, x, y)
    if not source.whole:
        shapes = _simplified(_scaled(shapes, factor), FINE_TOLERANCE, source.geometry)
    tile = np.cumsum(np.append(False, (x[1:] != x[:-1]) | (y[1:] != y[:-1])))[: len(x)]
    paths, of_pair = _paths(shapes, x, y, source.geometry)
    return _gathered(paths, of_pair, zoom, tile, x, y, source.owner[part])


def _met(source: Parts, factor: float, only: TileAt | None) -> tuple[Ints, Ints, Ints]:
    """(part, x, y) for every tile whose widened square a part's box meets."""
    west, north, east, south = source.bounds.T * factor
    left, top = (np.floor((side - BUFFER) / EXTENT).astype(np.int64) for side in (west, north))
    right, low = (np.floor((side + BUFFER) / EXTENT).astype(np.int64) for side in (east, south))
    if only is not None:
        part = np.flatnonzero((left <= only.x) & (only.x <= right) & (top <= only.y) & (only.y <= low))
        return part, np.full(len(part), only.x), np.full(len(part), only.y)
    wide = right - left + 1
    count = wide * (low - top + 1)
    part = np.repeat(np.arange(len(count)), count)
    within = spread(np.zeros(len(count), dtype=np.int64), count)
    return part, left[part] + within % wide[part], top[part] + within // wide[part]


def _clipped(source: Parts, factor: float, part: Ints, x: Ints, y: Ints) -> Shapes:
    """The parts as far as their tiles reach, in the source's units."""
    shapes: Shapes = source.parts[part]
    side, beyond = EXTENT / factor, BUFFER / factor
    west, north = x * side - beyond, y * side - beyond
    east, south = west + side + 2 * beyond, north + side + 2 * beyond
    box = source.bounds[part]
    across = (box[:, 0] < west) | (box[:, 1] < north) | (box[:, 2] > east) | (box[:, 3] > south)
    at = np.flatnonzero(across)
    changes = np.flatnonzero(np.append(True, (x[at][1:] != x[at][:-1]) | (y[at][1:] != y[at][:-1])))
    for begin, end in zip(changes, [*changes[1:], len(at)], strict=True) if len(at) else ():
        here = at[begin:end]
        one = here[0]
        shapes[here] = _within(shapes[here], west[one], north[one], east[one], south[one])
    if source.whole and len(at):
        shapes[at] = in_whole_units(shapes[at])
    return shapes


def _within(shapes: Shapes, west: float, north: float, east: float, south: float) -> Shapes:
    try:
        return np.asarray(shapely.clip_by_rect(shapes, west, north, east, south), dtype=object)
    except shapely.GEOSException:  # the quick way fails on a few outlines that touch themselves
        return np.asarray(shapely.intersection(shapes, shapely.box(west, north, east, south)), dtype=object)


def _scaled(shapes: Shapes, factor: float) -> Shapes:
    return np.asarray(shapely.transform(shapes, lambda points: points * factor), dtype=object)


def _paths(shapes: Shapes, x: Ints, y: Ints, geometry: int) -> tuple[Paths, Ints]:
    """The rings or lines of pairs of part and tile, in units of the tile; and to which pair each belongs."""
    parts, pair = shapely.get_parts(shapes, return_index=True)
    wanted = shapely.get_type_id(parts) == _TYPE[geometry]
    parts, pair = parts[wanted], pair[wanted]
    if geometry == AREA:
        # anticlockwise with y upwards is a positive area, which the format wants of outer rings
        rings, of_part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
        parts, pair = rings, pair[of_part]
    at, path = shapely.get_coordinates(parts, return_index=True)
    points = at.astype(np.int64)
    points[:, 0] -= x[pair[path]] * EXTENT
    points[:, 1] -= y[pair[path]] * EXTENT
    again = (np.diff(points, axis=0) == 0).all(axis=1) & (np.diff(path) == 0)
    repeated = np.append(False, again)[: len(path)]  # of nothing, nothing is repeated
    if geometry == AREA and len(path):
        repeated |= np.append(path[1:] != path[:-1], True)  # a ring's last point is its first
    points, path = points[~repeated], path[~repeated]
    lengths = np.bincount(path, minlength=len(parts))
    enough = lengths >= (3 if geometry == AREA else 2)
    points = points[enough[path]]
    return Paths(points, lengths[enough], np.empty(0, dtype=np.int64), geometry), pair[enough]


def _gathered(paths: Paths, pair: Ints, zoom: int, tile: Ints, x: Ints, y: Ints, owner: Ints) -> Cut:
    """One feature for each tile and shape; pairs of which nothing is left are gone."""
    key_tile, key_owner = tile[pair], owner[pair]
    fresh = np.append(True, (key_tile[1:] != key_tile[:-1]) | (key_owner[1:] != key_owner[:-1]))[: len(pair)]
    feature = np.cumsum(fresh) - 1
    first = np.flatnonzero(fresh)
    of_tile = key_tile[first]
    starts = np.flatnonzero(np.append(True, of_tile[1:] != of_tile[:-1])[: len(of_tile)])
    where = pair[first[starts]]
    return Cut(
        [TileAt(zoom, int(x[at]), int(y[at])) for at in where],
        [*starts.tolist(), len(first)],
        key_owner[first],
        Paths(paths.points, paths.lengths, feature, paths.geometry),
    )


def tiles_of(cut: Cut) -> Iterator[tuple[TileAt, slice]]:
    """Each tile and its features."""
    for at, start, end in zip(cut.tiles, cut.starts, cut.starts[1:], strict=False):
        yield at, slice(start, end)
