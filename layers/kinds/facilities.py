"""Buildings and grounds that are open to everybody, and what is worth keeping."""

from __future__ import annotations

from layers.kind import Column, Kind, Style
from layers.kinds.parts import ADDRESS, AREA, HOURS, KANA, NOTE, PHONE, POINT, URL, always, first, name, year

KINDS = (
    Kind(
        "public_facility", "公共施設", "施設", POINT,
        (
            name(), KANA, Column("common_name", "通称", aliases=("名称_通称",)), ADDRESS, PHONE, *HOURS,
            Column("wheelchair", "車いすでの利用", "bool", aliases=("車椅子可",)),
            Column("accessible_toilet", "バリアフリートイレ", "bool"),
            Column("ostomate", "オストメイト対応", "bool", aliases=("オストメイト対応トイレ",)),
            Column("nursing_room", "授乳室", "bool"), Column("description", "説明"), URL, NOTE,
        ),
        (Style("public_facility", "公共施設", "#495057", "#212529", letter="公"),),
        always("public_facility"), first("", "name"), first("公共施設", "name"),
    ),
    Kind(
        "public_toilet", "公衆トイレ", "施設", POINT,
        (
            name(), KANA, Column("location", "設置位置"), ADDRESS,
            Column("men", "男性トイレ", "int", unit="室", aliases=("男性トイレ総数",)),
            Column("women", "女性トイレ", "int", unit="室", aliases=("女性トイレ総数",)),
            Column("shared", "男女共用トイレ", "int", unit="室", aliases=("男女共用トイレ総数",)),
            Column("accessible", "バリアフリートイレ", "int", unit="室", aliases=("バリアフリートイレ数",)),
            Column("wheelchair", "車いす用トイレ", "bool", aliases=("車椅子使用者用トイレ有無",)),
            Column("baby", "乳幼児用の設備", "bool", aliases=("乳幼児用設備設置トイレ有無",)),
            Column("ostomate", "オストメイト対応", "bool", aliases=("オストメイト設置トイレ有無",)),
            *HOURS, NOTE,
        ),
        (Style("public_toilet", "公衆トイレ", "#1971C2", "#0B3A66", letter="ト"),),
        always("public_toilet"), first("", "name"), first("公衆トイレ", "name"),
    ),
    Kind(
        "park", "公園", "施設", POINT | AREA,
        (
            name("公園名"), KANA, Column("park_type", "公園の種類", aliases=("公園種別", "種別")), ADDRESS,
            Column("area_m2", "面積", "float", unit="㎡", aliases=("面積（㎡）", "公園面積")),
            year("opened_year", "開園した年", "供用開始年", "開園年"),
            Column("equipment", "遊具", aliases=("設置遊具",)),
            Column("grounds", "園内の施設", aliases=("施設等",)),
            Column("toilet", "トイレ", aliases=("トイレ詳細",)),
            Column("parking", "駐車場", aliases=("駐車場詳細",)), PHONE, URL, NOTE,
        ),
        (Style("park", "公園", "#37B24D", "#1B6B2A", 1.5, letter="園", pattern="dots"),),
        always("park"), first("", "name"), first("公園", "name"),
    ),
    Kind(
        "cultural_property", "文化財", "教育・文化", POINT | AREA,
        (
            name(), KANA, Column("designation", "指定", aliases=("文化財分類",)),
            Column("category", "種類"), Column("place", "ある場所", aliases=("場所名称",)), ADDRESS,
            Column("designated_on", "指定された日", aliases=("文化財指定日", "指定年月日")),
            Column("owner", "所有者", aliases=("所有者等",)), Column("summary", "概要"), URL, NOTE,
        ),
        (Style("cultural_property", "文化財", "#8C5A2B", "#4A2E12", letter="文"),),
        always("cultural_property"), first("", "name"), first("文化財", "name"),
    ),
)  # fmt: skip
