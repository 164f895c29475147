"""How each sort of feature is drawn: colour, outline, letter and pattern; colour is never the only sign."""

from __future__ import annotations

from layers.kind import Pattern, Row, Style
from layers.ranks import depth_of, rank_of


def _area(
    key: str, text_ja: str, fill: str, stroke: str, letter: str, pattern: Pattern = "none", weight_px: float = 1,
    dash: str = "",
) -> Style:  # fmt: skip
    return Style(key, text_ja, fill, stroke, weight_px, dash, "area", letter, pattern)


def _line(key: str, text_ja: str, colour: str, weight_px: float, letter: str, dash: str = "") -> Style:
    return Style(key, text_ja, colour, colour, weight_px, dash, "line", letter)


_UNKNOWN_DEPTH = _area("depth_unknown", "浸水の深さは不明", "#D9D9D9", "#595959", "?", "dots", 1, "4 3")
# 水害ハザードマップ作成の手引き（国土交通省）. Ranks 2 to 4 are close pinks: pattern and letter tell them apart.
_DEPTHS = (
    _area("depth_1", "0.5m未満", "#F7F5A9", "#8C8A3A", "1"),
    _area("depth_2", "0.5〜3m", "#FFD8C0", "#B0764F", "2", "dots"),
    _area("depth_3", "3〜5m", "#FFB7B7", "#B35656", "3", "hatch"),
    _area("depth_4", "5〜10m", "#FF9191", "#A83232", "4", "cross"),
    _area("depth_5", "10〜20m", "#F285C9", "#8F2A6B", "5", "hatch", 1.5),
    _area("depth_6", "20m以上", "#DC7ADC", "#6B1F6B", "6", "cross", 2),
)
# The finer classes of the same guide, for maps that state metres.
_SHALLOWS = (
    _area("depth_under_03", "0.3m未満", "#FFFFB3", "#8C8A3A", "0.3"),
    _area("depth_05_10", "0.5〜1m", "#F8E1A6", "#A07A2E", "1.0", "dots"),
)
# The colours of ハザードマップポータルサイト.
_DURATIONS = (
    _area("duration_1", "浸水が続く時間 12時間未満", "#A0D2FF", "#2F6690", "半日"),
    _area("duration_2", "浸水が続く時間 12時間〜1日", "#0041FF", "#001E75", "1日", "dots"),
    _area("duration_3", "浸水が続く時間 1〜3日", "#FAF500", "#7A7700", "3日", "hatch"),
    _area("duration_4", "浸水が続く時間 3日〜1週間", "#FF9900", "#7F4C00", "1週", "cross"),
    _area("duration_5", "浸水が続く時間 1〜2週間", "#FF2800", "#7F1400", "2週", "dots", 1.5),
    _area("duration_6", "浸水が続く時間 2〜4週間", "#B40068", "#5A0034", "4週", "hatch", 1.5),
    _area("duration_7", "浸水が続く時間 4週間以上", "#600060", "#2E002E", "長期", "cross", 2),
)
_COLLAPSES = (
    _area("collapse_flow", "家屋倒壊のおそれ（氾濫流）", "#FFD6D6", "#FF0000", "流", "hatch", 2),
    _area("collapse_bank", "家屋倒壊のおそれ（河岸侵食）", "#FFD6D6", "#FF0000", "岸", "dots", 2, "6 3"),
    _area("collapse_both", "家屋倒壊のおそれ（両方）", "#FFB3B3", "#FF0000", "倒", "cross", 2.5),
)
_COLLAPSE_KEY = {"氾濫流": "collapse_flow", "河岸侵食": "collapse_bank", "どちらも": "collapse_both"}
FLOODS = (*_DEPTHS, *_DURATIONS, *_COLLAPSES, _UNKNOWN_DEPTH)
WATERS = (_SHALLOWS[0], _DEPTHS[0], _SHALLOWS[1], *_DEPTHS[1:], _UNKNOWN_DEPTH)

