"""Lists in the layouts of 自治体標準オープンデータセット, new and old, and the lists towns publish beside them.

A list is known by headers that no other list has. Where a layout serves many lists (公共施設一覧 is also used for
parks and streets), the cells under 名称 tell which it is, and the person who imports has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import Kind
from layers.readers.assemble import assembled, mapping_of, own_ids
from layers.readers.cells import cell_text
from layers.readers.evidence import texts
from layers.readers.table import Table, Verdict

NAME = "standard"


@dataclass(frozen=True)
class Listing:
    """A published list: the headers that give it away, the kind it is, and the other kinds it may be read as.

    more gives headers of this list for columns of a kind, before the kind's own. own is False for a layout that
    serves many lists.
    """

    title: str
    kind_id: str
    headers: tuple[str, ...]
    also: tuple[str, ...] = ()
    more: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: bool = True


_PLACE = ("名称", "所在地_連結表記", "緯度", "経度")
LISTINGS = (
    Listing("指定緊急避難場所一覧", "evacuation_site", ("名称", "災害種別_洪水", "災害種別_地震", "災害種別_内水氾濫")),
    Listing("指定避難所一覧", "shelter", ("名称", "開設される災害の種類（地震・津波）"), ("welfare_shelter",),
            {"note": ("備考",)}),
    Listing("AED設置箇所一覧", "aed", ("名称", "設置位置", "小児対応設備の有無"), ("public_facility",)),
    Listing("文化財一覧", "cultural_property", ("名称", "文化財分類", "文化財指定日"), ("public_facility",)),
    Listing("公衆トイレ一覧", "public_toilet", ("名称", "男性トイレ総数", "女性トイレ総数"), ("public_facility",)),
    Listing("消防水利施設一覧", "hydrant", ("種別", "口径")),
    Listing("消防水利施設一覧", "hydrant", ("種別", "口径(管径ｍｍ)")),
    Listing("子育て施設一覧", "public_facility", ("名称", "認可等年月日", "受入年齢"), ("vulnerable_facility",),
            {"description": ("種別",), "category": ("種別",)}),
    Listing("公園一覧", "park", ("公園名", "緯度", "経度"), ("public_facility",), {"name": ("公園名",)}),
    Listing("要配慮者利用施設一覧", "vulnerable_facility", ("要配慮者利用施設名称",), ("public_facility",),
            {"name": ("要配慮者利用施設名称",)}),
    Listing("土のうステーション一覧", "public_facility", ("土のうステーション置き場",), (),
            {"name": ("土のうステーション置き場",), "description": ("利用方法",), "url": ("画像",)}),
    Listing("災害ごみ仮置場一覧", "recycling_point", ("名称", "開設日", "開設時間", "注意事項"), ("public_facility",),
            {"days": ("開設日",), "hours_note": ("開設時間",), "note": ("注意事項",)}),
    Listing("公共施設一覧", "public_facility", ("名称", "POIコード", "利用可能曜日"),
            ("recycling_point", "park", "public_toilet", "shelter", "welfare_shelter", "vulnerable_facility",
             "cultural_property", "disaster_radio_station"), own=False),
)  # fmt: skip
# What the names in a list say about it: at least this share of them has to say it.
_SHARE = 0.6
_NAMES = (
    ("park", re.compile("公園|緑地|広場|遊園|ポケットパーク|児童遊")),
    ("public_toilet", re.compile("トイレ|便所|便益施設")),
    ("underpass", re.compile("アンダーパス|アンダー|地下道|立体交差")),
    ("recycling_point", re.compile("リサイクル|資源|ミニステーション|回収")),
    ("hydrant", re.compile("消火栓|防火水槽|防火水そう|貯水槽")),
    ("disaster_radio_station", re.compile("子局|屋外スピーカー|拡声")),
    ("garbage_station", re.compile("集積所|ごみステーション|ゴミステーション")),
    ("vulnerable_facility", re.compile("デイサービス|保育|老人ホーム|グループホーム|幼稚園|病院")),
)
# How sure a reader is: of a list that is its kind's own, of one that may also be of a kind, of telling names, of
# nothing but places with addresses.
_OWN, _ALSO, _NAMED, _PLACES = 85, 65, 55, 30
# Tables of the standard and of 5374 that hold no places at all.
_NO_MAPS = {
    "オープンデータ一覧": ("データセット_タイトル", "ファイル_タイトル"),
    "地域・年齢別人口": ("地域名", "総人口"),
    "5374 center.csv": ("名称", "休止開始日", "休止終了日"),
    "5374 description.csv": ("label", "sublabel", "styles"),
    "5374 remarks.csv": ("ID", "注意事項"),
    "5374 target.csv": ("label", "name", "furigana"),
}


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By the headers of a list; by the names in it, where its layout is that of any place with an address."""
    telling = _telling(sample)
    if listing := listing_of(sample):
        why = f"{listing.title}: {', '.join(listing.headers)}"
        home = telling[0] if telling and telling[0] in listing.also and not listing.own else listing.kind_id
        if kind.id != home and kind.id in (listing.kind_id, *listing.also):
            return Verdict(_ALSO, kind.id, why)
        return Verdict(_OWN, home, why)
    if telling:
        return Verdict(_NAMED, *telling) if kind.any_columns or kind.id == telling[0] else None
    if sample.has(*_PLACE) and (kind.any_columns or kind.id == "public_facility"):
        return Verdict(_PLACES, "public_facility", ", ".join(_PLACE))
    return None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """The rows with the town's own ids where they are one for each row, and none that are repeated: AEDs of one
    building often share theirs.
    """
    listing = listing_of(sample)
    more = dict(listing.more) if listing else {}
    mapping = mapping_of(sample, kind, more)
    if "address" not in mapping and (parts := _address_parts(sample)):
        frame, faults = assembled(sample, kind, mapping, ids=_ids(sample), worked={"address": parts})
        return frame, None, faults
    frame, faults = assembled(sample, kind, mapping, ids=_ids(sample))
    return frame, None, faults


