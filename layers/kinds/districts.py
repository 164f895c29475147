"""Areas of the town by which people are asked where they live: the town, associations, school districts."""

from __future__ import annotations

from layers import palette
from layers.kind import Column, Kind, Style
from layers.kinds.parts import ADDRESS, AREA, NOTE, PHONE, always, first, name

KINDS = (
    Kind(
        "boundary", "行政区域", "行政区域", AREA,
        (
            name(required=True, aliases=("市区町村名",)),
            Column("code", "全国地方公共団体コード"),
            Column("prefecture", "都道府県", aliases=("都道府県名",)),
        ),
        (Style("boundary", "行政区域の境界", "#FFFFFF", "#5B2C83", 3, "8 4 2 4", "area"),),
        always("boundary"), first("", "name"), first("行政区域", "name"),
    ),
    Kind(
        "neighbourhood_association", "自治会・町内会", "行政区域", AREA,
        (
            name("自治会名", required=True, aliases=("町内会名", "自治会", "町内会", "行政区名")),
            Column("households", "世帯数", "int", unit="世帯", aliases=("加入世帯数",)),
            NOTE,
        ),
        (Style("association", "自治会・町内会の区域", "#E8DFF5", "#6A4C93", 2, "6 3", "area", "自"),),
        always("association"), first("", "name"), first("自治会", "name"),
    ),
    Kind(
        "school_district", "通学区域（学区）", "教育・文化", AREA,
        (
            name("学校名", required=True, aliases=("小学校名", "中学校名", "学区名", "通学区域")),
            Column("level", "学校の種類", aliases=("校種", "学校種別", "種別")),
            ADDRESS, PHONE, NOTE,
        ),
        palette.SCHOOLS, palette.school_key, first("", "name"), first("通学区域", "name"),
    ),
)  # fmt: skip
