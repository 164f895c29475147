"""Two reports of one thing made one, and two again."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from gisapp.commands.task import Say, Task, Tasks, me
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from gisapp.words import say


def _merge(given: argparse.Namespace, town: Town, tell: Say) -> int:
    duplicate, original = town.reports.get(given.number), town.reports.get(given.into)
    town.reports.merge(duplicate.id, original.id, actor=me(), at=town.now(), seen=duplicate.version)
    tell(say("cli.merged", number=duplicate.public_id, into=original.public_id))
    return 0


def _unmerge(given: argparse.Namespace, town: Town, tell: Say) -> int:
    duplicate = town.reports.get(given.number)
    found = town.reports.unmerge(duplicate.id, actor=me(), at=town.now(), seen=duplicate.version)
    status = say(f"report.status.{found.status}")
    tell(say("cli.unmerged", number=duplicate.public_id, status=status))
    return 0


def over_town(step: Callable[[argparse.Namespace, Town, Say], int]) -> Task:
    """A task that opens the town and closes it again."""

    def task(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
        town = open_town(settings)
        try:
            return step(given, town, tell)
        finally:
            town.close()

    return task


TASKS: Tasks = {"report merge": over_town(_merge), "report unmerge": over_town(_unmerge)}
