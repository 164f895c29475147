"""The land as a grid of heights, and smooth regions where a height is above a limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from gisapp.sample.plane import Floats


@dataclass(frozen=True)
class Relief:
    """Values at the crossings of a square grid: value[row, column] belongs to (x[column], y[row])."""

    x: Floats
    y: Floats
    value: Floats

    def at(self, x: Floats, y: Floats) -> Floats:
        """Values between the crossings; places outside take the value at the edge."""
        step = self.x[1] - self.x[0]
        column = np.clip((np.asarray(x) - self.x[0]) / step, 0, len(self.x) - 1.001)
        row = np.clip((np.asarray(y) - self.y[0]) / step, 0, len(self.y) - 1.001)
        i, j = row.astype(int), column.astype(int)
        u, v = row - i, column - j
        v00, v01, v10, v11 = (self.value[i + a, j + b] for a in (0, 1) for b in (0, 1))
        return np.asarray((v00 * (1 - v) + v01 * v) * (1 - u) + (v10 * (1 - v) + v11 * v) * u)

    def uphill(self) -> tuple[Relief, Relief]:
        """The slope to the east and to the north, metres per metre."""
        north, east = np.gradient(self.value, self.x[1] - self.x[0])
        return Relief(self.x, self.y, np.asarray(east)), Relief(self.x, self.y, np.asarray(north))


def lattice(box: tuple[float, float, float, float], step_m: float) -> tuple[Floats, Floats]:
    """The x and y of grid lines that cover a box (west, south, east, north)."""
    west, south, east, north = box
    return np.arange(west, east + step_m, step_m), np.arange(south, north + step_m, step_m)


def region_above(relief: Relief, limit: float) -> MultiPolygon | Polygon:
    """The smooth region where the grid's value is at least the limit.

    Whole cells are joined into runs of rectangles; cells on the rim are cut where a straight line between
    neighbouring crossings meets the limit.
    """
    high = relief.value >= limit
    corners = high[:-1, :-1] * 1 + high[:-1, 1:] * 1 + high[1:, 1:] * 1 + high[1:, :-1] * 1
    pieces = _runs(corners == 4, relief.x, relief.y)
    rows, columns = np.nonzero((corners > 0) & (corners < 4))
    pieces += [_cut_cell(relief, i, j, limit) for i, j in zip(rows.tolist(), columns.tolist(), strict=True)]
    return shapely.union_all(np.array(pieces, dtype=object), grid_size=0.01)


def _runs(full: np.ndarray, x: Floats, y: Floats) -> list[Polygon]:
    edges = np.diff(np.pad(full.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    stops = np.nonzero(edges == -1)[1]
    return list(shapely.box(x[starts], y[rows], x[stops], y[rows + 1]))


def _cut_cell(relief: Relief, i: int, j: int, limit: float) -> Polygon:
    ring = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)]
    kept: list[tuple[float, float]] = []
    for k, (row, column) in enumerate(ring):
        value, (row_2, column_2) = relief.value[row, column], ring[(k + 1) % 4]
        after = relief.value[row_2, column_2]
        if value >= limit:
            kept.append((relief.x[column], relief.y[row]))
        if (value >= limit) != (after >= limit):
            t = (limit - value) / (after - value)
            kept.append(
                (
                    relief.x[column] + t * (relief.x[column_2] - relief.x[column]),
                    relief.y[row] + t * (relief.y[row_2] - relief.y[row]),
                )
            )
    return Polygon(kept) if len(kept) > 2 else Polygon()
