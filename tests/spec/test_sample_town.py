"""The made-up town is a town: its parts fit together the way a real town's do."""

from __future__ import annotations

from datetime import date
from functools import cache

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gisapp.sample import Sample, build
from layers.catalogue import Catalogue
from layers.kinds import KINDS

ZONE = 6675
COUNTS = {
    "boundary": 1,
    "neighbourhood_association": 12,
    "garbage_station": 60,
    "evacuation_site": 14,
    "shelter": 9,
    "hydrant": 45,
    "aed": 12,
    "cultural_property": 8,
    "disaster_radio_station": 26,
    "street_light": 280,
}
FLOOD_LAYERS = {"flood_zone", "flood_zone_planned", "flood_duration", "flood_collapse"}
NOT_HERE = {"storm_surge_zone", "tsunami_zone", "aerial_image", "general"}  # no sea, no flight


@cache
def town(seed: int = 8) -> Sample:
    return build(seed)


def layer(name: str, seed: int = 8) -> gpd.GeoDataFrame:
    return next(each.frame for each in town(seed).layers if each.id == name)


def metres(name: str, seed: int = 8) -> gpd.GeoDataFrame:
    return layer(name, seed).to_crs(ZONE)


def whole(name: str, seed: int = 8) -> shapely.Geometry:
    return metres(name, seed).union_all()


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_the_town_has_thirty_square_kilometres_and_its_exact_counts(seed: int) -> None:
    area_km2 = whole("boundary", seed).area / 1e6

    assert 29 <= area_km2 <= 31
    assert {name: len(layer(name, seed)) for name in COUNTS} == COUNTS
    assert len(town(seed).reports) == 300


def test_every_kind_is_there_with_its_columns_its_geometry_and_unique_feature_ids() -> None:
    for each in town().layers:
        kind, frame = KINDS[each.kind], each.frame

        assert each.id == each.kind or (each.id in FLOOD_LAYERS and each.kind == "flood_zone")
        assert frame.crs == 4326
        assert {column.name for column in kind.columns} <= set(frame.columns)
        assert set(frame.geom_type) <= kind.geometry, each.id
        assert frame.feature_id.is_unique and frame.feature_id.map(type).eq(str).all()
        assert frame.is_valid.all() and not frame.is_empty.any(), each.id
        assert each.as_of <= date(2026, 11, 20)
    assert {each.kind for each in town().layers} == set(KINDS) - NOT_HERE
    assert {each.id for each in town().layers} <= set(Catalogue.load().entries)


def test_every_feature_has_a_legend_a_title_and_what_its_kind_needs() -> None:
    for each in town().layers:
        kind = KINDS[each.kind]
        for row in each.frame.drop(columns="geometry").to_dict("records"):
            known = {name: None if value != value else value for name, value in row.items()}

            assert kind.style(kind.style_of(known)).text_ja
            assert kind.title_of(known)
            assert all(known[column.name] is not None for column in kind.columns if column.required)
            assert not kind.at_least_one or any(known[name] is not None for name in kind.at_least_one)


def test_everything_lies_inside_the_town_in_gifu() -> None:
    fence = whole("boundary").buffer(3)
    west, south, east, north = town().profile["bounds"]

    assert 136.2 < west < east < 137.7 and 35.1 < south < north < 36.5
    for each in town().layers:
        assert each.frame.to_crs(ZONE).within(fence).all(), each.id


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_the_twelve_associations_cover_the_town_without_gap_or_overlap(seed: int) -> None:
    areas, border = metres("neighbourhood_association", seed), whole("boundary", seed)

    assert areas.name.is_unique
    assert (areas.geom_type == "Polygon").all()
    assert areas.union_all().symmetric_difference(border).area < 50
    assert abs(areas.area.sum() - areas.union_all().area) < 50


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_one_can_drive_from_every_road_to_every_other(seed: int) -> None:
    lines = layer("road_section", seed).geometry
    ends = shapely.get_coordinates(shapely.boundary(lines.values)).reshape(-1, 2, 2)
    joined: dict[tuple[float, float], set[tuple[float, float]]] = {}
    for a, b in ends.tolist():
        joined.setdefault(tuple(a), set()).add(tuple(b))
        joined.setdefault(tuple(b), set()).add(tuple(a))
    start = next(iter(joined))
    seen, todo = {start}, [start]
    while todo:
        new = joined[todo.pop()] - seen
        seen |= new
        todo += new

    assert seen == set(joined)


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_roads_meet_only_at_the_ends_of_their_sections(seed: int) -> None:
    lines = layer("road_section", seed).geometry.values

    crossing = shapely.STRtree(lines).query(lines, predicate="crosses")

    assert crossing.size == 0


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_every_public_building_stands_near_the_houses_of_its_own_area(seed: int) -> None:
    halls = metres("public_facility", seed)
    halls = halls[halls.name.str.contains("公民館|集会所")]
    around = gpd.sjoin(halls, metres("neighbourhood_association", seed)[["name", "geometry"]], rsuffix="area")
    stations = whole("garbage_station", seed)

    assert len(around) == len(halls)
    assert [
        name.startswith(area) for name, area in zip(around.name_left, around.name_area, strict=True)
    ].count(False) == 0
    assert halls.distance(stations).max() < 400


