"""What became of a report, for the person who holds its 照会番号, and what that person may add to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from reports_store import (
    ActorType,
    Categories,
    Event,
    EventKind,
    NewEvent,
    PhotoRole,
    PiiState,
    PublicState,
    Report,
    ReportsError,
    ReportStore,
    StaleVersion,
    Status,
    Visibility,
)
from reports_store.fiscal import JST
from reports_store.privacy import PublicEvent, PublicReport, for_reporter, public_events
from reports_store.report import DeclaredPhoto
from reports_store.tracking import hash_of, normalise
from reports_store.vocabulary import PhotoState
from reports_store.workflow import PUBLIC_STATE, RESIDENT_MAY

REPORTER = "reporter"
TRIES = 8
STILL_OPEN = frozenset({PublicState.OPEN, PublicState.WORKING})


class NothingAdded(ReportsError):
    """Neither words nor a photo."""

    code = "nothing_added"


@dataclass(frozen=True, slots=True)
class PhotoTold:
    """How one photo stands. state: released, blocked, ready (kept and unchecked), awaited, arrived or refused."""

    state: str
    sha256: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the history as the reporter reads it; own tells that the words are the reporter's."""

    at: datetime
    own: bool
    event: PublicEvent
    kind: EventKind


@dataclass(frozen=True, slots=True)
class Original:
    """The report that this one was merged into; number and history only where it is public."""

    number: str
    state: PublicState
    status: Status
    history: tuple[PublicEvent, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """A report as its reporter may see it. due_on is a guess, None once nothing more is to come."""

    id: int
    report: PublicReport
    public: bool
    body: str
    answers: Mapping[str, str]
    photos: tuple[PhotoTold, ...]
    steps: tuple[Step, ...]
    due_on: date | None
    original: Original | None
    support: int
    may: frozenset[Status]

    @property
    def incomplete(self) -> bool:
        return any(photo.state == PhotoState.AWAITED for photo in self.photos)


def find(typed: str, reports: ReportStore) -> Report:
    """The report of a 照会番号 as a person types it (case, hyphens and widths do not matter).

    Raises InvalidCode for a mistyped number and UnknownReport for one that leads nowhere.
    """
    return reports.by_tracking(hash_of(normalise(typed)))


def follow(typed: str, reports: ReportStore, categories: Categories) -> Followed:
    """What the holder of a 照会番号 may read. Raises InvalidCode, UnknownReport."""
    return followed(find(typed, reports), reports, categories)


def followed(report: Report, reports: ReportStore, categories: Categories) -> Followed:
    """A report as its reporter may see it."""
    events = reports.events(report.id)
    category = categories[report.category]
    still_open = PUBLIC_STATE[report.status] in STILL_OPEN
    return Followed(
        id=report.id,
        report=for_reporter(report, category, events),
        public=report.visibility is Visibility.PUBLIC and not categories.hides(report.category),
        body=report.body,
        answers=report.answers,
        photos=_photos(report),
        steps=tuple(step for event in events if (step := _step(event)) is not None),
        due_on=report.due_at.astimezone(JST).date() if still_open and report.due_at else None,
        original=_original(report, reports, categories),
        support=report.support,
        may=RESIDENT_MAY.get(report.status, frozenset()),
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What a reporter sends about a report of theirs: words, a number that makes it be kept once, photos to come."""

    words: str
    uuid: str
    photos: tuple[DeclaredPhoto, ...] = ()


def add_words(report_id: int, said: Said, reports: ReportStore, now: datetime) -> Report:
    """Keep what the reporter adds; nobody outside the town hall reads it. Raises NothingAdded."""
    if not said.words.strip() and not said.photos:
        raise NothingAdded
    return _append(report_id, _step_of(EventKind.NOTE, said, now), reports)


def reopen(report_id: int, said: Said, reports: ReportStore, now: datetime) -> Report:
    """「直っていない」. Raises NothingAdded without words, a WorkflowError unless the report counts as resolved."""
    if not said.words.strip():
        raise NothingAdded
    return _append(report_id, _step_of(EventKind.STATUS, said, now, Status.REOPENED), reports)


def withdraw(report_id: int, said: Said, reports: ReportStore, now: datetime) -> Report:
    """取り下げ, without photos. Raises a WorkflowError where the town is at work already."""
    step = _step_of(EventKind.STATUS, replace(said, photos=()), now, Status.WITHDRAWN)
    return _append(report_id, step, reports)


def _step_of(kind: EventKind, said: Said, now: datetime, to: Status | None = None) -> NewEvent:
    return NewEvent(
        kind=kind,
        at=now,
        actor_type=ActorType.RESIDENT,
        actor=REPORTER,
        changes={} if to is None else {"to": {"status": to.value}},
        public_message=said.words.strip(),  # a resident's own words leave the town hall for nobody: privacy.py
        client_uuid=said.uuid,
        declared=said.photos,
        photo_role=PhotoRole.BEFORE,
    )


def _append(report_id: int, step: NewEvent, reports: ReportStore) -> Report:
    """Append whatever the version is: what a reporter says is true beside whatever a clerk does meanwhile."""
    for _ in range(TRIES - 1):
        try:
            return reports.append(report_id, step, seen=reports.by_id(report_id).version)
        except StaleVersion:
            continue
    return reports.append(report_id, step, seen=reports.by_id(report_id).version)


def _photos(report: Report) -> tuple[PhotoTold, ...]:
    kept = []
    for photo in report.own_photos:
        if photo.released_sha256 is not None:
            kept.append(PhotoTold("released", photo.released_sha256))
        else:
            kept.append(PhotoTold("blocked" if photo.pii_state is PiiState.BLOCKED else "ready"))
    coming = [PhotoTold(each.state.value, fault=each.fault) for each in report.coming]
    return (*kept, *coming)


def _step(event: Event) -> Step | None:
    own = event.actor_type is ActorType.RESIDENT and event.seq > 1
    if own and event.kind in (EventKind.NOTE, EventKind.STATUS):
        status = Status(str(event.to["status"])) if "status" in event.to else None
        state = None if status is None else PUBLIC_STATE[status]
        return Step(event.at, True, PublicEvent(event.at, status, state, event.public_message), event.kind)
    shown = public_events([event])
    return Step(event.at, False, shown[0], event.kind) if shown else None


def _original(report: Report, reports: ReportStore, categories: Categories) -> Original | None:
    if report.status is not Status.DUPLICATE or report.duplicate_of is None:
        return None
    original = reports.get(report.duplicate_of)
    shown = original.visibility is Visibility.PUBLIC and not categories.hides(original.category)
    return Original(
        number=original.public_id if shown else "",
        state=PUBLIC_STATE[original.status],
        status=original.status,
        history=public_events(reports.events(original.id)) if shown else (),
    )
