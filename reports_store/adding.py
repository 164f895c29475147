"""Taking reports in: one sent twice is one report, and every one gets the next number of its year."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from reports_store import searching
from reports_store.categories import Categories, Publish
from reports_store.deadlines import Deadlines, first_due
from reports_store.errors import Conflict
from reports_store.fiscal import fiscal_year, public_id
from reports_store.report import ActorType, EventKind, NewReport, PhotoRole, Report, Visibility
from reports_store.rows import (
    PRIORITIES,
    declared_row,
    drawn_columns,
    finding_row,
    load,
    maybe_micros,
    photo_row,
    to_micros,
)
from reports_store.schema import contact, event, photo, report
from reports_store.workflow import FIRST

_PER_QUERY = 500
_FIRST_VISIBILITY: Mapping[Publish, Visibility] = {
    Publish.AT_ONCE: Visibility.PUBLIC,
    Publish.AFTER_CHECK: Visibility.PENDING,
    Publish.NEVER: Visibility.PRIVATE,
}


@dataclass(frozen=True)
class Added:
    """The report as kept; `created` is False where it had arrived before."""

    report: Report
    created: bool


def content_digest(new: NewReport) -> bytes:
    """What makes two sendings the same report: what the resident gave, not when or how we took it in."""
    contact_part = None
    if new.contact is not None:
        contact_part = [new.contact.name, new.contact.phone, new.contact.email, new.contact.wants_reply]
    parts = [
        new.category,
        [new.place.lon, new.place.lat, new.place.source.value, new.place.accuracy_m],
        new.body,
        sorted(new.answers.items()),
        # The pictures as they were sent: our own derivatives may change with a library.
        [*(each.original_sha256 for each in new.photos), *(each.sha256 for each in new.declared)],
        contact_part,
        maybe_micros(new.occurred_at),
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()


def add_reports(
    connection: sa.Connection, news: Sequence[NewReport], categories: Categories, deadlines: Deadlines
) -> list[Added]:
    """All of them or none; of one that is given twice, the first is new. Raises Conflict, UnknownCategory."""
    digests = {each.uuid: content_digest(each) for each in news}
    _refuse_two_contents(news, digests)
    ids = _known(connection, digests)
    fresh = list({each.uuid: each for each in news if each.uuid not in ids}.values())
    for start in range(0, len(fresh), _PER_QUERY):
        ids |= _insert(connection, fresh[start : start + _PER_QUERY], digests, categories, deadlines)
    created = {each.uuid for each in fresh}
    reports = {each.uuid: each for each in load(connection, list(ids.values()))}
    return [Added(reports[each.uuid], _is_first(each.uuid, created)) for each in news]


def _is_first(uuid: str, left: set[str]) -> bool:
    found = uuid in left
    left.discard(uuid)
    return found


def _refuse_two_contents(news: Sequence[NewReport], digests: dict[str, bytes]) -> None:
    if len(digests) == len(news):
        return
    for each in news:
        if content_digest(each) != digests[each.uuid]:
            raise Conflict(each.uuid)


def _known(connection: sa.Connection, digests: dict[str, bytes]) -> dict[str, int]:
    ids: dict[str, int] = {}
    columns = sa.select(report.c.uuid, report.c.id, report.c.digest)
    for uuids in _slices(list(digests)):
        for uuid, number, digest in connection.execute(columns.where(report.c.uuid.in_(uuids))):
            if digest != digests[uuid]:
                raise Conflict(uuid)
            ids[uuid] = number
    return ids


def _slices(uuids: list[str]) -> Iterator[list[str]]:
    return (uuids[start : start + _PER_QUERY] for start in range(0, len(uuids), _PER_QUERY))


def _insert(
    connection: sa.Connection,
    news: list[NewReport],
    digests: dict[str, bytes],
    categories: Categories,
    deadlines: Deadlines,
) -> dict[str, int]:
    numbers = _next_numbers(connection, news)
    rows = [
        _report_row(each, digests[each.uuid], number, categories)
        | {"due_at": to_micros(first_due(each.category, each.received_at, categories, deadlines))}
        for each, number in zip(news, numbers, strict=True)
    ]
    connection.execute(report.insert(), rows)
    known = connection.execute(
        sa.select(report.c.uuid, report.c.id).where(report.c.uuid.in_([each.uuid for each in news]))
    )
    ids: dict[str, int] = {uuid: number for uuid, number in known}
    _insert_all(connection, event, [_created(ids[each.uuid], each) for each in news])
    _insert_all(connection, contact, [row for each in news if (row := _contact_row(ids[each.uuid], each))])
    _insert_all(connection, photo, [row for each in news for row in _photo_rows(ids[each.uuid], each)])
    searching.keep(connection, list(ids.values()))
    return ids


def _photo_rows(report_id: int, new: NewReport) -> list[dict[str, object]]:
    at = new.received_at
    return [
        *(photo_row(report_id, 1, each, PhotoRole.BEFORE, at) for each in new.photos),
        *(declared_row(report_id, 1, each, PhotoRole.BEFORE) for each in new.declared),
    ]


def _insert_all(connection: sa.Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def _next_numbers(connection: sa.Connection, news: list[NewReport]) -> list[str]:
    """Numbers without gaps: the counter stands in the reports' transaction and goes back with it."""
    years = [fiscal_year(each.received_at) for each in news]
    following = {year: _reserve(connection, year, wanted) for year, wanted in Counter(years).items()}
    numbers = []
    for year in years:
        numbers.append(public_id(year, following[year]))
        following[year] += 1
    return numbers


