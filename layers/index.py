"""The features of one version, arranged so that a place finds them at once."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.canonical import plain_rows
from layers.crs import easting_northing, to_plane
from layers.grid import ZoneGrid

# From here on one click is quicker through the grid than through the tree (bench/bench_point_in_zone.py), and
# the second that the grid takes is worth it; below, both take microseconds.
GRID_FROM_VERTICES = 100_000


class SpatialIndex:
    """Trees over the boxes of the features, in degrees and in metres; built once for a version, shared by
    threads.
    """

    def __init__(self, frame: gpd.GeoDataFrame, zone: int) -> None:
        self.zone = zone
        self.shapes: NDArray[np.object_] = np.asarray(frame.geometry.array)
        self.records: list[dict[str, Any]] = plain_rows(frame)
        self.tree = shapely.STRtree(self.shapes)
        shapely.prepare(self.shapes)
        # GEOS fills a prepared shape on its first question; two first questions at once must not meet
        self._asking = threading.Lock()
        self._building = threading.Lock()
        self._grid: ZoneGrid | None = None

    @cached_property
    def vertices(self) -> int:
        """How many corners the shapes have together."""
        return int(shapely.get_num_coordinates(self.shapes).sum())

    def grid(self) -> ZoneGrid:
        """The cells that answer many places at once; built when first wanted, once for all threads."""
        with self._building:
            if self._grid is None:
                # shapes of its own: GEOS would fill the tree's prepared ones under another lock
                self._grid = ZoneGrid.build(shapely.from_wkb(shapely.to_wkb(self.shapes)))
        return self._grid

    def prepare(self) -> None:
        """Build the grid of a layer that is large enough for it: in the background, before anybody asks."""
        if self.vertices >= GRID_FROM_VERTICES:
            self.grid()

    @cached_property
    def plane(self) -> NDArray[np.object_]:
        """The shapes in metres of the plane zone."""
        moved: NDArray[np.object_] = to_plane(self.shapes, self.zone)
        return moved

    @cached_property
    def plane_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.plane)

    @cached_property
    def _at(self) -> dict[str, int]:
        return {str(row["feature_id"]): at for at, row in enumerate(self.records)}

    def position(self, feature_id: str) -> int | None:
        """Where a feature stands; None for one that is not in this version."""
        return self._at.get(feature_id)

    def holding(self, lon: float, lat: float) -> NDArray[np.intp]:
        """Positions of the features that hold the place, their edge included.

        Asks the grid where it is already there; nobody's first click waits until it is built.
        """
        if self._grid is not None:
            return self._grid.holding(lon, lat)
        near = self.tree.query(shapely.points(lon, lat))
        with self._asking:
            inside = shapely.intersects_xy(self.shapes[near], lon, lat)
        return np.sort(near[inside])

    def within(self, lon: float, lat: float, within_m: float) -> list[tuple[float, int]]:
        """(metres, position) of the features within a distance, nearest first."""
        place = shapely.points(*easting_northing(lon, lat, self.zone))
        near = self.plane_tree.query(place, predicate="dwithin", distance=within_m)
        away = shapely.distance(place, self.plane[near])
        return sorted(zip(away.tolist(), near.tolist(), strict=True))
