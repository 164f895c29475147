"""How the town dealt with each report: which states it passed, when, and what was said to the resident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from uuid import UUID

import numpy as np

from gisapp.sample.chance import pick

JST = timezone(timedelta(hours=9))
DONE = ("investigating", "scheduled", "in_progress", "resolved")
# Ways through the states after "received", and how often each is gone; a young report stops on the way.
WAYS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("triaged", *DONE), 24),
    (("triaged", "in_progress", "resolved"), 14),
    (("triaged", "investigating", "resolved"), 9),
    (("triaged", "scheduled", "in_progress", "resolved"), 9),
    (("triaged", "info_requested", "investigating", *DONE[1:]), 4),
    (("triaged", *DONE, "reopened", "in_progress", "resolved"), 3),
    (("triaged", "investigating", "no_action"), 5),
    (("triaged", "scheduled", "no_action"), 2),
    (("triaged", "referred", "referred_closed"), 6),
    (("referred", "referred_closed"), 4),
    (("out_of_scope",), 2),
    (("triaged", "out_of_scope"), 2),
    (("rejected",), 2),
    (("triaged", "info_requested", "closed_no_reply"), 3),
    (("triaged", "investigating", "referred", "referred_closed"), 2),
)
CLOSED = {
    "resolved",
    "no_action",
    "out_of_scope",
    "rejected",
    "duplicate",
    "closed_no_reply",
    "referred_closed",
    "withdrawn",
}
BY_RESIDENT = frozenset({"reopened", "withdrawn"})
GAP_DAYS = {
    "triaged": 1.2,
    "info_requested": 2,
    "investigating": 3,
    "scheduled": 5,
    "in_progress": 11,
    "resolved": 6,
    "referred": 2,
    "referred_closed": 12,
    "no_action": 6,
    "out_of_scope": 2,
    "rejected": 2,
    "duplicate": 1.5,
    "closed_no_reply": 21,
    "reopened": 9,
    "withdrawn": 2,
    "archived": 380,
}
WORDS: dict[str, tuple[str, ...]] = {
    "triaged": (
        "ご連絡ありがとうございます。担当課に伝えました。",
        "受け付けました。担当課で内容を確認します。",
        "",
    ),
    "info_requested": (
        "場所をもう少しくわしく教えてください。",
        "写真をもう1枚いただけますか。",
        "いつごろからか教えてください。",
    ),
    "investigating": (
        "現地を確認します。",
        "職員が現地へ向かいます。",
        "現地を確認しました。対応を検討しています。",
    ),
    "scheduled": (
        "修繕を予定しています。2週間ほどかかる見込みです。",
        "次回の作業日に対応する予定です。",
        "業者に依頼しました。",
    ),
    "in_progress": (
        "作業を始めました。",
        "応急の対応をしました。本格的な対応を進めています。",
        "部品を取り寄せています。",
    ),
    "resolved": (
        "対応が終わりました。ご連絡ありがとうございました。",
        "修繕しました。お気づきの点があればお知らせください。",
        "片付けが終わりました。",
        "点検し、安全を確認しました。",
    ),
    "referred": (
        "管理している機関へ引き継ぎました（岐阜県 見本土木事務所）。",
        "国道の管理者へ引き継ぎました（見本国道維持出張所）。",
        "電力会社の設備のため、連絡して引き継ぎました。",
    ),
    "referred_closed": (
        "引き継ぎ先から、対応すると回答がありました。",
        "引き継ぎ先で対応が終わったと連絡がありました。",
    ),
    "no_action": (
        "現地を確認しましたが、通行に支障がないため、今回は対応を見送ります。経過を見守ります。",
        "今年度の計画に入っていないため、今回は見送ります。来年度にあらためて検討します。",
    ),
    "out_of_scope": (
        "私有地のため、町では対応できません。土地の所有者へご相談ください。",
        "町の区域の外のため、町では対応できません。",
    ),
    "rejected": (
        "内容から場所や対象が分からないため、受け付けできませんでした。",
        "要望の受付は別の窓口で行っています。総務課へお問い合わせください。",
    ),
    "duplicate": ("すでに同じ場所の通報を受け付けています。まとめて対応します。",),
    "closed_no_reply": ("確認の連絡に返信がなかったため、いったん終了します。",),
    "reopened": ("まだ直っていません。もう一度見てください。", "同じところがまた傷んでいます。"),
    "withdrawn": ("片付いていたので、取り下げます。",),
    "archived": ("",),
}
INSIDE = (
    "",
    "",
    "",
    "現場写真を確認済み。",
    "前年度にも同じ路線で対応あり。",
    "単価契約の業者に連絡。",
    "自治会長に説明済み。",
    "道路台帳で管理者を確認。",
    "雨天のため延期。",
)
# Who has it then, by the words the reporter is told.
REFERRED_TO = dict(
    zip(WORDS["referred"], ("岐阜県 見本土木事務所", "見本国道維持出張所", "見本電力"), strict=True)
)
NOTES = (
    "天候の都合で作業日を延期しました。",
    "もうしばらくお待ちください。順番に対応しています。",
    "近くの同じような場所も合わせて点検します。",
)


@dataclass(frozen=True)
class Step:
    """One entry in a report's history. status is None for a reply; duplicate_of names a report."""

    at: datetime
    status: str | None
    public_message: str = ""
    internal_message: str = ""
    body_public: bool = False
    photos_clear: bool = False
    duplicate_of: UUID | None = None


