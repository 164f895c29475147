"""Which database an address means."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from reports_store.database import Database
from reports_store.errors import UnsupportedStore
from reports_store.on_postgresql import PostgresServer
from reports_store.on_sqlite import SqliteFile

_EXPECTED = "a path, sqlite:///path or postgresql://user@host/database"


def database_at(address: str | Path) -> Database:
    """The database of a path, a sqlite:/// or a postgresql:// address. Raises UnsupportedStore for others."""
    text = str(address)
    if isinstance(address, Path) or "://" not in text:
        return SqliteFile(Path(text))
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return SqliteFile(Path(text.removeprefix("sqlite:///")))
    scheme = text.split("://")[0]
    if scheme in ("postgresql", "postgres"):
        try:
            return PostgresServer(sa.make_url(text))
        except (ArgumentError, ValueError):  # its own words would show the password
            raise UnsupportedStore(scheme, _EXPECTED) from None
    raise UnsupportedStore(scheme, _EXPECTED)
