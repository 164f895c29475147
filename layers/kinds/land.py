"""The land itself: what may be built on it, its parcels, and pictures of it from the air."""

from __future__ import annotations

from layers import palette
from layers.kind import Column, Kind, Row, Style
from layers.kinds.parts import AREA, NOTE, always, first

_PLACE_PARTS = ("oaza", "chome", "koaza", "chiban")


def _parcel_title(row: Row) -> str:
    oaza = "".join(str(row[part]) for part in _PLACE_PARTS[:3] if row.get(part))
    return " ".join(part for part in (oaza, str(row.get("chiban") or "")) if part) or "土地（地番は不明）"


def _parcel_address(row: Row) -> str:
    """大字, 丁目, 字 and 地番 as they are written one after another."""
    return "".join(str(row[part]) for part in _PLACE_PARTS if row.get(part))


KINDS = (
    Kind(
        "zoning", "用途地域", "都市計画", AREA,
        (
            Column("zone_name", "用途地域", required=True, aliases=("用途地域名",)),
            Column("coverage_pct", "建蔽率", "float", unit="%", aliases=("建ぺい率",)),
            Column("floor_area_pct", "容積率", "float", unit="%"), NOTE,
        ),
        palette.ZONINGS, palette.zoning_key, first("", "zone_name"), first("用途地域", "zone_name"),
    ),
    Kind(
        "parcel", "土地（大字・地番）", "土地", AREA,
        (
            Column("oaza", "大字", aliases=("大字名", "大字・町名", "町名", "町丁・字")),
            Column("chome", "丁目", aliases=("丁目名",)),
            Column("koaza", "字", aliases=("小字", "小字名", "字名")),
            Column("chiban", "地番", required=True, aliases=("地番名",)),
            Column("land_category", "地目", aliases=("登記地目",)),
            Column("area_m2", "地積", "float", unit="㎡", aliases=("面積", "登記地積")), NOTE,
        ),
        (Style("parcel", "土地の境（筆界は法務局で確かめてください）", "#FFF9DB", "#7A5C00", 1, "2 2", "area"),),
        always("parcel"), first("", "chiban"), _parcel_title, address_of=_parcel_address,
    ),
    Kind(
        "aerial_image", "空から見た写真（オルソ画像）", "写真", AREA,
        (
            Column("name", "名称", shown=False, required=True, aliases=("ファイル名",)),
            Column("taken_on", "撮影日", aliases=("撮影年月日",)),
            Column("resolution_m", "1画素の大きさ", "float", unit="m", aliases=("解像度", "地上解像度")),
            Column("width_px", "横の画素数", "int", unit="px"), Column("height_px", "縦の画素数", "int", unit="px"),
            NOTE,
        ),
        (Style("aerial_image", "写真のある範囲", "#FFFFFF", "#343A40", 2, "10 4", "area", "写"),),
        always("aerial_image"), first("", "name"), first("空から見た写真", "name"),
    ),
)  # fmt: skip
