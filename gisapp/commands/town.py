"""Found a town, make the sample town, serve it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from gisapp.auth.demo import DEMO, DEMO_PASSWORD, plant_accounts
from gisapp.commands.task import Say, Tasks, me
from gisapp.flows.found_town import found_town
from gisapp.flows.plant_petitions import Planting, plant_petitions
from gisapp.flows.plant_sample import MADE_BY, plant_catalogue, plant_layers, plant_reports
from gisapp.flows.town_mode import read_mode, write_mode
from gisapp.profile import Phone, TownProfile, read_profile, write_profile
from gisapp.rules import rules_of
from gisapp.sample import TODAY, build
from gisapp.settings import HOUSE, LOCAL, Settings
from gisapp.town import open_layers, open_town, own_catalogue
from gisapp.words import say
from layers.codes import prefecture_of
from layers.readers import Read
from layers.validate import Admitted
from layers.versions import LayerShelf
from reports_store import Filters, Mode, ReportStore


def _start(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    if not settings.town_file.exists() and (refused := _sample(argparse.Namespace(seed=8), settings, tell)):
        return refused
    return _serve(given, settings, tell)


def _serve(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    profile = read_profile(settings.town_file)
    port = given.port or settings.port
    tell(say("cli.serving", town=profile.name, url=f"http://127.0.0.1:{port}", data=settings.data))
    tell(say("cli.accounts", url=f"http://127.0.0.1:{port}"))
    if profile.sample and settings.hosts == LOCAL:
        logins = ", ".join(f"{one.login}（{one.name}）" for one in DEMO)
        tell(say("cli.accounts_demo", logins=logins, password=DEMO_PASSWORD))
    command = ["-m", "streamlit", "run", str(HOUSE / "streamlit_app.py"), "--server.port", str(port)]
    _become(command, settings, port)


def _door(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    profile = read_profile(settings.town_file)
    port = given.port or settings.port + 1
    tell(say("cli.door", town=profile.name, url=f"http://127.0.0.1:{port}/report/"))
    command = ["-m", "uvicorn", "gisapp.web.own:door", "--factory", "--port", str(port)]
    _become([*command, "--no-proxy-headers", "--ws", "none", "--log-level", "warning"], settings, port)


def _become(command: list[str], settings: Settings, port: int) -> NoReturn:
    """Python runs something else in this process, over the same town."""
    environment = {
        **os.environ,
        "GISAPP_DATA": str(settings.data),
        "GISAPP_TOWN": str(settings.town_file),
        "GISAPP_ASSETS": str(settings.assets),
        "GISAPP_PORT": str(port),
    }
    os.chdir(HOUSE)  # .streamlit/config.toml is looked for here
    os.execve(sys.executable, [sys.executable, *command], environment)


def _sample(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    if settings.town_file.exists():
        tell(say("cli.town_exists", file=settings.town_file))
        return 1
    unfinished = settings.data / "town.unfinished.toml"
    kept = [
        path for path in (settings.database, settings.photo_folder, settings.layer_folder) if path.exists()
    ]
    if (kept and not unfinished.exists()) or _server_holds_reports(settings):
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
        plant_petitions(Planting(town.reports, town.categories, MADE_BY), TODAY)
        plant_accounts(town.accounts, town.now())
    finally:
        town.close()
    unfinished.replace(settings.town_file)
    tell(say("cli.sample_made", n=made, layers=len(sample.layers)))
    return 0


def _server_holds_reports(settings: Settings) -> bool:
    """What lies in a server is never cleared away from here, be it a sample that was cut off."""
    if not settings.database_url:
        return False
    with ReportStore.open(settings.database_url) as reports:
        return reports.count(Filters()) > 0


def _clear(settings: Settings) -> None:
    for folder in (settings.photo_folder, settings.layer_folder):
        shutil.rmtree(folder, ignore_errors=True)
    for database in (settings.database, settings.accounts):
        for file in settings.data.glob(f"{database.name}*"):
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
        keep_boundary(given.boundary, founded.boundary, founded.admitted, layers)
    write_profile(founded.profile, settings.town_file)
    tell(say("cli.town_made", name=founded.profile.name, zone=founded.profile.zone, file=settings.town_file))
    if founded.boundary is None:
        tell(say("cli.no_boundary"))
    return 0


def keep_boundary(
    path: Path, found: Read, admitted: Admitted, layers: LayerShelf, as_of: date | None = None
) -> None:
    """Keep a founded town's outline as a version; as_of is its date where the file states none."""
    layers.add(
        "boundary",
        admitted.frame,
        reader=found.reader,
        source_name=path.name,
        source_sha256=sha256(path.read_bytes()).hexdigest(),
        by=me(),
        at=datetime.now(UTC),
        as_of=found.as_of or as_of,
        repairs=admitted.repairs,
    )


def _mode(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    read_profile(settings.town_file)
    if given.mode:
        write_mode(settings.mode_file, Mode(given.mode))
    tell(say(f"cli.mode_{read_mode(settings.mode_file)}"))
    return 0


TASKS: Tasks = {
    "start": _start,
    "serve": _serve,
    "door": _door,
    "sample": _sample,
    "town create": _create,
    "town mode": _mode,
}
