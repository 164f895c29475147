"""Two reports of one thing become one, and two again where that was a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from reports_store import workflow
from reports_store.appending import already_written, known_report, original_of, write_event
from reports_store.categories import Categories
from reports_store.errors import NotMerged, StaleVersion
from reports_store.plaintext import check_number
from reports_store.report import ActorType, EventKind, NewEvent, Report, Status
from reports_store.rows import load
from reports_store.schema import event
from reports_store.schema import report as report_table
from reports_store.supporting import count_support


@dataclass(frozen=True)
class Said:
    """What goes with a step that touches two reports: who, when, in which words, and the key it is sent under."""

    actor: str
    at: datetime
    public: str = ""
    internal: str = ""
    client_uuid: str | None = None

    def step(self, kind: EventKind, to: Mapping[str, object]) -> NewEvent:
        return NewEvent(
            kind=kind,
            at=self.at,
            actor_type=ActorType.STAFF,
            actor=self.actor,
            changes={"to": to},
            public_message=self.public,
            internal_message=self.internal,
            client_uuid=self.client_uuid,
        )

    def told(self, kind: EventKind, to: Mapping[str, object]) -> NewEvent:
        """The same step in the history of the other report: the fact, not the words."""
        return Said(self.actor, self.at).step(kind, to)


def merge_reports(
    connection: sa.Connection,
    duplicate_id: int,
    original_id: int,
    said: Said,
    seen: int,
    categories: Categories,
) -> Report:
    """The first report becomes a duplicate of the second; both histories tell it.

    Raises UnknownReport, StaleVersion, TransitionRefused, and DuplicateRefused for chains and circles.
    """
    duplicate = known_report(connection, duplicate_id)
    original = known_report(connection, original_id)
    told = {"status": Status.DUPLICATE.value, "duplicate_of": original.public_id}
    step = said.step(EventKind.MERGE, told)
    if already_written(connection, duplicate_id, step):
        return duplicate
    _check_seen(duplicate, seen)
    workflow.check(duplicate.status, Status.DUPLICATE, step)
    target = original_of(connection, duplicate, original.public_id)
    merged = replace(duplicate, status=Status.DUPLICATE, duplicate_of=target)
    write_event(connection, duplicate, merged, step, categories)
    _tell_original(connection, EventKind.MERGE, original, duplicate, said, categories)
    return known_report(connection, duplicate_id)


def unmerge_reports(
    connection: sa.Connection, duplicate_id: int, said: Said, seen: int, categories: Categories
) -> Report:
    """A duplicate is a report of its own again, in the state it had. Raises NotMerged, StaleVersion."""
    duplicate = known_report(connection, duplicate_id)
    before = _status_before(connection, duplicate_id)
    step = said.step(EventKind.SPLIT, {"status": before.value, "duplicate_of": None})
    if already_written(connection, duplicate_id, step):
        return duplicate
    _check_seen(duplicate, seen)
    if duplicate.status is not Status.DUPLICATE or duplicate.duplicate_of is None:
        raise NotMerged(duplicate.public_id)
    write_event(connection, duplicate, replace(duplicate, status=before, duplicate_of=None), step, categories)
    ids = sa.select(report_table.c.id).where(report_table.c.public_id == duplicate.duplicate_of)
    original = load(connection, connection.execute(ids).scalars().all())[0]
    _tell_original(connection, EventKind.SPLIT, original, duplicate, said, categories)
    return known_report(connection, duplicate_id)


def _check_seen(report: Report, seen: int) -> None:
    if report.version != check_number("seen", seen):
        raise StaleVersion(report.id, seen, report.version)


def _status_before(connection: sa.Connection, report_id: int) -> Status:
    """The state a report was in when it became a duplicate for the last time."""
    changes = sa.select(event.c.changes).where(event.c.report_id == report_id).order_by(event.c.seq.desc())
    for each in connection.execute(changes).scalars():
        if each["to"].get("status") == Status.DUPLICATE.value:
            return Status(each["from"]["status"])
    return Status.REOPENED  # became one without a trace, in a database filled by hand


def _tell_original(
    connection: sa.Connection,
    kind: EventKind,
    original: Report,
    duplicate: Report,
    said: Said,
    categories: Categories,
) -> None:
    step = said.told(kind, {"duplicate": duplicate.public_id})
    write_event(connection, original, original, step, categories)
    count_support(connection, original.public_id)
