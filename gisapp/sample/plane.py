"""Where the made-up town lies in Japan, and how its metres become longitude and latitude."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

ZONE = 6675  # plane rectangular zone VII, the zone of Gifu prefecture
# The town's middle in that zone; every other number of this package is metres east and north of it.
EASTING_M, NORTHING_M = -11_000.0, -39_500.0
DECIMALS_DEG = (
    7  # one centimetre; also keeps the output the same on machines whose sines differ in the last bit
)

Floats = NDArray[np.float64]


@cache
def _to_degrees() -> Transformer:
    return Transformer.from_crs(ZONE, 4326, always_xy=True)


def lon_lat(geometries: object) -> NDArray[np.object_]:
    """Geometries in the town's metres as geometries in EPSG:4326 (lon, lat), to the centimetre and valid."""
    given = np.atleast_1d(np.asarray(geometries, dtype=object))
    turned: NDArray[np.object_] = shapely.transform(given, _degrees)
    broken = ~shapely.is_valid(turned)
    turned[broken] = shapely.buffer(turned[broken], 0)
    return turned


def lon_lat_of(x: float, y: float) -> tuple[float, float]:
    """One place in the town's metres as lon, lat."""
    lon, lat = _degrees(np.array([[x, y]]))[0]
    return float(lon), float(lat)


def metres_of(lon: float, lat: float) -> tuple[float, float]:
    """One place given as lon, lat in the town's metres."""
    easting, northing = _to_degrees().transform(lon, lat, direction="INVERSE")
    return float(easting) - EASTING_M, float(northing) - NORTHING_M


def _degrees(xy: Floats) -> Floats:
    lon, lat = _to_degrees().transform(xy[:, 0] + EASTING_M, xy[:, 1] + NORTHING_M)
    return np.round(np.column_stack([lon, lat]), DECIMALS_DEG)
