"""Fetch a town's official layers where the internet is there, and found the town with them."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from gisapp.commands.task import Say, Tasks, me
from gisapp.commands.town import keep_boundary
from gisapp.flows.download import FetchFailed, NotPublished, Told
from gisapp.flows.explain import explain, explain_faults
from gisapp.flows.fetch_town import Consent, Source, fetched, keep_official, refusals, sources
from gisapp.flows.found_town import found_town, name_in
from gisapp.flows.locate import town_area
from gisapp.profile import TownProfile, read_profile, write_profile
from gisapp.settings import Settings
from gisapp.town import open_layers
from gisapp.words import say
from layers.errors import ImportRefused, LayersError, UnreadableFile

EVERY_BYTES = 5_000_000


def _fetch(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    consent = Consent(me(), datetime.now(UTC), given.accept_repairs)
    boundary, *others = sources()
    with TemporaryDirectory() as folder:
        profile = _found(given, settings, Path(folder), boundary, consent, tell)
        if profile is None:
            return 1
        done = [_layer(given, settings, profile, Path(folder), source, consent, tell) for source in others]
    tell(say("fetch.done", town=profile.name))
    return 0 if all(done) else 1


def _found(
    given: argparse.Namespace, settings: Settings, folder: Path, boundary: Source, consent: Consent, tell: Say
) -> TownProfile | None:
    """The town of the code: the one that is there already, or one made from its boundary."""
    if settings.town_file.exists():
        profile = read_profile(settings.town_file)
        if profile.code == given.code:
            return profile
        tell(say("fetch.other_town", town=profile.name, file=settings.town_file))
        return None
    (url,) = boundary.addresses(given.code, given.mirror)
    tell(say("fetch.fetching", title=say("fetch.boundary"), url=url))
    try:
        file = fetched(url, folder, _progress(tell))
    except NotPublished:
        tell(say("fetch.not_published", title=say("fetch.boundary")))
        return None
    except FetchFailed as error:
        tell(say("fetch.failed", title=say("fetch.boundary"), why=error.why))
        return None
    founded = found_town(name_in(file, given.code), given.code, file, consent.accept_repairs)
    layers = open_layers(settings, founded.profile.zone)
    if founded.boundary is not None and founded.admitted is not None:
        keep_boundary(file, founded.boundary, founded.admitted, layers, boundary.as_of)
    write_profile(founded.profile, settings.town_file)
    tell(say("cli.town_made", name=founded.profile.name, zone=founded.profile.zone, file=settings.town_file))
    return founded.profile


def _layer(
    given: argparse.Namespace, settings: Settings, profile: TownProfile, folder: Path, source: Source,
    consent: Consent, tell: Say,
) -> bool:  # fmt: skip
    """One layer after another: what cannot be had is said, and the rest goes on. False if something failed."""
    layers = open_layers(settings, profile.zone)
    title = layers.catalogue.entry(source.layer).title
    files, whole = [], True
    for url in dict.fromkeys(source.addresses(given.code, given.mirror)):
        tell(say("fetch.fetching", title=title, url=url))
        try:
            files.append(fetched(url, folder, _progress(tell)))
        except NotPublished:
            tell(say("fetch.not_published", title=title))
        except FetchFailed as error:
            tell(say("fetch.failed", title=title, why=error.why))
            whole = False
    if not files or not whole:  # half a hazard map would look like a whole one
        return whole
    try:
        version = keep_official(files, source, layers, town_area(profile, layers), consent)
    except (ImportRefused, UnreadableFile) as error:
        tell("\n".join([say("fetch.refused", title=title), *explain_faults(error)]))
        if isinstance(error, ImportRefused) and not refusals(error):
            tell(say("fetch.consent"))
        return False
    except LayersError as error:
        tell(explain(error))
        return False
    if version is None:
        tell(say("fetch.nothing_here", title=title))
    else:
        tell(say("cli.imported", title=title, rows=version.rows, version=version.number))
    return True


def _progress(tell: Say) -> Told:
    last = 0

    def told(url: str, taken: int) -> None:
        nonlocal last
        if taken - last >= EVERY_BYTES:
            last = taken
            tell(say("fetch.progress", mb=taken // 1_000_000))

    return told


TASKS: Tasks = {"town fetch": _fetch}
