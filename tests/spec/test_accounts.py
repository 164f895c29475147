"""The town hall's accounts: who gets in, how long, and what each may see and change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gisapp.auth.accounts import Accounts
from gisapp.auth.errors import LoginTaken, TooManyTries, UnknownLogin, WeakPassword, WrongLogin
from gisapp.person import ANYONE, Person, Role, may_edit, may_see
from layers.catalogue import Catalogue

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
PASSWORD = "見本のパスワード2026"
CLERK = Person("kankyo", "環境課の職員", "環境課", frozenset({Role.STAFF, Role.EDITOR}))
READER = replace(CLERK, login="madoguchi", department="総合窓口", roles=frozenset({Role.STAFF}))
ADMIN = replace(CLERK, login="admin", department="総務課", roles=frozenset({Role.ADMIN}))


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    kept = Accounts.open(tmp_path / "accounts.sqlite")
    kept.add(CLERK, PASSWORD, NOW)
    yield kept
    kept.close()


def test_the_right_password_opens_a_session_of_that_person(accounts: Accounts) -> None:
    assert accounts.person(accounts.sign_in("kankyo", PASSWORD, NOW), NOW) == CLERK


@pytest.mark.parametrize(("login", "password"), [("kankyo", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(
    accounts: Accounts, login: str, password: str
) -> None:
    with pytest.raises(WrongLogin):
        accounts.sign_in(login, password, NOW)


def test_a_name_tried_too_often_is_slowed_down_before_anything_is_hashed(accounts: Accounts) -> None:
    for _ in range(10):
        with pytest.raises(WrongLogin):
            accounts.sign_in("kankyo", "wrong", NOW)
    with pytest.raises(TooManyTries):
        accounts.sign_in("kankyo", PASSWORD, NOW)


def test_signing_in_rightly_as_often_as_one_likes_locks_nobody_out(accounts: Accounts) -> None:
    for _ in range(12):
        assert accounts.sign_in("kankyo", PASSWORD, NOW)


def test_tries_are_forgotten_once_the_right_password_came(accounts: Accounts) -> None:
    for _ in range(12):
        with pytest.raises(WrongLogin):
            accounts.sign_in("kankyo", "wrong", NOW)
        accounts.sign_in("kankyo", PASSWORD, NOW)


def test_a_session_that_was_ended_is_nobodys(accounts: Accounts) -> None:
    token = accounts.sign_in("kankyo", PASSWORD, NOW)
    accounts.sign_out(token)
    assert accounts.person(token, NOW) is None


def test_a_session_ends_when_unused_for_four_hours_and_after_a_working_day(accounts: Accounts) -> None:
    token = accounts.sign_in("kankyo", PASSWORD, NOW)
    assert accounts.person(token, NOW + timedelta(hours=3.9)) == CLERK
    assert accounts.person(token, NOW + timedelta(hours=7.8)) == CLERK
    assert accounts.person(token, NOW + timedelta(hours=11.9)) is None
    kept = accounts.sign_in("kankyo", PASSWORD, NOW)
    for hour in range(12):
        assert accounts.person(kept, NOW + timedelta(hours=hour)) == CLERK
    assert accounts.person(kept, NOW + timedelta(hours=12, minutes=1)) is None


def test_closing_an_account_ends_its_sessions_at_once(accounts: Accounts) -> None:
    token = accounts.sign_in("kankyo", PASSWORD, NOW)
    accounts.disable("kankyo")
    assert accounts.person(token, NOW) is None
    with pytest.raises(WrongLogin):
        accounts.sign_in("kankyo", PASSWORD, NOW)


def test_a_new_password_ends_the_sessions_of_the_old_one(accounts: Accounts) -> None:
    token = accounts.sign_in("kankyo", PASSWORD, NOW)
    accounts.reset("kankyo", "別のパスワード2026")
    assert accounts.person(token, NOW) is None
    assert accounts.person(accounts.sign_in("kankyo", "別のパスワード2026", NOW), NOW) == CLERK


def test_neither_passwords_nor_tokens_are_kept(accounts: Accounts, tmp_path: Path) -> None:
    token = accounts.sign_in("kankyo", PASSWORD, NOW)
    accounts.close()
    kept = "\n".join(sqlite3.connect(tmp_path / "accounts.sqlite").iterdump())
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert token not in kept


def test_what_cannot_be_made_is_said(accounts: Accounts) -> None:
    with pytest.raises(LoginTaken):
        accounts.add(CLERK, PASSWORD, NOW)
    with pytest.raises(WeakPassword):
        accounts.add(READER, "short", NOW)
    with pytest.raises(UnknownLogin):
        accounts.disable("nobody")


def test_a_demo_account_opens_on_the_machine_itself_only(accounts: Accounts) -> None:
    accounts.add(READER, PASSWORD, NOW, demo=True)
    with pytest.raises(WrongLogin):
        accounts.sign_in("madoguchi", PASSWORD, NOW)
    assert accounts.sign_in("madoguchi", PASSWORD, NOW, on_this_machine=True)


STATION = replace(Catalogue.load().entry("garbage_station"), department="環境課")


@pytest.mark.parametrize(
    ("visibility", "seen_by", "who"),
    [
        ("public", (), {"anyone", "clerk", "reader", "admin"}),
        ("internal", (), {"clerk", "reader", "admin"}),
        ("departments", (), {"clerk", "admin"}),
        ("departments", ("総合窓口",), {"clerk", "reader", "admin"}),
        ("departments", ("教育委員会",), {"clerk", "admin"}),
    ],
)
def test_who_may_see_a_layer(visibility: str, seen_by: tuple[str, ...], who: set[str]) -> None:
    entry = replace(STATION, visibility=visibility, seen_by=seen_by)  # type: ignore[arg-type]
    people = {"anyone": ANYONE, "clerk": CLERK, "reader": READER, "admin": ADMIN}
    assert {name for name, person in people.items() if may_see(person, entry)} == who


def test_only_the_owners_editors_those_it_names_and_the_administrator_change_a_layer() -> None:
    road = replace(CLERK, department="建設課")
    assert may_edit(CLERK, STATION)
    assert may_edit(ADMIN, STATION)
    assert not may_edit(ANYONE, STATION)
    assert not may_edit(road, STATION)
    assert not may_edit(replace(CLERK, roles=frozenset({Role.STAFF})), STATION)
    assert may_edit(road, replace(STATION, edited_by=("建設課",)))


def test_somebody_without_a_department_owns_nothing() -> None:
    assert not may_edit(replace(CLERK, department=""), replace(STATION, department=""))
