"""Opens a GeoTIFF as far as its header: where it lies, how fine it is, when it was taken. No pixel is decoded."""

from __future__ import annotations

import math
from typing import Any

import rasterio
from rasterio.errors import RasterioError

from layers.sealed.refused import Refused

_MAX_SIDE_PX = 1_000_000


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """path. corners in the answer are x, y pairs of the picture's own system, in order around it."""
    path = request["path"]
    if not path.startswith("/") or path.startswith("/vsi"):
        raise Refused("file_unreadable", path)
    try:
        with rasterio.open(path, driver="GTiff") as picture:
            return _described(picture)
    except RasterioError:
        raise Refused("decoder_failed", "GeoTIFF") from None


def _described(picture: Any) -> dict[str, Any]:
    width, height = int(picture.width), int(picture.height)
    way = picture.transform
    if not 0 < width <= _MAX_SIDE_PX or not 0 < height <= _MAX_SIDE_PX:
        raise Refused("raster_too_large", f"{width} x {height}", f"{_MAX_SIDE_PX}")
    if way.is_identity or way.is_degenerate or not all(map(math.isfinite, way)):
        raise Refused("raster_without_position", f"{width} x {height}")
    corners = [list(way * corner) for corner in ((0, 0), (width, 0), (width, height), (0, height))]
    return {
        "width_px": width, "height_px": height, "bands": int(picture.count),
        "corners": corners, "pixel": math.sqrt(abs(way.determinant)),
        "crs": picture.crs.to_wkt() if picture.crs else None,
        "taken": str(picture.tags().get("TIFFTAG_DATETIME", "")),
    }  # fmt: skip
