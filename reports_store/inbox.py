"""One page of the desk's inbox: reports that a filter lets through, in the order somebody works in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from reports_store import ways
from reports_store.errors import InvalidFilter
from reports_store.filters import Conditions, Filters, conditions
from reports_store.plaintext import NUMBER_LIMIT, check_number
from reports_store.report import Priority, Report
from reports_store.rows import load
from reports_store.schema import RUNS
from reports_store.searching import pieces
from reports_store.ways import Source, Stretch, along, as_kinds, at_most, by_index, few, freely, stretches

COUNTED_TO = 1000
PAGE_LIMIT = 500
_NUMBER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
Key = tuple[int, ...]  # which stretch of an order, then the values of its columns


class Order(StrEnum):
    """DUE: first what has a running deadline, soonest first, then all else as NEWEST. PRIORITY: most urgent first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"
    PRIORITY = "priority"
    UPDATED = "updated"


@dataclass(frozen=True)
class InboxPage:
    """next is what the following page is asked with, empty on the last. total is how many match; where exact is
    False there are at least as many. cut: so far so much was read that the page ends before it is full; the next
    one goes on from there.
    """

    reports: list[Report]
    next: str
    total: int
    exact: bool
    cut: bool = False


_BY_TIME = ("received_at", "id")
_PHASES: dict[Order, tuple[Stretch, ...]] = {
    Order.NEWEST: (Stretch("1 = 1", _BY_TIME, True),),
    Order.OLDEST: (Stretch("1 = 1", _BY_TIME, False),),
    Order.DUE: (Stretch(RUNS, ("due_at", "id"), False), Stretch("NOT (" + RUNS + ")", _BY_TIME, True)),
    # The ordinary ones are nearly all and walked by time; of the others an index of their own knows.
    Order.PRIORITY: (
        Stretch("priority = 3 AND priority <> 1", _BY_TIME, True, urgency=Priority.EMERGENCY),
        Stretch("priority = 2 AND priority <> 1", _BY_TIME, True, urgency=Priority.HIGH),
        Stretch("priority = 1", _BY_TIME, True, urgency=Priority.NORMAL),
        Stretch("priority = 0 AND priority <> 1", _BY_TIME, True, urgency=Priority.LOW),
    ),
    Order.UPDATED: (Stretch("1 = 1", ("updated_at", "id"), True),),
}
_NONE = InboxPage([], "", 0, True)


def inbox(connection: sa.Connection, filters: Filters, order: Order, limit: int, after: str) -> InboxPage:
    """Raises InvalidFilter for a limit beyond PAGE_LIMIT and for an `after` that no page gave out."""
    if not 1 <= check_number("limit", limit) <= PAGE_LIMIT:
        raise InvalidFilter("limit", str(limit), f"1 to {PAGE_LIMIT}")
    order = Order(order)
    place = _place(order, after)
    by_index(connection)
    known = at_most(connection, filters)
    if not known:
        return _NONE
    source = few(connection, filters, ways.MANY, known)
    few_enough = source if source and source.size <= ways.FEW else None
    # Where few are left to read in any case, going along an order is no more than tried.
    found = None if few_enough else _walked(connection, filters, order, limit, place, source, known)
    if found is None or (found.cut and source):
        found = _sorted(connection, source, order, limit, place) if source else found or _NOTHING
    freely(connection)
    return InboxPage(load(connection, found.ids), found.next, found.total, found.exact, found.cut)


@dataclass(frozen=True)
class _Found:
    ids: list[int]
    next: str
    total: int
    exact: bool
    cut: bool = False


_NOTHING = _Found([], "", 0, True)


def _patience(filters: Filters) -> tuple[int, int]:
    """Rows that are passed for a try, and for good."""
    return (ways.A_TRY_OF_WORDS, ways.OF_WORDS) if filters.text else (ways.A_TRY, ways.PATIENCE)


def _place(order: Order, after: str) -> Key:
    """Where a page begins, from what the page before gave out; () for the first."""
    if not after:
        return ()
    parts = after.split(".")
    if all(_NUMBER.fullmatch(each) for each in parts):
        key = tuple(map(int, parts))
        phases = _PHASES[order]
        if (
            0 <= key[0] < len(phases)
            and len(key) == 1 + len(phases[key[0]].columns)
            and max(map(abs, key)) <= NUMBER_LIMIT
        ):
            return key
    raise InvalidFilter("after", after[:40], "what the page before gave out")


# --- few: all matches are read, then put in order


# By order: what a key is made of, turned so that smaller comes first; the last is the report's number.
_KEYS: dict[Order, str] = {
    Order.NEWEST: "0, -received_at, -report.id",
    Order.OLDEST: "0, received_at, report.id",
    Order.DUE: f"CASE WHEN {RUNS} THEN 0 ELSE 1 END, CASE WHEN {RUNS} THEN due_at ELSE -received_at END, "
    f"CASE WHEN {RUNS} THEN report.id ELSE -report.id END",
    Order.PRIORITY: "3 - priority, -received_at, -report.id",
    Order.UPDATED: "0, -updated_at, -report.id",
}


