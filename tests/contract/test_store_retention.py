"""After its time the town forgets who reported, then the report itself; what is held, open or needed stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from reports_store import Contact, EventKind, Filters, Report, ReportStore, Status
from reports_store.errors import UnknownReport
from reports_store.retention import Due, Step
from tests.contract.conftest import ByHand
from tests.report_makers import NOON, moved, pothole, step

WHO = Contact(name="見本 太郎", phone="000-0000-0000", email="mihon@example.jp", wants_reply=True)
YEAR = timedelta(days=365)


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def closed(store: ReportStore, key: str = "a") -> Report:
    """A report with a contact, resolved a minute after it came."""
    report = store.add(pothole(key=key, contact=WHO)).report
    for number, status in enumerate((Status.TRIAGED, Status.INVESTIGATING, Status.RESOLVED), 1):
        report = store.append(report.id, moved(status, noted="済み"), seen=number)
    return report


def steps(store: ReportStore, at: datetime) -> list[tuple[str, Step]]:
    return [(each.public_id, each.step) for each in store.retention_due(at)]


def run(store: ReportStore, at: datetime) -> list[Due]:
    return list(store.carry_out_retention(store.retention_due(at), "admin", at).done)


def test_nothing_is_due_before_its_time_and_a_dry_run_changes_nothing(store: ReportStore) -> None:
    report = closed(store)

    assert steps(store, NOON + YEAR - timedelta(days=1)) == []
    assert steps(store, NOON + YEAR + timedelta(days=1)) == [(report.public_id, Step.CONTACT)]
    assert store.contact(report.id) == WHO
    assert store.get(report.public_id) == report


def test_the_contact_goes_first_then_the_report_is_archived_then_only_a_tombstone_is_left(
    store: ReportStore,
) -> None:
    report = closed(store)
    open_one = store.add(pothole(key="open")).report

    run(store, NOON + 1.1 * YEAR)
    assert store.contact(report.id) is None
    assert store.get(report.public_id).contact_removed_at == NOON + 1.1 * YEAR
    run(store, NOON + 2.1 * YEAR)
    assert store.get(report.public_id).status is Status.ARCHIVED
    run(store, NOON + 5.1 * YEAR)

    with pytest.raises(UnknownReport):
        store.get(report.public_id)
    (stone,) = store.tombstones()
    assert (stone.public_id, stone.category, stone.actor) == (report.public_id, "road_damage", "admin")
    assert store.get(open_one.public_id) == open_one
    assert store.count(Filters()) == 1
    assert store.add(pothole(key="new")).report.public_id not in (report.public_id, open_one.public_id)


def test_what_is_held_is_kept_whatever_its_time(store: ReportStore) -> None:
    report = closed(store)
    store.append(report.id, step(EventKind.RETENTION, {"held": True}), seen=report.version)

    assert steps(store, NOON + 9 * YEAR) == []
    assert store.contact(report.id) == WHO


def test_a_report_reopened_between_the_dry_run_and_the_run_is_left_alone(store: ReportStore) -> None:
    report, at = closed(store), NOON + 1.1 * YEAR
    seen = store.retention_due(at)
    store.append(report.id, moved(Status.REOPENED), seen=report.version)

    carried = store.carry_out_retention(seen, "admin", at)

    assert (carried.done, [each.public_id for each in carried.left]) == ((), [report.public_id])
    assert store.contact(report.id) == WHO


def test_an_original_is_not_removed_before_its_duplicates(store: ReportStore) -> None:
    original, again = closed(store, "first"), store.add(pothole(key="again")).report
    store.merge(again.id, original.id, actor="x", at=NOON, seen=1)
    for years in (1.1, 2.1):
        run(store, NOON + years * YEAR)

    first = store.carry_out_retention(store.retention_due(NOON + 6 * YEAR), "admin", NOON + 6 * YEAR)
    run(store, NOON + 6 * YEAR)

    assert {each.public_id for each in first.left} <= {original.public_id}
    assert {each.public_id for each in store.tombstones()} == {original.public_id, again.public_id}


def test_events_without_a_tombstone_can_be_removed_by_nobody(store: ReportStore, by_hand: ByHand) -> None:
    report = closed(store)

    with pytest.raises(sa.exc.DBAPIError, match="never edited or removed"), by_hand() as connection:
        connection.execute(sa.text("DELETE FROM report_event"))

    assert len(store.events(report.id)) == report.version
