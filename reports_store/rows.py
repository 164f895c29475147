"""Between the values people work with and the rows the database keeps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reports_store.categories import Categories
from reports_store.cells import cell_of
from reports_store.ground import PublicPlace, shown_place
from reports_store.report import (
    ActorType,
    Asset,
    Channel,
    ComingPhoto,
    DeclaredPhoto,
    Event,
    EventKind,
    Finding,
    GeomSource,
    Mode,
    PhotoRole,
    PhotoState,
    PiiState,
    Place,
    Priority,
    PublicState,
    Report,
    ReportPhoto,
    Status,
    StoredPhoto,
    Visibility,
)
from reports_store.schema import event as event_table
from reports_store.schema import photo as photo_table
from reports_store.schema import report as report_table
from reports_store.workflow import PUBLIC_STATE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
STATES: tuple[PublicState, ...] = tuple(PublicState)
PRIORITIES: tuple[Priority, ...] = tuple(Priority)
STATE_NUMBER: Mapping[Status, int] = {status: STATES.index(state) for status, state in PUBLIC_STATE.items()}
# Looking a value up is several times faster than asking the enumeration for it, and lists are long.
_STATUS = {each.value: each for each in Status}
_VISIBILITY = {each.value: each for each in Visibility}
_CHANNEL = {each.value: each for each in Channel}
_MODE = {each.value: each for each in Mode}
_SOURCE = {each.value: each for each in GeomSource}
_AT_ONCE = 500  # ids per query, well below every database's limit of parameters


def to_micros(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND


def maybe_micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def from_micros(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def maybe_moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def finding_row(finding: Finding | None) -> dict[str, str] | None:
    if finding is None:
        return None
    return {
        "name": finding.name,
        "source_layer": finding.source_layer,
        "feature_id": finding.feature_id,
        "why": finding.why,
    }


def asset_row(asset: Asset | None) -> dict[str, str] | None:
    return None if asset is None else {"layer": asset.layer, "feature_id": asset.feature_id}


def desk_columns(report: Report) -> dict[str, object]:
    """The columns that say whose turn it is and by when, and those kept beside others to be searched by."""
    return {
        "priority": PRIORITIES.index(report.priority),
        "due_at": maybe_micros(report.due_at),
        "waiting_since": maybe_micros(report.waiting_since),
        "referred_to": report.referred_to,
        "area_name": None if report.area is None else report.area.name,
        "asset_layer": None if report.asset is None else report.asset.layer,
        "asset_id": None if report.asset is None else report.asset.feature_id,
        "held": report.held,
        "contact_removed_at": maybe_micros(report.contact_removed_at),
    }


def drawn_columns(
    place: Place, status: Status, category: str, visibility: Visibility, categories: Categories
) -> dict[str, object]:
    """The columns maps are drawn from, exact for staff and coarse for residents."""
    # A category that left the file keeps its reports; they are then placed as carefully as possible.
    rule = categories[category].public_place if category in categories else PublicPlace.AREA
    shown = shown_place(place, rule) if visibility is Visibility.PUBLIC else None
    return {
        "state": STATE_NUMBER[status],
        "cell": cell_of(place.lon, place.lat),
        "public_lon": None if shown is None else shown.lon,
        "public_lat": None if shown is None else shown.lat,
        "public_cell": None if shown is None else cell_of(shown.lon, shown.lat),
    }


def photo_row(
    report_id: int, seq: int, photo: StoredPhoto, role: PhotoRole, arrived_at: datetime
) -> dict[str, object]:
    """A photo that is ready."""
    return {
        "report_id": report_id,
        "event_seq": seq,
        "original_sha256": photo.original_sha256,
        "declared_bytes": None,
        "role": role.value,
        "arrived_at": to_micros(arrived_at),
        **picture_columns(photo),
        **_FRESH,
    }


def declared_row(
    report_id: int, seq: int, photo: DeclaredPhoto, role: PhotoRole, arrived_at: datetime | None = None
) -> dict[str, object]:
    """A photo that is still to come, or whose bytes have come and wait to be worked on."""
    return {
        "report_id": report_id,
        "event_seq": seq,
        "original_sha256": photo.sha256,
        "declared_bytes": photo.bytes,
        "role": role.value,
        "arrived_at": maybe_micros(arrived_at),
        **dict.fromkeys(_PICTURE),
        "state": (PhotoState.AWAITED if arrived_at is None else PhotoState.ARRIVED).value,
        **_FRESH,
    }


_PICTURE = ("sha256", "width", "height", "bytes", "taken_at", "exif_lon", "exif_lat", "exif_accuracy_m")
_FRESH = {
    "pii_state": PiiState.UNCHECKED.value,
    "shown_as": None,
    "fault": "",
    "attempts": 0,
    "lease_until": None,
}


def picture_columns(photo: StoredPhoto) -> dict[str, object]:
    """What is known of a photo once it is ready."""
    exif = photo.exif_place
    return {
        "sha256": photo.sha256,
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.bytes,
        "taken_at": maybe_micros(photo.taken_at),
        "exif_lon": None if exif is None else exif.lon,
        "exif_lat": None if exif is None else exif.lat,
        "exif_accuracy_m": None if exif is None else exif.accuracy_m,
        "state": PhotoState.READY.value,
    }


_REPORT = sa.select(*(c for c in report_table.c if c.name not in ("digest", "tracking_hash")))
_REPORTS_BY_ID = _REPORT.where(report_table.c.id.in_(sa.bindparam("ids", expanding=True)))
_PHOTOS_BY_ID = (
    sa.select(photo_table)
    .where(photo_table.c.report_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(photo_table.c.report_id, photo_table.c.id)
)
_duplicate = report_table.alias("duplicate")
# What came with reports that were merged into these.
_MERGED_PHOTOS = (
    sa.select(photo_table, report_table.c.id.label("shown_on"), _duplicate.c.visibility)
    .join(_duplicate, _duplicate.c.id == photo_table.c.report_id)
    .join(report_table, report_table.c.public_id == _duplicate.c.duplicate_of)
    .where(
        report_table.c.id.in_(sa.bindparam("ids", expanding=True)),
        _duplicate.c.duplicate_of.is_not(None),  # so that a server knows its index of duplicates to apply
        photo_table.c.state == PhotoState.READY.value,
    )
    .order_by(photo_table.c.id)
)
_WITHHELD = frozenset({Visibility.PRIVATE.value, Visibility.HIDDEN.value})
_EVENTS = (
    sa.select(event_table).where(event_table.c.report_id == sa.bindparam("id")).order_by(event_table.c.seq)
)


def load(connection: sa.Connection, ids: Sequence[int]) -> list[Report]:
    """The reports of these ids, in this order; ids that are gone are left out."""
    found: dict[int, Report] = {}
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        photos, coming = _photos(connection, wanted)
        for row in connection.execute(_REPORTS_BY_ID, {"ids": wanted}).all():
            found[row.id] = _report(row, photos.get(row.id, ()), coming.get(row.id, ()))
    return [found[each] for each in ids if each in found]


def in_pages(ids: Iterable[int]) -> Iterator[list[int]]:
    page: list[int] = []
    for each in ids:
        page.append(each)
        if len(page) == _AT_ONCE:
            yield page
            page = []
    if page:
        yield page


def load_events(connection: sa.Connection, report_id: int) -> tuple[Event, ...]:
    return tuple(_event(row) for row in connection.execute(_EVENTS, {"id": report_id}))


_Ready = dict[int, list[ReportPhoto]]
_NotReady = dict[int, list[ComingPhoto]]


def _photos(connection: sa.Connection, ids: Sequence[int]) -> tuple[_Ready, _NotReady]:
    """By report: photos that are ready, its own before merged ones, and those that are not."""
    ready: _Ready = defaultdict(list)
    coming: _NotReady = defaultdict(list)
    for row in connection.execute(_PHOTOS_BY_ID, {"ids": ids}).all():
        if row.state == PhotoState.READY.value:
            ready[row.report_id].append(_photo(row))
        else:
            coming[row.report_id].append(_coming(row))
    for row in connection.execute(_MERGED_PHOTOS, {"ids": ids}).all():
        if all(each.sha256 != row.sha256 for each in ready[row.shown_on]):
            merged = replace(_photo(row), merged=True, withheld=row.visibility in _WITHHELD)
            ready[row.shown_on].append(merged)
    return ready, coming


def _coming(row: sa.Row[Any]) -> ComingPhoto:
    return ComingPhoto(row.original_sha256, row.declared_bytes, PhotoState(row.state), row.fault)


def _photo(row: sa.Row[Any]) -> ReportPhoto:
    exif = None
    if row.exif_lon is not None:
        exif = Place(row.exif_lon, row.exif_lat, GeomSource.EXIF, row.exif_accuracy_m)
    return ReportPhoto(
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        bytes=row.bytes,
        taken_at=maybe_moment(row.taken_at),
        exif_place=exif,
        role=PhotoRole(row.role),
        pii_state=PiiState(row.pii_state),
        shown_as=row.shown_as,
        original_sha256=row.original_sha256,
    )


def _report(row: sa.Row[Any], photos: Sequence[ReportPhoto], coming: Sequence[ComingPhoto]) -> Report:
    return Report(
        id=row.id,
        public_id=row.public_id,
        uuid=row.uuid,
        category=row.category,
        place=Place(row.lon, row.lat, _SOURCE[row.source], row.accuracy_m),
        body=row.body,
        answers=row.answers,
        photos=tuple(photos),
        channel=_CHANNEL[row.channel],
        status=_STATUS[row.status],
        visibility=_VISIBILITY[row.visibility],
        area=None if row.area is None else Finding(**row.area),
        road=None if row.road is None else Finding(**row.road),
        received_at=from_micros(row.received_at),
        updated_at=from_micros(row.updated_at),
        version=row.version,
        contact_given=row.contact_given,
        body_public=row.body_public,
        lang=row.lang,
        mode=_MODE[row.mode],
        department=row.department,
        duplicate_of=row.duplicate_of,
        occurred_at=maybe_moment(row.occurred_at),
        device_time=maybe_moment(row.device_time),
        coming=tuple(coming),
        support=row.support,
        suspect=row.suspect,
        assignee=row.assignee,
        priority=PRIORITIES[row.priority],
        due_at=maybe_moment(row.due_at),
        waiting_since=maybe_moment(row.waiting_since),
        referred_to=row.referred_to,
        asset=None if row.asset_id is None else Asset(row.asset_layer, row.asset_id),
        parent=row.parent,
        photo_count=row.photo_count,
        held=row.held,
        contact_removed_at=maybe_moment(row.contact_removed_at),
    )


def _event(row: sa.Row[Any]) -> Event:
    return Event(
        report_id=row.report_id,
        seq=row.seq,
        kind=EventKind(row.kind),
        at=from_micros(row.at),
        actor_type=ActorType(row.actor_type),
        actor=row.actor,
        changes=row.changes,
        public_message=row.public_message,
        internal_message=row.internal_message,
        client_uuid=row.client_uuid,
    )
