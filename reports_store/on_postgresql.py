"""Reports in a PostgreSQL server, which several processes and machines may share."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from reports_store import schema
from reports_store.copying import copy_into_file
from reports_store.database import JSON, PATIENCE_S, is_newest, migrate, named_errors, version_of

_PATIENCE_MS = int(PATIENCE_S * 1000)
# Any number will do, as long as every process of ours takes the same.
_MIGRATING = sa.text("SELECT pg_advisory_xact_lock(7420003)")
# Compiling a statement costs ten times what any of ours takes.
_BOTH = {"jit": "off"}
_WRITING = _BOTH | {
    "synchronous_commit": "on",
    "lock_timeout": str(_PATIENCE_MS),
    # A process that hangs within a transaction would hold up every other writer.
    "idle_in_transaction_session_timeout": str(6 * _PATIENCE_MS),
}
_READING = _BOTH | {
    # One moment for everything that is read together, as with a file.
    "default_transaction_isolation": r"repeatable\ read",
    "default_transaction_read_only": "on",
    # A plan made for any box is hundreds of times slower than one made for the box that is asked for.
    "plan_cache_mode": "force_custom_plan",
}


class PostgresServer:
    """A database of a server. Pools test a connection before use, so that a server may restart at any time."""

    def __init__(self, url: sa.URL) -> None:
        self.writing = _engine(url, _WRITING, pool_size=1, max_overflow=0, prepare_threshold=5)
        # multi-row INSERTs: the count triggers run once for a batch, not once for each report
        self.writing.dialect.use_insertmanyvalues_wo_returning = True
        self.reading = _engine(url, _READING, pool_size=8, max_overflow=24, prepare_threshold=None)

    def turn(self) -> AbstractContextManager[None]:
        """Nothing to hold: the row of the revision, which every write changes first, lets one go at a time."""
        return nullcontext()

    def bring_up_to_date(self) -> None:
        """Run the missing migrations in one transaction. Copying the database before is the operator's."""
        with named_errors():
            with self.writing.connect() as connection:
                if is_newest(version_of(connection)):
                    return
            with self.writing.begin() as connection:
                connection.execute(_MIGRATING)
                if not is_newest(version_of(connection)):  # another process may have been quicker
                    migrate(connection)

    def committed(self, connection: sa.Connection) -> None:
        """Nothing to do: the server folds its log by itself."""

    def backup(self, to: Path) -> None:
        """A copy as a file of SQLite: it needs no server to be looked into."""
        with named_errors(), self.reading.connect() as connection:
            copy_into_file(connection, to)

    def check(self) -> None:
        """Read every table from end to end; a server with data checksums then finds damaged pages."""
        with named_errors(), self.reading.connect() as connection:
            for table in schema.metadata.sorted_tables:
                connection.execute(sa.select(sa.func.count(sa.cast(table.table_valued(), sa.Text))))

    def close(self) -> None:
        self.reading.dispose()
        self.writing.dispose()


def _engine(
    url: sa.URL,
    settings: Mapping[str, str],
    *,
    pool_size: int,
    max_overflow: int,
    prepare_threshold: int | None,
) -> sa.Engine:
    given = url.query.get("options", "")
    options = [given] if isinstance(given, str) else list(given)
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=PATIENCE_S,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": int(PATIENCE_S),
            "tcp_user_timeout": _PATIENCE_MS,  # a machine that vanished is noticed
            "application_name": "gisapp",
            "prepare_threshold": prepare_threshold,
            "options": " ".join([*(f"-c {name}={value}" for name, value in settings.items()), *options]),
        },
        **JSON,
    )
