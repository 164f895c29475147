"""A GeoTIFF as a table of one row: the ground it shows, how fine it is and when it was taken."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from layers.crs import LONLAT, to_lonlat
from layers.errors import UnreadableFile
from layers.readers.asked import Asked
from layers.readers.systems import stated_system
from layers.readers.table import Table, refusal
from layers.sealed.parent import opened

_STEPS = 20  # corners to a side: a straight side in metres is a curve in degrees
_METRES_PER_DEGREE = 111_320.0  # of latitude
_TAKEN = re.compile(r"(\d{4})[:-](\d{2})[:-](\d{2})")
Corners = NDArray[np.float64]
COLUMNS = ("name", "taken_on", "resolution_m", "width_px", "height_px")


def geotiff_table(path: Path, asked: Asked) -> Table:
    """The table of a GeoTIFF; its place is the outline in longitude and latitude. resolution_m is the side of a pixel
    in metres. Raises UnreadableFile for a picture that does not say where it lies.
    """
    answer = opened("raster", "GeoTIFF", {"path": str(path.resolve())})
    crs = stated_system(answer["crs"], asked.crs)
    if crs is None:
        raise UnreadableFile(
            [refusal("raster_without_position", f"{answer['width_px']} x {answer['height_px']}")]
        )
    corners = np.array(answer["corners"], dtype=float)
    outline = (
        shapely.polygons(_along(corners))
        if crs == LONLAT
        else to_lonlat(shapely.polygons(_along(corners)), crs)
    )
    pixel_m = answer["pixel"]
    if pyproj.CRS.from_epsg(crs).is_geographic:
        pixel_m *= _METRES_PER_DEGREE * float(np.sqrt(np.cos(np.radians(outline.centroid.y))))
    row = {
        "name": path.stem, "taken_on": _day(answer["taken"]), "resolution_m": round(pixel_m, 4),
        "width_px": answer["width_px"], "height_px": answer["height_px"],
    }  # fmt: skip
    seen = (("format", "geotiff"), ("crs", f"EPSG:{crs}"))
    return Table(path.name, "geotiff", COLUMNS, [row], [1], [outline], path.stem, LONLAT, (), seen)


def _along(corners: Corners) -> Corners:
    part = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    sides = [a + (b - a) * part for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    return np.vstack([*sides, corners[:1]])


def _day(text: str) -> str | None:
    found = _TAKEN.match(text)
    return "-".join(found.groups()) if found else None
