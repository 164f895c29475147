"""Photos as they were sent, waiting to be worked on: received in pieces, kept under the fingerprint of their bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from reports_store.errors import EmptyPhoto, TooManyBytes, UnknownPhoto
from reports_store.filelock import FileLock
from reports_store.photo_files import PART, disk_errors, fsync_folder, make_folder, part_of

LIMIT_MB = 25
LIMIT_BYTES = LIMIT_MB * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Received:
    """What has arrived: sha256 is that of exactly these bytes. It is on the disk."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class RawsSwept:
    """How many files a sweep removed: bytes nobody waits for, writes that never ended, old refused photos."""

    orphans: int
    unfinished: int
    refused: int


class Incoming:
    """One photo on its way in. Nothing of it is seen under its name before keep()."""

    def __init__(self, file: BinaryIO, folder: Path, part: Path, limit_bytes: int) -> None:
        self._file, self._folder, self._part, self._limit_bytes = file, folder, part, limit_bytes
        self._hash = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """The fingerprint of what has come so far."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes | bytearray) -> None:
        """Raises TooManyBytes, PhotoNotStored; whatever has come is then removed as the block ends."""
        self.bytes += len(chunk)
        if self.bytes > self._limit_bytes:
            raise TooManyBytes(self.bytes, self._limit_bytes // (1024 * 1024))
        self._hash.update(chunk)
        with disk_errors():
            self._file.write(chunk)

    def keep(self) -> Received:
        """Put it on the disk under its name; it survives a power cut when this returns. Raises EmptyPhoto."""
        if not self.bytes:
            raise EmptyPhoto
        with disk_errors():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._part.replace(self._folder / self.sha256)
            fsync_folder(self._folder)
        return Received(self.sha256, self.bytes)


class Raws:
    """Two folders: incoming/ for what waits, quarantine/ for what was refused. Neither is ever served."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self._incoming, self._quarantine = folder / "incoming", folder / "quarantine"
        self._lock = lock

    @contextmanager
    def receiving(self, limit_bytes: int) -> Iterator[Incoming]:
        """Room for one photo; what was not kept when the block ends is removed."""
        with disk_errors():
            make_folder(self._incoming)
            part = part_of(self._incoming / "photo")
            file = part.open("xb")
        try:
            yield Incoming(file, self._incoming, part, limit_bytes)
        finally:
            with contextlib.suppress(OSError):  # a full disk has been told of before
                file.close()
            part.unlink(missing_ok=True)

    def receive(self, chunks: Iterable[bytes], limit_bytes: int) -> Received:
        with self.receiving(limit_bytes) as incoming:
            for chunk in chunks:
                incoming.write(chunk)
            return incoming.keep()

    def path(self, sha256: str) -> Path:
        """The bytes of a photo that waits, or of one that was refused. Raises UnknownPhoto."""
        for folder in (self._incoming, self._quarantine):
            if _SHA256.fullmatch(sha256) and (path := folder / sha256).is_file():
                return path
        raise UnknownPhoto(sha256[:64], 0)

    def has(self, sha256: str) -> bool:
        """Whether a photo's bytes are here already; if so they are made young again, so that no sweep takes them."""
        if not _SHA256.fullmatch(sha256) or not (self._incoming / sha256).exists():
            return False
        with self._lock.held(), disk_errors():
            try:
                os.utime(self._incoming / sha256)
            except FileNotFoundError:
                return False
        return True

    def finish(self, sha256: str) -> None:
        with disk_errors():
            self._waiting(sha256).unlink(missing_ok=True)

    def quarantine(self, sha256: str, at: datetime) -> None:
        """Put a refused photo aside, dated at. One that is not here any more has been put aside before."""
        source = self._waiting(sha256)
        with disk_errors():
            make_folder(self._quarantine)
            try:
                os.utime(source, (at.timestamp(), at.timestamp()))
                source.replace(self._quarantine / sha256)
            except FileNotFoundError:
                return
            fsync_folder(self._quarantine)

    def _waiting(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise UnknownPhoto(sha256[:64], 0)
        return self._incoming / sha256

    def sweep(self, awaited: Container[str], older_than: datetime, refused_before: datetime) -> RawsSwept:
        """Remove what is old and nobody waits for. awaited has to be read before this is called."""
        orphans = unfinished = 0
        for path in sorted(self._incoming.glob("*")):
            if path.suffix == PART:
                unfinished += self._remove_if_old(path, older_than)
            elif path.name not in awaited:
                orphans += self._remove_if_old(path, older_than)
        refused = [self._remove_if_old(path, refused_before) for path in sorted(self._quarantine.glob("*"))]
        return RawsSwept(orphans, unfinished, sum(refused))

    def _remove_if_old(self, path: Path, older_than: datetime) -> int:
        with self._lock.held(), disk_errors():
            try:
                if path.stat().st_mtime >= older_than.astimezone(UTC).timestamp():
                    return 0
                path.unlink()
            except FileNotFoundError:
                return 0
        return 1
