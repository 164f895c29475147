"""Two reports of one thing become one, and two again where that was a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from reports_store import workflow
from reports_store.appending import known_report, original_of, write_event
from reports_store.categories import Categories
from reports_store.errors import NotMerged, StaleVersion
from reports_store.plaintext import check_number
from reports_store.report import ActorType, EventKind, NewEvent, Report, Status
from reports_store.rows import load
from reports_store.schema import event
from reports_store.schema import report as report_table
from reports_store.supporting import count_support


def merge_reports(
    connection: sa.Connection,
    duplicate_id: int,
    original_id: int,
    actor: str,
    at: datetime,
    seen: int,
    categories: Categories,
) -> Report:
    """The first report becomes a duplicate of the second; both histories tell it.

    Raises UnknownReport, StaleVersion, TransitionRefused, and DuplicateRefused for chains and circles.
    """
    duplicate = _seen(connection, duplicate_id, seen)
    original = known_report(connection, original_id)
    told = {"status": Status.DUPLICATE.value, "duplicate_of": original.public_id}
    step = _step(EventKind.MERGE, told, actor, at)
    workflow.check(duplicate.status, Status.DUPLICATE, step)
    target = original_of(connection, duplicate, original.public_id)
    merged = replace(duplicate, status=Status.DUPLICATE, duplicate_of=target)
    write_event(connection, duplicate, merged, step, categories)
    _tell_original(connection, EventKind.MERGE, original, duplicate, actor, at, categories)
    return known_report(connection, duplicate_id)


def unmerge_reports(
    connection: sa.Connection, duplicate_id: int, actor: str, at: datetime, seen: int, categories: Categories
) -> Report:
    """A duplicate is a report of its own again, in the state it had. Raises NotMerged, StaleVersion."""
    duplicate = _seen(connection, duplicate_id, seen)
    if duplicate.status is not Status.DUPLICATE or duplicate.duplicate_of is None:
        raise NotMerged(duplicate.public_id)
    before = _status_before(connection, duplicate_id)
    step = _step(EventKind.SPLIT, {"status": before.value, "duplicate_of": None}, actor, at)
    write_event(connection, duplicate, replace(duplicate, status=before, duplicate_of=None), step, categories)
    ids = sa.select(report_table.c.id).where(report_table.c.public_id == duplicate.duplicate_of)
    original = load(connection, connection.execute(ids).scalars().all())[0]
    _tell_original(connection, EventKind.SPLIT, original, duplicate, actor, at, categories)
    return known_report(connection, duplicate_id)


def _seen(connection: sa.Connection, report_id: int, seen: int) -> Report:
    report = known_report(connection, report_id)
    if report.version != check_number("seen", seen):
        raise StaleVersion(report_id, seen, report.version)
    return report


def _status_before(connection: sa.Connection, report_id: int) -> Status:
    """The state a report was in when it became a duplicate for the last time."""
    changes = sa.select(event.c.changes).where(event.c.report_id == report_id).order_by(event.c.seq.desc())
    for each in connection.execute(changes).scalars():
        if each["to"].get("status") == Status.DUPLICATE.value:
            return Status(each["from"]["status"])
    return Status.REOPENED  # became one without a trace, in a database filled by hand


def _step(kind: EventKind, to: Mapping[str, object], actor: str, at: datetime) -> NewEvent:
    return NewEvent(kind, at, ActorType.STAFF, actor, {"to": to})


def _tell_original(
    connection: sa.Connection,
    kind: EventKind,
    original: Report,
    duplicate: Report,
    actor: str,
    at: datetime,
    categories: Categories,
) -> None:
    step = _step(kind, {"duplicate": duplicate.public_id}, actor, at)
    write_event(connection, original, original, step, categories)
    count_support(connection, original.public_id)
