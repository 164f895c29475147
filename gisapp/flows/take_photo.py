"""Photos on their way to a report: which ones are waited for, and what has become of each."""

from __future__ import annotations

from dataclasses import dataclass

from reports_store import Report
from reports_store.errors import ReportsError
from reports_store.vocabulary import PhotoState

HEAD_BYTES = 16
_ISO_BRANDS = {
    b"heic",
    b"heix",
    b"hevc",
    b"heim",
    b"heis",
    b"hevm",
    b"hevs",
    b"mif1",
    b"msf1",
    b"avif",
    b"avis",
}


@dataclass(eq=False)
class PhotoDiffers(ReportsError):
    """What has come is not what was declared: it was cut off or changed on the way."""

    code = "photo_differs"
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class PhotoSeen:
    """One photo of a report as its reporter is told of it. fault is the code of why it was refused."""

    sha256: str
    state: PhotoState
    fault: str = ""


def photos_seen(report: Report) -> tuple[PhotoSeen, ...]:
    """Every photo of a report, ready or not, by the fingerprint that the reporter's phone gave it."""
    ready = (PhotoSeen(one.original_sha256, PhotoState.READY) for one in report.own_photos)
    coming = (PhotoSeen(one.original_sha256, one.state, one.fault) for one in report.coming)
    return tuple(sorted((*coming, *ready), key=lambda one: one.sha256))


def may_be_photo(head: bytes) -> bool:
    """Whether a file begins as a JPEG, PNG, WebP, HEIF or AVIF does; told at once, long before it is decoded."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    return head[4:8] == b"ftyp" and head[8:12] in _ISO_BRANDS