def test_the_town_has_all_four_managers_of_roads_and_bridges_over_the_river() -> None:
    roads, river = metres("road_section"), metres("river").geometry.iloc[0]

    bridges = roads[roads.crosses(river)]

    assert set(roads.manager) == {"国道", "県道", "町道", "私道"}
    assert roads[roads.manager == "国道"].name.nunique() == 1
    assert roads[roads.manager == "県道"].name.nunique() == 2
    assert {"国道", "県道", "町道"} <= set(bridges.manager)


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_flood_bands_have_all_six_ranks_and_do_not_overlap(seed: int) -> None:
    zones = metres("flood_zone", seed)

    assert set(zones.depth_rank) == {1, 2, 3, 4, 5, 6}
    assert zones.area.sum() - zones.union_all().area < 100
    assert shapely.distance(whole("river", seed), zones.union_all()) == 0


def test_deeper_water_lies_nearer_to_the_river_than_shallower() -> None:
    zones = metres("flood_zone")
    zones = zones[zones.river_name == "見本川"]
    bed = metres("river").geometry.iloc[0]

    covered = {
        rank: bed.intersection(part.union_all()).area / part.area.sum()
        for rank, part in zones.groupby("depth_rank")
    }

    assert covered[1] < 0.02 < covered[3]


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_red_slope_zones_lie_inside_yellow_ones_and_all_three_phenomena_occur(seed: int) -> None:
    zones = metres("landslide_zone", seed)
    red, yellow = (zones[zones.zone == name] for name in ("特別警戒区域", "警戒区域"))

    assert len(red) > 10 and len(yellow) > len(red)
    assert red.union_all().difference(yellow.union_all().buffer(0.1)).area == 0
    assert set(zones.phenomenon) == {"急傾斜地の崩壊", "土石流", "地滑り"}


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_every_garbage_station_stands_on_a_road_in_the_area_of_the_association_that_keeps_it(
    seed: int,
) -> None:
    stations, areas = metres("garbage_station", seed), metres("neighbourhood_association", seed)

    around = gpd.sjoin(stations, areas[["name", "geometry"]], predicate="within", rsuffix="area")

    assert shapely.distance(stations.geometry.values, whole("road_section", seed)).max() <= 3
    assert len(around) == 60
    assert (around.association == around.name_area).all()
    assert (stations[["burnable", "non_burnable", "recyclable"]] != "").all(axis=None)


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_no_site_is_designated_for_a_hazard_whose_zone_it_lies_in(seed: int) -> None:
    sites, flood, slope = (metres(name, seed) for name in ("evacuation_site", "flood_zone", "landslide_zone"))
    wet, sliding = sites.intersects(flood.union_all()), sites.intersects(slope.union_all())

    assert (sites.hazard_flood == ~wet).all()
    assert (sites.hazard_landslide == ~sliding).all()
    assert wet.any() and not wet.all()
    assert not sites.hazard_tsunami.any() and not sites.hazard_storm_surge.any()


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_some_people_live_inside_two_hazards_at_once(seed: int) -> None:
    flood, slope, inland = (
        whole(name, seed) for name in ("flood_zone", "landslide_zone", "inland_flood_zone")
    )
    parcels = metres("parcel", seed)

    assert parcels.within(flood.intersection(slope)).any()
    assert parcels.within(flood.intersection(inland)).any()
    assert (~parcels.intersects(shapely.union_all([flood, slope, inland]))).any()


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_the_planned_flood_lies_inside_the_largest_and_water_stays_where_it_stood(seed: int) -> None:
    largest, planned, staying = (
        whole(name, seed) for name in ("flood_zone", "flood_zone_planned", "flood_duration")
    )
    collapse = metres("flood_collapse", seed)

    assert 0 < planned.area < largest.area
    assert planned.difference(largest.buffer(20)).area < 0.01 * planned.area
    assert staying.symmetric_difference(largest).area < 0.01 * largest.area
    assert set(collapse.collapse) == {"氾濫流", "河岸侵食", "どちらも"}
    assert set(layer("flood_zone_planned", seed).scenario) == {"計画規模"}


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_no_site_is_meant_for_an_inland_flood_it_stands_in(seed: int) -> None:
    sites, pools = metres("evacuation_site", seed), whole("inland_flood_zone", seed)

    assert not sites.hazard_inland_flood[sites.intersects(pools)].any()
    assert sites.hazard_inland_flood.any()


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_parcels_do_not_overlap_and_their_numbers_are_used_once(seed: int) -> None:
    parcels = metres("parcel", seed)
    streets = metres("road_section", seed)

    assert 1400 <= len(parcels) <= 1500
    assert not parcels.duplicated(["oaza", "chiban"]).any()
    assert (
        parcels.area.sum() - parcels.union_all().area < 1e-4 * parcels.area.sum()
    )  # rounded to the centimetre
    assert shapely.union_all(streets.geometry.buffer(1).values).intersection(parcels.union_all()).area < 50
    assert (abs(parcels.area_m2 - parcels.area) < 1).all()


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_what_belongs_to_the_streets_and_grounds_stands_there(seed: int) -> None:
    roads = whole("road_section", seed)
    parks, toilets = metres("park", seed), metres("public_toilet", seed)

    assert metres("sewer_pipe", seed).within(roads.buffer(5)).all()
    assert shapely.distance(metres("manhole", seed).geometry.values, whole("sewer_pipe", seed)).max() < 0.1
    assert shapely.distance(metres("street_light", seed).geometry.values, roads).max() < 4
    assert metres("emergency_route", seed).within(roads.buffer(0.1)).all()
    assert not parks.intersects(whole("river", seed)).any()
    assert len(toilets) >= 5
    assert 1 <= len(metres("underpass", seed)) <= 3


