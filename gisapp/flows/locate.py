"""Says of a place whether it is in town, which 自治会 it belongs to and who manages the road, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import shapely
from shapely.geometry.base import BaseGeometry

from gisapp.profile import TownProfile
from layers.box import Box
from layers.codes import city_part, is_prefecture
from layers.crs import easting_northing, to_plane
from layers.errors import LayersError
from layers.spatial import containing, nearest
from layers.validate import TownArea
from layers.versions import LayerShelf, LayerVersion
from reports_store import Finding
from reports_store.plaintext import LINE_LIMIT

ROAD_WITHIN_M = 30.0
# A photo of the far side of a boundary river or road is taken from over there; farther is another town's.
MARGIN_M = 500.0


@dataclass(frozen=True, slots=True)
class Located:
    """What the layers say of a place. inside is None where the town's boundary is not known."""

    inside: bool | None
    near: bool
    area: Finding
    road: Finding


def locate(lon: float, lat: float, layers: LayerShelf, profile: TownProfile) -> Located:
    """Ask the layers about one place (degrees, WGS84).

    A finding without a name is unknown, and its why says whether nothing was there or nothing could be read;
    neither stops a report.
    """
    boundary = boundary_of(profile, layers)
    inside = None if boundary is None else bool(shapely.contains_xy(boundary, lon, lat))
    near = inside or _near(lon, lat, boundary, profile)
    return Located(inside=inside, near=near, area=_area(lon, lat, layers), road=_road(lon, lat, layers))


def town_area(profile: TownProfile, layers: LayerShelf) -> TownArea:
    """The town as the layers' checks want it."""
    return TownArea(profile.code, profile.zone, Box(*profile.bounds), boundary_of(profile, layers))


def boundary_of(profile: TownProfile, layers: LayerShelf) -> BaseGeometry | None:
    """The town's own outline from the boundary layer, which may hold its neighbours too; None if unknown."""
    try:
        version = layers.current("boundary")
    except LayersError:
        return None
    return _outline(version, profile.code)


@lru_cache(maxsize=4)
def _outline(version: LayerVersion, code: str) -> BaseGeometry | None:
    frame = version.frame
    codes = frame["code"].astype(str).str[:5]
    wanted = city_part(code)
    ours = codes.str[:2] == wanted[:2] if is_prefecture(code) else codes == wanted
    if not ours.any():
        return None
    found = frame.geometry[ours].union_all()
    shapely.prepare(found)
    return found


def _near(lon: float, lat: float, boundary: BaseGeometry | None, profile: TownProfile) -> bool:
    if boundary is None:
        west, south, east, north = profile.bounds
        return west <= lon <= east and south <= lat <= north
    place = shapely.Point(easting_northing(lon, lat, profile.zone))
    return bool(shapely.dwithin(to_plane(boundary, profile.zone), place, MARGIN_M))


def _area(lon: float, lat: float, layers: LayerShelf) -> Finding:
    layer = "neighbourhood_association"
    try:
        found = containing(layers.current(layer), lon, lat)
    except LayersError:
        return Finding(name="", source_layer=layer, feature_id="", why="layer_unavailable")
    if not found:
        return Finding(name="", source_layer=layer, feature_id="", why="in_none")
    first = found[0]
    return Finding(_text(first.row.get("name")), layer, _text(first.id), "contains")


def _road(lon: float, lat: float, layers: LayerShelf) -> Finding:
    layer = "road_section"
    try:
        hits = nearest(layers.current(layer), lon, lat, within_m=ROAD_WITHIN_M, limit=1)
    except LayersError:
        return Finding(name="", source_layer=layer, feature_id="", why="layer_unavailable")
    if not hits:
        return Finding(name="", source_layer=layer, feature_id="", why="none_near")
    road = hits[0].feature
    sort, body = road.row.get("manager"), road.row.get("manager_body")
    name = f"{sort}（{body}）" if sort and body else sort or body
    return Finding(_text(name), layer, _text(road.id), f"nearest:{hits[0].distance_m:.0f}")


def _text(value: object) -> str:
    # A file may hold a name longer than a report keeps; a long name must not stop a report.
    return "" if value is None else str(value)[:LINE_LIMIT]
