"""Where this installation keeps its things: read once from the environment, never changed afterwards."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOCAL = ("localhost", "127.0.0.1", "[::1]")
MOST_WORKERS = 4  # unless told otherwise
HOUSE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices an operator makes outside the code.

    data is the folder of everything that was entered (database, photos, layers); town_file describes the
    town; assets holds the front-end libraries that npm installed; tiles says whether browsers may be
    offered 地理院タイル at all (a closed network sets it to off); hosts are the names under which browsers
    may reach the app, in small letters and without a port; photo_workers is how many processes work on photos
    (none where another server of the same data does); smtp is the server that takes the town's
    e-mail, mail_from the address it comes from, and without both no e-mail is offered; url is where
    residents reach the app, for links in e-mail; trusted_proxy are the addresses or networks of reverse
    proxies whose X-Forwarded-For is believed; hook_hosts are the only servers that webhooks may go to, each as
    https://host:port, or a host alone for https; database_url is the PostgreSQL database of the reports, empty
    where they lie in a file of the data folder; oidc_issuer, oidc_client and oidc_secret are the single sign-on
    of the town hall and what this app is called there, empty without one; login_header, in small letters, is the
    header in which a trusted proxy names who has signed in with it, empty where none does.
    """

    data: Path
    town_file: Path
    assets: Path
    port: int
    tiles: bool
    hosts: tuple[str, ...]
    photo_workers: int = 1
    smtp: str = field(default="", repr=False)  # it may hold a password
    mail_from: str = ""
    url: str = ""
    trusted_proxy: tuple[str, ...] = ()
    hook_hosts: tuple[str, ...] = ()
    database_url: str = field(default="", repr=False)  # it may hold a password
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret: str = field(default="", repr=False)
    login_header: str = ""

    def __post_init__(self) -> None:
        if self.login_header and not self.trusted_proxy:
            raise ValueError("GISAPP_LOGIN_HEADER: name the proxy that sets it in GISAPP_TRUSTED_PROXY")
        if self.login_header and not re.fullmatch(r"[a-z0-9-]+", self.login_header):
            raise ValueError(
                f"GISAPP_LOGIN_HEADER={self.login_header!r}: expected a name such as X-Remote-User"
            )
        if self.oidc_issuer and not self.oidc_client:
            raise ValueError("GISAPP_OIDC_ISSUER: name this app there in GISAPP_OIDC_CLIENT")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read GISAPP_DATA, GISAPP_TOWN, GISAPP_ASSETS, GISAPP_PORT, GISAPP_TILES, GISAPP_HOSTS,
        GISAPP_DATABASE, GISAPP_SMTP, GISAPP_MAIL_FROM, GISAPP_URL, GISAPP_TRUSTED_PROXY,
        GISAPP_HOOK_HOSTS and GISAPP_PHOTO_WORKERS.
        """
        given = os.environ if env is None else env
        data = Path(given.get("GISAPP_DATA") or "var").absolute()
        return cls(
            data=data,
            town_file=Path(given.get("GISAPP_TOWN") or data / "town.toml").absolute(),
            assets=Path(given.get("GISAPP_ASSETS") or HOUSE / "node_modules").absolute(),
            port=_port(given.get("GISAPP_PORT") or "8501"),
            tiles=(given.get("GISAPP_TILES") or "on").lower() not in {"off", "0", "no"},
            hosts=(
                *LOCAL,
                *(one.strip().lower() for one in given.get("GISAPP_HOSTS", "").split(",") if one.strip()),
            ),
            photo_workers=_workers(given.get("GISAPP_PHOTO_WORKERS", "")),
            smtp=given.get("GISAPP_SMTP", "").strip(),
            mail_from=given.get("GISAPP_MAIL_FROM", "").strip(),
            url=given.get("GISAPP_URL", "").strip().rstrip("/"),
            database_url=given.get("GISAPP_DATABASE", "").strip(),
            trusted_proxy=_networks(given.get("GISAPP_TRUSTED_PROXY", "")),
            oidc_issuer=given.get("GISAPP_OIDC_ISSUER", "").strip().rstrip("/"),
            oidc_client=given.get("GISAPP_OIDC_CLIENT", "").strip(),
            oidc_secret=given.get("GISAPP_OIDC_SECRET", "").strip(),
            login_header=given.get("GISAPP_LOGIN_HEADER", "").strip().lower(),
            hook_hosts=tuple(
                one.strip() for one in given.get("GISAPP_HOOK_HOSTS", "").split(",") if one.strip()
            ),
        )

    @property
    def mails(self) -> bool:
        """Whether the town can send e-mail at all."""
        return bool(self.smtp and self.mail_from)

    @property
    def public_url(self) -> str:
        """Where residents reach the app, without a slash at the end: as told, or by its first own name."""
        if self.url:
            return self.url
        own = [host for host in self.hosts if host not in LOCAL and host != "*"]
        return f"https://{own[0]}" if own else f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The reports' database file, where no server keeps them."""
        return self.data / "reports.sqlite"

    @property
    def reports(self) -> str | Path:
        """Where the reports are kept: the address of a server, or a file."""
        return self.database_url or self.database

    @property
    def mode_file(self) -> Path:
        """The file that says whether the town is in disaster mode; none in normal times."""
        return self.data / "mode"

    @property
    def sign_in_file(self) -> Path:
        """The file that says which of the single sign-on's people may do what here."""
        return self.data / "sign_in.toml"

    @property
    def accounts(self) -> Path:
        """The database file of the town hall's accounts."""
        return self.data / "accounts.sqlite"

    @property
    def photo_folder(self) -> Path:
        """The folder of re-encoded photos."""
        return self.data / "photos"

    @property
    def tile_folder(self) -> Path:
        """The folder of tiles cut from the layers; all of it can be made again."""
        return self.data / "tiles"

    @property
    def basemap_folder(self) -> Path:
        """The folder of the town's own background map."""
        return self.data / "basemap"

    @property
    def batch_folder(self) -> Path:
        """The folder of answered lists of places that wait to be fetched."""
        return self.data / "batches"

    @property
    def import_folder(self) -> Path:
        """The folder of imports that wait for a person's yes."""
        return self.data / "imports"

    @property
    def layer_folder(self) -> Path:
        """The folder of layer versions and of the town's own catalogue."""
        return self.data / "layers"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"GISAPP_PORT={text!r}: expected a port number from 1 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not text:
        return min(MOST_WORKERS, os.cpu_count() or 1)
    if not text.isascii() or not text.isdigit() or int(text) > 64:
        raise ValueError(f"GISAPP_PHOTO_WORKERS={text!r}: expected a number from 0 to 64")
    return int(text)


def _networks(text: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in found:
        ipaddress.ip_network(one)  # raises ValueError naming what is no address
    return found
