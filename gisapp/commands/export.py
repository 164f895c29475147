"""Reports and layers as files."""

from __future__ import annotations

import argparse

from gisapp.commands.task import Say, Tasks
from gisapp.flows.publish import csv_lines, export, geojson_parts
from gisapp.flows.publish_layer import losses_in_words
from gisapp.profile import read_profile
from gisapp.settings import Settings
from gisapp.town import open_layers, open_town
from gisapp.words import say
from layers.writers import write_layer


def _export(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    town = open_town(settings)
    parts = {"geojson": geojson_parts, "csv": csv_lines}[given.format]
    try:
        written = export(parts(town.reports, town.categories), given.out)
    finally:
        town.close()
    tell(say("cli.exported", file=given.out, size=written))
    return 0


def _layer(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    layers = open_layers(settings, read_profile(settings.town_file).zone)
    version = layers.current(given.layer_id)
    losses = write_layer(version, given.format, given.out)
    size = given.out.stat().st_size
    tell(say("layer_files.exported", file=given.out, rows=version.rows, size=size))
    for line in losses_in_words(losses):
        tell(line)
    return 0


TASKS: Tasks = {"export": _export, "layer export": _layer}
