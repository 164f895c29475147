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

    @cached_property
    def plane(self) -> NDArray[np.object_]:
        """The shapes in metres of the plane zone."""
        moved: NDArray[np.object_] = to_plane(self.shapes, self.zone)
        return moved

    @cached_property
    def plane_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.plane)

    def holding(self, lon: float, lat: float) -> NDArray[np.intp]:
        """Positions of the features that hold the place, their edge included."""
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
