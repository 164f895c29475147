"""Keeps the tiles of one layer version in one file; whatever is lost of it can be cut again."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from layers.tiles.mercator import TileAt

_TABLES = """
CREATE TABLE IF NOT EXISTS tiles (zoom INTEGER, x INTEGER, y INTEGER, body BLOB NOT NULL, PRIMARY KEY (zoom, x, y))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS complete (zoom INTEGER PRIMARY KEY);
"""
_WAIT_S = 10.0


class TileStore:
    """A SQLite file of tiles, opened for each question: any thread or process may read while one writes.

    In WAL with synchronous=NORMAL a power cut may lose the newest tiles, never the file. A file that is
    damaged all the same is begun anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, at: TileAt) -> bytes | None:
        """A tile's bytes; None where it was never kept."""
        with self._open() as file:
            row = file.execute("SELECT body FROM tiles WHERE zoom = ? AND x = ? AND y = ?", at).fetchone()
        return None if row is None else bytes(row[0])

    def is_complete(self, zoom: int) -> bool:
        """Whether every tile of a zoom that holds anything has been kept: another one is empty."""
        with self._open() as file:
            return file.execute("SELECT 1 FROM complete WHERE zoom = ?", (zoom,)).fetchone() is not None

    def put(self, tiles: Iterable[tuple[TileAt, bytes]], complete: int | None = None) -> None:
        """Keep tiles, and with them that a zoom is now complete."""
        with self._open() as file:
            file.executemany(
                "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)", ((*at, body) for at, body in tiles)
            )
            if complete is not None:
                file.execute("INSERT OR REPLACE INTO complete VALUES (?)", (complete,))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            file = self._connected()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, or no room: the file is not at fault
                raise
            self.remove()
            file = self._connected()
        try:
            with file:
                yield file
        finally:
            file.close()

    def _connected(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(self.path, timeout=_WAIT_S)
        try:
            if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] < 2:
                file.execute("PRAGMA journal_mode=WAL")
                file.executescript(_TABLES)
            file.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error:
            file.close()
            raise
        return file

    def remove(self) -> None:
        """Take the file away, with what SQLite keeps beside it."""
        for path in self.path.parent.glob(self.path.name + "*"):
            path.unlink(missing_ok=True)
