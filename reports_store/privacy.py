"""The only way out: what residents may see of a report, as a list of what is allowed and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from reports_store.categories import Category, Publish
from reports_store.errors import NotPublic
from reports_store.fiscal import JST
from reports_store.ground import ShownPlace, shown_place
from reports_store.report import ActorType, Event, EventKind, PublicState, Report, Status, Visibility
from reports_store.workflow import PUBLIC_STATE


@dataclass(frozen=True)
class PublicEvent:
    """A step residents may read: when, into which state if it changed, and what the town said."""

    at: datetime
    status: Status | None
    state: PublicState | None
    message: str


@dataclass(frozen=True)
class PublicReport:
    """Everything of a report that may leave the town hall. received_on is the day in Japan."""

    public_id: str
    category: str
    state: PublicState
    status: Status
    received_on: date
    updated_at: datetime
    area: str | None
    road_manager: str | None
    place: ShownPlace | None
    answers: Mapping[str, str]
    photos: tuple[str, ...]
    body: str | None
    history: tuple[PublicEvent, ...]
    support: int


def public(report: Report, category: Category, events: Iterable[Event] = ()) -> PublicReport:
    """What anybody may see. Raises NotPublic unless the report is public, and of a category that may be."""
    if report.visibility is not Visibility.PUBLIC or category.publish is Publish.NEVER:
        raise NotPublic(report.public_id)
    return for_reporter(report, category, events)


def for_reporter(report: Report, category: Category, events: Iterable[Event] = ()) -> PublicReport:
    """The same list for whoever holds the 照会番号, also while the report itself waits for a check."""
    return PublicReport(
        public_id=report.public_id,
        category=report.category,
        state=PUBLIC_STATE[report.status],
        status=report.status,
        received_on=report.received_at.astimezone(JST).date(),
        updated_at=report.updated_at,
        area=None if report.area is None else report.area.name,
        road_manager=None if report.road is None else report.road.name,
        place=shown_place(report.place, category.public_place),
        answers=_chosen(report, category),
        photos=_released(report),
        body=report.body if report.body_public else None,
        history=public_events(events),
        support=report.support,
    )


def _released(report: Report) -> tuple[str, ...]:
    shown = (each.released_sha256 for each in report.photos)
    return tuple(dict.fromkeys(sha256 for sha256 in shown if sha256 is not None))


def _chosen(report: Report, category: Category) -> dict[str, str]:
    """Answers tapped from our own list. Anything typed may hold a name and stays inside."""
    offered = {question.id: question.choices_ja for question in category.questions}
    return {asked: given for asked, given in report.answers.items() if given in offered.get(asked, ())}


def public_events(events: Iterable[Event]) -> tuple[PublicEvent, ...]:
    """The steps residents may read, without names, notes or what changed inside."""
    return tuple(shown for event in events if (shown := _public_event(event)) is not None)


_MOVES = frozenset({EventKind.CREATED, EventKind.STATUS, EventKind.MERGE, EventKind.SPLIT})


def _public_event(event: Event) -> PublicEvent | None:
    status = Status(str(event.to["status"])) if event.kind in _MOVES and "status" in event.to else None
    # A resident's own words (such as on reopening) are unchecked, like the text of a report.
    message = "" if event.actor_type is ActorType.RESIDENT else event.public_message
    if status is None and not message:
        return None
    return PublicEvent(event.at, status, None if status is None else PUBLIC_STATE[status], message)


def public_properties(report: Report, category: Category, events: Iterable[Event] = ()) -> dict[str, object]:
    """The allow-list as plain values for JSON and CSV. Times are ISO 8601 in Japan's time."""
    shown = public(report, category, events)
    return {
        "public_id": shown.public_id,
        "category": shown.category,
        "state": shown.state.value,
        "status": shown.status.value,
        "received_on": shown.received_on.isoformat(),
        "updated_at": shown.updated_at.astimezone(JST).isoformat(timespec="seconds"),
        "area": shown.area,
        "road_manager": shown.road_manager,
        "lon": None if shown.place is None else shown.place.lon,
        "lat": None if shown.place is None else shown.place.lat,
        "accuracy_m": None if shown.place is None else shown.place.accuracy_m,
        "answers": dict(shown.answers),
        "photos": list(shown.photos),
        "body": shown.body,
        "history": [_event_properties(each) for each in shown.history],
        "support": shown.support,
    }


def _event_properties(event: PublicEvent) -> dict[str, object]:
    return {
        "at": event.at.astimezone(JST).isoformat(timespec="seconds"),
        "status": None if event.status is None else event.status.value,
        "state": None if event.state is None else event.state.value,
        "message": event.message,
    }
