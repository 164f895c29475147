"""Before the routing table is changed: what it would have done to past reports; then the change, kept and answerable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.routing import IsWorking, RoutingTable, Rule, Then, When, facts_of
from gisapp.flows.desk.routing_file import SHIPPED, current, own_file, parsed, version_of
from gisapp.words import say
from layers.durable import alone, write_durably
from reports_store import Categories, Report
from reports_store.corrections import Corrected

PAST_REPORTS, PAST_DAYS = 1000, 365
LEARNT_DAYS = 90
FEWEST, SHARE = 3, 0.5  # corrections from which a change is suggested, and their share of the reports
KEPT_VERSIONS = 50


class RoutingMoved(Exception):
    """Somebody else has changed the table since it was opened."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A past report that the new table would have sent elsewhere. now is who has it today."""

    number: str
    category: str
    old: str
    new: str
    now: str
    why: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a table would have changed. agreeing: of the moved ones, how many people had moved there by hand;
    otherwise: reports whose person, priority or suggested body alone would differ.
    """

    looked_at: int
    moved: tuple[Moved, ...]
    otherwise: int
    agreeing: int
    by_way: tuple[tuple[str, str, int], ...]
    used: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Reports of one kind that were moved by hand again and again; nothing follows from it by itself."""

    category: str
    old: str
    new: str
    moved: int
    of: int


def dry_run(
    old: RoutingTable,
    new: RoutingTable,
    past: Iterable[Report],
    categories: Categories,
    is_working: IsWorking,
) -> DryRun:
    """Route past reports by both tables, as if each had just come. Reports of a kind that is no more are left out."""
    moved, otherwise, looked_at, used = [], 0, 0, Counter[str]()
    for report in past:
        if report.category not in categories:
            continue
        facts = facts_of(report)
        before, after = (table.route(facts, categories, is_working) for table in (old, new))
        looked_at += 1
        used[after.rule] += 1
        if before.department != after.department:
            name = category_name(categories[report.category])
            moved.append(
                Moved(
                    report.public_id,
                    name,
                    before.department,
                    after.department,
                    report.department or "",
                    after.why,
                )
            )
        elif _rest(before) != _rest(after):
            otherwise += 1
    ways = Counter((one.old, one.new) for one in moved)
    return DryRun(
        looked_at=looked_at,
        moved=tuple(moved),
        otherwise=otherwise,
        agreeing=sum(one.new == one.now != one.old for one in moved),
        by_way=tuple((*way, n) for way, n in ways.most_common()),
        used=tuple((rule.name, used[rule.name]) for rule in new.rules),
    )


def _rest(routed: object) -> tuple[object, ...]:
    return tuple(getattr(routed, name) for name in ("assignee", "priority", "suggest_body"))


def since(now: datetime, days: int = PAST_DAYS) -> datetime:
    """The beginning of the past that is looked at."""
    return now - timedelta(days=days)


def suggestions(corrected: Sequence[Corrected]) -> list[Suggestion]:
    """Where hands moved at least three reports and half of all that came so. The most frequent first."""
    all_of: Counter[tuple[str, str]] = Counter()
    for one in corrected:
        all_of[one.category, one.first] += one.n
    found = [
        Suggestion(one.category, one.first, one.now, one.n, all_of[one.category, one.first])
        for one in corrected
        if one.first != one.now
    ]
    weighty = [one for one in found if one.moved >= FEWEST and one.moved >= SHARE * one.of]
    return sorted(weighty, key=lambda one: -one.moved)


def with_suggested(table: RoutingTable, suggestion: Suggestion, category: str) -> RoutingTable:
    """The table with one more rule at its end that does what hands have done; a person has yet to try and apply it."""
    taken = {rule.name for rule in table.rules}
    name = say("desk_routing.suggested_name", category=category, new=suggestion.new)[:55]
    while name in taken:
        name += "+"
    rule = Rule(name, When(category=(suggestion.category,)), Then(department=suggestion.new))
    return RoutingTable((*table.rules, rule))


def apply(data: Path, text: str, seen: str, codes: Iterable[str], at: datetime) -> str:
    """Put a table in force and return its version; the former one is kept under data/routing/.

    The file is the old one or the new one, whatever happens. Raises RoutingFaults, RoutingMoved.
    """
    known = tuple(codes)
    parsed(text, known)
    folder, content = versions_folder(data), text.encode()
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / "lock"):
        before = current(data, known)
        if before.seen != seen:
            raise RoutingMoved
        former = own_file(data) if before.own else SHIPPED
        write_durably(
            folder / f"{at:%Y%m%dT%H%M%S}.{at.microsecond:06d}Z.{before.seen}.toml", former.read_bytes()
        )
        write_durably(own_file(data), content)
    for old in versions(data)[KEPT_VERSIONS:]:
        (folder / old).unlink(missing_ok=True)
    return version_of(content)


def versions_folder(data: Path) -> Path:
    """Where former tables are kept."""
    return data / "routing"


def versions(data: Path) -> list[str]:
    """The names of the former tables, the latest first; a name begins with when it was replaced (UTC)."""
    return sorted((one.name for one in versions_folder(data).glob("*.toml")), reverse=True)


def version_text(data: Path, name: str) -> str | None:
    """The text of a former table; None for a name that is not in the list."""
    if name not in versions(data):
        return None
    return (versions_folder(data) / name).read_bytes().decode("utf-8-sig", "replace")
