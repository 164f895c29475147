"""Where to flee from each hazard: the sites designated for it, and whether they lie in its zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.flows.enquire.asking import Seen, Standpoint
from gisapp.flows.enquire.karte import Known, Refuge, Site, Source
from gisapp.flows.enquire.questions import ZONES
from layers.crs import easting_northing
from layers.kinds import HAZARDS
from layers.spatial import Feature, feature_at
from layers.versions import LayerVersion
from layers.walking import Foot, RoadGraph

OFFERED = 3
NEVER = "never_imported"


@dataclass(frozen=True, eq=False)
class SiteTable:
    """All sites of some layers: where each stands (degrees, and metres of the plane zone), where it steps on
    the roads, and for each hazard whether it lies in a zone of it. layer_of counts the layers.
    """

    features: tuple[Feature, ...]
    layer_of: tuple[int, ...]
    places: NDArray[np.float64]
    plane: NDArray[np.float64]
    feet: tuple[Foot | None, ...]
    in_zone: dict[str, tuple[bool, ...]]


@dataclass(frozen=True, slots=True)
class _Choice:
    """The sites as seen from one place: who speaks for each layer, the way to each site, nearest first."""

    table: SiteTable
    sources: Sequence[Source]
    straight_m: list[float]
    walking_m: list[float | None]

    def order(self) -> list[int]:
        return sorted(range(len(self.straight_m)), key=self.nearness)

    def nearness(self, row: int) -> tuple[bool, float]:
        """By the way on foot; sites that the roads do not lead to come after, by their distance."""
        walking_m = self.walking_m[row]
        return walking_m is None, self.straight_m[row] if walking_m is None else walking_m

    def site(self, row: int, outside: bool | None) -> Site:
        feature, (lon, lat) = self.table.features[row], self.table.places[row].tolist()
        return Site(
            feature.id, feature.title, str(feature.row.get("address") or ""), lon, lat, self.straight_m[row],
            self.walking_m[row], outside, self.sources[self.table.layer_of[row]],
        )  # fmt: skip


@lru_cache(maxsize=4)
def road_graph(roads: tuple[LayerVersion, ...]) -> RoadGraph | None:
    """The roads of some versions, noded; kept while these are the current ones."""
    return RoadGraph.build(roads, roads[0].zone) if roads else None


@lru_cache(maxsize=4)
def site_table(
    sites: tuple[LayerVersion, ...], zones: tuple[LayerVersion, ...], roads: tuple[LayerVersion, ...]
) -> SiteTable:
    """The sites of some versions against zones and roads; kept while these are the current ones."""
    graph = road_graph(roads)
    found = [
        (at, feature_at(version, row)) for at, version in enumerate(sites) for row in range(version.rows)
    ]
    places = [(p.x, p.y) for p in (shapely.point_on_surface(feature.geometry) for _, feature in found)]
    return SiteTable(
        features=tuple(feature for _, feature in found),
        layer_of=tuple(at for at, _ in found),
        places=np.array(places).reshape(-1, 2),
        plane=np.array([easting_northing(*place, sites[0].zone) for place in places]).reshape(-1, 2),
        feet=tuple(graph.foot(*place) if graph else None for place in places),
        in_zone={
            hazard: tuple(_in_any(zones, kinds, *place) for place in places)
            for hazard, kinds in ZONES.items()
        },
    )


def _in_any(zones: Sequence[LayerVersion], kinds: tuple[str, ...], lon: float, lat: float) -> bool:
    return any(len(zone.index.holding(lon, lat)) for zone in zones if zone.kind.id in kinds)


def refuges(seen: Sequence[Seen], at: Standpoint) -> dict[str, Refuge]:
    """For each of the eight hazards, where to flee from a place."""
    layers = [one for one in seen if one.entry.kind == "evacuation_site"]
    read = [one for one in layers if one.version is not None]
    if not read:
        reason = next((one.reason for one in layers if one.reason != NEVER), NEVER)
        return dict.fromkeys(HAZARDS, Refuge(Known.UNKNOWN, (), (), (), reason))
    table = site_table(_versions(read), _zones(seen), _roads(seen))
    straight = np.hypot(*(table.plane - easting_northing(at.spot.lon, at.spot.lat, at.zone)).T)
    on_foot = [at.reach.metres_to(foot) if at.reach else None for foot in table.feet]
    choice = _Choice(table, [one.source for one in read], straight.tolist(), on_foot)
    order = choice.order()
    broken = next((one.reason for one in layers if one.version is None and one.reason != NEVER), "")
    return {
        hazard: _refuge(hazard, choice, order, zones_known=_zones_known(hazard, seen), broken=broken)
        for hazard in HAZARDS
    }


def on_foot_from(seen: Sequence[Seen]) -> RoadGraph | None:
    """The roads a person may see; None where there is no road layer that can be read."""
    return road_graph(_roads(seen))


def _versions(seen: Sequence[Seen]) -> tuple[LayerVersion, ...]:
    return tuple(one.version for one in seen if one.version is not None)


def _roads(seen: Sequence[Seen]) -> tuple[LayerVersion, ...]:
    return _versions([one for one in seen if one.entry.kind == "road_section"])


def _zones(seen: Sequence[Seen]) -> tuple[LayerVersion, ...]:
    kinds = {kind for kinds in ZONES.values() for kind in kinds}
    return _versions([one for one in seen if one.entry.kind in kinds])


def _zones_known(hazard: str, seen: Sequence[Seen]) -> bool:
    """Whether a site that is in no zone may be called outside: every zone layer there is was read."""
    layers = [one for one in seen if one.entry.kind in ZONES[hazard] and one.reason != NEVER]
    return bool(layers) and all(one.version is not None for one in layers)


def _refuge(hazard: str, choice: _Choice, order: Sequence[int], *, zones_known: bool, broken: str) -> Refuge:
    """Designated and outside: offered. Designated in a zone, or of unknown designation: told, not offered."""
    table, offered, in_zone, undesignated = choice.table, [], [], []
    for row in order:
        designated, inside = table.features[row].row.get(hazard), table.in_zone[hazard][row]
        if designated is None:
            undesignated.append(choice.site(row, _outside(inside, zones_known)))
        elif designated and inside:
            in_zone.append(choice.site(row, outside=False))
        elif designated:
            offered.append(choice.site(row, _outside(inside, zones_known)))
        if len(offered) == OFFERED:
            break  # sites that are farther than these need no excuse
    known = Known.FOUND if offered else Known.UNKNOWN if undesignated or broken else Known.NONE
    return Refuge(known, tuple(offered), tuple(in_zone[:OFFERED]), tuple(undesignated[:OFFERED]), broken)


def _outside(inside: bool, zones_known: bool) -> bool | None:
    return False if inside else (True if zones_known else None)
