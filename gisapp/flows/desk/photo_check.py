"""Looking at photos before anybody outside may see them: released, blackened in places, or kept inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gisapp.flows.desk.acting import NotAllowed
from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.steps import Desk, look_photo
from gisapp.person import Person, Right, Scope, hidden_from, reach
from reports_store import Categories, Event, EventKind, PhotoStore, PiiState, Report, ReportPhoto
from reports_store.errors import InvalidValue, UnknownPhoto
from reports_store.looking import Whose
from reports_store.photos import LARGE_PX

MOST_BOXES = 100


@dataclass(frozen=True, slots=True)
class Box:
    """A place to blacken, in shares (0 to 1) of the picture's sides; the margin is added when it is drawn."""

    x: float
    y: float
    w: float
    h: float


def boxes_of(given: object) -> tuple[Box, ...]:
    """What a page sent, as JSON. Raises InvalidValue for anything but boxes within the picture."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_BOXES:
        raise InvalidValue("boxes", repr(given)[:60], f"1 to {MOST_BOXES} boxes")
    return tuple(_box(one) for one in given)


def _box(one: object) -> Box:
    sides = [one.get(name) for name in "xywh"] if isinstance(one, dict) else []
    shares = [float(side) for side in sides if isinstance(side, (int, float)) and 0 <= side <= 1]
    if len(shares) != 4 or not (shares[2] and shares[3]) or max(sum(shares[::2]), sum(shares[1::2])) > 1.001:
        raise InvalidValue("boxes", repr(one)[:60], "x, y, w, h from 0 to 1, within the picture")
    return Box(*shares)


def whose_photos(person: Person, categories: Categories, *, to_release: bool) -> Whose:
    """The photos a person may look at; to_release: only those they may decide about."""
    own_only = to_release and reach(person, Right.RELEASE) is Scope.OWN
    hidden = hidden_from(person, categories)
    return Whose(person.department if own_only else None, hidden, person.department)


def photo_of(
    person: Person, public_id: str, sha256: str, desk: Desk
) -> tuple[Report, ReportPhoto, tuple[Event, ...]]:
    """A report, one of its photos, and what was decided about it before, oldest first.

    Raises UnknownReport or UnknownPhoto, also for what the person may not see.
    """
    report = report_for(person, public_id, desk.reports, desk.categories)
    photo = next((each for each in report.photos if each.sha256 == sha256), None)
    if photo is None:
        raise UnknownPhoto(sha256[:64], LARGE_PX)
    looks = [one for one in desk.reports.events(report.id) if _is_look(one, sha256)]
    return report, photo, tuple(looks)


def _is_look(event: Event, sha256: str) -> bool:
    return event.kind in (EventKind.REDACT, EventKind.PHOTO) and event.to.get("photo") == sha256


def decide(
    desk: Desk,
    report: Report,
    photo: ReportPhoto,
    state: PiiState,
    boxes: Sequence[Box],
    photos: PhotoStore,
    client_uuid: str | None = None,
) -> Report:
    """Write down what a person decided about a photo. What is blackened is drawn into the pixels of a copy,
    and only that copy is ever shown. Raises StaleVersion, NotAllowed, InvalidValue.

    A photo of a merged report is decided about on that report, by the department that has it.
    """
    if photo.merged:
        raise NotAllowed(Right.RELEASE.value, report.department or "")
    if (state is PiiState.REDACTED) != bool(boxes):
        raise InvalidValue("boxes", str(len(boxes)), "boxes where the photo is blackened, and only there")
    shown_as = None
    if state is PiiState.REDACTED:
        shown_as = photos.redact(photo.sha256, [_in_px(box, photo) for box in boxes]).sha256
    return look_photo(desk, report, photo.sha256, state, shown_as=shown_as, client_uuid=client_uuid)


def _in_px(box: Box, photo: ReportPhoto) -> tuple[int, int, int, int]:
    left, top = int(box.x * photo.width), int(box.y * photo.height)
    right, bottom = -int(-(box.x + box.w) * photo.width // 1), -int(-(box.y + box.h) * photo.height // 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)
