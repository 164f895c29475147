"""A reporter follows up with the 照会番号, without a script: reads, adds, reopens, withdraws; nobody else reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from gisapp.settings import Settings
from gisapp.town import Town, open_town
from gisapp.web.track_pass import COOKIE, WRONG_CODES
from reports_store import ActorType, DeclaredPhoto, EventKind, PhotoState, Report, Status, Visibility
from reports_store.tracking import ALPHABET, code_for, hash_of, normalise
from tests.photo_makers import phone_photo
from tests.report_makers import moved, photo, pothole, step
from tests.serving import Server, copied, serving

WRONG = "0000-0000-0000-0000-0"


@dataclass
class Hall:
    """The running app, and the same town opened beside it to play the clerk."""

    server: Server
    town: Town

    def report(self, **given: object) -> tuple[Report, str]:
        """A new report and its 照会番号."""
        new = pothole(**given)  # type: ignore[arg-type]
        code = code_for(self.town.secret, new.uuid)
        new = replace(new, tracking_hash=hash_of(code), received_at=datetime.now(UTC))
        return self.town.reports.add(new).report, code

    def step(self, report: Report, *steps: object) -> Report:
        for one in steps:
            seen = self.town.reports.by_id(report.id).version
            self.town.reports.append(report.id, replace(one, at=datetime.now(UTC)), seen=seen)  # type: ignore[type-var]
        return self.town.reports.by_id(report.id)

    @contextmanager
    def resident(self, code: str = "", **headers: str) -> Iterator[httpx.Client]:
        """A browser, which has entered the code if there is one."""
        always = {"Origin": self.server.url, **headers}
        with httpx.Client(
            base_url=self.server.url, headers=always, timeout=30, follow_redirects=True
        ) as client:
            if code:
                assert client.post("/track/", data={"code": code}).status_code == 200
            yield client


@pytest.fixture(scope="module")
def hall(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = copied(sample_town, tmp_path_factory.mktemp("track") / "var")
    # every test is a household of its own: the app believes the address that each names
    with serving(data, GISAPP_TRUSTED_PROXY="127.0.0.1") as server:
        town = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
        yield Hall(server, town)
        town.close()


def text_of(page: httpx.Response) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page.text))


def form(page: httpx.Response, **values: str) -> dict[str, str]:
    """What the first form of a page carries, with values."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return {**hidden, "uuid": str(uuid4()), **values}


def resolved(hall: Hall) -> tuple[Report, str]:
    report, code = hall.report()
    done = moved(Status.RESOLVED, said="穴をふさぎました。")
    return hall.step(report, moved(Status.TRIAGED), moved(Status.IN_PROGRESS), done), code


def test_the_code_opens_the_report_and_stands_in_no_address(hall: Hall) -> None:
    report, code = hall.report(body="横断歩道の手前です。")
    with hall.resident() as browser:
        page = browser.post("/track/", data={"code": code.lower().replace("-", "　")})
        assert [str(one.url) for one in (*page.history, page)] == [f"{hall.server.url}/track/"] * 2
        cookie = next(one for one in browser.cookies.jar if one.name == COOKIE)
    assert cookie.path == "/track/"
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert report.public_id in page.text
    assert "横断歩道の手前です。" in page.text
    assert "担当の課が内容を確かめ" in page.text
    assert "no-store" in page.headers["cache-control"]
    assert code not in hall.server.log.read_text(errors="replace")
    assert normalise(code).replace("-", "") not in str(page.url)


def test_what_the_town_said_and_did_is_told_in_public_words_and_notes_are_not(hall: Hall) -> None:
    report, code = hall.report()
    hall.step(
        report,
        moved(Status.TRIAGED, noted="内部のメモ"),
        step(EventKind.PUBLIC_REPLY, said="金曜日に直します。"),
        step(EventKind.NOTE, noted="業者へ電話"),
    )
    with hall.resident(code) as browser:
        page = text_of(browser.get("/track/"))
    assert "担当決定" in page
    assert "金曜日に直します。" in page
    assert "内部のメモ" not in page
    assert "業者へ電話" not in page
    assert "建設課 1" not in page


def test_the_day_to_expect_is_called_a_guess_and_ends_with_the_work(hall: Hall) -> None:
    _, code = hall.report()
    with hall.resident(code) as browser:
        assert "目安" in browser.get("/track/").text
    _, code = resolved(hall)
    with hall.resident(code) as browser:
        assert "目安の日" not in browser.get("/track/").text


