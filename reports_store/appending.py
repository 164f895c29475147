"""The next step in a report's life: checked against what is true now, then written down for good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

import orjson
import sqlalchemy as sa

from reports_store import audit, searching, workflow
from reports_store.categories import Categories
from reports_store.deadlines import Deadlines, timed
from reports_store.errors import (
    ActorRefused,
    ChangeRefused,
    Conflict,
    DuplicateRefused,
    StaleVersion,
    UnknownReport,
)
from reports_store.milestones import milestones
from reports_store.plaintext import check_number
from reports_store.report import (
    ActorType,
    Asset,
    EventKind,
    Finding,
    GeomSource,
    NewEvent,
    PhotoRole,
    PhotoState,
    PiiState,
    Place,
    Priority,
    Report,
    Status,
    Visibility,
)
from reports_store.rows import (
    asset_row,
    declared_row,
    desk_columns,
    drawn_columns,
    finding_row,
    load,
    photo_row,
    to_micros,
)
from reports_store.schema import contact as contact_table
from reports_store.schema import event as event_table
from reports_store.schema import photo as photo_table
from reports_store.schema import report as report_table
from reports_store.supporting import count_support

E = TypeVar("E", bound=StrEnum)
Effect = Callable[[sa.Connection, Report, NewEvent, Categories], Report]


# Two events at once, on two reports: merge and unmerge of the store write them, and nobody else.
_NOT_ALONE = frozenset({EventKind.CREATED, EventKind.MERGE, EventKind.SPLIT})
# What a resident may add to a report; the workflow says into which states they may take it.
_RESIDENT_KINDS = frozenset({EventKind.STATUS, EventKind.NOTE, EventKind.PHOTO})


def append_event(
    connection: sa.Connection,
    report_id: int,
    event: NewEvent,
    seen: int,
    categories: Categories,
    deadlines: Deadlines,
) -> Report:
    """Write one event and what it changes. Raises UnknownReport, StaleVersion, Conflict, a WorkflowError."""
    report = known_report(connection, report_id)
    if already_written(connection, report_id, event):
        return report
    if report.version != check_number("seen", seen):
        raise StaleVersion(report_id, seen, report.version)
    if event.kind in _NOT_ALONE:
        raise ChangeRefused(event.kind, "kind", "a kind of event that stands alone")
    _check_actor(event)
    changed = _EFFECTS.get(event.kind, _nothing)(connection, report, event, categories)
    changed = timed(report, changed, event.at, categories, deadlines)
    write_event(connection, report, changed, event, categories)
    audit.note_event(connection, report, event)
    for original in {report.duplicate_of, changed.duplicate_of} - {None}:
        count_support(connection, str(original))
    return load(connection, [report_id])[0]


def known_report(connection: sa.Connection, report_id: int) -> Report:
    found = load(connection, [check_number("report_id", report_id)])
    if not found:
        raise UnknownReport(str(report_id))
    return found[0]


def _check_actor(event: NewEvent) -> None:
    if event.actor_type is not ActorType.RESIDENT:
        return
    if event.kind not in _RESIDENT_KINDS or (event.kind is EventKind.PHOTO and event.to):
        raise ActorRefused(event.actor_type, event.kind)


def already_written(connection: sa.Connection, report_id: int, event: NewEvent) -> bool:
    """Whether this very event was taken before. Raises Conflict where its key stands for another one."""
    if event.client_uuid is None:
        return False
    found = sa.select(event_table).where(event_table.c.client_uuid == event.client_uuid)
    row = connection.execute(found).one_or_none()
    if row is None:
        return False
    kept = (row.report_id, row.kind, row.changes["to"], row.public_message, row.internal_message)
    to = orjson.loads(orjson.dumps(dict(event.to)))
    sent = (report_id, event.kind.value, to, event.public_message, event.internal_message)
    if kept != sent or not _originals(event) <= _own_originals(connection, report_id):
        raise Conflict(event.client_uuid)
    return True


def _originals(event: NewEvent) -> set[str]:
    return {each.original_sha256 for each in event.photos} | {each.sha256 for each in event.declared}


def _own_originals(connection: sa.Connection, report_id: int) -> set[str]:
    kept = sa.select(photo_table.c.original_sha256).where(photo_table.c.report_id == report_id)
    return set(connection.execute(kept).scalars())


def write_event(
    connection: sa.Connection, old: Report, new: Report, event: NewEvent, categories: Categories
) -> None:
    """The event, its photos and what the report has become, without asking whether it may."""
    seq = old.version + 1
    connection.execute(
        event_table.insert(),
        {
            "report_id": old.id,
            "seq": seq,
            "kind": event.kind.value,
            "at": to_micros(event.at),
            "actor_type": event.actor_type.value,
            "actor": event.actor,
            "changes": {"from": _before(old, event.to), "to": dict(event.to)},
            "public_message": event.public_message,
            "internal_message": event.internal_message,
            "client_uuid": event.client_uuid,
        },
    )
    rows = _photo_rows(connection, old, seq, event)
    if rows:
        connection.execute(photo_table.insert(), rows)
    # A device with a slow clock must not make a report look older than it was.
    updated_at = max(to_micros(old.updated_at), to_micros(event.at))
    connection.execute(
        report_table.update().where(report_table.c.id == old.id).values(milestones(new, event)),
        {
            **_columns(new, categories),
            "photo_count": old.photo_count + len(rows),
            "version": seq,
            "updated_at": updated_at,
        },
    )
    if event.public_message or event.internal_message or event.kind is EventKind.LOCATION:
        searching.keep(connection, [old.id])


def _photo_rows(
    connection: sa.Connection, report: Report, seq: int, event: NewEvent
) -> list[dict[str, object]]:
    if not event.photos and not event.declared:
        return []
    known = _own_originals(connection, report.id)
    ready = {
        each.original_sha256: photo_row(report.id, seq, each, event.photo_role, event.at)
        for each in event.photos
    }
    here_since = event.at if event.received else None
    promised = {
        each.sha256: declared_row(report.id, seq, each, event.photo_role, here_since)
        for each in event.declared
    }
    return [row for original, row in (ready | promised).items() if original not in known]


def _columns(report: Report, categories: Categories) -> dict[str, object]:
    place = report.place
    return {
        "category": report.category,
        "status": report.status.value,
        "visibility": report.visibility.value,
        "lon": place.lon,
        "lat": place.lat,
        "source": place.source.value,
        "accuracy_m": place.accuracy_m,
        **drawn_columns(place, report.status, report.category, report.visibility, categories),
        "area": finding_row(report.area),
        "road": finding_row(report.road),
        "body_public": report.body_public,
        "department": report.department,
        "assignee": report.assignee,
        "duplicate_of": report.duplicate_of,
        **desk_columns(report),
    }


def _before(report: Report, to: Mapping[str, object]) -> dict[str, object]:
    """What stood where the event writes something else."""
    place = report.place
    shown: dict[str, object] = {
        "status": report.status.value,
        "category": report.category,
        "visibility": report.visibility.value,
        "body_public": report.body_public,
        "department": report.department,
        "assignee": report.assignee,
        "priority": report.priority.value,
        "referred_to": report.referred_to,
        "held": report.held,
        "contact_removed": report.contact_removed_at is not None,
        "asset": asset_row(report.asset),
        "duplicate_of": report.duplicate_of,
        "lon": place.lon,
        "lat": place.lat,
        "source": place.source.value,
        "accuracy_m": place.accuracy_m,
        "area": finding_row(report.area),
        "road": finding_row(report.road),
    }
    for photo in report.photos:
        if photo.sha256 == to.get("photo"):
            shown |= {"photo": photo.sha256, "pii_state": photo.pii_state.value, "shown_as": photo.shown_as}
    return {name: shown[name] for name in to if name in shown}


def _nothing(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    return report


def _status(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    status = _one_of(event, "status", Status)
    workflow.check(report.status, status, event, shown=_is_shown(connection, report, status))
    target = None
    if status is Status.DUPLICATE:
        target = original_of(connection, report, event.to.get("duplicate_of"))
    elif "duplicate_of" in event.to:
        raise ChangeRefused(event.kind, "duplicate_of", "status duplicate")
    elif status is Status.ARCHIVED:
        target = report.duplicate_of
    return replace(
        report, status=status, duplicate_of=target, referred_to=_referred_to(report, event, status)
    )


def _referred_to(report: Report, event: NewEvent, status: Status) -> str | None:
    told = event.to.get("referred_to")
    if told is None:
        return report.referred_to if status in workflow.KEEPS_REFERRED_TO else None
    if not isinstance(told, str) or status not in workflow.NEEDS_REFERRED_TO:
        raise ChangeRefused(event.kind, "referred_to", "the name of a body, with status referred")
    return told


def _is_shown(connection: sa.Connection, report: Report, status: Status) -> bool:
    """Whether there is a photo after the work, of this time and not of the last one before it was reopened."""
    if status not in workflow.NEEDS_EVIDENCE:
        return False
    reopened = sa.select(sa.func.coalesce(sa.func.max(event_table.c.seq), 0)).where(
        event_table.c.report_id == report.id,
        event_table.c.changes["to"]["status"].as_string() == Status.REOPENED.value,
    )
    after = sa.select(photo_table.c.id).where(
        photo_table.c.report_id == report.id,
        photo_table.c.role == PhotoRole.AFTER.value,
        photo_table.c.state.in_([PhotoState.ARRIVED.value, PhotoState.READY.value]),
        photo_table.c.event_seq > reopened.scalar_subquery(),
    )
    return connection.execute(after.limit(1)).first() is not None


def original_of(connection: sa.Connection, report: Report, target: object) -> str:
    """The receipt number of the report this one repeats; chains and circles are refused."""
    if not isinstance(target, str) or not target:
        raise DuplicateRefused("", "missing")
    if target == report.public_id:
        raise DuplicateRefused(target, "self")
    columns = sa.select(report_table.c.status, report_table.c.duplicate_of)
    row = connection.execute(columns.where(report_table.c.public_id == target)).one_or_none()
    if row is None:
        raise DuplicateRefused(target, "unknown")
    if row.status == Status.DUPLICATE.value or row.duplicate_of is not None:
        raise DuplicateRefused(target, "target_is_duplicate")
    followers = sa.select(report_table.c.id).where(report_table.c.duplicate_of == report.public_id).limit(1)
    if connection.execute(followers).first() is not None:
        raise DuplicateRefused(target, "has_duplicates")
    return target


def _category(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    code = event.to.get("category")
    if not isinstance(code, str):
        raise ChangeRefused(event.kind, "category", "the code of a category")
    moved = replace(report, category=categories[code].code)
    return replace(moved, visibility=Visibility.PRIVATE) if _too_open(moved, categories) else moved


def _too_open(report: Report, categories: Categories) -> bool:
    """Whether a report is public in a category whose reports never are."""
    return report.visibility is Visibility.PUBLIC and categories.hides(report.category)


def _location(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    to = event.to
    if set(to) == {"asset"}:
        return replace(report, asset=_asset(event))
    if "lon" not in to or "lat" not in to:
        raise ChangeRefused(event.kind, "lon, lat", "both, in degrees")
    source = _one_of(event, "source", GeomSource) if "source" in to else GeomSource.STAFF
    place = Place(to["lon"], to["lat"], source, to.get("accuracy_m"))  # type: ignore[arg-type]
    # What was found for the old place is not true of the new one: it is told anew or forgotten.
    moved = replace(report, place=place, area=_finding(event, "area"), road=_finding(event, "road"))
    return replace(moved, asset=_asset(event)) if "asset" in to else moved


def _asset(event: NewEvent) -> Asset | None:
    value = event.to.get("asset")
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"layer", "feature_id"}:
        raise ChangeRefused(event.kind, "asset", "layer, feature_id")
    return Asset(**value)


def _finding(event: NewEvent, field: str) -> Finding | None:
    value = event.to.get(field)
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"name", "source_layer", "feature_id", "why"}:
        raise ChangeRefused(event.kind, field, "name, source_layer, feature_id, why")
    return Finding(**value)


def _assign(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    department = event.to.get("department", report.department)
    if "department" in event.to and not (isinstance(department, str) and department.strip()):
        raise ChangeRefused(event.kind, "department", "the name of a department")
    # A person is asked anew where the report goes to another department.
    usual = report.assignee if department == report.department else None
    assignee = event.to.get("assignee", usual)
    if assignee is not None and not isinstance(assignee, str):
        raise ChangeRefused(event.kind, "assignee", "the login of a person")
    return replace(report, department=department, assignee=assignee)  # type: ignore[arg-type]


def _retention(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    held = event.to.get("held", report.held)
    if not isinstance(held, bool) or event.to.get("contact_removed", True) is not True or not event.to:
        raise ChangeRefused(event.kind, "held, contact_removed", "true or false; true")
    if "contact_removed" not in event.to:
        return replace(report, held=held)
    if held:
        raise ChangeRefused(event.kind, "contact_removed", "a report that is not held")
    connection.execute(contact_table.delete().where(contact_table.c.report_id == report.id))
    return replace(report, held=held, contact_removed_at=event.at)


def _priority(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    return replace(report, priority=_one_of(event, "priority", Priority))


def _visibility(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    shown = event.to.get("body_public", report.body_public)
    if not isinstance(shown, bool):
        raise ChangeRefused(event.kind, "body_public", "true or false")
    if "visibility" in event.to:
        report = replace(report, visibility=_one_of(event, "visibility", Visibility))
    if _too_open(report, categories):
        raise ChangeRefused(
            event.kind, "visibility", "anything but public: this category's reports never are"
        )
    return replace(report, body_public=shown)


def _photo(connection: sa.Connection, report: Report, event: NewEvent, categories: Categories) -> Report:
    to = event.to
    if not to and (event.photos or event.declared) and event.kind is EventKind.PHOTO:
        return report
    if to.get("photo") not in {each.sha256 for each in report.photos}:
        raise ChangeRefused(event.kind, "photo", "the sha256 of a photo of this report")
    state = _one_of(event, "pii_state", PiiState)
    shown_as = to.get("shown_as")
    # "Redacted" without the redacted picture would publish the very pixels that were to be hidden.
    if (state is PiiState.REDACTED) != isinstance(shown_as, str) or shown_as == to["photo"]:
        raise ChangeRefused(event.kind, "shown_as", "the sha256 of the redacted picture, for redacted only")
    connection.execute(
        photo_table.update()
        .where(photo_table.c.report_id.in_(_with_merged(report)), photo_table.c.sha256 == to["photo"])
        .values(pii_state=state.value, shown_as=shown_as)
    )
    return report


def _with_merged(report: Report) -> sa.Select[tuple[int]]:
    merged = report_table.c.duplicate_of == report.public_id
    return sa.select(report_table.c.id).where(sa.or_(report_table.c.id == report.id, merged))


def _one_of(event: NewEvent, field: str, kinds: type[E]) -> E:
    value = event.to.get(field)
    if isinstance(value, str) and value in list(kinds):
        return kinds(value)
    raise ChangeRefused(event.kind, field, ", ".join(kinds))


_EFFECTS: Mapping[EventKind, Effect] = {
    EventKind.STATUS: _status,
    EventKind.CATEGORY: _category,
    EventKind.LOCATION: _location,
    EventKind.ASSIGN: _assign,
    EventKind.PRIORITY: _priority,
    EventKind.RETENTION: _retention,
    EventKind.VISIBILITY: _visibility,
    EventKind.PHOTO: _photo,
    EventKind.REDACT: _photo,
}
