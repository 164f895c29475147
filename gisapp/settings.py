"""Where this installation keeps its things: read once from the environment, never changed afterwards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LOCAL = ("localhost", "127.0.0.1", "[::1]")
HOUSE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices an operator makes outside the code.

    data is the folder of everything that was entered (database, photos, layers); town_file describes the
    town; assets holds the front-end libraries that npm installed; tiles says whether browsers may be
    offered 地理院タイル at all (a closed network sets it to off); hosts are the names under which browsers
    may reach the app, in small letters and without a port.
    """

    data: Path
    town_file: Path
    assets: Path
    port: int
    tiles: bool
    hosts: tuple[str, ...]

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read GISAPP_DATA, GISAPP_TOWN, GISAPP_ASSETS, GISAPP_PORT, GISAPP_TILES and GISAPP_HOSTS."""
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
        )

    @property
    def database(self) -> Path:
        """The reports' database file."""
        return self.data / "reports.sqlite"

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
