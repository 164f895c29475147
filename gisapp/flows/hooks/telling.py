"""What programs outside are told of a report: what any resident may read, and more only where the town says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import orjson

from reports_store import Categories, Event, EventKind, Report, ReportStore, Visibility
from reports_store.deliveries import Delivery, NewDelivery
from reports_store.errors import UnknownReport
from reports_store.fiscal import JST
from reports_store.hooks import Hook
from reports_store.privacy import public_events, public_properties

CREATED, PUBLIC, HIDDEN = "report.created", "report.public", "report.hidden"
STATUS, REPLY, ASSIGNED = "report.status", "report.reply", "report.assigned"
EVENTS = (CREATED, PUBLIC, HIDDEN, STATUS, REPLY, ASSIGNED)
INTERNAL_ONLY = frozenset({ASSIGNED})
TRIAL = "test"
FRESH = timedelta(days=2)  # what is older, such as reports imported from elsewhere, is no news
PAGE = 500


class NothingToTell(Exception):
    """What was to be told is no longer for those outside, or no longer there."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where deliveries are written from: the store, its categories and where people reach the app."""

    reports: ReportStore
    categories: Categories
    url: str
    town: str


def note_news(hook: Hook, source: Source, now: datetime) -> int:
    """Note what has happened since the last look at this hook; how much there was to look at.

    Done again after a crash, or by two processes at once, it notes nothing twice.
    """
    noted = source.reports.events_after(hook.after_event, PAGE)
    if not noted:
        return 0
    by_report = groupby(
        sorted(noted, key=lambda one: (one.report_id, one.seq)), key=lambda one: one.report_id
    )
    found = [
        delivery
        for report_id, each in by_report
        for delivery in _of_report(hook, report_id, [one.seq for one in each], source, now)
    ]
    source.reports.outgoing.note_deliveries(hook.id, found, noted[-1].number)
    return len(noted)


def _of_report(
    hook: Hook, report_id: int, seqs: Iterable[int], source: Source, now: datetime
) -> Iterator[NewDelivery]:
    try:
        report, events = source.reports.by_id(report_id), source.reports.events(report_id)
    except UnknownReport:  # removed after its time
        return
    by_seq = {event.seq: event for event in events}
    for event in (by_seq[seq] for seq in seqs if seq in by_seq):
        if event.at < now - FRESH:
            continue
        for kind in kinds_of(event):
            if kind in hook.events and _may_hear(hook, kind, report, source.categories):
                key = f"{hook.id}:{report_id}:{event.seq}:{kind}"
                yield NewDelivery(key, hook.id, kind, now, report_id, event.seq)


def kinds_of(event: Event) -> Iterator[str]:
    """What an event is called outside; most have no name there."""
    match event.kind:
        case EventKind.CREATED:
            yield CREATED
        case EventKind.VISIBILITY:
            before, after = event.changes.get("from", {}), event.to.get("visibility")
            if after == Visibility.PUBLIC.value:
                yield PUBLIC
            elif before.get("visibility") == Visibility.PUBLIC.value:
                yield HIDDEN
        case EventKind.ASSIGN:
            yield ASSIGNED
        case _:
            for step in public_events([event]):
                yield REPLY if step.status is None else STATUS


def _may_hear(hook: Hook, kind: str, report: Report, categories: Categories) -> bool:
    if hook.internal:
        return True
    # A withdrawal names the number alone, which was public until then.
    open_now = report.visibility is Visibility.PUBLIC or kind == HIDDEN
    return open_now and kind not in INTERNAL_ONLY and not categories.hides(report.category)


def body_of(delivery: Delivery, hook: Hook, source: Source) -> bytes:
    """What is sent, from what may be told at this moment. Raises NothingToTell."""
    told: dict[str, object] = {"id": message_id(delivery), "event": delivery.event, "town": source.town}
    if delivery.report_id is not None and delivery.seq is not None:
        told |= _told(delivery, hook, source)
    else:
        told["at"] = delivery.at.astimezone(JST).isoformat(timespec="seconds")
    return orjson.dumps(told)


def message_id(delivery: Delivery) -> str:
    """The same for every try, so that whoever gets it twice may know."""
    return f"msg_{delivery.id}"


def _told(delivery: Delivery, hook: Hook, source: Source) -> dict[str, object]:
    try:
        report = source.reports.by_id(delivery.report_id or 0)
        events = source.reports.events(report.id)
    except UnknownReport:
        raise NothingToTell from None
    event = next((one for one in events if one.seq == delivery.seq), None)
    if event is None or not _may_hear(hook, delivery.event, report, source.categories):
        raise NothingToTell
    at = event.at.astimezone(JST).isoformat(timespec="seconds")
    found: dict[str, object] = {"at": at, "report": _report(delivery.event, report, event, source)}
    if hook.internal:
        found["desk"] = _desk(report, source)
    return found


def _report(kind: str, report: Report, event: Event, source: Source) -> Mapping[str, object]:
    category = source.categories.get(report.category)
    public = report.visibility is Visibility.PUBLIC and category is not None
    if kind == HIDDEN or not public or source.categories.hides(report.category) or category is None:
        return {"public_id": report.public_id}
    properties = public_properties(report, category, [event])
    step = properties.pop("history")
    return {**properties, "steps": step, "url": f"{source.url}/map/r/{report.public_id}"}


def _desk(report: Report, source: Source) -> dict[str, object]:
    """For a hook the administrator calls internal: what the desk works with. No contact, no words of a resident."""
    due = report.due_at
    return {
        "category": report.category,
        "status": report.status.value,
        "department": report.department,
        "priority": report.priority.value,
        "due_at": None if due is None else due.astimezone(JST).isoformat(timespec="seconds"),
        "referred_to": report.referred_to,
        "channel": report.channel.value,
        "area": report.area.name if report.area else None,
        "road_manager": report.road.name if report.road else None,
        "lon": report.place.lon,
        "lat": report.place.lat,
        "version": report.version,
        "url": f"{source.url}/desk/r/{report.public_id}",
    }
