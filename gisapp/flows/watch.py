"""What the live map shows of the reports: single pins where there is room, counts where there is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import asinh, floor, pi, radians, tan
from statistics import fmean
from typing import Any

from layers.box import Box
from reports_store import Categories, Filters, ReportStore
from reports_store.desk_cells import DeskCells
from reports_store.privacy import PublicReport, public

Placed = tuple[dict[str, Any], float, float]  # what a pin tells of itself, lon, lat
Pins = Callable[[Filters], Iterable[Placed]]
Counts = Callable[[Box, int, Filters], DeskCells]

SINGLE_LIMIT = 400  # pins a phone still draws without a pause
PINS_FROM_ZOOM = 17  # from here on every report has its own pin, spread by the browser where they coincide
LEVELS = (7, 18)  # the store's coarsest and finest
CELL_LEVELS = 2  # four cells to a tile of 256 px: 64 px


@dataclass(frozen=True, slots=True)
class Watch:
    """A viewport: box in degrees, zoom as Leaflet counts it, and the categories and states asked for."""

    box: Box
    zoom: int
    filters: Filters


def watch(view: Watch, reports: ReportStore, categories: Categories) -> dict[str, Any]:
    """A GeoJSON FeatureCollection (RFC 7946, lon/lat) for one viewport of the public map.

    "truncated": true tells that the newest pins alone are shown, as only the deepest zoom does. The cost
    does not grow with the number of reports: counts come from the store's pyramid, and pins are read only
    where there are few.
    """

    def pins(filters: Filters) -> Iterable[Placed]:
        for found in reports.newest(filters, limit=SINGLE_LIMIT):
            shown = public(found, categories[found.category])
            if shown.place is not None:
                yield _told(shown), shown.place.lon, shown.place.lat

    return watched(view, lambda *asked: DeskCells(reports.cell_counts(*asked)), pins)


def watched(view: Watch, counted: Counts, pins: Pins) -> dict[str, Any]:
    """The same for whoever looks: pins gives the newest reports of a filter, at most SINGLE_LIMIT, as pins."""
    filters = replace(view.filters, box=view.box)
    level = min(max(view.zoom + CELL_LEVELS, LEVELS[0]), LEVELS[-1])
    counts = counted(view.box, level, filters)
    total = sum(cell.n for cell in counts.cells)
    if total > SINGLE_LIMIT and view.zoom < 20:
        return _collection(
            [_count(cell.lon, cell.lat, cell.n) for cell in counts.cells if cell.n], counts.cut
        )
    if view.zoom >= PINS_FROM_ZOOM:
        return _collection([_pin(*placed) for placed in pins(filters)], total > SINGLE_LIMIT or counts.cut)
    return _collection(list(_grouped(pins(filters), view.zoom + CELL_LEVELS)), counts.cut)


def _collection(features: list[dict[str, Any]], truncated: bool = False) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features, "truncated": truncated}


def _grouped(placed: Iterable[Placed], level: int) -> Iterable[dict[str, Any]]:
    groups: dict[tuple[int, int], list[Placed]] = defaultdict(list)
    for pin in placed:
        groups[_cell(*pin[1:], level)].append(pin)
    for group in groups.values():
        if len(group) == 1:
            yield _pin(*group[0])
        else:
            yield _count(fmean(lon for _, lon, _ in group), fmean(lat for *_, lat in group), len(group))


def _cell(lon: float, lat: float, level: int) -> tuple[int, int]:
    # Web Mercator tile of the level: the cells are squares on the screen, no distance is taken from them.
    size = 2**level
    return floor((lon + 180) / 360 * size), floor((1 - asinh(tan(radians(lat))) / pi) / 2 * size)


def _count(lon: float, lat: float, n: int) -> dict[str, Any]:
    return {"type": "Feature", "geometry": _point(lon, lat), "properties": {"cluster": n}}


def _told(report: PublicReport) -> dict[str, Any]:
    return {"id": report.public_id, "category": report.category, "state": report.state}


def _pin(told: dict[str, Any], lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Feature", "geometry": _point(lon, lat), "properties": told}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}
