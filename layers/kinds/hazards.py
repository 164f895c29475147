"""Hazard zones: how deep, how long, how dangerous, in the ministry's colours and in a resident's words."""

from __future__ import annotations

from collections.abc import Callable

from layers import palette
from layers.kind import Column, Kind, Row, Style, plain_rows
from layers.kinds.parts import ADDRESS, AREA, NOTE, POINT, always, first, style_text
from layers.ranks import (
    COLLAPSE_WORDS,
    DEPTH_RANKS,
    DURATION_RANKS,
    LANDSLIDE_PHENOMENA,
    LANDSLIDE_ZONES,
    depth_words,
    duration_said,
)

_RANK = Column("depth_rank", "浸水深ランク", "int", shown=False, allowed=tuple(DEPTH_RANKS))
_SCENARIO = Column("scenario", "想定の規模", aliases=("想定する雨", "想定規模", "規模"))
_DURATION = Column("duration_rank", "浸水継続時間ランク", "int", shown=False, allowed=tuple(DURATION_RANKS))
_METRES = (
    Column("depth_lower_m", "浸水深の下限", "float", shown=False, unit="m"),
    Column("depth_upper_m", "浸水深の上限", "float", shown=False, unit="m"),
    # what a source wrote, where it writes a class in words
    Column(
        "depth",
        "浸水深の区分",
        shown=False,
        aliases=("最大浸水深", "浸水深", "浸水深区分", "A40_003", "A49_003"),
    ),
)
_FLOOD_COLUMNS = (
    _RANK, _SCENARIO, _DURATION,
    Column("collapse", "家屋倒壊等氾濫想定区域", shown=False, allowed=tuple(COLLAPSE_WORDS)),
    Column("river_name", "対象の河川", aliases=("河川名",)), NOTE,
)  # fmt: skip
_WATER_COLUMNS = (_RANK, *_METRES, _SCENARIO, Column("name", "区域名", aliases=("名称", "地区名")), NOTE)
_LANDSLIDE_COLUMNS = (
    Column("zone", "区域の種類", required=True, aliases=("区域区分",), allowed=tuple(LANDSLIDE_ZONES.values())),
    Column("phenomenon", "災害の種類", aliases=("現象種類", "現象の種類"),
           allowed=tuple(LANDSLIDE_PHENOMENA.values())),
    Column("name", "区域名", aliases=("渓流名", "名称")),
    Column("notice_no", "告示番号"),
    Column("notice_date", "告示日", aliases=("年月日", "公示日")),
    ADDRESS,
)  # fmt: skip


def _flood_said(row: Row) -> list[tuple[str, str]]:
    """What a flood zone states, of its three possible statements, as (title, words)."""
    collapse = str(row.get("collapse") or "")
    stated = (
        ("浸水の深さ", depth_words(row)),
        ("水が引くまでの時間", duration_said(row)),
        (
            "家屋倒壊等氾濫想定区域",
            f"{collapse}：{COLLAPSE_WORDS[collapse]}" if collapse in COLLAPSE_WORDS else "",
        ),
    )
    return [(title, text) for title, text in stated if text] or [("浸水の深さ", "不明")]


def _flood_words(row: Row) -> str:
    said = dict(_flood_said(row))
    collapse = said.pop("家屋倒壊等氾濫想定区域", "")
    duration = said.pop("水が引くまでの時間", "")
    depth = said.pop("浸水の深さ", "")
    parts = (
        "浸水の深さは不明" if depth == "不明" else depth,
        f"浸水が続く時間 {duration}" if duration else "",
        f"家屋倒壊等氾濫想定区域（{collapse.replace('：', '）：', 1)}" if collapse else "",
    )
    return "。".join(part for part in parts if part)


def _water_words(row: Row) -> str:
    return depth_words(row) or "浸水の深さは不明"


def _rows(
    columns: tuple[Column, ...], said: Callable[[Row], list[tuple[str, str]]]
) -> Callable[[Row], list[tuple[str, str]]]:
    return lambda row: said(row) + plain_rows(columns, row)