def test_a_slip_is_told_at_once_and_what_was_typed_stays(hall: Hall) -> None:
    _, code = hall.report()
    plain = code.replace("-", "")
    other = ALPHABET[(ALPHABET.index(plain[0]) + 1) % 32]
    with hall.resident() as browser:
        for _ in range(WRONG_CODES.amount + 5):  # slips are not guesses: they cost nothing
            page = browser.post("/track/", data={"code": other + plain[1:]})
        assert page.status_code == 400
        assert "打ちまちがい" in page.text
        assert other + plain[1:] in page.text
        assert browser.post("/track/", data={"code": code}).status_code == 200


def test_guessing_is_slowed_for_the_guesser_alone_and_noted_without_the_code(hall: Hall) -> None:
    _, code = hall.report()
    guesser = {"X-Forwarded-For": "203.0.113.9"}
    guesses = [code_for(b"another town's key", str(uuid4())) for _ in range(WRONG_CODES.amount)]
    with hall.resident(**guesser) as browser:
        assert {browser.post("/track/", data={"code": one}).status_code for one in guesses} == {404}
        slowed = browser.post("/track/", data={"code": code})  # not even a right one tells anything now
        assert slowed.status_code == 429
        assert "待って" in slowed.text
        assert browser.get("/track/").text.count("data-number") == 0
    with hall.resident(code, **{"X-Forwarded-For": "203.0.113.10"}) as browser:
        assert "data-number" in browser.get("/track/").text
    log = hall.server.log.read_text(errors="replace")
    assert not any(one in log or one.replace("-", "") in log for one in (*guesses, code))


def test_many_wrong_codes_from_everywhere_are_an_alarm_in_the_log(sample_town: Path, tmp_path: Path) -> None:
    data = copied(sample_town, tmp_path / "var")
    with (
        serving(data, GISAPP_TRUSTED_PROXY="127.0.0.1") as server,
        httpx.Client(base_url=server.url) as client,
    ):
        for number in range(102):
            sender = {"Origin": server.url, "X-Forwarded-For": f"198.51.100.{number}"}
            guess = {"code": code_for(b"another town's key", str(uuid4()))}
            assert client.post("/track/", data=guess, headers=sender).status_code == 404
        log = server.log.read_text(errors="replace")
    assert "alarm" in log
    assert "198.51.100." not in log


def test_a_code_of_another_town_and_one_of_none_get_the_same_answer(hall: Hall) -> None:
    others = [code_for(b"another town's key", str(uuid4())), code_for(b"a third town's key", str(uuid4()))]
    with hall.resident(**{"X-Forwarded-For": "203.0.113.20"}) as browser:
        answers = [browser.post("/track/", data={"code": one}) for one in others]
    bodies = [answer.text.replace(one, "") for answer, one in zip(answers, others, strict=True)]
    assert bodies[0] == bodies[1]
    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize(
    "forged", ["", "x", "a.b", "1.2.3", "AAAAAAAAAAAAAAAAAAAAAA.1.x.9999999999", "." * 500]
)
def test_a_forged_cookie_opens_nothing(hall: Hall, forged: str) -> None:
    with hall.resident() as browser:
        bare = browser.get("/track/").text
        answer = browser.get("/track/", headers={"Cookie": f"{COOKIE}={forged}"})
        assert answer.text == bare
        assert (
            browser.get(f"/track/photos/{'0' * 64}.jpg", headers={"Cookie": f"{COOKIE}={forged}"}).status_code
            == 404
        )


def test_one_persons_form_does_not_act_on_another_persons_report(hall: Hall) -> None:
    mine, my_code = hall.report()
    theirs, their_code = hall.report()
    with hall.resident(my_code) as me, hall.resident(their_code) as they:
        stolen = form(they.get("/track/"), words="取り替え")
        answer = me.post("/track/note", data=stolen)
    assert answer.status_code == 403
    assert "取り替え" in answer.text  # nothing typed is lost
    assert len(hall.town.reports.events(mine.id)) == len(hall.town.reports.events(theirs.id)) == 1


def test_a_form_on_another_site_adds_nothing(hall: Hall) -> None:
    report, code = hall.report()
    with hall.resident(code) as browser:
        sent = form(browser.get("/track/"), words="x")
        assert (
            browser.post("/track/note", data=sent, headers={"Origin": "https://evil.example"}).status_code
            == 403
        )
    assert len(hall.town.reports.events(report.id)) == 1


