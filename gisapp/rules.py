"""What a report into a town is checked against, put together from the opened town."""

from __future__ import annotations

from functools import partial

from gisapp.flows.locate import locate
from gisapp.flows.submit import Rules
from gisapp.town import Town


def rules_of(town: Town) -> Rules:
    """The categories, the place's findings, the key, the clock and the mode of a town."""
    where = partial(locate, layers=town.layers, profile=town.profile)
    return Rules(categories=town.categories, locate=where, secret=town.secret, now=town.now, mode=town.mode)