def _landslide_words(row: Row) -> str:
    zone, phenomenon = str(row.get("zone") or ""), str(row.get("phenomenon") or "")
    if zone not in LANDSLIDE_ZONES.values():
        return "土砂災害の区域の種類は不明"
    # 土砂災害防止法 第7条, 第9条: danger to life or body; in the special zone buildings break as well
    danger = (
        "建物が壊れ、命に危険が生じるおそれ" if "特別" in zone else "土砂が届き、命や体に危険が生じるおそれ"
    )
    return f"{phenomenon}の{zone}：{danger}" if phenomenon else f"{zone}：{danger}"


def _history_words(row: Row) -> str:
    when = "・".join(str(row[part]) for part in ("occurred_on", "cause") if row.get(part))
    return f"過去に水につかった記録があります（{when or '時期は不明'}）"


def _water_zone(kind_id: str, title: str, hazard: str, said: str) -> Kind:
    """A zone of standing water whose depth is stated as a rank, as metres or in words."""
    texts = style_text(palette.WATERS, palette.water_key)
    return Kind(
        kind_id, title, "防災", AREA, _WATER_COLUMNS, palette.WATERS, palette.water_key, texts,
        lambda row: f"{said}：{texts(row)}",
        _rows(_WATER_COLUMNS, lambda row: [("浸水の深さ", depth_words(row) or "不明")]),
        at_least_one=("depth_rank", "depth_lower_m", "depth_upper_m", "depth"), hazard=hazard,
        words_of=_water_words,
    )  # fmt: skip


_FLOOD_TEXT = style_text(palette.FLOODS, palette.flood_key)
_LANDSLIDE_TEXT = style_text(palette.LANDSLIDES, palette.landslide_key)

KINDS = (
    Kind(
        "flood_zone", "洪水浸水想定区域", "防災", AREA, _FLOOD_COLUMNS,
        palette.FLOODS, palette.flood_key, _FLOOD_TEXT,
        lambda row: f"洪水で浸水するおそれ：{_FLOOD_TEXT(row)}", _rows(_FLOOD_COLUMNS, _flood_said),
        at_least_one=("depth_rank", "duration_rank", "collapse"), hazard="hazard_flood", words_of=_flood_words,
    ),
    _water_zone("inland_flood_zone", "内水浸水想定区域", "hazard_inland_flood", "下水や水路があふれて浸水するおそれ"),
    _water_zone("storm_surge_zone", "高潮浸水想定区域", "hazard_storm_surge", "高潮で浸水するおそれ"),
    _water_zone("tsunami_zone", "津波浸水想定", "hazard_tsunami", "津波で浸水するおそれ"),
    Kind(
        "landslide_zone", "土砂災害警戒区域等", "防災", AREA, _LANDSLIDE_COLUMNS,
        palette.LANDSLIDES, palette.landslide_key, _LANDSLIDE_TEXT,
        lambda row: f"土砂災害：{_LANDSLIDE_TEXT(row)}",
        hazard="hazard_landslide", words_of=_landslide_words,
    ),
    Kind(
        "flood_history", "浸水履歴", "防災", AREA | POINT,
        (
            Column("name", "地区", shown=False, aliases=("地域", "地区名", "名称", "場所")),
            Column("occurred_on", "浸水した日", aliases=("日付", "発生日", "発生年月日", "年月日")),
            # 異常気: a Shapefile cuts the column's name after ten bytes
            Column("cause", "原因", aliases=("災害名", "異常気象名", "異常気象", "異常気")),
            Column("damage", "被害の様子", aliases=("被害", "水害地", "被害状況")),
            Column("depth_m", "浸水の深さ", "float", unit="m", aliases=("浸水深",)), NOTE,
        ),
        (Style("flood_history", "浸水履歴（過去に水につかったところ）", "#74C0FC", "#1864AB", 1.5, "5 3", "area",
               "歴", "hatch"),),
        always("flood_history"), first("", "occurred_on", "name"), first("浸水履歴", "name", "cause"),
        words_of=_history_words,
    ),
)  # fmt: skip
