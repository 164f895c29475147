"""Finds the place that a resident describes in words: coordinates, a plus code, an address, the name of a landmark."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from openlocationcode import openlocationcode

from gisapp.flows.find import Candidate, named_places
from gisapp.person import ANYONE
from gisapp.profile import TownProfile
from layers.box import JAPAN
from layers.names import search_key
from layers.versions import LayerShelf
from reports_store import GeomSource, Place
from reports_store.ground import distance_m
from reports_store.plaintext import LINE_LIMIT

CANDIDATES = 8
# How far the reported thing may be from what was named, in metres.
ADDRESS_M, PART_OF_ADDRESS_M, LANDMARK_M = 30.0, 300.0, 50.0
SAME_PLACE_M = 50.0
M_PER_DEG = 111_000.0

_NUMBER = r"(\d{1,3}(?:\.\d+)?)"
_MARKED = rf"{_NUMBER}\s*[°度]\s*(?:{_NUMBER}\s*['′’分]\s*)?(?:{_NUMBER}\s*(?:[\"″”秒]|''))?"
_IN_DEGREES = re.compile(r"\D{0,8}?(\d{2,3}\.\d{2,})\D{1,12}?(\d{2,3}\.\d{2,})\D{0,4}")
_IN_SECONDS = re.compile(rf"\D{{0,8}}?{_MARKED}\D{{0,8}}?{_MARKED}\D{{0,4}}")
_DIGITS = "23456789CFGHJMPQRVWX"
_PLUS_CODE = re.compile(rf"(?<![A-Z0-9])[{_DIGITS}]{{2,8}}\+[{_DIGITS}]{{2,7}}(?![A-Z0-9])")


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """A place that a text may mean. matched is what was found under that name, layer where (empty for
    coordinates and codes); exact is False where only a part of an address was found. Degrees, WGS84.
    """

    matched: str
    layer: str
    lon: float
    lat: float
    source: GeomSource
    accuracy_m: float
    exact: bool = True

    @property
    def place(self) -> Place:
        return Place(self.lon, self.lat, self.source, self.accuracy_m)


def places_meant(text: str, layers: LayerShelf, profile: TownProfile) -> list[PlaceFound]:
    """The places a text may mean, likeliest first; none if nothing in town is called so.

    Only layers that everybody may see are searched. A short plus code (2C+2X) is completed with the middle
    of the town. Nothing says yet whether a place lies in town.
    """
    plain = unicodedata.normalize("NFKC", text[:LINE_LIMIT]).strip()
    if found := _coordinates(plain) or _plus_code(plain, profile):
        return [found]
    return [_named(one, plain) for one in named_places(plain, ANYONE, layers, profile, CANDIDATES)]


def place_settled(text: str, found: list[PlaceFound]) -> PlaceFound | None:
    """The place, where there is no doubt: all that was found lies together, or one alone has exactly this name."""
    sure = [one for one in found if one.exact]
    same = [one for one in sure if search_key(one.matched) == search_key(text)]
    for group in (same, found):
        if group and all(one.exact and _together(one, group[0]) for one in group):
            return group[0]
    return None


def _together(one: PlaceFound, other: PlaceFound) -> bool:
    return distance_m(one.lon, one.lat, other.lon, other.lat) <= SAME_PLACE_M


def _coordinates(plain: str) -> PlaceFound | None:
    if found := _IN_DEGREES.fullmatch(plain):
        pair = [(float(part), 0.5 * 10.0 ** -len(part.partition(".")[2])) for part in found.groups()]
    elif found := _IN_SECONDS.fullmatch(plain):
        pair = [_in_degrees(*found.groups()[:3]), _in_degrees(*found.groups()[3:])]
    else:
        return None
    (lat, off), (lon, _) = sorted(pair)  # in Japan lon is the larger
    if not JAPAN.holds(lon, lat):
        return None
    name = f"{lat:.6f}, {lon:.6f}"
    return PlaceFound(name, "", lon, lat, GeomSource.ADDRESS, max(1.0, round(off * M_PER_DEG, 1)))


def _in_degrees(degrees: str, minutes: str | None, seconds: str | None) -> tuple[float, float]:
    """Degrees, and half of the last place that was written, in degrees."""
    last, unit = (seconds, 3600) if seconds else (minutes, 60) if minutes else (degrees, 1)
    off = 0.5 * 10.0 ** -len(last.partition(".")[2]) / unit
    return float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600, off


def _plus_code(plain: str, profile: TownProfile) -> PlaceFound | None:
    found = _PLUS_CODE.search(plain.upper())
    if found is None or not openlocationcode.isValid(found.group()):
        return None
    code, (lon, lat) = found.group(), profile.center
    if openlocationcode.isShort(code):
        code = openlocationcode.recoverNearest(code, lat, lon)
    area = openlocationcode.decode(code)
    high_m = (area.latitudeHi - area.latitudeLo) * M_PER_DEG
    return PlaceFound(
        code,
        "",
        area.longitudeCenter,
        area.latitudeCenter,
        GeomSource.ADDRESS,
        max(1.0, round(high_m / 2, 1)),
    )


def _named(found: Candidate, plain: str) -> PlaceFound:
    by_name = search_key(plain) in search_key(found.title)
    accuracy_m = LANDMARK_M if by_name else ADDRESS_M if found.exact else PART_OF_ADDRESS_M
    source = GeomSource.LANDMARK if by_name else GeomSource.ADDRESS
    return PlaceFound(found.title, found.layer, found.lon, found.lat, source, accuracy_m, found.exact)
