"""Photos on disk: each under the name of its fingerprint, whole or not at all, before any report names it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Container, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from PIL import ImageDraw

from reports_store.errors import InvalidValue, UnknownPhoto
from reports_store.filelock import FileLock
from reports_store.photo_files import PART, disk_errors, fsync_folder, make_folder, write_whole
from reports_store.photo_raws import LIMIT_BYTES, LIMIT_MB, Incoming, Raws, RawsSwept, Received
from reports_store.photo_work import LARGE_PX, SMALL_PX, Derived, derived
from reports_store.picture import as_jpeg, open_picture, shrunk
from reports_store.report import StoredPhoto

__all__ = [
    "LARGE_PX",
    "LIMIT_BYTES",
    "LIMIT_MB",
    "SMALL_PX",
    "Incoming",
    "PhotoStore",
    "RawsSwept",
    "Received",
    "Swept",
]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAMED = re.compile(r"([0-9a-f]{64})(\.320)?\.jpg")

Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True)
class Swept:
    """How many files a sweep removed: pictures no report refers to, and writes that never ended."""

    orphans: int
    unfinished: int


class PhotoStore:
    """A folder of JPEGs, 1600 px and 320 px, named by the SHA-256 of the larger; beside them the photos as they
    were sent, as long as they wait to be worked on. Threads and processes may share it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / ".lock")
        self._raws = Raws(folder, self._lock)

    # --- as they are sent: any bytes, never decoded here and never served

    def receive(self, chunks: Iterable[bytes], limit_bytes: int = LIMIT_BYTES) -> Received:
        """Take in a photo's bytes piece by piece. Raises EmptyPhoto, TooManyBytes, PhotoNotStored."""
        return self._raws.receive(chunks, limit_bytes)

    def receiving(self, limit_bytes: int = LIMIT_BYTES) -> AbstractContextManager[Incoming]:
        """The same for one who has the pieces handed to them: write() each, then keep()."""
        return self._raws.receiving(limit_bytes)

    def raw(self, sha256: str) -> Path:
        """Where the bytes of a photo lie that is still to be worked on. Raises UnknownPhoto."""
        return self._raws.path(sha256)

    def has_raw(self, sha256: str) -> bool:
        """Whether the bytes are here; if so no sweep takes them within its next day."""
        return self._raws.has(sha256)

    def finish(self, sha256: str) -> None:
        """Remove the bytes of a photo once its pictures are kept and its row says so."""
        self._raws.finish(sha256)

    def quarantine(self, sha256: str, at: datetime) -> None:
        """Put the bytes of a refused photo aside, to be looked into for as long as sweep_raws leaves them."""
        self._raws.quarantine(sha256, at)

    def sweep_raws(
        self, awaited: Container[str], older_than: datetime, refused_before: datetime
    ) -> RawsSwept:
        """Remove old bytes that no row awaits, unfinished writes, and photos refused long ago.

        Read awaited first, then call this. Leave at least an hour: bytes are on disk before a row says so.
        """
        return self._raws.sweep(awaited, older_than, refused_before)

    # --- as they are shown

    def put(self, data: bytes) -> StoredPhoto:
        """Work on a photo at once and keep its pictures; they are on disk when this returns. Raises a PhotoError.

        For pictures of our own. What a resident sends is received, and worked on in a process of its own.
        """
        return self.keep(derived(data))

    def keep(self, work: Derived) -> StoredPhoto:
        """Keep the two pictures of a photo. Raises PhotoNotStored."""
        sha256 = self._keep(work.large, work.small)
        return StoredPhoto(
            sha256, work.width, work.height, len(work.large), work.taken_at, work.place, work.original_sha256
        )

    def redact(self, sha256: str, boxes_px: Iterable[Rectangle]) -> StoredPhoto:
        """A copy with solid black boxes, 10 % wider all round.

        A box is left, top, right, bottom in px of the 1600 px picture. Black, not blurred: a blur can be
        undone. The copy has no place and no time.
        """
        with self.open(sha256, LARGE_PX) as file:
            data = file.read()
        with open_picture(data) as image:
            picture = shrunk(image, LARGE_PX, 1, len(data))
        pen = ImageDraw.Draw(picture)
        for box in boxes_px:
            pen.rectangle(_widened(box), fill=(0, 0, 0))
        jpeg = as_jpeg(picture, LARGE_PX)
        kept = self._keep(jpeg, as_jpeg(shrunk(picture, SMALL_PX, 1, len(jpeg)), SMALL_PX))
        return StoredPhoto(kept, picture.width, picture.height, len(jpeg), None, None, sha256)

    def path(self, sha256: str, size: int = LARGE_PX) -> Path:
        """Where a picture lies. Raises UnknownPhoto unless it is there."""
        path = self._name(sha256, size)
        if not path.is_file():
            raise UnknownPhoto(sha256[:64], size)
        return path

    def open(self, sha256: str, size: int = LARGE_PX) -> BinaryIO:
        try:
            return self._name(sha256, size).open("rb")
        except FileNotFoundError:
            raise UnknownPhoto(sha256[:64], size) from None

    def sweep(self, referenced: Container[str], older_than: datetime) -> Swept:
        """Remove pictures nobody refers to and unfinished writes, if last touched before older_than.

        Leave at least an hour: a photo is on disk before its report is.
        """
        limit_s = older_than.astimezone(UTC).timestamp()
        orphans = unfinished = 0
        for path in sorted(self._folder.glob("??/*")):
            named = _NAMED.fullmatch(path.name)
            if path.suffix == PART:
                unfinished += self._remove_if_old(path, limit_s)
            elif named and named.group(1) not in referenced:
                orphans += self._remove_if_old(path, limit_s)
        return Swept(orphans, unfinished)

    def _remove_if_old(self, path: Path, limit_s: float) -> int:
        # Under the lock a photo being put a second time is either not yet looked for, or freshly touched.
        with self._lock.held(), disk_errors():
            try:
                if path.stat().st_mtime >= limit_s:
                    return 0
                path.unlink()
            except FileNotFoundError:
                return 0
        return 1

    def _name(self, sha256: str, size: int) -> Path:
        if not _SHA256.fullmatch(sha256) or size not in (LARGE_PX, SMALL_PX):
            raise UnknownPhoto(sha256[:64], size)
        ending = ".jpg" if size == LARGE_PX else ".320.jpg"
        return self._folder / sha256[:2] / (sha256 + ending)

    def _keep(self, large: bytes, small: bytes) -> str:
        sha256 = hashlib.sha256(large).hexdigest()
        with disk_errors():
            make_folder(self._folder / sha256[:2])
            # The small one first: where the large one stands, both do.
            for size, jpeg in ((SMALL_PX, small), (LARGE_PX, large)):
                path = self._name(sha256, size)
                if not self._touched(path):
                    write_whole(path, jpeg)
            fsync_folder(self._folder / sha256[:2])
        return sha256

    def _touched(self, path: Path) -> bool:
        """Whether the file is there already; if so it is made young again, so that no sweep takes it away."""
        if not path.exists():
            return False
        with self._lock.held():
            try:
                os.utime(path)
            except FileNotFoundError:
                return False
        return True


def _widened(box: Rectangle) -> Rectangle:
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        raise InvalidValue("boxes_px", repr(box), "left < right and top < bottom")
    wide, high = (right - left + 9) // 10, (bottom - top + 9) // 10
    return (left - wide, top - high, right + wide, bottom + high)
