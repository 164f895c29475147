"""Which areas hold a place, answered by a grid of cells: most cells know without looking at any outline."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.segments import Segments, segments_of

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

# Cells per side: small enough that few cells lie on an outline, few enough that their list stays in the
# processor's memory. Measured on 1.7 million vertices.
CELLS_PER_VERTEX = 1.0
FEWEST_CELLS, MOST_CELLS = 4_096, 2_000_000
# Outlines are followed in steps shorter than a cell; the rounding of a step is far below this part of a cell.
_ROUNDING = 1e-7
_CHUNK = 1_000_000


@dataclass(frozen=True, eq=False)
class ZoneGrid:
    """Shapes spread over cells: a cell that lies wholly inside a shape answers by itself, a cell on an
    outline asks the shape.

    Coordinates are the shapes' own (lon, lat in degrees). The cells of shape 7 are marked 7 where they lie
    inside and ~7 where the outline runs through them. Safe for threads: outlines are asked one thread at a time,
    because GEOS fills a prepared shape on its first question.
    """

    shapes: NDArray[np.object_]
    origin: tuple[float, float]
    cell: tuple[float, float]
    size: tuple[int, int]  # columns, rows
    starts: NDArray[np.int32]
    marks: NDArray[np.int32]
    _asking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def build(cls, shapes: NDArray[np.object_]) -> ZoneGrid:
        """The grid over shapes of any type. Takes about a second for a million vertices."""
        shapes = np.asarray(shapes, dtype=object)
        segments = segments_of(shapes)
        frame = _frame(shapes, len(segments.shape))
        origin, cell, (columns, rows) = frame
        scaled = segments.scaled(origin, cell)
        on_outline = _outline_cells(scaled, columns, rows)
        inside = _inside_cells(scaled, columns, rows)
        inside = inside[~np.isin(inside, on_outline, assume_unique=True)]
        cells = columns * rows
        keys = np.concatenate([inside, on_outline])
        where, which = keys % cells, (keys // cells).astype(np.int32)
        which[len(inside) :] = ~which[len(inside) :]
        order = np.argsort(where, kind="stable")
        starts = np.zeros(cells + 1, dtype=np.int32)
        np.cumsum(np.bincount(where, minlength=cells), out=starts[1:])
        shapely.prepare(shapes)
        return cls(shapes, origin, cell, (columns, rows), starts, which[order])

    @property
    def nbytes(self) -> int:
        """Memory of the grid without its shapes."""
        return self.starts.nbytes + self.marks.nbytes

    def holding(self, lon: float, lat: float) -> Positions:
        """Positions of the shapes that hold a place, their edge included, in ascending order."""
        # divided, then rounded down, as the outlines were: // would now and then round to another cell
        column, row = (lon - self.origin[0]) / self.cell[0], (lat - self.origin[1]) / self.cell[1]
        if not (0 <= column < self.size[0] and 0 <= row < self.size[1]):
            return np.empty(0, dtype=np.int64)
        at = int(row) * self.size[0] + int(column)
        marks = self.marks[self.starts[at] : self.starts[at + 1]].astype(np.int64)
        asked = ~marks[marks < 0]
        if len(asked):
            with self._asking:
                asked = asked[shapely.intersects_xy(self.shapes[asked], lon, lat)]
        held: Positions = np.sort(np.concatenate([marks[marks >= 0], asked]))
        return held

    def pairs(self, lons: Floats, lats: Floats) -> tuple[Positions, Positions]:
        """(place, shape) for every place in every shape that holds it, their edge included; by place, then shape."""
        lons, lats = np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)
        found = [
            self._pairs(lons[at : at + _CHUNK], lats[at : at + _CHUNK], at)
            for at in range(0, max(len(lons), 1), _CHUNK)
        ]
        places, shapes = zip(*found, strict=True)
        return np.concatenate(places), np.concatenate(shapes)

    def _pairs(self, lons: Floats, lats: Floats, first: int) -> tuple[Positions, Positions]:
        place, marks = self._marks_of(lons, lats)
        certain = marks >= 0
        ask_place, ask_shape = place[~certain], ~marks[~certain]
        # shape by shape: its prepared outline is still in the processor's memory for the next place
        order = np.argsort(ask_shape, kind="stable")
        ask_place, ask_shape = ask_place[order], ask_shape[order]
        with self._asking:
            held = shapely.intersects_xy(self.shapes[ask_shape], lons[ask_place], lats[ask_place])
        key = np.concatenate([
            place[certain] * len(self.shapes) + marks[certain],
            ask_place[held] * len(self.shapes) + ask_shape[held],
        ])  # fmt: skip
        key.sort()
        return key // max(len(self.shapes), 1) + first, key % max(len(self.shapes), 1)

    def _marks_of(self, lons: Floats, lats: Floats) -> tuple[Positions, Positions]:
        """The marks of the cells that the places lie in, each with its place."""
        with np.errstate(invalid="ignore"):  # a place that is not a number lies in no cell
            column = np.floor((lons - self.origin[0]) / self.cell[0])
            row = np.floor((lats - self.origin[1]) / self.cell[1])
            on_grid = (column >= 0) & (column < self.size[0]) & (row >= 0) & (row < self.size[1])
        place = np.flatnonzero(on_grid)
        at = row[place].astype(np.int64) * self.size[0] + column[place].astype(np.int64)
        starts = self.starts[at].astype(np.int64)
        counts = self.starts[at + 1] - starts
        return np.repeat(place, counts), self.marks[spread(starts, counts)].astype(np.int64)


def spread(starts: Positions, counts: Positions) -> Positions:
    """start, start + 1, … of every run, one run after another."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    run: Positions = np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - counts), counts)
    return run


