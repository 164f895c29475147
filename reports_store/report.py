"""A report as the town keeps it: what was said, where, when, and every event of its life."""

from __future__ import annotations

import math
import re
import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reports_store.errors import ChangeRefused, InvalidPlace, InvalidValue
from reports_store.plaintext import (
    BODY_LIMIT,
    LINE_LIMIT,
    MESSAGE_LIMIT,
    check_answers,
    check_json,
    check_number,
    check_text,
    check_time,
)
from reports_store.vocabulary import (
    ActorType,
    Channel,
    EventKind,
    GeomSource,
    Mode,
    PhotoRole,
    PhotoState,
    PiiState,
    Priority,
    PublicState,
    Status,
    Visibility,
)

__all__ = [
    "CHANGEABLE",
    "ActorType",
    "Asset",
    "Channel",
    "ComingPhoto",
    "Contact",
    "DeclaredPhoto",
    "Event",
    "EventKind",
    "Finding",
    "GeomSource",
    "Mode",
    "NewEvent",
    "NewReport",
    "PhotoRole",
    "PhotoState",
    "PiiState",
    "Place",
    "Priority",
    "PublicState",
    "Report",
    "ReportPhoto",
    "Status",
    "StoredPhoto",
    "Visibility",
    "canonical_uuid",
]


_SHA256 = re.compile("[0-9a-f]{64}")


def _within(name: str, value: float, limit: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidPlace(name, repr(value)[:60], "a finite number of degrees")
    if not -limit <= value <= limit:
        raise InvalidPlace(name, repr(value), f"between -{limit:g} and {limit:g} degrees")
    return round(float(value), 7)


@dataclass(frozen=True)
class Place:
    """A point in WGS84 degrees, kept to 7 decimals (about 1 cm), and how it was found."""

    lon: float
    lat: float
    source: GeomSource
    accuracy_m: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "lon", _within("lon", self.lon, 180))
        object.__setattr__(self, "lat", _within("lat", self.lat, 90))
        if self.source.__class__ is not GeomSource:
            object.__setattr__(self, "source", GeomSource(self.source))
        if self.accuracy_m is not None and not _is_distance(self.accuracy_m):
            raise InvalidPlace("accuracy_m", repr(self.accuracy_m)[:60], "metres, 0 or more")


