"""Who is told of what, by mail that goes out once; and whose reports wait for a look first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from reports_store import (
    BlockKind,
    EventKind,
    InvalidReport,
    Mail,
    MailState,
    NewMail,
    NewSubscription,
    Report,
    ReportStore,
    Subscription,
    SubscriptionKind,
    UnknownSubscription,
)
from tests.contract.test_store_keeps import in_another_process
from tests.report_makers import LAT, LON, NOON, pothole, step

DAY = timedelta(days=1)


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def token(number: int) -> bytes:
    return number.to_bytes(32, "big")


def wish(kind: str, target: object, number: int = 1, email: str | None = None) -> NewSubscription:
    return NewSubscription(
        kind=SubscriptionKind(kind),
        target=json.dumps(target),
        email=email or f"resident{number}@example.jp",
        lang="ja",
        token_hash=token(number),
        at=NOON,
    )


def follow(store: ReportStore, kind: str, target: object, number: int = 1, email: str | None = None) -> None:
    store.subscribe(wish(kind, target, number, email))
    store.confirm_subscription(token(number), NOON)


def told(store: ReportStore, report: Report) -> list[int]:
    return [
        int.from_bytes(each.token_hash, "big") for each in store.subscriptions_for(store.by_id(report.id))
    ]


# --- subscriptions


def test_nobody_is_told_before_confirming_nor_after_ending(store: ReportStore) -> None:
    report = store.add(pothole()).report
    kept = store.subscribe(wish("report", {"report": report.public_id}))
    assert isinstance(kept, Subscription) and kept.confirmed_at is None
    assert told(store, report) == []

    confirmed = store.confirm_subscription(token(1), NOON + DAY)
    assert confirmed.confirmed_at == NOON + DAY
    assert store.confirm_subscription(token(1), NOON + 2 * DAY) == confirmed == store.subscription(token(1))
    assert told(store, report) == [1]

    assert [store.end_subscription(token(1)) for _ in range(2)] == [True, False]
    assert told(store, report) == []
    for ask in (store.subscription, lambda hashed: store.confirm_subscription(hashed, NOON)):
        with pytest.raises(UnknownSubscription):
            ask(token(1))


def test_the_same_wish_sent_again_is_kept_once(store: ReportStore) -> None:
    first = store.subscribe(wish("category", {"category": "road_damage"}))

    assert store.subscribe(wish("category", {"category": "road_damage"})) == first


def test_who_does_not_confirm_in_three_days_is_forgotten(store: ReportStore) -> None:
    for number in (1, 2):
        store.subscribe(wish("category", {"category": "road_damage"}, number))
    store.confirm_subscription(token(2), NOON + 3 * DAY)

    assert store.purge_subscriptions(NOON + 3 * DAY) == 0
    with pytest.raises(UnknownSubscription):
        store.confirm_subscription(token(1), NOON + 3 * DAY + timedelta(seconds=1))
    assert store.purge_subscriptions(NOON + 3 * DAY + timedelta(seconds=1)) == 1
    with pytest.raises(UnknownSubscription):
        store.subscription(token(1))
    assert store.subscription(token(2)).email == "resident2@example.jp"


def test_everybody_is_told_of_what_they_asked_for(store: ReportStore) -> None:
    here = store.add(pothole()).report
    far = store.add(pothole(lon=LON + 0.02, category="park_playground", area="別の自治会")).report
    around = [[LON - 0.001, LAT - 0.001], [LON + 0.001, LAT - 0.001], [LON, LAT + 0.001]]
    for number, (kind, target) in enumerate(
        [
            ("report", {"report": here.public_id}),
            ("category", {"category": "road_damage"}),
            ("association", {"association": "本町自治会"}),
            ("area", {"box": [LON - 0.001, LAT - 0.001, LON + 0.001, LAT + 0.001]}),
            ("area", {"polygon": around}),
            ("place", {"lon": LON, "lat": LAT + 0.0005, "within_m": 60}),
            ("place", {"lon": LON, "lat": LAT + 0.0005, "within_m": 50}),
            ("category", {"category": "park_playground"}),
            ("area", {"polygon": [[lon + 0.0015, lat] for lon, lat in around]}),
        ],
        start=1,
    ):
        follow(store, kind, target, number)

    assert told(store, here) == [1, 2, 3, 4, 5, 6]
    assert told(store, far) == [8]


def test_one_tap_ends_what_an_address_asked_for_twice(store: ReportStore) -> None:
    report = store.add(pothole()).report
    for number, target in enumerate([{"report": report.public_id}, {"report": report.public_id}], start=1):
        follow(store, "report", target, number, "same@example.jp")
    follow(store, "category", {"category": "road_damage"}, 3, "same@example.jp")

    assert told(store, report) == [1, 2, 3]
    assert store.end_subscription(token(2))
    assert told(store, report) == [3]


def test_a_place_that_is_not_public_is_not_told_by_mail(store: ReportStore) -> None:
    """Otherwise a narrow enough area would tell where a coarse or hidden report lies."""
    coarse = store.add(pothole(category="illegal_dumping")).report  # 50 m grid, waits for a check
    follow(store, "place", {"lon": LON, "lat": LAT, "within_m": 1}, 1)
    follow(store, "place", {"lon": LON, "lat": LAT, "within_m": 60}, 2)
    follow(store, "category", {"category": "illegal_dumping"}, 3)
    follow(store, "report", {"report": coarse.public_id}, 4)
    assert told(store, coarse) == [4]

    store.append(coarse.id, step(EventKind.VISIBILITY, {"visibility": "public"}), seen=1)
    assert told(store, coarse) == [2, 3, 4]
    hidden = store.add(pothole(suspect="blocked")).report
    assert told(store, hidden) == []


def test_followers_of_a_merged_report_hear_of_its_original(store: ReportStore) -> None:
    original, other = (store.add(pothole()).report for _ in range(2))
    follow(store, "report", {"report": other.public_id})
    assert told(store, original) == []

    store.merge(other.id, original.id, actor="建設課 1", at=NOON, seen=1)
    assert told(store, original) == told(store, other) == [1]
    store.append(original.id, step(EventKind.VISIBILITY, {"visibility": "private"}), seen=2)
    assert told(store, original) == []  # what is not public is told to its own followers only
    store.unmerge(other.id, actor="建設課 1", at=NOON, seen=2)
    assert (told(store, original), told(store, other)) == ([], [1])


@pytest.mark.parametrize(
    "kind, target",
    [
        ("report", "{"),
        ("report", "[]"),
        ("report", '{"report": ""}'),
        ("report", '{"report": 7}'),
        ("report", '{"report": "R8-1", "more": 1}'),
        ("category", '{"report": "R8-1"}'),
        ("association", '{"association": "' + "あ" * 201 + '"}'),
        ("area", '{"box": [1, 2, 3]}'),
        ("area", '{"box": [3, 2, 1, 4]}'),
        ("area", '{"polygon": [[1, 2], [3, 4]]}'),
        ("area", '{"polygon": [[1, 2], [3, 4], [5, 600]]}'),
        ("area", '{"polygon": [[1, 2], [3, 4], [NaN, 5]]}'),
        ("area", '{"polygon": ' + json.dumps([[1, 2]] * 201) + "}"),
        ("place", '{"lon": 136, "lat": 35}'),
        ("place", '{"lon": 136, "lat": 35, "within_m": 0}'),
        ("place", '{"lon": 136, "lat": 35, "within_m": 1e9}'),
        ("place", '{"lon": true, "lat": "35", "within_m": 10}'),
        ("everything", "{}"),
    ],
)
def test_a_wish_that_means_nothing_is_refused(kind: str, target: str) -> None:
    with pytest.raises(InvalidReport):
        NewSubscription(kind, target, "a@example.jp", "ja", token(1), NOON)  # type: ignore[arg-type]


# --- mail


def mail(key: str = "news 1", to: str = "resident@example.jp") -> NewMail:
    return NewMail(to=to, subject="通報 R8-000001", body="対応中になりました。", key=key, at=NOON)


def due(store: ReportStore, seconds: float = 0, limit: int = 10) -> list[Mail]:
    return store.mail_due(NOON + timedelta(seconds=seconds), limit, 60)


def test_a_mail_goes_out_once_however_often_it_is_posted(store: ReportStore) -> None:
    assert [store.post(mail()) for _ in range(3)] == [True, False, False]

    (taken,) = due(store)
    store.mail_sent(taken.id, NOON)

    assert (taken.to, taken.subject, taken.body) == (mail().to, mail().subject, mail().body)
    assert (taken.state, taken.attempts) == (MailState.WAITING, 1)
    assert not store.post(mail())
    assert due(store, 1e6) == []
    assert store.mail_counts() == {MailState.WAITING: 0, MailState.SENT: 1, MailState.FAILED: 0}
    assert [each.sent_at for each in store.mails(MailState.SENT)] == [NOON]


def test_a_mail_whose_sender_died_is_given_out_again(store: ReportStore) -> None:
    store.post(mail())

    assert [len(due(store, at)) for at in (0, 59.9, 60, 119, 120)] == [1, 0, 1, 0, 1]
    assert store.mails(MailState.WAITING)[0].attempts == 3


def test_a_mail_that_does_not_go_is_put_off_and_in_the_end_given_up(store: ReportStore) -> None:
    store.post(mail())
    (taken,) = due(store)
    store.mail_postponed(taken.id, "451 try later", NOON + timedelta(seconds=300))
    (waiting,) = store.mails(MailState.WAITING)

    assert (waiting.last_error, waiting.next_try) == ("451 try later", NOON + timedelta(seconds=300))
    assert [len(due(store, at)) for at in (299, 300)] == [0, 1]
    store.mail_postponed(taken.id, "550 no such address", None)
    assert store.mail_counts()[MailState.FAILED] == 1
    assert due(store, 1e6) == []
    assert store.mails(MailState.FAILED)[0].last_error == "550 no such address"
    store.mail_sent(taken.id, NOON)  # too late: what was given up stays so
    assert store.mail_counts()[MailState.FAILED] == 1


def test_old_mail_is_emptied_and_still_not_sent_twice(store: ReportStore) -> None:
    for key in ("sent", "waiting"):
        store.post(mail(key))
    store.mail_sent(next(each.id for each in due(store) if each.key == "sent"), NOON)

    assert store.forget_mail(NOON) == 0
    assert [store.forget_mail(NOON + DAY) for _ in range(2)] == [1, 0]

    (gone,) = store.mails(MailState.SENT)
    assert (gone.to, gone.subject, gone.body, gone.sent_at) == ("", "", "", NOON)
    assert store.mails(MailState.WAITING)[0].to == "resident@example.jp"
    assert not store.post(mail("sent"))


SENDER = """
with ReportStore.open(address) as store:
    while mails := store.mail_due(NOON, 3, 60):
        for mail in mails:
            print(mail.key.replace(" ", "-")); store.mail_sent(mail.id, NOON)
