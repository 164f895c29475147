"""What figures are made from: of each report its kind, its whereabouts and its times, and nothing that says who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from reports_store.filters import Conditions, Filters, conditions
from reports_store.rows import from_micros, maybe_moment
from reports_store.schema import OPEN, RUNS

_PAGE = 100_000  # reports at a time: about ten megabytes of text
_DAY = 86_400_000_000
_JAPAN = 32_400_000_000  # nine hours
NEVER = 4 * 10**18  # microseconds since 1970: later than all there is
# One column of a page, one value of each report in the same order in all columns: texts as a JSON array, numbers with
# commas between them and one bracket at either end.
Tallied = str
_TEXTS = ("category", "COALESCE(department, '')", "COALESCE(area_name, '')", "channel")
# Moments are microseconds since 1970 or NEVER, flags 1 or 0.
_NUMBERS = (
    "received_at", f"COALESCE(answered_at, {NEVER})", f"COALESCE(closed_at, {NEVER})",
    f"CASE WHEN {RUNS} THEN due_at ELSE {NEVER} END",
    f"CASE WHEN {OPEN} THEN 1 ELSE 0 END", "CASE WHEN closed_by = 'resident' THEN 1 ELSE 0 END",
)  # fmt: skip
_TEXTS_OF = {"sqlite": "json_group_array({})", "postgresql": "CAST(json_agg({}) AS TEXT)"}
_NUMBERS_OF = {"sqlite": "json_group_array({})", "postgresql": "CAST(array_agg({}) AS TEXT)"}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a report lies (degrees) and what may stand beside it on a map of the town hall's own."""

    public_id: str
    category: str
    lon: float
    lat: float
    area: str
    received_at: datetime
    due_at: datetime | None


def tally(connection: sa.Connection, filters: Filters) -> Iterator[list[Tallied]]:
    """Every report of a filter but duplicates, which are counted with their originals: pages of ten columns.

    They are category, department, area, channel ("" for none); received, answered, closed, due (of those that are open
    and wait for nobody outside); open, withdrawn by its reporter. The database writes them by the column: a row of
    Python's own for each report takes four times as long.
    """
    wanted = _counted(filters)
    wanted.add("id > :after AND id <= :to")
    name = connection.dialect.name
    columns = [_TEXTS_OF[name].format(each) for each in _TEXTS]
    columns += [_NUMBERS_OF[name].format(each) for each in _NUMBERS]
    query = sa.text("SELECT COUNT(*), " + ", ".join(columns) + " FROM report WHERE " + wanted.where())
    last = connection.execute(sa.text("SELECT COALESCE(MAX(id), 0) FROM report")).scalar_one()
    for after in range(0, last, _PAGE):
        n, *page = connection.execute(query, wanted.values | {"after": after, "to": after + _PAGE}).one()
        if n:
            yield page


def by_day(connection: sa.Connection, filters: Filters) -> tuple[dict[int, int], dict[int, int]]:
    """How many arrived and how many were closed for good, by day in Japan (days since 1970)."""
    wanted = _counted(filters)
    as_list = _TEXTS_OF[connection.dialect.name]
    days = [as_list.format(f"({column} + {_JAPAN}) / {_DAY}") for column in ("received_at", "closed_at")]
    query = sa.text("SELECT " + ", ".join(days) + " FROM report WHERE " + wanted.where())
    # both in one walk over the reports, which takes longer than to count what it brings
    arrived, closed = (
        Counter(orjson.loads(one or "[]")) for one in connection.execute(query, wanted.values).one()
    )
    del closed[None]
    return arrived, closed


def spots(connection: sa.Connection, filters: Filters, limit: int) -> list[Spot]:
    """The places of the newest reports of a filter but duplicates."""
    wanted = _counted(filters)
    query = sa.text(
        "SELECT public_id, category, lon, lat, area_name, received_at, due_at FROM report WHERE "
        + wanted.where() + " ORDER BY received_at DESC, id DESC LIMIT :limit"
    )  # fmt: skip
    return [_spot(row) for row in connection.execute(query, wanted.values | {"limit": limit})]


def named_spots(connection: sa.Connection, public_ids: tuple[str, ...], filters: Filters) -> list[Spot]:
    """The places of reports by their numbers, as far as the filter lets them through, in the order asked."""
    if not public_ids:
        return []
    wanted = conditions(filters)
    wanted.add_choice("public_id", "number", public_ids)
    query = sa.text(
        "SELECT public_id, category, lon, lat, area_name, received_at, due_at FROM report WHERE "
        + wanted.where()
    )
    found = {row.public_id: _spot(row) for row in connection.execute(query, wanted.values)}
    return [found[each] for each in public_ids if each in found]


def whereabouts(connection: sa.Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every department and every area that some report has, in the order of their letters."""
    return _distinct(connection, "department"), _distinct(connection, "area_name")


def _distinct(connection: sa.Connection, column: str) -> tuple[str, ...]:
    query = sa.text(f"SELECT DISTINCT {column} FROM report WHERE {column} IS NOT NULL")
    return tuple(sorted(connection.execute(query).scalars()))


def _counted(filters: Filters) -> Conditions:
    wanted = conditions(filters)
    wanted.add("duplicate_of IS NULL")
    return wanted


def _spot(row: sa.Row[Any]) -> Spot:
    return Spot(
        row.public_id, row.category, row.lon, row.lat, row.area_name or "", from_micros(row.received_at),
        maybe_moment(row.due_at),
    )  # fmt: skip
