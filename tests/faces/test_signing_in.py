"""The doors of the town hall: /login, /logout and gisapp user, spoken to over a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gisapp.auth.demo import DEMO, DEMO_PASSWORD
from tests.conftest import ROOT
from tests.serving import Server, command

KANKYO = {"login": "kankyo", "password": DEMO_PASSWORD}


def posted(app: Server, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
    sent = {"Origin": app.url, **headers}
    return httpx.post(f"{app.url}{path}", data=form, headers=sent, follow_redirects=False)


def signed_in(app: Server, login: str = "kankyo") -> httpx.Client:
    """A client with the session of a demo account."""
    client = httpx.Client(base_url=app.url, headers={"Origin": app.url}, timeout=30)
    assert client.post("/login", data={"login": login, "password": DEMO_PASSWORD}).status_code == 303
    return client


def test_signing_in_sets_a_cookie_that_no_script_reads_and_goes_on(app: Server) -> None:
    answer = posted(app, "/login?next=/layers", KANKYO)
    assert (answer.status_code, answer.headers["location"]) == (303, "/layers")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert DEMO_PASSWORD not in answer.text


def test_behind_https_the_cookie_is_secure(app: Server) -> None:
    about = ("--name", "関の職員", "--department", "環境課", "--role", "staff", "--password-stdin")
    user(app.data, "add", "seki", *about, password="十文字以上のことばです\n")
    form = {"login": "seki", "password": "十文字以上のことばです"}
    answer = posted(app, "/login", form, **{"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_password_is_answered_in_words_and_sets_nothing(app: Server) -> None:
    answer = posted(app, "/login", {"login": "kankyo", "password": "x"})
    assert answer.status_code == 401
    assert "ログインIDかパスワードが違います" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/healthz", "layers"]
)
def test_signing_in_never_leads_to_another_site(app: Server, wanted: str) -> None:
    answer = httpx.post(f"{app.url}/login", params={"next": wanted}, data=KANKYO, headers={"Origin": app.url})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_form_on_another_site_is_refused(app: Server, path: str) -> None:
    assert posted(app, path, KANKYO, Origin="https://evil.example").status_code == 403
    assert httpx.post(f"{app.url}{path}", data=KANKYO).status_code == 403


def test_after_signing_out_the_cookie_is_worth_nothing(app: Server) -> None:
    client = signed_in(app)
    assert "環境課" in client.get("/logout").text
    token = client.cookies["gisapp_session"]
    client.post("/logout")
    again = httpx.get(f"{app.url}/logout", cookies={"gisapp_session": token})
    assert (again.status_code, again.headers["location"]) == (303, "/login")
    client.close()


def test_a_body_that_is_too_large_is_refused(app: Server) -> None:
    assert posted(app, "/login", {"login": "a" * 9000, "password": "b"}).status_code == 413


def test_demo_accounts_are_shown_and_open_on_the_machine_itself_only(sample_town: Path, app: Server) -> None:
    assert DEMO_PASSWORD in httpx.get(f"{app.url}/login").text
    assert [one.login for one in DEMO if one.login not in command(sample_town, "user", "list").stdout] == []


def user(data: Path, *words: str, password: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GISAPP_DATA": str(data), "GISAPP_TOWN": ""}
    program = [sys.executable, "-m", "gisapp.cli", "user", *words]
    return subprocess.run(
        program, cwd=ROOT, env=environment, input=password, capture_output=True, text=True, check=False
    )


def test_an_operator_makes_resets_closes_and_lists_accounts(tmp_path: Path) -> None:
    about = ("--name", "関の職員", "--department", "環境課", "--role", "editor", "--password-stdin")
    assert user(tmp_path, "add", "hana", *about, password="十文字以上のことばです\n").returncode == 0
    assert user(tmp_path, "add", "hana", *about, password="十文字以上のことばです\n").returncode == 1
    assert "文字以上" in user(tmp_path, "add", "hana2", *about, password="short\n").stderr
    assert (
        user(
            tmp_path, "reset", "hana", "--password-stdin", password="別の十文字以上のことばです\n"
        ).returncode
        == 0
    )
    assert user(tmp_path, "disable", "hana").returncode == 0
    assert "停止中" in user(tmp_path, "list").stdout
    nobody = user(tmp_path, "disable", "nobody")
    assert (nobody.returncode, "nobody" in nobody.stderr) == (1, True)
