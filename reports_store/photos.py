"""Photos on disk: each under the name of its fingerprint, whole or not at all, before any report names it."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from PIL import ImageDraw

from reports_store.errors import EmptyPhoto, InvalidValue, PhotoNotStored, TooManyBytes, UnknownPhoto
from reports_store.exif import orientation_of, place_of, taken_at_of
from reports_store.filelock import FileLock
from reports_store.picture import as_jpeg, open_picture, shrunk
from reports_store.report import Place, StoredPhoto

LARGE_PX, SMALL_PX = 1600, 320
LIMIT_MB = 25
_LIMIT_BYTES = LIMIT_MB * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAMED = re.compile(r"([0-9a-f]{64})(\.320)?\.jpg")

Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True)
class Swept:
    """How many files a sweep removed: pictures no report refers to, and writes that never ended."""

    orphans: int
    unfinished: int


class PhotoStore:
    """A folder of JPEGs, 1600 px and 320 px, named by the SHA-256 of the larger. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / ".lock")

    def put(self, data: bytes) -> StoredPhoto:
        """Keep a photo as sent by a phone; it is on disk when this returns. Raises a PhotoError."""
        if not data:
            raise EmptyPhoto
        if len(data) > _LIMIT_BYTES:
            raise TooManyBytes(len(data), LIMIT_MB)
        with open_picture(data) as image:
            found, taken_at, turn = place_of(image), taken_at_of(image), orientation_of(image)
            large = shrunk(image, LARGE_PX, turn, len(data))
        small = shrunk(large, SMALL_PX, 1, len(data))
        place = None if found is None else Place(found.lon, found.lat, found.source, found.accuracy_m)
        jpeg = as_jpeg(large, LARGE_PX)
        sha256 = self._keep(jpeg, as_jpeg(small, SMALL_PX))
        original = hashlib.sha256(data).hexdigest()
        return StoredPhoto(sha256, large.width, large.height, len(jpeg), taken_at, place, original)

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
            if path.suffix == ".part":
                unfinished += self._remove_if_old(path, limit_s)
            elif named and named.group(1) not in referenced:
                orphans += self._remove_if_old(path, limit_s)
        return Swept(orphans, unfinished)

    def _remove_if_old(self, path: Path, limit_s: float) -> int:
        # Under the lock a photo being put a second time is either not yet looked for, or freshly touched.
        with self._lock.held(), _disk_errors():
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
        with _disk_errors():
            self._make_folder(sha256[:2])
            # The small one first: where the large one stands, both do.
            for size, jpeg in ((SMALL_PX, small), (LARGE_PX, large)):
                path = self._name(sha256, size)
                if not self._touched(path):
                    _write_whole(path, jpeg)
            _fsync_folder(self._folder / sha256[:2])
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

    def _make_folder(self, name: str) -> None:
        if (self._folder / name).is_dir():
            return
        (self._folder / name).mkdir(parents=True, exist_ok=True)
        _fsync_folder(self._folder)


def _widened(box: Rectangle) -> Rectangle:
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        raise InvalidValue("boxes_px", repr(box), "left < right and top < bottom")
    wide, high = (right - left + 9) // 10, (bottom - top + 9) // 10
    return (left - wide, top - high, right + wide, bottom + high)


def _write_whole(path: Path, jpeg: bytes) -> None:
    """Under another name first: a kill or a full disk leaves a .part, never half a photo."""
    part = path.with_name(path.name + "." + secrets.token_hex(4) + ".part")
    try:
        with part.open("xb") as file:
            file.write(jpeg)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _fsync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot fsync a folder and writes renames through by itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PhotoNotStored(error.strerror or type(error).__name__) from error