def career(
    rng: np.random.Generator,
    received: datetime,
    until: datetime,
    way: tuple[str, ...] | None = None,
    duplicate_of: UUID | None = None,
) -> tuple[Step, ...]:
    """The history of a report, as far as it has come by `until`; a given way is gone to its end."""
    wanted = way if way is not None else _usual(rng)
    gaps = [GAP_DAYS[status] * float(rng.lognormal(-0.2, 0.6)) for status in wanted]
    room = (until - received) / timedelta(days=1) * 0.9
    squeeze = min(1.0, room / max(sum(gaps), 0.01)) if way is not None else 1.0
    published, at, steps = rng.random() < 0.8, received, []
    for status, gap in zip(wanted, gaps, strict=True):
        then = at + timedelta(days=gap * squeeze)
        at = _working_time(rng, then, at) if squeeze == 1.0 else _same_day(then, at, until)
        if at >= until:
            break
        steps.append(_step(rng, at, status, published, duplicate_of))
        if (
            status == "scheduled"
            and rng.random() < 0.25
            and at + timedelta(days=1) < until
            and squeeze == 1.0
        ):
            at += timedelta(days=1)
            steps.append(Step(at, None, pick(rng, NOTES), body_public=published, photos_clear=published))
    return tuple(steps)


def _usual(rng: np.random.Generator) -> tuple[str, ...]:
    way = pick(rng, [way for way, _ in WAYS], [weight for _, weight in WAYS])
    return (*way, "archived") if rng.random() < 0.7 else way


def _step(
    rng: np.random.Generator, at: datetime, status: str, published: bool, duplicate_of: UUID | None
) -> Step:
    shown = published and status not in ("rejected", "out_of_scope")
    target = duplicate_of if status == "duplicate" else None
    inside = "" if status in BY_RESIDENT else pick(rng, INSIDE)
    return Step(at, status, pick(rng, WORDS[status]), inside, shown, shown, target)


def _working_time(rng: np.random.Generator, at: datetime, after: datetime) -> datetime:
    """The same day between 8:40 and 17:00 JST or the next working day, but never before `after`."""
    local = at.astimezone(JST)
    while local.weekday() >= 5:
        local += timedelta(days=1)
    local = local.replace(hour=8, minute=40, second=0, microsecond=0) + timedelta(
        minutes=int(rng.integers(0, 500))
    )
    moment = local.astimezone(after.tzinfo)
    return moment if moment > after else after + timedelta(minutes=int(rng.integers(20, 90)))


def _same_day(then: datetime, after: datetime, until: datetime) -> datetime:
    """A squeezed time moved into office hours of its day where it still fits between its neighbours."""
    local = then.astimezone(JST)
    moment = local.replace(hour=9 + local.hour % 8).astimezone(then.tzinfo)
    return moment if after < moment < min(until, then + timedelta(hours=9)) else then
