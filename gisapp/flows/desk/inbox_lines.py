"""A page of the inbox in words: its lines, how many there are in all, and the counts of what presses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.inbox import UNFINISHED, Due, InboxChoice, Whose, filters_of
from gisapp.flows.desk.kept import Kept
from gisapp.flows.desk.lateness import Lateness, lateness
from gisapp.flows.desk.steps import has
from gisapp.person import Person, Right
from gisapp.words import say
from reports_store import Categories, Filters, Priority, Report, ReportStore, Status
from reports_store.fiscal import JST
from reports_store.workflow import PUBLIC_STATE

PAGE = 50
MOST = 100
BODY_LETTERS = 90
# The two rows of tabs: whose work, and what of it presses.
WHOSE = tuple(InboxChoice(whose=whose, states=UNFINISHED) for whose in Whose)
PRESSING: Mapping[str, InboxChoice] = {
    "late": InboxChoice(due=Due.LATE),
    "today": InboxChoice(due=Due.TODAY),
    "waiting": InboxChoice(states=(Status.RECEIVED.value,)),
    "unassigned": InboxChoice(states=UNFINISHED, unassigned=True),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, of which reports, and when."""

    person: Person
    reports: ReportStore
    categories: Categories
    now: datetime
    names: Mapping[str, str]  # people's names by login


@dataclass(frozen=True, slots=True)
class Count:
    """How many reports there are; at least so many where it is not exact."""

    n: int
    exact: bool = True

    @property
    def words(self) -> str:
        """ "12件", "1,000件以上"."""
        return say("desk_inbox.count" if self.exact else "desk_inbox.count_least", n=f"{self.n:,}")


@dataclass(frozen=True, slots=True)
class InboxLines:
    """One page: lines as plain values, the count of all pages, and where the next begins ("" for the last).

    cut: so much was read that the page ends before it is full; the next one goes on from there.
    """

    lines: tuple[dict[str, Any], ...]
    count: Count
    next: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice that is one press away, and how many reports wait there."""

    name: str
    choice: InboxChoice
    count: Count


def inbox_lines(choice: InboxChoice, asking: Asking, after: str = "", limit: int = PAGE) -> InboxLines:
    """A page of the inbox. Raises InvalidFilter for an `after` that never came from here."""
    filters = filters_of(choice, asking.person, asking.categories, asking.now)
    found = asking.reports.inbox(filters, choice.order, limit=min(limit, MOST), after=after)
    lines = tuple(line(report, asking) for report in found.reports)
    return InboxLines(lines, Count(found.total, found.exact), found.next, found.cut)


def line(report: Report, asking: Asking) -> dict[str, Any]:
    """One report as a line shows it."""
    category = asking.categories.get(report.category)
    late = lateness(report, asking.now)
    person = asking.person
    place = report.place
    return {
        "id": report.public_id,
        "version": report.version,
        "category": report.category,
        "category_name": report.category if category is None else category_name(category),
        "letter": "?" if category is None else category.symbol,
        "state": PUBLIC_STATE[report.status].value,
        "status": report.status.value,
        "status_name": say(f"report.status.{report.status}"),
        "priority": report.priority.value,
        "priority_name": ""
        if report.priority is Priority.NORMAL
        else say(f"desk_inbox.priority.{report.priority}"),
        "late": late.value,
        "late_words": late_words(report, late, asking.now),
        "department": report.department or "",
        "assignee": asking.names.get(report.assignee or "", report.assignee or ""),
        "area": "" if report.area is None else report.area.name,
        "body": shortened(report.body),
        "photo": next((photo.sha256 for photo in report.own_photos), ""),
        "photos": report.photo_count,
        "date": report.received_at.astimezone(JST).strftime("%Y-%m-%d"),
        "age": age_words(asking.now - report.received_at),
        "support": report.support,
        "lon": place.lon,
        "lat": place.lat,
        "may_assign": has(person, Right.ASSIGN, report),
        "may_take": _may_take(person, report),
    }


def _may_take(person: Person, report: Report) -> bool:
    """Whether somebody can say "I do this": it is nobody's yet, and of their department."""
    return (
        not report.assignee and report.department == person.department and has(person, Right.ASSIGN, report)
    )


def tabs(choice: InboxChoice, asking: Asking, kept: Kept[Count]) -> tuple[tuple[Tab, ...], tuple[Tab, ...]]:
    """The tabs of whose work, and those of what presses among the work of the present choice."""
    count = _counting(asking, kept)
    whose = tuple(Tab(one.whose.value, one, count(one)) for one in WHOSE)
    pressing = {name: replace(one, whose=choice.whose) for name, one in PRESSING.items()}
    return whose, tuple(Tab(name, one, count(one)) for name, one in pressing.items())


def _counting(asking: Asking, kept: Kept[Count]) -> Callable[[InboxChoice], Count]:
    revision, minute = asking.reports.revision(), asking.now.replace(second=0, microsecond=0)

    def count(choice: InboxChoice) -> Count:
        filters = filters_of(choice, asking.person, asking.categories, minute)
        return kept.get(filters, revision, lambda: _counted(filters, choice, asking.reports))

    return count


def _counted(filters: Filters, choice: InboxChoice, reports: ReportStore) -> Count:
    found = reports.inbox(filters, choice.order, limit=1)
    return Count(found.total, found.exact)


def late_words(report: Report, late: Lateness, now: datetime) -> str:
    """遅れ3日, 今日まで, あと5日, 待ち; nothing where no deadline runs. Days are those of the calendar."""
    if report.due_at is None or late in {Lateness.NONE, Lateness.WAITING}:
        return say("desk_inbox.late.waiting") if late is Lateness.WAITING else ""
    days = (report.due_at.astimezone(JST).date() - now.astimezone(JST).date()).days
    key = late.value if days else f"{late.value}_today"
    return say(f"desk_inbox.late.{key}", n=abs(days))


def age_words(age: timedelta) -> str:
    """How long ago a report came, in the unit that says it shortest."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return say("desk_inbox.age.minutes", n=minutes)
    hours = minutes // 60
    return say("desk_inbox.age.hours", n=hours) if hours < 24 else say("desk_inbox.age.days", n=hours // 24)


def shortened(text: str) -> str:
    """The first words of a text on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= BODY_LETTERS else f"{flat[: BODY_LETTERS - 1]}…"
