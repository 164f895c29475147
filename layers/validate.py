"""Every fault of a file in one answer, so that a department corrects it once and not ten times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.box import Box
from layers.errors import Fault, Grade, ImportRefused
from layers.kinds import Kind
from layers.places import Shapes, place_faults
from layers.readers import MAX_VERTICES, Read
from layers.rows import cell_faults, column_faults

__all__ = ["Admitted", "TownArea", "admit", "repaired", "validate"]

_GRADES = (Grade.REFUSE, Grade.REPAIR, Grade.NOTE)


@dataclass(frozen=True)
class TownArea:
    """Where the town lies: its code, its plane zone (EPSG 6669-6687), its box and, if known, its outline in
    lon, lat.
    """

    code: str
    zone: int
    bounds: Box
    boundary: BaseGeometry | None = None


@dataclass(frozen=True)
class Admitted:
    """What may become a version: the frame, what was mended in it, and what is worth knowing."""

    frame: gpd.GeoDataFrame
    notes: tuple[Fault, ...]
    repairs: tuple[Fault, ...]


def validate(frame: gpd.GeoDataFrame, kind: Kind, town: TownArea) -> tuple[Fault, ...]:
    """All faults of a frame as a reader gave it, the gravest first, then by row.

    Rows are the labels of the frame's index: the numbers a person sees in the file.
    """
    if not len(frame):
        return (Fault("no_rows", Grade.REFUSE, found="0", expected="1"),)
    shapes = Shapes.of(frame)
    found = (
        *_too_many(shapes.array),
        *column_faults(frame, kind),
        *cell_faults(frame, kind),
        *place_faults(shapes, kind, town.zone, town.bounds, town.boundary),
    )
    return _sorted(found)


def admit(read: Read, kind: Kind, town: TownArea, *, accept_repairs: bool = False) -> Admitted:
    """A file that was read, ready for the shelf; raises ImportRefused with the faults of reading and of
    checking.

    A broken shape is mended only with accept_repairs, which is a person's yes.
    """
    checked = validate(read.frame, kind, town)
    known = {fault.row for fault in read.notes if fault.code in {"position_unreadable", "geometry_malformed"}}
    faults = _sorted(
        [
            *read.notes,
            *(fault for fault in checked if fault.code != "geometry_missing" or fault.row not in known),
        ]
    )
    repairs = tuple(fault for fault in faults if fault.grade is Grade.REPAIR)
    if any(fault.grade is Grade.REFUSE for fault in faults) or (repairs and not accept_repairs):
        raise ImportRefused(faults)
    notes = tuple(fault for fault in faults if fault.grade is Grade.NOTE)
    return Admitted(repaired(read.frame) if repairs else read.frame, notes, repairs)


def repaired(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame with its invalid areas made valid; slivers of lower dimension that this leaves are
    dropped.
    """
    shapes = np.asarray(frame.geometry.array).copy()
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = [_areas_of(shape) for shape in shapely.make_valid(shapes[broken])]
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _areas_of(shape: BaseGeometry) -> BaseGeometry:
    if shape.geom_type != "GeometryCollection":
        return shape
    areas = [part for part in shape.geoms if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(areas) if areas else shape


def _too_many(shapes: NDArray[np.object_]) -> Iterator[Fault]:
    count = int(shapely.get_num_coordinates(shapes).sum())
    if count > MAX_VERTICES:
        yield Fault("too_many_vertices", Grade.REFUSE, found=str(count), expected=str(MAX_VERTICES))


def _sorted(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    # two checks may see one flaw: a fault is told once
    unique = dict.fromkeys(replace(fault, found=fault.found[:200]) for fault in faults)
    return tuple(sorted(unique, key=lambda fault: (_GRADES.index(fault.grade), fault.row or 0, fault.code)))
