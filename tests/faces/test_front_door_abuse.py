"""Floods, machines and shut-out senders at the door: nothing is thrown away silently, nobody solves a captcha."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request

from gisapp.flows.sealed import age_of, is_work, mark_of, new_token, sealed, unsealed
from gisapp.settings import Settings
from gisapp.web.abuse import ALLOWED, address_of
from reports_store import Mode, ReportStore, Visibility
from tests.front_door import Fields, declared, files, filled, kept, phone, secret_of, token, words, work_for
from tests.photo_makers import photo_bytes
from tests.serving import Server, command, copied, serving

SLOWLY, DEVICE = (int(ALLOWED[Mode.NORMAL].slowly.amount), int(ALLOWED[Mode.NORMAL].device.amount))
SECRET = b"s" * 32
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def town(sample_town: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of one's own for each test: what it has counted is its own."""
    with serving(copied(sample_town, tmp_path / "var")) as server:
        yield server


@pytest.fixture(scope="module")
def fresh(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(copied(sample_town, tmp_path_factory.mktemp("fresh") / "var")) as server:
        yield server


def sent(browser: httpx.Client, server: Server, times: int, **changed: object) -> list[httpx.Response]:
    return [browser.post("/api/reports", json=words(server, **changed)) for _ in range(times)]


def block(server: Server, kind: str, value: str) -> None:
    with closing(ReportStore.open(Settings.from_env({"GISAPP_DATA": str(server.data)}).database)) as store:
        store.block(kind, mark_of(secret_of(server), kind, value), None, "見本", datetime.now(UTC))


@pytest.mark.parametrize(
    ("reason", "changed"),
    [("trap", {"website": "http://buy.example"}), ("no_token", {"token": ""}), ("no_token", {"token": "x.1.y"}),
     ("no_token", {"token": "é" * 300}), ("too_fast", {"age": 0}), ("old_token", {"age": 31 * 24 * 60})],
)  # fmt: skip
def test_a_suspect_is_taken_in_and_waits_for_a_look(
    fresh: Server, reason: str, changed: dict[str, object]
) -> None:
    age = changed.pop("age", None)
    if age is not None:
        changed["token"] = token(fresh, float(str(age)))
    report = words(fresh, **changed)

    answer = phone(fresh).post("/api/reports", json=report)

    assert answer.status_code == 201
    assert answer.json()["number"].startswith("R8-")
    found = kept(fresh, report["uuid"])
    assert (found.suspect, found.visibility) == (reason, Visibility.PENDING)


def test_the_trap_of_the_form_is_seen_by_machines_only(fresh: Server) -> None:
    browser = phone(fresh)
    page = browser.get("/report/")
    trap = next(one for one in Fields(page.text).controls if one.get("name") == "website")
    assert trap["tabindex"] == "-1"
    assert 'class="dr-trap" aria-hidden="true"' in page.text

    data = filled(page, category="other", place="見本町役場", body="x", website="spam")
    check = browser.post("/report/check", data=data)
    browser.post("/report/send", data=filled(check))
    assert kept(fresh, Fields(check.text).sent["uuid"][0]).suspect == "trap"


def test_a_device_that_sends_too_many_is_told_when_to_come_back_and_loses_nothing(town: Server) -> None:
    browser = phone(town)
    first = words(town)
    assert browser.post("/api/reports", json=first).status_code == 201
    assert [one.status_code for one in sent(browser, town, SLOWLY - 1)] == [201] * (SLOWLY - 1)

    (refused,) = sent(browser, town, 1)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert "分ほど待ってから" in refused.json()["message"]

    # what was taken in is told its number again; the page keeps what was typed; another device is not held up
    assert browser.post("/api/reports", json=first).status_code == 200
    data = filled(browser.get("/report/"), category="other", place="見本町役場", body="消えない文")
    check = browser.post("/report/check", data=data, files=files(("a.jpg", photo_bytes())))
    page = browser.post("/report/send", data=filled(check))
    assert page.status_code == 429
    assert Fields(page.text).sent["body"] == ["消えない文"]
    assert len(Fields(page.text).sent["kept"]) == 1
    assert sent(phone(town), town, 1)[0].status_code == 201

    # with the small work done, the same device may go on
    given = token(town)
    worked = sent(browser, town, DEVICE - SLOWLY, token=given, work=work_for(given))
    assert {one.status_code for one in worked} == {201}


def test_work_over_a_token_of_ones_own_making_counts_for_nothing(town: Server) -> None:
    browser = phone(town)
    forged = new_token(b"x" * 32, datetime.now(UTC) - timedelta(minutes=1))
    answers = sent(browser, town, SLOWLY + 1, token=forged, work=work_for(forged))
    assert [one.status_code for one in answers] == [201] * SLOWLY + [429]


def test_a_square_kilometre_is_limited_until_there_is_a_disaster(town: Server) -> None:
    most = int(ALLOWED[Mode.NORMAL].cell.amount)
    given = token(town)
    work = work_for(given)
    for _ in range(most // DEVICE):
        answers = sent(phone(town), town, DEVICE, token=given, work=work)
        assert {one.status_code for one in answers} == {201}
    (refused,) = sent(phone(town), town, 1, token=given, work=work)
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_here")
    elsewhere = {"lon": 137.0226, "lat": 35.6452, "source": "map_tap"}
    assert sent(phone(town), town, 1, place=elsewhere)[0].status_code == 201

    assert "災害時" in command(town.data, "town", "mode", "disaster").stdout
    report = words(town)
    assert phone(town).post("/api/reports", json=report).status_code == 201
    assert kept(town, report["uuid"]).mode is Mode.DISASTER

    assert "平常時" in command(town.data, "town", "mode", "normal").stdout
    assert sent(phone(town), town, 1)[0].status_code == 429


def test_a_blocked_device_or_email_is_told_to_telephone(fresh: Server) -> None:
    browser = phone(fresh)
    block(fresh, "device", browser.cookies["gisapp_device"])
    block(fresh, "email", "spam@example.jp")

    refused = browser.post("/api/reports", json=words(fresh))
    assert refused.status_code == 403
    assert "お電話ください" in refused.json()["message"]
    contact = {"name": "", "phone": "", "email": " Spam@example.jp", "wants_reply": False}
    assert phone(fresh).post("/api/reports", json=words(fresh, contact=contact)).status_code == 403
    assert phone(fresh).post("/api/reports", json=words(fresh)).status_code == 201

    data = filled(browser.get("/report/"), category="other", place="見本町役場", body="消えない文")
    page = browser.post("/report/send", data=filled(browser.post("/report/check", data=data)))
    assert page.status_code == 403
    assert "お電話ください" in page.text
    assert Fields(page.text).sent["body"] == ["消えない文"]


def test_a_blocked_address_may_be_a_shelter_in_a_disaster(town: Server) -> None:
    block(town, "address", "127.0.0.1")
    assert phone(town).post("/api/reports", json=words(town)).status_code == 403

    command(town.data, "town", "mode", "disaster")
    report = words(town)
    assert phone(town).post("/api/reports", json=report).status_code == 201
    assert kept(town, report["uuid"]).suspect == "blocked_address"


def test_only_a_named_proxy_is_believed(sample_town: Path, tmp_path: Path) -> None:
    def refusals(server: Server) -> list[int]:
        """Without a cookie, those who share an address share one device's allowance."""
        statuses = []
        for n in range(SLOWLY + 1):
            claimed = {"X-Forwarded-For": f"198.51.100.{n}"}
            answer = httpx.post(f"{server.url}/api/reports", json=words(server), headers=claimed, timeout=60)
            statuses.append(answer.status_code)
        return statuses

    with serving(copied(sample_town, tmp_path / "plain")) as server:
        assert refusals(server) == [201] * SLOWLY + [429]
    with serving(copied(sample_town, tmp_path / "behind"), GISAPP_TRUSTED_PROXY="127.0.0.1") as server:
        assert refusals(server) == [201] * (SLOWLY + 1)


@pytest.mark.parametrize(
    ("peer", "claimed", "trusted", "found"),
    [("203.0.113.9", "198.51.100.1", (), "203.0.113.9"),
     ("203.0.113.9", "198.51.100.1", ("10.0.0.0/8",), "203.0.113.9"),
     ("10.0.0.1", "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
     ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", ("10.0.0.0/8",), "198.51.100.1"),
     ("10.0.0.1", "", ("10.0.0.1",), "10.0.0.1"), ("10.0.0.1", "junk", ("10.0.0.1",), "junk"),
     ("10.0.0.1", "198.51.100.1:4711", ("10.0.0.1",), "198.51.100.1"),
     ("::1", "[2001:db8:1:2:3:4:5:6]:99", ("::1",), "2001:db8:1:2::/64"),
     ("::ffff:10.0.0.1", "198.51.100.1", ("10.0.0.1",), "198.51.100.1")],
)  # fmt: skip
def test_the_address_is_read_past_the_proxies_that_are_believed(
    peer: str, claimed: str, trusted: tuple[str, ...], found: str
) -> None:
    headers = [(b"x-forwarded-for", claimed.encode())] if claimed else []
    assert address_of(Request({"type": "http", "client": (peer, 1), "headers": headers}), trusted) == found


def test_a_client_that_pours_in_photos_is_stopped_before_they_are_taken(town: Server) -> None:
    """P17: each of these announces 130 MB; after the third, no byte is waited for."""
    host, port = urlsplit(town.url).hostname, urlsplit(town.url).port
    head = (
        f"POST /report/check HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: 130000000\r\n\r\n--b\r\n"
    )
    pouring = [socket.create_connection((host, port), timeout=60) for _ in range(4)]
    try:
        for one in pouring:
            one.sendall(head.encode())
        stopped = [one for one in pouring if _answered(one, 2)]
        assert len(stopped) == 1
        answer = stopped[0].recv(1 << 16).decode()
        assert answer.startswith("HTTP/1.1 429")
        assert "写真なしなら、いま送れます" in answer
    finally:
        for one in pouring:
            one.close()


def _answered(one: socket.socket, within_s: float) -> bool:
    one.settimeout(within_s)
    try:
        return bool(one.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False


def test_photos_that_never_match_use_up_the_same_allowance(town: Server) -> None:
    browser, report = phone(town), words(town, photos=declared(b"never"))
    browser.post("/api/reports", json=report)
    address = f"/api/reports/{report['uuid']}/photos/{report['photos'][0]['sha256']}"
    statuses = [browser.put(address, content=bytes(20 << 20)).status_code for _ in range(20)]
    assert statuses == [422] * (int(ALLOWED[Mode.NORMAL].device_mb.amount) // 21) + [429]


def test_a_seal_holds_for_its_purpose_and_its_text_only() -> None:
    given = sealed(SECRET, "photo", "abc.def")
    assert unsealed(SECRET, "photo", given) == "abc.def"
    assert unsealed(SECRET, "token", given) is None
    assert unsealed(b"t" * 32, "photo", given) is None
    assert unsealed(SECRET, "photo", given + "x") is None
    assert unsealed(SECRET, "photo", "\ud800.x") is None


def test_a_token_tells_its_age_and_work_is_checked_against_it() -> None:
    given = new_token(SECRET, NOW)
    assert age_of(SECRET, given, NOW + timedelta(hours=1)) == timedelta(hours=1)
    assert age_of(SECRET, given.replace(".", ".9", 1), NOW) is None
    found = work_for(given)
    assert not is_work(given, "")
    assert not is_work(given + "x", found)
    assert not is_work("", found)
