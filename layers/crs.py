"""Metres and degrees: which plane rectangular zone a town uses, and the way there and back.

Everywhere in this project x is the easting or the longitude and y the northing or the latitude,
although EPSG declares the axes of 6669-6687 the other way round; always_xy keeps that promise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from layers.box import Box
from layers.errors import BadCode

LONLAT = 4326
Shape = TypeVar("Shape", bound=Any)

# 平成14年国土交通省告示第9号. Zone number by prefecture; the prefectures that span zones have their main
# one here.
_ZONE_NUMBERS = {
    1: ("42",),  # and the islands of 鹿児島県 between 27°N and 32°N
    2: ("40", "41", "43", "44", "45", "46"),
    3: ("32", "34", "35"),
    4: ("36", "37", "38", "39"),
    5: ("28", "31", "33"),
    6: ("18", "24", "25", "26", "27", "29", "30"),
    7: ("16", "17", "21", "23"),
    8: ("15", "19", "20", "22"),
    9: ("07", "08", "09", "10", "11", "12", "13", "14"),
    10: ("02", "03", "04", "05", "06"),
    12: (
        "01",
    ),  # 北海道: XI in the south-west, XIII in the east; a town there states its zone in its own settings
    15: ("47",),
}
_ZONE_OF = {prefecture: number for number, group in _ZONE_NUMBERS.items() for prefecture in group}


def plane_zone(prefecture: str, near: tuple[float, float] | None = None) -> int:
    """The EPSG code (6669-6687) of the zone for a prefecture of two digits: "21" gives 6675.

    near (lon, lat) settles 沖縄県, 鹿児島県 and the islands of 東京都, whose zones are divided by meridians.
    """
    if prefecture not in _ZONE_OF:
        raise BadCode(prefecture, "a prefecture from 01 to 47")
    number = _ZONE_OF[prefecture] if near is None else _zone_by_meridian(prefecture, *near)
    return 6668 + number


def _zone_by_meridian(prefecture: str, lon: float, lat: float) -> int:
    if prefecture == "47":
        return 16 if lon < 126 else 17 if lon >= 130 else 15
    if prefecture == "13" and lat < 28:
        return 18 if lon < 140.5 else 19 if lon >= 143 else 14
    if prefecture == "46" and 27 <= lat < 32 and 128.3 <= lon < 130.22:
        # 屋久島 and 種子島 (130°13'E and beyond) stay in II, 奄美 and トカラ are in I
        return 1 if lon < (130.0 if lat > 29 else 130.22) else 2
    return _ZONE_OF[prefecture]


def to_plane(shapes: Shape, zone: int) -> Shape:
    """Longitude and latitude to easting and northing in metres: a geometry, an array of them, or a frame."""
    moved: Shape = _moved(shapes, LONLAT, zone)
    return moved


def to_lonlat(shapes: Shape, zone: int) -> Shape:
    """Easting and northing in metres (or any EPSG's own units) to longitude and latitude."""
    moved: Shape = _moved(shapes, zone, LONLAT)
    return moved


def easting_northing(lon: float, lat: float, zone: int) -> tuple[float, float]:
    """One place in metres of the plane zone."""
    easting, northing = transformer(LONLAT, zone).transform(lon, lat)
    return float(easting), float(northing)


@lru_cache(maxsize=19)
def zone_origin(zone: int) -> tuple[float, float]:
    """The longitude and latitude (degrees) from which a plane zone counts its metres."""
    operation = pyproj.CRS.from_epsg(zone).coordinate_operation
    found = {param.name: param.value for param in operation.params} if operation else {}
    return float(found["Longitude of natural origin"]), float(found["Latitude of natural origin"])


@lru_cache(maxsize=64)
def transformer(source: int, target: int) -> pyproj.Transformer:
    """A way between two systems, x before y."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _moved(shapes: Any, source: int, target: int) -> Any:
    if isinstance(shapes, gpd.GeoDataFrame):
        moved = _moved(np.asarray(shapes.geometry.array), source, target)
        return shapes.set_geometry(gpd.GeoSeries(moved, index=shapes.index, crs=target))
    if source == target:
        return shapes
    way = transformer(source, target)

    def step(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(way.transform(points[:, 0], points[:, 1]))

    return shapely.transform(shapes, step)


@lru_cache(maxsize=64)
def epsg_of(name: str) -> int | None:
    """The EPSG number in a crs name such as urn:ogc:def:crs:EPSG::6668 or CRS84; None when there is no such
    system.
    """
    if "CRS84" in name.upper():
        return LONLAT
    found = re.search(r"EPSG:+(?:[\d.]*:)?(\d{4,6})$", name.strip(), re.IGNORECASE)
    if found is None:
        return None
    try:
        pyproj.CRS.from_epsg(int(found.group(1)))
    except CRSError:
        return None
    return int(found.group(1))


def likely_crs(x: float, y: float, zone: int, near: Box, within_deg: float = 1.0) -> tuple[str, ...]:
    """The systems that would put a pair of metres near the town, likeliest first: ("EPSG:6675", …).

    The town's own zone comes first whenever it fits; the others follow by their distance from the town's
    middle.
    """
    ranked = []
    for epsg in _candidates(zone):
        away_deg = _away_deg(x, y, epsg, near)
        if away_deg <= within_deg:
            ranked.append((epsg != zone, round(away_deg, 3), abs(epsg - zone), epsg))
    return tuple(f"EPSG:{epsg}" for *_, epsg in sorted(ranked))


def _candidates(zone: int) -> Sequence[int]:
    return list(dict.fromkeys([zone, *range(6669, 6688), *range(2443, 2462), 3857, *range(32651, 32657)]))


def _away_deg(x: float, y: float, epsg: int, near: Box) -> float:
    try:
        lon, lat = transformer(epsg, LONLAT).transform(x, y)
    except ProjError:
        return math.inf
    middle_lon, middle_lat = near.centre
    return math.hypot(lon - middle_lon, lat - middle_lat) if math.isfinite(lon + lat) else math.inf
