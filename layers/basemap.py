"""The town's own background map: one file of tiles (PMTiles or MBTiles), checked once and served as it is."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType

from layers.durable import alone, put_in_place, write_durably
from layers.errors import Fault, Grade, UnreadableFile
from layers.tiles.mercator import DEEPEST, TileAt

Look = Literal["raster", "vector"]
MEDIA = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "pbf": "application/vnd.mapbox-vector-tile",
}
_PMTILES = {
    TileType.PNG: "png",
    TileType.JPEG: "jpg",
    TileType.WEBP: "webp",
    TileType.AVIF: "avif",
    TileType.MVT: "pbf",
}
_SQLITE, _PMTILES_3 = b"SQLite format 3\x00", b"PMTiles\x03"
_GZIP = b"\x1f\x8b"
_ABOUT = "basemap.json"
_MARKUP = re.compile(r"<[^>]*>")
_MOST_TILE_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class BaseMap:
    """What is known of a background map. bounds are west, south, east, north in degrees; attribution is plain
    text; stamp changes with the file.
    """

    container: Literal["pmtiles", "mbtiles"]
    format: str
    least_zoom: int
    most_zoom: int
    bounds: tuple[float, float, float, float]
    name: str
    attribution: str
    stamp: str = ""

    @property
    def look(self) -> Look:
        return "vector" if self.format == "pbf" else "raster"

    @property
    def media_type(self) -> str:
        return MEDIA[self.format]


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's bytes as they are kept; gzipped tells whether a browser must be told so."""

    body: bytes
    gzipped: bool


class BaseMapShelf:
    """The folder that holds one background map, or none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, source: Path, attribution: str = "") -> BaseMap:
        """Check a file and make a copy of it the town's background map, in place of the former one.

        attribution is used where the file itself names none. Raises UnreadableFile saying what was found.
        """
        about = looked_at(source)
        about = replace(about, attribution=about.attribution or attribution)
        if not about.attribution:
            raise UnreadableFile([_fault("basemap_no_source", source.name, "attribution")])
        self.folder.mkdir(parents=True, exist_ok=True)
        with alone(self.folder / ".lock"):
            target = self._file(about)
            beside = target.with_name(target.name + ".part")
            shutil.copyfile(source, beside)
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            put_in_place(beside, target)
            write_durably(self.folder / _ABOUT, json.dumps(asdict(about), ensure_ascii=False).encode())
            for other in self.folder.glob("basemap.*tiles"):
                if other != target:
                    other.unlink()
        return about

    def clear(self) -> bool:
        """Take the background map away; False if there was none."""
        about = self.current()
        (self.folder / _ABOUT).unlink(missing_ok=True)
        for file in self.folder.glob("basemap.*tiles"):
            file.unlink()
        return about is not None

    def current(self) -> BaseMap | None:
        """The town's background map, or None."""
        try:
            found = json.loads((self.folder / _ABOUT).read_bytes())
            about = BaseMap(**{**found, "bounds": tuple(found["bounds"])})
            stat = self._file(about).stat()
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return replace(about, stamp=f"{stat.st_mtime_ns:x}")

    def tile(self, about: BaseMap, at: TileAt) -> Tile | None:
        """One tile, or None where the file has none. Raises UnreadableFile if the file is damaged."""
        if not at.exists:
            return None
        path = self._file(about)
        with _named_faults(path):
            body = _pmtile(path, at) if about.container == "pmtiles" else _mbtile(path, at)
        return None if body is None else Tile(body, body.startswith(_GZIP))

    def _file(self, about: BaseMap) -> Path:
        return self.folder / f"basemap.{about.container}"


