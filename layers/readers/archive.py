"""What a ZIP holds: looked through before anything is unpacked, then unpacked under names of our own.

Refused are names that lead out of the folder, links, encryption, archives within archives, bombs, and sizes that
are not what they are said to be.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from layers.errors import UnreadableFile
from layers.limits import MAX_MEMBERS, MAX_RATIO, MAX_UNPACKED, RATIO_COUNTS_FROM
from layers.readers.table import refusal

_PIECE = 1 << 20
_ENCRYPTED = 0x1
_NAME_IN_UTF8 = 0x800
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")


@dataclass(frozen=True)
class Member:
    """One file of an archive: its name there, and where it has been unpacked to."""

    name: str
    path: Path

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem


def entries_of(path: Path) -> list[zipfile.ZipInfo]:
    """What a ZIP's directory names, looked at no further. Raises UnreadableFile."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except NotImplementedError:  # it asks for a newer version of the format
        raise UnreadableFile([refusal("archive_method", path.name, "Deflate")]) from None
    except (zipfile.BadZipFile, OSError, ValueError):
        raise UnreadableFile([refusal("archive_broken", path.name, "ZIP")]) from None


def members_of(path: Path) -> list[tuple[str, zipfile.ZipInfo]]:
    """The files of a ZIP with their names in its own letters. Raises UnreadableFile for one that is not safe."""
    entries = entries_of(path)
    if len(entries) > MAX_MEMBERS:
        raise UnreadableFile([refusal("archive_crowded", str(len(entries)), str(MAX_MEMBERS))])
    named = [(_name(entry), entry) for entry in entries]
    for name, entry in named:
        _refuse_unsafe(name, entry)
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNPACKED:
        raise UnreadableFile([refusal("archive_bomb", f"{path.stat().st_size} → {total}", str(MAX_UNPACKED))])
    return [(name, entry) for name, entry in named if not entry.is_dir()]


def unpacked(path: Path, folder: Path) -> list[Member]:
    """All files of a ZIP, unpacked flat into an empty folder. Raises UnreadableFile."""
    entries = members_of(path)
    found, left = [], MAX_UNPACKED
    with zipfile.ZipFile(path) as archive:
        for number, (name, entry) in enumerate(entries):
            target = folder / f"m{number:04d}{PurePosixPath(name).suffix.lower()[:8]}"
            left -= _unpack(archive, entry, name, target, left)
            found.append(Member(name, target))
    return found


def _name(entry: zipfile.ZipInfo) -> str:
    """A name in the letters it was written in: without the mark for UTF-8, Japanese programs write cp932."""
    if entry.flag_bits & _NAME_IN_UTF8:
        name = entry.filename
    else:
        raw = entry.orig_filename.encode("cp437", errors="replace")
        name = _decoded(raw)
    return name.replace("\\", "/")


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


def _refuse_unsafe(name: str, entry: zipfile.ZipInfo) -> None:
    shown = name[:100].replace("\x00", "�")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\x00" in entry.orig_filename or (parts and ":" in parts[0]):
        raise UnreadableFile([refusal("archive_names", shown, "ZIP")])
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise UnreadableFile([refusal("archive_link", shown, "ZIP")])
    if entry.flag_bits & _ENCRYPTED:
        raise UnreadableFile([refusal("archive_encrypted", shown, "ZIP")])
    if entry.file_size > RATIO_COUNTS_FROM and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        found = f"{shown}: {entry.compress_size} → {entry.file_size}"
        raise UnreadableFile([refusal("archive_bomb", found, f"1:{MAX_RATIO}")])


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, target: Path, most: int) -> int:
    size = 0
    try:
        with target.open("wb") as file:
            for piece in _pieces(archive, entry, name):
                if not size:
                    _refuse_nested(name, piece)
                size += len(piece)
                if size > min(most, entry.file_size):
                    raise UnreadableFile([refusal("archive_lying", name[:100], str(entry.file_size))])
                file.write(piece)
    except OSError as error:  # reading has named its own: this is our disk and not the file
        raise UnreadableFile([refusal("archive_no_room", error.strerror or "-", name[:100])]) from None
    if size != entry.file_size:
        raise UnreadableFile([refusal("archive_lying", name[:100], str(entry.file_size))])
    return size


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    try:
        with archive.open(entry) as source:
            while piece := source.read(_PIECE):
                yield piece
    except NotImplementedError:  # such as Deflate64
        raise UnreadableFile([refusal("archive_method", name[:100], "Deflate")]) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError):
        raise UnreadableFile([refusal("archive_broken", name[:100], "ZIP")]) from None


def _refuse_nested(name: str, start: bytes) -> None:
    # a workbook is a ZIP too, and is looked through in its turn
    if start.startswith(_ARCHIVES) and not name.lower().endswith(".xlsx"):
        raise UnreadableFile([refusal("archive_nested", name[:100], "ZIP")])
