"""Photos that are promised, come later and are made ready by whoever is free: none lost, none worked on twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from reports_store import (
    ActorType,
    Categories,
    ComingPhoto,
    Conflict,
    DeclaredPhoto,
    EventKind,
    InvalidValue,
    PhotoJob,
    PhotoRole,
    PhotoState,
    PiiState,
    Report,
    ReportStore,
    Status,
    UnknownPhoto,
    Visibility,
    public,
)
from tests.contract.test_store_keeps import in_another_process
from tests.report_makers import NOON, moved, photo, pothole, promised, step

KINDS = Categories.load()
LEASE_S = 60.0
LATER = NOON + timedelta(seconds=LEASE_S)


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def arrive(store: ReportStore, report: Report, *names: str) -> None:
    for second, name in enumerate(names):
        assert store.photo_arrived(report.id, promised(name).sha256, NOON + timedelta(seconds=second))


def taken(store: ReportStore, at: object = LATER) -> PhotoJob:
    job = store.next_photo(at, LEASE_S)  # type: ignore[arg-type]
    assert job is not None
    return job


def test_a_report_tells_which_of_its_photos_have_not_come(store: ReportStore) -> None:
    report = store.add(pothole(photos=(photo("a"),), declared=(promised("b"), promised("c")))).report

    assert [each.sha256 for each in report.photos] == [photo("a").sha256]
    assert report.coming == tuple(
        ComingPhoto(promised(name).sha256, 1_100_000, PhotoState.AWAITED, "") for name in ("b", "c")
    )
    assert not report.complete
    assert store.next_photo(NOON, LEASE_S) is None
    assert store.photo_backlog() == 0


def test_a_photo_goes_from_promised_to_ready(store: ReportStore) -> None:
    report = store.add(pothole(declared=(promised("a"), promised("b")))).report

    arrive(store, report, "a")
    assert not store.photo_arrived(report.id, promised("a").sha256, LATER)
    assert not store.by_id(report.id).complete
    arrive(store, report, "b")
    waiting = store.by_id(report.id)
    job = taken(store)
    store.photo_ready(job.id, photo("a"))
    half = store.by_id(report.id)

    assert waiting.complete and waiting.photos == ()
    assert job == PhotoJob(job.id, report.id, promised("a").sha256, 1)
    assert [each.state for each in half.coming] == [PhotoState.ARRIVED]
    (ready,) = half.photos
    assert (ready.sha256, ready.width, ready.bytes) == (photo("a").sha256, 1600, 300_000)
    assert (ready.exif_place, ready.taken_at) == (photo("a").exif_place, NOON)
    assert (ready.role, ready.pii_state) == (PhotoRole.BEFORE, PiiState.UNCHECKED)
    assert ready.original_sha256 == promised("a").sha256
    assert store.photo_sha256s() == {photo("a").sha256}
    assert store.raw_sha256s() == {promised("b").sha256}
    assert store.photo_backlog() == 1
    assert half.version == 1


def test_what_was_never_promised_is_not_taken(store: ReportStore) -> None:
    report, other = (store.add(pothole(declared=(promised(name),))).report for name in ("a", "b"))

    for report_id, sha256 in [
        (report.id, promised("b").sha256),
        (report.id, "x"),
        (10**9, promised("a").sha256),
    ]:
        with pytest.raises(UnknownPhoto):
            store.photo_arrived(report_id, sha256, NOON)
    for job_id in (0, other.id + 1000):
        with pytest.raises(UnknownPhoto):
            store.photo_ready(job_id, photo("a"))
        with pytest.raises(UnknownPhoto):
            store.photo_failed(job_id, "not_an_image", NOON, again=False)
    assert store.photo_backlog() == 0


@pytest.mark.parametrize(
    "sha256, length", [("", 1), ("A" * 64, 1), ("0" * 63, 1), ("0" * 64, -1), ("0" * 64, 1.5), (7, 1)]
)
def test_a_fingerprint_that_is_none_is_refused(sha256: str, length: int) -> None:
    with pytest.raises(InvalidValue):
        DeclaredPhoto(sha256, length)


def test_the_same_report_with_other_promises_is_refused(store: ReportStore) -> None:
    first = store.add(pothole(key="same", declared=(promised("a"), promised("b"), promised("a"))))

    again = store.add(pothole(key="same", declared=(promised("a"), promised("b"))))
    assert (again.created, again.report) == (False, first.report)
    for other in ((), (promised("a"),), (promised("a"), promised("c"))):
        with pytest.raises(Conflict):
            store.add(pothole(key="same", declared=other))


def test_sent_again_it_is_answered_as_far_as_it_has_come(store: ReportStore) -> None:
    report = store.add(pothole(key="same", declared=(promised("a"),))).report
    arrive(store, report, "a")
    store.photo_ready(taken(store).id, photo("a"))

    again = store.add(pothole(key="same", declared=(promised("a"),)))

    assert not again.created
    assert (again.report.coming, [each.sha256 for each in again.report.photos]) == ((), [photo("a").sha256])


def test_photos_wait_in_the_order_in_which_they_came(store: ReportStore) -> None:
    first, second = (store.add(pothole(declared=(promised(name),))).report for name in ("a", "b"))
    store.photo_arrived(second.id, promised("b").sha256, NOON)
    store.photo_arrived(first.id, promised("a").sha256, NOON + timedelta(seconds=1))

    assert [taken(store).report_id for _ in range(2)] == [second.id, first.id]
    assert store.next_photo(LATER, LEASE_S) is None


def test_a_photo_whose_worker_died_is_given_out_again_after_its_lease(store: ReportStore) -> None:
    arrive(store, store.add(pothole(declared=(promised("a"),))).report, "a")
    job = taken(store, NOON)

    assert store.next_photo(LATER - timedelta(microseconds=1), LEASE_S) is None
    assert taken(store, LATER) == replace(job, attempts=2)


def test_a_failed_photo_is_tried_again_or_refused_for_good(store: ReportStore) -> None:
    report = store.add(pothole(declared=(promised("a"),))).report
    arrive(store, report, "a")

    store.photo_failed(taken(store).id, "work_failed", LATER, again=True)
    job = taken(store)
    store.photo_failed(job.id, "truncated_photo", LATER, again=False)
    after = store.by_id(report.id)

    assert job.attempts == 2
    assert after.coming == (
        ComingPhoto(promised("a").sha256, 1_100_000, PhotoState.REFUSED, "truncated_photo"),
    )
    assert after.complete  # nothing is awaited any more
    assert store.next_photo(LATER + timedelta(days=1), LEASE_S) is None
    assert store.raw_sha256s() == {promised("a").sha256}
    assert not store.photo_arrived(report.id, promised("a").sha256, LATER)


def test_a_worker_who_comes_too_late_changes_nothing(store: ReportStore) -> None:
    report = store.add(pothole(declared=(promised("a"),))).report
    arrive(store, report, "a")
    slow, quick = taken(store, NOON), taken(store, LATER)
    store.photo_ready(quick.id, photo("a"))
    done = store.by_id(report.id)

    store.photo_ready(slow.id, photo("something else"))
    store.photo_failed(slow.id, "work_failed", LATER, again=True)
    store.photo_failed(slow.id, "not_an_image", LATER, again=False)

    assert store.by_id(report.id) == done
    assert store.photo_sha256s() == {photo("a").sha256}


def test_one_file_of_two_reports_is_made_ready_once_for_both(store: ReportStore) -> None:
    first, second, third = (store.add(pothole(declared=(promised("a"),))).report for _ in range(3))
    arrive(store, first, "a")
    arrive(store, second, "a")

    job = taken(store)
    assert store.next_photo(LATER, LEASE_S) is None
    store.photo_ready(job.id, photo("a"))
    arrive(store, third, "a")  # its file may be gone by now, its picture is not

    for report in (first, second, third):
        (ready,) = store.by_id(report.id).photos
        assert (ready.sha256, ready.exif_place) == (photo("a").sha256, photo("a").exif_place)
    assert store.raw_sha256s() == frozenset()
    assert store.photo_backlog() == 0


def test_asking_for_work_where_there_is_none_is_no_change(store: ReportStore) -> None:
    store.add(pothole(declared=(promised("a"),)))
    before = store.revision()

    assert store.next_photo(LATER, LEASE_S) is None
    assert store.mail_due(LATER, 10, LEASE_S) == []
    assert store.revision() == before


def test_later_photos_of_a_resident_are_kept_and_public_only_after_a_check(store: ReportStore) -> None:
    report = store.add(pothole()).report
    event = step(
        EventKind.PHOTO, declared=(promised("later"),), actor_type=ActorType.RESIDENT, said="まだあります",
        client_uuid="12345678-1234-4234-9234-123456789abc",
    )  # fmt: skip
    event = replace(event, photo_role=PhotoRole.BEFORE)
    report = store.append(report.id, event, seen=1)
    arrive(store, report, "later")
    store.photo_ready(taken(store).id, photo("later"))

    report = store.by_id(report.id)
    shown = public(report, KINDS["road_damage"], store.events(report.id))

    assert [(each.sha256, each.role) for each in report.photos] == [(photo("later").sha256, "before")]
    assert shown.photos == ()
    assert "まだあります" not in repr(shown) and promised("later").sha256 not in repr(shown)
    assert store.append(report.id, event, seen=1) == report
    with pytest.raises(Conflict):
        store.append(report.id, replace(event, public_message="別のことば"), seen=2)
    with pytest.raises(Conflict):
        store.append(report.id, replace(event, declared=(promised("another"),)), seen=2)


def test_a_suspect_report_is_not_public_at_once_and_nobody_is_told_why(store: ReportStore) -> None:
    report = store.add(pothole(suspect="too_fast", declared=(promised("a"),))).report
    assert (report.visibility, report.suspect) == (Visibility.PENDING, "too_fast")

    cleared = store.append(report.id, step(EventKind.VISIBILITY, {"visibility": "public"}), seen=1)
    shown = public(cleared, KINDS["road_damage"], store.events(report.id))

    assert "too_fast" not in repr(shown)
    assert promised("a").sha256 not in repr(shown)


def test_a_picture_promised_as_proof_is_no_proof_yet(store: ReportStore) -> None:
    report = store.add(pothole()).report
    report = store.append(report.id, moved(Status.TRIAGED), seen=1)
    report = store.append(report.id, moved(Status.IN_PROGRESS), seen=2)

    with pytest.raises(Exception, match="evidence_required"):
        store.append(report.id, moved(Status.RESOLVED, declared=(promised("after"),)), seen=3)
    kept = moved(Status.RESOLVED, declared=(promised("after"),), received=True)
    assert store.append(report.id, kept, seen=3).status is Status.RESOLVED
    assert taken(store).original_sha256 == promised("after").sha256


def test_two_files_that_are_one_picture_are_both_accounted_for(store: ReportStore) -> None:
    report = store.add(pothole(declared=(promised("a"), promised("b")))).report
    arrive(store, report, "a", "b")
    for name in ("a", "b"):
        store.photo_ready(taken(store).id, replace(photo("a"), original_sha256=promised(name).sha256))

    report = store.by_id(report.id)
    assert [each.original_sha256 for each in report.photos] == [promised(n).sha256 for n in ("a", "b")]
    report = store.append(
        report.id, step(EventKind.REDACT, {"photo": photo("a").sha256, "pii_state": "clear"}), seen=1
    )
    assert public(report, KINDS["road_damage"]).photos == (photo("a").sha256,)


# --- many at the same time


def test_many_workers_share_the_photos_and_none_is_given_out_twice(store: ReportStore) -> None:
    names = [f"photo {n}" for n in range(60)]
    for n in range(0, 60, 5):
        report = store.add(pothole(declared=tuple(promised(name) for name in names[n : n + 5]))).report
        arrive(store, report, *names[n : n + 5])

    def work(_: int) -> list[str]:
        done = []
        while (job := store.next_photo(LATER, LEASE_S)) is not None:
            done.append(job.original_sha256)
        return done

    with ThreadPoolExecutor(12) as workers:
        given = Counter(sha256 for each in workers.map(work, range(12)) for sha256 in each)

    assert set(given) == {promised(name).sha256 for name in names}
    assert set(given.values()) == {1}
    with ThreadPoolExecutor(4) as workers:
        later = LATER + timedelta(seconds=LEASE_S)
        jobs = list(workers.map(lambda _: store.next_photo(later, LEASE_S), range(60)))
    assert {job.attempts for job in jobs if job} == {2}
    assert len({job.id for job in jobs if job}) == 60


WORKER = """
from datetime import timedelta
at = NOON + timedelta(seconds=60)
with ReportStore.open(address) as store:
    while (job := store.next_photo(at, 60.0)) is not None:
        print(job.original_sha256, job.attempts)
        store.photo_ready(job.id, photo(job.original_sha256))
"""


def test_two_processes_share_the_photos_and_none_is_given_out_twice(store: ReportStore, address: str) -> None:
    names = [f"photo {n}" for n in range(40)]
    report = store.add(pothole(declared=tuple(promised(name) for name in names))).report
    arrive(store, report, *names)

    with ThreadPoolExecutor(2) as both:
        printed = list(both.map(lambda _: in_another_process(address, WORKER), range(2)))

    lines = [line.split() for each in printed for line in each.splitlines()]
    assert Counter(sha256 for sha256, _ in lines) == Counter(promised(name).sha256 for name in names)
    assert {attempts for _, attempts in lines} == {"1"}
    done = store.by_id(report.id)
    assert (len(done.photos), done.coming) == (40, ())


def test_a_photo_that_arrives_many_times_at_once_is_news_once(store: ReportStore) -> None:
    report = store.add(pothole(declared=(promised("a"),))).report

    with ThreadPoolExecutor(16) as phones:
        news = list(
            phones.map(lambda _: store.photo_arrived(report.id, promised("a").sha256, NOON), range(16))
        )

    assert sorted(news) == [False] * 15 + [True]
    assert store.photo_backlog() == 1
