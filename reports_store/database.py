"""Opening the database file: how safely it writes, who only reads, and bringing an older one up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from reports_store import schema
from reports_store.errors import (
    SchemaTooNew,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnwritable,
    UnsupportedStore,
)

PATIENCE_S = 10.0
_MIGRATIONS = Path(__file__).with_name("migrations")


def file_of(url: str | Path) -> Path:
    """The database file of a path or a sqlite:/// address; anything else is refused."""
    text = str(url)
    if isinstance(url, Path) or "://" not in text:
        return Path(text)
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return Path(text.removeprefix("sqlite:///"))
    raise UnsupportedStore(text.split("://")[0], "a path or sqlite:///path")


def writing_engine(file: Path) -> sa.Engine:
    """One connection, every transaction of which takes the write lock at its beginning."""

    def connect() -> sqlite3.Connection:
        connection = _connect(file, "rwc")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Checkpoints are made by hand, under the lock file: SQLite before 3.51.3 can lose data
        # when a checkpoint of one connection meets a write of another.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=StaticPool, **_JSON)
    return _beginning(engine, "BEGIN IMMEDIATE")


def reading_engine(file: Path) -> sa.Engine:
    """Connections that cannot write; each thread at work has its own, and no writer makes it wait."""

    def connect() -> sqlite3.Connection:
        connection = _connect(file, "ro")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA mmap_size = 268435456")
        return connection

    engine = sa.create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=16, max_overflow=112, **_JSON
    )
    return _beginning(engine, "BEGIN")


def _as_json(value: object) -> str:
    return orjson.dumps(value).decode()


_JSON: dict[str, Any] = {"json_serializer": _as_json, "json_deserializer": orjson.loads}


def _connect(file: Path, mode: str) -> sqlite3.Connection:
    # isolation_level None: the driver begins nothing by itself; BEGIN is ours.
    address = "file:" + quote(str(file.absolute())) + "?mode=" + mode
    return sqlite3.connect(
        address, uri=True, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
    )


def _beginning(engine: sa.Engine, begin: str) -> sa.Engine:
    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn the database's exceptions into the store's own."""
    try:
        yield
    except DBAPIError as error:
        raise named(str(error.orig)) from error
    except sqlite3.Error as error:
        raise named(str(error)) from error


def named(detail: str) -> StoreError:
    if "locked" in detail or "busy" in detail:
        return StoreBusy(PATIENCE_S)
    if "full" in detail:
        return StoreFull(detail)
    if "disk I/O" in detail or "readonly" in detail or "unable to open" in detail:
        return StoreUnwritable(detail)
    return StoreDamaged(detail)


def bring_up_to_date(engine: sa.Engine, file: Path) -> None:
    """Run the missing migrations in one transaction, after a copy of the file. Hold the lock file."""
    with named_errors():
        found = _version(engine)
    if found == schema.HEAD:
        return
    if found is not None and found > schema.HEAD:
        raise SchemaTooNew(found, schema.HEAD)
    if found is not None:
        copy_database(file, file.with_name(f"{file.name}.before-{schema.HEAD}"))
    with named_errors():
        _migrate(engine)


def _version(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: sa.Engine) -> None:
    # Imported only where needed: most openings of a store find it up to date and should start fast.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreDamaged(str(error)) from error


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use: complete under its name, or not there at all."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    with named_errors(), closing(_connect(source, "ro")) as old, closing(sqlite3.connect(part)) as new:
        old.backup(new)
    part.replace(target)


def check_sound(file: Path) -> None:
    """Raise StoreDamaged unless the database file is whole."""
    with named_errors(), closing(_connect(file, "ro")) as connection:
        verdict = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
    if verdict != ["ok"]:
        raise StoreDamaged("; ".join(verdict))
