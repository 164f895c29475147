"""Every row of a store into a file of its own, whatever database the store lies in."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from reports_store.database import named_errors
from reports_store.on_sqlite import SqliteFile
from reports_store.schema import metadata, pyramid, pyramid_level, tally

_AT_ONCE = 1000
# The migrations and their triggers fill these by themselves.
_MADE_ANEW = frozenset({pyramid.name, pyramid_level.name, tally.name})


def copy_into_file(source: sa.Connection, target: Path) -> None:
    """Complete under its name, or not there at all. The source's transaction decides which moment is seen."""
    part = target.with_name(target.name + ".part")
    for left in part.parent.glob(part.name + "*"):
        left.unlink()
    file = SqliteFile(part)
    try:
        file.bring_up_to_date()
        with named_errors(), file.writing.begin() as connection:
            for table in metadata.sorted_tables:
                if table.name not in _MADE_ANEW:
                    _copy(source, connection, table)
    finally:
        file.close()
    part.with_name(part.name + ".lock").unlink()
    part.replace(target)


def _copy(source: sa.Connection, target: sa.Connection, table: sa.Table) -> None:
    target.execute(table.delete())  # what the migrations put there
    rows = source.execution_options(yield_per=_AT_ONCE).execute(sa.select(table))
    for page in rows.mappings().partitions():
        target.execute(table.insert(), [dict(row) for row in page])
