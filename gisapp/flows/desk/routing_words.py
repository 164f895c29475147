"""The routing table in plain words, and what in it looks like a slip of the pen."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.routing import RoutingTable, Rule, Then, When, day_words
from gisapp.words import say
from reports_store import Categories

BETWEEN = "・"


def when_words(when: When, categories: Categories) -> list[str]:
    """The conditions of a rule, one text each; none for a rule that takes every report."""
    return [
        f"{say(f'desk_routing.when.{name}')}：{text}" if name != "asset" else text
        for name, text in _when(when, categories)
    ]


def _when(when: When, categories: Categories) -> Iterator[tuple[str, str]]:
    if when.category:
        names = (category_name(categories[one]) if one in categories else one for one in when.category)
        yield "category", BETWEEN.join(names)
    if when.road_manager:
        yield "road_manager", BETWEEN.join(when.road_manager)
    if when.area:
        yield "area", BETWEEN.join(when.area)
    if when.asset:
        yield "asset", say("desk_routing.when.asset", value=BETWEEN.join(when.asset))
    if when.days:
        yield "days", BETWEEN.join(map(day_words, when.days))
    if when.hours:
        yield "hours", str(when.hours)
    if when.mode:
        yield "mode", say(f"desk_routing.mode.{when.mode}")
    if when.channel:
        yield "channel", BETWEEN.join(say(f"desk_routing.channel.{one}") for one in when.channel)


def then_words(then: Then) -> list[str]:
    """What a rule does, one text each."""
    priority = say(f"desk_routing.priority.{then.priority}") if then.priority else ""
    found = {
        "department": then.department,
        "person": then.person,
        "priority": priority,
        "suggest_body": then.suggest_body,
    }
    return [say(f"desk_routing.then.{name}", value=value) for name, value in found.items() if value]


@dataclass(frozen=True, slots=True)
class Known:
    """The names there are: departments, logins of open accounts, 自治会, layers."""

    departments: Collection[str]
    logins: Collection[str]
    areas: Collection[str]
    layers: Collection[str]


def doubts(table: RoutingTable, known: Known) -> list[str]:
    """Names in the table that nothing in the town has. Not faults: a department may be founded tomorrow."""
    return [
        say(f"desk_routing.doubt.{what}", rule=rule.name, name=name)
        for rule in table.rules
        for what, name, there in _named(rule, known)
        if name not in there
    ]


def _named(rule: Rule, known: Known) -> Iterator[tuple[str, str, Collection[str]]]:
    if rule.then.department:
        yield "department", rule.then.department, known.departments
    if rule.then.person:
        yield "person", rule.then.person, known.logins
    for area in rule.when.area if known.areas else ():
        yield "area", area, known.areas
    for asset in rule.when.asset:
        yield "asset", asset, known.layers
