"""Fills an empty town with the made-up sample: its layers, its reports and their photos."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import tomli_w

from gisapp.flows.desk.routing import Facts, road_of
from gisapp.flows.submit import Rules
from gisapp.sample import Sample, SampleReport, Step
from gisapp.sample.careers import BY_RESIDENT, REFERRED_TO
from layers.versions import LayerShelf
from reports_store import (
    ActorType,
    Channel,
    Contact,
    EventKind,
    GeomSource,
    NewEvent,
    NewReport,
    PhotoStore,
    PiiState,
    Place,
    Report,
    ReportStore,
    StoredPhoto,
)
from reports_store.tracking import code_for, hash_of

MADE_BY = "見本データ"
LICENCE = "CC0（架空のデータ）"


def plant_catalogue(sample: Sample, own: Path) -> None:
    """Say in the town's own catalogue that every layer is made up; who sees and edits it stays as shipped."""
    entries = {layer.id: {"attribution": layer.attribution, "licence": LICENCE} for layer in sample.layers}
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(tomli_w.dumps(entries), encoding="utf-8")


def plant_layers(sample: Sample, layers: LayerShelf) -> None:
    """Keep every sample layer as a version of its own."""
    for layer in sample.layers:
        layers.add(
            layer.id,
            layer.frame,
            reader="sample",
            source_name="gisapp sample",
            source_sha256=sha256(layer.id.encode()).hexdigest(),
            by=MADE_BY,
            at=datetime.now(UTC),
            as_of=layer.as_of,
        )


def plant_reports(
    sample: Sample, reports: ReportStore, photos: PhotoStore, rules: Rules, told: Callable[[int, int], None]
) -> int:
    """Keep every sample report with its photos and its whole history; told(done, all) is called as it goes."""
    total = len(sample.reports)
    kept: list[tuple[StoredPhoto, ...]] = []
    with ThreadPoolExecutor(max_workers=2) as drawing:  # decoding and drawing use both cores
        for stored in drawing.map(
            lambda one: tuple(photos.put(p.jpeg()) for p in one.photos), sample.reports
        ):
            kept.append(stored)
            told(len(kept), total)
    added = reports.add_many(
        [_new(one, stored, rules) for one, stored in zip(sample.reports, kept, strict=True)]
    )
    numbers = {report.uuid: report.public_id for report in (one.report for one in added)}
    for one, found in zip(sample.reports, added, strict=True):
        _live(one, found.report, reports, numbers)
    return total


def _new(one: SampleReport, stored: tuple[StoredPhoto, ...], rules: Rules) -> NewReport:
    located = rules.locate(one.lon, one.lat)
    road, channel = road_of(located.road.name), Channel(one.channel)
    routed = rules.route(Facts(one.category, one.received_at, located.area.name, road, channel=channel))
    return NewReport(
        uuid=str(one.uuid),
        category=one.category,
        place=Place(one.lon, one.lat, GeomSource(one.geom_source)),
        body=one.body,
        answers=one.answers,
        photos=stored,
        contact=None if one.contact is None else _contact(one.contact),
        channel=channel,
        lang="ja",
        received_at=one.received_at,
        device_time=None,
        tracking_hash=hash_of(code_for(rules.secret, str(one.uuid))),
        area=located.area,
        road=located.road,
        department=routed.department,
        assignee=routed.assignee,
        routed_why=routed.why,
        priority=routed.priority,
    )


def _contact(made: dict[str, str]) -> Contact:
    return Contact(made.get("name", ""), made.get("phone", ""), made.get("email", ""), wants_reply=True)


def _live(one: SampleReport, report: Report, reports: ReportStore, numbers: dict[str, str]) -> None:
    for step in one.history:
        for event in _events(step, report, numbers):
            report = reports.append(report.id, event, seen=report.version)


def _events(step: Step, report: Report, numbers: dict[str, str]) -> list[NewEvent]:
    """One step of a made-up history as the store's events: what was decided, then what was released."""
    to: dict[str, object] = {"status": step.status} if step.status else {}
    if step.duplicate_of is not None:
        to["duplicate_of"] = numbers[str(step.duplicate_of)]
    if step.status == "referred":
        to["referred_to"] = REFERRED_TO[step.public_message]
    resident = step.status in BY_RESIDENT
    decided = NewEvent(
        kind=EventKind.STATUS if step.status else EventKind.PUBLIC_REPLY,
        at=step.at,
        actor_type=ActorType.RESIDENT if resident else ActorType.STAFF,
        actor=MADE_BY,
        changes={"to": to} if to else {},
        public_message=step.public_message,
        internal_message=step.internal_message,
    )
    return [decided, *_releases(step, report)]


def _releases(step: Step, report: Report) -> list[NewEvent]:
    found = []
    if step.body_public and not report.body_public:
        changes = {"to": {"visibility": "public", "body_public": True}}
        found.append(_checked(EventKind.VISIBILITY, step, changes))
    if step.photos_clear:
        for photo in report.photos:
            if photo.pii_state is PiiState.UNCHECKED:
                changes = {"to": {"photo": photo.sha256, "pii_state": "clear"}}
                found.append(_checked(EventKind.REDACT, step, changes))
    return found


def _checked(kind: EventKind, step: Step, changes: dict[str, dict[str, object]]) -> NewEvent:
    return NewEvent(kind, step.at, ActorType.STAFF, MADE_BY, changes)