def looked_at(path: Path) -> BaseMap:
    """What a file of tiles is, by its content. Raises UnreadableFile if it is none, or none that browsers draw."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise UnreadableFile([_fault("file_unreadable", error.strerror or path.name, path.name)]) from None
    with _named_faults(path):
        if start.startswith(_PMTILES_3):
            return _pmtiles(path)
        if start.startswith(_SQLITE):
            return _mbtiles(path)
    raise UnreadableFile([_fault("basemap_not_tiles", path.suffix or start[:4].hex(), "PMTiles 3, MBTiles")])


@contextmanager
def _named_faults(path: Path) -> Iterator[None]:
    """What the libraries raise for a damaged file, as one fault that names it."""
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError, KeyError, IndexError, EOFError, OSError) as error:
        raise UnreadableFile([_fault("basemap_broken", str(error)[:80], path.name)]) from error


def _pmtiles(path: Path) -> BaseMap:
    with path.open("rb") as file:
        reader = _reader(file)
        header, metadata = reader.header(), reader.metadata()
    kind, packed = header["tile_type"], header["tile_compression"]
    if kind not in _PMTILES or packed not in (Compression.NONE, Compression.GZIP):
        raise UnreadableFile([_fault("basemap_format", f"{kind.name}, {packed.name}", ", ".join(MEDIA))])
    sides = [header[side] / 1e7 for side in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")]
    return _about("pmtiles", _PMTILES[kind], (header["min_zoom"], header["max_zoom"]), sides, metadata)


def _reader(file: BinaryIO) -> Any:
    return Reader(MmapSource(file))  # type: ignore[no-untyped-call]


def _pmtile(path: Path, at: TileAt) -> bytes | None:
    with path.open("rb") as file:
        body = _reader(file).get(at.zoom, at.x, at.y)
    return None if body is None else bytes(body)


def _mbtiles(path: Path) -> BaseMap:
    with closing(_opened(path)) as file:
        metadata = dict(file.execute("SELECT name, value FROM metadata LIMIT 100"))
        first = file.execute(
            "SELECT tile_data FROM tiles WHERE length(tile_data) < ? LIMIT 1", (_MOST_TILE_BYTES,)
        ).fetchone()
        zooms = file.execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
    if first is None:
        raise UnreadableFile([_fault("basemap_empty", "0", path.name)])
    found = _format_of(bytes(first[0]))
    if found is None:
        raise UnreadableFile([_fault("basemap_format", str(metadata.get("format")), ", ".join(MEDIA))])
    sides = [float(side) for side in str(metadata.get("bounds") or "-180,-85,180,85").split(",")]
    return _about("mbtiles", found, (int(zooms[0]), int(zooms[1])), sides, metadata)


def _mbtile(path: Path, at: TileAt) -> bytes | None:
    row = 2**at.zoom - 1 - at.y  # MBTiles counts rows from the south
    with closing(_opened(path)) as file:
        found = file.execute(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            (at.zoom, at.x, row),
        ).fetchone()
    return None if found is None else bytes(found[0])


def _opened(path: Path) -> sqlite3.Connection:
    # immutable: the file is never written while it stands there, so nothing is made beside it
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _format_of(body: bytes) -> str | None:
    """The format of a tile by its first bytes; a vector tile has no mark of its own but its first field."""
    if body.startswith(b"\x89PNG"):
        return "png"
    if body.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    plain = gzip.decompress(body) if body.startswith(_GZIP) else body
    return "pbf" if plain[:1] == b"\x1a" else None


def _about(
    container: Literal["pmtiles", "mbtiles"],
    found: str,
    zooms: tuple[int, int],
    sides: list[float],
    metadata: dict[str, Any],
) -> BaseMap:
    least, most = zooms
    west, south, east, north = sides
    if not (0 <= least <= most <= DEEPEST and -180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValueError(f"zooms {zooms}, bounds {sides}")
    said = _MARKUP.sub("", str(metadata.get("attribution") or "")).strip()
    name = _MARKUP.sub("", str(metadata.get("name") or "")).strip()
    return BaseMap(container, found, least, most, (west, south, east, north), name[:80], said[:300])


def _fault(code: str, found: str, expected: str) -> Fault:
    return Fault(code, Grade.REFUSE, None, None, found, expected)
