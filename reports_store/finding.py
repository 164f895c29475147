"""What is near a place, and everything a filter lets through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from reports_store.cells import LAST_LEVEL, covering_runs
from reports_store.errors import InvalidFilter
from reports_store.filters import Filters, audience, conditions, listed, whole_box
from reports_store.ground import box_around, distance_m
from reports_store.report import Report
from reports_store.rows import in_pages, load

NEAR_LIMIT_M = 2_000.0


@dataclass(frozen=True)
class Near:
    report: Report
    distance_m: float


def near(
    connection: sa.Connection, lon: float, lat: float, within_m: float, limit: int, *, public: bool
) -> list[Near]:
    """Reports within a distance of a place, nearest first, in metres on the ground."""
    if not 0 <= within_m <= NEAR_LIMIT_M:
        raise InvalidFilter("within_m", repr(within_m), f"0 to {NEAR_LIMIT_M:g} metres")
    filters = Filters(box=box_around(lon, lat, within_m), public=public)
    whose = audience(filters)
    wanted = conditions(filters, by_cell=True)
    runs, values = listed(covering_runs(whole_box(filters), LAST_LEVEL))
    query = (
        runs + " SELECT id, " + whose.lon + ", " + whose.lat + " FROM run CROSS JOIN report WHERE "
        + whose.cell + " BETWEEN first AND last AND " + wanted.where()
    )  # fmt: skip
    rows = connection.execute(sa.text(query), wanted.values | values)
    hits = sorted((distance_m(lon, lat, row[1], row[2]), row[0]) for row in rows)
    distances = {number: metres for metres, number in hits[:limit] if metres <= within_m}
    return [Near(each, distances[each.id]) for each in load(connection, list(distances))]


def stream(connection: sa.Connection, filters: Filters) -> Iterator[Report]:
    """Every report of a filter in the order of arrival, a few hundred in memory at a time."""
    wanted = conditions(filters)
    query = "SELECT id FROM report WHERE " + wanted.where() + " AND id > :after ORDER BY id LIMIT 4000"
    after = 0
    while ids := _page(connection, query, wanted.values | {"after": after}):
        for page in in_pages(ids):
            yield from load(connection, page)
        after = ids[-1]


def _page(connection: sa.Connection, query: str, values: dict[str, object]) -> list[int]:
    return [row[0] for row in connection.execute(sa.text(query), values)]
