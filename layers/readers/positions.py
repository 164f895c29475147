"""Where the rows of a table are: which columns say it, and how towns write it.

Read are decimal degrees, degrees-minutes-seconds, both in one cell, WKT, and metres of a plane zone when a column
(系) or the caller says which. Full-width digits are a repair; everything else is only another way to write.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from layers.box import JAPAN
from layers.crs import epsg_of
from layers.errors import Fault, Grade
from layers.readers.cells import FULL_WIDTH_DIGITS, Unreadable, cell_text
from layers.readers.records import column_of
from layers.readers.table import header_key, refusal

MISSING = "position_columns_missing"
_DEGREES = "decimal degrees"
_LATITUDE = (
    "緯度",
    "latitude",
    "lat",
    "世界測地系緯度",
    "緯度(世界測地系)",
    "緯度(10進)",
    "北緯",
    "y",
    "fy",
    "ycoord",
)
_LONGITUDE = ("経度", "longitude", "lon", "lng", "long", "世界測地系経度", "経度(世界測地系)", "経度(10進)", "東経",
              "x", "fx", "xcoord")  # fmt: skip
_BOTH = ("座標", "緯度経度", "緯度・経度", "緯度,経度", "経度緯度", "経度・緯度", "経度,緯度", "位置座標", "位置情報",
         "緯経度", "latlng", "latlon", "lat,lng", "lat,lon", "lonlat", "coordinates", "geolocation")  # fmt: skip
_WKT = ("wkt", "geometry", "geom", "the_geom", "wkt_geom", "図形", "ジオメトリ")
_NORTHING, _EASTING = ("x座標", "x座標(m)", "平面直角x", "x(m)"), ("y座標", "y座標(m)", "平面直角y", "y(m)")
_EAST_NAMED, _NORTH_NAMED = ("easting", "east", "e座標"), ("northing", "north", "n座標")
_ZONE = ("系", "座標系", "系番号", "平面直角座標系", "公共座標系", "座標系番号")
_DATUM = ("測地系", "datum")
_OLD_DATUM = re.compile(r"日本測地系(?!2)|旧測地系|tokyo|旧日本")

_PLAIN = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_DMS = re.compile(
    r"(?P<way>北緯|東経|[NE])?"
    r"(?P<deg>\d{1,3})(?:度|°|º|˚|[.:-](?=\d{1,2}[.:-]))"
    r"(?P<min>\d{1,2}(?:\.\d+(?=[分'′’ʹ]))?)(?:分|'|′|’|ʹ|[.:-](?=\d))"
    r"(?:(?P<sec>\d{1,2}(?:\.\d+)?)(?:秒|\"|″|”|''|′′|ʺ)?)?"
    r"[NE]?"
)
_WITH_SIGN = re.compile(r"(?:北緯|東経|[NE])?([+-]?\d+\.\d+)(?:度|°)?[NE]?")
_PAIR = re.compile(r"[,、/;\s]+")
_WIDE = re.compile("[\uff01-\uff5e　]")
_ZONE_NAMES = {"Ⅰ": 1, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10,
               "XI": 11, "XII": 12, "XIII": 13, "XIV": 14, "XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18, "XIX": 19,
               "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
               "十一": 11, "十二": 12, "十三": 13, "十四": 14, "十五": 15, "十六": 16, "十七": 17, "十八": 18,
               "十九": 19}  # fmt: skip


class Found(NamedTuple):
    """The places of the rows (None where one is not given or not readable), the faults, and the system (EPSG)
    that a column or the caller named; None for plain longitude and latitude.
    """

    places: list[BaseGeometry | None]
    faults: list[Fault]
    crs: int | None


@dataclass(frozen=True)
class Headers:
    """The columns of a table that say where its rows are; what a table has none of is empty."""

    x: str = ""  # longitude or easting
    y: str = ""  # latitude or northing
    both: str = ""
    wkt: str = ""
    zone: str = ""
    datum: str = ""
    turned: bool = False  # X points north, as in the law on the plane zones
    used: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool((self.x and self.y) or self.both or self.wkt)


def position_headers(columns: Iterable[str]) -> Headers:
    """Which columns say where the rows are, by the names that published tables use."""
    keys = {header_key(column): column for column in reversed(list(columns))}
    zone, datum = _first(keys, _ZONE), _first(keys, _DATUM)
    y, x = _first(keys, _LATITUDE) or _told(keys, "緯度"), _first(keys, _LONGITUDE) or _told(keys, "経度")
    turned = False
    if not (x and y):
        x, y = _first(keys, _EAST_NAMED), _first(keys, _NORTH_NAMED)
    if not (x and y) and (_first(keys, _NORTHING) and _first(keys, _EASTING)):
        y, x, turned = _first(keys, _NORTHING), _first(keys, _EASTING), True
    elif zone and header_key(x) == "x" and header_key(y) == "y":
        x, y, turned = y, x, True  # 平成14年国土交通省告示第9号: X is the northing
    if x and y:
        used = tuple(name for name in (x, y, zone, datum) if name)
        return Headers(x, y, zone=zone, datum=datum, turned=turned, used=used)
    if both := _first(keys, _BOTH):
        return Headers(both=both, datum=datum, used=(both,))
    wkt = _first(keys, _WKT)
    return Headers(wkt=wkt, used=(wkt,) if wkt else ())


def positions(
    columns: Sequence[str], rows: Sequence[dict[str, Any]], numbers: Sequence[int], crs: int | None = None
) -> Found:
    """Where the rows are. numbers are their row numbers as a person counts them; crs (EPSG) is what the caller
    knows about columns of metres.

    Without any column of positions every place is None, and one fault (MISSING) says so for the whole file.
    """
    headers = position_headers(columns)
    if not headers:
        missing = refusal(MISSING, ", ".join(columns), "緯度, 経度")
        return Found([None] * len(rows), [missing], crs)
    reading = _Reading(headers, rows, numbers)
    places = reading.shapes() if headers.wkt else reading.points()
    named = reading.crs if headers.wkt else reading.system()
    return Found(places, reading.told(), named or crs)


def degrees(raw: object) -> float | Unreadable | None:
    """A latitude, a longitude or metres: 35.36, ３５．３６, 35度21分40秒; NaN is kept for the checks to name."""
    if type(raw) is float or type(raw) is int:
        return None if raw != raw else float(raw)
    text = cell_text(raw)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    if _PLAIN.fullmatch(plain):
        return float(plain)
    if found := _WITH_SIGN.fullmatch(plain):
        return float(found.group(1))
    if (found := _DMS.fullmatch(plain)) and (value := _from_dms(found)) is not None:
        return value
    return Unreadable(text, _DEGREES)


def _from_dms(found: re.Match[str]) -> float | None:
    minutes, seconds = float(found["min"]), float(found["sec"] or 0)
    return int(found["deg"]) + minutes / 60 + seconds / 3600 if minutes < 60 and seconds < 60 else None


class _Reading:
    """One pass over the rows, collecting what was wrong with them."""

    def __init__(self, headers: Headers, rows: Sequence[dict[str, Any]], numbers: Sequence[int]) -> None:
        self.headers, self.rows, self.numbers = headers, rows, numbers
        self.faults: list[Fault] = []
        self.widened: dict[str, list[tuple[int, str, str]]] = {}
        self.crs: int | None = None

    def points(self) -> list[BaseGeometry | None]:
        if self.headers.both:
            cells = column_of(self.rows, self.headers.both)
            pairs = [self._from_one(raw, number) for raw, number in zip(cells, self.numbers, strict=True)]
        else:
            pairs = list(zip(self._numbers(self.headers.x), self._numbers(self.headers.y), strict=True))
        known = np.array([x is not None and y is not None for x, y in pairs], dtype=bool)
        values = np.array([(x, y) for x, y in pairs if x is not None and y is not None], dtype=float)
        places = np.full(len(pairs), None, dtype=object)
        if len(values):
            places[known] = shapely.points(values)
        return list(places)

    def shapes(self) -> list[BaseGeometry | None]:
        return [
            self._wkt(cell_text(raw), number)
            for raw, number in zip(column_of(self.rows, self.headers.wkt), self.numbers, strict=True)
        ]

    def system(self) -> int | None:
        """The system that the columns 系 and 測地系 name; a town lies in one zone, so rows of another are
        faults.
        """
        old = bool(_OLD_DATUM.search(" ".join((self.headers.x, self.headers.y)).casefold()))
        datums = column_of(self.rows, self.headers.datum or None)
        names = {str(raw or "").casefold() for raw in datums}
        old = old or (bool(self.headers.datum) and any(_OLD_DATUM.search(name) for name in names))
        jgd2000 = bool(self.headers.datum) and any("2000" in name for name in names)
        if not self.headers.zone:
            return 4301 if old else 4612 if jgd2000 else None
        number = self._zone_number()
        if number is None:
            return None
        if self.headers.turned:
            named = f"{self.headers.y} = N, {self.headers.x} = E"
            self.faults.append(Fault("axes_read", Grade.NOTE, None, None, named, self.headers.zone))
        return (30160 if old else 2442 if jgd2000 else 6668) + number

    def told(self) -> list[Fault]:
        return [*self.faults, *(fault for name in self.widened for fault in self._widened(name))]

    def _numbers(self, column: str) -> list[float | None]:
        cells = column_of(self.rows, column)
        return [self._number(raw, number, column) for raw, number in zip(cells, self.numbers, strict=True)]

    def _number(self, raw: object, number: int, column: str) -> float | None:
        value = degrees(raw)
        if isinstance(value, Unreadable):
            self.faults.append(refusal("position_unreadable", value.found, value.expected, number, column))
            return None
        if type(raw) is str and value is not None and _WIDE.search(raw):
            self.widened.setdefault(column, []).append((number, raw.strip(), f"{value:.10g}"))
        return value

    def _from_one(self, raw: object, number: int) -> tuple[float | None, float | None]:
        text = cell_text(raw)
        if text is None:
            return None, None
        plain = unicodedata.normalize("NFKC", text).strip("()[]「」 ")
        pair = [degrees(part) for part in _PAIR.split(plain) if part]
        if len(pair) != 2 or not all(isinstance(part, float) for part in pair):
            self.faults.append(
                refusal("position_unreadable", text, "35.36, 136.46", number, self.headers.both)
            )
            return None, None
        first, second = pair
        if _WIDE.search(text):
            self.widened.setdefault(self.headers.both, []).append((number, text, plain))
        return _lon_lat(first, second, self.headers.both)  # type: ignore[arg-type]

    def _wkt(self, text: str | None, number: int) -> BaseGeometry | None:
        if text is None:
            return None
        system, _, shape = text.rpartition(";") if text[:4].upper() == "SRID" else ("", "", text)
        if system:
            self.crs = epsg_of(f"EPSG:{system.partition('=')[2]}") or self.crs
        try:
            return shapely.from_wkt(shape)
        except (ShapelyError, ValueError) as error:
            said = f"{shape[:60]}: {str(error)[:80]}"
            self.faults.append(refusal("geometry_malformed", said, "WKT", number, self.headers.wkt))
            return None

    def _zone_number(self) -> int | None:
        column, seen = self.headers.zone, None
        for raw, number in zip(column_of(self.rows, column), self.numbers, strict=True):
            text = cell_text(raw)
            zone = _zone_of(text) if text else None
            if text and (zone is None or zone != (seen or zone)):
                expected = "1-19" if zone is None else str(seen)
                self.faults.append(refusal("position_unreadable", text, expected, number, column))
            else:
                seen = seen or zone
        return seen

    def _widened(self, column: str) -> Iterable[Fault]:
        for number, before, after in self.widened[column]:
            yield Fault(FULL_WIDTH_DIGITS, Grade.REPAIR, number, column, before, after)


def _lon_lat(first: float, second: float, header: str) -> tuple[float, float]:
    """Which of two numbers in one cell is the longitude: in Japan the numbers say it, elsewhere the header."""
    if JAPAN.west <= first <= JAPAN.east and JAPAN.south <= second <= JAPAN.north:
        return first, second
    if JAPAN.west <= second <= JAPAN.east and JAPAN.south <= first <= JAPAN.north:
        return second, first
    key = header_key(header)
    return (first, second) if key.startswith(("経度", "lon", "coordinates")) else (second, first)


def _zone_of(text: str) -> int | None:
    plain = unicodedata.normalize("NFKC", text).upper()
    if found := re.search(r"EPSG:+(66[67]\d|668[0-7])", plain):
        number = int(found.group(1)) - 6668
        return number if 1 <= number <= 19 else None
    plain = re.sub(r"^(?:平面直角座標系?|公共座標系?|第)*|(?:系|座標系)$|\s", "", plain)
    if plain.isdigit():
        return int(plain) if 1 <= int(plain) <= 19 else None
    return _ZONE_NAMES.get(plain)


def _first(keys: dict[str, str], names: Iterable[str]) -> str:
    return next((keys[key] for name in names if (key := header_key(name)) in keys), "")


def _told(keys: dict[str, str], word: str) -> str:
    """A header that has the word among others: 施設の緯度, 緯度（日本測地系）; the newest datum first."""
    with_word = [
        (bool(_OLD_DATUM.search(key)), order, column)
        for order, (key, column) in enumerate(reversed(keys.items()))
        if word in key and not ("緯度" in key and "経度" in key)
    ]
    return min(with_word)[2] if with_word else ""
