"""What an older store knows nothing of, filled in when it is opened: whose turn it is, and by when."""

from __future__ import annotations

import sqlalchemy as sa

from reports_store.categories import Categories
from reports_store.deadlines import WAITING, Deadlines, first_due
from reports_store.report import Status
from reports_store.rows import from_micros, to_micros
from reports_store.schema import report

_AT_ONCE = 5000
# Each reads an index that is empty once this has been done. A category that left the file is passed over.
_UNDATED = sa.text(
    "SELECT id, category, received_at, status, updated_at FROM report WHERE due_at IS NULL AND state < 2 AND id > :last"
    f" ORDER BY id LIMIT {_AT_ONCE}"
)
_OF_NOBODY = sa.text("SELECT 1 FROM report WHERE department IS NULL LIMIT 1")


def date_older(connection: sa.Connection, categories: Categories, deadlines: Deadlines) -> None:
    """Give every report a department, and every open one a deadline, by the categories file of now."""
    if connection.execute(_OF_NOBODY).first() is not None:
        for category in categories.values():
            mine = sa.and_(report.c.department.is_(None), report.c.category == category.code)
            connection.execute(report.update().where(mine).values(department=category.department))
    last = 0
    while rows := connection.execute(_UNDATED, {"last": last}).all():
        dates = [
            {
                "row": row.id,
                "due": to_micros(
                    first_due(row.category, from_micros(row.received_at), categories, deadlines)
                ),
                "since": row.updated_at if Status(row.status) in WAITING else None,
            }
            for row in rows
            if row.category in categories
        ]
        if dates:
            connection.execute(_DATED, dates)
        last = rows[-1].id


_DATED = (
    report.update()
    .where(report.c.id == sa.bindparam("row"))
    .values(due_at=sa.bindparam("due"), waiting_since=sa.bindparam("since"))
)