def _is_distance(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf


@dataclass(frozen=True)
class Contact:
    """Who to answer. Kept in its own table and never shown in public."""

    name: str = ""
    phone: str = ""
    email: str = ""
    wants_reply: bool = False

    def __post_init__(self) -> None:
        for name in ("name", "phone", "email"):
            check_text(f"contact.{name}", getattr(self, name), LINE_LIMIT)


@dataclass(frozen=True)
class Finding:
    """Which neighbourhood association or road manager a place belongs to, and how that was found."""

    name: str
    source_layer: str
    feature_id: str
    why: str

    def __post_init__(self) -> None:
        for name in ("name", "source_layer", "feature_id", "why"):
            check_text(f"finding.{name}", getattr(self, name), LINE_LIMIT)


@dataclass(frozen=True)
class Asset:
    """The feature of a layer that a report is about: a street light, a mirror, a garbage station."""

    layer: str
    feature_id: str

    def __post_init__(self) -> None:
        for name in ("layer", "feature_id"):
            check_text(f"asset.{name}", getattr(self, name), LINE_LIMIT)


@dataclass(frozen=True)
class StoredPhoto:
    """A photo that is safely on disk. width, height (px) and bytes are those of the 1600 px picture."""

    sha256: str
    width: int
    height: int
    bytes: int
    taken_at: datetime | None
    exif_place: Place | None
    original_sha256: str


@dataclass(frozen=True)
class DeclaredPhoto:
    """A photo that will come: the fingerprint and length of the file exactly as the phone sends it."""

    sha256: str
    bytes: int

    def __post_init__(self) -> None:
        if not isinstance(self.sha256, str) or not _SHA256.fullmatch(self.sha256):
            raise InvalidValue(
                "declared.sha256", repr(self.sha256)[:80], "64 hexadecimal digits, small letters"
            )
        if check_number("declared.bytes", self.bytes) < 0:
            raise InvalidValue("declared.bytes", str(self.bytes), "0 or more")


@dataclass(frozen=True)
class ComingPhoto:
    """A photo of a report that is not ready. `fault` is the code of what is wrong with a refused one.

    bytes are those of the file as declared; None where only its fingerprint was told.
    """

    original_sha256: str
    bytes: int | None
    state: PhotoState
    fault: str


@dataclass(frozen=True)
class ReportPhoto:
    """A photo as a report holds it. `shown_as` is the redacted picture residents may see in its stead.

    merged: it came with a report that was merged into this one; withheld: and that one is kept from the public.
    """

    sha256: str
    width: int
    height: int
    bytes: int
    taken_at: datetime | None
    exif_place: Place | None
    role: PhotoRole
    pii_state: PiiState
    shown_as: str | None
    original_sha256: str
    merged: bool = False
    withheld: bool = False

    @property
    def released_sha256(self) -> str | None:
        """The picture that may be shown in public, if any."""
        if self.withheld:
            return None
        if self.pii_state is PiiState.CLEAR:
            return self.sha256
        return self.shown_as if self.pii_state is PiiState.REDACTED else None


@dataclass(frozen=True)
class NewReport:
    """A report on its way in. `received_at` is the server's clock; `device_time` the phone's, kept apart.

    `photos` are on disk already, `declared` are still to come. A `suspect` report (the code of a reason)
    waits for a look, whatever its category says. `department` None means the category's own; `routed_why` says
    in words how it was found. `parent` is the receipt number of the report that this one was split from.
    """

    uuid: str
    category: str
    place: Place
    body: str
    answers: Mapping[str, str]
    photos: tuple[StoredPhoto, ...]
    contact: Contact | None
    channel: Channel
    lang: str
    received_at: datetime
    device_time: datetime | None
    tracking_hash: bytes
    area: Finding | None
    road: Finding | None
    occurred_at: datetime | None = None
    mode: Mode = Mode.NORMAL
    declared: tuple[DeclaredPhoto, ...] = ()
    suspect: str = ""
    department: str | None = None
    assignee: str | None = None
    routed_why: str = ""
    priority: Priority = Priority.NORMAL
    asset: Asset | None = None
    parent: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "uuid", canonical_uuid("uuid", self.uuid))
        object.__setattr__(self, "priority", Priority(self.priority))
        object.__setattr__(self, "answers", check_answers(self.answers))
        # The same picture once, and the same file once.
        pictures = {each.sha256: each for each in self.photos}.values()
        photos = tuple({each.original_sha256: each for each in pictures}.values())
        object.__setattr__(self, "photos", photos)
        object.__setattr__(self, "declared", _each_once(self.declared, self.photos))
        object.__setattr__(self, "channel", Channel(self.channel))
        object.__setattr__(self, "mode", Mode(self.mode))
        check_text("category", self.category, LINE_LIMIT)
        check_text("body", self.body, BODY_LIMIT)
        check_text("lang", self.lang, 35)
        check_text("suspect", self.suspect, LINE_LIMIT)
        for words in (self.department, self.assignee, self.routed_why, self.parent):
            check_text("routing", words or "", LINE_LIMIT)
        if len(self.tracking_hash) != 32:
            raise InvalidValue("tracking_hash", f"{len(self.tracking_hash)} bytes", "32 bytes")
        check_time("received_at", self.received_at)
        for name in ("device_time", "occurred_at"):
            if (moment := getattr(self, name)) is not None:
                check_time(name, moment)


def _each_once(
    declared: tuple[DeclaredPhoto, ...], photos: tuple[StoredPhoto, ...]
) -> tuple[DeclaredPhoto, ...]:
    """Without those told twice, and without those that are on disk already."""
    here = {each.original_sha256 for each in photos}
    return tuple({each.sha256: each for each in declared if each.sha256 not in here}.values())


def canonical_uuid(name: str, value: object) -> str:
    try:
        return str(uuids.UUID(str(value)))
    except ValueError:
        raise InvalidValue(name, repr(value)[:60], "a UUID") from None


@dataclass(frozen=True)
class Report:
    """A report as it stands after its latest event. `version` is the number of events.

    department is whose turn it is and assignee the login of the person. due_at is the deadline, also that which a
    closed report had; None only for one closed before there were deadlines.
    waiting_since is set while the clock stands, because somebody outside is waited for.
    """

    id: int
    public_id: str
    uuid: str
    category: str
    place: Place
    body: str
    answers: Mapping[str, str]
    photos: tuple[ReportPhoto, ...]
    channel: Channel
    status: Status
    visibility: Visibility
    area: Finding | None
    road: Finding | None
    received_at: datetime
    updated_at: datetime
    version: int
    contact_given: bool
    body_public: bool = False
    lang: str = "ja"
    mode: Mode = Mode.NORMAL
    department: str | None = None
    duplicate_of: str | None = None
    occurred_at: datetime | None = None
    device_time: datetime | None = None
    coming: tuple[ComingPhoto, ...] = ()
    support: int = 0
    suspect: str = ""
    assignee: str | None = None
    priority: Priority = Priority.NORMAL
    due_at: datetime | None = None
    waiting_since: datetime | None = None
    referred_to: str | None = None
    asset: Asset | None = None
    parent: str | None = None
    photo_count: int = 0
    held: bool = False
    contact_removed_at: datetime | None = None

    @property
    def own_photos(self) -> tuple[ReportPhoto, ...]:
        """Those that are ready of what came with this report itself."""
        return tuple(each for each in self.photos if not each.merged)

    @property
    def complete(self) -> bool:
        """Whether every photo that was declared has arrived."""
        return all(each.state is not PhotoState.AWAITED for each in self.coming)

    @property
    def key(self) -> tuple[datetime, int]:
        """Where this report stands in a newest-first list; the next page comes `before` it."""
        return self.received_at, self.id


