"""Where reports of a kind crowd together more than chance explains: cells of the town, each with how sure that is."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
import shapely

from layers.crs import LONLAT, transformer
from layers.versions import LayerVersion
from reports_store import LAST_LEVEL, Filters, ReportStore
from reports_store.tallies import Spot

log = logging.getLogger("gisapp.flows.desk")
CELL_M = 250.0
FEWEST = 20  # reports; of fewer nothing can be said
FEWEST_CELLS = 30  # the sum over a cell's neighbours must be of a small part of the town
LEVEL = 0.05  # of the cells that are called hot, at most so many by chance
MOST_REPORTS = 200_000
PATIENCE_S = 120
Cell = tuple[int, int]


class NotWorkedOut(Exception):
    """The process that works out the statistics failed; the log says why."""


@dataclass(frozen=True, slots=True)
class HotCell:
    """A cell of CELL_M: its reports, those of it and the cells around it, and how many of them an even spread
    would give. hot: q is below LEVEL. number: its place among the hot cells by z, 0 for others. ring: its corners
    (lon, lat).
    """

    cell: Cell
    n: int
    around_n: int
    expected: float
    z: float
    p: float
    q: float
    number: int
    ring: tuple[tuple[float, float], ...]

    @property
    def hot(self) -> bool:
        return self.number > 0


@dataclass(frozen=True, slots=True)
class HotSpots:
    """total reports in `studied` cells: those with a road or with any report at all. enough is False where they are
    too few to say anything, and cells then tell counts only. cells: those that hold a report or are hot.
    """

    at: datetime
    total: int
    studied: int
    enough: bool
    cells: tuple[HotCell, ...]
    held: Mapping[Cell, Sequence[Spot]]
    zone: int

    @property
    def hot(self) -> list[HotCell]:
        """The hot cells, the surest first."""
        return sorted((one for one in self.cells if one.hot), key=lambda one: one.number)

    def inside(self, cell: Cell) -> Sequence[Spot]:
        """The reports of a cell, the newest first."""
        return self.held.get(cell, ())


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the question is asked: box is west, south, east, north in degrees, zone the plane zone (EPSG)."""

    box: tuple[float, float, float, float]
    zone: int
    roads: tuple[LayerVersion, ...]


def hot_spots(reports: ReportStore, filters: Filters, ground: Ground, now: datetime) -> HotSpots:
    """The hot cells of the reports of a filter. Raises NotWorkedOut, ReportsError."""
    spots = reports.spots(filters, MOST_REPORTS)
    held: dict[Cell, list[Spot]] = defaultdict(list)
    for spot, cell in zip(spots, _cells_of([(one.lon, one.lat) for one in spots], ground.zone), strict=True):
        held[cell].append(spot)
    counts = Counter({cell: len(inside) for cell, inside in held.items()})
    studied = sorted({*counts, *_road_cells(ground.roads), *_known_cells(reports, ground)})
    enough = len(spots) >= FEWEST and len(studied) >= FEWEST_CELLS
    found = _statistics([counts[cell] for cell in studied], _neighbours(studied)) if enough else None
    cells = _cells(studied, counts, found, ground.zone)
    return HotSpots(now, len(spots), len(studied), enough, tuple(cells), held, ground.zone)


def _cells_of(places: Sequence[tuple[float, float]], zone: int) -> list[Cell]:
    """The columns and rows of the cells that places (lon, lat) lie in."""
    degrees = np.array(places).reshape(-1, 2)
    metres = np.column_stack(transformer(LONLAT, zone).transform(degrees[:, 0], degrees[:, 1]))
    return [(int(column), int(row)) for column, row in (metres // CELL_M).astype(int).tolist()]


@lru_cache(maxsize=4)
def _road_cells(roads: tuple[LayerVersion, ...]) -> frozenset[Cell]:
    """The cells that a road passes through, to within a tenth of a cell."""
    found: set[Cell] = set()
    for version in roads:
        corners = shapely.get_coordinates(shapely.segmentize(version.index.plane, CELL_M / 10))
        cells = np.unique((corners // CELL_M).astype(int), axis=0).tolist()
        found.update((int(column), int(row)) for column, row in cells)
    return frozenset(found)


def _known_cells(reports: ReportStore, ground: Ground) -> set[Cell]:
    """The cells that some report of any kind has come from: people are there to see what happens."""
    known = reports.cell_counts(ground.box, LAST_LEVEL, Filters())
    return set(_cells_of([(one.lon, one.lat) for one in known], ground.zone))


def _neighbours(cells: Sequence[Cell]) -> list[list[int]]:
    position = {cell: at for at, cell in enumerate(cells)}
    near = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]
    return [[position[there] for x, y in near if (there := (c + x, r + y)) in position] for c, r in cells]


def _statistics(counts: list[int], neighbours: list[list[int]]) -> dict[str, list[float]]:
    """What gisapp.flows.desk.getis answers, in a process of its own."""
    asked = json.dumps({"counts": counts, "neighbours": neighbours})
    # the app may run on two cores that others wait for
    calm = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLCONFIGDIR": os.devnull}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gisapp.flows.desk.getis"], input=asked, capture_output=True, text=True,
            timeout=PATIENCE_S, check=True, env={**os.environ, **calm},
        )  # fmt: skip
        found: dict[str, list[float]] = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        log.exception("the hot spots could not be worked out: %s", getattr(error, "stderr", ""))
        raise NotWorkedOut from error
    return found


def _cells(
    studied: Sequence[Cell], counts: Counter[Cell], found: dict[str, list[float]] | None, zone: int
) -> Iterable[HotCell]:
    total, cells = sum(counts.values()), len(studied)
    nothing = [0.0] * cells, [1.0] * cells, [1.0] * cells
    z, p, q = (found["z"], found["p"], found["q"]) if found else nothing
    around = _neighbours(studied)
    hot = sorted((at for at in range(cells) if q[at] <= LEVEL), key=lambda at: -z[at])
    number = {at: place for place, at in enumerate(hot, start=1)}
    for at, cell in enumerate(studied):
        if counts[cell] or at in number:
            near = [studied[each] for each in (at, *around[at])]
            yield HotCell(
                cell, counts[cell], sum(counts[each] for each in near), total * len(near) / cells,
                z[at], p[at], q[at], number.get(at, 0), _ring(cell, zone),
            )  # fmt: skip


def _ring(cell: Cell, zone: int) -> tuple[tuple[float, float], ...]:
    west, south = cell[0] * CELL_M, cell[1] * CELL_M
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    way = transformer(zone, LONLAT)
    return tuple(way.transform(west + x * CELL_M, south + y * CELL_M) for x, y in corners)
