"""Photos on their way from "promised" to "ready": what has come, whose turn it is, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from reports_store.errors import UnknownPhoto, UnknownReport
from reports_store.plaintext import LINE_LIMIT, check_number, check_text, check_time
from reports_store.report import PhotoState, StoredPhoto
from reports_store.rows import picture_columns, to_micros
from reports_store.schema import photo, report

# A constant, not a bound value: only so can the database prove that its index of those waiting applies.
_ARRIVED = photo.c.state == sa.literal_column(f"'{PhotoState.ARRIVED}'")
_MADE_OF = (
    "sha256", "width", "height", "bytes", "taken_at", "exif_lon", "exif_lat", "exif_accuracy_m", "state",
)  # fmt: skip


@dataclass(frozen=True)
class PhotoJob:
    """A photo that has come and waits to be made ready. attempts counts this one, too."""

    id: int
    report_id: int
    original_sha256: str
    attempts: int


@dataclass(frozen=True)
class DeclaredState:
    """A photo that a report declared, and how far it is."""

    report_id: int
    sha256: str
    state: PhotoState


_DECLARED = (
    sa.select(report.c.id, photo.c.state)
    .select_from(
        report.outerjoin(
            photo,
            sa.and_(photo.c.report_id == report.c.id, photo.c.original_sha256 == sa.bindparam("sha256")),
        )
    )
    .where(report.c.uuid == sa.bindparam("uuid"))
)


def declared(connection: sa.Connection, uuid: str, sha256: str) -> DeclaredState:
    """One photo of a report, without the rest of it. Raises UnknownReport, UnknownPhoto."""
    known = {"uuid": uuid, "sha256": sha256 if sha256.isascii() and sha256.isalnum() else ""}
    row = connection.execute(_DECLARED, known).first()
    if row is None:
        raise UnknownReport(uuid)
    if row.state is None:
        raise UnknownPhoto(sha256[:64], 0)
    return DeclaredState(row.id, sha256, PhotoState(row.state))


@dataclass(frozen=True)
class Arrival:
    """The bytes of a declared photo are on the disk."""

    report_id: int
    original_sha256: str
    at: datetime

    def __post_init__(self) -> None:
        check_number("report_id", self.report_id)
        check_time("at", self.at)


_OF_REPORTS = sa.select(photo.c.report_id, photo.c.original_sha256, photo.c.id, photo.c.state).where(
    photo.c.report_id.in_(sa.bindparam("ids", expanding=True))
)
_MADE_BEFORE = (
    sa.select(photo.c.original_sha256, *(photo.c[name] for name in _MADE_OF))
    .where(
        photo.c.original_sha256.in_(sa.bindparam("sha256s", expanding=True)),
        photo.c.state == PhotoState.READY.value,
    )
    .order_by(photo.c.id.desc())  # of several the first is kept
)
_ARRIVE = (
    photo.update()
    .where(photo.c.id == sa.bindparam("row"))
    .values(state=PhotoState.ARRIVED.value, lease_until=None, arrived_at=sa.bindparam("at"))
)


def mark_arrived(connection: sa.Connection, arrivals: Sequence[Arrival]) -> list[bool]:
    """Of each, whether this is news. Raises UnknownPhoto where a report never declared one."""
    found = connection.execute(_OF_REPORTS, {"ids": [one.report_id for one in arrivals]})
    rows = {(row.report_id, row.original_sha256): row for row in found}
    awaited: dict[int, Arrival] = {}
    news = []
    for one in arrivals:
        row = rows.get((one.report_id, one.original_sha256))
        if row is None:
            raise UnknownPhoto(one.original_sha256[:64], 0)
        news.append(row.state == PhotoState.AWAITED.value and row.id not in awaited)
        if news[-1]:
            awaited[row.id] = one
    if awaited:
        _arrive(connection, awaited)
    return news


def _arrive(connection: sa.Connection, awaited: Mapping[int, Arrival]) -> None:
    connection.execute(_ARRIVE, [{"row": row, "at": to_micros(one.at)} for row, one in awaited.items()])
    # The picture that the same file has become for another report: then there is nothing to do.
    sha256s = [one.original_sha256 for one in awaited.values()]
    made = connection.execute(_MADE_BEFORE, {"sha256s": sha256s}).mappings()
    before = {row["original_sha256"]: {name: row[name] for name in _MADE_OF} for row in made}
    for row, one in awaited.items():
        if columns := before.get(one.original_sha256):
            connection.execute(photo.update().where(photo.c.id == row).values(columns))


def _free(at: datetime) -> sa.ColumnElement[bool]:
    unleased = sa.or_(photo.c.lease_until.is_(None), photo.c.lease_until <= to_micros(check_time("at", at)))
    return sa.and_(_ARRIVED, unleased)


def is_any_free(connection: sa.Connection, at: datetime) -> bool:
    return connection.execute(sa.select(photo.c.id).where(_free(at)).limit(1)).first() is not None


def take_next(connection: sa.Connection, at: datetime, lease_s: float) -> PhotoJob | None:
    """The photo that came first of those nobody works on; it is the caller's until the lease ends."""
    columns = sa.select(photo.c.id, photo.c.report_id, photo.c.original_sha256, photo.c.attempts)
    row = connection.execute(
        columns.where(_free(at)).order_by(photo.c.arrived_at, photo.c.id).limit(1)
    ).one_or_none()
    if row is None:
        return None
    # The same file may have come with several reports: whoever works on it works for all.
    connection.execute(
        photo.update()
        .where(_ARRIVED, photo.c.original_sha256 == row.original_sha256)
        .values(lease_until=to_micros(at + timedelta(seconds=lease_s)), attempts=photo.c.attempts + 1)
    )
    return PhotoJob(row.id, row.report_id, row.original_sha256, row.attempts + 1)


