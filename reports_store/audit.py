"""The trail: what has to be answered for, line by line, each sealed by the hash of the one before.

A line's hash is sha256 over the hash of the line before and the line itself as JSON, so a changed, removed or
slipped-in line breaks the chain; a head kept elsewhere (gisapp.flows.desk.trail) shows where its end was cut
off. Lines are numbered without gaps: the store's writers take turns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from reports_store.plaintext import LINE_LIMIT, check_json, check_number, check_text, check_time
from reports_store.report import EventKind, NewEvent, Report
from reports_store.rows import from_micros, to_micros
from reports_store.schema import audit

VIEW_CONTACT = "view_contact"
EXPORT = "export"
RELEASE = "release"
RIGHTS_CHANGED = "rights_changed"
HOLD = "hold"
RETENTION = "retention"
RULES_CHANGED = "rules_changed"
SIGN_IN_FAILED = "sign_in_failed"
ACTIONS = (VIEW_CONTACT, EXPORT, RELEASE, RIGHTS_CHANGED, HOLD, RETENTION, RULES_CHANGED, SIGN_IN_FAILED)

FIRST_HASH = bytes(32)
_PAGE = 1000


@dataclass(frozen=True)
class AuditLine:
    """Who (a login) did what to which thing, and when. detail holds no personal data."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: Mapping[str, object]
    hash: bytes


@dataclass(frozen=True)
class Head:
    """The last line of the trail at some moment: its number and its hash."""

    id: int
    hash: bytes


@dataclass(frozen=True)
class AuditFault:
    """What is wrong at a line. what: altered, chain_broken, missing, cut_off, replaced."""

    line: int
    what: str


@dataclass(frozen=True)
class Verdict:
    """How many lines were read, the head of the trail, and every fault that was found."""

    lines: int
    head: Head
    faults: tuple[AuditFault, ...]


@dataclass(frozen=True)
class AuditFilter:
    """Which lines are wanted; None means any. until is the first moment no more wanted."""

    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def write_line(
    connection: sa.Connection,
    actor: str,
    action: str,
    target: str,
    detail: Mapping[str, object],
    at: datetime,
) -> int:
    """Add a line at the end, in the caller's transaction. Returns its number."""
    for name, text in (("actor", actor), ("action", action), ("target", target)):
        check_text(name, text, LINE_LIMIT)
    check_json("detail", detail)
    last = head(connection)
    row = {
        "id": last.id + 1,
        "at": to_micros(check_time("at", at)),
        "actor": actor,
        "action": action,
        "target": target,
        "detail": orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode(),
    }
    sealed = _sealed(last.hash, *row.values())
    connection.execute(audit.insert(), row | {"prev_hash": last.hash, "hash": sealed})
    return last.id + 1


def head(connection: sa.Connection) -> Head:
    row = connection.execute(_LAST).one_or_none()
    return Head(0, FIRST_HASH) if row is None else Head(row.id, bytes(row.hash))


def note_event(connection: sa.Connection, report: Report, event: NewEvent) -> None:
    """The line of an event that has to be answered for: what was released, held back or removed."""
    action = _OF_EVENT.get(event.kind)
    if action is None or not event.to:
        return
    if event.kind is EventKind.RETENTION and "held" in event.to:
        action = HOLD
    write_line(connection, event.actor, action, report.public_id, event.to, event.at)


_OF_EVENT: Mapping[EventKind, str] = {
    EventKind.VISIBILITY: RELEASE,
    EventKind.PHOTO: RELEASE,
    EventKind.REDACT: RELEASE,
    EventKind.RETENTION: RETENTION,
}


def lines_after(connection: sa.Connection, after: int, limit: int, wanted: AuditFilter) -> list[AuditLine]:
    """Lines after a number, oldest first."""
    number = check_number("after", after)
    rows = connection.execute(_chosen(wanted).where(audit.c.id > number).order_by(audit.c.id).limit(limit))
    return [_line(row) for row in rows]


def lines_before(
    connection: sa.Connection, before: int | None, limit: int, wanted: AuditFilter
) -> list[AuditLine]:
    """Lines before a number (None: from the end), newest first."""
    chosen = _chosen(wanted)
    if before is not None:
        chosen = chosen.where(audit.c.id < check_number("before", before))
    return [_line(row) for row in connection.execute(chosen.order_by(audit.c.id.desc()).limit(limit))]


def verify(connection: sa.Connection, heads: Iterable[Head]) -> Verdict:
    """Compute the whole chain anew and compare it with heads kept elsewhere. Memory does not grow with it."""
    kept = sorted(set(heads), key=lambda each: each.id)
    faults: list[AuditFault] = []
    before, lines, following = Head(0, FIRST_HASH), 0, 0
    for row in _rows(connection):
        lines += 1
        faults += _wrong_with(row, before)
        before = Head(row.id, _bytes(row.hash))
        while following < len(kept) and kept[following].id <= row.id:
            if kept[following].id == row.id and kept[following].hash != before.hash:
                faults.append(AuditFault(row.id, "replaced"))
            following += 1
    if following < len(kept):
        faults.append(AuditFault(before.id + 1, "cut_off"))
    return Verdict(lines, before, tuple(faults))


def _wrong_with(row: sa.Row[Any], before: Head) -> Iterator[AuditFault]:
    if row.id != before.id + 1:
        yield AuditFault(before.id + 1, "missing")
    elif _bytes(row.prev_hash) != before.hash:
        yield AuditFault(row.id, "chain_broken")
    facts = (row.id, row.at, row.actor, row.action, row.target, row.detail)
    if _sealed(_bytes(row.prev_hash), *facts) != _bytes(row.hash):
        yield AuditFault(row.id, "altered")


def _sealed(before: bytes, *facts: object) -> bytes:
    try:
        return hashlib.sha256(before + orjson.dumps(facts)).digest()
    except TypeError:  # edited by hand into something no line of ours ever was
        return b""


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview, bytearray)) else repr(value).encode()


_LAST = sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)


def _rows(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    last = -(2**63)
    while rows := connection.execute(_PAGES, {"last": last}).all():
        yield from rows
        last = rows[-1].id


_PAGES = sa.select(audit).where(audit.c.id > sa.bindparam("last")).order_by(audit.c.id).limit(_PAGE)


def _chosen(wanted: AuditFilter) -> sa.Select[Any]:
    chosen = sa.select(audit)
    if wanted.action is not None:
        chosen = chosen.where(audit.c.action == wanted.action)
    if wanted.actor is not None:
        chosen = chosen.where(audit.c.actor == wanted.actor)
    if wanted.since is not None:
        chosen = chosen.where(audit.c.at >= to_micros(wanted.since))
    if wanted.until is not None:
        chosen = chosen.where(audit.c.at < to_micros(wanted.until))
    return chosen


def _line(row: sa.Row[Any]) -> AuditLine:
    detail: Mapping[str, object] = orjson.loads(row.detail)
    return AuditLine(row.id, from_micros(row.at), row.actor, row.action, row.target, detail, bytes(row.hash))
