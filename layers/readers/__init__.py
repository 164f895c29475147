"""Reading the files departments hold: the reader is chosen by looking inside, never by a file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from layers.errors import UnreadableFile
from layers.kinds import KINDS, Kind
from layers.readers import garbage_csv, general, gifu_landslide, gsi_evacuation, n03
from layers.readers.csv_file import csv_table
from layers.readers.geojson_file import geojson_table
from layers.readers.table import Read, Reader, Table, Verdict, refusal

__all__ = ["MAX_BYTES", "MAX_VERTICES", "READERS", "Choice", "Read", "choose", "look", "read"]

READERS: tuple[Reader, ...] = (gsi_evacuation, garbage_csv, gifu_landslide, n03, general)
MAX_BYTES = 200_000_000
MAX_VERTICES = 2_000_000
_POSITION = re.compile(rb"\[\s*-?\d")


@dataclass(frozen=True)
class Choice:
    """The reader that took a file, what it saw there, and the file as it was looked at."""

    reader: Reader
    verdict: Verdict
    sample: Table
    kind: Kind

    @property
    def name(self) -> str:
        return self.reader.NAME

    @property
    def why(self) -> str:
        return self.verdict.why

    def read(self) -> Read:
        frame, as_of, notes = self.reader.read(self.sample, self.kind)
        return Read(frame, as_of, self.name, self.why, notes)


def read(path: Path, kind: Kind) -> Read:
    """A file as a layer of a kind. Raises UnreadableFile naming what was found and what was expected."""
    return choose(path, kind).read()


def choose(path: Path, kind: Kind) -> Choice:
    """The reader that is surest of the file. Raises UnreadableFile if it holds another kind, or nothing
    known.
    """
    sample = look(path)
    verdicts = [(verdict, reader) for reader in READERS if (verdict := reader.recognise(sample, kind))]
    if not verdicts:
        titles = ", ".join(column.title_ja for column in kind.columns)
        raise UnreadableFile([refusal("columns_unknown", ", ".join(sample.columns), titles)])
    verdict, reader = max(verdicts, key=lambda pair: pair[0].certainty)
    if verdict.kind_id != kind.id:
        raise UnreadableFile([refusal("other_kind", KINDS[verdict.kind_id].title, kind.title)])
    return Choice(reader, verdict, sample, kind)


def look(path: Path) -> Table:
    """The file as a table, by its content: GeoJSON begins with a brace, everything else must be CSV."""
    raw = _bytes(path)
    start = raw[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"SQLite format 3", b"\x89PNG")):
        raise UnreadableFile([refusal("format_unsupported", path.suffix or "binary", "CSV, GeoJSON")])
    if start.startswith((b"{", b"[")):
        _refuse_too_many(_vertices(raw))
        return geojson_table(path.name, raw)
    _refuse_too_many(raw.count(b"\n"))
    return csv_table(path.name, raw)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableFile([refusal("file_too_large", str(size), str(MAX_BYTES))])
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableFile([refusal("file_unreadable", error.strerror or path.name, path.name)]) from None
    if not raw.strip():
        raise UnreadableFile([refusal("file_empty", "0", "CSV, GeoJSON")])
    return raw


def _vertices(raw: bytes) -> int:
    """How many positions a GeoJSON holds, without parsing it; exact only when it matters."""
    upper = raw.count(b"[")
    return upper if upper <= MAX_VERTICES else sum(1 for _ in _POSITION.finditer(raw))


def _refuse_too_many(count: int) -> None:
    if count > MAX_VERTICES:
        raise UnreadableFile([refusal("too_many_vertices", str(count), str(MAX_VERTICES))])
