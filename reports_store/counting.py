"""How many reports each map cell holds, read from counts that are kept and not from the reports."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from reports_store.cells import FIRST_LEVEL, LAST_LEVEL, Box, cell_window, covering_runs, unmorton
from reports_store.errors import InvalidFilter
from reports_store.filters import Conditions, Filters, add_hidden, audience, conditions, listed
from reports_store.plaintext import check_number
from reports_store.rows import STATES
from reports_store.vocabulary import PublicState

_Row = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class CellCount:
    """How many reports a map cell holds; lon, lat is the mean of their places."""

    cell_x: int
    cell_y: int
    lon: float
    lat: float
    n: int
    by_state: dict[PublicState, int]


def cell_counts(connection: sa.Connection, box: Box, level: int, filters: Filters) -> list[CellCount]:
    """Counts of whole cells of a level (map zoom + 2, cells of 64 px) that touch the box."""
    if not FIRST_LEVEL <= check_number("level", level) <= LAST_LEVEL:
        raise InvalidFilter("level", str(level), f"{FIRST_LEVEL} to {LAST_LEVEL}")
    window = cell_window(box, level)
    runs = covering_runs(box, level)
    counted = replace(filters, box=None)
    if counted.counted:
        where = _pyramid_where(counted, level, runs)
        query = sa.text(_PYRAMID + where.where() + " GROUP BY cell, state ORDER BY cell")
        return gathered(_rows(connection, query, where.values), window)
    return gathered(_counted_one_by_one(connection, level, runs, counted), window)


_PYRAMID = (
    "SELECT cell, state, CAST(SUM(n) AS BIGINT), CAST(SUM(sum_lon_e7) AS BIGINT), CAST(SUM(sum_lat_e7) AS BIGINT)"
    " FROM pyramid WHERE "
)


def _pyramid_where(filters: Filters, level: int, runs: list[tuple[int, int]]) -> Conditions:
    where = Conditions()
    where.add("level = :level AND audience = :audience", level=level, audience=audience(filters).number)
    where.add_choice("state", "state", [STATES.index(each) for each in filters.public_states])
    where.add_choice("category", "category", filters.categories)
    where.add_choice("department", "department", filters.departments)
    add_hidden(where, filters)
    spans = []
    for number, (first, last) in enumerate(runs):
        spans.append("cell BETWEEN :first" + str(number) + " AND :last" + str(number))
        where.values |= {"first" + str(number): first, "last" + str(number): last}
    # Level and audience stand in every span, so that each becomes one range of the primary key.
    whole = ["(level = :level AND audience = :audience AND " + each + ")" for each in spans]
    where.add("(" + " OR ".join(whole) + ")")
    return where


def _counted_one_by_one(
    connection: sa.Connection, level: int, runs: list[tuple[int, int]], filters: Filters
) -> Iterable[_Row]:
    """For dates, exact statuses and words, which the pyramid does not keep."""
    whose, shift = audience(filters), 2 * (LAST_LEVEL - level)
    runs_listed, values = listed([(first << shift, ((last + 1) << shift) - 1) for first, last in runs])
    wanted = conditions(filters, by_cell=True)
    query = (
        runs_listed + " SELECT " + whose.cell + " >> " + str(shift) + " AS cell, state, COUNT(*), "
        + in_sums(whose.lon) + ", " + in_sums(whose.lat) + " FROM run CROSS JOIN report WHERE " + whose.cell
        + " BETWEEN first AND last AND " + wanted.where() + " GROUP BY 1, 2 ORDER BY 1"
    )  # fmt: skip
    return _rows(connection, sa.text(query), wanted.values | values)


def _rows(connection: sa.Connection, query: sa.TextClause, values: dict[str, Any]) -> Iterable[_Row]:
    return ((row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(query, values))


def in_sums(column: str) -> str:
    return "CAST(SUM(CAST(ROUND(" + column + " * 10000000) AS BIGINT)) AS BIGINT)"


def gathered(rows: Iterable[_Row], window: tuple[int, int, int, int]) -> list[CellCount]:
    x0, x1, y0, y1 = window
    cells: dict[int, tuple[dict[PublicState, int], list[int]]] = {}
    for cell, state, n, lon_e7, lat_e7 in rows:
        by_state, sums = cells.setdefault(cell, ({}, [0, 0]))
        if n:
            by_state[STATES[state]] = n
            sums[0] += lon_e7
            sums[1] += lat_e7
    counts = []
    for cell, (by_state, sums) in cells.items():
        x, y = unmorton(cell)
        n = sum(by_state.values())
        if n and x0 <= x <= x1 and y0 <= y <= y1:
            counts.append(CellCount(x, y, sums[0] / n / 1e7, sums[1] / n / 1e7, n, by_state))
    return counts


def count(connection: sa.Connection, filters: Filters) -> int:
    if filters.box is None and filters.counted and not filters.public:
        return estimate(connection, filters)  # exact here: whole cells of the whole world
    if filters.box is None:
        wanted = conditions(filters)
        return int(connection.execute(sa.text(_COUNT + wanted.where()), wanted.values).scalar_one())
    wanted = conditions(filters, by_cell=True)
    runs, values = listed(covering_runs(filters.box, LAST_LEVEL))
    column = audience(filters).cell
    query = (
        runs + " SELECT COUNT(*) FROM run CROSS JOIN report WHERE " + column + " BETWEEN first AND last AND "
        + wanted.where()
    )  # fmt: skip
    return int(connection.execute(sa.text(query), wanted.values | values).scalar_one())


_COUNT = "SELECT COUNT(*) FROM report WHERE "


def estimate(connection: sa.Connection, filters: Filters) -> int:
    """About how many reports there are, whatever their date, status or words."""
    plain = filters.as_counted()
    level = FIRST_LEVEL
    if plain.box is not None:
        wide = max(plain.box[2] - plain.box[0], 1e-6)
        level = max(FIRST_LEVEL, min(LAST_LEVEL, math.floor(math.log2(8 * 360 / wide))))
    runs = [(0, 4**level - 1)] if plain.box is None else covering_runs(plain.box, level, 12)
    where = _pyramid_where(plain, level, runs)
    return int(connection.execute(sa.text(_SUM + where.where()), where.values).scalar_one())


_SUM = "SELECT COALESCE(SUM(n), 0) FROM pyramid WHERE "
