"""What any store of reports must keep: nothing lost, nothing twice, nothing overwritten, whoever writes at the same time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from reports_store import (
    ChangeRefused,
    Conflict,
    Contact,
    DuplicateRefused,
    EventKind,
    Filters,
    GeomSource,
    NewReport,
    NumberTooLarge,
    Place,
    ReportsError,
    ReportStore,
    StaleVersion,
    Status,
    StoreClosed,
    StoreUnwritable,
    TransitionRefused,
    UnknownReport,
    UnsupportedStore,
    Visibility,
    tracking,
)
from tests.conftest import ROOT
from tests.contract.conftest import ByHand
from tests.report_makers import LAT, LON, NOON, moved, photo, pothole, step


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """For tests of what only a file can suffer."""
    return tmp_path / "town.sqlite"


def in_another_process(address: str | Path, script: str) -> str:
    head = (
        "import sys, threading; from pathlib import Path\n"
        "from reports_store import *; from tests.report_makers import *\n"
        "address = sys.argv[1]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + script, str(address)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- filing


def test_a_report_comes_back_as_it_was_filed(store: ReportStore) -> None:
    words = "穴が「3か所」\n{{ 7*191 }} <img src=x onerror=alert(1)> '; DROP TABLE report; -- 🕳 葛󠄀"
    new = replace(
        pothole(body=words, answers={"what": "穴"}, photos=(photo(),), contact=Contact("見本 太郎")),
        device_time=NOON,
        occurred_at=NOON,
    )

    kept = store.add(new).report

    assert (kept.public_id, kept.version, kept.status) == ("R8-000001", 1, Status.RECEIVED)
    for name in (
        "uuid",
        "category",
        "place",
        "body",
        "answers",
        "channel",
        "area",
        "road",
        "received_at",
        "lang",
    ):
        assert getattr(kept, name) == getattr(new, name), name
    assert (kept.device_time, kept.occurred_at, kept.mode) == (NOON, NOON, new.mode)
    assert [each.sha256 for each in kept.photos] == [photo().sha256]
    assert store.get("R8-000001") == store.by_uuid(new.uuid) == store.by_id(kept.id) == kept
    assert store.by_tracking(new.tracking_hash) == kept


def test_the_same_report_sent_ten_times_is_one_report(store: ReportStore) -> None:
    first = store.add(pothole(key="same"))
    again = [store.add(pothole(key="same", minutes=n, area="別の自治会")) for n in range(10)]

    assert first.created
    assert {each.created for each in again} == {False}
    assert all(each.report == first.report for each in again)
    assert store.count(Filters()) == 1


def test_reports_that_come_at_once_are_told_apart(store: ReportStore) -> None:
    """What many add at the same time is written together: the first of a kind is new, and one's fault is one's own."""
    store.add(pothole(key="taken"))
    news = [pothole(key=f"own {n % 20}") for n in range(60)] + [pothole(key="taken", body="別の文")] * 3

    def add(new: NewReport) -> bool | None:
        try:
            return store.add(new).created
        except Conflict:
            return None

    with ThreadPoolExecutor(63) as people:
        told = list(people.map(add, news))

    assert (told.count(True), told.count(False), told.count(None)) == (20, 40, 3)
    assert told[60:] == [None] * 3
    numbers = [int(one.public_id[-6:]) for one in store.newest(Filters())]
    assert sorted(numbers) == list(range(1, 22))


@pytest.mark.parametrize(
    "other",
    [
        {"body": "別の文"},
        {"lon": LON + 0.001},
        {"answers": {"what": "穴"}},
        {"category": "other"},
        {"contact": Contact("別人")},
        {"photos": (photo("other"),)},
    ],
)
def test_the_same_key_with_other_words_is_refused(store: ReportStore, other: dict[str, object]) -> None:
    store.add(pothole(key="same"))

    with pytest.raises(Conflict):
        store.add(pothole(key="same", **other))  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        store.add_many([pothole(), pothole(key="new"), pothole(key="new", **other)])  # type: ignore[arg-type]

    assert store.count(Filters()) == 1


def test_receipt_numbers_have_no_gaps_and_start_anew_each_fiscal_year(store: ReportStore) -> None:
    store.add(pothole(key="a"))
    with pytest.raises(Conflict):
        store.add(pothole(key="a", body="別の文"))
    store.add(pothole(key="a"))
    last_year = datetime(2026, 3, 31, 14, 59, tzinfo=UTC)
    store.add(pothole(received_at=last_year))
    store.add_many([pothole(), pothole(received_at=last_year), pothole()])

    numbers = sorted(each.public_id for each in store.stream(Filters()))

    assert numbers == ["R7-000001", "R7-000002", "R8-000001", "R8-000002", "R8-000003"]


def test_contact_data_lie_in_their_own_table(store: ReportStore, by_hand: ByHand) -> None:
    given = Contact("見本 太郎", "0000-00-0000", "taro@example.jp", True)
    report = store.add(pothole(contact=given)).report
    silent = store.add(pothole()).report

    assert (report.contact_given, silent.contact_given) == (True, False)
    assert (store.contact(report.id), store.contact(silent.id)) == (given, None)
    with by_hand() as raw:
        for table in ("report", "report_event", "photo"):
            kept = repr(raw.execute(sa.text("SELECT * FROM " + table)).all())
            assert "太郎" not in kept and "taro@" not in kept


# --- the next step


def test_two_desks_cannot_overwrite_each_other(store: ReportStore) -> None:
    report = store.add(pothole()).report
    store.append(report.id, moved(Status.TRIAGED), seen=report.version)

    with pytest.raises(StaleVersion) as refused:
        store.append(report.id, moved(Status.REJECTED, said="重複"), seen=report.version)

    assert refused.value.fields == {"report_id": report.id, "seen": 1, "current": 2}
    assert store.by_id(report.id).status is Status.TRIAGED


def test_of_many_desks_at_once_exactly_one_wins(store: ReportStore) -> None:
    report = store.add(pothole()).report

    def triage(_: int) -> str:
        try:
            store.append(report.id, moved(Status.TRIAGED), seen=1)
        except StaleVersion:
            return "stale"
        return "won"

    with ThreadPoolExecutor(16) as desks:
        outcomes = list(desks.map(triage, range(16)))

    assert sorted(outcomes) == ["stale"] * 15 + ["won"]
    assert [event.seq for event in store.events(report.id)] == [1, 2]


def test_history_tells_who_changed_what_from_what_to_what(store: ReportStore) -> None:
    report = store.add(pothole()).report
    store.append(report.id, moved(Status.TRIAGED, noted="建設課へ"), seen=1)
    store.append(report.id, step(EventKind.ASSIGN, {"department": "環境課"}), seen=2)
    store.append(report.id, step(EventKind.LOCATION, {"lon": LON + 0.01, "lat": LAT}), seen=3)
    after = store.append(report.id, step(EventKind.CATEGORY, {"category": "river_channel"}), seen=4)

    first, second, third, fourth, fifth = store.events(report.id)

    assert first.kind is EventKind.CREATED
    assert second.changes == {"from": {"status": "received"}, "to": {"status": "triaged"}}
    assert third.changes == {"from": {"department": "建設課"}, "to": {"department": "環境課"}}
    assert fourth.changes["from"] == {"lon": LON, "lat": LAT}
    assert fifth.changes == {"from": {"category": "road_damage"}, "to": {"category": "river_channel"}}
    assert (after.version, after.department, after.place) == (
        5,
        "環境課",
        Place(LON + 0.01, LAT, GeomSource.STAFF),
    )
    assert after.area is None  # what was found for the old place is not true of the new one


def test_a_step_sent_again_is_taken_once(store: ReportStore) -> None:
    report, other = store.add(pothole()).report, store.add(pothole()).report
    event = moved(Status.TRIAGED, client_uuid="12345678-1234-4234-9234-123456789abc")
    first = store.append(report.id, event, seen=1)

    assert store.append(report.id, event, seen=1) == first
    assert len(store.events(report.id)) == 2
    with pytest.raises(Conflict):
        store.append(other.id, event, seen=1)


def test_a_refused_step_leaves_no_trace(store: ReportStore) -> None:
    report = store.add(pothole(photos=(photo(),))).report
    refused: list[tuple[type[ReportsError], object]] = [
        (TransitionRefused, moved(Status.RESOLVED, said="直しました")),
        (ChangeRefused, step(EventKind.STATUS)),
        (ChangeRefused, step(EventKind.STATUS, {"status": "fixed"})),
        (ChangeRefused, step(EventKind.CREATED)),
        (ChangeRefused, step(EventKind.VISIBILITY, {"visibility": "everybody"})),
        (ChangeRefused, step(EventKind.REDACT, {"photo": "0" * 64, "pii_state": "clear"})),
        (ChangeRefused, step(EventKind.REDACT, {"photo": photo().sha256, "pii_state": "redacted"})),
        (ReportsError, step(EventKind.LOCATION, {"lon": 999, "lat": 0})),
        (ReportsError, step(EventKind.CATEGORY, {"category": "bees"})),
    ]

    for error, event in refused:
        with pytest.raises(error):
            store.append(report.id, event, seen=1)  # type: ignore[arg-type]

    assert store.by_id(report.id) == report
    assert len(store.events(report.id)) == 1
    with pytest.raises(ChangeRefused):
        step(EventKind.NOTE, {"status": "resolved"})


def test_a_duplicate_names_an_original_and_chains_are_refused(store: ReportStore) -> None:
    first, second, third = (store.add(pothole()).report for _ in range(3))

    def duplicate(of: str | None) -> object:
        return moved(Status.DUPLICATE, duplicate_of=of) if of else moved(Status.DUPLICATE)

    second = store.append(second.id, duplicate(first.public_id), seen=1)  # type: ignore[arg-type]
    assert second.duplicate_of == first.public_id
    for report, target, why in [
        (third, None, "missing"),
        (third, third.public_id, "self"),
        (third, "R8-999999", "unknown"),
        (third, second.public_id, "target_is_duplicate"),
        (first, third.public_id, "has_duplicates"),
    ]:
        with pytest.raises(DuplicateRefused) as refused:
            store.append(report.id, duplicate(target), seen=1)  # type: ignore[arg-type]
        assert refused.value.why == why
    assert store.append(second.id, moved(Status.REOPENED), seen=2).duplicate_of is None


def test_photos_added_later_belong_to_the_report(store: ReportStore) -> None:
    report = store.add(pothole(photos=(photo(),))).report

    report = store.append(report.id, step(EventKind.PHOTO, photos=(photo(), photo("after"))), seen=1)

    assert [(each.sha256, each.role) for each in report.photos] == [
        (photo().sha256, "before"),
        (photo("after").sha256, "after"),
    ]
    assert store.photo_sha256s() == {photo().sha256, photo("after").sha256}


@pytest.mark.parametrize("statement", ["UPDATE report_event SET actor = ''", "DELETE FROM report_event"])
def test_history_cannot_be_edited_even_in_the_database_itself(
    store: ReportStore, by_hand: ByHand, statement: str
) -> None:
    store.add(pothole())
    with by_hand() as raw, pytest.raises(IntegrityError, match="never edited"):
        raw.execute(sa.text(statement))


def test_what_is_not_there_is_told_by_name(store: ReportStore) -> None:
    asked: list[Callable[[], object]] = [
        lambda: store.get("R8-000009"),
        lambda: store.get("R8-000001\0"),
        lambda: store.get("R8-\ud800"),
        lambda: store.by_uuid("12345678-1234-4234-9234-123456789abc"),
        lambda: store.by_tracking(b"\0" * 32),
        lambda: store.append(7, step(), seen=1),
    ]
    for ask in asked:
        with pytest.raises(UnknownReport):
            ask()
    with pytest.raises(NumberTooLarge):
        store.append(2**63, step(), seen=1)
    with pytest.raises(NumberTooLarge):
        store.by_id(2**70)
    assert store.events(7) == ()
    assert not store.photo_released("0" * 63 + "\0")


# --- many at the same time


def test_thirty_two_people_at_once_lose_nothing(store: ReportStore) -> None:
    def file_ten(person: int) -> list[str]:
        return [store.add(pothole(key=f"{person}-{n}")).report.uuid for n in range(10)]

    with ThreadPoolExecutor(32) as people:
        acknowledged = {uuid for each in people.map(file_ten, range(32)) for uuid in each}

    kept = list(store.stream(Filters()))
    assert {each.uuid for each in kept} == acknowledged
    assert sorted(each.public_id for each in kept) == [f"R8-{n:06d}" for n in range(1, 321)]


def test_one_refused_report_does_not_disturb_those_committed_with_it(store: ReportStore) -> None:
    store.add(pothole(key="taken"))
    start = threading.Barrier(24)

    def send(n: int) -> str:
        start.wait()
        try:
            store.add(pothole(key="taken", body="別の文") if n % 3 == 0 else pothole(key=f"fine {n}"))
        except Conflict:
            return "refused"
        return "kept"

    with ThreadPoolExecutor(24) as people:
        outcomes = list(people.map(send, range(24)))

    assert (outcomes.count("refused"), outcomes.count("kept")) == (8, 16)
    assert store.count(Filters()) == 17


def test_two_processes_write_into_one_store_and_number_without_gaps(store: ReportStore, address: str) -> None:
    script = "with ReportStore.open(address) as s:\n    [s.add(pothole()) for _ in range(40)]"
    with ThreadPoolExecutor(2) as both:
        other = both.submit(in_another_process, address, script)
        while not other.done():
            store.add(pothole())

    other.result()
    numbers = sorted(each.public_id for each in store.stream(Filters()))
    assert len(numbers) > 40
    assert numbers == [f"R8-{n:06d}" for n in range(1, len(numbers) + 1)]


def test_the_revision_grows_with_every_change_of_any_process(store: ReportStore, address: str) -> None:
    before = store.revision()
    assert store.revision() == before

    report = store.add(pothole()).report
    mine = store.revision()
    in_another_process(address, f"with ReportStore.open(address) as s: s.append({report.id}, step(), seen=1)")

    assert before < mine < store.revision()
    assert len(store.events(report.id)) == 2


def test_nobody_who_reads_waits_for_somebody_who_writes(store: ReportStore, by_hand: ByHand) -> None:
    store.add(pothole())
    with by_hand() as writer:
        writer.execute(sa.text("BEGIN"))
        writer.execute(sa.text("UPDATE report SET body = 'half written'"))

        found = store.newest(Filters())  # would raise StoreBusy if it had to wait

        assert [each.body for each in found] == ["道路に穴があいています"]
        writer.execute(sa.text("ROLLBACK"))


def test_a_long_export_sees_one_moment_while_reports_come_in(store: ReportStore) -> None:
    store.add_many(pothole(minutes=n) for n in range(1200))

    export = store.stream(Filters())
    first = next(export)
    store.add(pothole())

    assert 1 + sum(1 for _ in export) == 1200
    assert first.public_id == "R8-000001"
    assert store.count(Filters()) == 1201


# --- the file itself


def test_a_full_disk_is_told_and_reading_goes_on(file: Path) -> None:
    """A limit on the size of files stands for the disk; a server's files are out of its reach."""
    with ReportStore.open(file) as store:
        in_another_process(file, FILL_THE_DISK)

        assert store.count(Filters()) > 0
        store.check()
        assert store.add(pothole()).created


