"""A table of places in, the same table with the layers' answers out."""

from __future__ import annotations

import argparse

from gisapp.commands.task import Say, Tasks, me
from gisapp.flows.answer_files import write_answer
from gisapp.flows.ask_many import TooManyPlaces, ask_many
from gisapp.person import Person, Role
from gisapp.profile import read_profile
from gisapp.settings import Settings
from gisapp.town import open_layers
from gisapp.words import say


def _ask(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    profile = read_profile(settings.town_file)
    # whoever works on this machine may read the files themselves
    operator = Person(login=me(), roles=frozenset({Role.ADMIN}))
    layer_ids = [one.strip() for one in given.layers.split(",") if one.strip()]

    def progress(done: int, total: int, title: str) -> None:
        tell(say("batch.cli.progress", done=done, total=total, title=title))

    layers = open_layers(settings, profile.zone)
    try:
        answered = ask_many(given.file, layer_ids, operator, layers, profile, progress)
    except TooManyPlaces as error:
        raise ValueError(say("batch.too_many", rows=error.rows, most=error.most)) from None
    write_answer(answered, given.out)
    tell(say("batch.cli.done", rows=len(answered.rows), file=given.out, unread=answered.unread))
    return 0


TASKS: Tasks = {"ask": _ask}
