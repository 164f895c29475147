"""The vector tiles of one layer version: each zoom's geometry is made once, tiles are cut from it."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import shapely

from layers.index import SpatialIndex
from layers.kind import Kind
from layers.tiles.cutting import Cut, Parts, cut, tiles_of
from layers.tiles.encoder import AREA, LINE, commands, tile
from layers.tiles.mercator import EXTENT, TileAt, in_units

FINEST = 16  # 12 cm a unit; a browser enlarges these tiles from here on
PREPARED = 14  # up to here a zoom has simplified geometry of its own; beyond, a tile holds few features
_NAME = "layer"


class Pyramid:
    """A version's shapes at every zoom. Memory: about 32 bytes a corner, less at each coarser zoom."""

    def __init__(self, index: SpatialIndex, kind: Kind) -> None:
        self._index, self._kind = index, kind
        self._zooms: dict[int, Parts] = {}
        self._making = threading.RLock()

    def tile(self, at: TileAt) -> bytes:
        """One tile, gzipped; empty bytes where the layer has nothing. Deeper than FINEST is not cut."""
        if self._misses(at):
            return b""
        source, factor = self._source(at.zoom)
        found = dict(self._written(cut(source, at.zoom, factor, at)))
        return found.get(at, b"")

    def tiles(self, zoom: int) -> Iterator[tuple[TileAt, bytes]]:
        """Every tile of a zoom that holds anything, gzipped."""
        source, factor = self._source(zoom)
        return self._written(cut(source, zoom, factor))

    def count(self, zoom: int) -> int:
        """How many tiles the layer's box covers at a zoom."""
        west, north, east, south = np.floor(self._box * 2.0 ** (zoom - FINEST) / EXTENT)
        return int((east - west + 1) * (south - north + 1))

    def forget(self) -> None:
        """Let go of the geometry; it is made again when wanted."""
        with self._making:
            self._zooms.clear()

    def _source(self, zoom: int) -> tuple[Parts, float]:
        if zoom > PREPARED:
            return self._parts(FINEST), 2.0 ** (zoom - FINEST)
        return self._parts(zoom), 1.0

    def _parts(self, zoom: int) -> Parts:
        with self._making:
            if zoom not in self._zooms:
                self._zooms[zoom] = self._made(zoom)
            return self._zooms[zoom]

    def _made(self, zoom: int) -> Parts:
        if zoom >= FINEST:
            return Parts.of(in_units(self._index.shapes, FINEST), self.geometry)
        # each zoom from the next finer one: what is lost adds up to two tolerances at most
        finer = zoom + 1 if zoom < PREPARED else FINEST
        return self._parts(finer).coarser(2.0 ** (zoom - finer))

    def _written(self, made: Cut) -> Iterator[tuple[TileAt, bytes]]:
        shapes = commands(made.paths, len(made.owner))
        rows, owners = self._properties, made.owner.tolist()
        for at, features in tiles_of(made):
            body = tile(_NAME, self.geometry, shapes[features], [rows[owner] for owner in owners[features]])
            yield at, gzipped(body)

    def _misses(self, at: TileAt) -> bool:
        """Whether a tile lies outside the layer's box: no geometry is made to say that it is empty."""
        if not at.exists or at.zoom > FINEST:
            return True
        west, north, east, south = self._box * 2.0 ** (at.zoom - FINEST) / EXTENT
        return not (west - 1 <= at.x <= east + 1 and north - 1 <= at.y <= south + 1)

    @cached_property
    def _box(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        box = shapely.box(*np.nan_to_num(shapely.total_bounds(self._index.shapes)))
        found: np.ndarray[tuple[int], np.dtype[np.float64]] = shapely.bounds(
            in_units(np.array([box]), FINEST)[0]
        )
        return found

    @cached_property
    def geometry(self) -> int:
        """Whether the layer is one of areas or of lines."""
        return AREA if (shapely.get_dimensions(self._index.shapes) == 2).any() else LINE

    @cached_property
    def _properties(self) -> list[dict[str, str]]:
        kind = self._kind
        return [
            {"id": row["feature_id"], "style": kind.style_of(row), "label": kind.label_of(row)}
            for row in self._index.records
        ]


def gzipped(body: bytes) -> bytes:
    """As browsers take it; level 1 makes tiles half as large in a tenth of the time of level 9."""
    press = zlib.compressobj(1, zlib.DEFLATED, 31)
    return press.compress(body) + press.flush()
