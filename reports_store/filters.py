"""Which reports are asked for, and the same said to the database."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reports_store.cells import Box, check_box
from reports_store.errors import InvalidFilter
from reports_store.plaintext import LINE_LIMIT, check_text, check_time
from reports_store.report import PublicState, Status
from reports_store.rows import STATE_NUMBER, STATES, to_micros


@dataclass(frozen=True)
class Filters:
    """Everything named must hold; what is left empty does not restrict.

    box: west, south, east, north. since <= received_at < until. public: only what residents may see,
    placed where residents see it.
    """

    box: Box | None = None
    categories: tuple[str, ...] = ()
    public_states: tuple[PublicState, ...] = ()
    statuses: tuple[Status, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    public: bool = False

    def __post_init__(self) -> None:
        if self.box is not None:
            object.__setattr__(self, "box", check_box(self.box))
        object.__setattr__(self, "categories", tuple(self.categories))
        object.__setattr__(self, "public_states", _all(PublicState, "public_states", self.public_states))
        object.__setattr__(self, "statuses", _all(Status, "statuses", self.statuses))
        for moment in (self.since, self.until):
            if moment is not None:
                check_time("since, until", moment)
        for words in (*self.categories, self.text):
            if words is not None:
                check_text("filters", words, LINE_LIMIT)

    @property
    def counted(self) -> bool:
        """Whether the count pyramid knows the answer: it keeps cells, states and categories only."""
        return not (self.statuses or self.since or self.until or self.text)


def _all(kinds: type[PublicState] | type[Status], field_name: str, values: Sequence[str]) -> tuple[str, ...]:
    if stray := [each for each in values if each not in list(kinds)]:
        raise InvalidFilter(field_name, stray[0], ", ".join(kinds))
    return tuple(kinds(each) for each in values)


@dataclass(frozen=True)
class Audience:
    """Whose columns a question reads."""

    number: int
    cell: str
    lon: str
    lat: str


STAFF = Audience(0, "cell", "lon", "lat")
RESIDENTS = Audience(1, "public_cell", "public_lon", "public_lat")


def audience(filters: Filters) -> Audience:
    return RESIDENTS if filters.public else STAFF


@dataclass
class Conditions:
    """Fragments of SQL, all of them constants of this file, and the values bound to them."""

    fragments: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)

    def add(self, fragment: str, **values: object) -> None:
        self.fragments.append(fragment)
        self.values |= values

    def add_choice(self, column: str, name: str, choices: Sequence[object]) -> None:
        if choices:
            bound = {name + str(number): each for number, each in enumerate(choices)}
            self.add(column + " IN (" + ", ".join(":" + each for each in bound) + ")", **bound)

    def where(self) -> str:
        return " AND ".join(self.fragments) or "1 = 1"


_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
# Constants, not bound values: only so can the database prove that its partial indexes apply.
_PUBLIC = "visibility = 'public'"
_PUBLIC_CELL = "public_cell IS NOT NULL"  # true of public reports only, and known to the index of cells


def conditions(filters: Filters, *, by_cell: bool = False, with_states: bool = True) -> Conditions:
    """All conditions of a filter, for a walk through time or by_cell.

    with_states=False leaves public states to whoever asks state by state.
    """
    wanted = Conditions()
    if filters.public:
        wanted.add(_PUBLIC_CELL if by_cell else _PUBLIC)
    if filters.box is not None:
        _add_box(wanted, filters.box, audience(filters))
    wanted.add_choice("category", "category", filters.categories)
    if with_states:
        wanted.add_choice("state", "state", [STATES.index(each) for each in filters.public_states])
    if filters.statuses:
        # The state is in every index, the exact status is not: it spares looking at most rows.
        wanted.add_choice("state", "implied", sorted({STATE_NUMBER[each] for each in filters.statuses}))
        wanted.add_choice("status", "status", [each.value for each in filters.statuses])
    if filters.since is not None:
        wanted.add("received_at >= :since", since=to_micros(filters.since))
    if filters.until is not None:
        wanted.add("received_at < :until", until=to_micros(filters.until))
    if filters.text:
        _add_text(wanted, filters.text, public=filters.public)
    return wanted


def _add_box(wanted: Conditions, box: Box, whose: Audience) -> None:
    west, south, east, north = box
    wanted.add(whose.lon + " BETWEEN :west AND :east", west=west, east=east)
    wanted.add(whose.lat + " BETWEEN :south AND :north", south=south, north=north)


def _add_text(wanted: Conditions, words: str, *, public: bool) -> None:
    # In small letters, as far as ASCII goes: LIKE minds them in one database and not in the other.
    words = words.translate(_SMALL)
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    # Residents must not learn by searching what an unreleased text says.
    body = "LOWER(body) LIKE :words ESCAPE '\\'"
    if public:
        body = "(body_public AND " + body + ")"
    wanted.add("(LOWER(public_id) LIKE :words ESCAPE '\\' OR " + body + ")", words="%" + escaped + "%")


def listed(runs: list[tuple[int, int]]) -> tuple[str, dict[str, object]]:
    """Runs of cells as a table named run, to be joined with the reports in them."""
    names = [("first" + str(number), "last" + str(number)) for number in range(len(runs))]
    rows = ", ".join("(:" + first + ", :" + last + ")" for first, last in names)
    values: dict[str, object] = {}
    for pair, run in zip(names, runs, strict=True):
        values |= zip(pair, run, strict=True)
    return "WITH run (first, last) AS (VALUES " + rows + ")", values


def whole_box(filters: Filters) -> Box:
    """The box of a filter that must have one."""
    if filters.box is None:
        raise InvalidFilter("box", "none", "west, south, east, north")
    return filters.box
