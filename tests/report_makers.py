"""Small makers of reports and steps, so that a test names only what it is about."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

from reports_store import (
    ActorType,
    Channel,
    Contact,
    DeclaredPhoto,
    EventKind,
    Finding,
    GeomSource,
    NewEvent,
    NewReport,
    Place,
    Status,
    StoredPhoto,
)

NOON = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)  # noon in Japan
LON, LAT = 136.47, 35.36

# Texts that run somewhere if a page or a template is careless with them.
PLANTED = (
    "{{ 7*191 }}",
    "{{cycler.__init__}}",
    "${7*191}",
    '<img src=x onerror="window.__hit=1">',
    "</script><script>window.__hit=2</script>",
    "`backtick`",
)


def pothole(
    *,
    key: str | None = None,
    lon: float = LON,
    lat: float = LAT,
    category: str = "road_damage",
    body: str = "道路に穴があいています",
    answers: dict[str, str] | None = None,
    photos: tuple[StoredPhoto, ...] = (),
    contact: Contact | None = None,
    received_at: datetime = NOON,
    area: str | None = "本町自治会",
    minutes: float = 0,
    declared: tuple[DeclaredPhoto, ...] = (),
    suspect: str = "",
) -> NewReport:
    """A report; `key` names it, so that the same key is the same report sent again."""
    name = str(uuid.uuid4() if key is None else uuid.uuid5(uuid.NAMESPACE_URL, key))
    return NewReport(
        uuid=name,
        category=category,
        place=Place(lon, lat, GeomSource.MAP_TAP, 8.0),
        body=body,
        answers=answers or {},
        photos=photos,
        contact=contact,
        channel=Channel.WEB,
        lang="ja",
        received_at=received_at + timedelta(minutes=minutes),
        device_time=None,
        tracking_hash=hashlib.sha256(name.encode()).digest(),
        area=None if area is None else Finding(area, "neighbourhood_association", "1", "場所を含む"),
        road=Finding("見本町", "road_section", "7", "最も近い道路 3 m"),
        declared=declared,
        suspect=suspect,
    )


def photo(name: str = "before") -> StoredPhoto:
    """A photo as rows know it; no file stands behind it."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    original = hashlib.sha256(b"original " + name.encode()).hexdigest()
    place = Place(LON + 0.0001, LAT + 0.0001, GeomSource.EXIF)
    return StoredPhoto(sha256, 1600, 1200, 300_000, NOON, place, original)


def promised(name: str = "before") -> DeclaredPhoto:
    """The same photo while it is still on the phone."""
    return DeclaredPhoto(photo(name).original_sha256, 1_100_000)


def step(
    kind: EventKind = EventKind.NOTE,
    to: dict[str, object] | None = None,
    *,
    said: str = "",
    noted: str = "",
    actor_type: ActorType = ActorType.STAFF,
    photos: tuple[StoredPhoto, ...] = (),
    client_uuid: str | None = None,
    at: datetime = NOON,
    declared: tuple[DeclaredPhoto, ...] = (),
    received: bool = False,
) -> NewEvent:
    return NewEvent(
        kind=kind,
        at=at,
        actor_type=actor_type,
        actor="建設課 1",
        changes={"to": to} if to else {},
        public_message=said,
        internal_message=noted,
        photos=photos,
        client_uuid=client_uuid,
        declared=declared,
        received=received,
    )


def moved(to: Status, **more: object) -> NewEvent:
    """A step into another state; duplicate_of and any argument of step() may be given."""
    changes: dict[str, object] = {"status": to.value}
    if "duplicate_of" in more:
        changes["duplicate_of"] = more.pop("duplicate_of")
    if to is Status.REFERRED:
        changes["referred_to"] = more.pop("referred_to", "岐阜県 見本土木事務所")
    return step(EventKind.STATUS, changes, **more)  # type: ignore[arg-type]
