"""Photos that wait for eyes: nobody outside the town hall sees one before a person has said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from reports_store.plaintext import check_number
from reports_store.rows import from_micros
from reports_store.schema import event, photo, report
from reports_store.vocabulary import EventKind, PhotoRole, PhotoState, PiiState, Status, Visibility

_WAITS = sa.and_(photo.c.pii_state == PiiState.UNCHECKED.value, photo.c.state == PhotoState.READY.value)
# What is withheld or was turned away will not be shown whatever its photos hold: they do not wait.
_MAY_BE_SHOWN = sa.and_(
    report.c.visibility.in_([Visibility.PUBLIC.value, Visibility.PENDING.value]),
    report.c.status.not_in([Status.REJECTED.value, Status.ARCHIVED.value]),
)


@dataclass(frozen=True)
class WaitingPhoto:
    """A photo nobody has looked at. number is its own and only grows: the next page is asked after it."""

    number: int
    sha256: str
    role: PhotoRole
    public_id: str
    category: str
    department: str | None
    received_at: datetime


@dataclass(frozen=True)
class Look:
    """One decision about a photo: who, when, and what it became."""

    public_id: str
    sha256: str
    pii_state: PiiState
    actor: str
    at: datetime


@dataclass(frozen=True)
class Whose:
    """Which photos somebody may look at: of all departments or of one, but for categories kept from them."""

    department: str | None = None
    hidden: tuple[str, ...] = ()
    own: str = ""

    def condition(self) -> sa.ColumnElement[bool]:
        seen = sa.or_(report.c.category.not_in(self.hidden), report.c.department == self.own)
        mine = sa.true() if self.department is None else report.c.department == self.department
        return sa.and_(seen, mine)


def waiting(connection: sa.Connection, whose: Whose, limit: int, after: int) -> list[WaitingPhoto]:
    """Those that came first, after a number."""
    asked = (
        sa.select(
            photo.c.id,
            photo.c.sha256,
            photo.c.role,
            report.c.public_id,
            report.c.category,
            report.c.department,
            report.c.received_at,
        )
        .join(report, report.c.id == photo.c.report_id)
        .where(_WAITS, _MAY_BE_SHOWN, whose.condition(), photo.c.id > check_number("after", after))
        .order_by(photo.c.id)
        .limit(limit)
    )
    return [
        WaitingPhoto(
            row.id, row.sha256, PhotoRole(row.role), row.public_id, row.category, row.department,
            from_micros(row.received_at),
        )
        for row in connection.execute(asked)
    ]  # fmt: skip


def count(connection: sa.Connection, whose: Whose, most: int) -> int:
    """How many wait, counted no further than `most`."""
    some = (
        sa.select(photo.c.id)
        .join(report, report.c.id == photo.c.report_id)
        .where(_WAITS, _MAY_BE_SHOWN, whose.condition())
        .limit(most)
    )
    return int(connection.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one())


def latest(connection: sa.Connection, whose: Whose, limit: int) -> list[Look]:
    """The latest decisions, newest first."""
    asked = (
        sa.select(report.c.public_id, event.c.changes, event.c.actor, event.c.at)
        .join(report, report.c.id == event.c.report_id)
        .where(event.c.kind == EventKind.REDACT.value, whose.condition())
        .order_by(event.c.id.desc())
        .limit(limit)
    )
    return [
        Look(
            row.public_id,
            row.changes["to"]["photo"],
            PiiState(row.changes["to"]["pii_state"]),
            row.actor,
            from_micros(row.at),
        )
        for row in connection.execute(asked)
    ]
