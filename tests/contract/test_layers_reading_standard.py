"""The lists towns publish, in every layout and way to write, become layers; every real file has its known outcome."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import shapely

from layers import readers
from layers.box import Box
from layers.errors import Fault, Grade, UnreadableFile
from layers.kinds import KINDS
from layers.readers import Read, guess_kind, look, sure_of
from layers.readers.addresses import Located, Outlined, Whereabouts, located
from layers.readers.choice import chosen
from layers.readers.positions import positions
from layers.validate import TownArea, admit, check


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, kind: str) -> Read:
    return readers.read(path, KINDS[kind])


def repairs(found: Read) -> list[tuple[str, int | None, str, str]]:
    return [
        (fault.code, fault.row, fault.found, fault.expected)
        for fault in found.notes
        if fault.grade is Grade.REPAIR
    ]


def placed(header: str, *rows: str, crs: int | None = None) -> tuple[list[str], list[str], int | None]:
    """Where rows of a table are: their places as WKT, the codes of the faults, the system."""
    columns = header.split("|")
    cells = [dict(zip(columns, row.split("|"), strict=False)) for row in rows]
    found = positions(columns, cells, list(range(2, 2 + len(rows))), crs)
    return [str(place) for place in found.places], [fault.code for fault in found.faults], found.crs


# --- positions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "緯度|経度", "lat|lon", "Latitude|Longitude", "世界測地系緯度|世界測地系経度", "緯度（世界測地系）|経度（世界測地系）",
        "緯度(10進)|経度(10進)", "北緯|東経", "施設の緯度|施設の経度", "y|x", "ＬＡＴ|ＬＯＮ", "緯 度|経 度",
    ],
)  # fmt: skip
def test_positions_are_found_under_every_usual_name(header: str) -> None:
    assert placed(header, "35.36|136.46") == (["POINT (136.46 35.36)"], [], None)


@pytest.mark.parametrize(
    ("latitude", "degrees"),
    [
        ("35度21分36秒", 35.36), ("35°21'36\"", 35.36), ("35°21′36″", 35.36), ("北緯35度21分36.0秒", 35.36),
        ("N35.21.36.0", 35.36), ("35-21-36", 35.36), ("35:21:36", 35.36), ("35度21.6分", 35.36), ("35.36度", 35.36),
        ("N35.36", 35.36), ("3.536e1", 35.36),
    ],
)  # fmt: skip
def test_degrees_minutes_and_seconds_are_read_in_every_way_to_write_them(
    latitude: str, degrees: float
) -> None:
    places, faults, _ = placed("緯度|経度", f"{latitude}|136.46")

    assert faults == []
    assert abs(shapely.from_wkt(places[0]).y - degrees) < 1e-9


def test_full_width_digits_in_a_position_are_a_repair_with_its_row() -> None:
    found = positions(["緯度", "経度"], [{"緯度": "３５．３６", "経度": "136.46"}], [7])

    assert found.places == [shapely.Point(136.46, 35.36)]
    assert found.faults == [Fault("full_width_digits", Grade.REPAIR, 7, "緯度", "３５．３６", "35.36")]


@pytest.mark.parametrize(
    "cell", ["35.36,136.46", "35.36, 136.46", "(136.46 35.36)", "136.46、35.36", "35.36/136.46"]
)
def test_both_coordinates_in_one_cell_are_told_apart_by_their_size(cell: str) -> None:
    assert placed("名称|座標", f"役場|{cell}")[0] == ["POINT (136.46 35.36)"]


def test_a_position_that_is_none_is_refused_with_its_row_and_column() -> None:
    found = positions(["緯度", "経度"], [{"緯度": "35度70分", "経度": "約136"}], [2])

    assert found.places == [None]
    assert [(fault.code, fault.row, fault.column) for fault in found.faults] == [
        ("position_unreadable", 2, "経度"),
        ("position_unreadable", 2, "緯度"),
    ]


def test_shapes_written_as_wkt_are_read_with_their_system() -> None:
    places, faults, crs = placed("WKT|名称", "SRID=6675;LINESTRING (0 0, 1 1)|道", "LINE(|道")

    assert places == ["LINESTRING (0 0, 1 1)", "None"]
    assert (faults, crs) == (["geometry_malformed"], 6675)


@pytest.mark.parametrize("zone", ["7", "７", "第Ⅶ系", "平面直角座標系第7系", "VII", "七", "EPSG:6675"])
def test_metres_with_a_zone_are_read_with_x_to_the_north_and_that_is_told(zone: str) -> None:
    places, faults, crs = placed("X座標|Y座標|系", f"-70773.7|-64220.6|{zone}")

    assert places == ["POINT (-64220.6 -70773.7)"]
    assert (faults, crs) == (["axes_read"], 6675)


def test_metres_are_read_as_the_caller_says_and_easting_needs_no_guess() -> None:
    assert placed("easting|northing", "-64220.6|-70773.7", crs=6675) == (
        ["POINT (-64220.6 -70773.7)"],
        [],
        6675,
    )


def test_a_row_of_another_zone_is_a_fault_and_not_a_far_place() -> None:
    _, faults, crs = placed("X座標|Y座標|系", "1|2|7", "1|2|9", "1|2|?")

    assert crs == 6675
    assert faults.count("position_unreadable") == 2


def test_the_old_datum_is_known_by_its_name_and_the_new_one_preferred() -> None:
    assert placed("緯度（日本測地系）|経度（日本測地系）", "35.36|136.46")[2] == 4301
    assert placed("緯度|経度|測地系", "35.36|136.46|日本測地系")[2] == 4301
    both = "緯度（日本測地系）|経度（日本測地系）|緯度（世界測地系）|経度（世界測地系）"
    assert placed(both, "1|2|35.36|136.46") == (["POINT (136.46 35.36)"], [], None)


def test_the_columns_of_a_position_do_not_stay_behind_as_text(tmp_path: Path) -> None:
    frame = read(written(tmp_path, "名称,緯度,経度,標高\n役場,35.36,136.46,120\n"), "public_facility").frame

    assert json.loads(frame["source_properties"].iloc[0]) == {"標高": "120"}


# --- cells ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "column", "cell", "code", "after"),
    [
        ("shelter", "収容人数", "１２０人", "full_width_digits", 120),
        ("aed", "小児対応設備の有無", "○", "circle_for_one", True),
        ("aed", "小児対応設備の有無", "×", "circle_for_one", False),
        ("aed", "設置位置", "1階ﾛﾋﾞ-", "half_width_kana", "1階ロビー"),
        ("aed", "住所", "中央\n公民館前", "line_break", "中央 公民館前"),
        ("cultural_property", "文化財指定日", "22196", "excel_serial_date", "1960-10-07"),
    ],
)
def test_a_cell_that_is_written_wrongly_is_repaired_and_says_before_and_after(
    tmp_path: Path, kind: str, column: str, cell: str, code: str, after: object
) -> None:
    found = read(written(tmp_path, f'名称,緯度,経度,{column}\n役場,35.36,136.46,"{cell}"\n'), kind)

    name = next(one.name for one in KINDS[kind].columns if column in (one.title_ja, *one.aliases))
    assert found.frame[name].tolist() == [after]
    assert [(fault[0], fault[1], fault[2]) for fault in repairs(found)] == [(code, 2, cell)]


@pytest.mark.parametrize(
    ("kind", "column", "cell", "after"),
    [
        ("shelter", "収容人数", "1,200人", 1200),
        ("park", "面積（㎡）", "32,500 ", 32500.0),
        ("aed", "小児対応設備の有無", "有", True),
        ("vulnerable_facility", "避難確保計画対象", "対象外", False),
        ("cultural_property", "文化財指定日", "昭和35年10月7日", "1960-10-07"),
        ("cultural_property", "文化財指定日", "S35.10.7", "1960-10-07"),
        ("cultural_property", "文化財指定日", "1960/10/7", "1960-10-07"),
        ("cultural_property", "文化財指定日", "昭和40年頃", "昭和40年頃"),
    ],
)
def test_another_way_to_write_is_no_fault(
    tmp_path: Path, kind: str, column: str, cell: str, after: object
) -> None:
    found = read(written(tmp_path, f'名称,緯度,経度,{column}\n役場,35.36,136.46,"{cell}"\n'), kind)

    name = next(one.name for one in KINDS[kind].columns if column in (one.title_ja, *one.aliases))
    assert found.frame[name].tolist() == [after]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("cell", "code"), [("21362", "213624"), ("73423", "073423"), ("２１３６２４", "213624")]
)
def test_a_code_that_lost_a_digit_gets_it_back(tmp_path: Path, cell: str, code: str) -> None:
    area = '{"type": "Polygon", "coordinates": [[[136, 35], [136.1, 35], [136.1, 35.1], [136, 35]]]}'
    text = f'"名称": "関ケ原町", "全国地方公共団体コード": "{cell}"'
    feature = f'{{"type": "Feature", "geometry": {area}, "properties": {{{text}}}}}'
    path = written(tmp_path, f'{{"type": "FeatureCollection", "features": [{feature}]}}', "a.geojson")

    found = read(path, "boundary")

    assert found.frame["code"].tolist() == [code]
    assert [fault[0] for fault in repairs(found)] == ["code_completed"]


def test_very_many_repairs_of_one_sort_are_told_once_with_an_example(tmp_path: Path) -> None:
    rows = "".join(f"ｺｳｴﾝ{number},35.36,136.{number}\n" for number in range(300, 360))

    found = read(written(tmp_path, f"名称,緯度,経度\n{rows}"), "park")

    assert repairs(found) == [("half_width_kana_many", None, "ｺｳｴﾝ300 → コウエン300", "60")]
    assert found.frame["name"].iloc[59] == "コウエン359"


def test_an_empty_designation_in_the_standard_is_a_no_and_needs_no_repair(shared_data: Path) -> None:
    sites = read(shared_data / "shelters/122033_evacuation_space_cp932.csv", "evacuation_site")

    assert set(sites.frame["hazard_volcano"]) == {False}
    assert set(sites.frame["hazard_earthquake"]) == {True, False}
    assert {fault[0] for fault in repairs(sites)} == {
        "half_width_kana_many"
    }  # their readings, not their flags


# --- lists ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "kind", "first"),
    [
        ("shelters/222127_hinannjo.csv", "shelter", {"name": "二区コミュニティ防災センター", "area_m2": 475.0}),
        ("facilities/222127_aed_old.csv", "aed", {"location_in_building": "２階正面入口", "child_pads": True}),
        ("facilities/222127_public_toilet.csv", "public_toilet", {"men": 3, "wheelchair": True, "ostomate": False}),
        ("facilities/222127_park_info.csv", "park", {"name": "石津浜公園", "area_m2": 32500.0, "opened_year": 1961}),
        ("facilities/222127_fire_hydrant.csv", "hydrant", {"hydrant_type": "防火水そう"}),
        ("facilities/222127_yohairyosya.csv", "vulnerable_facility", {"name": "くすのき", "plan_required": True}),
        ("facilities/222127_dono_station.csv", "public_facility", {"name": "石脇チビッコ広場"}),
        ("facilities/222127_douhou_musen.csv", "disaster_radio_station", {"name": "小浜第二"}),
        ("garbage/222127_recycling_base.csv", "recycling_point", {"name": "ミニステーション東益津"}),
        ("facilities/122033_cultural_property_cp932.csv", "cultural_property", {"designated_on": "1960-10-07"}),
        ("hazard/yaizu_naisui_shinsui.geojson", "inland_flood_zone",
         {"depth": "0.3m未満の区域", "depth_upper_m": 0.3, "depth_rank": 1}),
        ("hazard/yaizu_shinsui_rireki_R4.shp", "flood_history", {"occurred_on": "2022-09-23", "cause": "台風第１５号"}),
        ("hazard/yaizu_kinkyu_yusoro_1.shp", "emergency_route", {"rank": "県一次緊急輸送路"}),
        ("admin/yaizu_jichikai.shp", "neighbourhood_association", {"name": "高新田自治会"}),
        ("admin/yaizu_shogakkoku.shp", "school_district", {"name": "大井川東小学校", "phone": "054-625-8160"}),
    ],
)  # fmt: skip
def test_the_columns_of_a_published_list_reach_their_places(
    shared_data: Path, file: str, kind: str, first: dict[str, object]
) -> None:
    row = read(shared_data / file, kind).frame.iloc[0]

    assert {name: row[name] for name in first} == first


def test_the_four_broken_zones_of_yaizu_are_named_and_mended_with_consent(shared_data: Path) -> None:
    town = TownArea("222127", 6676, Box(138.20, 34.74, 138.37, 34.92))
    zones = read(shared_data / "hazard/yaizu_naisui_shinsui.geojson", "inland_flood_zone")

    checked = check(zones, KINDS["inland_flood_zone"], town)
    mended = admit(zones, KINDS["inland_flood_zone"], town, accept_repairs=True)

    broken = [fault for fault in checked.faults if fault.code == "geometry_invalid"]
    assert len(zones.frame) == 6
    assert len({fault.row for fault in broken}) == 4
    assert all(abs(float(fault.expected.rstrip(" %"))) < 0.1 for fault in broken)
    assert mended.frame.geometry.is_valid.all()


def test_a_layout_that_serves_many_lists_is_what_the_person_says_it_is(tmp_path: Path) -> None:
    text = "名称,POIコード,住所,利用可能曜日,緯度,経度\n東公民館,,本町1,月火,35.36,136.46\n"
    path = written(tmp_path, text)

    assert sure_of(guess_kind(look(path))) == readers.choose(path, KINDS["public_facility"]).verdict
    assert read(path, "shelter").frame["name"].tolist() == ["東公民館"]
    with pytest.raises(UnreadableFile):
        read(path, "evacuation_site")


def test_a_list_of_one_kind_is_refused_as_another_and_said_what_it_is(shared_data: Path) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(shared_data / "facilities/222127_fire_hydrant.csv", "aed")

    assert [(fault.code, fault.found) for fault in refused.value.faults] == [("other_kind", "消防水利")]


def test_every_file_may_be_kept_as_the_general_kind_with_all_its_columns(shared_data: Path) -> None:
    frame = read(shared_data / "facilities/222127_fire_hydrant.csv", "general").frame

    assert len(frame) == 193
    assert json.loads(frame["source_properties"].iloc[0])["種別"] == "防火水そう"


def test_an_address_in_parts_is_put_together(tmp_path: Path) -> None:
    header = "種別,所在地_都道府県,所在地_市区町村,所在地_町字,所在地_番地以下,緯度,経度,口径(管径ｍｍ)"
    path = written(tmp_path, f"{header}\n消火栓,石川県,輪島市,河井町,1-2,37.39,136.90,150\n")

    row = read(path, "hydrant").frame.iloc[0]

    assert (row["address"], row["diameter_mm"]) == ("石川県輪島市河井町1-2", 150.0)


def test_a_table_that_could_be_anything_is_not_guessed(tmp_path: Path) -> None:
    guesses = guess_kind(look(written(tmp_path, "名称,住所,緯度,経度\n甲,本町1,35.36,136.46\n")))

    assert sure_of(guesses) is None
    assert len(guesses) > 3


# --- rows that only name their place --------------------------------------------------------------------------


def knowing(**addresses: tuple[float, float]) -> Whereabouts:
    """A town whose layers know these addresses, and the area of 片町."""
    square = shapely.box(136.45, 35.35, 136.46, 35.36)

    def area(name: str) -> Outlined | None:
        return Outlined(square, "自治会") if name == "片町" else None

    return Whereabouts(lambda text: Located(*addresses[text], "地番図") if text in addresses else None, area)


def test_a_row_with_an_address_takes_its_place_from_the_towns_layers_as_a_repair(tmp_path: Path) -> None:
    path = written(tmp_path, "名称,住所\n役場,本町1\n駅,本町2\n蔵,\n")

    table = located(look(path), knowing(本町1=(136.46, 35.36)))

    assert table.places[0] == shapely.Point(136.46, 35.36)
    assert [(fault.code, fault.grade, fault.row, fault.found) for fault in table.faults] == [
        ("placed_by_address", Grade.REPAIR, 2, "本町1"),
        ("address_unknown", Grade.REFUSE, 3, "本町2"),
        ("address_unknown", Grade.REFUSE, 4, ""),
    ]
    assert table.faults[0].expected == "136.460000, 35.360000 (地番図)"


def test_a_single_row_without_a_position_may_be_placed_by_its_address(tmp_path: Path) -> None:
    path = written(tmp_path, "名称,住所,緯度,経度\n役場,本町1,,\n駅,本町2,35.37,136.47\n港,本町3,,\n")

    table = located(look(path), knowing(本町1=(136.46, 35.36)))

    assert [place is None for place in table.places] == [False, False, True]
    assert [fault.code for fault in table.faults] == ["placed_by_address"]  # the checks name the third row


def test_a_list_of_addresses_nobody_knows_is_refused_for_want_of_positions(tmp_path: Path) -> None:
    table = located(look(written(tmp_path, "名称,住所\n役場,本町1\n")), knowing())

    with pytest.raises(UnreadableFile) as refused:
        chosen(table, KINDS["public_facility"])

    assert [fault.code for fault in refused.value.faults] == ["position_columns_missing"]


def test_collection_days_are_drawn_on_the_areas_of_that_name(shared_data: Path) -> None:
    path = shared_data / "garbage/5374_template_area_days.csv"

    with pytest.raises(UnreadableFile) as without:
        read(path, "garbage_station")
    table = located(look(path), knowing())
    days = chosen(table, KINDS["general"]).read()

    assert [fault.code for fault in without.value.faults] == ["area_days_without_areas"]
    assert days.reader == "area_days"
    assert days.frame["name"].tolist() == ["片町"]
    assert json.loads(days.frame["source_properties"].iloc[0])["燃やさないごみ"] == "水2"
    assert repairs(days) == [("placed_by_area", 2, "片町", "自治会")]


# --- every file -----------------------------------------------------------------------------------------------

TOWNS = {
    "122033": TownArea("122033", 6677, Box(139.88, 35.64, 140.00, 35.79)),
    "222127": TownArea("222127", 6676, Box(138.20, 34.74, 138.37, 34.92)),
    "234427": TownArea("234427", 6675, Box(136.92, 34.92, 137.02, 35.02)),
    "212172": TownArea("212172", 6675, Box(136.85, 36.15, 137.45, 36.47)),
    "213624": TownArea("213624", 6675, Box(136.40, 35.30, 136.55, 35.45)),
    "073423": TownArea("073423", 6677, Box(140.28, 37.20, 140.45, 37.30)),
    "016047": TownArea("016047", 6680, Box(142.25, 42.30, 142.80, 42.75)),
    "212059": TownArea("212059", 6675, Box(136.75, 35.42, 137.02, 35.80)),
    "212130": TownArea("212130", 6675, Box(136.79, 35.35, 136.97, 35.45)),
}
REPAIRED, AS_IT_IS = "imported after repair", "imported"
# file: town, kind (as guessed; in brackets where a person has to say it), reader, rows, outcome, repairs or faults
EXPECTED: dict[str, tuple[str, str, str, int, str, str]] = {
    "admin/N03-20260101_21.geojson": ("213624", "boundary", "ksj_n03", 48, AS_IT_IS, ""),
    "admin/kakamigahara_boundary.geojson": ("212130", "boundary", "ksj_n03", 2, AS_IT_IS, ""),
    "admin/kakamigahara_boundary_6675.geojson": (
        "212130", "boundary", "ksj_n03", 2, "refused", "metres_without_crs"),
    "admin/kakamigahara_grid.geojson": ("212130", "(general)", "general", 116, AS_IT_IS, ""),
    "admin/yaizu_jichikai.shp": (
        "222127", "neighbourhood_association", "by_content", 35, REPAIRED, "datum_jgd2000, geometry_invalid"),
    "admin/yaizu_shogakkoku.shp": ("222127", "school_district", "by_content", 13, REPAIRED, "datum_jgd2000"),
    "facilities/122033_aed_cp932.csv": ("122033", "aed", "standard", 191, REPAIRED, "half_width_kana"),
    "facilities/122033_cultural_property_cp932.csv": (
        "122033", "cultural_property", "standard", 76, "refused", "geometry_missing"),
    "facilities/122033_magokoro_road_cp932.csv": (
        "122033", "(public_facility)", "standard", 26, REPAIRED, "half_width_kana"),
    "facilities/122033_open_data_list_cp932.csv": ("122033", "(general)", "-", 36, "unreadable", "no_map_table"),
    "facilities/122033_park_cp932.csv": ("122033", "park", "standard", 423, REPAIRED, "half_width_kana"),
    "facilities/122033_population_cp932.csv": ("122033", "(general)", "-", 237, "unreadable", "no_map_table"),
    "facilities/122033_public_facility_cp932.csv": (
        "122033", "public_facility", "standard", 341, REPAIRED, "half_width_kana, row_twice"),
    "facilities/122033_toilet_cp932.csv": ("122033", "public_toilet", "standard", 49, REPAIRED, "half_width_kana"),
    "facilities/222127_aed_old.csv": ("222127", "aed", "standard", 82, REPAIRED, "half_width_kana"),
    "facilities/222127_dono_station.csv": ("222127", "public_facility", "standard", 30, REPAIRED, "half_width_kana"),
    "facilities/222127_douhou_musen.csv": ("222127", "disaster_radio_station", "general", 200, AS_IT_IS, ""),
    "facilities/222127_fire_hydrant.csv": ("222127", "hydrant", "standard", 193, AS_IT_IS, ""),
    "facilities/222127_park_info.csv": ("222127", "park", "standard", 142, AS_IT_IS, ""),
    "facilities/222127_preschool.csv": ("222127", "public_facility", "standard", 60, AS_IT_IS, ""),
    "facilities/222127_public_toilet.csv": ("222127", "public_toilet", "standard", 112, AS_IT_IS, ""),
    "facilities/222127_underpass.csv": ("222127", "underpass", "standard", 48, AS_IT_IS, ""),
    "facilities/222127_yohairyosya.csv": (
        "222127", "vulnerable_facility", "standard", 277, REPAIRED, "circle_for_one, half_width_kana"),
    "garbage/222127_recycling_base.csv": ("222127", "recycling_point", "standard", 16, AS_IT_IS, ""),
    "garbage/222127_saigai_gomi.csv": ("222127", "recycling_point", "standard", 2, AS_IT_IS, ""),
    "garbage/234427_garbage_station.csv": ("234427", "garbage_station", "garbage_csv", 381, AS_IT_IS, ""),
    "garbage/5374_template_area_days.csv": (
        "222127", "(general)", "-", 1, "unreadable", "area_days_without_areas"),
    "garbage/5374_template_center.csv": ("222127", "(general)", "-", 2, "unreadable", "no_map_table"),
    "garbage/5374_template_description.csv": ("222127", "(general)", "-", 4, "unreadable", "no_map_table"),
    "garbage/5374_template_remarks.csv": ("222127", "(general)", "-", 2, "unreadable", "no_map_table"),
    "garbage/5374_template_target.csv": ("222127", "(general)", "-", 4, "unreadable", "no_map_table"),
    "hazard/hida_dosha_keikai.geojson": (
        "212172", "landslide_zone", "gifu_landslide", 951, REPAIRED, "half_width_kana"),
    "hazard/yaizu_kinkyu_yusoro_1.shp": ("222127", "emergency_route", "by_content", 31, AS_IT_IS, ""),
    "hazard/yaizu_naisui_shinsui.geojson": (
        "222127", "inland_flood_zone", "flood_inland", 6, REPAIRED, "geometry_invalid, z_dropped"),
    "hazard/yaizu_shinsui_rireki_R4.shp": ("222127", "flood_history", "general", 62, REPAIRED, "geometry_invalid"),
    "shelters/122033_evacuation_space_cp932.csv": (
        "122033", "evacuation_site", "standard", 121, REPAIRED, "half_width_kana"),
    "shelters/222127_evacuation_space_old.csv": (
        "222127", "evacuation_site", "standard", 31, REPAIRED, "circle_for_one"),
    "shelters/222127_hinannjo.csv": ("222127", "shelter", "standard", 56, AS_IT_IS, ""),
    "shelters/gsi_csv_07342_1_kagamiishi_derived.csv": ("073423", "shelter", "gsi_evacuation", 17, AS_IT_IS, ""),
    "shelters/gsi_csv_07342_2_kagamiishi_derived.csv": (
        "073423", "evacuation_site", "gsi_evacuation", 17, AS_IT_IS, ""),
    "shelters/gsi_csv_21362_1_sekigahara_derived.csv": ("213624", "shelter", "gsi_evacuation", 15, AS_IT_IS, ""),
    "shelters/gsi_csv_21362_2_sekigahara_derived.csv": (
        "213624", "evacuation_site", "gsi_evacuation", 24, AS_IT_IS, ""),
    "shelters/gsi_emergency_016047_niikappu.geojson": (
        "016047", "evacuation_site", "gsi_evacuation", 21, REPAIRED, "line_break"),
    "shelters/gsi_emergency_073423_kagamiishi.geojson": (
        "073423", "evacuation_site", "gsi_evacuation", 17, AS_IT_IS, ""),
    "shelters/gsi_emergency_212059_seki.geojson": (
        "212059", "evacuation_site", "gsi_evacuation", 325, AS_IT_IS, ""),
    "shelters/gsi_emergency_212130_kakamigahara.geojson": (
        "212130", "evacuation_site", "gsi_evacuation", 22, AS_IT_IS, ""),
    "shelters/gsi_emergency_213624_sekigahara.geojson": (
        "213624", "evacuation_site", "gsi_evacuation", 24, AS_IT_IS, ""),
    "shelters/gsi_evacuation_073423_kagamiishi.geojson": ("073423", "shelter", "gsi_evacuation", 17, AS_IT_IS, ""),
    "shelters/gsi_evacuation_212059_seki.geojson": ("212059", "shelter", "gsi_evacuation", 47, AS_IT_IS, ""),
    "shelters/gsi_evacuation_212130_kakamigahara.geojson": (
        "212130", "shelter", "gsi_evacuation", 117, AS_IT_IS, ""),
    "shelters/gsi_evacuation_213624_sekigahara.geojson": ("213624", "shelter", "gsi_evacuation", 15, AS_IT_IS, ""),
}  # fmt: skip


def outcome(path: Path, town: TownArea, kind: str) -> tuple[str, str, int, str, str]:
    """What becomes of a file: guessed kind (the given one in brackets), reader, rows, outcome, what decided it."""
    table = look(path)
    try:
        sure = sure_of(guess_kind(table))
        wanted = sure.kind_id if sure else kind.strip("()")
        found = chosen(table, KINDS[wanted]).read()
    except UnreadableFile as error:
        return kind, "-", len(table.rows), "unreadable", ", ".join(fault.code for fault in error.faults)
    checked = check(found, KINDS[wanted], town)
    guessed = wanted if sure else f"({wanted})"
    for grade, said in ((Grade.REFUSE, "refused"), (Grade.REPAIR, REPAIRED)):
        if codes := Counter(fault.code.removesuffix("_many") for fault in checked.graded(grade)):
            return guessed, found.reader, len(checked.frame), said, ", ".join(sorted(codes))
    return guessed, found.reader, len(checked.frame), AS_IT_IS, ""


def test_every_published_file_becomes_a_layer_or_is_refused_in_words(shared_data: Path) -> None:
    files = [
        path
        for folder in ("admin", "facilities", "garbage", "hazard", "shelters")
        for path in sorted((shared_data / folder).iterdir())
        if path.suffix in {".csv", ".geojson", ".shp"}
    ]
    met = {}
    for path in files:
        name = f"{path.parent.name}/{path.name}"
        town, kind, *_ = EXPECTED.get(name, ("213624", "(general)"))
        met[name] = (town, *outcome(path, TOWNS[town], kind))
        print(f"{name:52} {' | '.join(map(str, met[name]))}")

    assert met == EXPECTED
