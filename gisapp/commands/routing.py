"""The routing table on the command line: what stands in it, whether it holds, what it would have done."""

from __future__ import annotations

import argparse

from gisapp.commands.report import over_town
from gisapp.commands.task import Say, Tasks
from gisapp.flows.desk.rerouting import PAST_REPORTS, dry_run, since
from gisapp.flows.desk.routing import RoutingTable
from gisapp.flows.desk.routing_file import SHIPPED, RoutingFaults, own_file, parsed
from gisapp.flows.desk.routing_words import then_words, when_words
from gisapp.rules import routing_of
from gisapp.town import Town
from gisapp.words import say
from reports_store import Filters


def _show(given: argparse.Namespace, town: Town, tell: Say) -> int:
    now = routing_of(town)
    tell(say("desk_routing.cli.file", file=own_file(town.settings.data) if now.own else SHIPPED))
    if now.faults:
        return _faulty(RoutingFaults(now.faults), tell)
    for place, rule in enumerate(now.table.rules, 1):
        tell(
            say(
                "desk_routing.cli.rule",
                n=place,
                name=rule.name,
                state=say(f"desk_routing.table.{'on' if rule.active else 'off'}"),
                when=" ".join(when_words(rule.when, town.categories)) or say("desk_routing.any"),
                then=" ".join(then_words(rule.then)),
            )
        )
    return 0


def _check(given: argparse.Namespace, town: Town, tell: Say) -> int:
    try:
        table = _read(given, town)
    except RoutingFaults as error:
        return _faulty(error, tell)
    tell(say("desk_routing.cli.sound", n=len(table.rules)))
    return 0


def _dry_run(given: argparse.Namespace, town: Town, tell: Say) -> int:
    try:
        table = _read(given, town)
    except RoutingFaults as error:
        return _faulty(error, tell)
    past = town.reports.newest(Filters(since=since(town.now())), PAST_REPORTS)
    is_working = town.reports.deadlines.is_working
    found = dry_run(routing_of(town).table, table, past, town.categories, is_working)
    tell(say("desk_routing.try.looked_at", n=found.looked_at))
    tell(
        say("desk_routing.try.moved", n=len(found.moved))
        if found.moved
        else say("desk_routing.try.none_moved")
    )
    for old, new, n in found.by_way:
        tell(say("desk_routing.try.way", old=old, new=new, n=n))
    for one in found.moved:
        words = {
            "number": one.number,
            "category": one.category,
            "old": one.old,
            "new": one.new,
            "now": one.now,
        }
        tell(say("desk_routing.cli.moved", **words))
    if found.otherwise:
        tell(say("desk_routing.try.otherwise", n=found.otherwise))
    return 0


def _read(given: argparse.Namespace, town: Town) -> RoutingTable:
    """The table of the file that was named, or the one in force. Raises RoutingFaults."""
    now = routing_of(town)
    if given.file is None:
        if now.faults:
            raise RoutingFaults(now.faults)
        return now.table
    return parsed(given.file.read_bytes().decode("utf-8-sig", "replace"), town.categories)


def _faulty(error: RoutingFaults, tell: Say) -> int:
    tell(say("desk_routing.try.faults", n=len(error.faults)))
    for fault in error.faults:
        tell(str(fault))
    return 1


TASKS: Tasks = {
    "routing show": over_town(_show),
    "routing check": over_town(_check),
    "routing dry-run": over_town(_dry_run),
}
