"""The tiles of all layers of a town: cut when asked for or ahead of it, and kept in one file a version."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from weakref import WeakKeyDictionary

import orjson
import shapely

from layers.tiles.mercator import TileAt
from layers.tiles.pyramid import FINEST, PREPARED, Pyramid
from layers.tiles.raster import Picture
from layers.tiles.store import TileStore
from layers.versions import LayerVersion

log = logging.getLogger("layers.tiles")

FORMAT = 1  # counted up when tiles are written otherwise: those already kept are then cut again
MANY_FEATURES, MANY_VERTICES = 2_000, 100_000
COARSEST_AHEAD = 10
MOST_AHEAD = (
    20_000  # tiles of one zoom; a layer of a whole prefecture is cut at its deepest zooms when asked for
)
DEEPEST_PICTURE = 21  # 7 cm a pixel

_pyramids: WeakKeyDictionary[LayerVersion, Pyramid] = WeakKeyDictionary()
_marks: WeakKeyDictionary[LayerVersion, str] = WeakKeyDictionary()
_lock = threading.Lock()


def is_tiled(version: LayerVersion) -> bool:
    """Whether a map should fetch this layer as vector tiles: hazard zones, and lines or areas in great number.

    Points never are, they have clusters; nor is a mixture of lines and areas.
    """
    sorts = set(shapely.get_dimensions(version.index.shapes).tolist())
    if sorts not in ({1}, {2}):
        return False
    large = version.rows > MANY_FEATURES or version.index.vertices > MANY_VERTICES
    return bool(version.kind.hazard) or large


def mark_of(version: LayerVersion) -> str:
    """Twelve letters that change with anything a tile of the version shows."""
    if version not in _marks:
        rows, kind = version.index.records, version.kind
        shown = [(row["feature_id"], kind.style_of(row), kind.label_of(row)) for row in rows]
        about = [FORMAT, version.number, version.source_sha256, version.imported_at.isoformat(), shown]
        _marks[version] = hashlib.sha256(orjson.dumps(about)).hexdigest()[:12]
    return _marks[version]


class TileShelf:
    """One folder of tiles, a folder for each layer in it, a file for each version in that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def vector(self, version: LayerVersion, at: TileAt) -> bytes:
        """A vector tile, gzipped; empty bytes where the layer has nothing there, or is not cut so deep."""
        if not at.exists or at.zoom > FINEST:
            return b""
        store = self._store(version)
        kept = _asked(store, at)
        if kept is not None:
            return kept
        body = _pyramid(version).tile(at)
        _keep(store, at, body)
        return body

    def picture(self, version: LayerVersion, at: TileAt) -> bytes:
        """A PNG tile of an aerial image; empty bytes where it shows nothing.

        Raises SourceUnavailable if the image cannot be read.
        """
        if version.raster is None or not at.exists or at.zoom > DEEPEST_PICTURE:
            return b""
        store = self._store(version)
        kept = _asked(store, at)
        if kept is not None:
            return kept
        warped = store.path.with_suffix(".tif")
        body = Picture(version.entry.id, version.raster, warped).tile(at)
        _keep(store, at, body)
        return body

    def build_ahead(self, version: LayerVersion, stopping: threading.Event | None = None) -> int:
        """Cut the tiles of zooms 10 to 14 that are not kept yet, deepest first; how many were cut."""
        store, pyramid, built = self._store(version), _pyramid(version), 0
        started = time.monotonic()
        for zoom in range(PREPARED, COARSEST_AHEAD - 1, -1):
            if stopping is not None and stopping.is_set():
                break
            if store.is_complete(zoom) or pyramid.count(zoom) > MOST_AHEAD:
                continue
            tiles = list(pyramid.tiles(zoom))
            store.put(tiles, complete=zoom)
            built += len(tiles)
        pyramid.forget()
        if built:
            spent_s = time.monotonic() - started
            log.info(
                "%s version %d: %d tiles cut in %.1f s", version.entry.id, version.number, built, spent_s
            )
        return built

    def sweep(self, current: Iterable[LayerVersion], older_than_s: float) -> int:
        """Remove tiles of versions that are no longer current and were last written some time ago."""
        wanted = {self._store(version).path.stem for version in current}
        before, removed = time.time() - older_than_s, 0
        for path in self.folder.glob("*/*.sqlite"):
            if path.stem not in wanted and path.stat().st_mtime < before:
                TileStore(path).remove()
                path.with_suffix(".tif").unlink(missing_ok=True)
                removed += 1
        return removed

    def _store(self, version: LayerVersion) -> TileStore:
        name = f"{version.entry.id}-v{version.number:04d}-{mark_of(version)}.sqlite"
        return TileStore(self.folder / version.entry.id / name)


def _pyramid(version: LayerVersion) -> Pyramid:
    with _lock:
        return _pyramids.get(version) or _pyramids.setdefault(version, Pyramid(version.index, version.kind))


def _asked(store: TileStore, at: TileAt) -> bytes | None:
    """What is kept of a tile: its bytes, no bytes where it is known to be empty, None where it is not known."""
    try:
        kept = store.get(at)
        return b"" if kept is None and store.is_complete(at.zoom) else kept
    except (sqlite3.Error, OSError):
        log.warning("tiles cannot be read from %s; cutting them", store.path)
        return None


def _keep(store: TileStore, at: TileAt, body: bytes) -> None:
    # An empty tile is quickly found empty again, and nobody can fill the disk by asking for them.
    if body:
        try:
            store.put([(at, body)])
        except (sqlite3.Error, OSError):
            log.warning("a tile cannot be kept in %s: is the disk full?", store.path)
