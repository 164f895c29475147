"""What can be put right in a file's shapes and rows, and what that changes: proposed here, kept only with consent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.box import JAPAN
from layers.crs import to_plane
from layers.errors import Fault, Grade
from layers.rows import Repeats, repeats

Shapes = NDArray[np.object_]
Mask = NDArray[np.bool_]
_SPOT = re.compile(r"\[(-?[\d.e+-]+) (-?[\d.e+-]+)\]")
_MOSTLY_NEW = 0.5


@dataclass(frozen=True)
class Change:
    """One feature before and after its repair, as shapes in longitude and latitude.

    after is None for a row that is left out; spot is where the flaw lies (lon, lat), if it lies at one place;
    told is what the repair does to the area, for shapes that are made valid.
    """

    row: int
    code: str
    before: BaseGeometry
    after: BaseGeometry | None
    spot: tuple[float, float] | None = None
    told: str = ""


@dataclass(frozen=True)
class Mended:
    """A frame with every proposed repair done, the repairs as faults, and what they changed."""

    frame: gpd.GeoDataFrame
    faults: tuple[Fault, ...]
    changes: tuple[Change, ...]


def mend(frame: gpd.GeoDataFrame, zone: int) -> Mended:
    """Propose all repairs of shape and row: swapped coordinates turned, heights left out, areas made valid,
    rows that stand twice taken once. The frame given stays as it was.

    zone is the town's plane zone, in which areas are compared. What cannot be mended stays for the checks.
    """
    given: Shapes = np.asarray(frame.geometry.array)
    rows = [int(label) for label in frame.index]
    twice = repeats(frame)
    work = _Work(given.copy(), rows, zone, [], [])
    work.turn_swapped()
    work.leave_out_heights()
    work.make_valid()
    kept = frame.set_geometry(gpd.GeoSeries(work.shapes, index=frame.index, crs=frame.crs))
    changes = (*work.changes, *_left_out(twice, given, rows))
    return Mended(kept[~twice.again], (*work.faults, *twice.faults), changes)


def _left_out(twice: Repeats, given: Shapes, rows: list[int]) -> Iterator[Change]:
    for at in np.flatnonzero(twice.again):
        yield Change(rows[at], "row_twice", given[at], None)


@dataclass
class _Work:
    """The shapes as far as they are mended, and what has been found on the way."""

    shapes: Shapes
    rows: list[int]
    zone: int
    faults: list[Fault]
    changes: list[Change]

    def turn_swapped(self) -> None:
        """Latitude written where longitude belongs: in Japan the two can never be mistaken for each other."""
        west, south, east, north = shapely.bounds(self.shapes).T
        swapped = (
            (west >= JAPAN.south) & (east <= JAPAN.north) & (south >= JAPAN.west) & (north <= JAPAN.east)
        )
        if not swapped.any():
            return
        whole = bool(swapped[np.isfinite(west)].all())
        for at in np.flatnonzero(swapped):
            before = self.shapes[at]
            self.shapes[at] = shapely.transform(before, lambda points: points[:, ::-1])
            self.changes.append(Change(self.rows[at], "lonlat_swapped", before, self.shapes[at]))
            if not whole or not self.faults:  # one line for a file that is swapped throughout
                row = None if whole else self.rows[at]
                found, turned = _corner(before), _corner(self.shapes[at])
                self.faults.append(Fault("lonlat_swapped", Grade.REPAIR, row, None, found, turned))

    def leave_out_heights(self) -> None:
        if shapely.has_z(self.shapes).any():
            self.faults.append(Fault("z_dropped", Grade.REPAIR, None, None, "3D", "2D"))
            self.shapes = shapely.force_2d(self.shapes)

    def make_valid(self) -> None:
        """Areas that cross themselves, holes outside their shell and the like, by GEOS's structure method:
        ground that any part covers stays covered, and slivers without an area go.
        """
        broken = np.flatnonzero(_finite(self.shapes) & ~shapely.is_valid(self.shapes))
        if not len(broken):
            return
        before = self.shapes[broken]
        reasons = shapely.is_valid_reason(before)
        after = shapely.make_valid(before, method="structure", keep_collapsed=False)
        areas = zip(_areas_m2(before, self.zone), _areas_m2(after, self.zone), strict=True)
        for at, reason, new, (was_m2, is_m2) in zip(broken, reasons, after, areas, strict=True):
            old, row = self.shapes[at], self.rows[at]
            if shapely.get_dimensions(new) != shapely.get_dimensions(old) or new.is_empty:
                self.faults.append(Fault("geometry_collapsed", Grade.REFUSE, row, None, reason, "an area"))
                continue
            self.shapes[at] = new
            told = _area_change(was_m2, is_m2)
            self.changes.append(Change(row, "geometry_invalid", old, new, _spot(reason), told))
            self.faults.append(Fault("geometry_invalid", Grade.REPAIR, row, None, reason, told))


def _finite(shapes: Shapes) -> Mask:
    found: Mask = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    return found


def _areas_m2(shapes: Shapes, zone: int) -> NDArray[np.float64]:
    """Areas in the plane zone; of coordinates that are no degrees (they are refused as such) as they stand."""
    west, south, east, north = shapely.bounds(shapes).T
    degrees = (west >= JAPAN.west) & (east <= JAPAN.east) & (south >= JAPAN.south) & (north <= JAPAN.north)
    areas: NDArray[np.float64] = shapely.area(shapes)
    areas[degrees] = shapely.area(to_plane(shapes[degrees], zone))
    return areas


def _area_change(was_m2: float, is_m2: float) -> str:
    """How an area changed, in per cent; in square metres where most of it is new: the halves of a bow-tie
    cancel each other out until it is mended.
    """
    if was_m2 < is_m2 * _MOSTLY_NEW:
        return f"{was_m2:.0f} → {is_m2:.0f} m²"
    return f"{(is_m2 / was_m2 - 1) * 100:+.4f} %".replace("-0.0000", "+0.0000")


def _spot(reason: str) -> tuple[float, float] | None:
    found = _SPOT.search(reason)
    return (float(found.group(1)), float(found.group(2))) if found else None


def _corner(shape: BaseGeometry) -> str:
    west, south = shape.bounds[:2]
    return f"{west:.10g}, {south:.10g}"
