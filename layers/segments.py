"""The outlines of many shapes as one long list of straight pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Segments:
    """Pieces from (x1, y1) to (x2, y2). shape is the position of the shape that a piece belongs to; closed
    tells pieces of an area's ring from those of a line or a point.
    """

    x1: Floats
    y1: Floats
    x2: Floats
    y2: Floats
    shape: NDArray[np.int64]
    closed: NDArray[np.bool_]

    def scaled(self, origin: tuple[float, float], cell: tuple[float, float]) -> Segments:
        """The same pieces counted in cells from an origin."""
        (west, south), (wide, high) = origin, cell
        return Segments(
            (self.x1 - west) / wide, (self.y1 - south) / high,
            (self.x2 - west) / wide, (self.y2 - south) / high,
            self.shape, self.closed,
        )  # fmt: skip


def segments_of(shapes: NDArray[np.object_]) -> Segments:
    """Every ring, line and point of the shapes; a point is a piece of no length, and so is a line's end."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():  # a collection in a collection
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, ring_owner = shapely.get_rings(parts[is_area], return_index=True)
    paths = np.concatenate([rings, parts[~is_area]])
    path_owner = np.concatenate([owner[is_area][ring_owner], owner[~is_area]])
    path_closed = np.arange(len(paths)) < len(rings)
    at, path = shapely.get_coordinates(paths, return_index=True)
    following = np.append(path[1:] == path[:-1], False) if len(path) else np.empty(0, dtype=bool)
    # the last position of a path has no next one: it stands for itself, which is all there is of a point
    after = np.where(following, np.arange(1, len(path) + 1), np.arange(len(path)))
    return Segments(
        at[:, 0], at[:, 1], at[after, 0], at[after, 1],
        path_owner[path].astype(np.int64), path_closed[path],
    )  # fmt: skip
