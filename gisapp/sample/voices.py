"""What residents say when they report something: short, in many tones, about places in the made-up town."""

from __future__ import annotations

import numpy as np

from gisapp.sample.chance import pick

WHERE = {
    "road_damage": (
        "{area}の{road}",
        "{area}の交差点の近く",
        "{area}公民館へ行く道",
        "通学路（{area}）",
        "{area}のカーブの手前",
    ),
    "illegal_dumping": (
        "{area}の林道わき",
        "{area}の空き地の前",
        "{area}の橋のたもと",
        "{area}のごみステーション",
        "{area}の待避所",
    ),
    "river_channel": ("{river}の{area}側の岸", "{river}の橋の下", "{area}の水路", "{river}（{area}付近）"),
    "park_playground": ("{park}", "{area}の{park}", "いつも使う{park}"),
    "water_leak": ("{area}の{road}", "{area}の家の前の道路", "{area}の消火栓の近く", "{area}の坂道"),
    "street_light": (
        "{area}の{road}の街路灯",
        "{area}の防犯灯",
        "通学路（{area}）の街灯",
        "{area}のバス停横の街灯",
    ),
    "mirror": (
        "{area}の交差点のカーブミラー",
        "{area}の{road}のカーブミラー",
        "{area}公民館の前のカーブミラー",
    ),
    "other": ("{area}の{road}", "{area}", "{area}の掲示板の近く", "{area}の集会所の前"),
}
WHAT = {
    "road_damage": (
        "に穴があいています",
        "のアスファルトがひび割れて浮いています",
        "に段差ができています",
        "の側溝のふたが割れています",
        "の白線が消えて見えません",
        "が雨のたびに大きく水たまりになります",
        "の路肩がくずれかけています",
        "のガードレールが曲がっています",
    ),
    "illegal_dumping": (
        "にごみ袋がいくつも捨ててあります",
        "に古いテレビと布団が置かれています",
        "にタイヤが捨てられています",
        "に家電が捨ててあります。先週はありませんでした",
        "に収集できないごみが残ったままです",
        "にペットボトルや弁当の容器が散らばっています",
    ),
    "river_channel": (
        "に流木がひっかかっています",
        "に土砂がたまって川幅が狭くなっています",
        "の護岸にひびが入っています",
        "に草や木がしげって流れが見えません",
        "が増水のあとえぐれています",
        "の転落防止の柵が外れています",
    ),
    "park_playground": (
        "のブランコの金具がさびてぐらぐらします",
        "のすべり台の板が割れています",
        "のブランコの鎖が切れそうです",
        "の草が伸びて使えません",
        "の砂場にガラスが落ちていました",
        "の木の枝が折れてぶら下がっています",
        "のベンチの板が割れていて、とげがあります",
        "の水飲み場の水が止まりません",
    ),
    "water_leak": (
        "から水がしみ出ています",
        "の継ぎ目から水がわき出ています",
        "が晴れているのにずっとぬれています",
        "から勢いよく水が出ています",
        "で夜中も水の音がします",
    ),
    "street_light": (
        "が消えています",
        "が点いたり消えたりします",
        "が夜になってもつきません",
        "の柱がかたむいています",
        "のカバーが割れています",
        "に木の枝がかぶさって暗いです",
    ),
    "mirror": ("が曇って見えません", "の向きがずれています", "が割れています", "の柱がかたむいています"),
    "other": (
        "の街路樹の枝が歩道にはみ出しています",
        "の看板が倒れそうです",
        "に動物の死がいがあります",
        "でイノシシを見ました",
        "の空き家の瓦が落ちそうです",
        "でハチの巣を見つけました",
        "の空き地の草が道まで伸びています",
    ),
}
PLEA = (
    "",
    "",
    "",
    "直してもらえると助かります。",
    "確認をお願いします。",
    "子どもが通るので心配です。",
    "夜は見えにくくて危ないです。",
    "先月から続いています。",
    "自転車で転びそうになりました。",
    "早めにお願いします。",
    "いつもありがとうございます。よろしくお願いします。",
    "雨が降る前に見てほしいです。",
    "高齢者が多い場所です。",
    "前にも連絡しましたが、まだそのままです。",
    "急ぎではありません。",
)
AGAIN = ("同じ場所だと思いますが、", "もう連絡があったかもしれませんが、", "通りがかりに気づきました。")
PATROL = (
    "定期パトロールで確認。{saying}。",
    "巡回中に発見。{saying}。応急の目印を置いた。",
    "{saying}。通行に支障は少ないが経過を見る。",
)
PHONE = ("「{saying}」とのこと。", "{saying}、との連絡。", "電話の内容：{saying}。折り返しの希望なし。")
COUNTER = (
    "窓口で聞き取り：{saying}。",
    "「{saying}」と窓口で相談あり。",
    "自治会の役員が来庁。{saying}、とのこと。",
)

