"""Which department a report goes to, by a table that a person can read, and why, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from gisapp.words import say, speaking
from reports_store import Categories, Channel, Mode, NewReport, Priority, Report
from reports_store.fiscal import JST
from reports_store.plaintext import LINE_LIMIT

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING, CLOSED = "working", "closed"
# The four kinds of road a rule may name, and how the layers write them.
ROADS: Mapping[str, tuple[str, ...]] = {
    "国道": ("国道", "高速自動車国道"),
    "県道": ("県道", "都道", "府道", "道道", "都道府県道"),
    "市町村道": ("町道", "市道", "村道", "区道", "市町村道"),
    "私道": ("私道",),
}
_ROAD_OF = {sort: road for road, sorts in ROADS.items() for sort in sorts}
IsWorking = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may ask about a report. road is one of ROADS or empty; asset the id of a layer; at is aware."""

    category: str
    at: datetime
    area: str = ""
    road: str = ""
    asset: str = ""
    mode: Mode = Mode.NORMAL
    channel: Channel = Channel.WEB


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the day in Japan's time; one that ends before it begins goes over midnight."""

    begin: time
    end: time

    def __contains__(self, moment: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class When:
    """All that is named must hold; of several values under one name, any. What is left empty does not ask."""

    category: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    road_manager: tuple[str, ...] = ()
    asset: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    hours: Hours | None = None
    mode: Mode | None = None
    channel: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """What a rule decides; what it leaves empty stays as it would be without it.

    suggest_body is another body (県・国 …) that the report should be referred to, which a person decides.
    """

    department: str = ""
    person: str = ""
    priority: Priority | None = None
    suggest_body: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    name: str
    when: When
    then: Then
    active: bool = True


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a report goes and why, in Japanese. rule is the name of the rule, empty where none applied."""

    department: str
    assignee: str | None
    priority: Priority
    why: str
    rule: str = ""
    suggest_body: str = ""


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """The rules in their order: the first active one whose conditions hold decides."""

    rules: tuple[Rule, ...] = field(default=())

    def route(self, facts: Facts, categories: Categories, is_working: IsWorking) -> Routed:
        """Where a report of these facts goes; where no rule applies, to its category's own department."""
        found = next((one for one in self.rules if one.active and holds(one.when, facts, is_working)), None)
        own, then = categories[facts.category].department, found.then if found else Then()
        return Routed(
            department=then.department or own,
            assignee=then.person or None,
            priority=then.priority or Priority.NORMAL,
            why=_why(found, facts, categories),
            rule=found.name if found else "",
            suggest_body=then.suggest_body,
        )


def facts_of(report: NewReport | Report) -> Facts:
    """What the rules see of a report, at the time when it came."""
    return Facts(
        category=report.category,
        at=report.received_at,
        area=report.area.name if report.area else "",
        road=road_of(report.road.name if report.road else ""),
        asset=report.asset.layer if report.asset else "",
        mode=report.mode,
        channel=report.channel,
    )


def road_of(manager: str) -> str:
    """The kind of road by the words of a finding, such as 町道（見本町）; empty where it is none we know."""
    return _ROAD_OF.get(manager.partition("（")[0].strip(), "")


def holds(when: When, facts: Facts, is_working: IsWorking) -> bool:
    """Whether all that is asked is so. The calendar is opened for rules that ask for days alone."""
    asked = (
        (when.category, facts.category), (when.area, facts.area), (when.road_manager, facts.road),
        (when.asset, facts.asset), (when.channel, facts.channel),
    )  # fmt: skip
    if any(wanted and found not in wanted for wanted, found in asked):
        return False
    if when.mode is not None and when.mode is not facts.mode:
        return False
    if when.hours is None and not when.days:
        return True
    local = facts.at.astimezone(JST)
    if when.hours is not None and local.time() not in when.hours:
        return False
    return not when.days or _on(local.date(), when.days, is_working)


def _on(day: date, days: tuple[str, ...], is_working: IsWorking) -> bool:
    if WEEKDAYS[day.weekday()] in days:
        return True
    return (WORKING if is_working(day) else CLOSED) in days


def _why(rule: Rule | None, facts: Facts, categories: Categories) -> str:
    with speaking("ja"):
        name = categories[facts.category].name()
        if rule is None:
            return say("desk_routing.why.category", category=name)
        asked = "・".join(_told(rule.when, facts, name))
        body = rule.then.suggest_body
        key = "rule" if asked else "always"
        why = say(f"desk_routing.why.{key}", asked=asked, rule=rule.name)
        return (why + (say("desk_routing.why.body", body=body) if body else ""))[:LINE_LIMIT]


def _told(when: When, facts: Facts, category: str) -> Iterator[str]:
    """What was asked for and so, of this report."""
    if when.category:
        yield category
    if when.road_manager:
        yield facts.road
    if when.area:
        yield facts.area
    if when.asset:
        yield say("desk_routing.when.asset", value=facts.asset)
    if when.days:
        yield "／".join(day_words(one) for one in when.days)
    if when.hours:
        yield str(when.hours)
    if when.mode:
        yield say(f"desk_routing.mode.{when.mode}")
    if when.channel:
        yield say(f"desk_routing.channel.{facts.channel}")


def day_words(day: str) -> str:
    """A day of a rule in words."""
    return say(f"desk_routing.day.{day}")
