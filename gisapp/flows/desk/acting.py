"""What every step of the desk rests on: who works on which reports, and the right that is asked for first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gisapp.person import Person, Right, may
from reports_store import (
    ActorType,
    Categories,
    DeclaredPhoto,
    EventKind,
    NewEvent,
    PhotoRole,
    Report,
    ReportStore,
)
from reports_store.errors import ReportsError


@dataclass(eq=False)
class NotAllowed(ReportsError):
    """The person lacks the right over reports of this department."""

    code = "not_allowed"
    right: str
    department: str


class WhyRequired(ReportsError):
    """Looking at personal data and holding a report back are answered for: a reason is written down."""

    code = "why_required"


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works on which reports: what every step needs."""

    reports: ReportStore
    categories: Categories
    person: Person
    now: Callable[[], datetime]


def has(person: Person, right: Right, report: Report) -> bool:
    """Whether a person has a right over this report. One of no department is everybody's who may do it for all."""
    return may(person, right, report.department or "")


def allow(desk: Desk, report: Report, *rights: Right) -> None:
    """Raise NotAllowed unless the person has every right over this report."""
    for right in rights:
        if not has(desk.person, right, report):
            raise NotAllowed(right.value, report.department or "")


def take(
    desk: Desk,
    report: Report,
    rights: Sequence[Right],
    kind: EventKind,
    to: Mapping[str, object],
    *,
    public: str = "",
    internal: str = "",
    declared: Sequence[DeclaredPhoto] = (),
    photo_role: PhotoRole = PhotoRole.AFTER,
    client_uuid: str | None = None,
) -> Report:
    if taken(desk, report, (*rights, *to_speak(public)), client_uuid):
        return desk.reports.by_id(report.id)
    event = NewEvent(
        kind=kind,
        at=desk.now(),
        actor_type=ActorType.STAFF,
        actor=desk.person.login,
        changes={"to": to} if to else {},
        public_message=public,
        internal_message=internal,
        client_uuid=client_uuid,
        photo_role=photo_role,
        declared=tuple(declared),
        received=True,  # a page keeps the bytes before it takes the step
    )
    return desk.reports.append(report.id, event, seen=report.version)


def taken(desk: Desk, report: Report, rights: Sequence[Right], client_uuid: str | None) -> bool:
    """Whether this step was taken before. Raises NotAllowed.

    Who gives a report away has no right over it any more: the second click of two is answered like the first.
    """
    try:
        allow(desk, report, *rights)
    except NotAllowed:
        events = desk.reports.events(report.id) if client_uuid else ()
        if any((each.client_uuid, each.actor) == (client_uuid, desk.person.login) for each in events):
            return True
        raise
    return False


def to_speak(public: str) -> tuple[Right, ...]:
    return (Right.REPLY,) if public.strip() else ()