"""


def test_two_processes_send_every_mail_once(store: ReportStore, address: str) -> None:
    for number in range(40):
        store.post(mail(f"news {number}"))

    with ThreadPoolExecutor(2) as both:
        printed = list(both.map(lambda _: in_another_process(address, SENDER), range(2)))

    sent = [line for each in printed for line in each.splitlines()]
    assert sorted(sent) == sorted(f"news-{number}" for number in range(40))


# --- blocks


def test_what_is_blocked_is_held_back_until_its_time(store: ReportStore) -> None:
    store.block(BlockKind.DEVICE, token(1), NOON + DAY, "同じ写真が50通", NOON)
    store.block("email", token(1), None, "苦情", NOON)

    assert store.blocked({"device": token(1)}, NOON) == {"device": "同じ写真が50通"}
    assert store.blocked({"device": token(1)}, NOON + DAY) == {}
    assert store.blocked({BlockKind.EMAIL: token(1)}, NOON + 9999 * DAY) == {BlockKind.EMAIL: "苦情"}
    assert store.blocked({"address": token(1)}, NOON) == {}
    assert store.blocked({"device": token(2)}, NOON) == {}
    assert store.blocked({"address": token(2), "email": token(1), "device": token(1)}, NOON) == {
        "device": "同じ写真が50通",
        "email": "苦情",
    }
    assert store.blocked({}, NOON) == {}


def test_the_newest_word_on_a_block_counts_and_it_can_be_lifted(store: ReportStore) -> None:
    store.block("address", token(1), None, "はじめ", NOON)
    store.block("address", token(1), NOON + DAY, "あと", NOON)

    assert store.blocked({"address": token(1)}, NOON) == {"address": "あと"}
    assert [store.unblock("address", token(1)) for _ in range(2)] == [True, False]
    assert store.blocked({"address": token(1)}, NOON) == {}
    for kind, value in (("person", token(1)), ("device", b"short")):
        with pytest.raises(InvalidReport):
            store.block(kind, value, None, "", NOON)
