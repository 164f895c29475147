"""Ways to the reports that a desk asks for: read the few that can match, or go along an order for so far and no further.

The tally of kinds (category, department, area, state) tells beforehand how many reports a filter can match at most.
Where that, or the words, person, feature, place or dates asked for, leave few, exactly those are read and put in order.
Otherwise matches are plenty, and an index in the wanted order meets enough of them soon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from reports_store.cells import LAST_LEVEL, covering_runs
from reports_store.filters import Conditions, Filters, conditions, listed
from reports_store.report import Priority
from reports_store.rows import to_micros
from reports_store.schema import OPEN
from reports_store.schema import report as report_table
from reports_store.searching import grams, pieces

FEW = 1_000  # rows that are read and sorted without a thought
MANY = 2_500  # rows that are read and sorted where going along an order met too little
NARROW = 5  # so many rows of an index that holds all that is asked about cost as much as one report
A_TRY = 10_000  # rows of an index that are passed before that
PATIENCE = 50_000  # rows of an index that are passed where nothing leaves few: then a page ends unfilled
A_TRY_OF_WORDS, OF_WORDS = 1_000, 10_000  # the same where each row's words have to be looked at
_COLUMN = re.compile(r"\b(" + "|".join(each.name for each in report_table.c) + r")\b")
# Asked of a server for one question: it must not sort a million rows where an index has them in order.
_BY_INDEX = sa.text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
    " set_config('enable_mergejoin', 'off', true), set_config('enable_sort', :sort, true)"
)


@dataclass(frozen=True)
class Source:
    """Rows among which all matches are, and how many they are at most: SQL from FROM on, for a table called report."""

    branches: tuple[str, ...]
    values: dict[str, Any]
    size: int
    rest: Filters  # what the rows still have to be looked at for
    head: str = ""
    apart: bool = False  # the branch is read by itself, from the index it names, before anything is looked at

    def matching(self, columns: str) -> tuple[str, dict[str, Any]]:
        """SQL for these columns of all matches, each once."""
        wanted = conditions(self.rest, implied=False)
        branches = self.branches
        if self.apart:
            inner = "SELECT " + _needed("id", wanted.where(), columns)
            branches = tuple(" FROM (" + inner + each + _ALL + ") AS report WHERE 1 = 1" for each in branches)
        parts = ("SELECT " + columns + branch + " AND " + wanted.where() for branch in branches)
        return self.head + " UNION ALL ".join(parts), wanted.values | self.values


# A limit keeps a database from moving conditions inside, where they would lead it to another index.
_ALL = " LIMIT 1000000000"


def _needed(*texts: str) -> str:
    """The columns of a report that pieces of SQL name."""
    return ", ".join(dict.fromkeys(name for text in texts for name in _COLUMN.findall(text)))


@dataclass(frozen=True)
class Stretch:
    """Part of an order: which reports, by which columns, rising or falling; after or before a key."""

    where: str
    columns: tuple[str, ...]
    falling: bool
    values: dict[str, Any] = field(default_factory=dict)
    urgency: Priority | None = None  # of all its reports, where it is one

    def order(self) -> str:
        return " ORDER BY " + ", ".join(each + (" DESC" if self.falling else "") for each in self.columns)


def by_index(connection: sa.Connection, *, sort: bool = False) -> None:
    """Hold a server to its indexes until the end of the transaction; a file needs no telling."""
    if connection.dialect.name == "postgresql":
        connection.execute(_BY_INDEX, {"sort": "on" if sort else "off"})


_FREELY = sa.text(
    "SELECT set_config(name, reset_val, true) FROM pg_settings"
    " WHERE name IN ('enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort')"
)


def freely(connection: sa.Connection) -> None:
    """Let a server choose again."""
    if connection.dialect.name == "postgresql":
        connection.execute(_FREELY)


def as_kinds(filters: Filters) -> Filters:
    """As much of a filter as the tally knows; what is late or due soon is open."""
    is_open = filters.open_only or filters.late_at is not None or filters.due_before is not None
    return Filters(
        categories=filters.categories, public_states=filters.public_states, statuses=filters.statuses,
        departments=filters.departments, areas=filters.areas, open_only=is_open,
        hidden=filters.hidden, own=filters.own,
    )  # fmt: skip


def at_most(connection: sa.Connection, filters: Filters) -> int:
    """How many reports there are of the kinds asked for; exactly the answer where nothing else is asked."""
    kinds = conditions(as_kinds(filters), implied=False)
    query = "SELECT COALESCE(SUM(n), 0) FROM tally WHERE " + kinds.where()
    return int(connection.execute(sa.text(query), kinds.values).scalar_one())


def few(
    connection: sa.Connection, filters: Filters, most: int, known: int, *, placed: bool = False
) -> Source | None:
    """The shortest list of rows that holds every match, if one is no longer than `most`; known is at_most().

    placed: no more than places and states are wanted, which the index of kinds holds as well.
    """
    if placed and replace(filters, box=None) == as_kinds(filters):
        known = -(-known // NARROW)
    sources = _sources(connection, filters, most, known)
    return min((each for each in sources if each.size <= most), key=lambda each: each.size, default=None)


def _sources(connection: sa.Connection, filters: Filters, most: int, known: int) -> Iterable[Source]:
    if known <= most:
        yield _of_kinds(filters, known)
    for where, values in _narrow(filters):
        branch = " FROM report WHERE " + where
        yield Source(
            (branch,), values, _size(connection, "SELECT id" + branch, values, most), filters, apart=True
        )
    if filters.text and (wanted := _grams(filters.text)):
        # Words have to be looked at in each row: as many as that are too many.
        inner, values = _searched(connection, wanted)
        size = _size(connection, inner, values, MANY)
        branch = " FROM (" + inner + ") AS hit CROSS JOIN report WHERE report.id = hit.id"
        rest = replace(filters, text=None) if _exact(filters.text) else filters
        yield Source((branch,), values, size if size <= MANY else most + 1, rest)
    if filters.box is not None:
        head, values = listed(covering_runs(filters.box, LAST_LEVEL))
        branch = " FROM run CROSS JOIN report WHERE cell BETWEEN first AND last"
        size = _size(connection, "SELECT id" + branch, values, most * NARROW, head + " ")
        yield Source((branch,), values, -(-size // NARROW), filters, head + " ", apart=True)


def _narrow(filters: Filters) -> Iterable[tuple[str, dict[str, Any]]]:
    """What is asked for besides kinds and has an index of its own."""
    if filters.asset is not None:
        yield "asset_layer = :layer AND asset_id = :feature", {
            "layer": filters.asset.layer, "feature": filters.asset.feature_id,
        }  # fmt: skip
    if filters.assignee is not None:
        yield "assignee = :assignee", {"assignee": filters.assignee}
    if filters.priorities and Priority.NORMAL not in filters.priorities:
        wanted = Conditions()
        whole = conditions(Filters(priorities=filters.priorities))
        wanted.add("priority <> 1 AND " + whole.where(), **whole.values)
        yield wanted.where(), wanted.values
    if filters.since is not None or filters.until is not None:
        dates = conditions(Filters(since=filters.since, until=filters.until))
        yield dates.where(), dates.values


def of_words(connection: sa.Connection, words: str) -> Source:
    """As many of the reports that have these letters as are read; nothing but the words is looked at."""
    inner, values = _searched(connection, _grams(words))
    rest = Filters() if _exact(words) else Filters(text=words)
    branch = " FROM (" + inner + " LIMIT :hits) AS hit CROSS JOIN report WHERE report.id = hit.id"
    return Source((branch,), values | {"hits": MANY}, MANY, rest)


def _exact(words: str) -> bool:
    """Words that are one key each are found exactly; of longer ones only the letters are known to be there."""
    return all(len(grams(piece)) == 1 for piece in pieces(words))


def _size(connection: sa.Connection, inner: str, values: dict[str, Any], most: int, head: str = "") -> int:
    query = head + "SELECT COUNT(*) FROM (" + inner + " LIMIT :most) AS counted"
    return int(connection.execute(sa.text(query), values | {"most": most + 1}).scalar_one())


def _grams(words: str) -> list[str]:
    return list(dict.fromkeys(gram for piece in pieces(words) for gram in grams(piece)))


def _searched(connection: sa.Connection, wanted: list[str]) -> tuple[str, dict[str, Any]]:
    """Reports whose texts have these letters somewhere; whether they stand together is looked at afterwards."""
    if connection.dialect.name == "postgresql":
        return (
            "SELECT report_id AS id FROM report_text WHERE report_grams(words) @> CAST(:grams AS text[])",
            {"grams": wanted},
        )
    match = " AND ".join('"' + each.replace('"', '""') + '"' for each in wanted)
    return "SELECT rowid AS id FROM report_search WHERE report_search MATCH :match", {"match": match}


def _of_kinds(filters: Filters, known: int) -> Source:
    kinds = conditions(as_kinds(filters), implied=False)
    head = "WITH kind AS (SELECT category AS c, department AS d, area_name AS a, status AS s FROM tally WHERE n > 0 AND "
    branches = (
        " FROM kind CROSS JOIN report WHERE category = c AND status = s AND " + department + " AND " + area
        for department in ("department = d AND d <> ''", "department IS NULL AND d = ''")
        for area in ("area_name = a AND a <> ''", "area_name IS NULL AND a = ''")
    )
    rest = replace(
        filters,
        categories=(),
        public_states=(),
        statuses=(),
        departments=(),
        areas=(),
        open_only=False,
        hidden=(),
        own=None,
    )
    return Source(tuple(branches), kinds.values, known, rest, head + kinds.where() + ") ")


def along(stretch: Stretch, wanted: Conditions, patience: int, also: str = "") -> tuple[str, dict[str, Any]]:
    """SQL for a table called report: the first `patience` rows of a stretch, with the columns that are needed.

    The condition stands outside of it, so that the rows passed are bounded and not those found.
    """
    inner = (
        "SELECT "
        + _needed(", ".join(stretch.columns), "id", wanted.where(), also)
        + " FROM report WHERE "
        + stretch.where
        + stretch.order()
        + " LIMIT :patience"
    )
    return "(" + inner + ") AS report", {**stretch.values, "patience": patience}


def stretches(filters: Filters, phases: Iterable[Stretch]) -> Iterable[Stretch]:
    """The parts of an order, cut to what of the filter an index in that order can keep."""
    must_run = filters.late_at is not None or filters.due_before is not None
    must_open = filters.open_only or must_run
    for phase in phases:
        where, values = [phase.where], dict(phase.values)
        if phase.urgency and filters.priorities and phase.urgency not in filters.priorities:
            where = ["1 = 0"]
        if must_open:
            where.append(OPEN)
        if "received_at" in phase.columns:
            dates = conditions(Filters(since=filters.since, until=filters.until))
            where, values = [*where, *dates.fragments], values | dates.values
        if phase.columns[0] == "due_at":
            for moment in filter(None, (filters.late_at, filters.due_before)):
                name = "until" + str(len(values))
                where.append("due_at < :" + name)
                values[name] = to_micros(moment)
        yield replace(phase, where=" AND ".join(where), values=values)
