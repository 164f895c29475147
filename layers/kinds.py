"""The table of kinds: one entry for each sort of thing a town keeps on its map."""

from __future__ import annotations

from collections.abc import Callable

from layers import palette
from layers.errors import UnknownKind
from layers.kind import Column, Kind, Row, Style, plain_rows

__all__ = ["HAZARDS", "KINDS", "Column", "Kind", "Row", "Style", "kind_of"]

_POINT, _LINE, _AREA = frozenset({"Point"}), frozenset({"LineString"}), frozenset({"Polygon"})
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


def kind_of(kind_id: str) -> Kind:
    """The kind of that id; UnknownKind names the id otherwise."""
    if kind_id not in KINDS:
        raise UnknownKind(kind_id)
    return KINDS[kind_id]


def _first(otherwise: str, *columns: str) -> Callable[[Row], str]:
    def title(row: Row) -> str:
        return next((str(row[column]) for column in columns if row.get(column) not in (None, "")), otherwise)

    return title


def _style(key: str) -> Callable[[Row], str]:
    return lambda row: key


def _style_text(styles: tuple[Style, ...], key_of: Callable[[Row], str]) -> Callable[[Row], str]:
    texts = {style.key: style.text_ja for style in styles}
    return lambda row: texts[key_of(row)]


def _name(title: str = "名称", *, required: bool = False, aliases: tuple[str, ...] = ()) -> Column:
    return Column("name", title, required=required, shown=False, aliases=("名称", "施設名", *aliases))


_ADDRESS = Column("address", "住所", aliases=("所在地", "所在地_連結表記"))
_COMMON_ID = Column("common_id", "共通ID", shown=False)
_NOTE = Column("note", "備考")


def _hazard_rows(row: Row) -> list[tuple[str, str]]:
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
    others = tuple(column for column in KINDS["evacuation_site"].columns if column.name not in HAZARDS)
    return rows + plain_rows(others, row)


def _hazard(name: str, title: str) -> Column:
    return Column(name, title, "bool", required=True, aliases=(f"災害種別_{title}",), blank_is_no=True)


