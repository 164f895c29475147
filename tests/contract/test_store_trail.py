"""The trail: whatever has to be answered for is written down, and nobody can rewrite it unseen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gisapp.flows.desk.trail import check, read_heads, seal
from reports_store import Contact, EventKind, ReportsError, ReportStore, UnknownReport
from reports_store.audit import EXPORT, FIRST_HASH, AuditFilter, Head
from tests.contract.conftest import ByHand
from tests.report_makers import NOON, photo, pothole, step

CONTACT = Contact(name="見本 太郎", phone="0584-00-0000", email="taro@example.jp", wants_reply=True)


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def export(store: ReportStore, number: int) -> None:
    store.note_audit("kankyo", EXPORT, "通報一覧", {"行": number, "b": 1, "a": "髙"}, NOON)


def allow_edits(connection: sa.Connection) -> None:
    """What somebody with the database's own password can do."""
    if connection.dialect.name == "sqlite":
        for verb in ("update", "delete"):
            connection.execute(sa.text(f"DROP TRIGGER audit_no_{verb}"))
    else:
        connection.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER audit_is_final"))


def test_looking_at_a_contact_is_written_down_before_it_is_shown(store: ReportStore) -> None:
    report = store.add(pothole(contact=CONTACT)).report

    assert store.look_at_contact(report.id, actor="kankyo", why="折り返しの電話", at=NOON) == CONTACT

    (line,) = store.audit_lines()
    assert (line.id, line.at, line.actor, line.action, line.target, line.detail) == (
        1, NOON, "kankyo", "view_contact", report.public_id, {"why": "折り返しの電話"},
    )  # fmt: skip
    assert "見本" not in repr(line)
    assert store.verify_audit().faults == ()
    with pytest.raises(UnknownReport):
        store.look_at_contact(report.id + 1, actor="kankyo", why="?", at=NOON)
    assert len(store.audit_lines()) == 1


def test_what_is_released_held_or_forgotten_is_written_with_the_step_itself(store: ReportStore) -> None:
    report = store.add(pothole(photos=(photo(),), contact=CONTACT)).report
    steps = [
        step(EventKind.VISIBILITY, {"visibility": "public", "body_public": True}),
        step(EventKind.REDACT, {"photo": photo().sha256, "pii_state": "clear"}),
        step(EventKind.RETENTION, {"held": True}, noted="係争中"),
        step(EventKind.RETENTION, {"held": False}, noted="終わった"),
        step(EventKind.RETENTION, {"contact_removed": True}),
        step(EventKind.NOTE, noted="これは残すほどのことではない"),
    ]

    for seen, each in enumerate(steps, 1):
        report = store.append(report.id, each, seen=seen)

    assert [(line.action, dict(line.detail)) for line in store.audit_lines()] == [
        ("release", {"visibility": "public", "body_public": True}),
        ("release", {"photo": photo().sha256, "pii_state": "clear"}),
        ("hold", {"held": True}),
        ("hold", {"held": False}),
        ("retention", {"contact_removed": True}),
    ]
    assert (report.held, report.contact_removed_at, store.contact(report.id)) == (False, NOON, None)
    assert store.verify_audit().faults == ()


def test_a_refused_step_and_one_sent_again_leave_no_second_line(store: ReportStore) -> None:
    report = store.add(pothole(contact=CONTACT)).report
    key = "12345678-1234-4234-9234-123456789abc"
    held = step(EventKind.RETENTION, {"held": True}, noted="係争中", client_uuid=key)

    store.append(report.id, held, seen=1)
    store.append(report.id, held, seen=1)
    for change in ({"contact_removed": True}, {"held": "yes"}, {"contact_removed": False}, {}):
        with pytest.raises(ReportsError):
            store.append(report.id, step(EventKind.RETENTION, change), seen=2)

    assert [line.action for line in store.audit_lines()] == ["hold"]
    assert store.contact(report.id) == CONTACT


def test_lines_are_found_by_what_who_and_when(store: ReportStore) -> None:
    for number in range(5):
        store.note_audit(f"user{number % 2}", EXPORT, str(number), {}, NOON + timedelta(days=number))

    of_one = store.latest_audit(wanted=AuditFilter(actor="user0"))
    of_days = store.latest_audit(
        wanted=AuditFilter(since=NOON + timedelta(days=1), until=NOON + timedelta(days=3))
    )

    assert [line.target for line in of_one] == ["4", "2", "0"]
    assert [line.target for line in of_days] == ["2", "1"]
    assert [line.target for line in store.latest_audit(before=4, limit=2)] == ["2", "1"]
    assert [line.target for line in store.audit_lines(after=3)] == ["3", "4"]
    assert store.latest_audit(wanted=AuditFilter(action="hold")) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = ''", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_rewrite_it(
    store: ReportStore, by_hand: ByHand, statement: str
) -> None:
    export(store, 1)

    with by_hand() as connection, pytest.raises(sa.exc.DBAPIError, match="never edited"):
        connection.execute(sa.text(statement))

    assert store.verify_audit().faults == ()


