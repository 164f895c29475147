"""Points that would lie on top of each other on the screen, gathered into one sign with a number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

MERGE_PX = 48.0
_TILE_PX = 256.0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """All signs of a layer at one zoom: mean lon, lat; how many points; one of them; a tree over what they
    cover.
    """

    lonlat: Floats
    counts: NDArray[np.int64]
    member: NDArray[np.intp]
    tree: shapely.STRtree


def clustered(lonlat: Floats, zoom: int) -> Clusters:
    """The points of a whole layer gathered for a zoom. Panning changes nothing: no sign depends on the
    window.

    First by cells of the screen, then any two signs still closer than 48 px, the bigger swallowing the
    smaller.
    """
    pixels = world_px(lonlat, zoom)
    cells = np.floor(pixels / MERGE_PX).astype(np.int64)
    _, group = np.unique(cells, axis=0, return_inverse=True)
    group = group.ravel()
    while True:
        middles, counts = _means(pixels, group)
        merged = _swallowed(middles, counts)
        if merged is None:
            break
        group = np.unique(merged[group], return_inverse=True)[1]
    member = np.full(len(counts), len(group), dtype=np.intp)
    np.minimum.at(member, group, np.arange(len(group)))
    return Clusters(
        _means(lonlat, group)[0], counts, member, shapely.STRtree(_extents(lonlat, group, len(counts)))
    )


def world_px(lonlat: Floats, zoom: int) -> Floats:
    """Web Mercator pixels of the whole world at a zoom, x to the east, y to the south."""
    size = _TILE_PX * 2.0**zoom
    sine = np.clip(np.sin(np.radians(lonlat[:, 1])), -0.9999, 0.9999)
    x = (lonlat[:, 0] + 180.0) / 360.0
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    return np.column_stack([x, y]) * size


def _means(points: Floats, group: NDArray[np.intp]) -> tuple[Floats, NDArray[np.int64]]:
    counts = np.bincount(group)
    sums = [np.bincount(group, weights=points[:, axis]) for axis in (0, 1)]
    return np.column_stack(sums) / counts[:, None], counts


def _swallowed(middles: Floats, counts: NDArray[np.int64]) -> NDArray[np.intp] | None:
    """For each sign the one it becomes part of; None when no two are too close."""
    points = shapely.points(middles)
    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=np.nextafter(MERGE_PX, 0))
    first, second = near[:, near[0] != near[1]]
    if not len(first):
        return None
    neighbours: dict[int, list[int]] = {}
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        neighbours.setdefault(one, []).append(other)
    becomes = np.full(len(counts), -1, dtype=np.intp)
    for one in np.argsort(-counts, kind="stable").tolist():
        if becomes[one] < 0:
            becomes[one] = one
            free = [other for other in neighbours.get(one, ()) if becomes[other] < 0]
            becomes[free] = one
    return becomes


def _extents(lonlat: Floats, group: NDArray[np.intp], count: int) -> NDArray[np.object_]:
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, group, lonlat)
    np.maximum.at(high, group, lonlat)
    boxes: NDArray[np.object_] = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    return boxes
