"""Opens a town: its two stores, its rules and its clock. The only place that chooses what lies behind them."""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from gisapp.flows.find import names
from gisapp.flows.locate import town_area
from gisapp.profile import TownProfile, read_profile
from gisapp.settings import Settings
from layers.catalogue import Catalogue
from layers.errors import CatalogueError
from layers.validate import TownArea
from layers.versions import LayerShelf
from reports_store import Categories, PhotoStore, ReportStore

log = logging.getLogger("gisapp.town")


class Shelves:
    """The town's layers, opened anew when its own catalogue has been written: a layer imported on the
    command line appears in the running app.
    """

    def __init__(self, settings: Settings, zone: int) -> None:
        self._settings, self._zone = settings, zone
        self._seen = self._signature()
        self._shelf = open_layers(settings, zone)

    def shelf(self) -> LayerShelf:
        """The layers by the catalogue of now; by the last good one while the file is broken."""
        seen = self._signature()
        if seen != self._seen:
            self._seen = seen
            try:
                self._shelf = open_layers(self._settings, self._zone)
            except CatalogueError:
                log.exception("the town's own catalogue cannot be used; going on with the last good one")
        return self._shelf

    def _signature(self) -> tuple[int, int]:
        try:
            found = own_catalogue(self._settings).stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size


@dataclass(frozen=True)
class Town:
    """Everything a page, a route or a command may hand to a flow."""

    settings: Settings
    profile: TownProfile
    reports: ReportStore
    photos: PhotoStore
    shelves: Shelves
    categories: Categories
    secret: bytes

    @property
    def layers(self) -> LayerShelf:
        """The town's layers, by the catalogue as it is now."""
        return self.shelves.shelf()

    def now(self) -> datetime:
        """The town's clock: aware, UTC. Screens show JST."""
        return datetime.now(UTC)

    def area(self) -> TownArea:
        """Where the town lies, with its boundary once a boundary layer exists."""
        return town_area(self.profile, self.layers)

    def close(self) -> None:
        """Finish what is being written and let go of the files."""
        self.reports.close()


def open_town(settings: Settings) -> Town:
    """Open the town that the settings name. Raises ProfileError if its file is missing or wrong."""
    profile = read_profile(settings.town_file)
    return Town(
        settings=settings,
        profile=profile,
        reports=ReportStore.open(settings.database),
        photos=PhotoStore(settings.photo_folder),
        shelves=Shelves(settings, profile.zone),
        categories=Categories.load(),
        secret=_secret(settings.data / "secret.key"),
    )


def open_layers(settings: Settings, zone: int) -> LayerShelf:
    """The town's layers: the shipped catalogue and, over it, the town's own."""
    return LayerShelf(settings.layer_folder, Catalogue.load(own_catalogue(settings)), zone)


def own_catalogue(settings: Settings) -> Path:
    """The file of the layers that this town has added or renamed."""
    return settings.layer_folder / "catalogue.toml"


@cache
def this_town() -> Town:
    """The town of this process: pages and routes share one writer, one cache of layers, one clock."""
    return open_town(Settings.from_env())


def warm(town: Town) -> None:
    """Read the layers before the first person asks, and sweep photos that were chosen and never sent."""
    town.layers.listing()
    names(town.layers)
    town.photos.sweep(town.reports.photo_sha256s(), town.now() - timedelta(days=1))


def _secret(path: Path) -> bytes:
    """The installation's own key, made once; 照会番号 are derived from it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