@pytest.mark.parametrize(
    ("mischief", "expected"),
    [
        ("UPDATE audit SET detail = replace(detail, '1', '2') WHERE id = 3", {(3, "altered")}),
        ("UPDATE audit SET detail = replace(detail, ':', ': ') WHERE id = 3", {(3, "altered")}),
        ("UPDATE audit SET at = at + 1 WHERE id = 3", {(3, "altered")}),
        ("UPDATE audit SET actor = 'doboku' WHERE id = 1", {(1, "altered")}),
        ("DELETE FROM audit WHERE id = 3", {(3, "missing")}),
        ("DELETE FROM audit WHERE id = 1", {(1, "missing")}),
        ("DELETE FROM audit WHERE id > 3", {(4, "cut_off")}),
        ("DELETE FROM audit", {(1, "cut_off")}),
        ("UPDATE audit SET hash = prev_hash WHERE id = 3", {(3, "altered"), (4, "chain_broken")}),
    ],
)
def test_whatever_is_changed_by_hand_is_found_and_named(
    store: ReportStore, by_hand: ByHand, tmp_path: Path, mischief: str, expected: set[tuple[int, str]]
) -> None:
    for number in range(5):
        export(store, number)
    seal(store, tmp_path / "heads.txt", NOON)
    assert check(store, tmp_path / "heads.txt").sound

    with by_hand() as connection:
        allow_edits(connection)
        connection.execute(sa.text(mischief))

    found = check(store, tmp_path / "heads.txt")
    assert {(each.line, each.what) for each in found.faults} >= expected
    assert not found.sound


def test_a_chain_made_anew_from_end_to_end_is_found_by_its_kept_head(
    address: str, new_address: object, tmp_path: Path
) -> None:
    with ReportStore.open(address) as store:
        export(store, 1)
        seal(store, tmp_path / "heads.txt", NOON)
    with ReportStore.open(new_address()) as forged:  # type: ignore[operator]
        forged.note_audit("nobody", EXPORT, "別のもの", {}, NOON)

        found = check(forged, tmp_path / "heads.txt")

    assert [(each.line, each.what) for each in found.faults] == [(1, "replaced")]


def test_heads_are_added_only_when_there_is_news_and_a_torn_line_is_told(
    store: ReportStore, tmp_path: Path
) -> None:
    file = tmp_path / "trail" / "heads.txt"
    assert seal(store, file, NOON) is None
    export(store, 1)

    assert check(store, file).missing  # nothing was ever kept elsewhere
    first = seal(store, file, NOON)
    assert seal(store, file, NOON) is None
    export(store, 2)
    with file.open("a", encoding="ascii") as torn:
        torn.write("2026-06-0")
    second = seal(store, file, NOON)

    assert read_heads(file) == ([first, second], (2,))
    assert check(store, file).unreadable == (2,)
    assert check(store, file).faults == ()


def test_an_empty_trail_is_whole(store: ReportStore) -> None:
    verdict = store.verify_audit()

    assert (verdict.lines, verdict.head, verdict.faults) == (0, Head(0, FIRST_HASH), ())


def test_many_at_once_make_one_chain_without_gaps(store: ReportStore) -> None:
    report = store.add(pothole(contact=CONTACT)).report

    def act(number: int) -> None:
        if number % 2:
            export(store, number)
        else:
            store.look_at_contact(report.id, actor=f"user{number}", why="確認", at=NOON)

    with ThreadPoolExecutor(8) as people:
        list(people.map(act, range(80)))

    verdict = store.verify_audit()
    assert (verdict.lines, verdict.faults) == (80, ())
    assert [line.id for line in store.audit_lines()] == list(range(1, 81))


WRITE = """
import sys
from datetime import UTC, datetime
from reports_store import ReportStore
with ReportStore.open(sys.argv[1]) as store:
    for number in range(40):
        store.note_audit(sys.argv[2], "export", str(number), {}, datetime(2026, 6, 1, tzinfo=UTC))
"""


def test_two_processes_make_one_chain(store: ReportStore, address: str) -> None:
    others = [subprocess.Popen([sys.executable, "-c", WRITE, address, name]) for name in ("one", "two")]
    for number in range(40):
        export(store, number)
    assert [each.wait(60) for each in others] == [0, 0]

    verdict = store.verify_audit()
    assert (verdict.lines, verdict.faults) == (120, ())