def listing_of(sample: Table) -> Listing | None:
    """The list whose headers the table has; the one with most of them, if there are several."""
    found = [listing for listing in LISTINGS if sample.has(*listing.headers)]
    return max(found, key=lambda listing: len(listing.headers), default=None)


def no_map(sample: Table) -> str | None:
    """The name of a published table that has rows but no places, and none to be found by a name."""
    return next((title for title, headers in _NO_MAPS.items() if sample.has(*headers)), None)


def _telling(sample: Table) -> tuple[str, str] | None:
    """The kind that most names of a list speak of, and the names as evidence."""
    header = sample.column("名称", "施設名", "name")
    names = texts(sample, header)
    if not names:
        return None
    counts = [(sum(bool(word.search(name)) for name in names), kind_id) for kind_id, word in _NAMES]
    most, kind_id = max(counts)
    if most < _SHARE * len(names):
        return None
    word = dict(_NAMES)[kind_id]
    examples = list(dict.fromkeys(name for name in names if word.search(name)))[:3]
    return kind_id, f"{header}: {'、'.join(examples)} ({most}/{len(names)})"


def _address_parts(sample: Table) -> list[str | None] | None:
    """所在地 from its parts, for lists that leave 所在地_連結表記 out."""
    parts = [
        header
        for name in ("所在地_都道府県", "所在地_市区町村", "所在地_町字", "所在地_番地以下")
        if (header := sample.column(name))
    ]
    if not parts:
        return None
    return ["".join(cell_text(row.get(part)) or "" for part in parts) or None for row in sample.rows]


def _ids(sample: Table) -> list[str | None]:
    ids = own_ids(sample)
    given = [one for one in ids if one is not None]
    return ids if len(set(given)) == len(given) else [None] * len(ids)
