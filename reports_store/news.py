"""What has happened lately, to any report: for whoever tells others of it."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from reports_store.schema import event


class Noted(NamedTuple):
    """An event by its number among all events, and by its report and its place in that report's history."""

    number: int
    report_id: int
    seq: int


def after(connection: sa.Connection, number: int, limit: int) -> list[Noted]:
    columns = sa.select(event.c.id, event.c.report_id, event.c.seq)
    rows = connection.execute(columns.where(event.c.id > number).order_by(event.c.id).limit(limit))
    return [Noted(*row) for row in rows]


def last(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.max(event.c.id))).scalar_one() or 0
