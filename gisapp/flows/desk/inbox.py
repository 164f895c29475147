"""What somebody at the town hall asks the inbox for, as an address says it and as the store is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from gisapp.person import Person, Right, Scope, hidden_from, reach
from layers.box import clamped
from reports_store import Box, Categories, Channel, Filters, Priority, Status
from reports_store.fiscal import JST
from reports_store.inbox import Order
from reports_store.workflow import OPEN

TEXT_LIMIT = 100
MOST_NAMES = 20  # departments or areas chosen at once
BOX_DIGITS = 5  # about a metre

S = Status
# The three groups by which people speak of states; every status is in one of them.
GROUPS: Mapping[str, tuple[Status, ...]] = {
    "open": (S.RECEIVED, S.TRIAGED, S.REOPENED),
    # A report that others were asked about is still looked after.
    "working": (S.INFO_REQUESTED, S.INVESTIGATING, S.SCHEDULED, S.IN_PROGRESS, S.REFERRED),
    "ended": (
        S.RESOLVED, S.NO_ACTION, S.OUT_OF_SCOPE, S.REJECTED, S.DUPLICATE, S.CLOSED_NO_REPLY, S.REFERRED_CLOSED,
        S.WITHDRAWN, S.ARCHIVED,
    ),
}  # fmt: skip
UNFINISHED = ("open", "working")
E = TypeVar("E", bound=StrEnum)


class Whose(StrEnum):
    MINE = "mine"
    DEPARTMENT = "department"
    ALL = "all"


class Due(StrEnum):
    """TODAY is what has to be done by this evening, the late ones among it."""

    LATE = "late"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class InboxChoice:
    """What is left empty does not restrict. states: statuses and names of GROUPS; photo: whether there is one;
    since and until are days in Japan, both included; box is west, south, east, north in degrees.
    """

    whose: Whose = Whose.ALL
    states: tuple[str, ...] = ()
    due: Due | None = None
    unassigned: bool = False
    categories: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    priorities: tuple[Priority, ...] = ()
    channels: tuple[Channel, ...] = ()
    photo: bool | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""
    box: Box | None = None
    order: Order = Order.NEWEST

    @property
    def everything(self) -> bool:
        """Whether nothing is left out, in whatever order."""
        return self == InboxChoice(order=self.order)

    def query(self) -> list[tuple[str, str]]:
        """The same as the parameters of an address, always in one order and never none."""
        found = [("of", self.whose.value)] if self.whose is not Whose.ALL else []
        found += [("state", one) for one in self.states]
        found += [("due", self.due.value)] if self.due else []
        found += [("unassigned", "yes")] if self.unassigned else []
        found += [("category", one) for one in self.categories]
        found += [("department", one) for one in self.departments]
        found += [("area", one) for one in self.areas]
        found += [("priority", one.value) for one in self.priorities]
        found += [("channel", one.value) for one in self.channels]
        found += [] if self.photo is None else [("photo", "yes" if self.photo else "no")]
        found += [("since", self.since.isoformat())] if self.since else []
        found += [("until", self.until.isoformat())] if self.until else []
        found += [("q", self.text)] if self.text else []
        found += [("box", ",".join(map(str, self.box)))] if self.box else []
        found += [("order", self.order.value)] if self.order is not Order.NEWEST else []
        return found or [("state", "any")]


def choice_of(asked: Iterable[tuple[str, str]], categories: Categories) -> InboxChoice:
    """The choice of an address's parameters; what is unknown or broken in it restricts nothing."""
    given: dict[str, list[str]] = {}
    for name, value in asked:
        given.setdefault(name, []).append(value)

    def every(name: str) -> list[str]:
        return given.get(name, [])

    def first(name: str) -> str:
        return next(iter(every(name)), "")

    return InboxChoice(
        whose=_one(Whose, first("of")) or Whose.ALL,
        states=_known([*GROUPS, *Status], every("state")),
        due=_one(Due, first("due")),
        unassigned=first("unassigned") == "yes",
        categories=_known(list(categories), every("category")),
        departments=_names(every("department")),
        areas=_names(every("area")),
        priorities=tuple(map(Priority, _known(list(Priority), every("priority")))),
        channels=tuple(map(Channel, _known(list(Channel), every("channel")))),
        photo={"yes": True, "no": False}.get(first("photo")),
        since=_day(first("since")),
        until=_day(first("until")),
        text=_clean(first("q")),
        box=_box(first("box")),
        order=_one(Order, first("order")) or Order.NEWEST,
    )


def first_choice(person: Person) -> InboxChoice:
    """What the inbox shows to somebody who asked for nothing: the unfinished work that is theirs to do."""
    own = reach(person, Right.WORK) is Scope.OWN and bool(person.department)
    return InboxChoice(whose=Whose.DEPARTMENT if own else Whose.ALL, states=UNFINISHED)


def filters_of(choice: InboxChoice, person: Person, categories: Categories, now: datetime) -> Filters:
    """The choice as the store is asked, within what the person may see."""
    departments = (person.department,) if choice.whose is Whose.DEPARTMENT else choice.departments
    statuses = statuses_of(choice.states)
    unfinished = set(statuses) == OPEN  # asked for so often that the store keeps an index of it
    tomorrow = _midnight(now.astimezone(JST).date() + timedelta(days=1))
    return Filters(
        box=choice.box,
        categories=choice.categories,
        statuses=() if unfinished else statuses,
        open_only=unfinished,
        departments=departments,
        assignee=person.login if choice.whose is Whose.MINE else None,
        unassigned=choice.unassigned,
        areas=choice.areas,
        late_at=now if choice.due is Due.LATE else None,
        due_before=tomorrow if choice.due is Due.TODAY else None,
        priorities=choice.priorities,
        channels=choice.channels,
        with_photo=choice.photo,
        since=None if choice.since is None else _midnight(choice.since),
        until=None if choice.until is None else _midnight(choice.until + timedelta(days=1)),
        text=choice.text or None,
        hidden=hidden_from(person, categories),
        own=person.department or None,
    )


def statuses_of(states: Sequence[str]) -> tuple[Status, ...]:
    """Every status that these statuses and groups stand for, in the order of the workflow; none for none."""
    wanted = {status for one in states for status in GROUPS.get(one, (one,))}
    return tuple(status for status in Status if status in wanted)


def _one(kind: type[E], text: str) -> E | None:
    return kind(text) if text in list(kind) else None


def _known(known: Sequence[str], asked: Sequence[str]) -> tuple[str, ...]:
    wanted = set(asked)
    return tuple(str(one) for one in known if one in wanted)


def _names(asked: Sequence[str]) -> tuple[str, ...]:
    cleaned = (_clean(one) for one in asked)
    return tuple(dict.fromkeys(one for one in cleaned if one))[:MOST_NAMES]


def _clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:TEXT_LIMIT].strip()


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def _box(text: str) -> Box | None:
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError:
        return None
    if not all(map(math.isfinite, (west, south, east, north))) or west > east or south > north:
        return None
    sides = clamped((west, south, east, north))
    return tuple(round(side, BOX_DIGITS) for side in sides)  # type: ignore[return-value]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), JST)
