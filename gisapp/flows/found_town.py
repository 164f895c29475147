"""Founds a town in an empty folder: its name, code, plane zone and, from an N03 file, its outline."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from gisapp.profile import Bounds, TownProfile
from layers.box import JAPAN, Box
from layers.codes import city_part, is_prefecture, prefecture_of
from layers.crs import plane_zone
from layers.errors import LayersError
from layers.kinds import KINDS
from layers.names import same_name
from layers.readers import Read, read
from layers.validate import Admitted, TownArea, admit


class NotInFile(LayersError):
    """The boundary file has no feature of the town's code; found lists some that it has."""

    code = "not_in_file"

    def __init__(self, wanted: str, found: str) -> None:
        super().__init__(wanted, found)
        self.wanted, self.found = wanted, found


class OtherName(LayersError):
    """The boundary file gives the code to a town of another name."""

    code = "other_name"

    def __init__(self, given: str, found: str) -> None:
        super().__init__(given, found)
        self.given, self.found = given, found


@dataclass(frozen=True, slots=True)
class Founded:
    """The town's profile and, if there was a boundary file, what was read of the town's own features."""

    profile: TownProfile
    boundary: Read | None
    admitted: Admitted | None


def found_town(name: str, code: str, boundary: Path | None, accept_repairs: bool = False) -> Founded:
    """Work out a town's profile. Without a boundary its extent is unknown and Japan's is taken.

    Raises BadCode for a code whose check digit is wrong, NotInFile and OtherName for a file of other
    towns, ImportRefused for an outline that cannot be used as it is.
    """
    prefecture = prefecture_of(code)
    if boundary is None:
        return Founded(_profile(name, code, prefecture, tuple(JAPAN)), None, None)
    found = read(boundary, KINDS["boundary"])
    rows = _own_rows(found.frame, code)
    if not is_prefecture(code) and not same_name(name, str(rows["name"].iloc[0])):
        raise OtherName(name, str(rows["name"].iloc[0]))
    west, south, east, north = (float(side) for side in rows.total_bounds)
    profile = _profile(name, code, prefecture, (west, south, east, north))
    notes = tuple(note for note in found.notes if note.row is None or note.row in rows.index)
    area = TownArea(code, profile.zone, Box(*profile.bounds))
    own = dataclasses.replace(found, frame=rows, notes=notes)
    return Founded(profile, found, admit(own, KINDS["boundary"], area, accept_repairs=accept_repairs))


def name_in(boundary: Path, code: str) -> str:
    """The name that a boundary file gives the town of a code. Raises NotInFile, UnreadableFile, BadCode."""
    prefecture_of(code)
    return str(_own_rows(read(boundary, KINDS["boundary"]).frame, code)["name"].iloc[0])


def _own_rows(frame: gpd.GeoDataFrame, code: str) -> gpd.GeoDataFrame:
    codes = frame["code"].astype(str).str[:5]
    wanted = city_part(code)
    rows = frame[codes.str[:2] == wanted[:2] if is_prefecture(code) else codes == wanted]
    if rows.empty:
        raise NotInFile(code, ", ".join(str(name) for name in frame["name"].head(5)))
    return rows


def _profile(name: str, code: str, prefecture: str, bounds: Bounds | tuple[float, ...]) -> TownProfile:
    west, south, east, north = bounds
    middle = ((west + east) / 2, (south + north) / 2)
    near = None if bounds == tuple(JAPAN) else middle
    return TownProfile(name, code, prefecture, plane_zone(prefecture, near), (west, south, east, north))