def _frame(
    shapes: NDArray[np.object_], vertices: int
) -> tuple[tuple[float, float], tuple[float, float], tuple[int, int]]:
    """South-west corner, size of a cell, and columns and rows."""
    if not vertices:
        return (0.0, 0.0), (1.0, 1.0), (1, 1)
    west, south, east, north = (float(side) for side in shapely.total_bounds(shapes))
    wanted = min(max(vertices * CELLS_PER_VERTEX, FEWEST_CELLS), MOST_CELLS)
    wide, high = max(east - west, 1e-9), max(north - south, 1e-9)
    columns = int(np.clip(round((wanted * wide / high) ** 0.5), 1, wanted))
    rows = int(np.clip(round(wanted / columns), 1, wanted))
    # a margin of a ten-thousandth: the easternmost vertex lies inside the last column, not on its edge
    cell = (wide * 1.0002 / columns, high * 1.0002 / rows)
    return (west - wide * 1e-4, south - high * 1e-4), cell, (columns, rows)


def _outline_cells(segments: Segments, columns: int, rows: int) -> Positions:
    """shape * cells + cell for every cell that an outline touches, each once, ascending.

    A long segment is followed in steps of less than a cell, and each step takes the box around it: at most
    2 x 2 cells, so some cells beside the outline are taken too. They only ask once more than they had to.
    """
    dx, dy = segments.x2 - segments.x1, segments.y2 - segments.y1
    steps = np.maximum(np.ceil(np.maximum(np.abs(dx), np.abs(dy))), 1).astype(np.int64)
    line = np.repeat(np.arange(len(steps)), steps)
    step = spread(np.zeros(len(steps), dtype=np.int64), steps)
    t1, t2 = step / steps[line], (step + 1) / steps[line]
    x1, x2 = segments.x1[line] + dx[line] * t1, segments.x1[line] + dx[line] * t2
    y1, y2 = segments.y1[line] + dy[line] * t1, segments.y1[line] + dy[line] * t2
    left = np.floor(np.minimum(x1, x2) - _ROUNDING).astype(np.int64)
    right = np.floor(np.maximum(x1, x2) + _ROUNDING).astype(np.int64)
    low = np.floor(np.minimum(y1, y2) - _ROUNDING).astype(np.int64)
    high = np.floor(np.maximum(y1, y2) + _ROUNDING).astype(np.int64)
    base = segments.shape[line] * (columns * rows)
    keys = []
    for column, row, there in (
        (left, low, None),
        (right, low, right != left),
        (left, high, high != low),
        (right, high, (right != left) & (high != low)),
    ):
        key = base + row * columns + column
        keys.append(_once(key if there is None else key[there]))
    return np.unique(np.concatenate(keys))


def _once(keys: Positions) -> Positions:
    """Keys without those that repeat the one before: an outline stays in a cell for several segments."""
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def _inside_cells(segments: Segments, columns: int, rows: int) -> Positions:
    """shape * cells + cell for every cell whose middle lies inside an area, each once, ascending.

    Along the middle line of each row of cells, an area lies between its first and second crossing, its third
    and fourth, and so on; holes and parts need no further care.
    """
    ring = segments.closed
    x1, y1, x2, y2 = segments.x1[ring], segments.y1[ring], segments.x2[ring], segments.y2[ring]
    # rows whose middle m satisfies low <= m < high, so that a vertex on a middle line counts once
    first = np.ceil(np.minimum(y1, y2) - 0.5).astype(np.int64)
    last = np.ceil(np.maximum(y1, y2) - 0.5).astype(np.int64)
    counts = last - first
    line = np.repeat(np.arange(len(counts)), counts)
    row = spread(first, counts)
    slope = (x2[line] - x1[line]) / (y2[line] - y1[line])
    crossing = x1[line] + (row + 0.5 - y1[line]) * slope
    column = np.clip(np.ceil(crossing - 0.5), 0, columns).astype(np.int64)  # the first middle beyond it
    shape_row = segments.shape[ring][line] * rows + row
    key = shape_row * (columns + 1) + column
    key.sort()
    begin, end = key[0::2], key[1::2]
    shape_row, run = begin // (columns + 1), end - begin
    return spread(shape_row * columns + begin % (columns + 1), run)
