"""Pipes under the streets and the covers above them."""

from __future__ import annotations

from layers import palette
from layers.kind import Column, Kind, Row, Style
from layers.kinds.parts import LINE, NOTE, POINT, always, first, name, year

_PIPE = (
    Column("diameter_mm", "口径", "float", unit="mm", aliases=("管径", "口径(mm)", "管径(mm)")),
    Column("material", "管種", aliases=("管材",)),
    year("installed_year", "布設年度", "布設年", "施工年度"),
)
_DRAIN = Column("drain_type", "流す水", aliases=("排除区分", "汚水雨水区分", "管区分"))


def _diameter(row: Row) -> str:
    width = row.get("diameter_mm")
    return f"φ{width:g}" if isinstance(width, (int, float)) else ""


KINDS = (
    Kind(
        "water_pipe", "水道管", "上下水道", LINE, (*_PIPE, NOTE),
        (Style("water_pipe", "水道管", "#1C7ED6", "#1C7ED6", 2, "10 3", "line", "水"),),
        always("water_pipe"), _diameter, always("水道管"),
    ),
    Kind(
        "sewer_pipe", "下水道管", "上下水道", LINE,
        (_DRAIN, *_PIPE, Column("gradient_permil", "勾配", "float", unit="‰", aliases=("勾配(‰)", "管勾配")), NOTE),
        palette.SEWERS, palette.sewer_key, _diameter, palette.sewer_title,
    ),
    Kind(
        "manhole", "マンホール", "上下水道", POINT,
        (
            name("番号", aliases=("マンホール番号", "人孔番号")), _DRAIN,
            Column("cover", "ふたの種類", aliases=("蓋種類", "ふた種別")),
            Column("depth_m", "深さ", "float", unit="m", aliases=("人孔深", "マンホール深")),
            year("installed_year", "設置年度", "設置年", "布設年度"), NOTE,
        ),
        (Style("manhole", "マンホール", "#5C5F66", "#25262B", letter="マ"),),
        always("manhole"), first("", "name"), first("マンホール", "name"),
    ),
)  # fmt: skip
