"""What the store keeps of webhooks and mail on their way: noted once, given out once, stopped and started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from reports_store import InvalidValue, MailState, NewMail, ReportStore
from reports_store.corrections import Corrected
from reports_store.deliveries import NewDelivery
from reports_store.hooks import Hook, NewHook, NewSender
from reports_store.report import EventKind
from tests.report_makers import NOON, pothole, step


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def hook(store: ReportStore, name: str = "県の地図") -> Hook:
    new = NewHook(name, "https://x.example/", ("report.created",), False, "salt", NOON, "admin")
    return store.outgoing.add_hook(new)


def noted(store: ReportStore, told: Hook, *keys: str, looked_to: int = 0) -> int:
    news = [NewDelivery(key, told.id, "report.created", NOON, 1, 1) for key in keys]
    return store.outgoing.note_deliveries(told.id, news, looked_to)


def test_a_hook_hears_of_what_happens_after_it_was_added(store: ReportStore) -> None:
    store.add(pothole())

    found = hook(store)

    assert (found.after_event, found.events, found.internal) == (1, ("report.created",), False)
    assert store.outgoing.hooks() == [found]
    with pytest.raises(InvalidValue):
        hook(store)


def test_a_delivery_is_noted_once_and_given_out_once_until_its_lease_ends(store: ReportStore) -> None:
    told = hook(store)

    assert (noted(store, told, "a", "b", looked_to=7), noted(store, told, "b", "c", looked_to=3)) == (2, 1)
    first = store.outgoing.deliveries_due(NOON, 2, 60)

    assert [one.key for one in first] == ["a", "b"]
    assert [one.key for one in store.outgoing.deliveries_due(NOON, 9, 60)] == ["c"]
    assert store.outgoing.deliveries_due(NOON, 9, 60) == []
    assert [one.attempts for one in store.outgoing.deliveries_due(NOON + timedelta(minutes=2), 9, 60)] == [
        2,
        2,
        2,
    ]
    assert store.outgoing.hooks()[0].after_event == 7


def test_what_is_given_up_is_tried_again_by_hand_and_what_went_is_not(store: ReportStore) -> None:
    told = hook(store)
    noted(store, told, "a", "b")
    gone, lost = store.outgoing.deliveries_due(NOON, 2, 60)
    store.outgoing.delivery_done(gone.id, MailState.SENT, NOON)
    store.outgoing.delivery_done(lost.id, MailState.FAILED, NOON, "HTTP 500")

    assert store.outgoing.delivery_counts() == {MailState.WAITING: 0, MailState.SENT: 1, MailState.FAILED: 1}
    assert [store.outgoing.retry_delivery(one.id, NOON) for one in (gone, lost)] == [False, True]
    assert store.outgoing.latest_deliveries(MailState.WAITING, 9)[0].attempts == 0
    store.outgoing.delivery_done(lost.id, MailState.WAITING, NOON, "HTTP 500", NOON + timedelta(hours=1))
    assert store.outgoing.deliveries_due(NOON, 9, 60) == []
    assert store.outgoing.forget_deliveries(NOON + timedelta(days=1)) == 1


def test_a_stopped_hook_keeps_its_first_reason_and_what_waits(store: ReportStore) -> None:
    told = hook(store)
    noted(store, told, "a")
    store.outgoing.stop_hook(told.id, NOON, "HTTP 500")
    store.outgoing.stop_hook(told.id, NOON, "by_hand")

    assert store.outgoing.hooks()[0].disabled_why == "HTTP 500"
    assert store.outgoing.deliveries_due(NOON, 9, 60) == []
    store.add(pothole())
    store.outgoing.start_hook(told.id)
    assert store.outgoing.hooks()[0].after_event == 1
    assert len(store.outgoing.deliveries_due(NOON, 9, 60)) == 1


def test_senders_are_let_in_and_stopped(store: ReportStore) -> None:
    store.outgoing.add_sender(NewSender("ken", "県土木事務所", "salt", NOON, "admin"))
    with pytest.raises(InvalidValue):
        store.outgoing.add_sender(NewSender("ken", "電力会社", "salt", NOON, "admin"))
    for odd in ("", "Ken", "../x", "あ", "a" * 41, "a b"):
        with pytest.raises(InvalidValue):
            NewSender(odd, "県", "salt", NOON, "admin")

    store.outgoing.let_sender("ken", NOON)
    assert [one.disabled_at for one in store.outgoing.senders()] == [NOON]
    store.outgoing.let_sender("ken", None)
    assert [one.disabled_at for one in store.outgoing.senders()] == [None]


def test_a_mail_that_was_given_up_is_tried_again_unless_it_was_emptied(store: ReportStore) -> None:
    for key in ("a", "b"):
        store.post(NewMail("a@example.jp", "件名", "本文", key, NOON))
    first, second = store.mail_due(NOON, 9, 60)
    store.mail_postponed(first.id, "550", None)
    store.mail_sent(second.id, NOON)

    assert [store.outgoing.retry_mail(one.id, NOON) for one in (first, second)] == [True, False]
    assert [one.id for one in store.outgoing.latest_mails(MailState.WAITING, 9)] == [first.id]
    store.mail_postponed(first.id, "550", None)
    store.forget_mail(NOON + timedelta(days=31))
    assert not store.outgoing.retry_mail(first.id, NOON)


def test_corrections_by_hand_are_counted_by_kind(store: ReportStore) -> None:
    reports = [store.add(replace(pothole(), department="総務課", routed_why="試し")).report for _ in range(3)]
    store.append(reports[0].id, step(EventKind.ASSIGN, {"department": "建設課"}), seen=1)
    store.add(pothole())  # nothing is told of how it came where it is

    assert store.outgoing.corrections(NOON) == [
        Corrected("road_damage", "総務課", "建設課", 1), Corrected("road_damage", "総務課", "総務課", 2),
    ]  # fmt: skip
