"""What a report into a town is checked against, put together from the opened town."""

from __future__ import annotations

from functools import partial

from gisapp.flows.desk.routing import Facts, Routed
from gisapp.flows.desk.routing_file import Current, current
from gisapp.flows.locate import locate
from gisapp.flows.submit import Rules
from gisapp.town import Town


def rules_of(town: Town) -> Rules:
    """The categories, the place's findings, the routing table, the key, the clock and the mode of a town."""
    where = partial(locate, layers=town.layers, profile=town.profile)
    return Rules(
        categories=town.categories,
        locate=where,
        route=partial(route, town),
        secret=town.secret,
        now=town.now,
        mode=town.mode,
    )


def route(town: Town, facts: Facts) -> Routed:
    """Where a report of these facts goes by the town's routing table as it is now."""
    return routing_of(town).table.route(facts, town.categories, town.reports.deadlines.is_working)


def routing_of(town: Town) -> Current:
    """The routing table in force, with its faults if it has any."""
    return current(town.settings.data, town.categories)
