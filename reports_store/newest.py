"""The newest reports of a viewport, found by the way that reads least.

Three ways lead there, and the count pyramid tells beforehand which is shortest:
  sort   read every report of the covering runs of cells and keep the newest: best for few reports
  time   go back in time over all reports until enough lie in the box: best where the box holds many of them
  merge  merge the newest-first lists of every (cell, state) in the box: best for a street full of reports
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from reports_store.cells import LAST_LEVEL, Box, cell_window, cells_in, covering_runs
from reports_store.counting import estimate
from reports_store.errors import InvalidFilter
from reports_store.filters import Conditions, Filters, audience, conditions, listed, whole_box
from reports_store.plaintext import check_number
from reports_store.report import Report
from reports_store.rows import STATES, load, to_micros

Before = tuple[datetime, int]
NEWEST_LIMIT = 10_000
# Opening one newest-first list costs about as much as sorting this many rows, by measurement.
_LIST_COST = 80
_MOST_LISTS = 240  # SQLite merges at most 500 lists in one statement
_PATIENCE_ROWS = 20_000


class Plan(StrEnum):
    SORT = "sort"
    TIME = "time"
    MERGE = "merge"


def newest(connection: sa.Connection, filters: Filters, limit: int, before: Before | None) -> list[Report]:
    return load(connection, newest_ids(connection, filters, limit, before))


def newest_ids(
    connection: sa.Connection, filters: Filters, limit: int, before: Before | None, plan: Plan | None = None
) -> list[int]:
    """Ids, newest first. A plan may be forced, so that tests can prove all three give the same answer."""
    if not 1 <= check_number("limit", limit) <= NEWEST_LIMIT:
        raise InvalidFilter("limit", str(limit), f"1 to {NEWEST_LIMIT}")
    if filters.box is None:
        return _by_time(connection, _paged(filters, before), filters, limit, None) or []
    for chosen in [plan] if plan else ranked(connection, filters, limit):
        found = _follow(connection, chosen, filters, limit, before, None if plan else _PATIENCE_ROWS)
        if found is not None:
            return found
    return []


def _follow(
    connection: sa.Connection,
    plan: Plan,
    filters: Filters,
    limit: int,
    before: Before | None,
    patience: int | None,
) -> list[int] | None:
    match plan:
        case Plan.SORT:
            return _by_sort(connection, _paged(filters, before, by_cell=True), filters, limit)
        case Plan.TIME:
            return _by_time(connection, _paged(filters, before), filters, limit, patience)
        case Plan.MERGE:
            return _by_merge(connection, filters, limit, before)


def ranked(connection: sa.Connection, filters: Filters, limit: int) -> list[Plan]:
    """The plans, the one that reads least first, by the pyramid's counts."""
    box = whole_box(filters)
    inside = max(1, estimate(connection, filters))
    everywhere = max(1, estimate(connection, replace(filters, box=None)))
    lists = _cells(box) * (len(filters.public_states) or len(STATES))
    costs = {Plan.SORT: float(inside), Plan.TIME: 2.0 * limit * everywhere / inside}
    if lists <= _MOST_LISTS:
        costs[Plan.MERGE] = _LIST_COST * lists + 8.0 * limit
    return sorted(costs, key=lambda plan: costs[plan])


def _cells(box: Box) -> int:
    x0, x1, y0, y1 = cell_window(box, LAST_LEVEL)
    return (x1 - x0 + 1) * (y1 - y0 + 1)


def _paged(
    filters: Filters, before: Before | None, *, by_cell: bool = False, with_states: bool = True
) -> Conditions:
    wanted = conditions(filters, by_cell=by_cell, with_states=with_states)
    if before is not None:
        moment, number = before
        wanted.add(
            "(received_at, id) < (:before_at, :before_id)",
            before_at=to_micros(moment),
            before_id=check_number("before", number),
        )
    return wanted


_ORDER = " ORDER BY received_at DESC, id DESC"
# A plus sign keeps the database from choosing the time index where the runs of cells are the point.
_SORTED = " ORDER BY +received_at DESC, +id DESC LIMIT :limit"


def _by_time(
    connection: sa.Connection, wanted: Conditions, filters: Filters, limit: int, patience: int | None
) -> list[int] | None:
    """Newest first over all reports; None when `patience` rows went by without filling the list."""
    if patience is None:
        query = "SELECT id FROM report WHERE " + wanted.where() + _ORDER + " LIMIT :limit"
        return _ids(connection, query, wanted.values | {"limit": limit})
    # How far back the patience reaches; older reports are left to the plan that knows the box's cells.
    shown = " WHERE visibility = 'public'" if filters.public else ""
    edge = "(SELECT received_at FROM report" + shown + _ORDER + " LIMIT 1 OFFSET :patience)"
    query = (
        "SELECT id FROM report WHERE " + wanted.where() + " AND received_at >= COALESCE(" + edge + ", -1)"
        + _ORDER + " LIMIT :limit"
    )  # fmt: skip
    found = _ids(connection, query, wanted.values | {"limit": limit, "patience": patience})
    return found if len(found) == limit else None


def _by_sort(connection: sa.Connection, wanted: Conditions, filters: Filters, limit: int) -> list[int]:
    runs, values = listed(covering_runs(whole_box(filters), LAST_LEVEL))
    column = audience(filters).cell
    query = (
        runs + " SELECT id FROM run CROSS JOIN report WHERE " + column + " BETWEEN first AND last AND "
        + wanted.where() + _SORTED
    )  # fmt: skip
    return _ids(connection, query, wanted.values | values | {"limit": limit})


def _by_merge(connection: sa.Connection, filters: Filters, limit: int, before: Before | None) -> list[int]:
    """One newest-first list per (cell, state), merged lazily inside the database."""
    column = audience(filters).cell
    wanted = _paged(filters, before, by_cell=True, with_states=False)
    states = [STATES.index(each) for each in filters.public_states] or list(range(len(STATES)))
    lists, values = [], dict(wanted.values)
    for number, cell in enumerate(cells_in(whole_box(filters), LAST_LEVEL)):
        values["cell" + str(number)] = cell
        for state in states:
            lists.append(
                "SELECT received_at, id FROM report WHERE " + column + " = :cell" + str(number)
                + " AND state = " + str(state) + " AND " + wanted.where()
            )  # fmt: skip
    found: list[tuple[int, int]] = []
    for start in range(0, len(lists), _MOST_LISTS):
        query = " UNION ALL ".join(lists[start : start + _MOST_LISTS]) + _ORDER + " LIMIT :limit"
        rows = connection.execute(sa.text(query), values | {"limit": limit})
        found += [(row[0], row[1]) for row in rows]
    return [number for _, number in sorted(found, reverse=True)[:limit]]


def _ids(connection: sa.Connection, query: str, values: dict[str, Any]) -> list[int]:
    return [row[0] for row in connection.execute(sa.text(query), values)]