_STATUS = frozenset({"status", "duplicate_of", "referred_to"})
_PLACE = frozenset({"lon", "lat", "source", "accuracy_m", "area", "road", "asset"})
_LOOK = frozenset({"photo", "pii_state", "shown_as"})

# What an event of each kind may change. Kinds not named here may record anything but change nothing.
CHANGEABLE: Mapping[EventKind, frozenset[str]] = {
    EventKind.STATUS: _STATUS,
    EventKind.CATEGORY: frozenset({"category"}),
    EventKind.LOCATION: _PLACE,
    EventKind.ASSIGN: frozenset({"department", "assignee", "why"}),
    EventKind.PRIORITY: frozenset({"priority"}),
    EventKind.NOTE: frozenset(),
    EventKind.PUBLIC_REPLY: frozenset(),
    EventKind.PHOTO: _LOOK,
    EventKind.REDACT: _LOOK,
    EventKind.VISIBILITY: frozenset({"visibility", "body_public"}),
    EventKind.RETENTION: frozenset({"held", "contact_removed"}),
    EventKind.MERGE: frozenset({"status", "duplicate_of", "duplicate"}),
    # A merge that was taken back; or one report that became several.
    EventKind.SPLIT: frozenset({"status", "duplicate_of", "duplicate", "children", "parent"}),
}


@dataclass(frozen=True)
class NewEvent:
    """One step in a report's life. `changes` is {"to": {...}}; the store adds "from", what it replaced.

    `photos` are pictures added by this step and `declared` those it promises, in `photo_role` (after repair,
    unless said otherwise). `received`: the bytes of those declared are on disk already, so they have arrived.
    """

    kind: EventKind
    at: datetime
    actor_type: ActorType
    actor: str
    changes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    public_message: str = ""
    internal_message: str = ""
    client_uuid: str | None = None
    photos: tuple[StoredPhoto, ...] = ()
    photo_role: PhotoRole = PhotoRole.AFTER
    declared: tuple[DeclaredPhoto, ...] = ()
    received: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "declared", _each_once(self.declared, self.photos))
        object.__setattr__(self, "kind", EventKind(self.kind))
        object.__setattr__(self, "actor_type", ActorType(self.actor_type))
        object.__setattr__(self, "photo_role", PhotoRole(self.photo_role))
        check_time("at", self.at)
        check_text("actor", self.actor, LINE_LIMIT)
        check_text("public_message", self.public_message, MESSAGE_LIMIT)
        check_text("internal_message", self.internal_message, MESSAGE_LIMIT)
        if self.client_uuid is not None:
            object.__setattr__(self, "client_uuid", canonical_uuid("client_uuid", self.client_uuid))
        self._check_changes()

    def _check_changes(self) -> None:
        if stray := set(self.changes) - {"from", "to"}:
            raise ChangeRefused(self.kind, sorted(stray)[0], "from, to")
        check_json("changes", self.changes)
        allowed = CHANGEABLE.get(self.kind)
        if allowed is not None and (stray := set(self.to) - allowed):
            raise ChangeRefused(self.kind, sorted(stray)[0], ", ".join(sorted(allowed)) or "no change")

    @property
    def to(self) -> Mapping[str, object]:
        return self.changes.get("to", {})


@dataclass(frozen=True)
class Event:
    """A step that was taken. Events are never edited or removed."""

    report_id: int
    seq: int
    kind: EventKind
    at: datetime
    actor_type: ActorType
    actor: str
    changes: Mapping[str, Mapping[str, object]]
    public_message: str
    internal_message: str
    client_uuid: str | None

    @property
    def to(self) -> Mapping[str, object]:
        return self.changes.get("to", {})