_PHENOMENA = ("急傾斜地の崩壊", "steep", "急"), ("土石流", "debris", "土"), ("地滑り", "slide", "地")
# zone, stem of its keys, weight, dash, letter added, pattern; fills and outlines in the order of _PHENOMENA, then
# for an unknown phenomenon. The colours of ハザードマップポータルサイト: yellow for the warning zone, red for the
# special one, lighter for zones that are surveyed and not yet designated.
_LANDSLIDE_ZONES: tuple[tuple[str, str, float, str, str, Pattern, tuple[str, ...], tuple[str, ...]], ...] = (
    ("警戒区域", "warning", 1.5, "", "", "dots",
     ("#FAE600", "#E6C832", "#FF9900", "#FAE600"), ("#8A7F00", "#7A6710", "#8F5600", "#8A7F00")),
    ("特別警戒区域", "special", 2.5, "", "特", "hatch",
     ("#FA2800", "#A50021", "#B40028", "#FA2800"), ("#8F1700", "#5C0012", "#5C0014", "#8F1700")),
    ("警戒区域（指定前）", "pending_warning", 1.5, "6 4", "", "dots",
     ("#FBEB33", "#EBD35B", "#FFAD33", "#FBEB33"), ("#8A7F00", "#7A6710", "#8F5600", "#8A7F00")),
    ("特別警戒区域（指定前）", "pending_special", 2.5, "6 4", "特", "hatch",
     ("#FB5333", "#B7334D", "#C33353", "#FB5333"), ("#8F1700", "#5C0012", "#5C0014", "#8F1700")),
)  # fmt: skip
_LANDSLIDE_STEM = {zone: stem for zone, stem, *_ in _LANDSLIDE_ZONES}
_LANDSLIDE_TAIL = {phenomenon: f"_{tail}" for phenomenon, tail, _ in _PHENOMENA}


def _landslides() -> tuple[Style, ...]:
    found, plain = [], []
    for zone, stem, weight_px, dash, mark, pattern, fills, strokes in _LANDSLIDE_ZONES:
        for (phenomenon, tail, letter), fill, stroke in zip(_PHENOMENA, fills, strokes, strict=False):
            text = f"{zone.removesuffix('）')}・{phenomenon}）" if "（" in zone else f"{zone}（{phenomenon}）"
            found.append(_area(f"{stem}_{tail}", text, fill, stroke, letter + mark, pattern, weight_px, dash))
        plain.append(_area(stem, zone, fills[3], strokes[3], mark or "警", pattern, weight_px, dash))
    unknown = _area("zone_unknown", "区域の種類は不明", "#FAE600", "#595959", "?", "cross", 1.5, "4 3")
    return (*found, *plain, unknown)


LANDSLIDES = _landslides()

ROADS = (
    _line("road_national", "国道", "#C00000", 5, "国"),
    _line("road_prefectural", "県道", "#007A33", 4, "県"),
    _line("road_municipal", "町道", "#0050B3", 3, "町"),
    _line("road_private", "私道", "#6B6B6B", 3, "私", "6 4"),
    _line("road_unknown", "道路の種類は不明", "#A0A0A0", 2, "?", "2 4"),
)
_ROAD_SORTS = {
    "road_national": ("国道",),
    "road_prefectural": ("県道", "都道", "府道", "道道"),
    "road_municipal": ("町道", "市道", "村道", "区道", "市町村道"),
    "road_private": ("私道",),
}
_ROAD_KEY = {sort: key for key, sorts in _ROAD_SORTS.items() for sort in sorts}

ROUTES = (
    _line("route_1", "第一次緊急輸送道路", "#C92A2A", 6, "1"),
    _line("route_2", "第二次緊急輸送道路", "#E8590C", 5, "2", "14 4"),
    _line("route_3", "第三次緊急輸送道路", "#B08900", 4, "3", "8 4"),
    _line("route_other", "緊急輸送道路（区分は不明）", "#7A5230", 4, "緊", "3 4"),
)
SEWERS = (
    _line("sewer_foul", "下水道管（汚水）", "#862E9C", 2, "汚", "10 3"),
    _line("sewer_storm", "下水道管（雨水）", "#0B7285", 2, "雨", "4 3"),
    _line("sewer_combined", "下水道管（合流）", "#5F3DC4", 2.5, "合", "12 3 3 3"),
    _line("sewer_unknown", "下水道管（流す水は不明）", "#6B6B6B", 2, "下", "2 4"),
)
_SEWER_SORTS = {"汚": "sewer_foul", "雨": "sewer_storm", "合流": "sewer_combined"}

