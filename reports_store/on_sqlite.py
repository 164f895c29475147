"""Reports in a file of SQLite: how safely it writes, who only reads, and what several processes must not do at once."""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool, StaticPool

from reports_store import schema
from reports_store.database import JSON, PATIENCE_S, is_newest, migrate, named_errors, version_of
from reports_store.errors import StoreDamaged, StoreUnwritable
from reports_store.filelock import FileLock

_CHECKPOINT_CHANGES = 5000


class SqliteFile:
    """A database file. A lock file beside it keeps the writes and checkpoints of several processes apart."""

    def __init__(self, file: Path) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnwritable(f"{file.parent.name}: {error.strerror}") from error
        self._file = file
        self._lock = FileLock(file.with_name(file.name + ".lock"))
        self._folded_at = 0
        self.writing = _writing_engine(file)
        self.reading = _reading_engine(file)

    def turn(self) -> AbstractContextManager[None]:
        return self._lock.held()

    def bring_up_to_date(self) -> None:
        """Run the missing migrations in one transaction, after a copy of an older file."""
        with self._lock.held():
            with named_errors(), self.writing.connect() as connection:
                found = version_of(connection)
            if is_newest(found):
                return
            if found is not None:
                copy_file(self._file, self._file.with_name(f"{self._file.name}.before-{schema.HEAD}"))
            with named_errors(), self.writing.begin() as connection:
                migrate(connection)

    def committed(self, connection: sa.Connection) -> None:
        """Fold the log into the database now and then. Readers are not held up."""
        raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        if raw.total_changes - self._folded_at < _CHECKPOINT_CHANGES:
            return
        self._folded_at = raw.total_changes
        # The commit is on disk already: a fold that fails loses nothing and is tried again.
        with contextlib.suppress(sqlite3.Error):
            raw.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def backup(self, to: Path) -> None:
        copy_file(self._file, to)

    def check(self) -> None:
        check_sound(self._file)

    def close(self) -> None:
        self.reading.dispose()
        with self._lock.held():  # the last connection folds the log into the database as it goes
            self.writing.dispose()


def copy_file(source: Path, target: Path) -> None:
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


def _writing_engine(file: Path) -> sa.Engine:
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

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=StaticPool, **JSON)
    return _beginning(engine, "BEGIN IMMEDIATE")


def _reading_engine(file: Path) -> sa.Engine:
    """Connections that cannot write; each thread at work has its own, and no writer makes it wait."""

    def connect() -> sqlite3.Connection:
        connection = _connect(file, "ro")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA mmap_size = 268435456")
        return connection

    engine = sa.create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=16, max_overflow=112, **JSON
    )
    return _beginning(engine, "BEGIN")


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
