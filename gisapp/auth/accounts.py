"""The town hall's accounts and their sessions, in a database of their own.

A session is a row that can be ended at once; the browser holds a random token, the row only its SHA-256.
Passwords are hashed with Argon2id (argon2-cffi's defaults, RFC 9106 low-memory), never kept.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import argon2
import sqlalchemy as sa
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gisapp.auth.errors import LoginTaken, TooManyTries, UnknownLogin, WeakPassword, WrongLogin
from gisapp.person import Person, Role

log = logging.getLogger("gisapp.auth")
SHORTEST_PASSWORD = 10
ENDS_AFTER = timedelta(hours=12)  # a working day
ENDS_IDLE = timedelta(hours=4)
NOTED_EVERY = timedelta(minutes=1)  # how often a session's last use is written down
TRIES_OF_A_LOGIN = parse("10 per 10 minutes")
TRIES_OF_ALL = parse("120 per minute")
HASHES_AT_ONCE = 2  # each takes 64 MB and a core

_tables = sa.MetaData()
_users = sa.Table(
    "users", _tables,
    sa.Column("login", sa.String(60), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("department", sa.String(100), nullable=False),
    sa.Column("roles", sa.String(100), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False, default=False),
    sa.Column("demo", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", sa.String(40), nullable=False),
)  # fmt: skip
_sessions = sa.Table(
    "sessions", _tables,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("login", sa.String(60), sa.ForeignKey("users.login"), nullable=False, index=True),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("seen_at", sa.String(40), nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """One account. demo accounts of a sample town open on the machine itself only."""

    person: Person
    disabled: bool
    demo: bool


class Accounts:
    """The accounts of one installation."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._hasher = argon2.PasswordHasher()
        self._tries = FixedWindowRateLimiter(MemoryStorage())
        self._hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobodys = ""  # made when first needed: making it costs what a check costs

    @classmethod
    def open(cls, path: Path) -> Accounts:
        """The accounts in a SQLite file, which is made if need be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})
        sa.event.listen(engine, "connect", _careful)
        _tables.create_all(engine)
        path.chmod(0o600)
        return cls(engine)

    def close(self) -> None:
        self._engine.dispose()

    def add(self, person: Person, password: str, at: datetime, *, demo: bool = False) -> None:
        """Make an account. Raises LoginTaken, or WeakPassword under ten characters."""
        row = {
            "login": person.login, "name": person.name, "department": person.department,
            "roles": ",".join(sorted(person.roles)), "password_hash": self._hash(password),
            "disabled": False, "demo": demo, "created_at": _text(at),
        }  # fmt: skip
        try:
            with self._engine.begin() as database:
                database.execute(_users.insert().values(**row))
        except sa.exc.IntegrityError:
            raise LoginTaken(person.login) from None

    def listing(self) -> list[Account]:
        """Every account, by login."""
        with self._engine.connect() as database:
            found = database.execute(sa.select(_users).order_by(_users.c.login)).all()
        return [Account(_person(row), row.disabled, row.demo) for row in found]

    def disable(self, login: str) -> None:
        """Close an account and end its sessions at once. Raises UnknownLogin."""
        self._change(login, disabled=True)

    def reset(self, login: str, password: str) -> None:
        """Give an account a new password, open it and end its sessions. Raises UnknownLogin, WeakPassword."""
        self._change(login, password_hash=self._hash(password), disabled=False)

    def sign_in(self, login: str, password: str, at: datetime, *, on_this_machine: bool = False) -> str:
        """Start a session and return its token. The same WrongLogin for a wrong name and a wrong password;
        TooManyTries comes before anything is hashed.
        """
        if not (self._tries.hit(TRIES_OF_ALL) and self._tries.hit(TRIES_OF_A_LOGIN, login[:60])):
            raise TooManyTries(login)
        with self._engine.connect() as database:
            row = database.execute(sa.select(_users).where(_users.c.login == login)).one_or_none()
        right = self._right(row.password_hash if row else self._hash_of_nobody(), password)
        if row is None or not right or row.disabled or (row.demo and not on_this_machine):
            log.warning("sign-in refused for %r", login[:60])
            raise WrongLogin(login)
        self._tries.clear(TRIES_OF_A_LOGIN, login[:60])  # only what failed counts against a name
        token = token_urlsafe(32)
        session = {
            "token_sha256": _digest(token),
            "login": login,
            "created_at": _text(at),
            "seen_at": _text(at),
        }
        with self._engine.begin() as database:
            too_old = _text(at - ENDS_AFTER)
            database.execute(_sessions.delete().where(_sessions.c.created_at < too_old))
            database.execute(_sessions.insert().values(**session))
        log.info("sign-in of %r", login)
        return token

    def sign_out(self, token: str) -> None:
        """End a session; one that does not exist is ended already."""
        with self._engine.begin() as database:
            database.execute(_sessions.delete().where(_sessions.c.token_sha256 == _digest(token)))

    def person(self, token: str, at: datetime) -> Person | None:
        """Whose session this is; None when there is none, or it has ended, or the account was closed."""
        if not token:
            return None
        asked = (
            sa.select(_users, _sessions.c.seen_at)
            .join(_sessions, _sessions.c.login == _users.c.login)
            .where(
                _sessions.c.token_sha256 == _digest(token),
                _sessions.c.created_at > _text(at - ENDS_AFTER),
                _sessions.c.seen_at > _text(at - ENDS_IDLE),
                _users.c.disabled.is_(False),
            )
        )
        with self._engine.connect() as database:
            row = database.execute(asked).one_or_none()
        if row is None:
            return None
        if row.seen_at < _text(at - NOTED_EVERY):
            self._note_use(token, at)
        return _person(row)

    def _note_use(self, token: str, at: datetime) -> None:
        # somebody else may be writing: then the next request notes it
        with contextlib.suppress(sa.exc.OperationalError), self._engine.begin() as database:
            mine = _sessions.c.token_sha256 == _digest(token)
            database.execute(_sessions.update().where(mine).values(seen_at=_text(at)))

    def _change(self, login: str, **values: object) -> None:
        with self._engine.begin() as database:
            if not database.execute(_users.update().where(_users.c.login == login).values(**values)).rowcount:
                raise UnknownLogin(login)
            database.execute(_sessions.delete().where(_sessions.c.login == login))

    def _hash(self, password: str) -> str:
        if len(password) < SHORTEST_PASSWORD:
            raise WeakPassword(SHORTEST_PASSWORD)
        return self._hasher.hash(password)

    def _hash_of_nobody(self) -> str:
        """Checked for an unknown name, so that it takes as long as a known one."""
        self._nobodys = self._nobodys or self._hasher.hash(token_urlsafe(32))
        return self._nobodys

    def _right(self, kept: str, password: str) -> bool:
        with self._hashing:
            try:
                return self._hasher.verify(kept, password)
            except argon2.exceptions.VerifyMismatchError:
                return False


def _careful(connection: Any, _record: object) -> None:
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {line}")


def _person(row: Any) -> Person:
    return Person(row.login, row.name, row.department, _roles(row.roles.split(",")))


def _roles(names: Iterable[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names if name)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