_TABLE = (
    Kind(
        "boundary", "行政区域", "行政区域", _AREA,
        (
            _name(required=True, aliases=("市区町村名",)),
            Column("code", "全国地方公共団体コード"),
            Column("prefecture", "都道府県", aliases=("都道府県名",)),
        ),
        (Style("boundary", "行政区域の境界", "#FFFFFF", "#5B2C83", 3, "8 4 2 4", "area"),),
        _style("boundary"), _first("", "name"), _first("行政区域", "name"),
    ),
    Kind(
        "neighbourhood_association", "自治会・町内会", "行政区域", _AREA,
        (
            _name("自治会名", required=True, aliases=("町内会名",)),
            Column("households", "世帯数", "int", unit="世帯", aliases=("加入世帯数",)),
        ),
        (Style("association", "自治会・町内会の区域", "#E8DFF5", "#6A4C93", 2, "6 3", "area", "自"),),
        _style("association"), _first("", "name"), _first("自治会", "name"),
    ),
    Kind(
        "road_section", "道路", "道路・河川", _LINE,
        (
            _name("路線名", aliases=("道路名",)),
            Column("manager", "道路の種類", aliases=("道路種別",)),
            Column("manager_body", "道路管理者", aliases=("管理者",)),
            Column("width_m", "幅員", "float", unit="m"),
        ),
        palette.ROADS, palette.road_key, _first("", "name", "manager"), _first("道路", "name", "manager"),
    ),
    Kind(
        "river", "河川", "道路・河川", _LINE | _AREA,
        (_name("河川名"), Column("manager", "河川管理者", aliases=("管理者",))),
        (Style("river", "河川", "#6BAED6", "#2171B5", 3, shape="line", letter="川"),),
        _style("river"), _first("", "name"), _first("河川", "name"),
    ),
    Kind(
        "flood_zone", "洪水浸水想定区域", "防災", _AREA,
        (
            Column("depth_rank", "浸水深ランク", "int", required=True, shown=False,
                   allowed=(1, 2, 3, 4, 5, 6)),
            Column("scenario", "想定する雨"),
            Column("river_name", "対象の河川", aliases=("河川名",)),
        ),
        palette.DEPTHS, palette.depth_key, _style_text(palette.DEPTHS, palette.depth_key),
        lambda row: "洪水で浸水するおそれ：" + _style_text(palette.DEPTHS, palette.depth_key)(row),
    ),
    Kind(
        "landslide_zone", "土砂災害警戒区域等", "防災", _AREA,
        (
            Column("zone", "区域の種類", required=True, aliases=("区域区分",),
                   allowed=("警戒区域", "特別警戒区域")),
            Column("phenomenon", "災害の種類", aliases=("現象種類", "現象の種類"),
                   allowed=("急傾斜地の崩壊", "土石流", "地滑り")),
            Column("name", "区域名", aliases=("渓流名", "名称")),
            Column("notice_no", "告示番号"),
            Column("notice_date", "告示日", aliases=("年月日", "公示日")),
            _ADDRESS,
        ),
        palette.LANDSLIDES, palette.landslide_key, _style_text(palette.LANDSLIDES, palette.landslide_key),
        lambda row: "土砂災害：" + _style_text(palette.LANDSLIDES, palette.landslide_key)(row),
    ),
    Kind(
        "garbage_station", "ごみステーション", "ごみ", _POINT,
        (
            _name(aliases=("ごみステーション名", "集積所名")),
            Column("district", "地区", aliases=("地区名",)),
            Column("association", "管理自治会",
                   aliases=("自治会", "自治会名", "管理自治会名", "管理町内会", "町内会名")),
            Column("burnable", "もえるごみ", aliases=("もえるゴミ", "燃えるごみ", "燃やすごみ", "可燃ごみ")),
            Column("non_burnable", "もえないごみ",
                   aliases=("もえないゴミ", "燃えないごみ", "燃やさないごみ", "不燃ごみ")),
            Column("recyclable", "資源ごみ", aliases=("資源", "資源物")),
            Column("calendar", "ごみカレンダーの区分",
                   aliases=("ゴミカレンダー区分", "ごみカレンダー区分", "収集区分")),
            Column("households", "使用世帯数", "int", unit="世帯", aliases=("世帯数", "利用世帯数")),
        ),
        (Style("garbage_station", "ごみステーション", "#5B8C2A", "#2F4F12", letter="ご"),),
        _style("garbage_station"), _first("", "name"), _first("ごみステーション", "name"),
    ),
    Kind(
        "evacuation_site", "指定緊急避難場所", "防災", _POINT,
        (
            _name(required=True, aliases=("施設・場所名",)), _ADDRESS, _COMMON_ID,
            *(_hazard(name, title) for name, title in HAZARDS.items()),
            Column("also_shelter", "指定避難所を兼ねる", "bool", blank_is_no=True,
                   aliases=("指定避難所との住所同一", "指定避難所との重複")),
            _NOTE,
        ),
        (Style("evacuation_site", "指定緊急避難場所（にげるところ）", "#0B7A3B", "#04421F", letter="緊"),),
        _style("evacuation_site"), _first("", "name"), _first("指定緊急避難場所", "name"), _hazard_rows,
    ),
    Kind(
        "shelter", "指定避難所", "防災", _POINT,
        (
            _name(required=True, aliases=("施設・場所名",)), _ADDRESS, _COMMON_ID,
            Column("accepts", "受け入れる方", aliases=("受入対象者",)),
            Column("also_evacuation_site", "指定緊急避難場所を兼ねる", "bool", blank_is_no=True,
                   aliases=("指定緊急避難場所との住所同一", "指定緊急避難場所との重複")),
            Column("capacity", "収容人数", "int", unit="人", aliases=("想定収容人数",)),
            _NOTE,
        ),
        (
            Style("shelter", "指定避難所（とまるところ）", "#0050B3", "#002B66", letter="避"),
            Style("shelter_limited", "指定避難所（対象の方が決まっています）", "#6A4C93", "#3B2657",
                  letter="福"),
        ),
        palette.shelter_key, _first("", "name"), _first("指定避難所", "name"),
    ),
    Kind(
        "hydrant", "消防水利", "防災", _POINT,
        (
            _name(), Column("hydrant_type", "種別"),
            Column("diameter_mm", "口径", "float", unit="mm", aliases=("口径(管径ｍｍ)",)), _ADDRESS,
        ),
        (Style("hydrant", "消火栓・防火水槽", "#C00000", "#5C0000", letter="消"),),
        _style("hydrant"), _first("", "hydrant_type"), _first("消防水利", "name", "hydrant_type"),
    ),
    Kind(
        "aed", "AED設置箇所", "防災", _POINT,
        (
            _name(), Column("location_in_building", "設置位置"), Column("hours", "利用できる時間"), _ADDRESS,
            Column("child_pads", "小児用パッド", "bool", aliases=("小児対応設備の有無",)),
        ),
        (Style("aed", "AED", "#D9480F", "#7A2607", letter="A"),),
        _style("aed"), _first("", "name"), _first("AED", "name"),
    ),
    Kind(
        "cultural_property", "文化財", "教育・文化", _POINT | _AREA,
        (
            _name(), Column("designation", "指定", aliases=("文化財分類",)),
            Column("category", "種類"), _ADDRESS,
        ),
        (Style("cultural_property", "文化財", "#8C5A2B", "#4A2E12", letter="文"),),
        _style("cultural_property"), _first("", "name"), _first("文化財", "name"),
    ),
    Kind(
        "zoning", "用途地域", "都市計画", _AREA,
        (
            Column("zone_name", "用途地域", required=True, aliases=("用途地域名",)),
            Column("coverage_pct", "建蔽率", "float", unit="%", aliases=("建ぺい率",)),
            Column("floor_area_pct", "容積率", "float", unit="%"),
        ),
        palette.ZONINGS, palette.zoning_key, _first("", "zone_name"), _first("用途地域", "zone_name"),
    ),
    Kind(
        "water_pipe", "水道管", "上下水道", _LINE,
        (
            Column("diameter_mm", "口径", "float", unit="mm"), Column("material", "管種"),
            Column("installed_year", "布設年度", "int", aliases=("布設年",)),
        ),
        (Style("water_pipe", "水道管", "#1C7ED6", "#1C7ED6", 2, "10 3", "line", "水"),),
        _style("water_pipe"),
        lambda row: "" if row.get("diameter_mm") is None else f"φ{row['diameter_mm']:g}",
        _first("水道管", "name"),
    ),
    Kind(
        "public_facility", "公共施設", "施設", _POINT,
        (_name(), _ADDRESS, Column("phone", "電話番号", aliases=("電話",))),
        (Style("public_facility", "公共施設", "#495057", "#212529", letter="公"),),
        _style("public_facility"), _first("", "name"), _first("公共施設", "name"),
    ),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.id: kind for kind in _TABLE}
