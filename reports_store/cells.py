"""The town cut into map cells: which 64-pixel cell a place lies in, and which runs of cells cover a box.

A cell is a quarter of a Web Mercator tile's side: level = zoom + 2. Cells of a level are numbered along a
Morton curve: a cell's number at a coarser level is the same number shifted right by two bits per level.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

from reports_store.errors import InvalidFilter

Box = tuple[float, float, float, float]

FIRST_LEVEL = 7  # map zoom 5: all of Japan
LAST_LEVEL = 18  # map zoom 16: cells of about 125 m at 35 degrees north
_MERCATOR_LAT = 85.0511287


def check_box(box: Box) -> Box:
    """west, south, east, north in degrees."""
    west, south, east, north = box
    if not all(math.isfinite(side) for side in box):
        raise InvalidFilter("box", repr(box), "four finite numbers")
    if west > east or south > north:
        raise InvalidFilter("box", repr(box), "west <= east and south <= north")
    return (max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0))


def cell_xy(lon: float, lat: float, level: int) -> tuple[int, int]:
    """Column from the west, row from the north."""
    side = 1 << level
    sine = math.sin(math.radians(max(-_MERCATOR_LAT, min(_MERCATOR_LAT, lat))))
    row = (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * side
    return _clamp((lon + 180) / 360 * side, side), _clamp(row, side)


def _clamp(value: float, side: int) -> int:
    return min(side - 1, max(0, math.floor(value)))


def morton(x: int, y: int) -> int:
    return _spread(x) | _spread(y) << 1


def unmorton(cell: int) -> tuple[int, int]:
    return _gathered(cell), _gathered(cell >> 1)


def cell_of(lon: float, lat: float, level: int = LAST_LEVEL) -> int:
    return morton(*cell_xy(lon, lat, level))


def cell_window(box: Box, level: int) -> tuple[int, int, int, int]:
    """First and last column, first and last row of the cells that a box touches."""
    west, south, east, north = box
    x0, y0 = cell_xy(west, north, level)
    x1, y1 = cell_xy(east, south, level)
    return x0, x1, y0, y1


def whole_cells(box: Box, level: int) -> Box:
    """A box widened to the edges of the cells that it touches."""
    x0, x1, y0, y1 = cell_window(box, level)
    side = 1 << level

    def lat(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side))))

    return x0 / side * 360 - 180, lat(y1 + 1), (x1 + 1) / side * 360 - 180, lat(y0)


def cells_in(box: Box, level: int) -> Iterator[int]:
    x0, x1, y0, y1 = cell_window(box, level)
    return (morton(x, y) for y in range(y0, y1 + 1) for x in range(x0, x1 + 1))


def covering_runs(box: Box, level: int, at_most: int = 24) -> list[tuple[int, int]]:
    """Few runs (first, last) of Morton numbers that hold every cell of a box, and some outside it.

    The quadrant that wastes most is split first, until at_most runs are reached.
    """
    x0, x1, y0, y1 = cell_window(box, level)
    whole: list[tuple[int, int]] = []
    partial: list[tuple[int, int, int]] = [(-(1 << 2 * level), 0, level)]
    while partial and len(partial) + len(whole) < at_most:
        _, number, depth = heapq.heappop(partial)
        for quadrant in range(number * 4, number * 4 + 4):
            side = 1 << depth - 1
            left, top = (edge * side for edge in unmorton(quadrant))
            if left > x1 or left + side <= x0 or top > y1 or top + side <= y0:
                continue
            if left >= x0 and left + side - 1 <= x1 and top >= y0 and top + side - 1 <= y1:
                whole.append((quadrant, depth - 1))
            else:
                waste = side * side - _overlap(left, side, x0, x1) * _overlap(top, side, y0, y1)
                heapq.heappush(partial, (-waste, quadrant, depth - 1))
    return _merged([*whole, *((number, depth) for _, number, depth in partial)])


def _overlap(start: int, side: int, first: int, last: int) -> int:
    return min(start + side - 1, last) - max(start, first) + 1


def _merged(quadrants: list[tuple[int, int]]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for first, last in sorted((n << 2 * depth, ((n + 1) << 2 * depth) - 1) for n, depth in quadrants):
        if runs and runs[-1][1] + 1 == first:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


def _spread(value: int) -> int:
    value &= 0xFFFFFFFF
    value = (value | value << 16) & 0x0000FFFF0000FFFF
    value = (value | value << 8) & 0x00FF00FF00FF00FF
    value = (value | value << 4) & 0x0F0F0F0F0F0F0F0F
    value = (value | value << 2) & 0x3333333333333333
    return (value | value << 1) & 0x5555555555555555


def _gathered(value: int) -> int:
    value &= 0x5555555555555555
    value = (value | value >> 1) & 0x3333333333333333
    value = (value | value >> 2) & 0x0F0F0F0F0F0F0F0F
    value = (value | value >> 4) & 0x00FF00FF00FF00FF
    value = (value | value >> 8) & 0x0000FFFF0000FFFF
    return (value | value >> 16) & 0x00000000FFFFFFFF
