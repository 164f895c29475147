"""The town hall's accounts: who gets in, how long, and what each may see and change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from gisapp.auth.accounts import Accounts
from gisapp.auth.claims import Admission
from gisapp.auth.errors import (
    BadAccount,
    LastAdmin,
    LoginTaken,
    StaleAccount,
    TooManyTries,
    UnknownLogin,
    WeakPassword,
    WrongLogin,
)
from gisapp.person import ANYONE, Person, Right, Role, may, may_edit, may_see
from gisapp.settings import Settings
from layers.catalogue import Catalogue
from reports_store import StoreBusy

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
    accounts.disable("kankyo", NOW)
    assert accounts.person(token, NOW) is None
    with pytest.raises(WrongLogin):
        accounts.sign_in("kankyo", PASSWORD, NOW)


def test_a_new_password_ends_the_sessions_of_the_old_one(accounts: Accounts) -> None:
    token = accounts.sign_in("kankyo", PASSWORD, NOW)
    accounts.reset("kankyo", "別のパスワード2026", NOW)
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
        accounts.disable("nobody", NOW)


def test_a_demo_account_opens_on_the_machine_itself_only(accounts: Accounts) -> None:
    accounts.add_demo([READER], PASSWORD, NOW)
    with pytest.raises(WrongLogin):
        accounts.sign_in("madoguchi", PASSWORD, NOW)
    assert accounts.sign_in("madoguchi", PASSWORD, NOW, on_this_machine=True)


def test_whoever_has_an_open_account_may_be_given_work(accounts: Accounts) -> None:
    accounts.add(READER, PASSWORD, NOW)
    assert accounts.people() == [CLERK, READER]
    accounts.disable("madoguchi", NOW)
    assert (accounts.people(), accounts.people("総合窓口")) == ([CLERK], [])
    assert accounts.names() == {CLERK.login: CLERK.name, READER.login: READER.name}


def test_what_is_changed_by_two_people_at_once_is_not_overwritten(accounts: Accounts) -> None:
    head = replace(CLERK, roles=frozenset({Role.HEAD}))
    accounts.change(head, CLERK, NOW)
    with pytest.raises(StaleAccount):
        accounts.change(replace(CLERK, department="建設課"), CLERK, NOW)
    assert accounts.account("kankyo").person == head


def test_somebody_always_remains_who_may_change_accounts(accounts: Accounts) -> None:
    accounts.add(ADMIN, PASSWORD, NOW)
    with pytest.raises(LastAdmin):
        accounts.disable("admin", NOW)
    with pytest.raises(LastAdmin):
        accounts.change(replace(ADMIN, roles=frozenset({Role.STAFF})), ADMIN, NOW)
    accounts.add(replace(ADMIN, login="admin2"), PASSWORD, NOW)
    accounts.disable("admin", NOW)


def test_where_the_trail_cannot_be_written_nothing_changes(tmp_path: Path) -> None:
    def torn(*_: object) -> None:
        raise StoreBusy("reports")

    accounts = Accounts.open(tmp_path / "accounts.sqlite", torn)
    with pytest.raises(StoreBusy):
        accounts.add(CLERK, PASSWORD, NOW)
    assert accounts.listing() == []
    accounts.close()


def test_a_file_of_an_older_version_opens_with_its_accounts_and_sessions(tmp_path: Path) -> None:
    file = tmp_path / "accounts.sqlite"
    old = sqlite3.connect(file)
    old.executescript("""
        CREATE TABLE users (login VARCHAR(60) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL,
          department VARCHAR(100) NOT NULL, roles VARCHAR(100) NOT NULL, password_hash VARCHAR(200) NOT NULL,
          disabled BOOLEAN NOT NULL, demo BOOLEAN NOT NULL, created_at VARCHAR(40) NOT NULL);
        CREATE TABLE sessions (token_sha256 VARCHAR(64) NOT NULL PRIMARY KEY, login VARCHAR(60) NOT NULL
          REFERENCES users (login), created_at VARCHAR(40) NOT NULL, seen_at VARCHAR(40) NOT NULL);
        INSERT INTO users VALUES ('kankyo', '環境課の職員', '環境課', 'editor,staff,of a newer app', '', 0, 0, 'x');
    """)
    kept = [NOW.isoformat(timespec="microseconds")] * 2
    old.execute("INSERT INTO sessions VALUES (?, 'kankyo', ?, ?)", [sha256(b"token").hexdigest(), *kept])
    old.commit()
    old.close()
    for _ in range(2):
        accounts = Accounts.open(file)
        assert accounts.person("token", NOW) == CLERK
        accounts.close()


@pytest.mark.parametrize("login", ["", "山田", "a b", "-x", "x" * 61, "a/b", "a\u0000"])
def test_a_login_that_a_keyboard_cannot_type_is_refused(accounts: Accounts, login: str) -> None:
    with pytest.raises(BadAccount):
        accounts.add(replace(CLERK, login=login), PASSWORD, NOW)


def test_who_may_what_over_whose_reports() -> None:
    staff, head = (replace(CLERK, roles=frozenset({role})) for role in (Role.STAFF, Role.HEAD))
    assert (may(staff, Right.WORK, "環境課"), may(staff, Right.WORK, "建設課")) == (True, False)
    assert (may(staff, Right.NOTE, "建設課"), may(staff, Right.HOLD)) == (True, False)
    assert (may(head, Right.HOLD, "環境課"), may(head, Right.HOLD, "建設課")) == (True, False)
    assert not may(replace(staff, department=""), Right.WORK, "")
    assert [right for right in Right if may(ANYONE, right)] == []
    assert [right for right in Right if not may(ADMIN, right, "建設課")] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [("logn = 'x'", "logn"), ("login = 3", "login"), ("[roles]\n'a' = ['boss']", "boss"), ("roles = 'a'", "roles"),
     ("[departments]\n'a' = 1", "departments.a"), ("= =", "sign_in.toml")],
)  # fmt: skip
def test_a_file_of_admission_that_is_wrong_says_where(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "sign_in.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        Admission.read(file)


def test_without_a_file_of_admission_nobody_has_a_role(tmp_path: Path) -> None:
    person = Admission.read(tmp_path / "sign_in.toml").person(
        {"preferred_username": "a", "groups": ["admin"]}
    )
    assert person.roles == frozenset()


@pytest.mark.parametrize(
    "given",
    [{"GISAPP_LOGIN_HEADER": "X-Remote-User"}, {"GISAPP_OIDC_ISSUER": "https://sso.example"},
     {"GISAPP_LOGIN_HEADER": "a b", "GISAPP_TRUSTED_PROXY": "127.0.0.1"}],
)  # fmt: skip
def test_a_way_in_that_is_half_set_up_is_refused_at_the_start(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="GISAPP_"):
        Settings.from_env({"GISAPP_DATA": "unused", **given})


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
