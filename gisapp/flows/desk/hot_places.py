"""Where a camera might stand and where a patrol might pass, from the hot spots and the roads; each with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.spatial import cKDTree

from gisapp.flows.desk.hotspots import HotSpots
from layers.crs import LONLAT, easting_northing, transformer
from layers.spatial import nearest
from layers.versions import LayerVersion
from layers.walking import RoadGraph
from reports_store.tallies import Spot

MOST_CAMERAS = 5
MOST_PATROLS = 30
SEEN_M = 50.0  # what a camera on a pole makes out
APART_M = 150.0  # from another camera, existing or suggested
ROAD_NAME_M = 15.0
CAMERA_WORD = "カメラ"  # in the title of a layer: the town's own list of cameras that stand already


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a road (degrees) and why: n of the reports of hot cell `number` (of_n in all) lie within SEEN_M of
    a camera or in the cell of a patrol. camera_m: to the nearest camera that stands already, None where none is known.
    """

    lon: float
    lat: float
    number: int
    n: int
    of_n: int
    latest: datetime
    road: str
    on_road: bool
    camera_m: float | None


@dataclass(frozen=True)
class Surroundings:
    """What a person may see of the roads and of the cameras that stand already; cameras_known is False where the
    town has no layer of them.
    """

    zone: int
    graph: RoadGraph | None
    roads: tuple[LayerVersion, ...]
    cameras: tuple[LayerVersion, ...]

    @property
    def cameras_known(self) -> bool:
        return bool(self.cameras)

    def camera_m(self, lon: float, lat: float) -> float | None:
        """Metres to the nearest known camera, None where there is none within two kilometres."""
        hits = [hit.distance_m for one in self.cameras for hit in nearest(one, lon, lat, 2_000.0, 1)]
        return min(hits, default=None)

    def road_name(self, lon: float, lat: float) -> str:
        """The name of the road at a place, empty where it has none."""
        hits = [hit for one in self.roads for hit in nearest(one, lon, lat, ROAD_NAME_M, 3)]
        names = [
            hit.feature.title for hit in sorted(hits, key=lambda hit: hit.distance_m) if hit.feature.title
        ]
        return names[0] if names else ""

    def on_road(self, lon: float, lat: float) -> tuple[float, float] | None:
        """The nearest point of a road (easting, northing); None where no road is near."""
        foot = self.graph.foot(lon, lat) if self.graph else None
        return None if foot is None or self.graph is None else self.graph.point(foot)


def camera_places(found: HotSpots, there: Surroundings) -> list[Place]:
    """Points of roads from which the most reports of hot cells are in sight, the best first; two at least."""
    spots = [(cell.number, spot) for cell in found.hot for spot in found.inside(cell.cell)]
    stands = [there.on_road(spot.lon, spot.lat) for _, spot in spots]
    candidates = [at for at, stand in enumerate(stands) if stand is not None]
    if not candidates:
        return []
    plane = np.array([easting_northing(spot.lon, spot.lat, found.zone) for _, spot in spots])
    feet = np.array([stands[at] for at in candidates])
    seen = [set(near) for near in cKDTree(plane).query_ball_point(feet, SEEN_M)]
    places: list[Place] = []
    taken: list[tuple[float, float]] = []
    left = set(range(len(spots)))
    while len(places) < MOST_CAMERAS:
        best = max(range(len(feet)), key=lambda at: (len(seen[at] & left), -at), default=None)
        if best is None or len(seen[best] & left) < 2:
            return places
        covered, stand = seen[best] & left, (float(feet[best][0]), float(feet[best][1]))
        left -= covered
        if all(np.hypot(stand[0] - x, stand[1] - y) >= APART_M for x, y in taken):
            place = _place(stand, [spots[at][1] for at in covered], spots[candidates[best]][0], found, there)
            if place.camera_m is None or place.camera_m >= APART_M:
                places.append(place)
                taken.append(stand)
    return places


def patrol_places(found: HotSpots, there: Surroundings) -> list[Place]:
    """One point of a road for each hot cell that holds reports, nearest to the middle of them."""
    places = []
    for cell in found.hot:
        spots = found.inside(cell.cell)
        if spots:
            lon = sum(spot.lon for spot in spots) / len(spots)
            lat = sum(spot.lat for spot in spots) / len(spots)
            stand = there.on_road(lon, lat)
            middle = easting_northing(lon, lat, found.zone)
            places.append(
                _place(stand or middle, spots, cell.number, found, there, on_road=stand is not None)
            )
    return places[:MOST_PATROLS]


def _place(
    stand: tuple[float, float],
    spots: Sequence[Spot],
    number: int,
    found: HotSpots,
    there: Surroundings,
    *,
    on_road: bool = True,
) -> Place:
    lon, lat = transformer(found.zone, LONLAT).transform(*stand)
    cell = next(one for one in found.hot if one.number == number)
    return Place(
        lon, lat, number, len(spots), cell.around_n, max(spot.received_at for spot in spots),
        there.road_name(lon, lat), on_road, there.camera_m(lon, lat),
    )  # fmt: skip
