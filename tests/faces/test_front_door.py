"""The residents' front door on the running app: the form without a script, and the protocol of its script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin
from uuid import uuid4

import httpx
import pytest

from reports_store import Channel, GeomSource, PhotoStore, Visibility
from tests.front_door import (
    AMBIGUOUS,
    LAT,
    LON,
    Fields,
    choices,
    declared,
    files,
    filled,
    kept,
    numbers,
    open_reports,
    phone,
    reports_kept,
    sha,
    words,
)
from tests.photo_makers import photo_bytes
from tests.serving import Server, copied, serving, serving_door

FIRST_LOAD_BYTES = 150_000
ONE, TWO = photo_bytes(), photo_bytes(320, 240)
TYPED = {
    "category": "road_damage", "answer__road_damage__what": "穴", "body": "横断歩道の手前です。\n深いです。",
    "contact__name": "見本の人", "contact__email": "a@example.jp", "contact__wants_reply": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def town(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(copied(sample_town, tmp_path_factory.mktemp("door") / "var")) as server:
        yield server


def test_the_old_address_leads_to_the_form_with_its_place(town: Server) -> None:
    moved = httpx.get(f"{town.url}/report?lon={LON}&lat={LAT}")
    assert (moved.status_code, moved.headers["location"]) == (308, f"/report/?lon={LON}&lat={LAT}")

    sent = Fields(httpx.get(f"{town.url}{moved.headers['location']}").text).sent
    assert (sent["lon"], sent["lat"]) == ([str(LON)], [str(LAT)])


def test_the_form_begins_with_danger_to_life_and_every_field_has_a_label(town: Server) -> None:
    page = phone(town).get("/report/")

    assert page.text.index("tel:110") < page.text.index("tel:119") < page.text.index("<form")
    fields = Fields(page.text)
    seen = [one for one in fields.controls if one.get("type") != "hidden"]
    assert len(seen) > 20
    assert [one for one in seen if not one["wrapped"] and one.get("id") not in fields.labelled] == []


def test_the_first_load_is_light(town: Server) -> None:
    """Every byte that a telephone fetches before the map, as it travels."""
    with httpx.Client(base_url=town.url, headers={"Accept-Encoding": "gzip"}) as browser:
        todo, weights = ["/report/", "/api/door.json"], {}
        while todo:
            address = todo.pop()
            with browser.stream("GET", address) as answer:
                raw = b"".join(answer.iter_raw())
            assert answer.status_code == 200, address
            weights[address] = len(raw)
            text = browser.get(address).text
            linked = re.findall(r'<(?:link|script)[^>]+(?:href|src)="([^"]+)"', text)
            linked += re.findall(r'^import [^;]*?"(\.{1,2}/[^"]+|/[^"]+)"', text, re.M)
            todo += [
                one for one in (urljoin(address, each) for each in linked) if one not in (*weights, *todo)
            ]

    assert any(address.endswith("main.js") for address in weights)
    assert sum(weights.values()) <= FIRST_LOAD_BYTES, weights


def test_the_whole_story_without_a_script(town: Server) -> None:
    browser = phone(town)
    form = browser.get("/report/")
    photos = files(("穴<b>.jpg", ONE), ("../../二枚目.jpg", TWO))

    check = browser.post("/report/check", data=filled(form, place=AMBIGUOUS, **TYPED), files=photos)
    assert check.status_code == 200
    assert "2枚（穴&lt;b&gt;.jpg、二枚目.jpg）" in check.text
    assert len(choices(check)) >= 2

    sent = filled(check, choice=choices(check)[0])
    receipt = browser.post("/report/send", data=sent)
    number, code = numbers(receipt)
    assert number.startswith("R8-")
    assert f'href="/track/#{code}"' in receipt.text
    assert "data:image/svg+xml" in receipt.text

    report = kept(town, sent["uuid"][0])
    assert report.public_id == number
    assert {one.original_sha256 for one in (*report.coming, *report.photos)} == {sha(ONE), sha(TWO)}
    assert report.complete
    assert (report.channel, report.lang, report.body) == (Channel.WEB, "ja", TYPED["body"])
    assert report.place.source is GeomSource.LANDMARK
    assert report.contact_given


def test_what_is_known_nearby_is_shown_before_sending_and_can_be_supported(town: Server) -> None:
    """Without a script: one press stands behind the report that is there, and nothing is sent."""
    browser = phone(town)
    known = open_reports(town)[0]
    form = browser.get(f"/report/?lon={known.place.lon}&lat={known.place.lat}")
    check = browser.post("/report/check", data=filled(form, **TYPED))
    assert f'value="{known.public_id}"' in check.text
    before = reports_kept(town)

    fields = filled(check, same=known.public_id)
    thanked = [browser.post("/report/same", data=fields) for _ in range(2)]

    assert all(f"/map/r/{known.public_id}" in one.text for one in thanked)
    assert reports_kept(town) == before
    assert kept(town, known.uuid).support == known.support + 1
    gone = browser.post("/report/same", data={**fields, "same": "R8-999999"})
    assert "この内容で送る" in gone.text
    assert numbers(browser.post("/report/send", data=filled(check)))


def test_a_form_posted_twice_gives_the_same_receipt(town: Server) -> None:
    browser = phone(town)
    check = browser.post("/report/check", data=filled(browser.get("/report/"), place="見本町役場", **TYPED))
    sent = filled(check)

    first = browser.post("/report/send", data=sent)
    before = reports_kept(town)
    with ThreadPoolExecutor(10) as pool:
        again = list(pool.map(lambda _: numbers(browser.post("/report/send", data=sent)), range(10)))

    assert again == [numbers(first)] * 10
    assert numbers(first)
    assert reports_kept(town) == before


def test_doors_beside_the_app_share_its_reports(town: Server) -> None:
    """As on the worst day: whichever of them a telephone reaches, a report is one report and its photo comes to it."""
    with serving_door(town.data) as one, serving_door(town.data) as two:
        report = words(town, photos=declared(ONE))
        doors = [phone(each) for each in (town, one, two)]
        before = reports_kept(town)
        with ThreadPoolExecutor(12) as pool:
            told = list(pool.map(lambda n: doors[n % 3].post("/api/reports", json=report), range(12)))

        assert sorted(each.status_code for each in told) == [200] * 11 + [201]
        assert len({(each.json()["number"], each.json()["code"]) for each in told}) == 1
        assert reports_kept(town) == before + 1
        sent = doors[2].put(f"/api/reports/{report['uuid']}/photos/{sha(ONE)}", content=ONE)
        assert sent.status_code == 201
        assert doors[1].get(f"/api/reports/{report['uuid']}").json()["complete"]
        for path in ("/report/", "/map/", "/live/config.json", "/opendata/reports.geojson"):
            assert doors[1].get(path).status_code == 200, path
        for path in ("/", "/edit", "/_stcore/health", "/nothing"):
            assert doors[1].get(path).status_code == 404, path
        assert httpx.get(f"{one.url}/report/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_a_form_sent_again_after_a_change_keeps_all_and_becomes_a_report_of_its_own(town: Server) -> None:
    browser = phone(town)
    check = browser.post("/report/check", data=filled(browser.get("/report/"), place="見本町役場", **TYPED))
    first = numbers(browser.post("/report/send", data=filled(check)))

    told = browser.post("/report/send", data=filled(check, body="別のことです"))
    assert told.status_code == 409
    assert "新しい通報として受け付けます" in told.text
    assert Fields(told.text).sent["body"] == ["別のことです"]

    second = numbers(browser.post("/report/send", data=filled(told)))
    assert second
    assert second != first


def test_a_fault_keeps_everything_that_was_typed_and_every_photo(town: Server) -> None:
    browser = phone(town)
    form = browser.get("/report/")

    told = browser.post(
        "/report/check", data=filled(form, place="どこにもない名前", **TYPED), files=files(("a.jpg", ONE))
    )
    assert told.status_code == 422
    assert "「どこにもない名前」という場所を見つけられませんでした" in told.text
    again = Fields(told.text).sent
    assert again["body"] == [TYPED["body"]]
    assert again["answer.road_damage.what"] == ["穴"]
    assert (again["contact.name"], again["contact.wants_reply"]) == (["見本の人"], ["1"])
    assert len(again["kept"]) == 1

    check = browser.post("/report/check", data=filled(told, place="見本町役場"))
    receipt = browser.post("/report/send", data=filled(check))
    assert len(numbers(receipt)) == 2
    report = kept(town, again["uuid"][0])
    assert [one.original_sha256 for one in (*report.coming, *report.photos)] == [sha(ONE)]


def test_going_back_to_edit_keeps_everything_and_a_photo_can_be_taken_out(town: Server) -> None:
    browser = phone(town)
    data = filled(browser.get("/report/"), place="見本町役場", **TYPED)
    check = browser.post("/report/check", data=data, files=files(("a.jpg", ONE), ("b.jpg", TWO)))

    form = browser.post("/report/check", data={**filled(check), "edit": "1"})
    back = Fields(form.text).sent
    assert (back["place"], back["body"], len(back["kept"])) == (["見本町役場"], [TYPED["body"]], 2)

    check = browser.post("/report/check", data=filled(form, drop=back["kept"][0]))
    assert "1枚（b.jpg）" in check.text


def test_nothing_but_a_place_is_no_report_and_says_so(town: Server) -> None:
    browser = phone(town)
    told = browser.post(
        "/report/check", data=filled(browser.get("/report/"), category="other", place=AMBIGUOUS)
    )
    assert told.status_code == 422
    assert "写真か文章のどちらかを入れてください" in told.text
    assert len(choices(told)) >= 2


def test_every_missing_part_is_told_at_once(town: Server) -> None:
    told = phone(town).post("/report/check", data={"body": "x"})
    assert "通報の種類を選んでください" in told.text
    assert "場所を書いてください" in told.text


def test_what_is_no_photo_is_told_at_once_and_the_photos_beside_it_stay(town: Server) -> None:
    browser = phone(town)
    data = filled(browser.get("/report/"), place="見本町役場", **TYPED)
    sent = files(("a.jpg", ONE), ("b.jpg", b"<html>"), ("c.jpg", b""))

    told = browser.post("/report/check", data=data, files=sent)

    assert told.status_code == 422
    assert "写真「b.jpg」：写真ではないようです" in told.text
    assert "写真「c.jpg」：ファイルの中身が空です" in told.text
    assert len(Fields(told.text).sent["kept"]) == 1


def test_a_sixth_photo_is_told_and_the_first_five_stay(town: Server) -> None:
    browser = phone(town)
    data = filled(browser.get("/report/"), place="見本町役場", **TYPED)
    six = files(*((f"{n}.jpg", ONE + bytes([n])) for n in range(6)))

    told = browser.post("/report/check", data=data, files=six)

    assert "写真は5枚までです" in told.text
    assert len(Fields(told.text).sent["kept"]) == 5


def test_a_photo_is_named_only_by_the_form_it_came_with(town: Server) -> None:
    browser = phone(town)
    data = filled(browser.get("/report/"), place="見本町役場", **TYPED)
    check = browser.post("/report/check", data=data, files=files(("a.jpg", ONE)))
    (seal,) = Fields(check.text).sent["kept"]

    for forged in (seal[:-1], "x" + seal, seal.replace(sha(ONE), sha(TWO)), "", "." * 500):
        page = browser.post("/report/check", data={**filled(check), "kept": forged})
        assert "kept" not in Fields(page.text).sent
    elsewhere = browser.post("/report/check", data={**filled(check), "uuid": str(uuid4())})
    assert "kept" not in Fields(elsewhere.text).sent


def test_a_photo_that_has_been_swept_meanwhile_is_asked_for_again(town: Server) -> None:
    browser = phone(town)
    data = filled(browser.get("/report/"), place="見本町役場", **TYPED)
    check = browser.post("/report/check", data=data, files=files(("a.jpg", ONE + b"swept")))
    PhotoStore(town.data / "photos").finish(sha(ONE + b"swept"))

    told = browser.post("/report/send", data=filled(check))

    assert "写真をもう一度選んでください" in told.text
    assert Fields(told.text).sent["body"] == [TYPED["body"]]


def test_the_script_is_given_words_categories_and_limits(town: Server) -> None:
    door = phone(town).get("/api/door.json").json()
    assert door["town"] == "見本町"
    assert door["limits"] == {"photos": 5, "photo_bytes": 25 * 1024 * 1024, "body": 64 * 1024}
    road = next(one for one in door["categories"] if one["code"] == "road_damage")
    assert road["questions"][0]["choices"][0]["value"] == "穴"

    english = phone(town).get("/api/door.json?lang=en").json()
    road = next(one for one in english["categories"] if one["code"] == "road_damage")
    assert (road["name"], road["questions"][0]["choices"][0]["value"]) == ("Road damage", "穴")


def test_a_report_is_complete_only_when_every_declared_photo_is_there(town: Server) -> None:
    browser, sent = phone(town), words(town, photos=declared(ONE, TWO))
    told = browser.post("/api/reports", json=sent)
    assert told.status_code == 201
    assert not told.json()["complete"]
    assert told.json()["track"] == f"/track/#{told.json()['code']}"

    address = f"/api/reports/{sent['uuid']}"
    assert browser.put(f"{address}/photos/{sha(ONE)}", content=ONE).status_code == 201
    states = {one["sha256"]: one["state"] for one in browser.get(address).json()["photos"]}
    assert states[sha(ONE)] in {"arrived", "ready"}
    assert states[sha(TWO)] == "awaited"

    assert browser.put(f"{address}/photos/{sha(TWO)}", content=TWO).status_code == 201
    assert browser.put(f"{address}/photos/{sha(TWO)}", content=TWO).status_code == 200
    last = browser.get(address).json()
    assert last["complete"]
    assert (last["number"], last["code"]) == (told.json()["number"], told.json()["code"])
    report = kept(town, sent["uuid"])
    assert {one.original_sha256 for one in (*report.coming, *report.photos)} == {sha(ONE), sha(TWO)}


def test_ten_resends_give_one_receipt_and_another_content_is_refused(town: Server) -> None:
    browser, sent = phone(town), words(town)
    before = reports_kept(town)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: browser.post("/api/reports", json=sent), range(10)))

    assert sorted(one.status_code for one in answers) == [200] * 9 + [201]
    assert len({(one.json()["number"], one.json()["code"]) for one in answers}) == 1
    assert reports_kept(town) == before + 1
    other = browser.post("/api/reports", json={**sent, "body": "ちがう内容"})
    assert other.status_code == 409
    assert "ちがう内容ですでに受け付けています" in other.json()["message"]


def test_a_photo_changed_on_the_way_is_not_kept_and_can_come_again(town: Server) -> None:
    browser, sent = phone(town), words(town, photos=declared(ONE + b"way"))
    browser.post("/api/reports", json=sent)
    address = f"/api/reports/{sent['uuid']}/photos/{sha(ONE + b'way')}"

    for wrong in (ONE, b"", ONE + b"wa"):
        assert browser.put(address, content=wrong).status_code == 422
    assert not PhotoStore(town.data / "photos").has_raw(sha(ONE + b"wa"))
    assert browser.put(address, content=ONE + b"way").status_code == 201


def test_who_names_the_fingerprint_of_anothers_photo_does_not_get_it(town: Server) -> None:
    browser = phone(town)
    data = filled(browser.get("/report/"), place="見本町役場", **TYPED)
    browser.post("/report/check", data=data, files=files(("a.jpg", ONE + b"another's")))
    assert PhotoStore(town.data / "photos").has_raw(sha(ONE + b"another's"))

    told = phone(town).post("/api/reports", json=words(town, photos=declared(ONE + b"another's")))
    assert [one["state"] for one in told.json()["photos"]] == ["awaited"]


def test_a_photo_that_nobody_declared_and_a_report_that_nobody_sent_are_the_same_404(town: Server) -> None:
    browser, sent = phone(town), words(town, photos=declared(ONE))
    browser.post("/api/reports", json=sent)
    answers = [
        browser.put(f"/api/reports/{sent['uuid']}/photos/{sha(TWO)}", content=TWO),
        browser.put(f"/api/reports/{uuid4()}/photos/{sha(TWO)}", content=TWO),
        browser.get(f"/api/reports/{uuid4()}"),
        browser.get("/api/reports/x"),
    ]
    assert [one.status_code for one in answers] == [404] * 4


@pytest.mark.parametrize(
    "device_time",
    ["2026-06-01T12:00:00+09:00", "2026-06-02T12:00:00+09:00", "2026-05-31T12:00:00Z", "2038-01-19T03:14:08Z",
     "1970-01-01T00:00:00Z", "", "きのう", "2026-06-01T12:00:00", "9999-12-31T23:59:59-12:00", "x" * 9999],
)  # fmt: skip
def test_a_wrong_clock_does_not_matter(town: Server, device_time: str) -> None:
    sent = words(town, device_time=device_time)
    answers = [
        httpx.post(f"{town.url}/api/reports", json=sent)
        for sent in (sent, {**sent, "device_time": "2026-01-01T00:00:00Z"})
    ]

    assert [one.status_code for one in answers] == [201, 200]
    report = kept(town, sent["uuid"])
    assert abs((report.received_at - report.updated_at).total_seconds()) < 60
    if device_time.startswith(("2026-06-0", "2026-05", "2038")) and len(device_time) > 19:
        assert report.device_time is not None
    else:
        assert report.device_time is None


def test_a_place_in_words_is_found_or_offered_or_refused(town: Server) -> None:
    browser = phone(town)
    by_name = words(town, place={"text": "見本町役場"})
    assert browser.post("/api/reports", json=by_name).status_code == 201
    assert kept(town, by_name["uuid"]).place.source is GeomSource.LANDMARK

    many = browser.post("/api/reports", json=words(town, place={"text": AMBIGUOUS}))
    assert many.status_code == 422
    first = many.json()["candidates"][0]
    assert browser.post("/api/reports", json=words(town, place=first)).status_code == 201

    unknown = browser.post("/api/reports", json=words(town, place={"text": "どこにもない名前"}))
    assert (unknown.status_code, list(unknown.json()["fields"])) == (422, ["place"])
    assert browser.get("/api/places", params={"q": AMBIGUOUS}).json()["found"][0] == first


def test_a_place_outside_the_town_is_refused_with_what_to_do(town: Server) -> None:
    told = phone(town).post("/api/reports", json=words(town, place={"lon": 135.0, "lat": 35.0}))
    assert told.status_code == 422
    assert "町の外です" in told.json()["fields"]["place"]


def test_an_honest_report_of_an_open_category_is_public_at_once(town: Server) -> None:
    sent = words(town)
    phone(town).post("/api/reports", json=sent)
    assert kept(town, sent["uuid"]).visibility is Visibility.PUBLIC


def test_the_form_is_an_app_on_the_telephone(town: Server) -> None:
    browser = phone(town)
    manifest = browser.get("/report/manifest.webmanifest").json()
    assert manifest["scope"] == "/report/"
    for icon in manifest["icons"]:
        assert browser.get(icon["src"]).headers["content-type"] == "image/png"
    worker = browser.get("/report/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    for name in re.findall(r'"(/assets/[^"]+)"', worker.text):
        assert browser.get(name).status_code == 200, name
