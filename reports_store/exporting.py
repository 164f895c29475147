"""Everything a filter lets through as plain rows, for files: one moment, few rows in memory, no contact data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from reports_store.filters import Filters, conditions
from reports_store.ways import MANY, at_most, few

_AT_ONCE = 2_000


class ExportRow(NamedTuple):
    """A report as the database holds it: times in microseconds since 1970 UTC, priority by its place in Priority."""

    id: int
    public_id: str
    received_at: int
    category: str
    status: str
    priority: int
    department: str | None
    assignee: str | None
    due_at: int | None
    channel: str
    area_name: str | None
    body: str
    lon: float
    lat: float
    accuracy_m: float | None
    photo_count: int
    updated_at: int
    visibility: str
    duplicate_of: str | None
    referred_to: str | None


_COLUMNS = "report." + ", report.".join(ExportRow._fields)


def export_rows(connection: sa.Connection, filters: Filters) -> Iterator[ExportRow]:
    """In the order of arrival."""
    known = at_most(connection, filters)
    source = few(connection, filters, MANY, known)
    if source:
        inner, values = source.matching(_COLUMNS)
        # Named by hand: what comes out of joined parts has no columns of a table any more.
        query = "SELECT * FROM (" + inner + ") AS found ORDER BY id"
    else:
        wanted = conditions(filters)
        query, values = (
            "SELECT " + _COLUMNS + " FROM report WHERE " + wanted.where() + " ORDER BY id",
            wanted.values,
        )
    # On a server this keeps the rows there until they are asked for.
    reading = connection.execution_options(yield_per=_AT_ONCE)
    for row in reading.execute(sa.text(query), values):
        yield ExportRow(*row)


def export_size(connection: sa.Connection, filters: Filters) -> int:
    """How many rows there are."""
    wanted = conditions(filters)
    query = "SELECT COUNT(*) FROM report WHERE " + wanted.where()
    return int(connection.execute(sa.text(query), wanted.values).scalar_one())
