"""The town hall's accounts."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from gisapp.auth.accounts import Account, Accounts
from gisapp.commands.task import Say, Task, Tasks
from gisapp.person import Person, Role
from gisapp.settings import Settings
from gisapp.words import say


def _add(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    roles = frozenset({Role.STAFF, *(Role(name) for name in given.role or ())})
    person = Person(given.login, given.name, given.department, roles)
    accounts.add(person, _password(given), datetime.now(UTC))
    tell(say("auth.added", login=person.login, name=person.name, department=person.department))
    return 0


def _disable(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    accounts.disable(given.login)
    tell(say("auth.disabled", login=given.login))
    return 0


def _reset(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    accounts.reset(given.login, _password(given))
    tell(say("auth.reset", login=given.login))
    return 0


def _list(given: argparse.Namespace, accounts: Accounts, tell: Say) -> int:
    found = accounts.listing()
    for account in found:
        tell(_line(account))
    if not found:
        tell(say("auth.none"))
    return 0


def _line(account: Account) -> str:
    who = account.person
    roles = "・".join(say(f"auth.roles.{role}") for role in sorted(who.roles))
    state = say("auth.line_disabled") if account.disabled else say("auth.line_demo") if account.demo else ""
    return say(
        "auth.line", login=who.login, name=who.name, department=who.department, roles=roles, state=state
    )


def _password(given: argparse.Namespace) -> str:
    if given.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass(say("auth.ask_password"))


def _over_accounts(step: Callable[[argparse.Namespace, Accounts, Say], int]) -> Task:
    def task(given: argparse.Namespace, settings: Settings, tell: Say) -> int:
        accounts = Accounts.open(settings.accounts)
        try:
            return step(given, accounts, tell)
        finally:
            accounts.close()

    return task


TASKS: Tasks = {
    "user add": _over_accounts(_add),
    "user disable": _over_accounts(_disable),
    "user reset": _over_accounts(_reset),
    "user list": _over_accounts(_list),
}