def mark_ready(connection: sa.Connection, job_id: int, made: StoredPhoto) -> None:
    """The picture is on disk: it is shown with every report its file has come with."""
    _settle(connection, job_id, {**picture_columns(made), "fault": "", "lease_until": None})


def mark_failed(connection: sa.Connection, job_id: int, fault: str, at: datetime, again: bool) -> None:
    """The photo waits for another attempt, or is refused for good; `fault` is the code of the reason."""
    check_text("fault", fault, LINE_LIMIT)
    state = PhotoState.ARRIVED if again else PhotoState.REFUSED
    lease_until = to_micros(check_time("at", at)) if again else None
    _settle(connection, job_id, {"state": state.value, "fault": fault, "lease_until": lease_until})


def _settle(connection: sa.Connection, job_id: int, columns: Mapping[str, object]) -> None:
    """What became of a file becomes of it everywhere. A worker who comes too late changes nothing."""
    number = check_number("job_id", job_id)
    original = connection.execute(
        sa.select(photo.c.original_sha256).where(photo.c.id == number)
    ).scalar_one_or_none()
    if original is None:
        raise UnknownPhoto(str(job_id), 0)
    connection.execute(
        photo.update().where(_ARRIVED, photo.c.original_sha256 == original).values(dict(columns))
    )


def backlog(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).where(_ARRIVED)).scalar_one())


def referenced(connection: sa.Connection) -> frozenset[str]:
    """Every picture a report refers to."""
    kept = sa.union(sa.select(photo.c.sha256), sa.select(photo.c.shown_as))
    return frozenset(row[0] for row in connection.execute(kept) if row[0] is not None)


def unmade(connection: sa.Connection) -> frozenset[str]:
    """Every file as sent that has not become a picture: awaited, arrived or refused."""
    kept = sa.select(photo.c.original_sha256).where(photo.c.state != PhotoState.READY.value)
    return frozenset(connection.execute(kept).scalars())