def test_words_and_photos_are_added_once_and_are_for_the_town_hall_alone(hall: Hall) -> None:
    report, code = hall.report()
    pictures = [phone_photo(136.47, 35.36), phone_photo(136.48, 35.36)]
    files = [("photos", (f"{n}.jpg", data, "image/jpeg")) for n, data in enumerate(pictures)]
    with hall.resident(code) as browser:
        sent = form(browser.get("/track/"), words="雨で広がりました。")
        for _ in range(2):  # the button pressed twice
            page = browser.post("/track/note", data=sent, files=files)
            assert "受け取りました。町の職員が見ます。" in page.text
    events = hall.town.reports.events(report.id)
    assert [(one.kind, one.actor_type, one.public_message) for one in events[1:]] == [
        (EventKind.NOTE, ActorType.RESIDENT, "雨で広がりました。")
    ]
    kept = hall.town.reports.by_id(report.id)
    assert len(kept.coming) + len(kept.photos) == 2
    assert all(one.state is not PhotoState.AWAITED for one in kept.coming)
    for one in kept.coming:
        assert hall.town.photos.raw(one.original_sha256).read_bytes() in pictures
    everywhere = "".join(
        httpx.get(f"{hall.server.url}{address}").text
        for address in (
            f"/live/reports/{report.public_id}.json", "/opendata/reports.geojson",
            f"/feeds/report/{report.public_id}.atom", f"/map/r/{report.public_id}",
        )
    )  # fmt: skip
    assert report.public_id in everywhere
    assert "雨で広がりました" not in everywhere


@pytest.mark.parametrize(
    ("words", "files", "status", "said"),
    [("", 0, 400, "文章か写真のどちらか"), ("六枚", 6, 400, "5枚まで"), ("あ" * 5000, 0, 409, "長すぎます")],
)
def test_what_cannot_be_added_is_refused_in_words_and_what_was_typed_stays(
    hall: Hall, words: str, files: int, status: int, said: str
) -> None:
    report, code = hall.report()
    sent = [("photos", (f"{n}.jpg", b"x", "image/jpeg")) for n in range(files)]
    with hall.resident(code) as browser:
        answer = browser.post(
            "/track/note", data=form(browser.get("/track/"), words=words), files=sent or None
        )
    assert answer.status_code == status
    assert said in answer.text
    assert words in answer.text
    assert len(hall.town.reports.events(report.id)) == 1


def test_not_fixed_reopens_with_words_and_only_what_counts_as_fixed(hall: Hall) -> None:
    report, code = resolved(hall)
    with hall.resident(code) as browser:
        page = browser.get("/track/")
        assert "穴をふさぎました。" in page.text
        wordless = browser.post("/track/reopen", data=form(page, words=" "))
        assert wordless.status_code == 400
        again = browser.post("/track/reopen", data=form(page, words="まだ穴があります。"))
        assert "町に知らせました" in again.text
        assert "まだ穴があります。" in again.text
        assert hall.town.reports.by_id(report.id).status is Status.REOPENED
        twice = browser.post("/track/reopen", data=form(page, words="もう一度"))
        assert twice.status_code == 409
        assert "もう一度</textarea>" in twice.text
    assert "まだ穴があります" not in httpx.get(f"{hall.server.url}/live/reports/{report.public_id}.json").text


def test_withdrawing_asks_first_and_is_refused_while_the_town_is_at_work(hall: Hall) -> None:
    report, code = hall.report()
    with hall.resident(code) as browser:
        question = browser.get("/track/withdraw")
        assert "取り下げますか" in question.text
        assert hall.town.reports.by_id(report.id).status is Status.RECEIVED
        done = browser.post("/track/withdraw", data=form(question, words="もう直っていました"))
        assert "取り下げました" in done.text
    assert hall.town.reports.by_id(report.id).status is Status.WITHDRAWN
    report, code = hall.report()
    with hall.resident(code) as browser:
        question = browser.get("/track/withdraw")
        hall.step(report, moved(Status.TRIAGED), moved(Status.IN_PROGRESS))
        refused = browser.post("/track/withdraw", data=form(question))
        assert refused.status_code == 409
        assert "取り下げられません" in refused.text
        assert "取り下げる" not in browser.get("/track/").text
    assert hall.town.reports.by_id(report.id).status is Status.IN_PROGRESS


def test_a_merged_report_tells_how_the_original_stands(hall: Hall) -> None:
    original, _ = hall.report()
    duplicate, code = hall.report(body="同じ穴です")
    hall.town.reports.merge(
        duplicate.id, original.id, actor="土木課 1", at=datetime.now(UTC), seen=duplicate.version
    )
    hall.step(original, moved(Status.TRIAGED), step(EventKind.PUBLIC_REPLY, said="明日行きます。"))
    with hall.resident(code) as browser:
        page = text_of(browser.get("/track/"))
    assert original.public_id in page
    assert "明日行きます。" in page
    assert "同じ穴です" in page
    assert "土木課 1" not in page