# The questions residents are asked (reports_store/categories.toml), and what they may choose.
ANSWERS: dict[str, dict[str, tuple[str, ...]]] = {
    "road_damage": {
        "what": ("穴", "ひび割れ・段差", "側溝・ふた", "ガードレール・標識", "その他"),
        "passable": ("通れる", "注意すれば通れる", "通れない"),
    },
    "illegal_dumping": {
        "what": ("家庭ごみ", "家電・家具", "タイヤ・自動車部品", "建設廃材", "わからない"),
        "amount": ("袋1つほど", "軽トラック1台ほど", "それ以上"),
    },
    "river_channel": {"what": ("護岸の崩れ", "流木・ごみのつまり", "その他")},
    "park_playground": {
        "what": ("遊具", "ベンチ・さく", "木・草", "トイレ・水道", "その他"),
        "injury": ("ある", "ない", "わからない"),
    },
    "water_leak": {
        "amount": ("にじんでいる", "流れている", "ふき出している"),
        "where": ("道路", "歩道・側溝", "わからない"),
    },
    "street_light": {
        "what": ("街灯・防犯灯", "カーブミラー"),
        "trouble": ("つかない", "ちらつく", "われている", "向きがずれている", "倒れそう"),
    },
    "other": {"subject": ("道や施設", "動物", "空き家", "草木", "そのほか")},
}
# A word in the text decides the answer that goes with it, so that nobody contradicts himself.
TELLS = (
    ("側溝", "側溝・ふた"),
    ("ガードレール", "ガードレール・標識"),
    ("穴が", "穴"),
    ("ひび割れて", "ひび割れ・段差"),
    ("段差", "ひび割れ・段差"),
    ("家電", "家電・家具"),
    ("テレビ", "家電・家具"),
    ("タイヤ", "タイヤ・自動車部品"),
    ("ごみ袋", "家庭ごみ"),
    ("弁当", "家庭ごみ"),
    ("収集", "家庭ごみ"),
    ("流木", "流木・ごみのつまり"),
    ("護岸", "護岸の崩れ"),
    ("えぐれ", "護岸の崩れ"),
    ("ブランコ", "遊具"),
    ("すべり台", "遊具"),
    ("ベンチ", "ベンチ・さく"),
    ("草が", "木・草"),
    ("木の枝", "木・草"),
    ("水飲み場", "トイレ・水道"),
    ("しみ出", "にじんでいる"),
    ("わき出", "流れている"),
    ("ぬれて", "にじんでいる"),
    ("勢いよく", "ふき出している"),
    ("ミラー", "カーブミラー"),
    ("灯", "街灯・防犯灯"),
    ("消えたり", "ちらつく"),
    ("消えて", "つかない"),
    ("つきません", "つかない"),
    ("かたむ", "倒れそう"),
    ("割れて", "われている"),
    ("ずれて", "向きがずれている"),
    ("街路樹", "草木"),
    ("空き家", "空き家"),
    ("看板", "道や施設"),
    ("動物", "動物"),
    ("イノシシ", "動物"),
    ("ハチ", "動物"),
    ("空き地の草", "草木"),
)
GUESSED = {"passable", "amount", "injury", "where"}  # the text need not say these
UNSURE = ("その他", "わからない")


def saying(rng: np.random.Generator, topic: str, channel: str, names: dict[str, str], again: bool) -> str:
    """What was said or written; topic is a category or "mirror"; names fills area, road, river and park."""
    core = pick(rng, WHERE[topic]).format(**names) + pick(rng, WHAT[topic])
    told = {"patrol": PATROL, "phone": PHONE, "counter": COUNTER}.get(channel)
    if told:
        return pick(rng, told).format(saying=core)
    return (pick(rng, AGAIN) if again else "") + core + "。" + pick(rng, PLEA)


def answers(rng: np.random.Generator, category: str, body: str) -> dict[str, str]:
    """Chosen answers to the category's questions, in keeping with the text; people skip some."""
    found = {
        question: _answer(rng, question, choices, body)
        for question, choices in ANSWERS[category].items()
        if rng.random() < 0.88
    }
    return {question: answer for question, answer in found.items() if answer}


def _answer(rng: np.random.Generator, question: str, choices: tuple[str, ...], body: str) -> str:
    told = [answer for word, answer in TELLS if word in body and answer in choices]
    if told or question not in GUESSED:
        return (told or [choice for choice in choices if choice in UNSURE] or [""])[0]
    return pick(rng, choices)
