"""An aerial image on paper: the part in the frame, turned into the plane zone, as fine as a printer shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gisapp.paper.view import Window
from layers.errors import SourceUnavailable

FINENESS_PT = 72 / 150  # 150 pixels to the inch
_ENVIRONMENT = {"GDAL_CACHEMAX": 64, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_NUM_THREADS": "1"}


def draw_photo(pdf: Canvas, window: Window, layer_id: str, raster: Path) -> None:
    """Draw a GeoTIFF over the whole frame; where it has nothing, the paper stays as it is.

    Raises SourceUnavailable if the image cannot be read.
    """
    frame = window.frame
    across, down = max(round(frame.width / FINENESS_PT), 1), max(round(frame.height / FINENESS_PT), 1)
    west, _, _, north = window.ground
    pixel_m = FINENESS_PT / window.pt_per_m
    try:
        with (
            rasterio.Env(**_ENVIRONMENT),
            rasterio.open(raster) as picture,
            WarpedVRT(
                picture, crs=f"EPSG:{window.zone}", transform=from_origin(west, north, pixel_m, pixel_m),
                width=across, height=down, resampling=Resampling.bilinear,
            ) as warped,
        ):  # fmt: skip
            bands = warped.read(indexes=[1, 2, 3] if warped.count >= 3 else [1, 1, 1])
            shown = warped.dataset_mask()
    except (RasterioError, OSError) as error:
        raise SourceUnavailable(layer_id, None, "picture_broken") from error
    if shown.any():
        pixels = np.concatenate([_eight_bits(bands), shown[None]])
        image = Image.fromarray(np.moveaxis(pixels, 0, -1), "RGBA")
        size = (across * FINENESS_PT, down * FINENESS_PT)
        pdf.drawImage(ImageReader(image), frame.left, frame.top - size[1], *size, mask="auto")


def _eight_bits(colours: NDArray[np.generic]) -> NDArray[np.uint8]:
    if colours.dtype == np.uint8:
        return colours.astype(np.uint8, copy=False)
    top = 65_535 if colours.dtype == np.uint16 else 1.0  # real numbers count from 0 to 1
    return np.clip(colours.astype(np.float64) * 255 / top, 0, 255).astype(np.uint8)