def test_nothing_of_an_original_that_is_not_public_is_told_but_its_state(hall: Hall) -> None:
    original, _ = hall.report()
    duplicate, code = hall.report()
    at = datetime.now(UTC)
    hall.town.reports.merge(duplicate.id, original.id, actor="土木課 1", at=at, seen=duplicate.version)
    hidden = step(EventKind.VISIBILITY, {"visibility": Visibility.HIDDEN.value})
    hall.step(original, hidden, step(EventKind.PUBLIC_REPLY, said="ひみつの返事"), moved(Status.TRIAGED))
    with hall.resident(code) as browser:
        page = text_of(browser.get("/track/"))
    assert original.public_id not in page
    assert "ひみつの返事" not in page
    assert "担当決定" in page


def test_each_photo_is_told_in_words_until_it_may_be_seen(hall: Hall) -> None:
    clear = hall.town.photos.put(phone_photo(136.47, 35.36))
    report, code = hall.report(photos=(clear, photo("unchecked")))
    hall.step(
        report,
        replace(step(EventKind.NOTE), declared=(DeclaredPhoto("a" * 64, 10),)),
        step(EventKind.PHOTO, {"photo": clear.sha256, "pii_state": "clear"}),
        step(EventKind.VISIBILITY, {"visibility": Visibility.PENDING.value}),
    )
    with hall.resident(code) as browser:
        page = browser.get("/track/")
        assert "町が確かめるまで公開しません" in page.text
        assert "まだ届いていません" in page.text
        shown = browser.get(f"/track/photos/{clear.sha256}.320.jpg")
        assert shown.status_code == 200
        assert b"Exif" not in shown.content
        assert browser.get(f"/track/photos/{photo('unchecked').sha256}.jpg").status_code == 404
    assert httpx.get(f"{hall.server.url}/track/photos/{clear.sha256}.jpg").status_code == 404
    assert httpx.get(f"{hall.server.url}/photos/{clear.sha256}.jpg").status_code == 404


def test_who_wrote_for_longer_than_an_hour_loses_no_words(hall: Hall) -> None:
    _, code = hall.report()
    with hall.resident(code) as browser:
        sent = form(browser.get("/track/"), words="長い文章です。")
        browser.cookies.clear()
        ended = browser.post("/track/note", data=sent)
        assert ended.status_code == 401
        assert "長い文章です。" in ended.text
        back = browser.post("/track/", data={"code": code, "kept": "長い文章です。"})
        assert "長い文章です。</textarea>" in back.text


def test_closing_the_page_ends_it_for_the_next_person_at_the_device(hall: Hall) -> None:
    _, code = hall.report()
    with hall.resident(code) as browser:
        assert "data-number" in browser.get("/track/").text
        browser.post("/track/end")
        assert "data-number" not in browser.get("/track/").text


def test_without_a_mail_server_no_mail_is_offered(hall: Hall) -> None:
    _, code = hall.report()
    with hall.resident(code) as browser:
        for address in ("/track/", "/track/subscribe"):
            assert 'type="email"' not in browser.get(address).text
        assert (
            browser.post(
                "/track/subscribe", data={"kind": "category", "category": "other", "email": "a@example.jp"}
            ).status_code
            == 404
        )


def test_planted_text_is_shown_as_it_was_written(hall: Hall) -> None:
    planted = "{{ 7*191 }}<script>alert(1)</script>"
    report, code = hall.report(body=planted)
    hall.step(report, step(EventKind.PUBLIC_REPLY, said=planted))
    with hall.resident(code) as browser:
        page = browser.get("/track/")
    assert page.text.count("&lt;script&gt;") == 2
    assert "<script>alert" not in page.text
    assert "1337" not in page.text


@pytest.mark.parametrize("address", ["/lookup", "/track"])
def test_old_addresses_lead_here(hall: Hall, address: str) -> None:
    answer = httpx.get(f"{hall.server.url}{address}")
    assert (answer.status_code, answer.headers["location"]) == (308, "/track/")


def test_a_broken_or_overlarge_form_is_answered_in_words(hall: Hall) -> None:
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    with hall.resident() as browser:
        for address in (
            "/track/",
            "/track/note",
            "/track/reopen",
            "/track/withdraw",
            "/track/mail",
            "/track/subscribe",
        ):
            answer = browser.post(address, content=b"x" * 999, headers=broken)
            assert answer.status_code in (400, 401, 404), address
            assert "<h1>" in answer.text
        assert browser.post("/track/", data={"code": "x" * 100_000}).status_code == 413


