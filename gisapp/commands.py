"""Carries out what the command line asks: each task calls one flow and says in Japanese how it went."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

from gisapp.flows.describe import NEVER
from gisapp.flows.explain import explain, explain_fault, explain_faults
from gisapp.flows.found_town import found_town
from gisapp.flows.import_layer import How, entry_for, import_layer
from gisapp.flows.locate import boundary_of, town_area
from gisapp.flows.plant_sample import plant_catalogue, plant_layers, plant_reports
from gisapp.flows.publish import csv_lines, export, geojson_parts
from gisapp.profile import Phone, ProfileError, TownProfile, read_profile, write_profile
from gisapp.rules import rules_of
from gisapp.sample import build
from gisapp.settings import HOUSE, Settings
from gisapp.town import open_layers, open_town, own_catalogue
from gisapp.words import say
from layers.codes import prefecture_of
from layers.errors import CatalogueError, ImportRefused, LayersError, UnreadableFile
from layers.kinds import kind_of
from layers.readers import Read
from layers.validate import Admitted
from layers.versions import LayerShelf
from reports_store.errors import ReportsError

Say = Callable[[str], None]


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Carry out one parsed command; what it refuses is said on err and answered with 1."""
    tell: Say = partial(print, file=out, flush=True)
    try:
        return TASKS[f"{given.task} {getattr(given, 'step', '')}".strip()](given, Settings.from_env(), tell)
    except (ImportRefused, UnreadableFile, CatalogueError) as error:
        print(explain(error), *explain_faults(error), sep="\n", file=err)
    except (ReportsError, LayersError) as error:
        print(explain(error), file=err)
    except ProfileError as error:
        print(say(f"cli.{error.key}", **error.values), file=err)
    except OSError as error:
        print(say("cli.file_trouble", name=error.filename or "", why=error.strerror or error), file=err)
    except ValueError as error:
        print(say("cli.wrong_value", why=error), file=err)
    return 1


def _start(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    if not settings.town_file.exists() and (refused := _sample(argparse.Namespace(seed=8), settings, tell)):
        return refused
    return _serve(given, settings, tell)


def _serve(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    profile = read_profile(settings.town_file)
    port = given.port or settings.port
    tell(say("cli.serving", town=profile.name, url=f"http://127.0.0.1:{port}", data=settings.data))
    tell(say("cli.accounts"))
    command = [sys.executable, "-m", "streamlit", "run", str(HOUSE / "streamlit_app.py")]
    environment = {
        **os.environ,
        "GISAPP_DATA": str(settings.data),
        "GISAPP_TOWN": str(settings.town_file),
        "GISAPP_ASSETS": str(settings.assets),
        "GISAPP_PORT": str(port),
    }
    os.chdir(HOUSE)  # .streamlit/config.toml is looked for here
    os.execve(sys.executable, [*command, "--server.port", str(port)], environment)


def _sample(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    if settings.town_file.exists():
        tell(say("cli.town_exists", file=settings.town_file))
        return 1
    unfinished = settings.data / "town.unfinished.toml"
    kept = [
        path for path in (settings.database, settings.photo_folder, settings.layer_folder) if path.exists()
    ]
    if kept and not unfinished.exists():
        tell(say("cli.data_without_town", data=settings.data, file=settings.town_file))
        return 1
    tell(say("cli.making_sample"))
    sample = build(seed=given.seed)
    # The mark is only ever set in a folder without data, so behind it there is nothing but a sample cut off.
    _clear(settings)
    write_profile(sample_profile(sample.profile), unfinished)
    plant_catalogue(sample, own_catalogue(settings))
    plant_layers(sample, open_layers(settings, sample.profile["zone"]))
    town = open_town(replace(settings, town_file=unfinished))
    try:
        made = plant_reports(sample, town.reports, town.photos, rules_of(town), _progress(tell))
    finally:
        town.close()
    unfinished.replace(settings.town_file)
    tell(say("cli.sample_made", n=made, layers=len(sample.layers)))
    return 0


def _clear(settings: Settings) -> None:
    for folder in (settings.photo_folder, settings.layer_folder):
        shutil.rmtree(folder, ignore_errors=True)
    for file in settings.data.glob(f"{settings.database.name}*"):
        file.unlink()


def sample_profile(made: dict[str, Any]) -> TownProfile:
    """The sample's own description as a town's profile."""
    return TownProfile(
        name=made["name"],
        code=made["code"],
        prefecture=prefecture_of(made["code"]),
        zone=made["zone"],
        bounds=tuple(made["bounds"]),
        sample=True,
        phones=tuple(Phone(**phone) for phone in reversed(made["phones"])),  # the day-and-night one first
    )


def _progress(tell: Say) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            tell(say("cli.progress", done=done, total=total))

    return told


def _create(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    if settings.town_file.exists():
        tell(say("cli.town_exists", file=settings.town_file))
        return 1
    founded = found_town(given.name, given.code, given.boundary, given.accept_repairs)
    if founded.boundary is not None and founded.admitted is not None:
        layers = open_layers(settings, founded.profile.zone)
        _keep_boundary(given.boundary, founded.boundary, founded.admitted, layers)
    write_profile(founded.profile, settings.town_file)
    tell(say("cli.town_made", name=founded.profile.name, zone=founded.profile.zone, file=settings.town_file))
    if founded.boundary is None:
        tell(say("cli.no_boundary"))
    return 0


def _keep_boundary(path: Path, found: Read, admitted: Admitted, layers: LayerShelf) -> None:
    layers.add(
        "boundary",
        admitted.frame,
        reader=found.reader,
        source_name=path.name,
        source_sha256=sha256(path.read_bytes()).hexdigest(),
        by=_me(),
        at=datetime.now(UTC),
        as_of=found.as_of,
        repairs=admitted.repairs,
    )


def _import(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    profile = read_profile(settings.town_file)
    kind = kind_of(given.kind)
    layers = open_layers(settings, profile.zone)
    entry = entry_for(given.layer_id or kind.id, kind, layers.catalogue)
    how = How(by=_me(), at=datetime.now(UTC), as_of=given.as_of, accept_repairs=given.accept_repairs)
    own, area = own_catalogue(settings), town_area(profile, layers)
    done = import_layer(given.file, entry, layers, own, area, how)
    if entry.id == "boundary" and (outline := boundary_of(profile, layers)) is not None:
        write_profile(replace(profile, bounds=outline.bounds), settings.town_file)
    for note in done.notes[:20]:
        tell(explain_fault(note))
    tell(
        say(
            "cli.imported",
            title=done.version.entry.title,
            rows=done.version.rows,
            version=done.version.number,
        )
    )
    tell(say("cli.read_by", reader=done.reader, why=done.why))
    return 0


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


def _export(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    town = open_town(settings)
    parts = {"geojson": geojson_parts, "csv": csv_lines}[given.format]
    try:
        written = export(parts(town.reports, town.categories), given.out)
    finally:
        town.close()
    tell(say("cli.exported", file=given.out, size=written))
    return 0


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "cli"


TASKS: dict[str, Callable[[argparse.Namespace, Settings, Say], int]] = {
    "start": _start,
    "serve": _serve,
    "sample": _sample,
    "town create": _create,
    "layer import": _import,
    "layer list": _list,
    "export": _export,
}
