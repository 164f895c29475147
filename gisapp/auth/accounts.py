"""Signing in and out: with a password, by single sign-on, or vouched for by the reverse proxy.

Each of the three ends in one row of the same kind (gisapp.auth.sessions), which routes and pages ask alike.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gisapp.auth.errors import NotAdmitted, SamePassword, WrongLogin
from gisapp.auth.register import Account, Register, Trail, columns, nowhere, row_of
from gisapp.auth.sessions import Session, Sessions, Source, end_all, person_of
from gisapp.auth.tables import open_database, users
from gisapp.auth.tries import Tries
from gisapp.person import Person
from reports_store.audit import SIGN_IN_FAILED

__all__ = ["Account", "Accounts"]
log = logging.getLogger("gisapp.auth")


class Accounts(Register):
    """The accounts of one installation and their sessions."""

    def __init__(self, engine: sa.Engine, trail: Trail = nowhere) -> None:
        super().__init__(engine, trail)
        self._sessions = Sessions(engine)
        self._tries = Tries()

    @classmethod
    def open(cls, path: Path, trail: Trail = nowhere) -> Accounts:
        """The accounts in a SQLite file, which is made if need be."""
        return cls(open_database(path), trail)

    def sign_in(
        self, login: str, password: str, at: datetime, *, on_this_machine: bool = False, address: str = ""
    ) -> str:
        """Start a session and return its token. The same WrongLogin for a wrong name and a wrong password;
        TooManyTries comes before anything is hashed.
        """
        self._tries.count(login, address, lambda: self._note_tries(login, at))
        with self._engine.connect() as database:
            row = database.execute(sa.select(users).where(users.c.login == login)).one_or_none()
        right = self._passwords.right(row.password_hash if row else "", password)
        if row is None or not right or row.disabled or (row.demo and not on_this_machine):
            log.warning("sign-in refused for %r", login[:60])
            raise WrongLogin(login)
        self._tries.forget(login)
        log.info("sign-in of %r", login)
        with self._engine.begin() as database:
            token = self._sessions.start(database, login, at, Source.PASSWORD)
            if row_of(database, login).password_hash != row.password_hash:  # reset while we were hashing
                raise WrongLogin(login)
            return token

    def change_password(self, token: str, old: str, new: str, at: datetime) -> str:
        """Change one's own password; every session of the account ends and the returned token starts a new one.

        Raises WrongLogin for a wrong old password or a session that has ended, TooManyTries, WeakPassword,
        SamePassword.
        """
        session = self._sessions.find(token, at)
        if session is None:
            raise WrongLogin()
        login = session.person.login
        self._tries.count(login, "", lambda: self._note_tries(login, at))
        with self._engine.connect() as database:
            kept = row_of(database, login).password_hash
        if not self._passwords.right(kept, old):
            raise WrongLogin(login)
        if old == new:
            raise SamePassword()
        hashed = self._passwords.hashed(new)
        self._tries.forget(login)
        with self._engine.begin() as database:
            unchanged = users.c.password_hash == kept
            if not self._write(database, login, unchanged, password_hash=hashed, must_change=False):
                raise WrongLogin(login)
            end_all(database, login)
            return self._sessions.start(database, login, at, Source.PASSWORD)

    def arrive(self, subject: str, person: Person, at: datetime, id_token: str = "") -> str:
        """Start a session for somebody whom the single sign-on has named; their account follows what it says.

        subject is the issuer and the name it goes by there. Raises WrongLogin for a closed account, LoginTaken
        where the login is another account's, NotAdmitted without a role: what they had is taken away, too.
        """
        with self._engine.begin() as database:
            row = database.execute(sa.select(users).where(users.c.subject == subject)).one_or_none()
            if row is not None:
                person = replace(person, login=row.login)  # a login stays, whatever they are called now
                self._follow(database, row, person, at)
            elif person.roles:
                self._insert(database, person, at, Source.OIDC.value, subject=subject)
        if not person.roles:
            raise NotAdmitted(person.login)
        if row is not None and row.disabled:
            raise WrongLogin(person.login)
        with self._engine.begin() as database:
            return self._sessions.start(database, person.login, at, Source.OIDC, id_token)

    def admit(self, login: str, at: datetime) -> str:
        """Start a session for a login that the reverse proxy has vouched for. Raises WrongLogin without an account
        that is open.
        """
        with self._engine.begin() as database:
            row = database.execute(sa.select(users).where(users.c.login == login)).one_or_none()
            if row is None or row.disabled or row.demo:
                log.warning("sign-in by the proxy refused for %r", login[:60])
                raise WrongLogin(login)
            return self._sessions.start(database, login, at, Source.PROXY)

    def sign_out(self, token: str) -> None:
        """End a session; one that does not exist is ended already."""
        self._sessions.end(token)

    def session(self, token: str, at: datetime) -> Session | None:
        """The session of a token, also one that waits for its first password to be changed."""
        return self._sessions.find(token, at)

    def person(self, token: str, at: datetime) -> Person | None:
        """Whose session this is; None when there is none, it has ended, the account was closed, or its first
        password is still to be changed.
        """
        session = self._sessions.find(token, at)
        return session.person if session and not session.pending else None

    def slow_down(self, address: str) -> None:
        """Count one try of an address that names nobody yet. Raises TooManyTries."""
        self._tries.count_address(address)

    def _follow(self, database: sa.Connection, row: sa.Row[Any], person: Person, at: datetime) -> None:
        if person_of(row) != person:
            database.execute(users.update().where(users.c.login == row.login).values(**columns(person)))
            self._note(Source.OIDC.value, row.login, "changed", person, at)

    def _note_tries(self, login: str, at: datetime) -> None:
        with self._engine.connect() as database:
            known = database.execute(sa.select(users.c.login).where(users.c.login == login)).first()
        if known is not None:  # what is no login may be a password, typed into the wrong field
            self._trail("sign-in", SIGN_IN_FAILED, login, {}, at)