# --- before sending: what is known already


def near(hall: Hall, lon: float, lat: float, category: str = "road_damage") -> list[dict[str, object]]:
    asked = f"{hall.server.url}/api/similar?category={category}&lon={lon}&lat={lat}"
    answer = httpx.get(asked)
    assert answer.status_code == 200
    found: list[dict[str, object]] = answer.json()["found"]
    return found


def test_an_open_report_of_the_same_kind_nearby_is_shown_and_no_other(hall: Hall) -> None:
    lon, lat = 136.2001, 35.2001
    open_one, _ = hall.report(lon=lon, lat=lat)
    hall.report(lon=lon, lat=lat, category="street_light")
    hall.report(lon=lon + 0.001, lat=lat)  # 91 m
    fixed, _ = hall.report(lon=lon, lat=lat)
    hall.step(fixed, moved(Status.TRIAGED), moved(Status.IN_PROGRESS), moved(Status.RESOLVED, said="済み"))
    hidden, _ = hall.report(lon=lon, lat=lat)
    hall.step(hidden, step(EventKind.VISIBILITY, {"visibility": Visibility.HIDDEN.value}))

    found = near(hall, lon + 0.0003, lat)  # 27 m

    assert [one["id"] for one in found] == [open_one.public_id]
    assert found[0]["distance_m"] == 25
    assert found[0]["distance"] == "約25m"
    assert found[0]["state_name"] == "対応前"
    assert found[0]["age"] == "今日の通報"


def test_the_distance_to_a_coarse_place_does_not_tell_the_place(hall: Hall) -> None:
    coarse = next(code for code, one in hall.town.categories.items() if one.public_place.value == "grid50")
    lon, lat = 136.3004, 35.3003
    hidden, _ = hall.report(lon=lon, lat=lat, category=coarse, body="")
    hall.step(hidden, step(EventKind.VISIBILITY, {"visibility": Visibility.PUBLIC.value}))
    seen = {
        (one["distance_m"], one["distance"], str(one["place"]))
        for east in range(-4, 5)
        for north in range(-4, 5)
        for one in near(hall, lon + east * 0.0001, lat + north * 0.0001, coarse)
        if one["id"] == hidden.public_id
    }
    assert len(seen) == 1
    assert str(lon) not in str(seen)


@pytest.mark.parametrize("query", ["", "category=none&lon=136&lat=35", "category=road_damage&lon=x&lat=35",
                                   "category=road_damage&lon=nan&lat=35", "category=road_damage&lon=0&lat=0"])  # fmt: skip
def test_an_odd_question_is_refused_in_words(hall: Hall, query: str) -> None:
    answer = httpx.get(f"{hall.server.url}/api/similar?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"]


def support(hall: Hall, number: str, uuid: str) -> httpx.Response:
    address = f"{hall.server.url}/api/similar/{number}/support"
    return httpx.post(address, json={"uuid": uuid}, headers={"Origin": hall.server.url})


def test_a_device_supports_a_report_once_and_the_reporter_sees_the_number(hall: Hall) -> None:
    report, code = hall.report()
    uuid = str(uuid4())
    assert [support(hall, report.public_id, one).json()["support"] for one in (uuid, uuid, str(uuid4()))] == [
        1,
        1,
        2,
    ]
    with hall.resident(code) as browser:
        assert "2人" in browser.get("/track/").text


def test_nobody_can_support_what_is_not_public_or_not_there(hall: Hall) -> None:
    hidden, _ = hall.report()
    hall.step(hidden, step(EventKind.VISIBILITY, {"visibility": Visibility.HIDDEN.value}))
    answers = [support(hall, number, str(uuid4())) for number in (hidden.public_id, "R8-999999")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    report, _ = hall.report()
    assert support(hall, report.public_id, "not a uuid").status_code == 400


def test_a_pass_ends_after_an_hour(hall: Hall) -> None:
    from starlette.requests import Request
    from starlette.responses import Response

    from gisapp.web.track_pass import LASTS, Pass

    secret, at = b"k" * 32, datetime(2026, 6, 1, tzinfo=UTC)
    bare = Request({"type": "http", "headers": [], "scheme": "http"})
    cookie = Pass.new(7).onto(Response(), bare, secret, at).headers["set-cookie"].split(";")[0]
    held = Request({"type": "http", "headers": [(b"cookie", cookie.encode())], "scheme": "http"})
    assert Pass.of(held, secret, at + LASTS - timedelta(seconds=1)) is not None
    assert Pass.of(held, secret, at + LASTS) is None
    assert Pass.of(held, b"x" * 32, at) is None
