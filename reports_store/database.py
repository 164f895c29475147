"""What a store asks of the database under it, whichever it is: errors by the store's names, and the newest tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from reports_store import schema
from reports_store.errors import (
    SchemaTooNew,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnwritable,
)

PATIENCE_S = 10.0
_MIGRATIONS = Path(__file__).with_name("migrations")


class Database(Protocol):
    """One place where reports are kept. `writing` is used by one thread of this process, `reading` by any."""

    writing: sa.Engine
    reading: sa.Engine

    def bring_up_to_date(self) -> None:
        """Make or renew the tables, all steps or none. Raises SchemaTooNew."""

    def turn(self) -> AbstractContextManager[None]:
        """Held around every write: what the transaction alone cannot keep apart between processes."""

    def committed(self, connection: sa.Connection) -> None:
        """Called after each commit, within the same turn."""

    def backup(self, to: Path) -> None:
        """A consistent copy, while in use, that opens as a store by itself."""

    def check(self) -> None:
        """Raise StoreDamaged unless everything can be read."""

    def close(self) -> None: ...


def _as_json(value: object) -> str:
    return orjson.dumps(value).decode()


JSON: dict[str, Any] = {"json_serializer": _as_json, "json_deserializer": orjson.loads}


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn the database's exceptions into the store's own."""
    try:
        yield
    except DBAPIError as error:
        raise named(error.orig or error) from error
    except NoFreeConnection as error:
        raise StoreBusy(PATIENCE_S) from error
    except sqlite3.Error as error:
        raise named(error) from error


def named(error: BaseException) -> StoreError:
    """The store's name for a driver's exception: PostgreSQL gives a code, SQLite a sentence."""
    if hasattr(error, "sqlstate"):
        return _named_by_state(error.sqlstate or "", str(error))
    return _named_by_words(str(error))


def _named_by_words(detail: str) -> StoreError:
    if "locked" in detail or "busy" in detail:
        return StoreBusy(PATIENCE_S)
    if "full" in detail:
        return StoreFull(detail)
    if "disk I/O" in detail or "readonly" in detail or "unable to open" in detail:
        return StoreUnwritable(detail)
    return StoreDamaged(detail)


# Appendix A of the PostgreSQL manual: the beginning of a code is enough where a whole class means the same.
_BUSY = ("55P03", "40P01", "40001", "57014", "53200", "53300")
_UNWRITABLE = ("08", "57P", "25006", "28", "3D000", "3F000", "42501", "53400", "58")


def _named_by_state(state: str, words: str) -> StoreError:
    first = (words.strip() or state).splitlines()[0]
    if state.startswith(_BUSY):
        return StoreBusy(PATIENCE_S)
    if state.startswith("53100"):
        return StoreFull(first)
    if not state or state.startswith(_UNWRITABLE):
        # No code: the connection was refused or has broken. The reason, without the server's address.
        return StoreUnwritable(first.rpartition("failed: ")[2])
    return StoreDamaged(first)


def version_of(connection: sa.Connection) -> str | None:
    """The newest migration that was run here; None in an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def is_newest(found: str | None) -> bool:
    """Whether nothing is left to do. Raises SchemaTooNew where a newer program has been at work."""
    if found is not None and found > schema.HEAD:
        raise SchemaTooNew(found, schema.HEAD)
    return found == schema.HEAD


def migrate(connection: sa.Connection) -> None:
    """Run the missing steps in the connection's transaction."""
    # Imported only where needed: most openings of a store find it up to date and should start fast.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreDamaged(str(error)) from error
