"""Many places, one layer, at once: which features hold each place, and which is nearest to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.crs import transformer
from layers.grid import Floats, Positions
from layers.kind import Row
from layers.ranks import rank_of
from layers.versions import LayerVersion

LONLAT = 4326
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Places:
    """Places in degrees; a place that is not known is NaN in both."""

    lons: Floats
    lats: Floats

    def __len__(self) -> int:
        return len(self.lons)

    @property
    def known(self) -> NDArray[np.bool_]:
        return np.isfinite(self.lons) & np.isfinite(self.lats)


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each place the position of a feature and the metres to it; NOWHERE and NaN where there is none."""

    feature: Positions
    distance_m: Floats


def holding(version: LayerVersion, places: Places) -> list[list[int]]:
    """For each place the positions of the features that hold it, their edge included, gravest first."""
    found: list[list[int]] = [[] for _ in range(len(places))]
    place, feature = version.index.grid().pairs(places.lons, places.lats)
    for at, held in zip(place.tolist(), feature.tolist(), strict=True):
        found[at].append(held)
    rows = version.index.records
    for several in found:
        if len(several) > 1:
            several.sort(key=lambda at: graveness(rows[at]), reverse=True)
    return found


def nearest_of(version: LayerVersion, places: Places, among: NDArray[np.bool_] | None = None) -> Nearest:
    """The nearest feature to each place, of all or of those marked in among.

    Metres on the ground in the town's plane zone, in a straight line; 0 for an area that holds the place.
    """
    feature = np.full(len(places), NOWHERE, dtype=np.int64)
    distance_m = np.full(len(places), np.nan)
    chosen = np.arange(version.rows) if among is None else np.flatnonzero(among)
    known = np.flatnonzero(places.known)
    if not len(chosen) or not len(known):
        return Nearest(feature, distance_m)
    tree = version.index.plane_tree if among is None else shapely.STRtree(version.index.plane[chosen])
    way = transformer(LONLAT, version.index.zone)
    points = shapely.points(*way.transform(places.lons[known], places.lats[known]))
    (at, found), metres = tree.query_nearest(points, return_distance=True, all_matches=False)
    feature[known[at]], distance_m[known[at]] = chosen[found], metres
    return Nearest(feature, distance_m)


def outside_of(version: LayerVersion, zones: list[LayerVersion]) -> NDArray[np.bool_]:
    """For each feature of a layer whether it stands outside every zone; areas and lines by a point on them."""
    stands = shapely.point_on_surface(version.index.shapes)
    lons, lats = shapely.get_x(stands), shapely.get_y(stands)
    outside = np.ones(version.rows, dtype=bool)
    for zone in zones:
        outside[zone.index.grid().pairs(lons, lats)[0]] = False
    return outside


def graveness(row: Row) -> tuple[bool, int, int]:
    """How grave a hazard zone is: where buildings break comes first, then the deepest, then the longest."""
    breaks = "特別" in str(row.get("zone") or "") or bool(row.get("collapse"))
    duration = row.get("duration_rank")
    return breaks, rank_of(row) or 0, duration if isinstance(duration, int) else 0
