"""The town hall's own sign-on: a real provider on loopback names people, a trusted proxy does; nobody else can."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gisapp.auth.accounts import Accounts
from gisapp.person import Person, Role
from gisapp.settings import Settings
from gisapp.town import open_town
from tests.oidc_provider import CLIENT, SECRET, STRANGERS_KEY, Provider, provider
from tests.serving import Server, copied, serving

ADMISSION = """
login = "preferred_username"
department = "office"
role = "realm_access.roles"
[departments]
"0310" = "建設課"
[roles]
"chizu-staff" = ["staff"]
"chizu-admin" = ["admin"]
"""
HANA = {"sub": "u-1", "preferred_username": "hana", "name": "山田　花", "office": "0310"}


def with_roles(*roles: str, **more: str) -> dict[str, object]:
    return {**HANA, "realm_access": {"roles": list(roles)}, **more}


@dataclass(frozen=True)
class Hall:
    app: Server
    provider: Provider

    def browser(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.app.url, headers={"Origin": self.app.url, **headers}, timeout=30)

    def go(self, browser: httpx.Client, onwards: str = "/desk/") -> httpx.Response:
        """From our page to the provider and back to our door, as a browser walks."""
        away = browser.get("/login/oidc", params={"next": onwards})
        assert away.status_code == 303, away.text
        back = httpx.get(away.headers["location"])
        return browser.get(back.headers["location"])


@pytest.fixture(scope="module")
def hall(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = copied(sample_town, tmp_path_factory.mktemp("sign_on") / "var")
    (data / "sign_in.toml").write_text(ADMISSION, encoding="utf-8")
    with provider() as theirs:
        settings = {
            "GISAPP_OIDC_ISSUER": theirs.url, "GISAPP_OIDC_CLIENT": CLIENT, "GISAPP_OIDC_SECRET": SECRET,
            "GISAPP_LOGIN_HEADER": "X-Remote-User", "GISAPP_TRUSTED_PROXY": "127.0.0.1",
        }  # fmt: skip
        with serving(data, **settings) as app:
            yield Hall(app, theirs)


@pytest.fixture(autouse=True)
def as_by_the_book(hall: Hall) -> None:
    hall.provider.claims, hall.provider.broken = with_roles("chizu-staff"), {}


def trail_of(hall: Hall, login: str) -> list[dict[str, object]]:
    town = open_town(Settings.from_env({"GISAPP_DATA": str(hall.app.data)}))
    try:
        lines = town.reports.audit_lines(0, 1000)
        return [{"by": one.actor, **one.detail} for one in lines if one.target == login]
    finally:
        town.close()


def test_who_the_provider_names_is_signed_in_with_our_one_cookie_and_their_roles(hall: Hall) -> None:
    with hall.browser() as browser:
        arrived = hall.go(browser, "/desk/")
        assert (arrived.status_code, arrived.headers["location"]) == (303, "/desk/")
        cookies = arrived.headers.get_list("set-cookie")
        ours = next(one for one in cookies if one.startswith("gisapp_session="))
        assert ("HttpOnly" in ours, "SameSite=lax" in ours) == (True, True)
        assert "山田　花さん（建設課）" in browser.get("/logout").text
        assert browser.get("/desk/admin/users").status_code == 403
    asked = hall.provider.asked[-1]
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 32
    assert trail_of(hall, "hana")[0] == {
        "by": "oidc", "what": "added", "department": "建設課", "roles": ["staff"],
    }  # fmt: skip


def test_what_the_provider_says_next_time_counts_and_without_a_role_nobody_gets_in(hall: Hall) -> None:
    with hall.browser() as browser:
        hall.provider.claims = with_roles("chizu-admin", sub="u-2", preferred_username="jiro")
        hall.go(browser)
        assert browser.get("/desk/admin/users").status_code == 200
        with hall.browser() as another:
            hall.provider.claims = with_roles("chizu-staff", sub="u-2", preferred_username="jiro")
            hall.go(another)
            assert browser.get("/desk/admin/users").status_code == 403  # the first browser's, too
            hall.provider.claims = with_roles("of something else", sub="u-2", preferred_username="jiro")
            refused = hall.go(another)
            assert (refused.status_code, "権限がありません" in refused.text) == (403, True)
            assert another.get("/desk/").status_code == 403
    assert [line["roles"] for line in trail_of(hall, "jiro")] == [["admin"], ["staff"], []]


def test_signing_out_ends_our_session_and_goes_on_to_the_providers(hall: Hall) -> None:
    with hall.browser() as browser:
        hall.go(browser)
        token = browser.cookies["gisapp_session"]
        out = browser.post("/logout")
        onwards = out.headers["refresh"].removeprefix("0; url=")
        assert onwards.startswith(f"{hall.provider.url}/out?")
        assert "認証基盤からもログアウト" in out.text
        back = httpx.get(onwards)
        assert back.headers["location"] == f"{hall.app.url}/"
        assert hall.provider.signed_out[-1].count(".") == 2
    again = httpx.get(f"{hall.app.url}/logout", cookies={"gisapp_session": token})
    assert again.status_code == 303


@pytest.mark.parametrize(
    "broken",
    [{"nonce": "of another sign-in"}, {"aud": "another-app"}, {"iss": "https://evil.example"},
     {"exp": int(time.time()) - 3600}, {"azp": "another-app"}],
)  # fmt: skip
def test_an_id_token_that_does_not_fit_signs_nobody_in(hall: Hall, broken: dict[str, object]) -> None:
    hall.provider.broken = broken
    with hall.browser() as browser:
        refused = hall.go(browser)
        assert (refused.status_code, "確かめられませんでした" in refused.text) == (401, True)
        assert "gisapp_session" not in browser.cookies


def test_an_id_token_signed_by_a_stranger_signs_nobody_in(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hall.provider, "key", STRANGERS_KEY)
    with hall.browser() as browser:
        assert hall.go(browser).status_code == 401
        assert "gisapp_session" not in browser.cookies


def test_an_answer_for_another_browser_an_old_or_a_foreign_one_is_refused(hall: Hall) -> None:
    with hall.browser() as mine, hall.browser() as theirs:
        away = mine.get("/login/oidc")
        back = httpx.get(away.headers["location"]).headers["location"]
        assert theirs.get(back).status_code == 401  # the state belongs to one browser
        forged = back.replace("state=", "state=x")
        assert mine.get(forged).status_code == 401
        assert "gisapp_handshake" not in mine.cookies  # one try each
        assert mine.get(back).status_code == 401
        arrived = hall.go(mine)
        assert arrived.status_code == 303
        assert mine.get(str(arrived.request.url)).status_code == 401  # a code is good once
        assert mine.get("/login/oidc/back?error=access_denied&state=x").status_code == 401


def test_a_login_of_the_town_halls_own_is_not_taken_over_by_a_name_at_the_provider(hall: Hall) -> None:
    hall.provider.claims = with_roles("chizu-admin", sub="u-9", preferred_username="kankyo")
    with hall.browser() as browser:
        refused = hall.go(browser)
        assert (refused.status_code, "すでに使われています" in refused.text) == (403, True)
        assert "gisapp_session" not in browser.cookies


@pytest.mark.parametrize("onwards", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_way_back_never_leads_to_another_site(hall: Hall, onwards: str) -> None:
    with hall.browser() as browser:
        assert hall.go(browser, onwards).headers["location"] == "/"


def test_who_came_by_the_provider_changes_no_password_here(hall: Hall) -> None:
    with hall.browser() as browser:
        hall.go(browser)
        answer = browser.get("/password")
        assert (answer.status_code, "認証基盤" in answer.text) == (403, True)


# ---- the proxy's header; in these tests the proxy is whoever asks from 127.0.0.1


def test_whom_the_trusted_proxy_names_is_signed_in_at_the_login_and_stays_so(hall: Hall) -> None:
    with_account(hall, "proxy.hanako")
    with hall.browser(**{"X-Remote-User": "proxy.hanako"}) as browser:
        arrived = browser.get("/login", params={"next": "/desk/"})
        assert (arrived.status_code, arrived.headers["location"]) == (303, "/desk/")
        assert "山田さん" in browser.get("/logout").text
        token = browser.cookies["gisapp_session"]
    held = {"gisapp_session": token}
    someone_else = httpx.get(f"{hall.app.url}/desk/", cookies=held, headers={"X-Remote-User": "kankyo"})
    assert someone_else.status_code == 303  # another person sits there now
    assert httpx.get(f"{hall.app.url}/desk/", cookies=held).status_code == 303  # and the session has ended


@pytest.mark.parametrize("named", ["nobody", "kankyo", "a' OR 1=1", "", "あ"])
def test_the_proxy_cannot_name_who_has_no_account_nor_a_demo_account(hall: Hall, named: str) -> None:
    answer = httpx.get(f"{hall.app.url}/login", headers={"X-Remote-User": named.encode()})
    assert answer.status_code == (403 if named else 200)
    assert "set-cookie" not in answer.headers


def test_the_header_alone_opens_no_page(hall: Hall) -> None:
    with_account(hall, "proxy.jiro")
    assert httpx.get(f"{hall.app.url}/desk/", headers={"X-Remote-User": "proxy.jiro"}).status_code == 303


def test_a_header_that_comes_twice_is_nobodys(hall: Hall) -> None:
    with_account(hall, "proxy.saburo")
    twice = [("X-Remote-User", "proxy.saburo"), ("X-Remote-User", "admin")]
    assert httpx.get(f"{hall.app.url}/login", headers=twice).status_code == 200


def with_account(hall: Hall, login: str) -> None:
    """An account that the operator has made without a password."""
    accounts = Accounts.open(hall.app.data / "accounts.sqlite")
    accounts.add(Person(login, "山田", "建設課", frozenset({Role.STAFF})), "", datetime.now(UTC))
    accounts.close()
