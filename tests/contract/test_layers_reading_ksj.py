"""国土数値情報 as the ministry publishes it becomes layers whose codes are decoded, and never decoded wrongly."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from layers import readers
from layers.errors import Grade, UnreadableFile
from layers.kinds import KINDS
from layers.readers import Read, guess_kind, look, sure_of

JGD2011, JGD2000 = 6668, 4612


def squares(count: int) -> list[shapely.Polygon]:
    return [shapely.box(136.40 + at / 100, 35.30, 136.405 + at / 100, 35.305) for at in range(count)]


def published(
    folder: Path, name: str, crs: int = JGD2011, shapes: object = None, **columns: list[object]
) -> Path:
    """A file as the ministry would write it; a Shapefile's letters are cp932."""
    rows = len(next(iter(columns.values())))
    frame = gpd.GeoDataFrame(columns, geometry=shapes or squares(rows), crs=crs)
    path = folder / name
    options = {"encoding": "cp932"} if name.endswith(".shp") else {}
    pyogrio.write_dataframe(frame, path, **options)
    if name.endswith(".shp"):
        path.with_suffix(".cpg").unlink(missing_ok=True)  # the older publications come without one
    return path


def read(path: Path, kind: str) -> Read:
    return readers.read(path, KINDS[kind])


def codes(found: Read) -> set[str]:
    return {fault.code for fault in found.notes}


@pytest.mark.parametrize("suffix", ["shp", "geojson"])
@pytest.mark.parametrize(("column", "scenario"), [("A31a_105", "計画規模"), ("A31a_205", "想定最大規模")])
def test_the_depths_of_a_river_are_decoded_from_numbers_and_texts(
    tmp_path: Path, suffix: str, column: str, scenario: str
) -> None:
    river = column.replace("05", "02")
    path = published(
        tmp_path, f"A31a.{suffix}", **{
            column.replace("05", "01"): ["8303030555"] * 3, river: ["揖斐川", "揖斐川", "牧田川"],
            column: ["1", "3", "6"] if suffix == "shp" else [1, 3, 6],
        },
    )  # fmt: skip

    zones = read(path, "flood_zone")

    assert zones.reader == "ksj_flood"
    assert zones.frame["depth_rank"].tolist() == [1, 3, 6]
    assert zones.frame["river_name"].tolist() == ["揖斐川", "揖斐川", "牧田川"]
    assert set(zones.frame["scenario"]) == {scenario}
    assert column in zones.why


def test_the_code_of_a_river_is_never_taken_for_a_depth(tmp_path: Path) -> None:
    path = published(tmp_path, "A31a.geojson", A31a_101=["3", "2"], A31a_102=["揖斐川", "牧田川"])

    with pytest.raises(UnreadableFile) as refused:
        read(path, "flood_zone")

    assert [fault.code for fault in refused.value.faults] == ["ranks_missing"]


def test_a_file_by_mesh_has_its_ranks_where_a_file_by_river_has_the_rivers_code(tmp_path: Path) -> None:
    zones = read(published(tmp_path, "A31b.geojson", A31b_201=[2, 5]), "flood_zone")

    assert zones.frame["depth_rank"].tolist() == [2, 5]
    assert "river_name" not in zones.frame.columns


def test_duration_and_collapse_are_told_apart_from_depth(tmp_path: Path) -> None:
    lasting = read(published(tmp_path, "a.geojson", A31a_301=["1"] * 2, A31a_305=[3, 7]), "flood_zone").frame
    falling = read(published(tmp_path, "b.geojson", A31b_401=[1, 2]), "flood_zone").frame

    assert lasting["duration_rank"].tolist() == [3, 7]
    assert falling["collapse"].tolist() == ["氾濫流", "河岸侵食"]
    assert "depth_rank" not in lasting.columns
    assert set(lasting["scenario"]) == {"想定最大規模"}


