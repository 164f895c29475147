"""A round over places by the town's roads: from the town hall and back, in an order that keeps it short."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import orjson

from gisapp.flows.find import Landmark
from gisapp.profile import TownProfile
from layers.crs import LONLAT, easting_northing, transformer
from layers.rounds import distances, good_round, length_m, nearest_next, way_between
from layers.walking import Foot, RoadGraph

MOST_STOPS = 50
WALK_M_PER_MIN = 80.0  # 不動産の表示に関する公正競争規約施行規則: one minute for each 80 m of road
DRIVE_M_PER_MIN = 20_000 / 60  # 20 km/h, stopping and turning included
_HALL = re.compile(r"(?:市役所|区役所|町役場|村役場|役場|市庁舎|本庁舎|本庁)$")
_GPX = "http://www.topografix.com/GPX/1/1"
LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to go to (degrees). name says what it is; link is where it can be read up, empty for none."""

    name: str
    note: str
    lon: float
    lat: float
    link: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """The way to a stop from the one before: metres, and metres since the beginning. line is the way as drawn
    (lon, lat).
    """

    stop: Stop
    metres: float
    so_far_m: float
    line: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True)
class Patrol:
    """legs end with the way back to the start. unreached: places that no road leads to. by_road is False where there
    is no road to go by at all, and distances are straight lines. usual_m: how long it is if one always goes on to the
    nearest place.
    """

    start: Stop
    legs: tuple[Leg, ...]
    unreached: tuple[Stop, ...]
    by_road: bool
    usual_m: float

    @property
    def stops(self) -> list[Stop]:
        """The places in order, the start left out."""
        return [leg.stop for leg in self.legs[:-1]]

    @property
    def metres(self) -> float:
        return self.legs[-1].so_far_m if self.legs else 0.0

    @property
    def walk_min(self) -> float:
        return self.metres / WALK_M_PER_MIN

    @property
    def drive_min(self) -> float:
        return self.metres / DRIVE_M_PER_MIN


def town_hall(profile: TownProfile, landmarks: Sequence[Landmark], name: str) -> Stop:
    """Where a round begins: the town hall where a layer names it, else the middle of the town. name is its word."""
    halls = [one for one in landmarks if _HALL.search(one.title)]
    own = [one for one in halls if one.title.startswith(profile.name)] or halls
    if own:
        best = min(own, key=lambda one: (len(one.title), one.title))
        return Stop(best.title, "", best.lon, best.lat)
    return Stop(name, "", *profile.center)


def patrol(start: Stop, stops: Sequence[Stop], graph: RoadGraph | None, zone: int) -> Patrol:
    """A round over at most MOST_STOPS places. zone is the town's plane zone (EPSG)."""
    wanted = list(stops[:MOST_STOPS])
    feet = [graph.foot(one.lon, one.lat) for one in (start, *wanted)] if graph else []
    if graph is None or feet[0] is None:
        return _straight(start, wanted, zone)
    ways = _Ways(graph, [foot for foot in feet if foot is not None], zone)
    known = [stop for stop, foot in zip(wanted, feet[1:], strict=True) if foot is not None]
    unreached = [stop for stop, foot in zip(wanted, feet[1:], strict=True) if foot is None]
    reached = [at for at in range(1 + len(known)) if np.isfinite(ways.metres[0, at])]
    unreached += [known[at - 1] for at in range(1, 1 + len(known)) if at not in set(reached)]
    metres = ways.metres[np.ix_(reached, reached)]
    order = [reached[at] for at in good_round(metres)]
    places = [start, *known]
    legs = tuple(_legs(order, places, ways)) if len(order) > 1 else ()
    usual_m = length_m(metres.tolist(), nearest_next(metres.tolist()))
    return Patrol(start, legs, tuple(unreached), True, usual_m)


class _Ways:
    """The ways between places, by the roads."""

    def __init__(self, graph: RoadGraph, feet: Sequence[Foot], zone: int) -> None:
        self._graph, self._feet, self._zone = graph, feet, zone
        self.metres = distances(graph, feet)

    def line(self, a: int, b: int) -> tuple[LonLat, ...]:
        corners = way_between(self._graph, self._feet[a], self._feet[b])
        return _degrees(corners, self._zone)


