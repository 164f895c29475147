"""Who else stands behind a report: everybody is counted once, whichever of the merged reports they chose."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from reports_store.errors import InvalidValue, UnknownReport
from reports_store.plaintext import check_number, check_time
from reports_store.rows import to_micros
from reports_store.schema import report, supporter

_ADD = sa.text(
    "INSERT INTO supporter (report_id, supporter, at) VALUES (:report_id, :supporter, :at)"
    " ON CONFLICT (report_id, supporter) DO NOTHING"
)
_merged = report.alias("merged")


def add_support(connection: sa.Connection, report_id: int, who: bytes, at: datetime) -> int:
    """Count a supporter, once. Returns how many there are. Raises UnknownReport, InvalidValue."""
    if not isinstance(who, bytes) or len(who) != 32:
        raise InvalidValue("supporter", type(who).__name__, "32 bytes")
    names = sa.select(report.c.public_id, report.c.duplicate_of)
    row = connection.execute(names.where(report.c.id == check_number("report_id", report_id))).one_or_none()
    if row is None:
        raise UnknownReport(str(report_id))
    at_micros = to_micros(check_time("at", at))
    connection.execute(_ADD, {"report_id": report_id, "supporter": who, "at": at_micros})
    if row.duplicate_of is not None:
        count_support(connection, row.duplicate_of)
    return count_support(connection, row.public_id)


def count_support(connection: sa.Connection, public_id: str) -> int:
    """Count anew who supports a report or one merged into it, and keep the number with the report."""
    counted = sa.select(sa.func.count(supporter.c.supporter.distinct())).join_from(
        supporter, _merged, _merged.c.id == supporter.c.report_id
    )
    here = sa.or_(_merged.c.public_id == public_id, _merged.c.duplicate_of == public_id)
    number = int(connection.execute(counted.where(here)).scalar_one())
    connection.execute(report.update().where(report.c.public_id == public_id).values(support=number))
    return number
