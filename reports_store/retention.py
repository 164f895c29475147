"""What is kept no longer than it may be: contact data first, then the report as a live one, then the report.

Times count from the day the town closed the report for the last time. What is held (a dispute, an audit) stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from reports_store.appending import known_report, write_event
from reports_store.audit import RETENTION, write_line
from reports_store.categories import Categories, Category
from reports_store.report import ActorType, EventKind, NewEvent, Report
from reports_store.rows import from_micros, to_micros
from reports_store.schema import contact, event, photo, report, subscription, supporter, tombstone
from reports_store.subscriptions import canonical_target
from reports_store.vocabulary import Status, SubscriptionKind
from reports_store.workflow import ALLOWED

_CLOSED = frozenset(frm for frm, following in ALLOWED.items() if Status.ARCHIVED in following)


class Step(StrEnum):
    """In the order in which they come."""

    CONTACT = "contact"  # who reported it is forgotten
    ARCHIVE = "archive"  # it is worked on no more and cannot be reopened
    REMOVE = "remove"  # it is gone; a tombstone says that it was


@dataclass(frozen=True)
class Due:
    """A report whose time has come. closed_at: since when it counts."""

    report_id: int
    public_id: str
    category: str
    status: Status
    step: Step
    closed_at: datetime


@dataclass(frozen=True)
class Carried:
    """What a run did, and which reports it left because something else still needs them."""

    done: tuple[Due, ...]
    left: tuple[Due, ...]


@dataclass(frozen=True)
class Tombstone:
    """That a report was there: never what it said."""

    public_id: str
    category: str
    status: Status
    received_at: datetime
    closed_at: datetime | None
    removed_at: datetime
    reason: str
    actor: str


def days_of(category: Category, step: Step) -> int:
    """After how many days since closing a step comes."""
    return {
        Step.CONTACT: category.contact_days,
        Step.ARCHIVE: category.archive_days,
        Step.REMOVE: category.keep_days,
    }[step]


def due(
    connection: sa.Connection, categories: Categories, at: datetime, among: Sequence[int] | None = None
) -> list[Due]:
    """Every report whose time has come, the longest closed first; among: of these ids only. One that skipped
    steps is due for its first only.
    """
    chosen = sa.true() if among is None else event.c.report_id.in_(among)
    closing = (
        sa.select(event.c.report_id, sa.func.max(event.c.at).label("closed_at"))
        .where(
            chosen,
            event.c.kind.in_([EventKind.STATUS.value, EventKind.MERGE.value]),
            event.c.changes["to"]["status"].as_string().in_([each.value for each in _CLOSED]),
        )
        .group_by(event.c.report_id)
        .subquery()
    )
    asked = (
        sa.select(
            report.c.id, report.c.public_id, report.c.category, report.c.status, closing.c.closed_at,
            contact.c.report_id.is_not(None).label("has_contact"),
        )
        .join(closing, closing.c.report_id == report.c.id)
        .outerjoin(contact, contact.c.report_id == report.c.id)
        .where(
            report.c.held.is_(False),
            report.c.status.in_([*(each.value for each in _CLOSED), Status.ARCHIVED.value]),
        )
        .order_by(closing.c.closed_at, report.c.id)
    )  # fmt: skip
    return list(_due(connection.execute(asked), categories, at))


def _due(rows: sa.CursorResult[tuple[object, ...]], categories: Categories, at: datetime) -> Iterator[Due]:
    for row in rows:
        if row.category not in categories:
            continue  # a category that left the file says nothing about its time: a person has to
        category, closed_at = categories[row.category], from_micros(row.closed_at)
        step = _step(row.has_contact, Status(row.status), category, at - closed_at)
        if step is not None:
            yield Due(row.id, row.public_id, row.category, Status(row.status), step, closed_at)


def _step(has_contact: bool, status: Status, category: Category, age: timedelta) -> Step | None:
    waits = {
        Step.CONTACT: has_contact,
        Step.ARCHIVE: status is not Status.ARCHIVED,
        Step.REMOVE: status is Status.ARCHIVED,
    }
    return next(
        (step for step in Step if waits[step] and age >= timedelta(days=days_of(category, step))), None
    )


def carry_out(
    connection: sa.Connection, wanted: Sequence[Due], actor: str, at: datetime, categories: Categories
) -> Carried:
    """Take these steps, each looked at again: what was reopened, held or changed meanwhile is left as it is."""
    ids = [each.report_id for each in wanted]
    still = {(each.report_id, each.step): each for each in due(connection, categories, at, ids)}
    done, left = [], []
    for each in wanted:
        if (each.report_id, each.step) in still and _taken(connection, each, actor, at, categories):
            done.append(each)
            write_line(connection, actor, RETENTION, each.public_id, {"step": each.step.value}, at)
        else:
            left.append(each)
    return Carried(tuple(done), tuple(left))


def _taken(connection: sa.Connection, each: Due, actor: str, at: datetime, categories: Categories) -> bool:
    found = known_report(connection, each.report_id)
    if each.step is Step.REMOVE:
        return _removed(connection, found, each, actor, at)
    if each.step is Step.CONTACT:
        connection.execute(contact.delete().where(contact.c.report_id == found.id))
        _forget_followers(connection, found)
        _tell(connection, found, replace(found, contact_removed_at=at), _FORGOTTEN, actor, at, categories)
    else:
        archived = replace(found, status=Status.ARCHIVED)
        _tell(connection, found, archived, _ARCHIVED, actor, at, categories)
    return True


_FORGOTTEN = (EventKind.RETENTION, {"contact_removed": True})
_ARCHIVED = (EventKind.STATUS, {"status": Status.ARCHIVED.value})


def _tell(
    connection: sa.Connection,
    old: Report,
    new: Report,
    what: tuple[EventKind, Mapping[str, object]],
    actor: str,
    at: datetime,
    categories: Categories,
) -> None:
    kind, to = what
    step = NewEvent(kind, at, ActorType.SYSTEM, actor, {"to": to})
    write_event(connection, old, new, step, categories)


def _forget_followers(connection: sa.Connection, found: Report) -> None:
    """Their addresses are contact data as well, and no news will come of this report."""
    target = canonical_target(SubscriptionKind.REPORT, json.dumps({"report": found.public_id}))
    of_it = sa.and_(subscription.c.kind == SubscriptionKind.REPORT.value, subscription.c.target == target)
    connection.execute(subscription.delete().where(of_it))


def _removed(connection: sa.Connection, found: Report, each: Due, actor: str, at: datetime) -> bool:
    """Whether it could go: not while duplicates or a petition still lean on it."""
    leaning = sa.select(report.c.id).where(report.c.duplicate_of == found.public_id).limit(1)
    if connection.execute(leaning).first() is not None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(tombstone.insert(), _row(found, each, actor, at))
            _forget_followers(connection, found)
            for table in (contact, supporter, photo, event):
                connection.execute(table.delete().where(table.c.report_id == found.id))
            connection.execute(report.delete().where(report.c.id == found.id))
    except IntegrityError:
        return False
    return True


def _row(found: Report, each: Due, actor: str, at: datetime) -> dict[str, object]:
    return {
        "public_id": found.public_id,
        "category": found.category,
        "status": found.status.value,
        "received_at": to_micros(found.received_at),
        "closed_at": to_micros(each.closed_at),
        "removed_at": to_micros(at),
        "reason": Step.REMOVE.value,
        "actor": actor,
    }


def tombstones(connection: sa.Connection, limit: int) -> list[Tombstone]:
    """The latest removed first."""
    asked = sa.select(tombstone).order_by(tombstone.c.removed_at.desc(), tombstone.c.public_id).limit(limit)
    return [_stone(row) for row in connection.execute(asked)]


def tombstone_of(connection: sa.Connection, public_id: str) -> Tombstone | None:
    """What is left of one removed report; None for a number that none had."""
    row = connection.execute(sa.select(tombstone).where(tombstone.c.public_id == public_id)).first()
    return None if row is None else _stone(row)


def _stone(row: sa.Row[Any]) -> Tombstone:
    return Tombstone(
        row.public_id,
        row.category,
        Status(row.status),
        from_micros(row.received_at),
        None if row.closed_at is None else from_micros(row.closed_at),
        from_micros(row.removed_at),
        row.reason,
        row.actor,
    )