HYDRANTS = (
    Style("hydrant", "消火栓", "#C00000", "#5C0000", letter="消"),
    Style("cistern", "防火水槽・井戸など", "#1864AB", "#0B355C", letter="槽"),
    Style("hydrant_unknown", "消防水利（種別は不明）", "#6B6B6B", "#343434", letter="利"),
)
SCHOOLS = (
    _area("school_elementary", "小学校の通学区域", "#E3FAFC", "#0B7285", "小", "none", 2, "8 3"),
    _area("school_junior_high", "中学校の通学区域", "#FFF0F6", "#A61E4D", "中", "none", 2.5, "3 3"),
    _area("school_other", "通学区域", "#F1F3F5", "#495057", "学", "none", 2, "12 4"),
)
ZONINGS = (
    _area("zoning_residential", "住居系の用途地域", "#BFE3B4", "#3F7A2E", "住", "dots"),
    _area("zoning_commercial", "商業系の用途地域", "#F7B5B5", "#A33A3A", "商", "hatch"),
    _area("zoning_industrial", "工業系の用途地域", "#B9CDEB", "#33558F", "工", "cross"),
    _area("zoning_other", "その他の区域", "#E3E3E3", "#595959", "他", "none", 1, "4 3"),
)


def flood_key(row: Row) -> str:
    """By depth; a row without one is a duration or a collapse zone."""
    if (rank := rank_of(row)) is not None:
        return f"depth_{rank}"
    duration = row.get("duration_rank")
    if isinstance(duration, int) and 1 <= duration <= 7:
        return f"duration_{duration}"
    return _COLLAPSE_KEY.get(str(row.get("collapse")), "depth_unknown")


def water_key(row: Row) -> str:
    """By depth, in the finer classes where the row states metres."""
    depth, rank = depth_of(row), rank_of(row)
    if depth is None or rank is None:
        return "depth_unknown"
    lower_m, upper_m = depth
    if upper_m is not None and upper_m <= 0.3:
        return "depth_under_03"
    if upper_m is not None and lower_m >= 0.5 and upper_m <= 1.0:
        return "depth_05_10"
    return f"depth_{rank}"


def landslide_key(row: Row) -> str:
    stem = _LANDSLIDE_STEM.get(str(row.get("zone")))
    return stem + _LANDSLIDE_TAIL.get(str(row.get("phenomenon")), "") if stem else "zone_unknown"


def road_key(row: Row) -> str:
    return _ROAD_KEY.get(str(row.get("manager")), "road_unknown")


def route_key(row: Row) -> str:
    rank = str(row.get("rank") or "")
    numbers = {
        "route_1": ("一次", "1次", "１次"),
        "route_2": ("二次", "2次", "２次"),
        "route_3": ("三次", "3次", "３次"),
    }
    return next((key for key, words in numbers.items() if any(word in rank for word in words)), "route_other")


def sewer_key(row: Row) -> str:
    drains = str(row.get("drain_type") or "")
    return next((key for word, key in _SEWER_SORTS.items() if word in drains), "sewer_unknown")


def sewer_title(row: Row) -> str:
    return next(style.text_ja for style in SEWERS if style.key == sewer_key(row))


def hydrant_key(row: Row) -> str:
    sort = str(row.get("hydrant_type") or "")
    if not sort:
        return "hydrant_unknown"
    return "hydrant" if "消火栓" in sort else "cistern"


def school_key(row: Row) -> str:
    said = f"{row.get('level') or ''}{row.get('name') or ''}"
    words = {"中学": "school_junior_high", "小学": "school_elementary"}
    return next((key for word, key in words.items() if word in said), "school_other")


def zoning_key(row: Row) -> str:
    name = str(row.get("zone_name") or "")
    # 準住居 and 田園住居 are residential, 準工業 industrial: the word decides, and 住居 before the others
    words = {"住居": "zoning_residential", "商業": "zoning_commercial", "工業": "zoning_industrial"}
    return next((key for word, key in words.items() if word in name), "zoning_other")


def shelter_key(row: Row) -> str:
    # 福祉避難所 and the like: the town has stated whom the place takes in
    return "shelter_limited" if row.get("accepts") else "shelter"
