"""Where and when a photo says it was taken, read without decoding it; nonsense is as good as nothing."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TypeVar

from PIL import Image

from reports_store.errors import InvalidPlace
from reports_store.fiscal import JST
from reports_store.picture import DECODER_FAULTS, FORMATS
from reports_store.report import GeomSource, Place

Value = TypeVar("Value")
_GPS_IFD, _EXIF_IFD, _ORIENTATION = 0x8825, 0x8769, 0x0112
_LAT_REF, _LAT, _LON_REF, _LON, _ERROR_M = 1, 2, 3, 4, 31
_TAKEN, _TAKEN_OFFSET = 0x9003, 0x9011
# What broken tags raise while they are read or reckoned with.
_TAG_FAULTS = (*DECODER_FAULTS, ZeroDivisionError, struct.error)


@dataclass(frozen=True)
class ExifPlace(Place):
    """The place in a photo's EXIF, and when it was taken there."""

    taken_at: datetime | None = None


def read_exif_place(data: bytes) -> ExifPlace | None:
    """The place written in a photo, to put the pin there before anything is sent; None if there is none."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return place_of(image)
    except (*DECODER_FAULTS, Image.DecompressionBombError):
        return None


def place_of(image: Image.Image) -> ExifPlace | None:
    gps = _tags(image, _GPS_IFD)
    lat = _degrees(gps.get(_LAT), gps.get(_LAT_REF), "NS", 90)
    lon = _degrees(gps.get(_LON), gps.get(_LON_REF), "EW", 180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return None  # 0, 0 is what a phone writes that has no fix yet
    try:
        return ExifPlace(lon, lat, GeomSource.EXIF, _metres(gps.get(_ERROR_M)), taken_at_of(image))
    except InvalidPlace:
        return None


def taken_at_of(image: Image.Image) -> datetime | None:
    """When the picture was taken. Cameras that write no zone are taken to keep Japan's time."""
    tags = _tags(image, _EXIF_IFD)
    written = _text(tags.get(_TAKEN))
    moment = _tolerant(lambda: datetime.strptime(written, "%Y:%m:%d %H:%M:%S").replace(tzinfo=JST))
    offset = _tolerant(lambda: datetime.strptime(_text(tags.get(_TAKEN_OFFSET)), "%z").tzinfo)
    if moment is None or not 1990 <= moment.year <= 2200:
        return None
    return moment if offset is None else moment.replace(tzinfo=offset)


def orientation_of(image: Image.Image) -> int:
    value = _tolerant(lambda: image.getexif().get(_ORIENTATION))
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _tags(image: Image.Image, ifd: int) -> Mapping[int, object]:
    return _tolerant(lambda: dict(image.getexif().get_ifd(ifd))) or {}


def _tolerant(read: Callable[[], Value]) -> Value | None:
    """EXIF is written by a thousand cameras and editors: whatever cannot be read is not there."""
    try:
        return read()
    except _TAG_FAULTS:
        return None


def _text(value: object) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.strip("\x00 ").replace("Z", "+00:00")


def _degrees(value: object, ref: object, refs: str, limit: float) -> float | None:
    letter = _text(ref).upper()
    parts = _tolerant(lambda: [float(part) for part in value])  # type: ignore[attr-defined]
    if letter not in tuple(refs) or parts is None or len(parts) != 3:
        return None
    degrees, minutes, seconds = parts
    if not all(math.isfinite(part) and part >= 0 for part in parts) or minutes >= 60 or seconds > 60:
        return None
    total = degrees + minutes / 60 + seconds / 3600
    return None if total > limit else (-total if letter == refs[1] else total)


def _metres(value: object) -> float | None:
    metres = _tolerant(lambda: float(value))  # type: ignore[arg-type]
    return metres if metres is not None and 0 <= metres < 100_000 else None
