"""Tiles of an aerial image: warped to Web Mercator once, with overviews, then read 256 by 256 pixels at a time."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window, from_bounds

from layers.durable import alone, put_in_place
from layers.errors import SourceUnavailable
from layers.tiles.mercator import TileAt

SIDE_PX = 256
WEB_MERCATOR = "EPSG:3857"
# GDAL's own cache, of both threads together; a 200 MB orthophoto must not take a machine's memory
_ENVIRONMENT = {"GDAL_CACHEMAX": 64, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_NUM_THREADS": "1"}
_ENHANCED = {
    "compress": "DEFLATE",
    "blocksize": "256",
    "bigtiff": "IF_SAFER",
    "overview_resampling": "AVERAGE",
}


class Picture:
    """A GeoTIFF as tiles. warped is where the warped copy is kept, made when first wanted."""

    def __init__(self, layer_id: str, source: Path, warped: Path) -> None:
        self._layer_id, self._source, self._warped = layer_id, source, warped

    def tile(self, at: TileAt) -> bytes:
        """A PNG of 256 px, see-through where the image has nothing; empty bytes where it has nothing at all.

        Raises SourceUnavailable if the image cannot be read.
        """
        try:
            with rasterio.Env(**_ENVIRONMENT), rasterio.open(self._made()) as picture:
                pixels = _pixels(picture, at)
        except (RasterioError, OSError) as error:
            raise SourceUnavailable(self._layer_id, None, "picture_broken") from error
        return b"" if pixels is None else _png(pixels)

    def _made(self) -> Path:
        if not self._warped.exists():
            self._warped.parent.mkdir(parents=True, exist_ok=True)
            with alone(self._warped.with_suffix(".lock")):
                if not self._warped.exists():  # another thread may have made it while this one waited
                    _warp(self._source, self._warped)
        return self._warped


def _warp(source: Path, target: Path) -> None:
    beside = target.with_suffix(".part.tif")
    with (
        rasterio.open(source) as picture,
        WarpedVRT(
            picture, crs=WEB_MERCATOR, resampling=Resampling.bilinear, add_alpha=not _has_alpha(picture)
        ) as warped,
    ):
        # rows of blocks are written as they are warped: memory stays small whatever the image's size
        rasterio.shutil.copy(warped, beside, driver="COG", **_ENHANCED)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    put_in_place(beside, target)


def _has_alpha(picture: DatasetReader) -> bool:
    return any(MaskFlags.alpha in flags for flags in picture.mask_flag_enums) or (
        ColorInterp.alpha in picture.colorinterp
    )


def _pixels(picture: DatasetReader, at: TileAt) -> NDArray[np.uint8] | None:
    """Red, green, blue and opacity (4, 256, 256); None where nothing of the tile is covered."""
    window = from_bounds(*at.bounds_m, transform=picture.transform)
    try:
        window.intersection(Window(0, 0, picture.width, picture.height))
    except rasterio.errors.WindowError:
        return None
    found = picture.read(
        window=window, boundless=True, fill_value=0, out_shape=(picture.count, SIDE_PX, SIDE_PX),
        resampling=Resampling.bilinear,
    )  # fmt: skip
    colours, opacity = _eight_bits(found[:-1]), found[-1]
    shown = np.asarray(opacity > 0)
    if not shown.any():
        return None
    rgb = colours[:3] if len(colours) >= 3 else np.repeat(colours[:1], 3, axis=0)
    return np.concatenate([rgb, np.where(shown, 255, 0).astype(np.uint8)[None]])


def _eight_bits(colours: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Colours of 16 bits as those of 8; a drone's image has 8."""
    if colours.dtype == np.uint8:
        return colours  # type: ignore[return-value]
    top = 65_535 if colours.dtype == np.uint16 else 1.0  # real numbers count from 0 to 1
    return np.clip(colours.astype(np.float64) * 255 / top, 0, 255).astype(np.uint8)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    body = io.BytesIO()
    Image.fromarray(np.moveaxis(pixels, 0, -1), "RGBA").save(body, "PNG", compress_level=3)
    return body.getvalue()
