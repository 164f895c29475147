"""Every kind of layer can be drawn and read by everybody: colour is never the only sign, unknown is never a
no.
"""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import layers.kinds
from layers.catalogue import Catalogue, Entry
from layers.errors import Grade, UnknownKind
from layers.kind import Column, Style, StyleChange
from layers.kinds import HAZARDS, KINDS, Kind, kind_of
from layers.rows import cell_faults, column_faults
from layers.versions import LayerShelf

ZONES = [kind for kind in KINDS.values() if kind.hazard]


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_feature_of_which_nothing_is_known_still_has_a_style_a_title_and_a_card(kind: Kind) -> None:
    row = {column.name: None for column in kind.columns}

    style = kind.style(kind.style_of(row))

    assert style.text_ja
    assert kind.title_of(row)
    assert isinstance(kind.label_of(row), str)
    assert all(title and value for title, value in kind.shown_rows(row))


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_styles_of_a_kind_differ_without_their_colours(kind: Kind) -> None:
    signs = [(style.letter, style.pattern, style.dash) for style in kind.styles]
    texts = [style.text_ja for style in kind.styles]

    assert len(set(signs)) == len(signs)
    assert len(set(texts)) == len(texts)
    assert all(
        re.fullmatch("#[0-9A-F]{6}", colour) for style in kind.styles for colour in (style.fill, style.stroke)
    )


def test_flood_depths_have_the_ministrys_colours_and_words() -> None:
    flood = KINDS["flood_zone"]

    drawn = [flood.style(flood.style_of({"depth_rank": rank})) for rank in range(1, 7)]

    assert [style.fill for style in drawn] == [
        "#F7F5A9",
        "#FFD8C0",
        "#FFB7B7",
        "#FF9191",
        "#F285C9",
        "#DC7ADC",
    ]
    assert flood.label_of({"depth_rank": 2}) == "0.5〜3m"
    assert flood.label_of({"depth_rank": None}) == "浸水の深さは不明"


def test_special_landslide_zones_are_red_and_warning_zones_yellow() -> None:
    zones = ("特別警戒区域", "警戒区域", "特別警戒区域（指定前）", "警戒区域（指定前）")
    phenomena = ("急傾斜地の崩壊", "土石流", "地滑り", None)
    kind = KINDS["landslide_zone"]

    for zone, phenomenon in itertools.product(zones, phenomena):
        style = kind.style(kind.style_of({"zone": zone, "phenomenon": phenomenon}))
        red, green = int(style.fill[1:3], 16), int(style.fill[3:5], 16)
        assert (green < red / 3) == zone.startswith("特別警戒区域"), style
        assert zone.removesuffix("）") in style.text_ja
        assert ("指定前" in zone) == bool(style.dash)


def test_a_municipal_road_is_drawn_alike_in_a_town_and_in_a_city() -> None:
    road = KINDS["road_section"]

    assert road.style_of({"manager": "町道"}) == road.style_of({"manager": "市道"}) == "road_municipal"
    assert road.style_of({"manager": None}) == "road_unknown"


def test_an_evacuation_site_always_says_which_hazards_it_is_for_and_which_not() -> None:
    row = dict.fromkeys(HAZARDS, False) | {
        "hazard_flood": True,
        "hazard_earthquake": True,
        "name": "東公民館",
    }

    card = dict(KINDS["evacuation_site"].shown_rows(row))

    assert card["対応する災害"] == "洪水、地震"
    assert card["指定のない災害"] == "崖崩れ、土石流及び地滑り、高潮、津波、大規模な火事、内水氾濫、火山現象"
    assert "指定の有無が不明の災害" not in card


def test_an_unknown_designation_is_neither_a_yes_nor_a_no() -> None:
    row = dict.fromkeys(HAZARDS, True) | {"hazard_tsunami": None}

    card = dict(KINDS["evacuation_site"].shown_rows(row))

    assert card["指定の有無が不明の災害"] == "津波"
    assert card["指定のない災害"] == "なし"
    assert "津波" not in card["対応する災害"]


def test_a_kind_nobody_defined_is_named() -> None:
    with pytest.raises(UnknownKind, match="ufo_landing_site"):
        kind_of("ufo_landing_site")