def _sorted(connection: sa.Connection, source: Source, order: Order, limit: int, place: Key) -> _Found:
    query, values = source.matching(_KEYS[order])
    keys = sorted(_rows(connection, query, values))
    begins = bisect_right(keys, _turned(order, place)) if place else 0
    shown = [_turned(order, key) for key in keys[begins : begins + limit]]
    following = _told(shown[-1]) if len(keys) > begins + limit else ""
    return _Found([key[-1] for key in shown], following, len(keys), True)


def _turned(order: Order, key: Key) -> Key:
    """Between a key as its columns say it and one where smaller comes first."""
    sign = -1 if _PHASES[order][key[0]].falling else 1
    return key[0], *(sign * each for each in key[1:])


def _told(key: Key) -> str:
    return ".".join(map(str, key))


# --- plenty: along an index in the wanted order


def _walked(
    connection: sa.Connection,
    filters: Filters,
    order: Order,
    limit: int,
    place: Key,
    source: Source | None,
    known: int,
) -> _Found:
    """Where there is a source, no further than a try: what is cut then is of no use."""
    patience = _patience(filters)[0 if source else 1]
    wanted = conditions(filters, implied=False)
    found: list[Key] = []
    last: Key | None = None
    for number, stretch in _left(filters, order, place):
        rows, last = _along(connection, stretch, wanted, limit + 1 - len(found), patience)
        found += [(number, *row) for row in rows]
        if last:
            last = (number, *last)
            break
        if len(found) > limit:
            break
    shown = found[:limit]
    following = _told(last) if last else _told(shown[-1]) if len(found) > limit else ""
    if last and source:
        return _Found([], "", 0, False, True)
    if not place and len(found) <= limit and filters != as_kinds(filters):
        total, exact = len(found), last is None  # all that were met on the way are on this page
    else:
        total, exact = _count(connection, filters, source, known)
    return _Found([key[-1] for key in shown], following, max(total, len(shown)), exact, last is not None)


def _left(filters: Filters, order: Order, place: Key) -> Iterable[tuple[int, Stretch]]:
    """The stretches of an order from a place on."""
    begins = place[0] if place else 0
    for number, stretch in enumerate(stretches(filters, _PHASES[order])):
        if number == begins and place:
            names = ["after" + str(each) for each in range(len(place) - 1)]
            beyond = ") < (" if stretch.falling else ") > ("
            beyond = "(" + ", ".join(stretch.columns) + beyond + ", ".join(":" + each for each in names) + ")"
            values = stretch.values | dict(zip(names, place[1:], strict=True))
            stretch = replace(stretch, where=stretch.where + " AND " + beyond, values=values)
        if number >= begins:
            yield number, stretch


def _along(
    connection: sa.Connection, stretch: Stretch, wanted: Conditions, limit: int, patience: int
) -> tuple[list[Key], Key | None]:
    """Keys of the first matches, and the last row looked at where patience ended before they were `limit`."""
    table, values = along(stretch, wanted, patience)
    columns = ", ".join(stretch.columns)
    query = "SELECT " + columns + " FROM " + table + " WHERE " + wanted.where() + " LIMIT :limit"
    rows = _rows(connection, query, wanted.values | values | {"limit": limit})
    if len(rows) == limit:
        return rows, None
    last = (
        "SELECT "
        + columns
        + " FROM report WHERE "
        + stretch.where
        + stretch.order()
        + " LIMIT 1 OFFSET :passed"
    )
    ends = _rows(connection, last, stretch.values | {"passed": patience - 1})
    return rows, ends[0] if ends else None


def _rows(connection: sa.Connection, query: str, values: dict[str, Any]) -> list[Key]:
    return [tuple(row) for row in connection.execute(sa.text(query), values)]


def _count(
    connection: sa.Connection, filters: Filters, source: Source | None, known: int
) -> tuple[int, bool]:
    """How many match, and whether that is all: the tally's own answer, or counted for so far."""
    if filters == as_kinds(filters):
        return known, True
    wanted = conditions(filters, implied=False)
    if source:
        inner, values = source.matching("1")
        counted = _limited(connection, inner, values)
        return min(counted, COUNTED_TO), counted <= COUNTED_TO
    if filters.text and pieces(filters.text) and filters == Filters(text=filters.text):
        hits = ways.of_words(connection, filters.text)
        inner, values = hits.matching("1")
        # More letters are there than are read, or there would be a source.
        return min(_limited(connection, inner, values), COUNTED_TO), False
    (stretch,) = stretches(filters, _PHASES[Order.NEWEST])
    patience = _patience(filters)[1]
    table, values = along(stretch, wanted, patience)
    inner = "SELECT 1 FROM " + table + " WHERE " + wanted.where()
    counted = _limited(connection, inner, wanted.values | values)
    if counted > COUNTED_TO:
        return COUNTED_TO, False
    beyond = "SELECT 1 FROM report WHERE " + stretch.where + stretch.order() + " LIMIT 1 OFFSET :passed"
    return counted, not _rows(connection, beyond, stretch.values | {"passed": patience})


def _limited(connection: sa.Connection, inner: str, values: dict[str, Any]) -> int:
    query = "SELECT COUNT(*) FROM (" + inner + " LIMIT :most) AS counted"
    return int(connection.execute(sa.text(query), values | {"most": COUNTED_TO + 1}).scalar_one())
