"""Files as towns and ministries really publish them become layers; what cannot be read is named."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from layers import readers
from layers.errors import Grade, UnreadableFile
from layers.kinds import HAZARDS, KINDS
from layers.readers import Read

GARBAGE = (
    '"地方公共団体コード","ID","名称","地区名","緯度","経度",'
    '"ゴミカレンダー区分","もえるゴミ","もえないゴミ","資源ごみ"'
)


def written(folder: Path, text: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path, kind: str) -> Read:
    return readers.read(path, KINDS[kind])


def refused(path: Path, kind: str) -> tuple[str, str, int | None]:
    with pytest.raises(UnreadableFile) as error:
        read(path, kind)
    fault = error.value.faults[0]
    assert fault.grade is Grade.REFUSE
    return fault.code, fault.found, fault.row


def feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: object, **members: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features, **members}, ensure_ascii=False)


def test_the_24_evacuation_sites_of_sekigahara_are_the_same_from_geojson_and_csv(shared_data: Path) -> None:
    from_geojson = read(shared_data / "shelters/gsi_emergency_213624_sekigahara.geojson", "evacuation_site")
    from_csv = read(shared_data / "shelters/gsi_csv_21362_2_sekigahara_derived.csv", "evacuation_site")

    assert len(from_geojson.frame) == len(from_csv.frame) == 24
    columns = ["feature_id", "name", "address", "common_id", *HAZARDS, "also_shelter", "note"]
    assert from_geojson.frame[columns].to_numpy().tolist() == from_csv.frame[columns].to_numpy().tolist()
    assert from_geojson.frame.geometry.to_wkt().tolist() == from_csv.frame.geometry.to_wkt().tolist()
    assert from_geojson.frame["hazard_landslide"].tolist().count(False) == 5
    assert from_csv.reader == "gsi_evacuation"
    assert from_geojson.notes == from_csv.notes == ()


def test_the_15_shelters_of_sekigahara_are_the_same_from_geojson_and_csv(shared_data: Path) -> None:
    from_geojson = read(shared_data / "shelters/gsi_evacuation_213624_sekigahara.geojson", "shelter")
    from_csv = read(shared_data / "shelters/gsi_csv_21362_1_sekigahara_derived.csv", "shelter")

    assert len(from_geojson.frame) == len(from_csv.frame) == 15
    columns = ["feature_id", "name", "address", "accepts", "also_evacuation_site"]
    assert from_geojson.frame[columns].to_numpy().tolist() == from_csv.frame[columns].to_numpy().tolist()
    assert from_geojson.frame.geometry.to_wkt().tolist() == from_csv.frame.geometry.to_wkt().tolist()
    assert from_csv.frame["also_evacuation_site"].tolist().count(True) == 14


def test_no_site_of_kagamiishi_is_designated_for_landslides(shared_data: Path) -> None:
    sites = read(shared_data / "shelters/gsi_emergency_073423_kagamiishi.geojson", "evacuation_site").frame

    assert sites["hazard_landslide"].tolist() == [False] * 17


def test_the_381_garbage_stations_of_higashiura_are_read_as_the_town_wrote_them(shared_data: Path) -> None:
    stations = read(shared_data / "garbage/234427_garbage_station.csv", "garbage_station")

    first = stations.frame.iloc[0]
    assert (len(stations.frame), stations.reader) == (381, "garbage_csv")
    assert (first["feature_id"], first["name"], first["district"]) == ("GS001", "森岡1", "森岡")
    assert (first["burnable"], first["non_burnable"], first["calendar"]) == (None, "○", "森岡地区")
    assert stations.frame.index[0] == 2


def test_the_951_landslide_zones_of_hida_are_warning_zones_with_dates(shared_data: Path) -> None:
    zones = read(shared_data / "hazard/hida_dosha_keikai.geojson", "landslide_zone").frame

    assert len(zones) == zones["feature_id"].nunique() == 951
    assert set(zones["zone"]) == {"警戒区域"}
    assert set(zones["phenomenon"]) == {"土石流", "急傾斜地の崩壊", "地滑り"}
    assert zones["notice_date"].iloc[0] == "2006-12-01"


def test_the_48_boundaries_of_gifu_carry_codes_with_check_digits_and_their_date(shared_data: Path) -> None:
    boundaries = read(shared_data / "admin/N03-20260101_21.geojson", "boundary")

    frame = boundaries.frame
    assert (len(frame), frame["feature_id"].nunique(), boundaries.as_of) == (48, 48, date(2026, 1, 1))
    assert frame.loc[frame["name"] == "関ケ原町", "code"].tolist() == ["213624"]
    assert frame.loc[frame["name"] == "各務原市", "feature_id"].tolist() == ["21213", "21213-2"]


def test_a_line_break_inside_a_published_name_becomes_a_blank(shared_data: Path) -> None:
    path = shared_data / "shelters/gsi_emergency_016047_niikappu.geojson"
    raw = [one["properties"]["施設・場所名"] for one in json.loads(path.read_bytes())["features"]]

    names = read(path, "evacuation_site").frame["name"].tolist()

    assert sum("\n" in name for name in raw) == 1
    assert not any("\n" in name for name in names)


@pytest.mark.parametrize(
    ("file", "kind", "rows"),
    [
        ("shelters/122033_evacuation_space_cp932.csv", "evacuation_site", 121),
        ("shelters/222127_evacuation_space_old.csv", "evacuation_site", 31),
        ("facilities/122033_aed_cp932.csv", "aed", 191),
        ("facilities/222127_fire_hydrant.csv", "hydrant", 193),
        ("facilities/122033_cultural_property_cp932.csv", "cultural_property", 76),
        ("facilities/222127_preschool.csv", "public_facility", 60),
    ],
)
def test_lists_in_the_national_layouts_old_and_new_are_read(
    shared_data: Path, file: str, kind: str, rows: int
) -> None:
    frame = read(shared_data / file, kind).frame

    assert len(frame) == rows
    assert frame["address"].notna().all()


def test_a_list_of_shelters_is_not_taken_for_evacuation_sites(shared_data: Path) -> None:
    code, found, _ = refused(
        shared_data / "shelters/gsi_csv_21362_1_sekigahara_derived.csv", "evacuation_site"
    )

    assert (code, found) == ("other_kind", "指定避難所")


@pytest.mark.parametrize(
    "header",
    [
        "NO,共通ID,都道府県名及び市町村名,施設・場所名,住所",
        "NO,共通ID,施設・場所名,住所",
        "市町村コード,都道府県名及び市町村名,NO,施設・場所名,住所",
    ],
)
def test_every_header_the_ministry_has_used_for_sites_is_known(tmp_path: Path, header: str) -> None:
    hazards = "洪水,崖崩れ、土石流及び地滑り,高潮,地震,津波,大規模な火事,内水氾濫,火山現象"
    lead = ",".join("E2136200001201" if name == "共通ID" else name for name in header.split(","))
    row = f"{lead},1,,,1,,,,,1,35.36,136.46,"
    path = written(tmp_path, f"{header},{hazards},指定避難所との住所同一,緯度,経度,備考\r\n{row}\r\n")

    sites = read(path, "evacuation_site")

    assert sites.reader == "gsi_evacuation"
    assert sites.frame["hazard_flood"].tolist() == [True]
    assert sites.frame["hazard_tsunami"].tolist() == [False]
    assert sites.frame["feature_id"].iloc[0]


def test_a_null_designation_in_geojson_stays_unknown(tmp_path: Path) -> None:
    flags = {**dict.fromkeys(HAZARDS.values(), "1"), "津波": None}
    site = feature({"type": "Point", "coordinates": [136.46, 35.36]}, **{"施設・場所名": "東公民館", **flags})

    sites = read(written(tmp_path, collection(site), "sites.geojson"), "evacuation_site").frame

    assert sites["hazard_tsunami"].iloc[0] is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_reads_alike_in_each_encoding_towns_use(tmp_path: Path, encoding: str) -> None:
    row = '"1","A","髙﨑①㈱前","北","35.36","136.46","","月 木","","","中町","１２"'
    text = f'{GARBAGE},"管理自治会","使用世帯数"\r\n{row}\r\n'

    stations = read(written(tmp_path, text.encode(encoding)), "garbage_station").frame

    first = stations.iloc[0]
    assert (first["name"], first["association"], first["households"]) == ("髙﨑①㈱前", "中町", 12)
    assert first["burnable"] == "月 木"


@pytest.mark.parametrize("header", ["自治会", "自治会名", "管理自治会名", "管理町内会", "町内会名"])
def test_the_association_in_charge_is_found_under_each_usual_header(tmp_path: Path, header: str) -> None:
    text = f"名称,緯度,経度,もえるごみ,資源ごみ,{header}\n中町1,35.36,136.46,月,水,中町\n"

    assert read(written(tmp_path, text), "garbage_station").frame["association"].tolist() == ["中町"]


def test_full_width_coordinates_and_a_name_over_two_lines_are_read(tmp_path: Path) -> None:
    text = 'ID,名称,緯度,経度\n1,"役場\n別館",３５．３６,１３６．４６\n2,駅,35.37,136.47\n'

    frame = read(written(tmp_path, text), "public_facility").frame

    assert frame.geometry.to_wkt().tolist() == ["POINT (136.46 35.36)", "POINT (136.47 35.37)"]
    assert frame["name"].tolist() == ["役場 別館", "駅"]
    assert frame.index.tolist() == [2, 3]


def test_columns_the_kind_does_not_know_are_kept_word_for_word(tmp_path: Path) -> None:
    text = "ID,名称,緯度,経度,鍵の場所\n1,役場,35.36,136.46,{{ 7*191 }}\n"

    frame = read(written(tmp_path, text), "public_facility").frame

    assert json.loads(frame["source_properties"].iloc[0])["鍵の場所"] == "{{ 7*191 }}"


@pytest.mark.parametrize(
    "text", ["{{ 7*191 }}", "<img src=x onerror=alert(1)>", "${7*191}", "`", "</script>", "=1+1"]
)
def test_text_that_would_harm_a_careless_page_is_only_text_here(tmp_path: Path, text: str) -> None:
    row = feature({"type": "Point", "coordinates": [136.46, 35.36]}, 名称=text, 住所=text)

    frame = read(written(tmp_path, collection(row), "a.geojson"), "public_facility").frame

    assert (frame["name"].iloc[0], frame["address"].iloc[0]) == (text, text)


def test_a_cell_that_is_not_what_its_column_wants_is_noted_and_unknown(tmp_path: Path) -> None:
    rows = "1,役場,35.36,136.46,要確認\n2,駅,35.36,136.46,有\n3,港,35.36,136.46,\n"
    text = f"ID,名称,緯度,経度,小児対応設備の有無\n{rows}"

    aeds = read(written(tmp_path, text), "aed")

    assert aeds.frame["child_pads"].tolist() == [None, True, None]
    assert [(note.code, note.row, note.column, note.found) for note in aeds.notes] == [
        ("value_unreadable", 2, "小児対応設備の有無", "要確認")
    ]


@pytest.mark.parametrize("number", ["９９９９９９９９９９９９９９９９９９９９", "1.5", "約30", "30~40"])
def test_a_number_that_is_none_is_unknown_and_never_zero(tmp_path: Path, number: str) -> None:
    text = f"名称,緯度,経度,収容人数\n体育館,35.36,136.46,{number}\n"

    shelters = read(written(tmp_path, text), "shelter")

    assert shelters.frame["capacity"].tolist() == [None]
    assert [note.code for note in shelters.notes] == ["value_unreadable"]


@pytest.mark.parametrize(
    ("raw", "code", "found"),
    [
        ("名称,緯度,経度\n駅,35,136\n".encode("utf-32"), "encoding_unsupported", "UTF-32"),
        (
            ("名称,緯度,経度,住所\n" + "駅前の広場,35,136,大字関ケ原\n" * 9).encode("euc_jp"),
            "encoding_unsupported",
            "EUC-JP",
        ),
        (("名称,緯度,経度\n" + "駅,35,136\n" * 9).encode() + b"\xe9\xa7", "encoding_broken", "UTF-8: 0xe9"),
        ("名称,緯度,経度\n駅".encode("cp932") + b"\xff\xff,35,136\n", "encoding_broken", "cp932: 0xff"),
        ("名称,緯度,経度\n駅,35,136\n".encode().decode("cp932", "ignore").encode(), "text_garbled", None),
    ],
)
def test_a_wrong_encoding_is_named_and_no_garbled_text_gets_in(
    tmp_path: Path, raw: bytes, code: str, found: str | None
) -> None:
    said, what, _ = refused(written(tmp_path, raw), "public_facility")

    assert said == code
    assert found is None or what == found


def test_the_row_of_the_first_broken_byte_is_told(tmp_path: Path) -> None:
    raw = "名称,緯度,経度\n駅,35,136\n港".encode() + b"\xff" + "の前の公園,35,136\n".encode()

    assert refused(written(tmp_path, raw), "public_facility")[2] == 3


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("", "a.csv", "file_empty"),
        ("  \n", "a.csv", "file_empty"),
        ("名称,緯度\n駅,35\n", "a.csv", "position_columns_missing"),
        ('名称,緯度,経度\n"駅,35,136\n', "a.csv", "csv_broken"),
        ("甲,緯度,経度\n駅,35,136\n", "a.csv", "columns_unknown"),
        ('{"type": "FeatureCollection", "features": [', "a.geojson", "json_broken"),
        ("[" * 5000, "a.geojson", "json_broken"),
        ('{"type": "Topology"}', "a.geojson", "geojson_shape"),
        ("[1, 2]", "a.geojson", "geojson_shape"),
        (collection(crs={"type": "name", "properties": {"name": "日本測地系"}}), "a.geojson", "crs_unknown"),
        ("PK\x03\x04....", "a.xlsx", "archive_broken"),
    ],
)
def test_a_file_no_reader_understands_is_refused_with_its_reason(
    tmp_path: Path, text: str, name: str, code: str
) -> None:
    assert refused(written(tmp_path, text, name), "public_facility")[0] == code


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone.csv", "aed")[0] == "file_unreadable"


def test_a_file_above_the_limits_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    huge = tmp_path / "huge.geojson"
    with huge.open("wb") as file:
        file.truncate(readers.MAX_BYTES + 1)
    # not even JSON: only the counting can have refused it
    crowded = written(
        tmp_path, b'{"coordinates": [' + b"[1,2]," * (readers.MAX_VERTICES + 1), "crowded.geojson"
    )

    assert refused(huge, "aed")[0] == "file_too_large"
    assert refused(crowded, "aed")[:2] == ("too_many_vertices", str(readers.MAX_VERTICES + 1))


def test_metres_with_a_declared_system_are_converted_and_noted(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6675"}}
    point = {"type": "Point", "coordinates": [-64220.6145, -70773.6740]}

    facilities = read(
        written(tmp_path, collection(feature(point, 名称="役場"), crs=crs), "a.geojson"), "public_facility"
    )

    place = facilities.frame.geometry.iloc[0]
    assert abs(place.x - 136.46) < 1e-7
    assert abs(place.y - 35.36) < 1e-7
    assert [note.code for note in facilities.notes] == ["crs_converted"]


def test_the_special_zones_are_told_from_the_warning_zones_by_the_files_name_or_left_open(
    tmp_path: Path,
) -> None:
    square = {"type": "Polygon", "coordinates": [[[136, 35], [136.1, 35], [136.1, 35.1], [136, 35]]]}
    zone = feature(square, 渓流番号="G1", 渓流名="沢", 現象種類="土石流", 告示番号="1")

    def zones(name: str) -> list[object]:
        path = written(tmp_path, collection(zone), name)
        return read(path, "landslide_zone").frame["zone"].tolist()

    assert zones("dosha-tokubetsu-keikai.geojson") == ["特別警戒区域"]
    assert zones("dosha-keikai.geojson") == ["警戒区域"]
    assert zones("download.geojson") == [None]


def test_an_unchanged_feature_without_an_id_keeps_the_one_it_was_given(tmp_path: Path) -> None:
    before = read(
        written(tmp_path, "名称,緯度,経度\n駅,35,136\n港,36,137\n", "a.csv"), "public_facility"
    ).frame
    after = read(
        written(tmp_path, "名称,緯度,経度\n港,36,137\n駅,35,136\n", "b.csv"), "public_facility"
    ).frame

    assert before["feature_id"].tolist() == after["feature_id"].tolist()[::-1]
    assert before["feature_id"].nunique() == 2


def test_the_choice_says_which_reader_took_the_file_and_what_it_saw(shared_data: Path) -> None:
    path = shared_data / "garbage/234427_garbage_station.csv"

    choice = readers.choose(path, KINDS["garbage_station"])

    assert (choice.name, "もえるゴミ" in choice.why) == ("garbage_csv", True)
