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
from layers.limits import MAX_VERTICES
from layers.places import Shapes, place_faults
from layers.readers import Read
from layers.repairs import Change, mend
from layers.rows import cell_faults, column_faults

__all__ = ["Admitted", "Checked", "TownArea", "admit", "admitted", "check", "validate"]

_NO_PLACE = frozenset({"position_unreadable", "geometry_malformed", "address_unknown", "area_unknown"})
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
class Checked:
    """A file looked at whole: all its faults, the frame with every proposed repair done, and the features
    that the repairs change. Nothing of it is on the shelf.
    """

    frame: gpd.GeoDataFrame
    faults: tuple[Fault, ...]
    changes: tuple[Change, ...] = ()

    def graded(self, grade: Grade) -> tuple[Fault, ...]:
        """The faults of one grade."""
        return tuple(fault for fault in self.faults if fault.grade is grade)


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
    return _looked_at(frame, kind, town).faults


def check(read: Read, kind: Kind, town: TownArea) -> Checked:
    """A file that was read, looked at whole: the faults of reading and of checking in one answer."""
    looked = _looked_at(read.frame, kind, town)
    known = {fault.row for fault in read.notes if fault.code in _NO_PLACE}
    fresh = (fault for fault in looked.faults if fault.code != "geometry_missing" or fault.row not in known)
    return replace(looked, faults=_sorted([*read.notes, *fresh]))


def admit(read: Read, kind: Kind, town: TownArea, *, accept_repairs: bool = False) -> Admitted:
    """A file that was read, ready for the shelf; raises ImportRefused with the faults of reading and of
    checking.

    What needs a repair is taken only with accept_repairs, which is a person's yes to all of them.
    """
    return admitted(check(read, kind, town), accept_repairs=accept_repairs)


def admitted(checked: Checked, *, accept_repairs: bool) -> Admitted:
    """The same for a file that has been looked at already."""
    repairs, notes = checked.graded(Grade.REPAIR), checked.graded(Grade.NOTE)
    if checked.graded(Grade.REFUSE) or (repairs and not accept_repairs):
        raise ImportRefused(checked.faults)
    return Admitted(checked.frame, notes, repairs)


def _looked_at(frame: gpd.GeoDataFrame, kind: Kind, town: TownArea) -> Checked:
    if not len(frame):
        return Checked(frame, (Fault("no_rows", Grade.REFUSE, found="0", expected="1"),))
    if too_many := tuple(_too_many(np.asarray(frame.geometry.array))):
        return Checked(frame, too_many)  # what is too large to draw is not worth an hour of mending
    mended = mend(frame, town.zone)
    found = (
        *column_faults(mended.frame, kind),
        *cell_faults(mended.frame, kind),
        *mended.faults,
        *place_faults(Shapes.of(mended.frame), kind, town.zone, town.bounds, town.boundary),
    )
    return Checked(mended.frame, _sorted(found), mended.changes)


def _too_many(shapes: NDArray[np.object_]) -> Iterator[Fault]:
    count = int(shapely.get_num_coordinates(shapes).sum())
    if count > MAX_VERTICES:
        yield Fault("too_many_vertices", Grade.REFUSE, found=str(count), expected=str(MAX_VERTICES))


def _sorted(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    # two checks may see one flaw: a fault is told once
    unique = dict.fromkeys(replace(fault, found=fault.found[:200]) for fault in faults)
    return tuple(sorted(unique, key=lambda fault: (_GRADES.index(fault.grade), fault.row or 0, fault.code)))
