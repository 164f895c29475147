"""Sessions: rows that can be ended at once. The browser holds a random token, the row only its SHA-256.

Who somebody is and what they may do is read from the account on every question, so a role that is taken away
is gone at the next click, in open pages too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import sqlalchemy as sa

from gisapp.auth.tables import sessions, users
from gisapp.person import Person, Role

ENDS_AFTER = timedelta(hours=12)  # a working day
ENDS_IDLE = timedelta(hours=4)
NOTED_EVERY = timedelta(minutes=1)  # how often a session's last use is written down
_ROLES = frozenset(Role)


class Source(StrEnum):
    """How a session came about."""

    PASSWORD = "password"
    OIDC = "oidc"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds. pending: the first password is still to be changed, and nothing else may be done."""

    person: Person
    pending: bool
    source: Source
    id_token: str


class Sessions:
    """The sessions over one database of accounts."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def start(
        self, database: sa.Connection, login: str, at: datetime, source: Source, id_token: str = ""
    ) -> str:
        """Start a session in the caller's transaction; returns its token, which is kept nowhere here."""
        token, now = token_urlsafe(32), text_of(at)
        row = {
            "token_sha256": _digest(token), "login": login, "created_at": now, "seen_at": now,
            "source": source.value, "id_token": id_token,
        }  # fmt: skip
        database.execute(sessions.delete().where(sessions.c.created_at < text_of(at - ENDS_AFTER)))
        database.execute(sessions.insert().values(**row))
        return token

    def end(self, token: str) -> None:
        """End a session; one that does not exist is ended already."""
        with self._engine.begin() as database:
            database.execute(sessions.delete().where(sessions.c.token_sha256 == _digest(token)))

    def find(self, token: str, at: datetime) -> Session | None:
        """The session of a token; None when there is none, or it has ended, or the account was closed."""
        if not token:
            return None
        asked = (
            sa.select(users, sessions.c.seen_at, sessions.c.source, sessions.c.id_token)
            .join(sessions, sessions.c.login == users.c.login)
            .where(
                sessions.c.token_sha256 == _digest(token),
                sessions.c.created_at > text_of(at - ENDS_AFTER),
                sessions.c.seen_at > text_of(at - ENDS_IDLE),
                users.c.disabled.is_(False),
            )
        )
        with self._engine.connect() as database:
            row = database.execute(asked).one_or_none()
        if row is None:
            return None
        if row.seen_at < text_of(at - NOTED_EVERY):
            self._note_use(token, at)
        source = Source(row.source)
        pending = row.must_change and source is Source.PASSWORD  # the others brought no password
        return Session(person_of(row), pending, source, row.id_token)

    def _note_use(self, token: str, at: datetime) -> None:
        # somebody else may be writing: then the next request notes it
        with contextlib.suppress(sa.exc.OperationalError), self._engine.begin() as database:
            mine = sessions.c.token_sha256 == _digest(token)
            database.execute(sessions.update().where(mine).values(seen_at=text_of(at)))


def end_all(database: sa.Connection, login: str) -> None:
    """End every session of an account, in the caller's transaction."""
    database.execute(sessions.delete().where(sessions.c.login == login))


def person_of(row: Any) -> Person:
    """The person of a row of users."""
    return Person(row.login, row.name, row.department, _roles(row.roles.split(",")))


def _roles(names: Iterable[str]) -> frozenset[Role]:
    # a role that only a newer version of the app knows gives nothing here
    return frozenset(Role(name) for name in names if name in _ROLES)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def text_of(moment: datetime) -> str:
    """A moment as it is kept: text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