FILL_THE_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with ReportStore.open(address) as store:
    store.add(pothole())
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    kept = 1
    try:
        for _ in range(5000):
            store.add(pothole(body="あ" * 4000)); kept += 1
    except (StoreFull, StoreUnwritable):
        assert store.count(Filters()) == kept, (store.count(Filters()), kept)
    else:
        raise SystemExit("the disk never filled")
"""


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")

    with pytest.raises(StoreUnwritable):
        ReportStore.open(tmp_path / "taken" / "town.sqlite")


def test_a_copy_made_while_in_use_is_whole(store: ReportStore, tmp_path: Path) -> None:
    store.add_many(pothole() for _ in range(50))
    store.backup(tmp_path / "copy.sqlite")
    store.add(pothole())

    with ReportStore.open(tmp_path / "copy.sqlite") as copy:
        copy.check()
        assert copy.count(Filters()) == 50
        assert copy.add(pothole()).report.public_id == "R8-000051"


def test_a_closed_store_says_so(address: str) -> None:
    store = ReportStore.open(address)
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        store.add(pothole())


def test_addresses_of_stores_that_do_not_exist_yet_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedStore) as refused:
        ReportStore.open("mysql://localhost/town")
    assert refused.value.scheme == "mysql"
    with ReportStore.open(f"sqlite:///{tmp_path}/a %23?b/town.sqlite") as store:
        assert store.add(pothole()).created
    assert (tmp_path / "a %23?b" / "town.sqlite").is_file()


def test_a_tracking_code_finds_its_report_and_is_nowhere_in_the_file(file: Path) -> None:
    new = pothole()
    code = tracking.code_for(b"a secret of the town hall", new.uuid)
    with ReportStore.open(file) as store:
        store.add(replace(new, tracking_hash=tracking.hash_of(code)))

    assert code.encode() not in file.read_bytes()
    with ReportStore.open(file) as again:
        assert again.by_tracking(tracking.hash_of(code.lower().replace("-", " "))).uuid == new.uuid
        assert again.by_uuid(new.uuid).visibility is Visibility.PUBLIC
