"""Metres are computed in the zone the law gives the prefecture, and metres taken for degrees are
recognised.
"""

from __future__ import annotations

import math

import geopandas as gpd
import pytest
import shapely

from layers.box import JAPAN, Box, clamped
from layers.crs import easting_northing, epsg_of, likely_crs, plane_zone, to_lonlat, to_plane
from layers.errors import BadCode


@pytest.mark.parametrize(
    ("prefecture", "epsg"),
    [
        ("21", 6675),
        ("07", 6677),
        ("13", 6677),
        ("42", 6669),
        ("40", 6670),
        ("01", 6680),
        ("47", 6683),
        ("22", 6676),
    ],
)
def test_each_prefecture_has_the_zone_of_the_notice(prefecture: str, epsg: int) -> None:
    assert plane_zone(prefecture) == epsg


def test_all_forty_seven_prefectures_have_a_zone() -> None:
    zones = {plane_zone(f"{number:02d}") for number in range(1, 48)}

    assert zones <= set(range(6669, 6688))


@pytest.mark.parametrize(
    ("prefecture", "lon", "lat", "epsg"),
    [
        ("47", 124.16, 24.34, 6684),  # 石垣島
        ("47", 127.68, 26.21, 6683),  # 那覇
        ("47", 131.24, 25.83, 6685),  # 南大東島
        ("13", 142.19, 27.09, 6682),  # 小笠原父島
        ("13", 139.70, 35.69, 6677),  # 新宿
        ("46", 129.50, 28.38, 6669),  # 奄美大島
        ("46", 130.55, 31.60, 6670),  # 鹿児島市
    ],
)
def test_islands_have_the_zone_of_their_meridian(prefecture: str, lon: float, lat: float, epsg: int) -> None:
    assert plane_zone(prefecture, (lon, lat)) == epsg


def test_a_prefecture_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadCode):
        plane_zone("48")


def test_the_origin_of_zone_vii_is_zero_metres_with_the_easting_first() -> None:
    easting, northing = easting_northing(137 + 10 / 60, 36.0, 6675)
    east_of_it, _ = easting_northing(137.2, 36.0, 6675)

    assert abs(easting) < 0.01
    assert abs(northing) < 0.01
    assert 2_900 < east_of_it < 3_100


def test_a_frame_and_a_geometry_come_back_from_metres_where_they_were() -> None:
    place = shapely.Point(136.46, 35.36)
    frame = gpd.GeoDataFrame({"name": ["役場"]}, geometry=[place], crs=4326)

    there_and_back = to_lonlat(to_plane(frame, 6675), 6675)

    assert there_and_back.geometry.iloc[0].distance(place) < 1e-9
    assert to_lonlat(to_plane(place, 6675), 6675).distance(place) < 1e-9


def test_metres_near_the_town_name_the_towns_own_zone_first() -> None:
    sekigahara = Box(136.42, 35.32, 136.53, 35.42)
    easting, northing = easting_northing(136.46, 35.36, 6675)

    candidates = likely_crs(easting, northing, 6675, sekigahara)

    assert candidates[0] == "EPSG:6675"
    assert "EPSG:2449" in candidates


def test_web_mercator_metres_are_named_as_such() -> None:
    easting, northing = easting_northing(136.46, 35.36, 3857)

    assert likely_crs(easting, northing, 6675, Box(136.42, 35.32, 136.53, 35.42)) == ("EPSG:3857",)


def test_metres_that_no_system_puts_near_the_town_name_nothing() -> None:
    assert likely_crs(9e6, 9e6, 6675, Box(136.42, 35.32, 136.53, 35.42)) == ()


@pytest.mark.parametrize(
    ("name", "epsg"),
    [
        ("urn:ogc:def:crs:EPSG::6668", 6668),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("EPSG:6675", 6675),
        ("EPSG:99999", None),
        ("世界測地系", None),
    ],
)
def test_crs_names_of_real_files_are_understood_or_unknown(name: str, epsg: int | None) -> None:
    assert epsg_of(name) == epsg


@pytest.mark.parametrize(
    "box", [(math.nan,) * 4, (math.inf, -math.inf, 1, 2), (500, 95, -500, -95), (2, 2, 1, 1)]
)
def test_any_four_numbers_make_a_box_on_the_map(box: tuple[float, float, float, float]) -> None:
    west, south, east, north = clamped(box)

    assert -180 <= west <= east <= 180
    assert -86 < south <= north < 86


def test_every_corner_of_the_country_is_in_japan() -> None:
    corners = {
        "与那国島": (122.93, 24.45),
        "南鳥島": (153.98, 24.28),
        "択捉島": (148.75, 45.55),
        "沖ノ鳥島": (136.08, 20.42),
    }

    assert [name for name, place in corners.items() if not JAPAN.holds(*place)] == []


def test_the_towns_own_zone_comes_first_even_where_the_neighbouring_zone_lies_nearer() -> None:
    easting, northing = easting_northing(136.8, 35.36, 6675)

    candidates = likely_crs(easting, northing, 6675, Box(135.95, 35.31, 136.05, 35.41))

    assert candidates[0] == "EPSG:6675"
    assert "EPSG:6674" in candidates[1:]
