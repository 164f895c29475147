"""Every step a person of the town hall takes with a report, each behind the right it asks for.

`report` is the report as the person saw it: its version goes with the step, so that nobody overwrites what
somebody else did meanwhile. All raise NotAllowed, StaleVersion and the WorkflowErrors, and then nothing is
changed. A step sent again with the same client_uuid is taken once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from gisapp.flows.desk.acting import (
    Desk,
    NotAllowed,
    WhyRequired,
    allow,
    has,
    take,
    taken,
    to_speak,
)
from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.splitting import NothingToSplit, Part, split
from gisapp.person import Person, Right, may
from reports_store import (
    Asset,
    Contact,
    DeclaredPhoto,
    EventKind,
    Finding,
    PhotoRole,
    PiiState,
    Place,
    Priority,
    Report,
    Status,
    Visibility,
)
from reports_store.errors import DuplicateRefused, UnknownReport
from reports_store.workflow import (
    ALLOWED,
    NEEDS_EVIDENCE,
    NEEDS_PUBLIC_REASON,
    NEEDS_REFERRED_TO,
)

__all__ = [
    "Desk", "Needs", "NotAllowed", "NothingToSplit", "Part", "WhyRequired", "allow", "assign", "change_status",
    "has", "hold", "look_at_contact", "look_photo", "merge", "move", "needs", "next_states", "note", "point_at",
    "recategorise", "release_words", "reply", "rights_into", "set_priority", "split", "taken", "to_speak", "unmerge",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be given with a state. evidence: an after-photo or a note."""

    public_reason: bool = False
    evidence: bool = False
    duplicate_of: bool = False
    referred_to: bool = False


# What a state asks for besides the right to work on the report.
_ALSO: Mapping[Status, Right] = {
    Status.DUPLICATE: Right.ASSIGN,
    Status.ARCHIVED: Right.RETAIN,
    **dict.fromkeys(NEEDS_PUBLIC_REASON, Right.REPLY),
}


def needs(status: Status) -> Needs:
    """What the table of the workflow wants said or shown on the way into a state."""
    return Needs(
        public_reason=status in NEEDS_PUBLIC_REASON,
        evidence=status in NEEDS_EVIDENCE,
        duplicate_of=status is Status.DUPLICATE,
        referred_to=status in NEEDS_REFERRED_TO,
    )


def next_states(report: Report, person: Person) -> tuple[Status, ...]:
    """The states into which this person may take this report now, in the order of the vocabulary."""
    return tuple(
        status
        for status in Status
        if status in ALLOWED[report.status] and all(has(person, each, report) for each in rights_into(status))
    )


def change_status(
    desk: Desk,
    report: Report,
    status: Status,
    *,
    public: str = "",
    internal: str = "",
    declared: Sequence[DeclaredPhoto] = (),
    duplicate_of: str | None = None,
    referred_to: str | None = None,
    client_uuid: str | None = None,
) -> Report:
    """Take a report into another state. public is what residents read; declared are photos after the work."""
    to: dict[str, object] = {"status": status.value}
    if status is Status.DUPLICATE:
        original = _original(desk, duplicate_of)
        return merge(desk, report, original, public=public, internal=internal, client_uuid=client_uuid)
    if referred_to is not None:
        to["referred_to"] = referred_to.strip()
    return take(
        desk, report, rights_into(status), EventKind.STATUS, to,
        public=public, internal=internal, declared=declared, client_uuid=client_uuid,
    )  # fmt: skip


def rights_into(status: Status) -> tuple[Right, ...]:
    """The rights over a report that taking it into a state asks for."""
    return (Right.WORK, _ALSO[status]) if status in _ALSO else (Right.WORK,)


def assign(
    desk: Desk,
    report: Report,
    *,
    department: str | None = None,
    assignee: str | None = None,
    why: str = "",
    client_uuid: str | None = None,
) -> Report:
    """Give a report to another department, a person, or both. None leaves as it is; assignee "" means nobody.

    A department may give away its own, and take for itself what belongs to none.
    """
    to: dict[str, object] = {}
    if department is not None:
        to["department"] = department
    if assignee is not None:
        to["assignee"] = assignee or None
    if why:
        to["why"] = why
    taking = report.department is None and bool(department) and department == desk.person.department
    rights = () if taking and may(desk.person, Right.ASSIGN, department) else (Right.ASSIGN,)
    return take(desk, report, rights, EventKind.ASSIGN, to, client_uuid=client_uuid)


def recategorise(
    desk: Desk, report: Report, category: str, *, why: str = "", client_uuid: str | None = None
) -> Report:
    """Another kind of report. Raises UnknownCategory. The deadline follows; the department does not."""
    to: dict[str, object] = {"category": category}
    return take(desk, report, (Right.WORK,), EventKind.CATEGORY, to, internal=why, client_uuid=client_uuid)


def move(
    desk: Desk,
    report: Report,
    place: Place,
    area: Finding | None,
    road: Finding | None,
    *,
    why: str = "",
    client_uuid: str | None = None,
) -> Report:
    """The report lies elsewhere (WGS84 degrees); area and road are what was found there."""
    to: dict[str, object] = {
        "lon": place.lon,
        "lat": place.lat,
        "source": place.source.value,
        "accuracy_m": place.accuracy_m,
        "area": None if area is None else asdict(area),
        "road": None if road is None else asdict(road),
    }
    return take(desk, report, (Right.WORK,), EventKind.LOCATION, to, internal=why, client_uuid=client_uuid)


