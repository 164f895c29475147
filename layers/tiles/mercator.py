"""Where a tile lies: Web Mercator (EPSG:3857) counted in units of a vector tile."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT = 4096  # units along a tile's side (MVT 2.1, section 4.1)
DEEPEST = 22
_EDGE_DEG = 85.0511287798066


class TileAt(NamedTuple):
    """A tile's address. y counts from the north, as browsers ask for it."""

    zoom: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether the world has such a tile."""
        return 0 <= self.zoom <= DEEPEST and 0 <= self.x < 2**self.zoom and 0 <= self.y < 2**self.zoom

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres of EPSG:3857 (not metres on the ground)."""
        half = 20_037_508.342789244
        side = 2 * half / 2**self.zoom
        west, north = self.x * side - half, half - self.y * side
        return west, north - side, west + side, north


def in_units(shapes: NDArray[np.object_], zoom: int) -> NDArray[np.object_]:
    """Longitude and latitude to units of a zoom's tiles, x to the east and y to the south; Z is dropped."""
    scale = EXTENT * 2.0**zoom

    def step(points: NDArray[np.float64]) -> NDArray[np.float64]:
        lat = np.radians(np.clip(points[:, 1], -_EDGE_DEG, _EDGE_DEG))
        north = np.arcsinh(np.tan(lat)) / np.pi
        return np.column_stack([(points[:, 0] / 360 + 0.5) * scale, (0.5 - north / 2) * scale])

    moved: Any = shapely.transform(shapes, step)
    return np.asarray(moved, dtype=object)
