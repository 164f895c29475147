"""Which reports are asked for, and the same said to the database."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from reports_store.cells import Box, check_box
from reports_store.errors import InvalidFilter
from reports_store.plaintext import LINE_LIMIT, check_text, check_time
from reports_store.report import Asset, Channel, Priority, PublicState, Status
from reports_store.rows import PRIORITIES, STATE_NUMBER, STATES, to_micros
from reports_store.schema import OPEN, RUNS
from reports_store.searching import pieces

K = TypeVar("K", bound=StrEnum)


@dataclass(frozen=True)
class Filters:
    """Everything named must hold; what is left empty does not restrict.

    box: west, south, east, north. since <= received_at < until. public: only what residents may see,
    placed where residents see it. For the desk: open_only is what still needs somebody; late_at and due_before
    are for reports that are open, wait for nobody outside, and whose due_at is before that moment. hidden are
    categories that are not shown unless the report is the department `own`'s.
    """

    box: Box | None = None
    categories: tuple[str, ...] = ()
    public_states: tuple[PublicState, ...] = ()
    statuses: tuple[Status, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    public: bool = False
    departments: tuple[str, ...] = ()
    assignee: str | None = None
    unassigned: bool = False
    areas: tuple[str, ...] = ()
    late_at: datetime | None = None
    due_before: datetime | None = None
    priorities: tuple[Priority, ...] = ()
    channels: tuple[Channel, ...] = ()
    with_photo: bool | None = None
    asset: Asset | None = None
    open_only: bool = False
    hidden: tuple[str, ...] = ()
    own: str | None = None

    def __post_init__(self) -> None:
        if self.box is not None:
            object.__setattr__(self, "box", check_box(self.box))
        object.__setattr__(self, "categories", tuple(self.categories))
        object.__setattr__(self, "public_states", _all(PublicState, "public_states", self.public_states))
        object.__setattr__(self, "statuses", _all(Status, "statuses", self.statuses))
        object.__setattr__(self, "priorities", _all(Priority, "priorities", self.priorities))
        object.__setattr__(self, "channels", _all(Channel, "channels", self.channels))
        for name in ("departments", "areas", "hidden"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for moment in (self.since, self.until, self.late_at, self.due_before):
            if moment is not None:
                check_time("since, until, late_at, due_before", moment)
        plain = (*self.categories, *self.departments, *self.areas, *self.hidden)
        for words in (*plain, self.text, self.assignee, self.own):
            if words is not None:
                check_text("filters", words, LINE_LIMIT)

    @property
    def counted(self) -> bool:
        """Whether the count pyramid knows the answer: it keeps cells, states, categories and departments only."""
        return self == self.as_counted()

    def as_counted(self) -> Filters:
        """As much of the filter as the count pyramid knows."""
        return replace(self, **_UNCOUNTED)


# What a filter may name that no count is kept of.
_UNCOUNTED: dict[str, Any] = {
    "statuses": (), "since": None, "until": None, "text": None, "assignee": None, "unassigned": False, "areas": (),
    "late_at": None, "due_before": None, "priorities": (), "channels": (), "with_photo": None, "asset": None,
    "open_only": False,
}  # fmt: skip


def _all(kinds: type[K], field_name: str, values: Sequence[str]) -> tuple[K, ...]:
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


def conditions(
    filters: Filters, *, by_cell: bool = False, with_states: bool = True, implied: bool = True
) -> Conditions:
    """All conditions of a filter, for a walk through time or by_cell.

    with_states=False leaves public states to whoever asks state by state; implied=False says the exact status
    only, for indexes that hold it.
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
        if implied:
            wanted.add_choice("state", "implied", sorted({STATE_NUMBER[each] for each in filters.statuses}))
        wanted.add_choice("status", "status", [each.value for each in filters.statuses])
    if filters.since is not None:
        wanted.add("received_at >= :since", since=to_micros(filters.since))
    if filters.until is not None:
        wanted.add("received_at < :until", until=to_micros(filters.until))
    _add_desk(wanted, filters)
    if filters.text:
        if filters.public:
            _add_public_text(wanted, filters.text)
        else:
            _add_text(wanted, filters.text)
    return wanted


def _add_desk(wanted: Conditions, filters: Filters) -> None:
    """Whose turn it is, by when, and what else a desk asks for."""
    if filters.open_only:
        wanted.add(OPEN)
    for name, moment in (("late_at", filters.late_at), ("due_before", filters.due_before)):
        if moment is not None:
            wanted.add(RUNS + " AND due_at < :" + name, **{name: to_micros(moment)})
    wanted.add_choice("department", "department", filters.departments)
    wanted.add_choice("area_name", "area", filters.areas)
    if filters.assignee is not None:
        wanted.add("assignee = :assignee", assignee=filters.assignee)
    if filters.unassigned:
        wanted.add("assignee IS NULL")
    wanted.add_choice("priority", "priority", [PRIORITIES.index(each) for each in filters.priorities])
    wanted.add_choice("channel", "channel", [each.value for each in filters.channels])
    if filters.with_photo is not None:
        wanted.add("photo_count > 0" if filters.with_photo else "photo_count = 0")
    if filters.asset is not None:
        asset = filters.asset
        wanted.add(
            "asset_layer = :layer AND asset_id = :feature", layer=asset.layer, feature=asset.feature_id
        )
    add_hidden(wanted, filters)


def add_hidden(wanted: Conditions, filters: Filters) -> None:
    """Without the categories that are not for everybody's eyes, unless the report is one's own department's."""
    if not filters.hidden:
        return
    bound: dict[str, object] = {"hidden" + str(number): each for number, each in enumerate(filters.hidden)}
    fragment = "category NOT IN (" + ", ".join(":" + each for each in bound) + ")"
    if filters.own is not None:
        fragment, bound = "(" + fragment + " OR department = :own)", bound | {"own": filters.own}
    wanted.add(fragment, **bound)


def _add_text(wanted: Conditions, words: str) -> None:
    """Every word must occur in what is kept of a report for searching."""
    for number, piece in enumerate(pieces(words)):
        name = "piece" + str(number)
        escaped = piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        # A value of the row, not EXISTS: a server may turn that into a join and lose the order rows are walked in.
        wanted.add(
            "(SELECT words LIKE :" + name + " ESCAPE '\\' FROM report_text WHERE report_id = report.id)",
            **{name: "%" + escaped + "%"},
        )


def _add_box(wanted: Conditions, box: Box, whose: Audience) -> None:
    west, south, east, north = box
    wanted.add(whose.lon + " BETWEEN :west AND :east", west=west, east=east)
    wanted.add(whose.lat + " BETWEEN :south AND :north", south=south, north=north)


def _add_public_text(wanted: Conditions, words: str) -> None:
    # In small letters, as far as ASCII goes: LIKE minds them in one database and not in the other.
    words = words.translate(_SMALL)
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    # Residents must not learn by searching what an unreleased text says.
    body = "(body_public AND LOWER(body) LIKE :words ESCAPE '\\')"
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
