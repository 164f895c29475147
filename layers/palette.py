"""How each sort of feature is drawn: colour, outline, letter and pattern; colour is never the only sign."""

from __future__ import annotations

from layers.kind import Row, Style

# 水害ハザードマップ作成の手引き（国土交通省）. Ranks 2 to 4 are close pinks: pattern and letter tell them
# apart.
DEPTHS = (
    Style("depth_1", "0.5m未満", "#F7F5A9", "#8C8A3A", 1, shape="area", letter="1"),
    Style("depth_2", "0.5〜3m", "#FFD8C0", "#B0764F", 1, shape="area", letter="2", pattern="dots"),
    Style("depth_3", "3〜5m", "#FFB7B7", "#B35656", 1, shape="area", letter="3", pattern="hatch"),
    Style("depth_4", "5〜10m", "#FF9191", "#A83232", 1, shape="area", letter="4", pattern="cross"),
    Style("depth_5", "10〜20m", "#F285C9", "#8F2A6B", 1.5, shape="area", letter="5", pattern="hatch"),
    Style("depth_6", "20m以上", "#DC7ADC", "#6B1F6B", 2, shape="area", letter="6", pattern="cross"),
    Style("depth_unknown", "浸水の深さは不明", "#D9D9D9", "#595959", 1, "4 3", "area", "?", "dots"),
)

_STEEP, _DEBRIS, _SLIDE = "急傾斜地の崩壊", "土石流", "地滑り"
# The colours of ハザードマップポータルサイト: yellow for the warning zone, red for the special one.
LANDSLIDES = (
    Style(
        "warning_steep",
        f"警戒区域（{_STEEP}）",
        "#FAE600",
        "#8A7F00",
        shape="area",
        letter="急",
        pattern="dots",
    ),
    Style(
        "warning_debris",
        f"警戒区域（{_DEBRIS}）",
        "#E6C832",
        "#7A6710",
        shape="area",
        letter="土",
        pattern="dots",
    ),
    Style(
        "warning_slide",
        f"警戒区域（{_SLIDE}）",
        "#FF9900",
        "#8F5600",
        shape="area",
        letter="地",
        pattern="dots",
    ),
    Style(
        "special_steep", f"特別警戒区域（{_STEEP}）", "#FA2800", "#8F1700", 2.5, "", "area", "急特", "hatch"
    ),
    Style(
        "special_debris", f"特別警戒区域（{_DEBRIS}）", "#A50021", "#5C0012", 2.5, "", "area", "土特", "hatch"
    ),
    Style(
        "special_slide", f"特別警戒区域（{_SLIDE}）", "#B40028", "#5C0014", 2.5, "", "area", "地特", "hatch"
    ),
    Style("warning", "警戒区域", "#FAE600", "#8A7F00", shape="area", letter="警", pattern="dots"),
    Style("special", "特別警戒区域", "#FA2800", "#8F1700", 2.5, "", "area", "特", "hatch"),
    Style("zone_unknown", "区域の種類は不明", "#FAE600", "#595959", 1.5, "4 3", "area", "?", "cross"),
)
_LANDSLIDE_STEM = {"警戒区域": "warning", "特別警戒区域": "special"}
_LANDSLIDE_TAIL = {_STEEP: "_steep", _DEBRIS: "_debris", _SLIDE: "_slide"}

ROADS = (
    Style("road_national", "国道", "#C00000", "#C00000", 5, shape="line", letter="国"),
    Style("road_prefectural", "県道", "#007A33", "#007A33", 4, shape="line", letter="県"),
    Style("road_municipal", "町道", "#0050B3", "#0050B3", 3, shape="line", letter="町"),
    Style("road_private", "私道", "#6B6B6B", "#6B6B6B", 3, "6 4", "line", "私"),
    Style("road_unknown", "道路の種類は不明", "#A0A0A0", "#A0A0A0", 2, "2 4", "line", "?"),
)
_ROAD_SORTS = {
    "road_national": ("国道",),
    "road_prefectural": ("県道", "都道", "府道", "道道"),
    "road_municipal": ("町道", "市道", "村道", "区道", "市町村道"),
    "road_private": ("私道",),
}
_ROAD_KEY = {sort: key for key, sorts in _ROAD_SORTS.items() for sort in sorts}

ZONINGS = (
    Style(
        "zoning_residential",
        "住居系の用途地域",
        "#BFE3B4",
        "#3F7A2E",
        1,
        shape="area",
        letter="住",
        pattern="dots",
    ),
    Style(
        "zoning_commercial",
        "商業系の用途地域",
        "#F7B5B5",
        "#A33A3A",
        1,
        shape="area",
        letter="商",
        pattern="hatch",
    ),
    Style(
        "zoning_industrial",
        "工業系の用途地域",
        "#B9CDEB",
        "#33558F",
        1,
        shape="area",
        letter="工",
        pattern="cross",
    ),
    Style("zoning_other", "その他の区域", "#E3E3E3", "#595959", 1, "4 3", "area", "他"),
)


def depth_key(row: Row) -> str:
    rank = row.get("depth_rank")
    return f"depth_{rank}" if isinstance(rank, int) and 1 <= rank <= 6 else "depth_unknown"


def landslide_key(row: Row) -> str:
    stem = _LANDSLIDE_STEM.get(str(row.get("zone")))
    return stem + _LANDSLIDE_TAIL.get(str(row.get("phenomenon")), "") if stem else "zone_unknown"


def road_key(row: Row) -> str:
    return _ROAD_KEY.get(str(row.get("manager")), "road_unknown")


def zoning_key(row: Row) -> str:
    name = str(row.get("zone_name") or "")
    # 準住居 and 田園住居 are residential, 準工業 industrial: the word decides, and 住居 before the others
    words = {"住居": "zoning_residential", "商業": "zoning_commercial", "工業": "zoning_industrial"}
    return next((key for word, key in words.items() if word in name), "zoning_other")


def shelter_key(row: Row) -> str:
    # 福祉避難所 and the like: the town has stated whom the place takes in
    return "shelter_limited" if row.get("accepts") else "shelter"
