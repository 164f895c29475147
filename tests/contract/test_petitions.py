"""自治会の要望書 in the store: filed with its reports, answered item by item, issued, carried over; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

import pytest

from reports_store import EventKind, Filters, ReportStore, StaleVersion, Status, UnknownReport
from reports_store.errors import Conflict, InvalidValue, PetitionRefused, UnknownPetition
from reports_store.petition import (
    Consent,
    ItemLink,
    NewAnswer,
    NewItem,
    NewLetter,
    NewPetition,
    Petition,
    PetitionAnswer,
    PetitionState,
    Revised,
)
from reports_store.petition_carrying import Carrying
from tests.report_makers import NOON, moved, pothole


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def key(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def wish(n: int, of: str = "a", **more: object) -> NewItem:
    report = more.pop("report", None) or pothole(key=f"{of} {n}", body=f"{n}番目の要望")
    return NewItem(f"要望{n}", f"{n}番目の要望", n, report, **more)  # type: ignore[arg-type]


def letter_of_wishes(name: str = "a", **more: object) -> NewPetition:
    about: dict[str, object] = {
        "uuid": key(name), "association": "本町自治会", "association_id": "1", "fiscal_year": 2026,
        "title": "令和8年度 要望書", "received_at": NOON, "received_by": "madoguchi",
        "items": tuple(wish(n, name) for n in range(1, 4)), "representative_role": "会長",
        "representative_name": "見本 太郎",
    }  # fmt: skip
    return NewPetition(**{**about, **more})  # type: ignore[arg-type]


def filed(store: ReportStore, name: str = "a", **more: object) -> Petition:
    return store.add_petition(letter_of_wishes(name, **more))[0]  # type: ignore[arg-type]


def said(answer: PetitionAnswer = PetitionAnswer.DONE, text: str = "直しました", **more: object) -> NewAnswer:
    year = 2027 if answer is PetitionAnswer.PLANNED else None
    about: dict[str, object] = {"planned_year": year, "note": f"要望書に回答：{text}", **more}
    return NewAnswer(answer, text, "doboku", NOON + timedelta(days=1), **about)  # type: ignore[arg-type]


def answered(store: ReportStore, petition: Petition, *answers: PetitionAnswer) -> Petition:
    for position, answer in enumerate(answers, start=1):
        petition = store.answer_petition(
            petition.id, position, said(answer), seen=petition.item(position).version
        )
    return petition


def to_issue(petition: Petition, **more: object) -> NewLetter:
    replies = {one.id: f"{one.position}番への回答" for one in petition.items}
    about: dict[str, object] = {
        "document_number": "見総第12号", "dated": date(2026, 6, 30), "content": {"items": ["1"]}, "by": "madoguchi",
        "at": NOON + timedelta(days=2), "replies": replies,
    }  # fmt: skip
    return NewLetter(**{**about, **more})  # type: ignore[arg-type]


def test_a_petition_gets_a_number_of_its_year_and_each_item_a_report(store: ReportStore) -> None:
    first, second = filed(store, "a"), filed(store, "b")
    older = filed(store, "c", fiscal_year=2018)

    assert (first.number, second.number, older.number) == ("要R8-001", "要R8-002", "要H30-001")
    assert [one.report for one in first.items] == ["R8-000001", "R8-000002", "R8-000003"]
    assert store.get("R8-000002").body == "2番目の要望"
    assert store.petition("要R8-001") == first
    assert (first.representative_given, store.petition_representative(first.id)) == (True, "見本 太郎")


def test_the_same_petition_sent_again_is_one_and_another_under_its_key_is_refused(store: ReportStore) -> None:
    first, new = store.add_petition(letter_of_wishes())
    again, anew = store.add_petition(letter_of_wishes())

    with pytest.raises(Conflict):
        store.add_petition(letter_of_wishes(title="別の要望書"))

    assert (new, anew, again) == (True, False, first)
    assert store.count(Filters()) == 3


def test_a_petition_with_one_bad_item_leaves_nothing_behind(store: ReportStore) -> None:
    items = (wish(1), wish(2, report="R8-999999"))

    with pytest.raises(UnknownReport):
        store.add_petition(letter_of_wishes(items=items))

    assert store.count(Filters()) == 0
    assert store.petitions() == []
    assert filed(store).number == "要R8-001"


def test_an_item_may_be_a_report_that_is_there_and_its_history_says_so(store: ReportStore) -> None:
    report = store.add(pothole(key="known")).report
    items = (wish(1), wish(2, report=report.public_id, note="要望書 {number} の2番になりました"))

    petition = filed(store, items=items)

    assert petition.item(2).report == report.public_id
    assert store.count(Filters()) == 2
    last = store.events(report.id)[-1]
    assert (last.kind, last.internal_message) == (EventKind.NOTE, "要望書 要R8-001 の2番になりました")
    assert store.petition_items_of(report.public_id) == [ItemLink("要R8-001", 2026, 2)]


@pytest.mark.parametrize("priorities", [(1, 1, 2), (1, 2, 4), (0, 1, 2)])
def test_priorities_are_one_to_the_number_of_items_each_once(priorities: tuple[int, ...]) -> None:
    items = tuple(NewItem(f"要望{n}", "", n, pothole()) for n in priorities)
    with pytest.raises(PetitionRefused) as refused:
        letter_of_wishes(items=items)
    assert refused.value.why == "priorities"


def test_a_petition_without_items_or_title_or_with_an_odd_consent_is_refused() -> None:
    with pytest.raises(InvalidValue):
        letter_of_wishes(items=())
    with pytest.raises(InvalidValue):
        NewItem(" ", "", 1, pothole())
    with pytest.raises(InvalidValue):
        NewItem("要望", "", 1, pothole(), ("everybody",))  # type: ignore[arg-type]


def test_an_answer_is_kept_with_who_and_when_and_told_in_the_reports_history(store: ReportStore) -> None:
    petition = filed(store)
    after = store.answer_petition(
        petition.id, 2, said(PetitionAnswer.PLANNED, internal_note="予算要求"), seen=1
    )

    item = after.item(2)
    assert (item.answer, item.planned_year, item.answered_by) == (PetitionAnswer.PLANNED, 2027, "doboku")
    assert (item.internal_note, item.version, after.version) == ("予算要求", 2, 2)
    report = store.get(item.report)
    assert report.status is Status.RECEIVED, (
        "an answer is a promise, not work: the report's state is the work's"
    )
    assert store.events(report.id)[-1].internal_message == "要望書に回答：直しました"


def test_two_departments_answer_two_items_at_once_but_not_one(store: ReportStore) -> None:
    petition = filed(store)
    store.answer_petition(petition.id, 1, said(), seen=1)
    store.answer_petition(petition.id, 2, said(), seen=1)

    with pytest.raises(StaleVersion):
        store.answer_petition(petition.id, 1, said(PetitionAnswer.DIFFICULT, "できません"), seen=1)

    assert store.petition(petition.number).item(1).answer is PetitionAnswer.DONE


def test_an_answer_sent_again_by_the_same_form_changes_nothing(store: ReportStore) -> None:
    petition = filed(store)
    answer = said(client_uuid=key("form"))
    first = store.answer_petition(petition.id, 1, answer, seen=1)

    assert store.answer_petition(petition.id, 1, answer, seen=1) == first
    assert len(store.events(store.get(first.item(1).report).id)) == 2


@pytest.mark.parametrize(
    ("answer", "text", "year", "why"),
    [
        (PetitionAnswer.DIFFICULT, " ", None, "text_needed"),
        (PetitionAnswer.OTHER_BODY, "", None, "text_needed"),
        (PetitionAnswer.PLANNED, "直します", None, "year_needed"),
        (PetitionAnswer.DONE, "", 2027, "year_needed"),
    ],
)
def test_an_answer_says_what_its_kind_has_to_say(
    answer: PetitionAnswer, text: str, year: int | None, why: str
) -> None:
    with pytest.raises(PetitionRefused) as refused:
        said(answer, text, planned_year=year)
    assert refused.value.why == why


def test_items_are_corrected_together_or_not_at_all(store: ReportStore) -> None:
    petition = filed(store)
    swapped = {1: Revised("側溝", "", 2, (Consent.BOARD,)), 2: Revised("カーブミラー", "", 1)}
    after = store.revise_petition(petition.id, swapped, seen=1)

    with pytest.raises(PetitionRefused):
        store.revise_petition(petition.id, {1: Revised("側溝", "", 1)}, seen=2)
    with pytest.raises(StaleVersion):
        store.revise_petition(petition.id, swapped, seen=1)

    assert [(one.title, one.priority) for one in after.items] == [
        ("側溝", 2),
        ("カーブミラー", 1),
        ("要望3", 3),
    ]
    assert store.petition(petition.number) == after


def test_a_letter_needs_every_answer_and_is_kept_as_it_went_out(store: ReportStore) -> None:
    petition = filed(store, items=(wish(1), wish(2)))
    partly = answered(store, petition, PetitionAnswer.DONE)
    with pytest.raises(PetitionRefused) as refused:
        store.issue_petition_letter(petition.id, to_issue(partly), seen=partly.version)
    assert (refused.value.why, refused.value.which) == ("unanswered", "2")
    whole = store.answer_petition(petition.id, 2, said(PetitionAnswer.DIFFICULT), seen=1)
    with pytest.raises(StaleVersion):
        store.issue_petition_letter(petition.id, to_issue(whole), seen=partly.version)

    issued = store.issue_petition_letter(petition.id, to_issue(whole), seen=whole.version)
    changed = store.answer_petition(petition.id, 2, said(PetitionAnswer.PLANNED), seen=2)
    again = store.issue_petition_letter(
        petition.id, to_issue(changed, document_number="見総第30号"), seen=changed.version
    )

    assert (issued.state, issued.changed_since_letter) == (PetitionState.ISSUED, False)
    assert changed.changed_since_letter and not again.changed_since_letter
    assert [(one.edition, one.document_number) for one in again.letters] == [
        (1, "見総第12号"),
        (2, "見総第30号"),
    ]
    assert again.letters[0] == issued.letters[0]


def test_with_the_letter_each_report_tells_residents_the_same(store: ReportStore) -> None:
    petition = answered(store, filed(store, items=(wish(1),)), PetitionAnswer.DONE)
    report = store.get(petition.item(1).report)
    assert [one.public_message for one in store.events(report.id)] == ["", ""]

    store.issue_petition_letter(petition.id, to_issue(petition), seen=petition.version)

    last = store.events(report.id)[-1]
    assert (last.kind, last.public_message) == (EventKind.PUBLIC_REPLY, "1番への回答")
    after = store.by_id(report.id)
    assert (after.visibility, after.body_public) == (report.visibility, False), "a letter releases nothing"


def test_what_is_not_settled_goes_into_the_next_year_with_its_report(store: ReportStore) -> None:
    kinds = (PetitionAnswer.DONE, PetitionAnswer.CONSIDERED, PetitionAnswer.DIFFICULT, PetitionAnswer.PLANNED)
    petition = answered(
        store, filed(store, items=tuple(wish(n) for n in range(1, 6))), *kinds
    )  # the fifth has no answer
    what = Carrying((), NOON + timedelta(days=300), "madoguchi", key("carry"), "要望書 {number} へ引き継ぎ")

    after = store.carry_petition(petition.id, what, seen=petition.version)

    assert (after.number, after.fiscal_year, after.association) == ("要R9-001", 2027, "本町自治会")
    assert [one.title for one in after.items] == ["要望2", "要望4", "要望5"]
    assert [one.priority for one in after.items] == [1, 2, 3]
    assert after.item(1).report == petition.item(2).report
    assert after.item(1).carried_from == ItemLink("要R8-001", 2026, 2)
    old = store.petition(petition.number)
    assert [one.carried_to and one.carried_to.position for one in old.items] == [None, 1, None, 2, 3]
    assert store.count(Filters()) == 5
    assert old.version == petition.version, "what was answered stays as it was answered"
    assert store.petition_representative(after.id) == ""
    told = store.events(store.get(after.item(1).report).id)[-1]
    assert told.internal_message == "要望書 要R9-001 へ引き継ぎ"


def test_nothing_is_carried_twice_and_a_petition_that_is_there_is_joined(store: ReportStore) -> None:
    petition, next_one = filed(store, "a"), filed(store, "b", fiscal_year=2027, items=(wish(1, "b"),))
    before = Carrying((3,), NOON, "madoguchi", key("first"))
    joined = store.carry_petition(petition.id, before, seen=1)

    rest = store.carry_petition(petition.id, Carrying((), NOON, "x", key("second")), seen=1)
    with pytest.raises(PetitionRefused):
        store.carry_petition(petition.id, Carrying((1,), NOON, "x", key("third")), seen=1)
    with pytest.raises(StaleVersion):
        store.carry_petition(petition.id, Carrying((1,), NOON, "x", key("fourth")), seen=9)

    assert joined.number == rest.number == next_one.number
    assert [(one.title, one.priority) for one in rest.items] == [
        ("要望1", 1),
        ("要望3", 2),
        ("要望1", 3),
        ("要望2", 4),
    ]


def test_an_overview_counts_the_answers_of_each_petition(store: ReportStore) -> None:
    answered(store, filed(store), PetitionAnswer.DONE, PetitionAnswer.PLANNED)
    filed(store, "b", association="東町自治会", association_id="2", fiscal_year=2027)

    first, second = store.petitions()

    assert first.counts == {PetitionAnswer.DONE: 1, PetitionAnswer.PLANNED: 1, None: 1}
    assert (first.total, second.counts) == (3, {None: 3})
    assert [one.number for one in store.petitions(years=(2027,))] == [second.number]
    assert [one.number for one in store.petitions(association="本町自治会")] == [first.number]


def test_a_report_that_is_worked_on_meanwhile_does_not_stop_an_answer(store: ReportStore) -> None:
    petition = filed(store)
    report = store.get(petition.item(1).report)
    store.append(report.id, moved(Status.TRIAGED), seen=1)

    store.answer_petition(petition.id, 1, said(), seen=1)

    assert store.by_id(report.id).version == 3


def test_what_is_not_there_is_told(store: ReportStore) -> None:
    petition = filed(store)
    for ask in (
        lambda: store.petition("要R8-999"),
        lambda: store.answer_petition(999, 1, said(), seen=1),
        lambda: store.answer_petition(petition.id, 9, said(), seen=1),
    ):
        with pytest.raises(UnknownPetition):
            ask()