def test_the_town_can_keep_every_sort_of_layer_the_departments_have() -> None:
    wanted = """evacuation_site shelter welfare_shelter garbage_station recycling_point flood_zone inland_flood_zone
    storm_surge_zone tsunami_zone landslide_zone flood_history public_facility vulnerable_facility
    cultural_property aed public_toilet hydrant disaster_radio_station road_section emergency_route underpass
    river water_pipe sewer_pipe manhole zoning park street_light neighbourhood_association school_district
    boundary parcel aerial_image general"""

    assert set(KINDS) == set(wanted.split())
    assert all(kind.geometry and kind.styles and kind.title and kind.theme for kind in KINDS.values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_no_two_columns_of_a_kind_claim_the_same_header(kind: Kind) -> None:
    claimed = [
        header for column in kind.columns for header in {column.name, column.title_ja, *column.aliases}
    ]

    assert len(set(claimed)) == len(claimed)
    assert all(kind.column(name) for name in kind.at_least_one)


@pytest.mark.parametrize("kind", ZONES, ids=[kind.id for kind in ZONES])
def test_a_hazard_zone_says_what_it_means_even_when_little_is_known(kind: Kind) -> None:
    words = kind.words(dict.fromkeys(column.name for column in kind.columns))

    assert kind.hazard in HAZARDS
    assert "不明" in words


def test_only_the_five_hazards_that_are_drawn_as_zones_have_a_kind() -> None:
    assert {kind.hazard for kind in ZONES} == {
        "hazard_flood", "hazard_inland_flood", "hazard_storm_surge", "hazard_tsunami", "hazard_landslide",
    }  # fmt: skip
    assert not KINDS["flood_history"].hazard  # where water once stood is a record, not a zone of the law


def test_a_resident_reads_what_a_zone_means_for_the_house() -> None:
    flood, slope = KINDS["flood_zone"], KINDS["landslide_zone"]

    assert flood.words({"depth_rank": 2}) == "0.5m以上3.0m未満：1階の天井まで水につかるおそれ"
    assert "3日ほど水が引かないおそれ" in flood.words({"duration_rank": 3})
    assert "河岸侵食" in flood.words({"collapse": "河岸侵食"})
    assert slope.words({"zone": "特別警戒区域", "phenomenon": "土石流"}) == (
        "土石流の特別警戒区域：建物が壊れ、命に危険が生じるおそれ"
    )
    assert slope.words({"zone": "警戒区域（指定前）"}).startswith("警戒区域（指定前）：")
    assert KINDS["flood_history"].words({"occurred_on": "2022-09-23", "cause": "台風"}) == (
        "過去に水につかった記録があります（2022-09-23・台風）"
    )
    assert KINDS["aed"].words({"name": "役場"}) == ""


def test_a_flood_map_of_durations_or_collapse_zones_has_the_signs_of_its_own() -> None:
    flood = KINDS["flood_zone"]

    drawn = [{"duration_rank": rank} for rank in range(1, 8)]
    drawn += [{"collapse": cause} for cause in ("氾濫流", "河岸侵食", "どちらも")]

    keys = [flood.style_of(row) for row in drawn]
    assert keys == [
        *(f"duration_{rank}" for rank in range(1, 8)),
        "collapse_flow",
        "collapse_bank",
        "collapse_both",
    ]
    assert [flood.style(key).fill for key in keys[:7]] == [
        "#A0D2FF", "#0041FF", "#FAF500", "#FF9900", "#FF2800", "#B40068", "#600060",
    ]  # fmt: skip


def test_an_inland_flood_is_drawn_in_the_class_its_metres_or_words_state() -> None:
    kind = KINDS["inland_flood_zone"]

    assert kind.style_of({"depth": "0.3m未満の区域"}) == "depth_under_03"
    assert kind.style_of({"depth": "0.3~0.5m未満の区域"}) == "depth_1"
    assert kind.style_of({"depth_lower_m": 0.5, "depth_upper_m": 1.0}) == "depth_05_10"
    assert kind.style_of({"depth": "1.0~3.0m未満の区域"}) == kind.style_of({"depth_rank": 2}) == "depth_2"
    assert kind.style_of({"depth": "くわしくは窓口へ"}) == "depth_unknown"
    assert dict(kind.shown_rows({"depth_lower_m": 1.0, "depth_upper_m": 2.0}))["浸水の深さ"].startswith(
        "1.0m以上2.0m未満："
    )


def test_any_one_statement_makes_a_flood_zone_and_none_is_refused_by_row() -> None:
    flood = KINDS["flood_zone"]
    frame = gpd.GeoDataFrame(
        {"depth_rank": [1, None, None], "duration_rank": [None, 2, None]},
        geometry=[shapely.box(136, 35, 136.1, 35.1)] * 3, crs=4326, index=[2, 3, 4],
    )  # fmt: skip

    missing = [fault for fault in cell_faults(frame, flood) if fault.code == "value_missing"]

    assert [(fault.row, fault.grade) for fault in missing] == [(4, Grade.REFUSE)]
    assert missing[0].expected == "浸水深ランク・浸水継続時間ランク・家屋倒壊等氾濫想定区域"
    assert not list(column_faults(frame, flood))
    bare = frame[["geometry"]]
    assert [fault.code for fault in column_faults(bare, flood)] == ["column_missing"]


def test_a_parcel_is_found_by_its_oaza_and_lot_number() -> None:
    parcel = KINDS["parcel"]
    row = {"oaza": "大字本町", "koaza": "字前田", "chiban": "123番4"}

    assert parcel.title_of(row) == "大字本町字前田 123番4"
    assert parcel.address(row) == "大字本町字前田123番4"
    assert KINDS["aed"].address({"address": "本町1番地"}) == "本町1番地"


def test_a_layer_of_no_special_kind_shows_every_column_of_its_file() -> None:
    general = KINDS["general"]
    row = {
        "name": "第一分団",
        "source_properties": '{"団員": 12, "車両": "ポンプ車", "空欄": "", "夜間": true}',
    }

    assert general.geometry == {"Point", "LineString", "Polygon"}
    assert general.any_columns
    assert general.title_of(row) == "第一分団"
    assert general.shown_rows(row) == [("団員", "12"), ("車両", "ポンプ車"), ("夜間", "あり")]
    assert general.shown_rows({"source_properties": "{broken"}) == []
    assert general.shown_rows({"source_properties": "[1]"}) == []


def test_one_kind_is_all_a_new_sort_of_layer_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Kind(
        "bench", "ベンチ", "施設", frozenset({"Point"}),
        (Column("name", "名称", required=True, shown=False), Column("seats", "座れる人数", "int", unit="人")),
        (Style("bench", "ベンチ", "#8C5A2B", "#4A2E12", letter="ベ"),),
        style_of=lambda row: "bench", label_of=lambda row: "", title_of=lambda row: str(row["name"]),
    )  # fmt: skip
    monkeypatch.setitem(layers.kinds.KINDS, "bench", bench)
    entry = Entry("bench", "ベンチ", "bench", "施設", "建設課", "public", "CC BY 4.0", "建設課")
    shelf = LayerShelf(tmp_path, Catalogue.load().with_entry(entry), 6675)
    frame = gpd.GeoDataFrame(
        {"name": ["駅前"], "seats": [4]}, geometry=[shapely.Point(136.46, 35.36)], crs=4326
    )

    kept = shelf.add(
        "bench", frame, reader="general", source_name="bench.csv", source_sha256="-", by="建設課",
        at=datetime(2026, 4, 1, tzinfo=UTC), as_of=None,
    )  # fmt: skip

    assert kept.kind.shown_rows(kept.index.records[0]) == [("座れる人数", "4人")]
    assert kept.style_keys == {"bench"}


def test_a_town_that_renames_a_style_sees_its_words_wherever_the_kind_quotes_them() -> None:
    ours = KINDS["flood_zone"].restyled([StyleChange("depth_2", text_ja="おとなの首まで", letter="首")])

    row = {"depth_rank": 2}
    assert ours.style("depth_2").letter == "首"
    assert ours.label_of(row) == "おとなの首まで"
    assert ours.title_of(row) == "洪水で浸水するおそれ：おとなの首まで"
    assert ours.label_of({"depth_rank": 3}) == KINDS["flood_zone"].label_of({"depth_rank": 3})