def test_the_edition_of_2019_is_read_and_a_row_takes_the_largest_rain_it_has(tmp_path: Path) -> None:
    path = published(tmp_path, "A31.geojson", A31_101=[2, 3, None], A31_201=[4, None, None])

    zones = read(path, "flood_zone").frame

    assert zones["depth_rank"].tolist() == [4, 3, None]
    assert zones["scenario"].tolist() == ["想定最大規模", "計画規模", "想定最大規模"]


def test_the_classes_of_2012_become_the_deepest_rank_they_reach_and_that_is_told(tmp_path: Path) -> None:
    path = published(tmp_path, "A31-12_21.shp", JGD2000, A31_001=["11", "12", "13", "14", "15", "3"])

    zones = read(path, "flood_zone")

    assert zones.frame["depth_rank"].tolist() == [1, 2, 2, 3, 4, None]
    assert zones.frame["note"].iloc[3] == "平成24年の図の区分：2m以上5m未満"
    assert {"old_depth_codes", "datum_jgd2000", "value_unreadable"} == codes(zones)


def test_a_rank_nobody_defined_stays_unknown_and_is_named(tmp_path: Path) -> None:
    zones = read(published(tmp_path, "A31a.geojson", A31a_205=[2, 9]), "flood_zone")

    assert zones.frame["depth_rank"].tolist() == [2, None]
    assert [(fault.row, fault.column, fault.found) for fault in zones.notes] == [(2, "A31a_205", "9")]


@pytest.mark.parametrize("short", [False, True])
def test_landslide_zones_are_decoded_from_long_and_short_names(tmp_path: Path, short: bool) -> None:
    names = (
        ["cop", "coz", "prc", "zno", "znm", "loc", "pnd"] if short else [f"A33_00{n}" for n in range(1, 8)]
    )
    values: list[list[object]] = [
        [1, 2, 3, 2], [1, 2, 3, 4], ["07"] * 4, ["1-1", "1-1", "2", "3"], ["旭町"] * 4, ["鏡石町旭町"] * 4,
        ["2010/03/05", "平成22年3月5日", "9999/1/1", "9999/01/01"],
    ]  # fmt: skip
    suffix = "geojson" if short else "shp"

    zones = read(
        published(tmp_path, f"A33.{suffix}", **dict(zip(names, values, strict=True))), "landslide_zone"
    )

    assert zones.frame["phenomenon"].tolist() == ["急傾斜地の崩壊", "土石流", "地滑り", "土石流"]
    assert zones.frame["zone"].tolist() == [
        "警戒区域", "特別警戒区域", "警戒区域（指定前）", "特別警戒区域（指定前）",
    ]  # fmt: skip
    assert zones.frame["notice_date"].tolist() == ["2010-03-05", "2010-03-05", None, None]
    assert zones.frame["feature_id"].nunique() == 4
    assert zones.notes == ()


@pytest.mark.parametrize(
    ("text", "lower", "upper", "rank"),
    [
        ("0.3m未満", 0.0, 0.3, 1),
        ("0.3m以上 ～ 0.5m未満", 0.3, 0.5, 1),
        ("1.0～2.0m", 1.0, 2.0, 2),
        ("2.0m以上 ～ 5.0m未満", 2.0, 5.0, 3),
        ("10.0m以上 ～ 20.0m未満", 10.0, 20.0, 5),
        ("20m以上", 20.0, None, 6),
    ],
)
def test_the_free_text_of_tsunami_and_storm_surge_depths_is_measured(
    tmp_path: Path, text: str, lower: float, upper: float | None, rank: int
) -> None:
    for kind, column in (("tsunami_zone", "A40_003"), ("storm_surge_zone", "A49_003")):
        row = read(published(tmp_path, f"{column}.geojson", **{column: [text]}), kind).frame.iloc[0]

        assert (row["depth_lower_m"], row["depth_upper_m"], row["depth_rank"]) == (lower, upper, rank)
        assert row["depth"] == text


