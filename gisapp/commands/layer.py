"""A department's files in, the list of layers out."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gisapp.commands.task import Say, Tasks, me
from gisapp.flows.describe import NEVER
from gisapp.flows.examine import examine
from gisapp.flows.explain import faults_csv, grouped
from gisapp.flows.import_layer import How, entry_for, keep
from gisapp.flows.locate import boundary_of, town_area
from gisapp.flows.publish_layer import opened_in_words
from gisapp.flows.whereabouts import whereabouts
from gisapp.profile import read_profile, write_profile
from gisapp.settings import Settings
from gisapp.town import open_layers, own_catalogue
from gisapp.words import say
from layers.durable import write_durably
from layers.errors import Fault, UnreadableFile
from layers.kinds import Kind, kind_of
from layers.validate import admitted
from layers.versions import LayerShelf


def _import(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    profile = read_profile(settings.town_file)
    layers = open_layers(settings, profile.zone)
    area = town_area(profile, layers)
    try:
        found = examine(
            given.file, _kind(given, layers), area, crs=given.crs, sublayer=given.sublayer or "",
            where=whereabouts(layers, profile.code),
        )  # fmt: skip
    except UnreadableFile as error:
        _save_faults(given.faults, error.faults)
        raise
    _save_faults(given.faults, found.faults)
    entry = entry_for(given.layer_id or found.kind.id, found.kind, layers.catalogue)
    how = How(by=me(), at=datetime.now(UTC), as_of=given.as_of, accept_repairs=given.accept_repairs)
    if given.dry_run:
        taken = admitted(found.checked, accept_repairs=how.accept_repairs)
        _tell_faults((*taken.repairs, *taken.notes), tell)
        tell(say("cli.dry_run", title=entry.title, rows=len(found.frame), kind=found.kind.title))
    else:
        done = keep(found, entry, layers, own_catalogue(settings), how)
        if entry.id == "boundary" and (outline := boundary_of(profile, layers)) is not None:
            write_profile(replace(profile, bounds=outline.bounds), settings.town_file)
        _tell_faults((*done.repairs, *done.notes), tell)
        version = done.version
        tell(say("cli.imported", title=entry.title, rows=version.rows, version=version.number))
    if how_opened := opened_in_words(found.read.seen):
        tell(say("layer_files.how_opened", how=how_opened))
    tell(say("cli.read_by", reader=found.read.reader, why=found.read.why))
    return 0


def _kind(given: argparse.Namespace, layers: LayerShelf) -> Kind | None:
    """The kind that was said, or that of the layer that was said; None leaves it to the file."""
    if given.kind:
        return kind_of(given.kind)
    if given.layer_id in layers.catalogue:
        return kind_of(layers.catalogue.entry(given.layer_id).kind)
    return None


def _save_faults(target: Path | None, faults: tuple[Fault, ...]) -> None:
    if target:
        write_durably(target, faults_csv(faults))


def _tell_faults(faults: tuple[Fault, ...], tell: Say) -> None:
    for line in grouped(faults):
        tell(line)


def _list(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    layers = open_layers(settings, read_profile(settings.town_file).zone)
    states = [
        {
            "id": state.id,
            "kind": state.kind,
            "rows": state.rows,
            "version": state.version,
            "as_of": state.as_of.isoformat() if state.as_of else None,
            "title": state.title,
            "ok": state.ok,
        }
        for state in layers.listing()
        if state.reason != NEVER
    ]
    if given.json:
        tell(json.dumps(states, ensure_ascii=False, indent=2))
        return 0
    for state in states:
        tell(say("cli.layer_line" if state["ok"] else "cli.layer_failed", **state))
    return 0


TASKS: Tasks = {"layer import": _import, "layer list": _list}
