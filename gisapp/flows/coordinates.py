"""Says where a place is in every way that other desks write it: degrees, plane zone, MGRS, mesh, height."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import mgrs

from gisapp.words import say
from layers.crs import easting_northing
from layers.spatial import nearest
from layers.versions import LayerVersion

ELEVATION = "elevation_m"
ELEVATION_WITHIN_M = 20.0  # farther away the ground is another's


@dataclass(frozen=True, slots=True)
class Elevation:
    """A height in metres as a layer gives it, and the feature that it was measured at."""

    metres: float
    layer: str
    title: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class Coordinates:
    """One place. lon, lat are degrees of JGD2011, which WGS84 equals within this use; x_north_m and y_east_m are
    the axes of 平面直角座標系 as surveyors name them; mesh is JIS X 0410. elevation is None where no layer
    tells it.
    """

    lon: float
    lat: float
    zone: int
    x_north_m: float
    y_east_m: float
    mgrs: str
    mesh: str
    elevation: Elevation | None


def coordinates(lon: float, lat: float, zone: int, versions: Iterable[LayerVersion]) -> Coordinates:
    """Everything about the position of a place in Japan.

    zone is the EPSG code of the town's plane zone; versions are the layers that the person may see.
    """
    easting, northing = easting_northing(lon, lat, zone)
    grid = str(mgrs.MGRS().toMGRS(lat, lon, MGRSPrecision=5))
    return Coordinates(
        lon, lat, zone - 6668, northing, easting, grid, mesh_code(lon, lat), _elevation(lon, lat, versions)
    )


def coordinate_rows(found: Coordinates) -> list[tuple[str, str]]:
    """The same as a person reads and copies it, line by line."""
    return [
        (say("tools.degrees"), f"{found.lat:.6f}, {found.lon:.6f}"),
        (say("tools.dms"), f"{dms(found.lat, 'NS')}　{dms(found.lon, 'EW')}"),
        (
            say("tools.plane", n=found.zone),
            f"X={found.x_north_m:.2f}m　Y={found.y_east_m:.2f}m",
        ),
        (say("tools.mgrs"), spaced_mgrs(found.mgrs)),
        (say("tools.mesh"), found.mesh),
        (say("tools.elevation"), _elevation_text(found.elevation)),
    ]


def dms(degrees: float, letters: str) -> str:
    """Degrees, minutes and seconds to a hundredth of a second: 35°38′40.56″N.

    letters are those of the positive and the negative side.
    """
    hundredths = round(abs(degrees) * 360_000)  # counted as a whole, so that no 60 seconds appear
    whole, rest = divmod(hundredths, 360_000)
    minutes, rest = divmod(rest, 6_000)
    return f"{whole}°{minutes:02d}′{rest // 100:02d}.{rest % 100:02d}″{letters[degrees < 0]}"


def spaced_mgrs(text: str) -> str:
    """54SUE8364750286 as it is read out: 54SUE 83647 50286."""
    return f"{text[:-10]} {text[-10:-5]} {text[-5:]}"


def mesh_code(lon: float, lat: float) -> str:
    """地域メッシュコード (JIS X 0410) of the quarter mesh (about 250 m): first, second and third mesh, two halvings.

    Counted in whole parts of a second of arc's fraction, so that a place on an edge belongs to the mesh
    north and east of it.
    """
    # a quarter mesh is 7.5 seconds high and 11.25 wide
    row, column = _floor(lat * 3600 / 7.5), _floor((lon - 100) * 3600 / 11.25)
    first = f"{row // 320:02d}{column // 320:02d}"
    second = f"{row // 40 % 8}{column // 40 % 8}"
    third = f"{row // 4 % 10}{column // 4 % 10}"
    half = 1 + 2 * (row // 2 % 2) + column // 2 % 2
    quarter = 1 + 2 * (row % 2) + column % 2
    return f"{first}-{second}-{third}-{half}-{quarter}"


def _floor(parts: float) -> int:
    return int(parts + 1e-7)  # 36°40′ is 36.6666…7: the edge must not fall into the mesh below


def _elevation(lon: float, lat: float, versions: Iterable[LayerVersion]) -> Elevation | None:
    found = [
        Elevation(float(hit.feature.row[ELEVATION]), version.entry.title, hit.feature.title, hit.distance_m)
        for version in versions
        if any(column.name == ELEVATION for column in version.kind.columns)
        for hit in nearest(version, lon, lat, ELEVATION_WITHIN_M)
        if hit.feature.row.get(ELEVATION) is not None
    ]
    return min(found, key=lambda one: one.distance_m, default=None)


def _elevation_text(found: Elevation | None) -> str:
    if found is None:
        return say("tools.elevation_unknown")
    return say(
        "tools.elevation_of",
        metres=f"{found.metres:.1f}",
        layer=found.layer,
        title=found.title,
        away=f"{found.distance_m:.0f}",
    )
