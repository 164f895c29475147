"""Opens a town: its two stores, its rules and its clock. The only place that chooses what lies behind them."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from gisapp.flows.find import names
from gisapp.flows.locate import town_area
from gisapp.profile import ProfileError, TownProfile, read_profile
from gisapp.settings import Settings
from layers.catalogue import Catalogue
from layers.errors import CatalogueError
from layers.validate import TownArea
from layers.versions import LayerShelf
from reports_store import Categories, PhotoStore, ReportStore
from reports_store.errors import ReportsError

log = logging.getLogger("gisapp.town")
KEY_BYTES = 32


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


def keep_tidy(town: Town, stopping: threading.Event, every_s: float = 3600) -> None:
    """Read the layers before the first person asks; then, each hour, sweep photos that were chosen a day ago
    and never sent.
    """
    town.layers.listing()
    names(town.layers)
    while not stopping.is_set():
        try:
            town.photos.sweep(town.reports.photo_sha256s(), town.now() - timedelta(days=1))
        except (ReportsError, OSError):
            log.exception("the photos could not be swept; trying again in an hour")
        stopping.wait(every_s)


def _secret(path: Path) -> bytes:
    """The installation's own key, made once; 照会番号 are derived from it. Raises ProfileError if it is damaged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was quicker: its key is the one
            os.link(unfinished, path)
        unfinished.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ProfileError("bad_key", file=path, size=len(key))
    return key