def _legs(order: Sequence[int], places: Sequence[Stop], ways: _Ways) -> Iterator[Leg]:
    so_far = 0.0
    for a, b in pairwise([*order, order[0]]):
        metres = float(ways.metres[a, b])
        so_far += metres
        yield Leg(places[b], metres, so_far, ways.line(a, b))


def _straight(start: Stop, stops: Sequence[Stop], zone: int) -> Patrol:
    """The round where there is no road to go by: in straight lines."""
    places = [start, *stops]
    plane = np.array([easting_northing(one.lon, one.lat, zone) for one in places])
    metres = np.hypot(*(plane[:, None] - plane[None]).transpose(2, 0, 1))
    order = good_round(metres)
    legs, so_far = [], 0.0
    for a, b in pairwise([*order, order[0]] if stops else []):
        so_far += float(metres[a, b])
        line = tuple((one.lon, one.lat) for one in (places[a], places[b]))
        legs.append(Leg(places[b], float(metres[a, b]), so_far, line))
    return Patrol(start, tuple(legs), (), False, length_m(metres.tolist(), nearest_next(metres.tolist())))


def _degrees(corners: np.ndarray[tuple[int, int], np.dtype[np.float64]], zone: int) -> tuple[LonLat, ...]:
    if not len(corners):
        return ()
    lon, lat = transformer(zone, LONLAT).transform(corners[:, 0], corners[:, 1])
    return tuple((round(x, 6), round(y, 6)) for x, y in zip(lon.tolist(), lat.tolist(), strict=True))


def gpx(found: Patrol, title: str, at: datetime) -> bytes:
    """The round for a navigation device (GPX 1.1): its places in order, and the way as a track."""
    ET.register_namespace("", _GPX)
    root = ET.Element(f"{{{_GPX}}}gpx", version="1.1", creator="gisapp")
    about = ET.SubElement(root, f"{{{_GPX}}}metadata")
    ET.SubElement(about, f"{{{_GPX}}}name").text = title
    ET.SubElement(about, f"{{{_GPX}}}time").text = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for number, stop in enumerate([found.start, *found.stops]):
        point = ET.SubElement(root, f"{{{_GPX}}}wpt", lat=f"{stop.lat:.6f}", lon=f"{stop.lon:.6f}")
        ET.SubElement(point, f"{{{_GPX}}}name").text = f"{number} {stop.name}"
        if stop.note:
            ET.SubElement(point, f"{{{_GPX}}}desc").text = stop.note
    track = ET.SubElement(ET.SubElement(root, f"{{{_GPX}}}trk"), f"{{{_GPX}}}trkseg")
    for lon, lat in (place for leg in found.legs for place in leg.line):
        ET.SubElement(track, f"{{{_GPX}}}trkpt", lat=f"{lat:.6f}", lon=f"{lon:.6f}")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def geojson(found: Patrol) -> bytes:
    """The round as GeoJSON (RFC 7946): a point for each place with its number, a line for each leg."""
    features = [_point(0, found.start, 0.0), *_features(found)]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _features(found: Patrol) -> Iterator[dict[str, object]]:
    for number, leg in enumerate(found.legs, start=1):
        if number < len(found.legs):
            yield _point(number, leg.stop, leg.so_far_m)
        if len(leg.line) > 1:
            shape = {"type": "LineString", "coordinates": leg.line}
            about = {"leg": number, "metres": round(leg.metres)}
            yield {"type": "Feature", "geometry": shape, "properties": about}


def _point(number: int, stop: Stop, so_far_m: float) -> dict[str, object]:
    about = {"number": number, "name": stop.name, "note": stop.note, "so_far_m": round(so_far_m)}
    shape = {"type": "Point", "coordinates": (stop.lon, stop.lat)}
    return {"type": "Feature", "geometry": shape, "properties": about}
