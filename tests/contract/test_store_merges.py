"""Two reports of one thing: supported, made one, made two again, and never in a circle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from reports_store import (
    ActorRefused,
    ActorType,
    Categories,
    ChangeRefused,
    DuplicateRefused,
    EventKind,
    Filters,
    InvalidValue,
    NotMerged,
    PublicState,
    Report,
    ReportStore,
    StaleVersion,
    Status,
    TransitionRefused,
    UnknownReport,
    public,
)
from reports_store.workflow import PUBLIC_STATE
from tests.report_makers import NOON, moved, photo, pothole, promised, step

KINDS = Categories.load()
DESK = "建設課 1"
LATER = NOON + timedelta(hours=1)
EVERYWHERE = (136.0, 35.0, 137.0, 36.0)


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def person(number: int) -> bytes:
    return number.to_bytes(32, "big")


def merge(store: ReportStore, duplicate: Report, original: Report) -> Report:
    seen = store.by_id(duplicate.id).version
    return store.merge(duplicate.id, original.id, actor=DESK, at=LATER, seen=seen)


def unmerge(store: ReportStore, duplicate: Report) -> Report:
    return store.unmerge(duplicate.id, actor=DESK, at=LATER, seen=store.by_id(duplicate.id).version)


def look(store: ReportStore, report: Report, name: str, pii_state: str) -> Report:
    change = {"photo": photo(name).sha256, "pii_state": pii_state}
    return store.append(report.id, step(EventKind.REDACT, change), seen=store.by_id(report.id).version)


# --- support


def test_everybody_is_counted_once(store: ReportStore) -> None:
    report = store.add(pothole()).report

    counted = [store.support(report.id, person(n), NOON) for n in (1, 2, 1, 1, 3)]

    assert counted == [1, 2, 2, 2, 3]
    supported = store.by_id(report.id)
    assert supported == replace(report, support=3)  # no step in its history, and not newer than it was
    assert public(supported, KINDS["road_damage"]).support == 3


def test_many_at_once_are_all_counted(store: ReportStore) -> None:
    report = store.add(pothole()).report

    with ThreadPoolExecutor(16) as people:
        list(people.map(lambda n: store.support(report.id, person(n % 40), NOON), range(120)))

    assert store.by_id(report.id).support == 40


def test_support_for_nothing_or_by_nobody_is_refused(store: ReportStore) -> None:
    report = store.add(pothole()).report

    with pytest.raises(UnknownReport):
        store.support(report.id + 1, person(1), NOON)
    with pytest.raises(InvalidValue):
        store.support(report.id, b"", NOON)
    with pytest.raises(InvalidValue):
        store.support(report.id, "x" * 32, NOON)  # type: ignore[arg-type]
    assert store.by_id(report.id).support == 0


# --- merging


def test_a_merged_report_is_seen_from_its_original(store: ReportStore) -> None:
    original = store.add(pothole(photos=(photo("a"), photo("both")))).report
    other = store.add(pothole(photos=(photo("both"), photo("b")), declared=(promised("coming"),))).report
    for number in (1, 2):
        store.support(original.id, person(number), NOON)
    for number in (2, 3):
        store.support(other.id, person(number), NOON)

    merged = merge(store, other, original)
    seen = store.by_id(original.id)

    assert (merged.status, merged.duplicate_of, merged.version) == (Status.DUPLICATE, original.public_id, 2)
    assert [each.sha256 for each in seen.photos] == [photo(name).sha256 for name in ("a", "both", "b")]
    assert [each.sha256 for each in seen.own_photos] == [photo(name).sha256 for name in ("a", "both")]
    assert (seen.support, seen.status, seen.version, seen.coming) == (3, Status.RECEIVED, 2, ())
    assert [(each.kind, each.actor, dict(each.to)) for each in store.events(original.id)[1:]] == [
        (EventKind.MERGE, DESK, {"duplicate": other.public_id})
    ]
    assert [each.changes for each in store.events(other.id)[1:]] == [
        {
            "from": {"status": "received", "duplicate_of": None},
            "to": {"status": "duplicate", "duplicate_of": original.public_id},
        }
    ]


def test_what_is_taken_back_is_as_it_was(store: ReportStore) -> None:
    original = store.add(pothole(photos=(photo("a"),))).report
    other = store.add(pothole(photos=(photo("b"),))).report
    other = store.append(other.id, moved(Status.TRIAGED), seen=1)
    for report, number in ((original, 1), (other, 1), (other, 2)):
        store.support(report.id, person(number), NOON)
    before = store.by_id(original.id), store.by_id(other.id)
    counts = store.cell_counts(EVERYWHERE, 12, Filters())

    merge(store, other, original)
    assert store.support(other.id, person(3), LATER) == 3
    assert store.by_id(original.id).support == 3
    unmerge(store, other)

    after = store.by_id(original.id), store.by_id(other.id)
    assert after[0] == replace(before[0], version=3, updated_at=LATER)
    assert after[1] == replace(before[1], version=4, updated_at=LATER, support=3)
    assert store.cell_counts(EVERYWHERE, 12, Filters()) == counts
    assert [each.kind for each in store.events(other.id)] == ["created", "status", "merge", "split"]
    assert [each.kind for each in store.events(original.id)] == ["created", "merge", "split"]


def test_residents_read_in_the_history_that_it_was_merged_and_taken_apart(store: ReportStore) -> None:
    original, other = (store.add(pothole()).report for _ in range(2))
    merge(store, other, original)
    report = unmerge(store, other)

    told = public(report, KINDS["road_damage"], store.events(other.id)).history
    of_original = public(original, KINDS["road_damage"], store.events(original.id)).history

    assert [each.status for each in told] == [Status.RECEIVED, Status.DUPLICATE, Status.RECEIVED]
    assert [each.status for each in of_original] == [Status.RECEIVED]
    assert DESK not in repr((told, of_original))


def test_chains_and_circles_are_refused(store: ReportStore) -> None:
    first, second, third = (store.add(pothole()).report for _ in range(3))
    merge(store, second, first)
    refused = [
        (third, second, "target_is_duplicate"),
        (first, third, "has_duplicates"),
        (third, third, "self"),
    ]

    for duplicate, original, why in refused:
        before = store.by_id(duplicate.id), store.by_id(original.id)
        with pytest.raises(DuplicateRefused) as error:
            merge(store, duplicate, original)
        assert error.value.why == why
        assert (store.by_id(duplicate.id), store.by_id(original.id)) == before
    with pytest.raises(TransitionRefused):
        merge(store, second, third)
    with pytest.raises(UnknownReport):
        store.merge(third.id, 10**6, actor=DESK, at=LATER, seen=1)
    with pytest.raises(NotMerged):
        unmerge(store, first)


def test_a_report_that_is_being_worked_on_is_no_duplicate(store: ReportStore) -> None:
    original, other = (store.add(pothole()).report for _ in range(2))
    store.append(other.id, moved(Status.TRIAGED), seen=1)
    store.append(other.id, moved(Status.IN_PROGRESS), seen=2)

    with pytest.raises(TransitionRefused):
        merge(store, other, original)


def test_half_of_a_merge_cannot_be_written_alone(store: ReportStore) -> None:
    report = store.add(pothole()).report

    for kind in (EventKind.MERGE, EventKind.SPLIT):
        with pytest.raises(ChangeRefused):
            store.append(report.id, step(kind, {"status": "resolved"}), seen=1)
    assert store.by_id(report.id) == report


def test_a_duplicate_that_is_reopened_leaves_its_original(store: ReportStore) -> None:
    original, other = store.add(pothole()).report, store.add(pothole(photos=(photo("b"),))).report
    store.support(other.id, person(1), NOON)
    other = store.append(other.id, moved(Status.DUPLICATE, duplicate_of=original.public_id), seen=1)
    joined = store.by_id(original.id)
    store.append(other.id, moved(Status.REOPENED), seen=2)
    apart = store.by_id(original.id)

    assert (joined.support, len(joined.photos)) == (1, 1)
    assert (apart.support, len(apart.photos)) == (0, 0)


def test_photos_of_a_merged_report_are_public_only_where_both_reports_let_them(store: ReportStore) -> None:
    original = store.add(pothole()).report
    other = store.add(pothole(category="illegal_dumping", photos=(photo("b"),))).report  # waits for a check
    merge(store, other, original)
    look(store, original, "b", "clear")
    kind = KINDS["road_damage"]

    assert public(store.by_id(original.id), kind).photos == (photo("b").sha256,)
    assert store.photo_released(photo("b").sha256)
    for hidden in ("private", "hidden"):
        change = step(EventKind.VISIBILITY, {"visibility": hidden})
        store.append(other.id, change, seen=store.by_id(other.id).version)
        assert public(store.by_id(original.id), kind).photos == ()
        assert not store.photo_released(photo("b").sha256)
        assert len(store.by_id(original.id).photos) == 1  # the town hall still sees it
    unmerge(store, other)
    assert store.by_id(other.id).photos[0].pii_state == "clear"


def test_two_departments_merge_the_same_pair_at_once_and_one_is_told(store: ReportStore) -> None:
    for turned in (False, True):
        pair = [store.add(pothole()).report for _ in range(2)]

        def send(number: int, pair: list[Report] = pair, turned: bool = turned) -> str:
            one, two = pair if number == 0 or not turned else pair[::-1]
            try:
                store.merge(one.id, two.id, actor=f"課 {number}", at=LATER, seen=1)
            except StaleVersion:
                return "stale"
            return "merged"

        with ThreadPoolExecutor(2) as desks:
            assert sorted(desks.map(send, range(2))) == ["merged", "stale"]
        assert sorted(store.by_id(each.id).status for each in pair) == ["duplicate", "received"]
        assert [len(store.events(each.id)) for each in pair] == [2, 2]


def test_whatever_many_desks_do_at_once_there_is_no_chain_and_every_number_is_right(
    store: ReportStore,
) -> None:
    reports = [store.add(pothole(photos=(photo(f"{n}"),))).report for n in range(6)]
    supporters: list[tuple[int, int]] = []
    dice = random.Random(4)
    steps = [(dice.choice(["merge", "unmerge", "support"]), *dice.sample(range(6), 2)) for _ in range(150)]

    def act(told: tuple[str, int, int]) -> None:
        what, one, two = told
        try:
            if what == "merge":
                merge(store, reports[one], reports[two])
            elif what == "unmerge":
                unmerge(store, reports[one])
            else:
                store.support(reports[one].id, person(two), NOON)
                supporters.append((one, two))
        except (StaleVersion, DuplicateRefused, TransitionRefused, NotMerged):
            pass

    with ThreadPoolExecutor(6) as desks:
        list(desks.map(act, steps))

    now = [store.by_id(each.id) for each in reports]
    number = {each.public_id: n for n, each in enumerate(now)}
    assert any(len(store.events(each.id)) > 2 for each in now)
    for n, each in enumerate(now):
        family = {n} | {number[other.public_id] for other in now if other.duplicate_of == each.public_id}
        assert (each.status is Status.DUPLICATE) == (each.duplicate_of is not None)
        assert each.duplicate_of is None or now[number[each.duplicate_of]].duplicate_of is None
        assert each.support == len({who for report, who in supporters if report in family})
        assert {photo.sha256 for photo in each.photos} == {photo(f"{member}").sha256 for member in family}


# --- taking a report back


def test_a_resident_takes_back_what_nobody_works_on(store: ReportStore) -> None:
    report = store.add(pothole()).report
    withdrawn = moved(Status.WITHDRAWN, actor_type=ActorType.RESIDENT)

    report = store.append(report.id, withdrawn, seen=1)

    assert (report.status, PUBLIC_STATE[report.status]) == (Status.WITHDRAWN, PublicState.CLOSED)
    assert store.append(report.id, moved(Status.REOPENED), seen=2).status is Status.REOPENED


@pytest.mark.parametrize(
    "event",
    [
        step(EventKind.VISIBILITY, {"visibility": "public"}, actor_type=ActorType.RESIDENT),
        step(EventKind.CATEGORY, {"category": "other"}, actor_type=ActorType.RESIDENT),
        step(EventKind.ASSIGN, {"department": "建設課"}, actor_type=ActorType.RESIDENT),
        step(EventKind.PUBLIC_REPLY, said="町です", actor_type=ActorType.RESIDENT),
        step(EventKind.PHOTO, {"photo": photo().sha256, "pii_state": "clear"}, actor_type=ActorType.RESIDENT),
        moved(Status.TRIAGED, actor_type=ActorType.RESIDENT),
    ],
)
def test_a_resident_cannot_do_what_is_the_towns(store: ReportStore, event: object) -> None:
    report = store.add(pothole(photos=(photo(),))).report

    with pytest.raises(ActorRefused):
        store.append(report.id, event, seen=1)  # type: ignore[arg-type]
    assert store.by_id(report.id) == report
