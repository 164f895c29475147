"""Where household waste is put out, and where recyclables are taken."""

from __future__ import annotations

from layers.kind import Column, Kind, Style
from layers.kinds.parts import ADDRESS, HOURS, KANA, NOTE, PHONE, POINT, URL, always, first, name

KINDS = (
    Kind(
        "garbage_station", "ごみステーション", "ごみ", POINT,
        (
            name(aliases=("ごみステーション名", "集積所名", "集積所名称")),
            Column("district", "地区", aliases=("地区名",)),
            Column("association", "管理自治会",
                   aliases=("自治会", "自治会名", "管理自治会名", "管理町内会", "町内会名")),
            Column("burnable", "もえるごみ", aliases=("もえるゴミ", "燃えるごみ", "燃やすごみ", "可燃ごみ")),
            Column("non_burnable", "もえないごみ",
                   aliases=("もえないゴミ", "燃えないごみ", "燃やさないごみ", "不燃ごみ")),
            Column("recyclable", "資源ごみ", aliases=("資源", "資源物")),
            Column("plastic", "プラスチック", aliases=("プラ", "容器包装プラスチック", "プラスチック製容器包装")),
            Column("bottles_cans", "びん・かん", aliases=("びん", "かん", "缶", "びん・缶", "ビン・カン")),
            Column("calendar", "ごみカレンダーの区分",
                   aliases=("ゴミカレンダー区分", "ごみカレンダー区分", "収集区分")),
            Column("households", "使用世帯数", "int", unit="世帯", aliases=("世帯数", "利用世帯数")),
            ADDRESS, NOTE,
        ),
        (Style("garbage_station", "ごみステーション", "#5B8C2A", "#2F4F12", letter="ご"),),
        always("garbage_station"), first("", "name"), first("ごみステーション", "name"),
    ),
    Kind(
        "recycling_point", "資源回収拠点", "ごみ", POINT,
        (
            name(aliases=("拠点名", "回収拠点名")), KANA,
            Column("items", "回収するもの", aliases=("回収品目", "品目")), *HOURS, ADDRESS, PHONE,
            Column("description", "説明"), URL, NOTE,
        ),
        (Style("recycling_point", "資源回収拠点", "#2B8A3E", "#12471F", letter="資"),),
        always("recycling_point"), first("", "name"), first("資源回収拠点", "name"),
    ),
)  # fmt: skip
