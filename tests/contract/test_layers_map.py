"""What the map asks of a layer: what is here, what is near, what fills this window, where is that name."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from layers import readers
from layers.box import Box
from layers.catalogue import Catalogue
from layers.clusters import world_px
from layers.crs import to_lonlat, to_plane
from layers.kinds import KINDS
from layers.search import NameIndex
from layers.spatial import containing, nearest
from layers.versions import LayerShelf, LayerVersion
from layers.viewport import view

TOWN = Box(136.3, 35.2, 136.7, 35.5)
HERE = (136.46, 35.36)


def kept(folder: Path, layer: str, frame: gpd.GeoDataFrame) -> LayerVersion:
    shelf = LayerShelf(folder, Catalogue.load(), 6675)
    at = datetime(2026, 4, 1, tzinfo=UTC)
    return shelf.add(layer, frame, reader="-", source_name="-", source_sha256="-", by="-", at=at, as_of=None)


def real(folder: Path, layer: str, file: Path) -> LayerVersion:
    return kept(folder, layer, readers.read(file, KINDS[layer]).frame)


def frame_of(shapes: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)


def features(version: LayerVersion, box: Box, zoom: int, limit: int = 2000) -> list[dict[str, Any]]:
    return json.loads(view(version, box, zoom, limit))["features"]  # type: ignore[no-any-return]


def metres_east(metres: float) -> shapely.Point:
    easting, northing = to_plane(shapely.Point(HERE), 6675).coords[0]
    return to_lonlat(shapely.Point(easting + metres, northing), 6675)


def test_a_place_is_in_the_zones_that_hold_it_and_on_their_edge(tmp_path: Path) -> None:
    zones = kept(
        tmp_path, "landslide_zone",
        frame_of([shapely.box(136.4, 35.3, 136.5, 35.4), shapely.box(136.45, 35.35, 136.6, 35.5)],
                 feature_id=["a", "b"], zone=["警戒区域", "特別警戒区域"]),
    )  # fmt: skip

    assert [zone.id for zone in containing(zones, 136.46, 35.36)] == ["a", "b"]
    assert [zone.id for zone in containing(zones, 136.41, 35.31)] == ["a"]
    assert [zone.id for zone in containing(zones, 136.4, 35.35)] == ["a"]
    assert containing(zones, 137.0, 36.0) == []
    assert containing(zones, 136.55, 35.45)[0].title == "土砂災害：特別警戒区域"


def test_the_town_hall_of_sekigahara_is_in_sekigahara_only(tmp_path: Path, shared_data: Path) -> None:
    boundaries = real(tmp_path, "boundary", shared_data / "admin/N03-20260101_21.geojson")

    assert [town.row["name"] for town in containing(boundaries, 136.467, 35.3655)] == ["関ケ原町"]


def test_every_answer_for_a_place_agrees_with_geopandas(tmp_path: Path, shared_data: Path) -> None:
    zones = real(tmp_path, "landslide_zone", shared_data / "hazard/hida_dosha_keikai.geojson")
    rng = np.random.default_rng(7)
    west, south, east, north = zones.frame.total_bounds
    points = shapely.points(rng.uniform(west, east, 300), rng.uniform(south, north, 300))
    points = np.concatenate([points, shapely.point_on_surface(np.asarray(zones.frame.geometry))[:300]])
    joined = gpd.sjoin(gpd.GeoDataFrame(geometry=points, crs=4326), zones.frame, predicate="intersects")
    expected = {at: set(group["feature_id"]) for at, group in joined.groupby(level=0)}

    found = {at: {zone.id for zone in containing(zones, point.x, point.y)} for at, point in enumerate(points)}

    assert {at: ids for at, ids in found.items() if ids} == expected
    assert len(expected) >= 300


def test_the_nearest_come_first_with_metres_on_the_ground(tmp_path: Path) -> None:
    wells = kept(
        tmp_path, "public_facility",
        frame_of([metres_east(300), metres_east(120), metres_east(-40), metres_east(501)],
                 feature_id=["c", "b", "a", "too far"]),
    )  # fmt: skip

    hits = nearest(wells, *HERE, within_m=500)

    assert [hit.feature.id for hit in hits] == ["a", "b", "c"]
    assert [round(hit.distance_m, 3) for hit in hits] == [40.0, 120.0, 300.0]
    assert [hit.feature.id for hit in nearest(wells, *HERE, within_m=500, limit=1)] == ["a"]
    assert nearest(wells, *HERE, within_m=10) == []


def test_a_point_in_the_window_carries_what_the_map_shows_and_no_more(
    tmp_path: Path, shared_data: Path
) -> None:
    sites = real(
        tmp_path, "evacuation_site", shared_data / "shelters/gsi_emergency_213624_sekigahara.geojson"
    )

    shown = features(sites, TOWN, 16)

    first = shown[0]
    assert len(shown) == 24
    assert set(first["properties"]) == {"id", "style", "title", "label", "rows"}
    assert first["geometry"] == {"type": "Point", "coordinates": [136.458918, 35.369317]}
    assert first["properties"]["rows"][:2] == [
        ["対応する災害", "洪水、崖崩れ、土石流及び地滑り、地震、大規模な火事"],
        ["指定のない災害", "高潮、津波、内水氾濫、火山現象"],
    ]


@pytest.mark.parametrize("zoom", range(0, 15))
def test_no_two_signs_are_closer_than_48_px_and_no_station_is_lost(
    tmp_path: Path, shared_data: Path, zoom: int
) -> None:
    stations = real(tmp_path, "garbage_station", shared_data / "garbage/234427_garbage_station.csv")

    shown = features(stations, Box(136.8, 34.8, 137.1, 35.1), zoom)

    assert sum(one["properties"].get("cluster", 1) for one in shown) == 381
    pixels = world_px(np.array([one["geometry"]["coordinates"] for one in shown]), zoom)
    apart = np.hypot(*(pixels[:, None] - pixels[None]).transpose(2, 0, 1)) + np.eye(len(pixels)) * 1e9
    assert apart.min() > 47.9
    assert all(set(one["properties"]) == {"cluster"} for one in shown if "cluster" in one["properties"])


def test_panning_does_not_move_or_recount_a_cluster(tmp_path: Path, shared_data: Path) -> None:
    stations = real(tmp_path, "garbage_station", shared_data / "garbage/234427_garbage_station.csv")
    whole, part = Box(136.8, 34.8, 137.1, 35.1), Box(136.95, 34.97, 137.0, 35.0)

    everywhere = [json.dumps(one) for one in features(stations, whole, 13)]

    assert {json.dumps(one) for one in features(stations, part, 13)} < set(everywhere)


def test_points_on_the_same_spot_are_told_apart_when_near(tmp_path: Path) -> None:
    twins = kept(tmp_path, "aed", frame_of([shapely.Point(HERE)] * 3, feature_id=["a", "b", "c"]))

    assert [one["properties"] for one in features(twins, TOWN, 14)] == [{"cluster": 3}]
    assert [one["properties"]["id"] for one in features(twins, TOWN, 15)] == ["a", "b", "c"]


def test_more_than_the_limit_is_cut_and_said(tmp_path: Path) -> None:
    points = [shapely.Point(136.4 + n / 1000, 35.36) for n in range(30)]
    many = kept(tmp_path, "aed", frame_of(points, feature_id=[f"{n}" for n in range(30)]))

    cut = json.loads(view(many, TOWN, 16, limit=10))
    whole = json.loads(view(many, TOWN, 16, limit=30))

    assert (len(cut["features"]), cut["truncated"]) == (10, True)
    assert (len(whole["features"]), "truncated" in whole) == (30, False)


def test_when_not_all_zones_fit_the_largest_are_kept(tmp_path: Path) -> None:
    sizes = [0.001, 0.02, 0.003]
    boxes = [shapely.box(136.4, 35.3, 136.4 + size, 35.3 + size) for size in sizes]
    zones = kept(
        tmp_path, "landslide_zone", frame_of(boxes, feature_id=["s", "l", "m"], zone=["警戒区域"] * 3)
    )

    assert {one["properties"]["id"] for one in features(zones, TOWN, 15, limit=2)} == {"l", "m"}


@pytest.mark.parametrize("zoom", [8, 10, 12, 14, 16, 18])
def test_a_simplified_zone_stays_within_a_pixel_of_the_real_one_and_none_vanishes(
    tmp_path: Path, shared_data: Path, zoom: int
) -> None:
    zones = real(tmp_path, "landslide_zone", shared_data / "hazard/hida_dosha_keikai.geojson")
    west, south, east, north = zones.frame.total_bounds
    pixel_m = 156_543.034 * math.cos(math.radians((south + north) / 2)) / 2**zoom

    shown = features(zones, Box(west, south, east, north), zoom)

    drawn = [shapely.geometry.shape(one["geometry"]) for one in shown]
    assert len(drawn) == 951
    assert not any(shape.is_empty for shape in drawn)
    away = shapely.hausdorff_distance(to_plane(np.array(drawn), 6675), zones.index.plane)
    assert away.max() < pixel_m + 1.2  # and what rounding to five digits adds
    digits = 5 if zoom <= 12 else 6
    coordinates = shapely.get_coordinates(drawn)
    assert np.abs(coordinates - np.round(coordinates, digits)).max() == 0.0


def test_a_farther_zoom_needs_fewer_corners(tmp_path: Path, shared_data: Path) -> None:
    boundaries = real(tmp_path, "boundary", shared_data / "admin/N03-20260101_21.geojson")
    gifu = Box(136.2, 35.1, 137.7, 36.5)

    sizes = [len(view(boundaries, gifu, zoom)) for zoom in (8, 10, 12, 14, 16)]

    assert sizes == sorted(sizes)
    assert sizes[0] * 10 < sizes[-1]


def test_areas_are_wound_as_the_rfc_wants(tmp_path: Path) -> None:
    clockwise = shapely.Polygon([(136.4, 35.3), (136.4, 35.4), (136.5, 35.4), (136.5, 35.3)])
    zones = kept(tmp_path, "landslide_zone", frame_of([clockwise], zone=["警戒区域"]))

    ring = shapely.geometry.shape(features(zones, TOWN, 12)[0]["geometry"]).exterior

    assert ring.is_ccw


@pytest.mark.parametrize(
    ("box", "zoom", "limit"),
    [
        ((math.nan,) * 4, 12, 100),
        ((math.inf, -math.inf, -math.inf, math.inf), 12, 100),
        ((500, 95, -500, -95), 99, 100),
        ((136.6, 35.5, 136.3, 35.2), -3, 100),
        ((136.46, 35.36, 136.46, 35.36), 15, 0),
        ((136.3, 35.2, 136.7, 35.5), 10**6, -5),
    ],
)
def test_no_window_however_odd_breaks_the_map(
    tmp_path: Path, box: tuple[float, float, float, float], zoom: int, limit: int
) -> None:
    aeds = kept(tmp_path, "aed", frame_of([shapely.Point(HERE), shapely.Point(136.47, 35.37)]))
    zones = kept(
        tmp_path, "landslide_zone", frame_of([shapely.box(136.4, 35.3, 136.5, 35.4)], zone=["警戒区域"])
    )

    for version in (aeds, zones):
        answer = json.loads(view(version, Box(*box), zoom, limit))
        assert answer["type"] == "FeatureCollection"
        assert len(answer["features"]) <= max(limit, 0)


def test_an_empty_window_is_an_empty_collection(tmp_path: Path) -> None:
    aeds = kept(tmp_path, "aed", frame_of([shapely.Point(HERE)]))

    assert json.loads(view(aeds, Box(130, 30, 131, 31), 12)) == {"type": "FeatureCollection", "features": []}


def test_harmful_text_is_carried_to_the_map_as_text(tmp_path: Path) -> None:
    names = ["{{ 7*191 }}", "<img src=x onerror=alert(1)>", "</script>", '"},{"a":"']
    aeds = kept(
        tmp_path, "aed", frame_of([shapely.Point(136.4 + n / 100, 35.36) for n in range(4)], name=names)
    )

    assert [one["properties"]["title"] for one in features(aeds, TOWN, 16)] == names


def test_rivers_may_be_lines_and_areas_in_one_layer(tmp_path: Path) -> None:
    line, area = shapely.LineString([(136.4, 35.3), (136.5, 35.4)]), shapely.box(136.5, 35.4, 136.51, 35.41)
    rivers = kept(tmp_path, "river", frame_of([line, area], name=["今須川", "藤古川"]))

    assert [one["geometry"]["type"] for one in features(rivers, TOWN, 12)] == ["LineString", "Polygon"]


@pytest.mark.parametrize("typed", ["関ヶ原小学校", "関が原小", "関ｹ原　小学校"])
def test_a_school_is_found_however_its_town_is_written(tmp_path: Path, shared_data: Path, typed: str) -> None:
    shelters = real(tmp_path, "shelter", shared_data / "shelters/gsi_csv_21362_1_sekigahara_derived.csv")

    found = NameIndex.build([shelters]).find(typed)

    assert found[0].title == "関ケ原小学校（体育館）"
    assert (found[0].layer_id, found[0].layer_title) == ("shelter", "指定避難所")
    assert (found[0].lon, found[0].lat) == (136.469799, 35.36006)


def test_names_that_begin_so_come_before_names_that_hold_it_and_addresses(tmp_path: Path) -> None:
    names, addresses = ["中山公民館", "山中公民館", "役場", "駅"], [None, None, "山中58", "関ケ原"]
    points = [shapely.Point(136.4 + n / 100, 35.36) for n in range(4)]
    halls = NameIndex.build(
        [kept(tmp_path, "public_facility", frame_of(points, name=names, address=addresses))]
    )

    assert [hit.title for hit in halls.find("山中")] == ["山中公民館", "役場"]
    assert [hit.title for hit in halls.find("山")] == ["山中公民館", "中山公民館", "役場"]
    assert [hit.title for hit in halls.find("山", limit=1)] == ["山中公民館"]
    assert halls.find("  ") == halls.find("存在しない") == []


def test_the_found_place_of_a_winding_zone_lies_on_it(tmp_path: Path) -> None:
    ring = shapely.Point(HERE).buffer(0.02).difference(shapely.Point(HERE).buffer(0.015))
    zones = kept(tmp_path, "landslide_zone", frame_of([ring], name=["輪の沢"], zone=["警戒区域"]))

    hit = NameIndex.build([zones]).find("輪の")[0]

    assert ring.contains(shapely.Point(hit.lon, hit.lat))


def test_twenty_windows_asked_for_at_once_all_get_their_answer(tmp_path: Path, shared_data: Path) -> None:
    zones = real(tmp_path, "landslide_zone", shared_data / "hazard/hida_dosha_keikai.geojson")
    west, south, east, north = zones.frame.total_bounds
    windows = [(Box(west, south, east, north - n / 100), 8 + n % 10) for n in range(20)]
    fresh = real(tmp_path / "again", "landslide_zone", shared_data / "hazard/hida_dosha_keikai.geojson")

    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda window: view(zones, *window), windows))

    assert at_once == [view(fresh, *window) for window in windows]
