"""The town hall's accounts."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gisapp.auth.accounts import Account, Accounts
from gisapp.auth.passwords import first_password
from gisapp.commands.task import Say, Task, Tasks
from gisapp.person import Person, Role
from gisapp.settings import Settings
from gisapp.town import own_categories
from gisapp.words import say
from reports_store import ReportStore


def _add(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    person = Person(given.login, given.name, given.department, _roles(given) or frozenset({Role.STAFF}))
    password = "" if given.no_password else _password(given)
    accounts.add(person, password, datetime.now(UTC), must_change=bool(password))
    tell(say("auth.added", login=person.login, name=person.name, department=person.department))
    _show(given, password, tell)
    return 0


def _disable(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    accounts.disable(given.login, datetime.now(UTC))
    tell(say("auth.disabled", login=given.login))
    return 0


def _reset(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    password = _password(given)
    accounts.reset(given.login, password, datetime.now(UTC), must_change=True)
    tell(say("auth.reset", login=given.login))
    _show(given, password, tell)
    return 0


def _change(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    seen = accounts.account(given.login).person
    person = replace(
        seen,
        name=given.name or seen.name,
        department=given.department or seen.department,
        roles=_roles(given) or seen.roles,
    )
    accounts.change(person, seen, datetime.now(UTC))
    told = {"name": person.name, "department": person.department, "roles": roles_words(person)}
    tell(say("auth.changed", login=person.login, **told))
    return 0


def _list(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    found = accounts.listing()
    for account in found:
        tell(_line(account))
    if not found:
        tell(say("auth.none"))
    return 0


def _line(account: Account) -> str:
    who, state = account.person, ""
    if account.disabled:
        state = say("auth.line_disabled")
    elif account.demo:
        state = say("auth.line_demo")
    elif account.must_change:
        state = say("auth.line_waiting")
    elif account.linked:
        state = say("auth.line_linked")
    told = {"login": who.login, "name": who.name, "department": who.department, "state": state}
    return say("auth.line", roles=roles_words(who), **told)


def roles_words(person: Person) -> str:
    """A person's roles as they are read."""
    return "・".join(say(f"auth.roles.{role}") for role in Role if role in person.roles)


def _roles(given: argparse.Namespace) -> frozenset[Role]:
    return frozenset(Role(name) for name in given.role or ())


def _password(given: argparse.Namespace) -> str:
    if given.generate:
        return first_password()
    if given.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass(say("auth.ask_password"))


def _show(given: argparse.Namespace, password: str, tell: Say) -> None:
    if given.generate and password:
        tell(say("auth.first_shown", password=password))


def _over_accounts(step: Callable[[argparse.Namespace, Accounts, Say], int]) -> Task:
    """A task that changes accounts: the trail of the town is open beside them."""

    def task(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
        reports = ReportStore.open(settings.reports, own_categories(settings))
        accounts = Accounts.open(settings.accounts, reports.note_audit)
        try:
            return step(given, accounts, tell)
        finally:
            accounts.close()
            reports.close()

    return task


def _listing(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
    accounts = Accounts.open(settings.accounts)
    try:
        return _list(given, accounts, tell)
    finally:
        accounts.close()


TASKS: Tasks = {
    "user add": _over_accounts(_add),
    "user disable": _over_accounts(_disable),
    "user reset": _over_accounts(_reset),
    "user roles": _over_accounts(_change),
    "user list": _listing,
}
