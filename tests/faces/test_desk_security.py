"""What somebody tries who should not be at the desk: each is turned away in words, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from re import search

import httpx
import pytest

from gisapp.auth.accounts import Accounts
from gisapp.auth.demo import DEMO
from gisapp.person import Person, Role, hidden_from
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from reports_store import Categories, CategoryFaults
from tests.faces.test_sessions import cookie, session_of
from tests.faces.test_signing_in import signed_in
from tests.page_socket import open_page
from tests.report_makers import pothole
from tests.serving import Server, awaited, copied, serving

FIRST, OWN = "はじめのことば2026", "わたしだけのことば2026"
USERS = "/desk/admin/users"
DUMPING = """

[illegal_dumping_evidence]
names = { ja = "不法投棄の証拠", en = "Evidence of dumping" }
hint_ja = "捨てた人がわかるもの"
group = "環境"
department = "環境課"
deadline_days = 14
disaster = false
symbol = "証"
public_place = "area"
publish = "never"
seen_by = ["危機管理課"]

[[illegal_dumping_evidence.questions]]
id = "what"
ask_ja = "何ですか"
"""


@dataclass(frozen=True)
class Hall:
    """The running app with a category that two departments only may see, one report of it, and browsers."""

    app: Server
    secret_report: str
    browsers: dict[str, httpx.Client]

    def accounts(self) -> Accounts:
        return Accounts.open(self.app.data / "accounts.sqlite")


@pytest.fixture(scope="module")
def hall(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = copied(sample_town, tmp_path_factory.mktemp("security") / "var")
    shipped = Path(__file__).resolve().parents[2] / "reports_store" / "categories.toml"
    (data / "categories.toml").write_text(shipped.read_text(encoding="utf-8") + DUMPING, encoding="utf-8")
    town = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
    number = planted(town)
    town.close()
    with serving(data, GISAPP_TRUSTED_PROXY="127.0.0.1") as app, ExitStack() as stack:
        resident = httpx.Client(base_url=app.url, headers={"Origin": app.url}, timeout=30)
        people = ("madoguchi", "toshi", "kiki", "kankyo", "admin")
        browsers = {"": resident, **{login: signed_in(app, login) for login in people}}
        for browser in browsers.values():
            stack.enter_context(closing(browser))
        yield Hall(app, number, browsers)


def planted(town: Town) -> str:
    """A report of the hidden category, kept in the town."""
    new = pothole(category="illegal_dumping_evidence", answers={"what": "封筒"}, body="名前の書かれた封筒")
    return town.reports.add(new).report.public_id


def account(
    hall: Hall, login: str, *roles: Role, department: str = "建設課", must_change: bool = False
) -> Person:
    """An account made for one test."""
    person = Person(login, "山田　花", department, frozenset(roles or {Role.STAFF}))
    kept = hall.accounts()
    kept.add(person, FIRST, datetime.now(UTC), must_change=must_change)
    kept.close()
    return person


def entered(hall: Hall, login: str, password: str = FIRST, held: str = "") -> httpx.Client:
    """A browser in which somebody has just sent the form of the way in; held is a session it had before."""
    browser = httpx.Client(base_url=hall.app.url, headers={"Origin": hall.app.url}, timeout=30)
    if held:
        browser.cookies.set("gisapp_session", held, domain="127.0.0.1")
    answer = browser.post("/login?next=/desk/", data={"login": login, "password": password})
    assert answer.status_code == 303, answer.text
    return browser


# ---- what is not theirs to see


def test_a_report_of_a_hidden_category_is_to_other_departments_as_if_it_were_not_there(hall: Hall) -> None:
    browser = hall.browsers["toshi"]
    hidden, none = (browser.get(f"/desk/r/{one}") for one in (hall.secret_report, "R8-999999"))
    assert (hidden.status_code, none.status_code) == (404, 404)
    assert hidden.text == none.text
    assert hall.secret_report not in browser.get("/desk/").text
    for login in ("kankyo", "kiki", "madoguchi", "admin"):
        answer = hall.browsers[login].get(f"/desk/r/{hall.secret_report}")
        assert (answer.status_code, "名前の書かれた封筒" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "address", ["/map/r/{}", "/live/reports/{}.json", "/feeds/report/{}.atom", "/desk/r/{}/sheet.pdf"]
)
def test_no_other_door_leads_to_a_hidden_report_by_its_number(hall: Hall, address: str) -> None:
    for login in ("", "toshi"):
        status = hall.browsers[login].get(address.format(hall.secret_report)).status_code
        assert status == 404 or (login == "" and status == 303)


@pytest.mark.parametrize("address", [f"/desk/picture/{'0' * 64}.jpg", "/desk/petitions/999999", "/desk/r/1"])
def test_what_does_not_exist_is_not_there_for_anybody(hall: Hall, address: str) -> None:
    for login in ("madoguchi", "toshi", "admin"):
        assert hall.browsers[login].get(address).status_code == 404


def test_a_category_may_be_for_some_departments_only() -> None:
    categories = Categories.load()
    assert [code for code, one in categories.items() if one.seen_by] == []
    secret = replace(categories["illegal_dumping"], seen_by=("危機管理課",))
    known = {**categories, "illegal_dumping": secret}
    hidden = {person.login: hidden_from(person, known) for person in DEMO}
    assert {login for login, codes in hidden.items() if codes == ()} == {
        "kankyo", "kiki", "honbu", "admin", "madoguchi",
    }  # fmt: skip
    assert {codes for codes in hidden.values() if codes} == {("illegal_dumping",)}
    assert hidden_from(Person(), known) == ("illegal_dumping",)


def test_a_category_that_names_its_departments_wrongly_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "categories.toml"
    file.write_text(DUMPING.replace('["危機管理課"]', '"危機管理課"'), encoding="utf-8")
    with pytest.raises(CategoryFaults, match="seen_by"):
        Categories.load(file)


# ---- somebody else's session


def test_a_session_that_was_left_or_made_up_is_worth_nothing(hall: Hall) -> None:
    account(hall, "replay")
    with closing(entered(hall, "replay", held="made-up-beforehand")) as browser:
        token = browser.cookies["gisapp_session"]
        assert token != "made-up-beforehand"
        browser.post("/logout")
    for stale in (token, "made-up-beforehand", "", "x" * 5000, "あ"):
        held = {"Cookie": f"gisapp_session={stale}".encode()}
        assert httpx.get(f"{hall.app.url}/desk/", headers=held).status_code == 303


def test_the_page_of_one_clerk_is_not_gone_on_with_by_the_next_in_the_same_browser(hall: Hall) -> None:
    """Whoever signs in after them gets a page of their own, whatever session id they know."""
    first = hall.browsers["toshi"].cookies["gisapp_session"]
    second = hall.browsers["kiki"].cookies["gisapp_session"]
    mine = awaited(session_of(hall.app, Cookie=f"{cookie('e')}; gisapp_session={first}"))
    assert awaited(session_of(hall.app, mine, Cookie=f"{cookie('e')}; gisapp_session={first}")) == mine
    assert awaited(session_of(hall.app, mine, Cookie=f"{cookie('e')}; gisapp_session={second}")) != mine
    assert awaited(session_of(hall.app, mine, Cookie=cookie("e"))) != mine


def test_a_role_that_is_taken_away_is_gone_in_the_open_page_and_at_the_next_door(hall: Hall) -> None:
    person = account(hall, "removed")
    with closing(entered(hall, "removed")) as browser:

        async def story() -> list[str]:
            kept, said = hall.accounts(), []
            async with open_page(hall.app, browser.cookies["gisapp_session"]) as page:
                said.append(await page.look("counter"))
                kept.change(replace(person, roles=frozenset({Role.READER})), person, datetime.now(UTC))
                said.append(await page.look("counter"))
                kept.disable("removed", datetime.now(UTC))
                said.append(await page.look("counter"))
            kept.close()
            return said

        before, without, closed = awaited(story())
        assert ("権限がありません" in before, "ログインしてください" in before) == (False, False)
        assert "権限がありません" in without
        assert "ログインしてください" in closed
        assert browser.get("/desk/").status_code == 303


# ---- the first password


def test_a_first_password_opens_nothing_but_the_page_that_changes_it(hall: Hall) -> None:
    account(hall, "newcomer", must_change=True)
    with closing(entered(hall, "newcomer")) as browser:
        assert browser.get("/login?next=/layers").headers["location"] == "/password?next=%2Flayers"
        for door in ("/desk/", "/desk/r/R8-000001", "/desk/figures"):
            assert browser.get(door).headers["location"].startswith("/login")
        assert browser.get("/edits/garbage_station/form.json").status_code == 401

        async def on_the_page() -> str:
            async with open_page(hall.app, browser.cookies["gisapp_session"]) as page:
                return await page.look("counter")

        assert "最初のパスワードを変えると" in awaited(on_the_page())
        assert "ほかの人が決めた" in browser.get("/password").text
        for old, new, again, status, words in (
            ("x", OWN, OWN, 401, "違います"), (FIRST, OWN, OWN + "x", 422, "2回の入力が違います"),
            (FIRST, FIRST, FIRST, 422, "同じです"), (FIRST, "short", "short", 422, "文字以上"),
        ):  # fmt: skip
            told = browser.post("/password", data={"old": old, "new": new, "again": again})
            assert (told.status_code, words in told.text) == (status, True)
        token = browser.cookies["gisapp_session"]
        done = browser.post("/password?next=/desk/", data={"old": FIRST, "new": OWN, "again": OWN})
        assert (done.status_code, done.headers["location"]) == (303, "/desk/")
        assert browser.cookies["gisapp_session"] != token
        assert "山田　花さん" in browser.get("/logout").text
    assert httpx.get(f"{hall.app.url}/logout", cookies={"gisapp_session": token}).status_code == 303


def test_an_administrator_makes_changes_resets_and_closes_an_account_and_each_step_is_in_the_trail(
    hall: Hall,
) -> None:
    boss = hall.browsers["admin"]
    wanted = {"login": "hanako", "name": "山田　花子", "department": "環境課", "role": ["staff", "editor"]}
    made = boss.post(f"{USERS}/add", data=wanted)
    found = search(r"<code[^>]*>([a-z2-9-]{14})</code>", made.text)
    assert found is not None
    with closing(entered(hall, "hanako", found[1])) as browser:
        assert browser.post("/password", data={"old": found[1], "new": OWN, "again": OWN}).status_code == 303
        assert browser.get(USERS).status_code == 403
        seen = {"seen_name": "山田　花子", "seen_department": "環境課", "seen_roles": "editor,staff"}
        change = {**wanted, **seen, "role": ["head"], "action": "change"}
        assert boss.post(f"{USERS}/act", data=change).status_code == 303
        stale = boss.post(f"{USERS}/act", data={**change, "role": ["admin"]})
        assert (stale.status_code, "ほかの人が変えました" in stale.text) == (409, True)
        assert "課長" in boss.get(f"{USERS}/of/hanako").text
        assert boss.post(f"{USERS}/act", data={"login": "hanako", "action": "disable"}).status_code == 303
        assert browser.get("/logout").status_code == 303
    again = boss.post(f"{USERS}/act", data={"login": "hanako", "action": "reset"})
    assert search(r"<code[^>]*>[a-z2-9-]{14}</code>", again.text)
    assert boss.post(f"{USERS}/act", data={"login": "nobody", "action": "reset"}).status_code == 404
    for spoilt in ({"login": "山田"}, {"name": "\u0000"}, {"role": []}, {"login": "hanako"}):
        assert boss.post(f"{USERS}/add", data={**wanted, **spoilt}).status_code == 422
    town = open_town(Settings.from_env({"GISAPP_DATA": str(hall.app.data)}))
    lines = [one for one in town.reports.audit_lines(0, 1000) if one.target == "hanako"]
    town.close()
    assert [(one.actor, one.detail["what"]) for one in lines] == [
        ("admin", what) for what in ("added", "changed", "disabled", "reset")
    ]
    assert lines[1].detail["roles"] == ["head"]


def test_the_last_administrator_cannot_be_taken_away(hall: Hall) -> None:
    told = hall.browsers["admin"].post(f"{USERS}/act", data={"login": "admin", "action": "disable"})
    assert (told.status_code, "一人もいなくなります" in told.text) == (422, True)
    assert hall.browsers["admin"].get(USERS).status_code == 200


# ---- forms of other sites, and headers of one's own


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", [f"{USERS}/act", "/desk/bulk", "/desk/r/R8-000001/act", "/password", "/logout"]
)
def test_a_form_of_another_site_does_nothing_with_a_clerks_cookie(
    hall: Hall, path: str, headers: dict[str, str]
) -> None:
    sent = {"login": "kankyo", "action": "disable"}
    answer = hall.browsers["admin"].post(path, data=sent, headers=headers)
    assert (answer.status_code, "ほかのサイト" in answer.text) == (403, True)
    bare = httpx.post(f"{hall.app.url}{path}", data=sent, cookies=dict(hall.browsers["admin"].cookies))
    assert bare.status_code == 403  # no Origin at all
    assert hall.browsers["admin"].get("/logout").status_code == 200


def test_a_page_of_our_own_is_no_other_site(hall: Hall) -> None:
    sent = {"action": "none", "login": "x"}
    for site in ("same-origin", "none"):
        answer = hall.browsers["admin"].post(f"{USERS}/act", data=sent, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "header", ["X-App-User", "X-App-Session", "X-App-Roles", "X-Remote-User", "X-Forwarded-User", "X-Gisapp-Browser",
               "Remote-User", "X_Remote_User"],
)  # fmt: skip
def test_nobody_is_believed_who_says_in_a_header_who_they_are(hall: Hall, header: str) -> None:
    for door in ("/desk/", USERS, "/logout"):
        assert httpx.get(f"{hall.app.url}{door}", headers={header: "admin"}).status_code == 303
    arrived = httpx.get(f"{hall.app.url}/login", headers={header: "admin"})
    assert (arrived.status_code, "gisapp_session" in arrived.headers.get("set-cookie", "")) == (200, False)


# ---- a storm of tries


def test_a_storm_of_tries_is_stopped_and_the_door_stays_open_for_everybody_else(hall: Hall) -> None:
    account(hall, "stormed")
    account(hall, "calm")
    storm = {"X-Forwarded-For": "203.0.113.9", "Origin": hall.app.url}
    form = {"login": "stormed", "password": "wrong"}

    def one_try(_: int) -> int:
        return httpx.post(f"{hall.app.url}/login", data=form, headers=storm, timeout=60).status_code

    with ThreadPoolExecutor(16) as crowd:
        tries = list(crowd.map(one_try, range(60)))
        assert httpx.get(f"{hall.app.url}/healthz").status_code == 200
    assert (tries.count(401), tries.count(429)) == (10, 50)
    with closing(entered(hall, "calm")) as browser:  # another name, from another address
        assert browser.get("/logout").status_code == 200
    right = {"login": "stormed", "password": FIRST}
    assert httpx.post(f"{hall.app.url}/login", data=right, headers=storm).status_code == 429
    town = open_town(Settings.from_env({"GISAPP_DATA": str(hall.app.data)}))
    told = [one for one in town.reports.audit_lines(0, 1000) if one.action == "sign_in_failed"]
    town.close()
    assert [one.target for one in told] == ["stormed"]  # one line, not fifty


# ---- Streamlit's own doors


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/metrics/", "/%5fstcore/metrics", "/_stcore/agent/x", "/_stcore/script-health-check",
     "/media/0123.jpg", "/media/", "//_stcore/metrics", "/counter/_stcore/metrics", "/static/../_stcore/metrics"],
)  # fmt: skip
def test_streamlits_own_doors_that_leak_are_shut_for_everybody(hall: Hall, path: str) -> None:
    for login in ("", "admin"):
        answer = hall.browsers[login].get(path)
        assert answer.status_code == 404
        assert "session" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_only_the_signed_in_may_lay_files_into_streamlits_memory(hall: Hall, method: str) -> None:
    address = "/_stcore/upload_file/some-session/some-file"
    assert hall.browsers[""].request(method, address, content=b"x" * 999).status_code in (401, 403)
    made_up = {"gisapp_session": "made-up"}
    answer = httpx.put(
        f"{hall.app.url}{address}", content=b"x", cookies=made_up, headers={"Origin": hall.app.url}
    )
    assert answer.status_code == 401


def test_no_page_that_residents_open_asks_for_a_file() -> None:
    pages = Path(__file__).resolve().parents[2] / "gisapp" / "pages"
    asking = {path.name: path.read_text(encoding="utf-8") for path in pages.glob("*.py")}
    asking = {name: text for name, text in asking.items() if "file_uploader(" in text}
    assert set(asking) == {"batch.py", "counter.py"}
    assert all("staff_only(town" in text for text in asking.values())
