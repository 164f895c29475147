"""What is made of a photo as it was sent: two plain upright pictures, and where and when it was taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from reports_store.errors import EmptyPhoto, TooManyBytes
from reports_store.exif import orientation_of, place_of, taken_at_of
from reports_store.photo_raws import LIMIT_BYTES, LIMIT_MB
from reports_store.picture import as_jpeg, open_picture, shrunk
from reports_store.report import Place

LARGE_PX, SMALL_PX = 1600, 320


@dataclass(frozen=True)
class Derived:
    """Two JPEGs without metadata, large and small. width and height (px) are those of the large one."""

    large: bytes
    small: bytes
    width: int
    height: int
    taken_at: datetime | None
    place: Place | None
    original_sha256: str


def derived(data: bytes) -> Derived:
    """Decode a photo and make its pictures. Raises a PhotoError.

    A decoder can be made to crash or to hang: for photos from outside call this in a process of its own.
    """
    if not data:
        raise EmptyPhoto
    if len(data) > LIMIT_BYTES:
        raise TooManyBytes(len(data), LIMIT_MB)
    with open_picture(data) as image:
        found, taken_at, turn = place_of(image), taken_at_of(image), orientation_of(image)
        large = shrunk(image, LARGE_PX, turn, len(data))
    small = shrunk(large, SMALL_PX, 1, len(data))
    return Derived(
        as_jpeg(large, LARGE_PX),
        as_jpeg(small, SMALL_PX),
        large.width,
        large.height,
        taken_at,
        None if found is None else Place(found.lon, found.lat, found.source, found.accuracy_m),
        hashlib.sha256(data).hexdigest(),
    )