def point_at(desk: Desk, report: Report, asset: Asset | None, *, client_uuid: str | None = None) -> Report:
    """The report is about a feature of a layer, or (None) about none."""
    to: dict[str, object] = {"asset": None if asset is None else asdict(asset)}
    return take(desk, report, (Right.WORK,), EventKind.LOCATION, to, client_uuid=client_uuid)


def set_priority(
    desk: Desk, report: Report, priority: Priority, *, why: str = "", client_uuid: str | None = None
) -> Report:
    to: dict[str, object] = {"priority": Priority(priority).value}
    return take(desk, report, (Right.WORK,), EventKind.PRIORITY, to, internal=why, client_uuid=client_uuid)


def note(
    desk: Desk,
    report: Report,
    text: str,
    *,
    declared: Sequence[DeclaredPhoto] = (),
    photo_role: PhotoRole = PhotoRole.AFTER,
    client_uuid: str | None = None,
) -> Report:
    """A note that never leaves the town hall."""
    return take(
        desk, report, (Right.NOTE,), EventKind.NOTE, {},
        internal=text, declared=declared, photo_role=photo_role, client_uuid=client_uuid,
    )  # fmt: skip


def reply(desk: Desk, report: Report, text: str, *, client_uuid: str | None = None) -> Report:
    """Words that the reporter and the subscribers get, and residents may read."""
    return take(
        desk, report, (Right.REPLY,), EventKind.PUBLIC_REPLY, {}, public=text, client_uuid=client_uuid
    )


def release_words(
    desk: Desk,
    report: Report,
    *,
    visibility: Visibility | None = None,
    body_public: bool | None = None,
    why: str = "",
    client_uuid: str | None = None,
) -> Report:
    """Make a report or its text public, or take it back. The store writes it into the trail."""
    to: dict[str, object] = {}
    if visibility is not None:
        to["visibility"] = Visibility(visibility).value
    if body_public is not None:
        to["body_public"] = body_public
    return take(
        desk, report, (Right.RELEASE,), EventKind.VISIBILITY, to, internal=why, client_uuid=client_uuid
    )


def look_photo(
    desk: Desk,
    report: Report,
    sha256: str,
    pii_state: PiiState,
    shown_as: str | None = None,
    *,
    why: str = "",
    client_uuid: str | None = None,
) -> Report:
    """Say whether a photo may be shown; shown_as is the picture with black boxes. Written into the trail."""
    to: dict[str, object] = {"photo": sha256, "pii_state": PiiState(pii_state).value}
    if shown_as is not None:
        to["shown_as"] = shown_as
    return take(desk, report, (Right.RELEASE,), EventKind.REDACT, to, internal=why, client_uuid=client_uuid)


def hold(desk: Desk, report: Report, held: bool, why: str, *, client_uuid: str | None = None) -> Report:
    """Keep a report whatever its time (a dispute, an audit), or let it go again. Written into the trail."""
    _said(why)
    to: dict[str, object] = {"held": held}
    return take(desk, report, (Right.HOLD,), EventKind.RETENTION, to, internal=why, client_uuid=client_uuid)


def look_at_contact(desk: Desk, report: Report, why: str) -> Contact | None:
    """Who reported it, if they said. The look is in the trail before the words are on the screen."""
    _said(why)
    allow(desk, report, Right.CONTACT)
    return desk.reports.look_at_contact(report.id, actor=desk.person.login, why=why, at=desk.now())


def merge(
    desk: Desk,
    duplicate: Report,
    original: Report,
    *,
    public: str = "",
    internal: str = "",
    client_uuid: str | None = None,
) -> Report:
    """Two reports of one thing: the first becomes a duplicate of the second. Both histories tell it."""
    if not taken(desk, duplicate, (Right.ASSIGN, *to_speak(public)), client_uuid):
        desk.reports.merge(
            duplicate.id, original.id, actor=desk.person.login, at=desk.now(), seen=duplicate.version,
            public=public, internal=internal, client_uuid=client_uuid,
        )  # fmt: skip
    return desk.reports.by_id(duplicate.id)


def unmerge(desk: Desk, duplicate: Report, *, why: str = "", client_uuid: str | None = None) -> Report:
    """Take a merge back."""
    if not taken(desk, duplicate, (Right.ASSIGN,), client_uuid):
        desk.reports.unmerge(
            duplicate.id, actor=desk.person.login, at=desk.now(), seen=duplicate.version,
            internal=why, client_uuid=client_uuid,
        )  # fmt: skip
    return desk.reports.by_id(duplicate.id)


def _said(why: str) -> None:
    if not why.strip():
        raise WhyRequired


def _original(desk: Desk, public_id: str | None) -> Report:
    if not public_id:
        raise DuplicateRefused("", "missing")
    try:
        return report_for(desk.person, public_id.strip(), desk.reports, desk.categories)
    except UnknownReport:
        raise DuplicateRefused(public_id, "unknown") from None
