"""The town's own background map: set, shown, taken away."""

from __future__ import annotations

import argparse

from gisapp.commands.task import Say, Tasks
from gisapp.settings import Settings
from gisapp.words import say
from layers.basemap import BaseMap, BaseMapShelf


def _set(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    about = BaseMapShelf(settings.basemap_folder).put(given.file, given.attribution or "")
    tell(say("tiles.basemap_set", file=given.file.name))
    tell(_told(about))
    return 0


def _show(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    about = BaseMapShelf(settings.basemap_folder).current()
    tell(say("tiles.basemap_none") if about is None else _told(about))
    return 0


def _clear(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    gone = BaseMapShelf(settings.basemap_folder).clear()
    tell(say("tiles.basemap_cleared" if gone else "tiles.basemap_none"))
    return 0


def _told(about: BaseMap) -> str:
    west, south, east, north = about.bounds
    return say(
        "tiles.basemap_line",
        container=about.container,
        format=about.format,
        least=about.least_zoom,
        most=about.most_zoom,
        bounds=f"{west:.3f}, {south:.3f}, {east:.3f}, {north:.3f}",
        attribution=about.attribution,
    )


TASKS: Tasks = {"basemap set": _set, "basemap show": _show, "basemap clear": _clear}
