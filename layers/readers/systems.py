"""Which coordinate system a file states, in whichever way it states it, as an EPSG number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from layers.box import JAPAN
from layers.crs import LONLAT, epsg_of
from layers.errors import Fault, Grade, UnreadableFile
from layers.readers.table import refusal

_EXPECTED = "EPSG:4326, EPSG:6668, EPSG:6669-6687"
_SURE_PCT = 25  # of 100: how alike the names and numbers of a .prj have to be, after pyproj's own scale


def stated_system(said: str | dict[str, Any] | None, known: int | None) -> int | None:
    """The EPSG number of a system given as EPSG:6675, as WKT (a .prj) or as PROJJSON.

    known is the number that the caller states; it wins. None if nobody states any; raises UnreadableFile for
    one that is stated and not to be found.
    """
    if known is not None:
        return checked_system(known)
    if said is None or said == "":
        return None
    if isinstance(said, str) and (epsg := epsg_of(said)) is not None:
        return epsg
    try:
        crs = pyproj.CRS.from_json_dict(said) if isinstance(said, dict) else pyproj.CRS.from_user_input(said)
    except CRSError:
        raise UnreadableFile([refusal("crs_unknown", str(said)[:100], _EXPECTED)]) from None
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    number = flat.to_epsg() or flat.to_epsg(min_confidence=_SURE_PCT)
    if number is None and flat.to_authority() == ("OGC", "CRS84"):
        number = LONLAT
    if number is None:
        raise UnreadableFile([refusal("crs_unknown", crs.name, _EXPECTED)])
    return int(number)


def checked_system(number: int) -> int:
    """An EPSG number that a person states. Raises UnreadableFile if there is no such system."""
    if epsg_of(f"EPSG:{number}") is None:
        raise UnreadableFile([refusal("crs_unknown", f"EPSG:{number}", _EXPECTED)])
    return number


def assumed(places: Sequence[Any]) -> tuple[Fault, ...]:
    """What is said of a file that states no system and is taken as longitude and latitude.

    Degrees in Japan may be of any datum (the old one lies 400 m off): that wants a person's yes. Metres and all
    else are left to the checks, which know the town and name the likely systems.
    """
    west, south, east, north = shapely.total_bounds(np.array([*places, None], dtype=object))
    degrees = JAPAN.west <= west <= east <= JAPAN.east and JAPAN.south <= south <= north <= JAPAN.north
    return (Fault("crs_assumed", Grade.REPAIR, None, None, "-", f"EPSG:{LONLAT}"),) if degrees else ()
