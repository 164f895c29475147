"""Who has an account, and what they may do: kept in a database of its own, every change written to the trail.

The trail comes before the change counts: where it cannot be written, nothing changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from unicodedata import category

import sqlalchemy as sa

from gisapp.auth.errors import BadAccount, LastAdmin, LoginTaken, StaleAccount, UnknownLogin
from gisapp.auth.passwords import Passwords
from gisapp.auth.sessions import end_all, person_of, text_of
from gisapp.auth.tables import users
from gisapp.person import Person, Role
from reports_store.audit import RIGHTS_CHANGED

LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,59}", re.ASCII)
OPERATOR = "gisapp user"  # the actor of what is done on the command line


class Trail(Protocol):
    """Where changes of rights are written down (ReportStore.note_audit)."""

    def __call__(
        self, actor: str, action: str, target: str, detail: Mapping[str, object], at: datetime
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Account:
    """One account. demo accounts of a sample town open on the machine itself only; linked ones by the provider."""

    person: Person
    disabled: bool
    demo: bool
    must_change: bool = False
    linked: bool = False


def nowhere(actor: str, action: str, target: str, detail: Mapping[str, object], at: datetime) -> None:
    """Where a town has no trail yet: the accounts that `gisapp sample` plants."""


class Register:
    """The accounts themselves."""

    def __init__(self, engine: sa.Engine, trail: Trail = nowhere) -> None:
        self._engine, self._trail = engine, trail
        self._passwords = Passwords()

    def close(self) -> None:
        self._engine.dispose()

    def listing(self) -> list[Account]:
        """Every account, by login."""
        with self._engine.connect() as database:
            return [_account(row) for row in database.execute(sa.select(users).order_by(users.c.login))]

    def account(self, login: str) -> Account:
        """One account. Raises UnknownLogin."""
        with self._engine.connect() as database:
            return _account(row_of(database, login))

    def people(self, department: str | None = None) -> list[Person]:
        """Who may be given work: everybody whose account is open, or those of one department; by department."""
        asked = sa.select(users).where(users.c.disabled.is_(False))
        if department is not None:
            asked = asked.where(users.c.department == department)
        with self._engine.connect() as database:
            found = database.execute(asked.order_by(users.c.department, users.c.login))
            return [person_of(row) for row in found]

    def names(self) -> dict[str, str]:
        """The name of everybody by login, of closed accounts too: what they did still bears their name."""
        with self._engine.connect() as database:
            found = database.execute(sa.select(users.c.login, users.c.name))
            return {row.login: row.name for row in found}

    def add(
        self, person: Person, password: str, at: datetime, *, by: str = OPERATOR, must_change: bool = False
    ) -> None:
        """Make an account; an empty password makes one that opens by single sign-on or the proxy only.

        Raises LoginTaken, BadAccount, or WeakPassword under ten characters.
        """
        hashed = self._passwords.hashed(password) if password else ""
        with self._engine.begin() as database:
            self._insert(database, person, at, by, password_hash=hashed, must_change=must_change)

    def add_demo(self, people: Iterable[Person], password: str, at: datetime) -> None:
        """Make the accounts of a sample town, which share a password that everybody may know."""
        hashed = self._passwords.hashed(password)
        with self._engine.begin() as database:
            for person in people:
                self._insert(database, person, at, OPERATOR, password_hash=hashed, demo=True)

    def change(self, person: Person, seen: Person, at: datetime, *, by: str = OPERATOR) -> None:
        """Give an account another name, department or roles; they count from the next click on.

        seen is the account as it was shown. Raises UnknownLogin, BadAccount, StaleAccount, LastAdmin.
        """
        _check(person)
        as_seen = [users.c[name] == value for name, value in columns(seen).items()]
        with self._engine.begin() as database:
            if not self._write(database, person.login, *as_seen, **columns(person)):
                row_of(database, person.login)
                raise StaleAccount(person.login)
            self._note(by, person.login, "changed", person, at)

    def disable(self, login: str, at: datetime, *, by: str = OPERATOR) -> None:
        """Close an account and end its sessions at once. Raises UnknownLogin, LastAdmin."""
        with self._engine.begin() as database:
            person = person_of(row_of(database, login))
            self._write(database, login, disabled=True)
            end_all(database, login)
            self._note(by, login, "disabled", person, at)

    def reset(
        self, login: str, password: str, at: datetime, *, by: str = OPERATOR, must_change: bool = False
    ) -> None:
        """Give an account a new password, open it and end its sessions. Raises UnknownLogin, WeakPassword."""
        hashed = self._passwords.hashed(password)
        with self._engine.begin() as database:
            person = person_of(row_of(database, login))
            self._write(database, login, password_hash=hashed, disabled=False, must_change=must_change)
            end_all(database, login)
            self._note(by, login, "reset", person, at)

    def _insert(
        self, database: sa.Connection, person: Person, at: datetime, by: str, **values: object
    ) -> None:
        _check(person)
        row = {
            "login": person.login, "password_hash": "", "disabled": False, "demo": False,
            "created_at": text_of(at), "must_change": False, **columns(person), **values,
        }  # fmt: skip
        try:
            database.execute(users.insert().values(**row))
        except sa.exc.IntegrityError:
            raise LoginTaken(person.login) from None
        self._note(by, person.login, "added", person, at)

    def _write(
        self, database: sa.Connection, login: str, *as_seen: sa.ColumnElement[bool], **values: object
    ) -> bool:
        """Change an account, unless nobody would be left who may; False where it is not as it was seen."""
        had = _admins(database)
        mine = users.update().where(users.c.login == login, *as_seen)
        written = database.execute(mine.values(**values)).rowcount == 1
        if had and not _admins(database):
            raise LastAdmin(login)
        return written

    def _note(self, by: str, login: str, what: str, person: Person, at: datetime) -> None:
        detail = {"what": what, "department": person.department, "roles": sorted(person.roles)}
        self._trail(by, RIGHTS_CHANGED, login, detail, at)


def _check(person: Person) -> None:
    """Raises BadAccount naming what cannot be used."""
    if not LOGIN.fullmatch(person.login):
        raise BadAccount(person.login)
    for words in (person.name, person.department):
        if not words.strip() or len(words) > 100 or any(category(one)[0] == "C" for one in words):
            raise BadAccount(words)
    if not person.roles:
        raise BadAccount(person.login)


def columns(person: Person) -> dict[str, object]:
    """A person as columns of users, the login aside."""
    roles = ",".join(sorted(person.roles))
    return {"name": person.name, "department": person.department, "roles": roles}


def row_of(database: sa.Connection, login: str) -> sa.Row[Any]:
    """The row of an account. Raises UnknownLogin."""
    row = database.execute(sa.select(users).where(users.c.login == login)).one_or_none()
    if row is None:
        raise UnknownLogin(login)
    return row


def _account(row: sa.Row[Any]) -> Account:
    return Account(person_of(row), row.disabled, row.demo, row.must_change, row.subject is not None)


def _admins(database: sa.Connection) -> bool:
    """Whether there is an open account that may change accounts."""
    found = database.execute(sa.select(users.c.roles).where(users.c.disabled.is_(False))).scalars()
    return any(Role.ADMIN in roles.split(",") for roles in found)
