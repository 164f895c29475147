"""地点カルテ for twenty places equals what a plain GeoPandas script finds, which shares no code with it.

The script reads the sample town's GeoParquet files itself and uses gpd.sjoin, distances in the plane zone and
networkx; nothing below is imported from layers or gisapp but the flow that is being judged.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from gisapp.flows.enquire import Karte, Spot, enquire
from gisapp.person import Person, Role
from gisapp.settings import Settings
from gisapp.town import Town, open_town

PLANE = 6675
# The sample town's folders of hazard zones, by the hazard that a site is designated for.
ZONES = {
    "hazard_flood": ("flood_zone*", "flood_duration", "flood_collapse"),
    "hazard_landslide": ("landslide_zone*",),
    "hazard_inland_flood": ("inland_flood_zone*",),
    "hazard_storm_surge": ("storm_surge_zone*",),
    "hazard_tsunami": ("tsunami_zone*",),
}
# layer: metres within which the karte looks, and how many it tells
NEAREST = {
    "garbage_station": (3000, 3), "shelter": (5000, 3), "evacuation_site": (5000, 3), "aed": (2000, 2),
    "hydrant": (300, 3), "water_pipe": (50, 5), "sewer_pipe": (50, 5), "manhole": (50, 5),
    "cultural_property": (200, 5), "road_section": (30, 1), "public_facility": (1000, 3), "river": (300, 2),
    "welfare_shelter": (5000, 2), "recycling_point": (3000, 2), "park": (1000, 2), "public_toilet": (2000, 2),
    "street_light": (50, 3), "emergency_route": (500, 1), "underpass": (1000, 2),
    "vulnerable_facility": (300, 5), "disaster_radio_station": (2000, 1),
}  # fmt: skip
HOLDING = (
    "neighbourhood_association", "school_district", "zoning", "boundary", "parcel", "flood_zone",
    "flood_zone_planned", "flood_duration", "flood_collapse", "inland_flood_zone", "landslide_zone",
)  # fmt: skip
METRE = 0.01
CHIEF = Person("admin", "管理者", "総務課", frozenset({Role.ADMIN}))  # who may see every layer


@dataclass(frozen=True)
class Plain:
    """The sample town's files, asked the slow and obvious way."""

    folder: Path
    read: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)

    def layer(self, name: str) -> gpd.GeoDataFrame:
        if name not in self.read:
            self.read[name] = self.from_disk(name)
        return self.read[name].copy()

    def from_disk(self, name: str) -> gpd.GeoDataFrame:
        shelf = self.folder / "layers" / name
        number = json.loads((shelf / "current.json").read_text())["number"]
        return gpd.read_parquet(shelf / f"v{number:04d}.parquet").to_crs(4326)

    def plane(self, name: str) -> gpd.GeoDataFrame:
        if f"plane {name}" not in self.read:
            self.read[f"plane {name}"] = self.layer(name).to_crs(PLANE)
        return self.read[f"plane {name}"]

    def point(self, lon: float, lat: float) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=4326)

    def holding(self, name: str, lon: float, lat: float) -> set[str]:
        return set(gpd.sjoin(self.point(lon, lat), self.layer(name), predicate="intersects")["feature_id"])

    def distances(self, name: str, lon: float, lat: float) -> dict[str, float]:
        """Metres to each feature that is near enough, nearest first."""
        place = self.point(lon, lat).to_crs(PLANE).geometry.iloc[0]
        away = self.plane(name).set_index("feature_id").distance(place).sort_values()
        return {str(one): float(metres) for one, metres in away[away <= NEAREST[name][0]].items()}

    @cached_property
    def roads(self) -> gpd.GeoDataFrame:
        return self.plane("road_section")

    @cached_property
    def streets(self) -> nx.Graph:
        graph = nx.Graph()
        for line in self.roads.geometry:
            corners = [tuple(np.round(corner, 2)) for corner in line.coords]
            for a, b in itertools.pairwise(corners):
                graph.add_edge(a, b, weight=min(graph.get_edge_data(a, b, {"weight": 1e9})["weight"],
                                                float(np.hypot(a[0] - b[0], a[1] - b[1]))))  # fmt: skip
        return graph

    def step(self, lon: float, lat: float) -> tuple[list[tuple[Any, float]], float, Any] | None:
        """The two corners beside the nearest point of a road with the metres to them, and the metres to it."""
        place = self.point(lon, lat).to_crs(PLANE)
        near = gpd.sjoin_nearest(place, self.roads, max_distance=300, distance_col="away")
        if near.empty:
            return None
        line = self.roads.geometry[near["index_right"].iloc[0]]
        along = line.project(place.geometry.iloc[0])
        at = shapely.Point(line.interpolate(along))
        corners = list(line.coords)
        segments = list(itertools.pairwise(corners))
        a, b = min(segments, key=lambda pair: shapely.LineString(pair).distance(at))
        ends = [(tuple(np.round(end, 2)), shapely.Point(end).distance(at)) for end in (a, b)]
        return ends, float(near["away"].iloc[0]), (a, b)

    def walks(self, lon: float, lat: float, places: list[tuple[float, float]]) -> list[float | None]:
        start = self.step(lon, lat)
        if start is None:
            return [None] * len(places)
        ends, access, edge = start
        graph = self.streets.copy()
        for corner, metres in ends:
            graph.add_edge("here", corner, weight=metres)
        reached = nx.single_source_dijkstra_path_length(graph, "here", weight="weight")
        return [self._walk(self.step(*place), reached, ends, access, edge) for place in places]

    def _walk(self, foot: Any, reached: Any, ends: Any, access: float, edge: Any) -> float | None:
        if foot is None:
            return None
        metres = min(reached.get(corner, np.inf) + rest for corner, rest in foot[0])
        if foot[2] == edge:
            metres = min(metres, abs(foot[0][0][1] - ends[0][1]))
        return access + metres + foot[1] if metres <= 3000 else None

    def refuge(self, hazard: str, lon: float, lat: float) -> list[tuple[str, float, float | None]]:
        sites = self.layer("evacuation_site")
        sites["metres"] = sites.to_crs(PLANE).distance(self.point(lon, lat).to_crs(PLANE).geometry.iloc[0])
        sites["walk"] = self.walks(lon, lat, [(place.x, place.y) for place in sites.geometry])
        fit = sites[sites[hazard].fillna(False).astype(bool)]
        for shelf in (
            found for name in ZONES.get(hazard, ()) for found in self.folder.glob(f"layers/{name}")
        ):
            inside = gpd.sjoin(fit, self.layer(shelf.name)[["geometry"]], predicate="intersects")
            fit = fit[~fit["feature_id"].isin(inside["feature_id"])]
        fit = fit.assign(unknown=fit["walk"].isna(), key=fit["walk"].fillna(fit["metres"]))
        best = fit.sort_values(["unknown", "key"]).head(3)
        return [
            (row.feature_id, row.metres, None if np.isnan(row.walk) else row.walk)
            for row in best.astype({"walk": float}).itertuples()
        ]