def _reserve(connection: sa.Connection, year: int, wanted: int) -> int:
    last = connection.execute(
        sa.text(
            "INSERT INTO receipt_number (fiscal_year, last) VALUES (:year, :wanted) "
            "ON CONFLICT (fiscal_year) DO UPDATE SET last = receipt_number.last + excluded.last "
            "RETURNING last"
        ),
        {"year": year, "wanted": wanted},
    ).scalar_one()
    return int(last) - wanted + 1


def _report_row(new: NewReport, digest: bytes, number: str, categories: Categories) -> dict[str, object]:
    visibility = _FIRST_VISIBILITY[categories[new.category].publish]
    if new.suspect and visibility is Visibility.PUBLIC:
        visibility = Visibility.PENDING
    return {
        "public_id": number,
        "uuid": new.uuid,
        "digest": digest,
        "tracking_hash": new.tracking_hash,
        "category": new.category,
        "status": FIRST.value,
        "visibility": visibility.value,
        "lon": new.place.lon,
        "lat": new.place.lat,
        "source": new.place.source.value,
        "accuracy_m": new.place.accuracy_m,
        **drawn_columns(new.place, FIRST, new.category, visibility, categories),
        "body": new.body,
        "body_public": False,
        "answers": dict(new.answers),
        "area": finding_row(new.area),
        "road": finding_row(new.road),
        "channel": new.channel.value,
        "mode": new.mode.value,
        "lang": new.lang,
        "department": new.department or categories[new.category].department,
        "assignee": new.assignee,
        "priority": PRIORITIES.index(new.priority),
        "area_name": None if new.area is None else new.area.name,
        "photo_count": len(new.photos) + len(new.declared),
        "asset_layer": None if new.asset is None else new.asset.layer,
        "asset_id": None if new.asset is None else new.asset.feature_id,
        "parent": new.parent,
        "duplicate_of": None,
        "contact_given": new.contact is not None,
        "received_at": to_micros(new.received_at),
        "updated_at": to_micros(new.received_at),
        "occurred_at": maybe_micros(new.occurred_at),
        "device_time": maybe_micros(new.device_time),
        "version": 1,
        "suspect": new.suspect,
        "support": 0,
    }


def _created(report_id: int, new: NewReport) -> dict[str, object]:
    return {
        "report_id": report_id,
        "seq": 1,
        "kind": EventKind.CREATED.value,
        "at": to_micros(new.received_at),
        "actor_type": ActorType.RESIDENT.value,
        "actor": new.channel.value,
        "changes": {"from": {}, "to": _first_facts(new)},
        "public_message": "",
        "internal_message": "",
        "client_uuid": None,
    }


def _first_facts(new: NewReport) -> dict[str, object]:
    """What the first event tells: the beginning, and who it was given to and why where a rule said so."""
    facts: dict[str, object] = {"status": FIRST.value, "category": new.category}
    if new.routed_why:
        facts |= {"department": new.department, "assignee": new.assignee, "why": new.routed_why}
    return facts


def _contact_row(report_id: int, new: NewReport) -> dict[str, object] | None:
    if new.contact is None:
        return None
    given = new.contact
    return {
        "report_id": report_id,
        "name": given.name,
        "phone": given.phone,
        "email": given.email,
        "wants_reply": given.wants_reply,
    }