def test_school_districts_cover_the_town_once_for_each_sort_of_school() -> None:
    districts, border = metres("school_district"), whole("boundary")

    for _, schools in districts.groupby("level"):
        assert schools.area.sum() == pytest.approx(border.area, rel=1e-4)
        assert schools.union_all().symmetric_difference(border).area < 100


def test_a_shelter_at_an_evacuation_site_shares_the_first_eleven_characters_of_its_number() -> None:
    sites, shelters = layer("evacuation_site"), layer("shelter")
    site_names = dict(zip(sites.common_id.str[:11], sites.name, strict=True))
    both = shelters[shelters.also_evacuation_site]

    assert [site_names[number[:11]] for number in both.common_id] == list(both.name)
    assert set(sites[sites.also_shelter].name) == set(both.name)
    assert 0 < len(both) < len(shelters)
    assert not set(shelters.common_id) & set(sites.common_id)


def test_water_pipes_follow_streets_and_old_materials_are_in_old_pipes_only() -> None:
    pipes, roads = metres("water_pipe"), whole("road_section")

    assert pipes.within(roads.buffer(4)).all()
    assert pipes.installed_year.between(1965, 2024).all()
    assert pipes[pipes.material == "石綿セメント管"].installed_year.max() <= 1978


def test_zones_of_land_use_do_not_overlap() -> None:
    zones = metres("zoning")

    assert zones.area.sum() - zones.union_all().area < 50
    assert {"第一種低層住居専用地域", "商業地域", "工業地域"} <= set(zones.zone_name)


def test_the_same_seed_gives_the_same_town_and_another_seed_another() -> None:
    again, other = build(8), build(9)

    for one, two in zip(town().layers, again.layers, strict=True):
        assert one.frame.to_json() == two.frame.to_json(), one.id
    assert town().profile == again.profile and town().reports == again.reports
    assert town().reports != other.reports
    assert not np.array_equal(layer("boundary").total_bounds, other.layers[0].frame.total_bounds)


def test_the_town_cannot_be_taken_for_a_real_one() -> None:
    profile = town().profile

    assert profile["sample"] is True and profile["code"] == "219991"
    assert all(number.startswith("0000-00-") for number in profile["emergency_phone"].values())
    assert all(
        each.frame.phone.dropna().str.startswith("0000-00-").all()
        for each in town().layers
        if "phone" in each.frame
    )
    assert all("架空" in each.attribution for each in town().layers)
