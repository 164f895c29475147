"""Opens a town: its two stores, its rules and its clock. The only place that chooses what lies behind them."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from gisapp.auth.accounts import Accounts
from gisapp.auth.sessions import Session
from gisapp.flows.decoder import Decoder
from gisapp.flows.desk.trail import heads_file, seal
from gisapp.flows.enquire import Spot, enquire
from gisapp.flows.find import landmarks
from gisapp.flows.keep_answers import Answers
from gisapp.flows.locate import town_area
from gisapp.flows.subscribe import MailRoom
from gisapp.flows.tile_links import cut_ahead
from gisapp.flows.town_mode import read_mode
from gisapp.flows.work_photos import work_photos
from gisapp.person import ANYONE, Person
from gisapp.profile import ProfileError, TownProfile, read_profile
from gisapp.settings import Settings
from layers.basemap import BaseMapShelf
from layers.catalogue import Catalogue
from layers.drafts import Drafts
from layers.errors import CatalogueError, LayersError
from layers.tiles import TileShelf
from layers.validate import TownArea
from layers.versions import LayerShelf
from reports_store import Categories, Mode, PhotoStore, ReportStore
from reports_store.deadlines import Deadlines
from reports_store.errors import ReportsError

log = logging.getLogger("gisapp.town")
KEY_BYTES = 32
PHOTO_GRACE_S = 3
REFUSED_KEPT = timedelta(days=30)


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
    accounts: Accounts

    @property
    def layers(self) -> LayerShelf:
        """The town's layers, by the catalogue as it is now."""
        return self.shelves.shelf()

    def person(self, session: str) -> Person:
        """The person whose session cookie this is; a resident for none, an ended or an unknown one."""
        return self.accounts.person(session, self.now()) or ANYONE

    def session(self, session: str) -> Session | None:
        """The session of a cookie, also one that waits for its first password to be changed."""
        return self.accounts.session(session, self.now())

    def now(self) -> datetime:
        """The town's clock: aware, UTC. Screens show JST."""
        return datetime.now(UTC)

    @property
    def mode(self) -> Mode:
        """Whether these are normal times or a disaster."""
        return read_mode(self.settings.mode_file)

    @property
    def mail_room(self) -> MailRoom:
        """What flows that write mails need."""
        return MailRoom(
            self.reports, self.categories, self.secret, self.settings.public_url, self.profile.name
        )

    @property
    def tiles(self) -> TileShelf:
        """The tiles of the layers."""
        return TileShelf(self.settings.tile_folder)

    @property
    def basemap(self) -> BaseMapShelf:
        """The town's own background map."""
        return BaseMapShelf(self.settings.basemap_folder)

    @property
    def answers(self) -> Answers:
        """Answered tables that wait to be fetched."""
        return Answers(self.settings.batch_folder)

    @property
    def drafts(self) -> Drafts:
        """Imports that wait for a person's yes."""
        return Drafts(self.settings.import_folder)

    def area(self) -> TownArea:
        """Where the town lies, with its boundary once a boundary layer exists."""
        return town_area(self.profile, self.layers)

    def close(self) -> None:
        """Finish what is being written and let go of the files."""
        self.reports.close()
        self.accounts.close()


def open_town(settings: Settings) -> Town:
    """Open the town that the settings name. Raises ProfileError if its file is missing or wrong, CategoryFaults
    if its own categories are.
    """
    profile = read_profile(settings.town_file)
    categories = own_categories(settings)
    reports = ReportStore.open(settings.reports, categories, Deadlines(profile.closed_days))
    return Town(
        settings=settings,
        profile=profile,
        reports=reports,
        photos=PhotoStore(settings.photo_folder),
        shelves=Shelves(settings, profile.zone),
        categories=categories,
        secret=_secret(settings.data / "secret.key"),
        accounts=Accounts.open(settings.accounts, reports.note_audit),
    )


def open_layers(settings: Settings, zone: int) -> LayerShelf:
    """The town's layers: the shipped catalogue and, over it, the town's own."""
    return LayerShelf(settings.layer_folder, Catalogue.load(own_catalogue(settings)), zone)


def own_categories(settings: Settings) -> Categories:
    """The kinds of report of this town: of its own file in the data folder, or the shipped ones."""
    own = settings.data / "categories.toml"
    return Categories.load(own) if own.exists() else Categories.load()


def own_catalogue(settings: Settings) -> Path:
    """The file of the layers that this town has added or renamed."""
    return settings.layer_folder / "catalogue.toml"


@cache
def this_town() -> Town:
    """The town of this process: pages and routes share one writer, one cache of layers, one clock."""
    return open_town(Settings.from_env())


def keep_tidy(town: Town, stopping: threading.Event, every_s: float = 3600) -> None:
    """Read the layers before the first person asks; then, each hour, sweep photos that were chosen a day ago
    and never sent, imports that have waited as long, and photos that were refused a month ago; and write down the
    head of the trail.
    """
    _look_around(town)
    while not stopping.is_set():
        try:
            seal(town.reports, heads_file(town.settings.data), town.now())
            town.photos.sweep(town.reports.photo_sha256s(), town.now() - timedelta(days=1))
            town.photos.sweep_raws(
                town.reports.raw_sha256s(), town.now() - timedelta(days=1), town.now() - REFUSED_KEPT
            )
            town.drafts.sweep(town.now() - timedelta(days=1))
            town.answers.sweep(town.now() - timedelta(days=1))
        except (ReportsError, OSError):
            log.exception("tidying up broke off; trying again in an hour")
        stopping.wait(every_s)


def _look_around(town: Town) -> None:
    """Ask once what residents and clerks will ask, so that the first of them need not wait for the indexes."""
    landmarks(town.layers)
    lon, lat = town.profile.center
    try:
        enquire(Spot(lon, lat), ANYONE, town.layers, town.reports, town.categories, town.profile, town.now())
    except (LayersError, ReportsError):
        log.exception("the town could not be looked over; the first question will take longer")


def keep_tiles(town: Town, stopping: threading.Event, every_s: float = 5) -> None:
    """Cut tiles before anybody asks: at the start, and soon after a layer has got another version."""
    cut = ""
    while not stopping.is_set():
        stamp = town.layers.stamp()
        if stamp != cut:
            try:
                cut_ahead(town.layers, town.tiles, stopping)
                cut = stamp
            except (LayersError, OSError, sqlite3.Error):
                log.exception("tiles could not be cut ahead; they are cut when asked for")
        stopping.wait(every_s)


def keep_photos(town: Town, stopping: threading.Event) -> None:
    """Make photos ready as they arrive, in as many processes as the settings say."""
    decoders = [Decoder() for _ in range(town.settings.photo_workers)]
    workers = [
        threading.Thread(target=_work_on, args=(town, one, stopping), name="photos", daemon=True)
        for one in decoders
    ]
    for worker in workers:
        worker.start()
    stopping.wait()
    for worker in workers:
        worker.join(PHOTO_GRACE_S)
    for decoder in decoders:
        decoder.close()


def _work_on(town: Town, decoder: Decoder, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            work_photos(town.reports, town.photos, decoder, town.now, stopping)
        except Exception:  # the face of this thread: the next photo must not wait for ever
            log.exception("working on photos broke off; going on")
            decoder.close()
            stopping.wait(PHOTO_GRACE_S)


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
