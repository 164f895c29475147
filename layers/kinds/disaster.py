"""Where people go in a disaster, and what helps them: sites, shelters, water for fires, radio, routes."""

from __future__ import annotations

from layers import palette
from layers.kind import Column, Kind, Row, Style, plain_rows
from layers.kinds.parts import (
    ADDRESS,
    COMMON_ID,
    HOURS,
    KANA,
    LINE,
    NOTE,
    PHONE,
    POINT,
    URL,
    always,
    first,
    name,
)

HAZARDS = {
    "hazard_flood": "洪水",
    "hazard_landslide": "崖崩れ、土石流及び地滑り",
    "hazard_storm_surge": "高潮",
    "hazard_earthquake": "地震",
    "hazard_tsunami": "津波",
    "hazard_fire": "大規模な火事",
    "hazard_inland_flood": "内水氾濫",
    "hazard_volcano": "火山現象",
}
_CAPACITY = Column("capacity", "収容人数", "int", unit="人", aliases=("想定収容人数",))
_ACCEPTS = Column("accepts", "受け入れる方", aliases=("受入対象者",))
_PLACE = name(required=True, aliases=("施設・場所名",))


def _flag(column: str, title: str) -> Column:
    return Column(column, title, "bool", required=True, aliases=(f"災害種別_{title}",), blank_is_no=True)


_SITE_COLUMNS = (
    _PLACE, KANA, ADDRESS, COMMON_ID,
    Column("also_shelter", "指定避難所を兼ねる", "bool", blank_is_no=True,
           aliases=("指定避難所との住所同一", "指定避難所との重複")),
    _CAPACITY,
    Column("associations", "対象となる町会・自治会"),
    Column("elevation_m", "標高", "float", unit="m"),
    PHONE, URL, NOTE,
)  # fmt: skip


def _site_rows(row: Row) -> list[tuple[str, str]]:
    """A site is never shown without the hazards it is, and is not, designated for; unknown is neither."""
    groups: dict[object, list[str]] = {True: [], False: [], None: []}
    for column, title in HAZARDS.items():
        groups[row.get(column)].append(title)
    rows = [
        ("対応する災害", "、".join(groups[True]) or "なし"),
        ("指定のない災害", "、".join(groups[False]) or "なし"),
    ]
    if groups[None]:
        rows.append(("指定の有無が不明の災害", "、".join(groups[None])))
    return rows + plain_rows(_SITE_COLUMNS, row)


KINDS = (
    Kind(
        "evacuation_site", "指定緊急避難場所", "防災", POINT,
        (*_SITE_COLUMNS[:4], *(_flag(column, title) for column, title in HAZARDS.items()), *_SITE_COLUMNS[4:]),
        (Style("evacuation_site", "指定緊急避難場所（にげるところ）", "#0B7A3B", "#04421F", letter="緊"),),
        always("evacuation_site"), first("", "name"), first("指定緊急避難場所", "name"), _site_rows,
    ),
    Kind(
        "shelter", "指定避難所", "防災", POINT,
        (
            _PLACE, KANA, ADDRESS, COMMON_ID, _ACCEPTS,
            Column("also_evacuation_site", "指定緊急避難場所を兼ねる", "bool", blank_is_no=True,
                   aliases=("指定緊急避難場所との住所同一", "指定緊急避難場所との重複")),
            _CAPACITY,
            Column("area_m2", "避難所の面積", "float", unit="㎡", aliases=("避難所面積平方メートル", "面積")),
            PHONE, NOTE,
        ),
        (
            Style("shelter", "指定避難所（とまるところ）", "#0050B3", "#002B66", letter="避"),
            Style("shelter_limited", "指定避難所（対象の方が決まっています）", "#6A4C93", "#3B2657", letter="限"),
        ),
        palette.shelter_key, first("", "name"), first("指定避難所", "name"),
    ),
    Kind(
        "welfare_shelter", "福祉避難所", "防災", POINT,
        (_PLACE, KANA, ADDRESS, COMMON_ID, _ACCEPTS, _CAPACITY, PHONE, NOTE),
        (Style("welfare_shelter", "福祉避難所（支えが必要な方のとまるところ）", "#862E9C", "#4A1757",
               letter="福"),),
        always("welfare_shelter"), first("", "name"), first("福祉避難所", "name"),
    ),
    Kind(
        "vulnerable_facility", "要配慮者利用施設", "防災", POINT,
        (
            name("施設の名称", required=True, aliases=("要配慮者利用施設名称", "施設名称")),
            Column("category", "施設の種類", aliases=("区分", "施設種別", "種別")),
            Column("plan_class", "地域防災計画の分類", aliases=("地域防災計画分類",)),
            Column("plan_required", "避難確保計画の対象", "bool", aliases=("避難確保計画対象",)),
            Column("capacity", "定員", "int", unit="人", aliases=("利用定員", "収容定員")),
            Column("department", "所管課", aliases=("担当課",)),
            ADDRESS, PHONE, NOTE,
        ),
        (Style("vulnerable_facility", "要配慮者利用施設", "#C2255C", "#6B0F30", letter="要"),),
        always("vulnerable_facility"), first("", "name"), first("要配慮者利用施設", "name"),
    ),
    Kind(
        "aed", "AED設置箇所", "防災", POINT,
        (
            name(), KANA, Column("location_in_building", "設置位置"), Column("hours", "利用できる時間"), *HOURS,
            ADDRESS, Column("child_pads", "小児用パッド", "bool", aliases=("小児対応設備の有無",)), PHONE, NOTE,
        ),
        (Style("aed", "AED", "#D9480F", "#7A2607", letter="A"),),
        always("aed"), first("", "name"), first("AED", "name"),
    ),
    Kind(
        "hydrant", "消防水利", "防災", POINT,
        (
            name(), Column("hydrant_type", "種別", aliases=("消防水利種別",)),
            Column("diameter_mm", "口径", "float", unit="mm", aliases=("口径(管径ｍｍ)",)),
            Column("capacity_m3", "水の量", "float", unit="㎥", aliases=("容量", "貯水量")), ADDRESS, NOTE,
        ),
        palette.HYDRANTS, palette.hydrant_key, first("", "hydrant_type"),
        first("消防水利", "name", "hydrant_type"),
    ),
    Kind(
        "disaster_radio_station", "防災行政無線（屋外スピーカー）", "防災", POINT,
        (
            name("子局の名称", aliases=("子局名", "局名", "設置場所")), KANA, ADDRESS,
            Column("speakers", "スピーカーの数", "int", unit="台", aliases=("スピーカー数",)), NOTE,
        ),
        (Style("disaster_radio_station", "防災行政無線の屋外スピーカー", "#364FC7", "#1B2A73", letter="無"),),
        always("disaster_radio_station"), first("", "name"), first("防災行政無線", "name"),
    ),
    Kind(
        "emergency_route", "緊急輸送道路", "防災", LINE,
        (
            name("路線名", aliases=("道路名", "路線")), Column("rank", "区分", aliases=("指定区分", "種別")),
            Column("stretch", "区間", aliases=("指定区間",)),
            Column("manager_body", "道路管理者", aliases=("管理者",)), NOTE,
        ),
        palette.ROUTES, palette.route_key, first("", "name", "rank"), first("緊急輸送道路", "name", "rank"),
    ),
)  # fmt: skip
