"""Places on the ground: how far apart two are in metres, and how a private place is made coarse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from reports_store.cells import Box
from reports_store.report import Place

# GRS80 / WGS84: semi-major axis and first eccentricity squared.
_AXIS_M = 6378137.0
_ECC2 = 0.00669438002290
_DEGREE_M = 111_320.0
GRID_M = 50.0


class PublicPlace(StrEnum):
    """How exactly a category's reports may be placed in public."""

    EXACT = "exact"
    GRID50 = "grid50"
    AREA = "area"


@dataclass(frozen=True)
class ShownPlace:
    """A place that may be shown in public. accuracy_m: half the side of the grid cell, 0 where exact."""

    lon: float
    lat: float
    accuracy_m: float


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres in one degree of longitude and of latitude, on the ellipsoid, at a latitude."""
    sine = math.sin(math.radians(lat))
    root = 1 - _ECC2 * sine * sine
    across = _AXIS_M / math.sqrt(root)
    along = _AXIS_M * (1 - _ECC2) / root**1.5
    return math.radians(across * math.cos(math.radians(lat))), math.radians(along)


def distance_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Ground distance of two near places: right to a centimetre within a kilometre or two."""
    per_lon, per_lat = metres_per_degree((lat_a + lat_b) / 2)
    return math.hypot((lon_a - lon_b) * per_lon, (lat_a - lat_b) * per_lat)


def box_around(lon: float, lat: float, within_m: float) -> Box:
    """A box that holds every place within a distance, and a little more."""
    per_lon, per_lat = metres_per_degree(lat)
    wide, high = within_m * 1.01 / max(per_lon, 1.0), within_m * 1.01 / per_lat
    return (max(-180.0, lon - wide), max(-90.0, lat - high), min(180.0, lon + wide), min(90.0, lat + high))


def shown_place(place: Place, rule: PublicPlace) -> ShownPlace | None:
    """The place as residents may see it: exact, the middle of its 50 m grid cell, or not at all."""
    match rule:
        case PublicPlace.EXACT:
            return ShownPlace(place.lon, place.lat, 0.0)
        case PublicPlace.GRID50:
            return _snapped(place)
        case PublicPlace.AREA:
            return None


def _snapped(place: Place) -> ShownPlace:
    # A fixed grid, not noise: many reports of one house must not average out to its door.
    step_lat = GRID_M / _DEGREE_M
    lat = min(90.0, max(-90.0, (math.floor(place.lat / step_lat) + 0.5) * step_lat))
    step_lon = GRID_M / (_DEGREE_M * max(0.01, math.cos(math.radians(lat))))
    lon = min(180.0, max(-180.0, (math.floor(place.lon / step_lon) + 0.5) * step_lon))
    return ShownPlace(round(lon, 7), round(lat, 7), GRID_M / 2)