@pytest.fixture(scope="module")
def town(sample_town: Path) -> Iterator[Town]:
    opened = open_town(Settings.from_env({"GISAPP_DATA": str(sample_town)}))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def plain(sample_town: Path) -> Plain:
    return Plain(sample_town)


@pytest.fixture(scope="module")
def places(plain: Plain) -> list[tuple[float, float]]:
    """One inside two hazards, one at the town's edge, one beyond it, one deep in the flood; the rest anywhere."""
    flood, slides = plain.layer("flood_zone"), plain.layer("landslide_zone")
    twice = shapely.intersection(flood.union_all(), slides.union_all()).representative_point()
    deepest = flood.sort_values("depth_rank").geometry.iloc[-1].representative_point()
    border = plain.layer("boundary").to_crs(PLANE).geometry.iloc[0]
    corner = border.exterior.interpolate(0.3, normalized=True)
    towards = shapely.shortest_line(corner, border.buffer(-5))
    edge, beyond = (
        gpd.GeoSeries([shapely.Point(*xy)], crs=PLANE).to_crs(4326).iloc[0]
        for xy in (towards.coords[-1], 2 * np.array(corner.coords[0]) - np.array(towards.coords[-1]) * 1)
    )
    rng = np.random.default_rng(20)
    anywhere = plain.layer("boundary").sample_points(16, rng=rng).explode().tolist()
    found = [(place.x, place.y) for place in (twice, deepest, edge, beyond, *anywhere)]
    assert len(found) == 20
    return found


@pytest.mark.parametrize("number", range(20))
def test_a_karte_equals_the_plain_script(
    number: int, places: list[tuple[float, float]], town: Town, plain: Plain
) -> None:
    lon, lat = places[number]

    karte = enquire(
        Spot(lon, lat), CHIEF, town.layers, town.reports, town.categories, town.profile, town.now()
    )

    for name in HOLDING:
        assert {one.feature_id for one in answer(karte, name).findings} == plain.holding(name, lon, lat), name
    for name, (_, limit) in NEAREST.items():
        away = plain.distances(name, lon, lat)
        findings = answer(karte, name).findings[:limit]  # a station of one's own 自治会 may follow
        # two pipes of one joint are equally near: either may be named, its distance may not differ
        assert [one.distance_m for one in findings] == pytest.approx(list(away.values())[:limit], abs=METRE)
        assert {one.feature_id: one.distance_m for one in findings} == pytest.approx(
            {one.feature_id: away[one.feature_id] for one in findings}, abs=METRE
        )
    for hazard in karte.hazards:
        expected_sites = plain.refuge(hazard.id, lon, lat)
        offered = hazard.refuge.offered
        assert [site.feature_id for site in offered] == [one for one, _, _ in expected_sites], hazard.title
        for site, (_, metres, walk) in zip(offered, expected_sites, strict=True):
            assert site.distance_m == pytest.approx(metres, abs=METRE)
            assert site.walking_m == (None if walk is None else pytest.approx(walk, abs=0.1))


def test_the_places_are_what_they_are_meant_to_be(
    places: list[tuple[float, float]], town: Town, plain: Plain
) -> None:
    twice, _deepest, edge, beyond = (
        enquire(Spot(*one), CHIEF, town.layers, town.reports, town.categories, town.profile, town.now())
        for one in places[:4]
    )
    found = {hazard.id for hazard in twice.hazards if hazard.known == "found"}
    assert {"hazard_flood", "hazard_landslide"} <= found
    assert edge.inside
    assert edge.edge_m == pytest.approx(5, abs=0.1)
    assert beyond.inside is False
    assert sum(site.walking_m is not None for hazard in edge.hazards for site in hazard.refuge.offered) > 3
    assert all(hazard.known != "none" for hazard in beyond.hazards)


def answer(karte: Karte, layer: str) -> Any:
    return next(one for section in karte.sections for one in section.answers if one.source.layer_id == layer)