def test_a_depth_in_words_nobody_can_measure_is_kept_and_named(tmp_path: Path) -> None:
    zones = read(published(tmp_path, "A40.geojson", A40_003=["0.5m未満", "深い"]), "tsunami_zone")

    assert zones.frame["depth"].tolist() == ["0.5m未満", "深い"]
    assert zones.frame["depth_rank"].tolist() == [1, None]
    assert [fault.found for fault in zones.notes] == ["深い"]


def refuges(folder: Path, name: str) -> Path:
    """P20 with a place for each row: name, address, kind of place, the hazards of 2012."""
    return published(
        folder, name, JGD2000, [shapely.Point(136.46, 35.36), shapely.Point(136.47, 35.37)],
        P20_001=["21362"] * 2, P20_002=["東公民館", "小学校"], P20_003=["岐阜県関ケ原町"] * 2,
        P20_004=["避難所", "広域避難場所"], P20_005=[100, -1], P20_007=[1, 0], P20_012=[0, 1],
    )  # fmt: skip


@pytest.mark.parametrize("name", ["P20-12_21.shp", "P20-12_21.geojson", "P20_12_21.gml"])
def test_the_refuges_of_2012_are_places_and_never_todays_designation(tmp_path: Path, name: str) -> None:
    path = refuges(tmp_path, name)

    places = read(path, "public_facility")

    assert places.reader == "ksj_shelter"
    assert places.frame["name"].tolist() == ["東公民館", "小学校"]
    assert places.frame["description"].tolist() == ["避難所", "広域避難場所"]
    assert "designation_stale" in codes(places)
    for kind in ("evacuation_site", "shelter"):
        with pytest.raises(UnreadableFile) as refused:
            read(path, kind)
        assert [fault.code for fault in refused.value.faults] == ["other_kind"]


def test_the_refuges_of_2012_may_be_kept_as_they_are(tmp_path: Path) -> None:
    kept = read(refuges(tmp_path, "P20.geojson"), "general")

    assert "designation_stale" in codes(kept)
    assert "P20_012" in kept.frame["source_properties"].iloc[0]


@pytest.mark.parametrize(
    ("name", "columns", "kind"),
    [
        ("A31a-24.geojson", {"A31a_201": ["8303030555"], "A31a_205": [3]}, "flood_zone"),
        ("A33-24.geojson", {"A33_001": [1], "A33_002": [2]}, "landslide_zone"),
        ("A40-16.geojson", {"A40_003": ["0.5m未満"]}, "tsunami_zone"),
        ("A49-20.geojson", {"A49_003": ["0.5m未満"]}, "storm_surge_zone"),
    ],
)
def test_the_kind_of_each_publication_is_proposed_alone(
    tmp_path: Path, name: str, columns: dict[str, list[object]], kind: str
) -> None:
    sure = sure_of(guess_kind(look(published(tmp_path, name, **columns))))

    assert sure is not None
    assert sure.kind_id == kind


def test_the_accuracy_of_jgd2000_follows_the_part_of_the_country(tmp_path: Path) -> None:
    def accuracy(lon: float, lat: float) -> list[str]:
        place = [shapely.Point(lon, lat)]
        path = published(tmp_path, f"{lon}.geojson", JGD2000, place, 名称=["役場"])
        found = read(path, "public_facility").notes
        return [fault.expected for fault in found if fault.grade is Grade.REPAIR]

    assert accuracy(140.35, 37.25) == ["5 m"]
    assert accuracy(136.46, 35.36) == ["0.5 m"]
    assert accuracy(130.40, 33.58) == ["0.1 m"]


def test_the_old_datum_is_changed_as_a_repair_that_says_how_far_it_may_be_off(tmp_path: Path) -> None:
    path = published(tmp_path, "old.shp", 4301, [shapely.Point(136.46, 35.36)], 名称=["役場"])

    found = read(path, "public_facility")

    assert [(fault.code, fault.grade, fault.expected) for fault in found.notes] == [
        ("datum_tokyo", Grade.REPAIR, "10 m")
    ]
    moved = found.frame.geometry.iloc[0]
    assert 0.0025 < 136.46 - moved.x < 0.0035
    assert 0.0028 < moved.y - 35.36 < 0.0037
