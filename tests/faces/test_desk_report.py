"""One report at the desk, spoken to over a real server: what its page shows, what each form does, and what is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from uuid import uuid4

import httpx
import pypdfium2
import pytest

import reports_store
from gisapp.flows.desk import steps
from gisapp.flows.desk.letters import addressed, letter_of
from gisapp.flows.desk.steps import Desk
from gisapp.person import Person, Role
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from reports_store import (
    Asset,
    Contact,
    EventKind,
    PhotoRole,
    PiiState,
    Priority,
    Report,
    Status,
    Visibility,
)
from reports_store.audit import EXPORT, VIEW_CONTACT
from tests.faces.test_signing_in import signed_in
from tests.front_door import LAT, LON, phone, words
from tests.photo_makers import photo_bytes
from tests.report_makers import pothole
from tests.serving import Server, copied, serving

SECRET = Contact("秘密太郎", "000-0000-7777", "himitsu@example.jp", wants_reply=True)
PLANTED = "<img src=x onerror=alert(1)>{{ 7*191 }}"
ONLY_KANKYO = "illegal_dumping"


@dataclass
class Hall:
    """The running app, the same town opened beside it, and a browser of each person."""

    server: Server
    town: Town
    people: dict[str, httpx.Client]

    def report(self, **given: object) -> Report:
        return self.town.reports.add(pothole(**{"lon": LON, "lat": LAT, **given})).report  # type: ignore[arg-type]

    def now(self, report: Report) -> Report:
        return self.town.reports.by_id(report.id)

    def page(self, report: Report, login: str = "doboku", **query: str) -> httpx.Response:
        return self.people[login].get(f"/desk/r/{report.public_id}", params=query)

    def act(
        self, report: Report, act: str, login: str = "doboku", *, seen: int = 0, photos: tuple[bytes, ...] = (),
        **values: str,
    ) -> httpx.Response:  # fmt: skip
        form = {"act": act, "seen": str(seen or self.now(report).version), "uuid": str(uuid4()), **values}
        files = [("photos", (f"{n}.jpg", one, "image/jpeg")) for n, one in enumerate(photos)]
        address = f"/desk/r/{report.public_id}/act"
        return self.people[login].post(address, data=form, files=files or None)

    def asset_near(self, report: Report) -> str:
        """A street light that the report's page offers."""
        return re.findall(r'name="asset" value="(street_light:[^"]+)"', self.page(report).text)[0]


@pytest.fixture(scope="module")
def hall(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = copied(sample_town, tmp_path_factory.mktemp("desk") / "var")
    keep_dumping_for_kankyo(data)
    with serving(data) as server:
        town = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
        people = {login: signed_in(server, login) for login in ("doboku", "kankyo", "madoguchi", "etsuran")}
        people[""] = httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30)
        yield Hall(server, town, people)
        for browser in people.values():
            browser.close()
        town.close()


def keep_dumping_for_kankyo(data: Path) -> None:
    """The town has decided that reports of dumping are for 環境課 alone."""
    shipped = (Path(reports_store.__file__).parent / "categories.toml").read_text(encoding="utf-8")
    own = shipped.replace(f"[{ONLY_KANKYO}]\n", f'[{ONLY_KANKYO}]\nseen_by = ["環境課"]\n', 1)
    (data / "categories.toml").write_text(own, encoding="utf-8")


def told(answer: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def hidden(answer: httpx.Response) -> dict[str, str]:
    """What the form of the page of a stale edit carries along."""
    form = answer.text[answer.text.index('class="dk-form"') :]
    return {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    }


def pdf_text(data: bytes) -> tuple[int, str]:
    """How many pages a PDF has and what is written on them."""
    with closing(pypdfium2.PdfDocument(io.BytesIO(data))) as document:
        return len(document), "".join(page.get_textpage().get_text_range() for page in document)


# --- what the page shows


def test_the_page_tells_what_was_said_where_and_by_what_way(hall: Hall) -> None:
    report = hall.report(body=PLANTED, answers={"what": "穴"})

    page = hall.page(report)

    text = told(page)
    assert page.headers["cache-control"] == "no-store"
    assert PLANTED in text
    assert "<img src=x" not in page.text
    assert "1337" not in text
    for words_ in (
        "道路の損傷",
        "穴",
        "ウェブ",
        "地図で選んだ位置",
        "およそ8m",
        "建設課",
        "地点カルテをすべて見る",
    ):
        assert words_ in text


def test_who_reported_it_is_nowhere_on_the_page_until_asked_for_with_a_reason(hall: Hall) -> None:
    report = hall.report(contact=SECRET)
    address = f"/desk/r/{report.public_id}/contact"
    hidden_from_all = (SECRET.name, SECRET.phone, SECRET.email)

    assert not any(one in hall.page(report).text for one in hidden_from_all)
    without = hall.people["doboku"].post(address, data={"why": "other", "words": " "})
    assert without.status_code == 422
    assert not any(one in without.text for one in hidden_from_all)
    seen = hall.people["doboku"].post(address, data={"why": "ask", "words": "場所の確認"})

    assert all(one in seen.text for one in hidden_from_all)
    assert seen.headers["cache-control"] == "no-store"
    line = hall.town.reports.latest_audit(limit=1)[0]
    assert (line.action, line.actor, line.target) == (VIEW_CONTACT, "doboku", report.public_id)
    assert "場所の確認" in str(line.detail)
    assert not any(one in hall.page(report).text for one in hidden_from_all)


def test_another_department_may_not_look_at_who_reported_it(hall: Hall) -> None:
    report = hall.report(contact=SECRET)
    answer = hall.people["kankyo"].post(f"/desk/r/{report.public_id}/contact", data={"why": "ask"})
    assert answer.status_code == 403
    assert SECRET.phone not in answer.text


def test_a_photo_as_it_came_is_for_those_who_may_see_its_report(hall: Hall) -> None:
    kept = hall.town.photos.put(photo_bytes(700, 500))
    report = hall.report(photos=(kept,), category=ONLY_KANKYO)
    for size in ("", ".320"):
        address = f"/desk/picture/{kept.sha256}{size}.jpg"
        answers = {login: browser.get(address) for login, browser in hall.people.items()}
        found = {login: answer.status_code for login, answer in answers.items()}
        assert found == {"": 401, "doboku": 404, "etsuran": 404, "madoguchi": 200, "kankyo": 200}
        assert answers["kankyo"].headers["cache-control"] == "no-store"
        assert answers["kankyo"].content[:2] == b"\xff\xd8"
        assert b"Exif" not in answers["kankyo"].content
    assert f"/desk/photos/{report.public_id}/{kept.sha256}" in hall.page(report, "kankyo").text
    assert hall.people["kankyo"].get(f"/desk/picture/{'0' * 64}.jpg").status_code == 404


def test_a_report_that_is_not_theirs_is_as_if_it_were_not_there(hall: Hall) -> None:
    report = hall.report(category=ONLY_KANKYO)
    assert hall.page(report, "kankyo").status_code == 200
    for path in ("", "/sheet.pdf", "/letter.pdf"):
        theirs = hall.people["doboku"].get(f"/desk/r/{report.public_id}{path}")
        nobodys = hall.people["doboku"].get(f"/desk/r/R1-999999{path}")
        assert (theirs.status_code, theirs.text) == (404, nobodys.text)
    assert hall.act(report, "note", text="x").status_code == 404
    assert hall.now(report).version == 1


def test_who_receives_for_every_department_can_open_what_they_have_just_taken(hall: Hall) -> None:
    report = hall.report(category=ONLY_KANKYO)
    assert hall.page(report, "madoguchi").status_code == 200
    assert hall.act(report, "category", "madoguchi", category="road_damage").status_code == 303


def test_an_answer_keeps_its_question_when_the_report_becomes_of_another_kind(hall: Hall) -> None:
    answers = {"what": "護岸の崩れ", "dropped": "いつか"}
    report = hall.report(category="river_channel", answers=answers)
    hall.act(report, "category", "madoguchi", category="road_damage")
    text = told(hall.page(report))
    assert "どうなっていますか 護岸の崩れ" in text
    assert "答え いつか" in text
    assert "どのような損傷ですか" not in text


def test_what_somebody_did_bears_their_name_after_their_account_is_closed(hall: Hall) -> None:
    gone = Person("gone-clerk", "去年の受付", "総合窓口", frozenset({Role.CLERK}))
    hall.town.accounts.add(gone, "十文字以上のことば2026", hall.town.now())
    report = hall.report()
    desk = Desk(hall.town.reports, hall.town.categories, gone, hall.town.now)
    steps.note(desk, report, "去年のメモ")
    hall.town.accounts.disable(gone.login, hall.town.now())

    text = told(hall.page(report))
    sheet = pdf_text(hall.people["doboku"].get(f"/desk/r/{report.public_id}/sheet.pdf").content)[1]

    assert "去年の受付" in text and "去年の受付" in sheet
    assert gone.login not in text and gone.login not in sheet


def test_internal_notes_and_public_replies_stand_apart_in_more_than_colour(hall: Hall) -> None:
    report = hall.report()
    hall.act(report, "note", text="庁内だけのことば")
    hall.act(report, "reply", public="{number}を受け付けました（{town}）")

    page = hall.page(report).text

    internal = re.search(r'dk-internal">(.*?)</div>', page, re.S)
    public = re.search(r'dk-public">(.*?)</div>', page, re.S)
    assert internal is not None
    assert public is not None
    assert "▣" in internal[1]
    assert "庁内だけのメモ" in internal[1]
    assert "◎" in public[1]
    assert f"{report.public_id}を受け付けました（見本町）" in public[1]
    step = hall.town.reports.events(report.id)[-1]
    assert (step.public_message, step.actor) == (f"{report.public_id}を受け付けました（見本町）", "doboku")


def test_the_way_back_keeps_the_filters_and_knows_the_reports_before_and_after(hall: Hall) -> None:
    first, second, third = (hall.report(category="water_leak", minutes=n) for n in (100, 200, 300))
    back = "category=water_leak&order=oldest"
    page = hall.page(second, "madoguchi", back=back)
    assert f'href="/desk/?{back.replace("&", "&amp;")}"' in page.text
    links = set(re.findall(r'rel="(?:prev|next)" href="/desk/r/([^?"]+)', page.text))
    assert links == {first.public_id, third.public_id}
    odd = hall.page(second, "madoguchi", back="after=%00&order=nonsense&category=<script>")
    assert odd.status_code == 200
    assert "<script>category" not in odd.text


def test_somebody_who_only_reads_is_shown_no_form(hall: Hall) -> None:
    report = hall.report()
    page = hall.page(report, "etsuran")
    assert page.status_code == 200
    assert 'method="post"' not in page.text
    assert hall.act(report, "note", "etsuran", text="x").status_code == 403


# --- what is done


def test_each_form_does_its_step(hall: Hall) -> None:
    report = hall.report()
    light = hall.asset_near(report)
    steps = [
        ("status", {"status": "triaged"}), ("priority", {"priority": "high"}),
        ("assign", {"department": "建設課", "assignee": "kacho", "why": "課長へ"}),
        ("asset", {"asset": light}), ("place", {"lon": "１３７．０４７", "lat": "35.645", "why": "ずれ"}),
        ("release", {"visibility": "public", "body_public": "yes"}), ("category", {"category": "street_light"}),
    ]  # fmt: skip
    for act, values in steps:
        answer = hall.act(report, act, **values)
        assert (act, answer.status_code) == (act, 303), told(answer)
        assert answer.headers["location"] == f"/desk/r/{report.public_id}?done={act}"

    now = hall.now(report)

    assert (now.status, now.priority, now.assignee) == (Status.TRIAGED, Priority.HIGH, "kacho")
    assert (now.category, now.body_public, now.visibility) == ("street_light", True, Visibility.PUBLIC)
    assert (now.place.lon, now.place.lat, now.place.source.value) == (137.047, 35.645, "staff")
    assert now.asset is not None
    assert now.asset.layer == "street_light"
    text = told(hall.page(report))
    for said in ("状態：受付 → 担当決定", "担当者：なし → 建設課の課長", "理由：課長へ", "街路灯・防犯灯"):
        assert said in text


def test_a_report_is_moved_to_the_usual_department_with_one_press_and_why(hall: Hall) -> None:
    report = hall.report()
    hall.act(report, "category", "madoguchi", category="park_playground")
    page = hall.page(report, "madoguchi").text
    form = page[page.index('id="do-assign"') :]
    one_press = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]))

    answer = hall.people["madoguchi"].post(f"/desk/r/{report.public_id}/act", data=one_press)

    assert answer.status_code == 303
    assert hall.now(report).department == "都市計画課"
    assert "ふだん都市計画課が担当" in str(hall.town.reports.events(report.id)[-1].to["why"])


def test_a_photo_after_the_work_comes_with_the_step_that_it_shows(hall: Hall) -> None:
    report = hall.report()
    for status in ("triaged", "in_progress"):
        hall.act(report, "status", status=status)
    refused = hall.act(report, "status", status="resolved")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text

    answer = hall.act(report, "status", status="resolved", photos=(photo_bytes(300, 200, orientation=1),))

    assert answer.status_code == 303
    now = hall.now(report)
    assert now.status is Status.RESOLVED
    assert now.photo_count == 1
    assert [photo.role for photo in now.photos] == [PhotoRole.AFTER] * len(now.photos)


def test_what_is_no_photo_is_told_and_the_words_stay(hall: Hall) -> None:
    report = hall.report()
    files = [("photos", ("a.jpg", b"<html>", "image/jpeg"))]
    form = {"act": "note", "seen": "1", "uuid": str(uuid4()), "text": "だいじなことば"}
    answer = hall.people["doboku"].post(f"/desk/r/{report.public_id}/act", data=form, files=files)
    assert answer.status_code == 422
    assert "写真として読めない" in told(answer)
    assert "だいじなことば" in answer.text
    assert hall.now(report).version == 1


def kept_files(hall: Hall) -> set[Path]:
    return {one for one in (hall.server.data / "photos").rglob("*") if one.is_file()}


@pytest.mark.parametrize(
    ("act", "values"),
    [
        ("reply", {"public": "返事"}),
        ("priority", {"priority": "high"}),
        ("split", {"category_1": "street_light", "body_1": "街灯"}),
        ("status", {"status": "duplicate", "duplicate_of": "R1-999999"}),
    ],
)
def test_a_step_that_holds_no_photos_refuses_them_before_anything_is_done(
    hall: Hall, act: str, values: dict[str, str]
) -> None:
    report, before = hall.report(), kept_files(hall)
    answer = hall.act(report, act, photos=(photo_bytes(310, 210),), **values)
    assert answer.status_code == 422
    assert "写真を付けられません" in told(answer)
    assert hall.now(report).version == 1
    assert kept_files(hall) == before


def test_who_may_not_act_leaves_no_file_on_the_disk(hall: Hall) -> None:
    report, before = hall.report(), kept_files(hall)
    picture = (photo_bytes(320, 220),)
    assert hall.act(report, "note", "etsuran", text="x", photos=picture).status_code == 403
    assert hall.act(report, "status", "kankyo", status="triaged", photos=picture).status_code == 403
    assert kept_files(hall) == before


def test_a_field_that_cannot_be_filled_in_goes_to_no_resident(hall: Hall) -> None:
    report = hall.report()
    for words_ in ("{name}様", "｛number｝の件", "{受付番号}です"):
        answer = hall.act(report, "reply", public=words_)
        assert answer.status_code == 422
        assert "は、置きかえられません" in told(answer)
        assert words_ in answer.text
    assert hall.now(report).version == 1


def test_a_stale_edit_is_told_with_what_changed_and_can_be_done_all_the_same(hall: Hall) -> None:
    report = hall.report()
    hall.act(report, "priority", "madoguchi", priority="emergency")

    stale = hall.act(
        report,
        "status",
        seen=1,
        status="triaged",
        internal="わたしの長いことば",
        photos=(photo_bytes(90, 60),),
    )

    text = told(stale)
    assert stale.status_code == 409
    assert "優先度：ふつう → 緊急" in text
    assert "総合窓口の受付" in text
    assert "わたしの長いことば" in stale.text
    assert hall.now(report).status is Status.RECEIVED
    again = hall.people["doboku"].post(
        f"/desk/r/{report.public_id}/act", data={**hidden(stale), "internal": "わたしの長いことば"}
    )
    assert again.status_code == 303
    now = hall.now(report)
    assert (now.status, now.photo_count) == (Status.TRIAGED, 1)
    assert hall.town.reports.events(report.id)[-1].internal_message == "わたしの長いことば"


def test_a_stale_step_that_is_no_longer_possible_offers_no_button(hall: Hall) -> None:
    report = hall.report()
    hall.act(report, "status", status="rejected", public="この窓口では受けられません")
    stale = hall.act(report, "status", seen=1, status="triaged", internal="のこることば")
    assert stale.status_code == 409
    assert "この操作はできません" in told(stale)
    assert "のこることば" in stale.text
    assert "この内容で行う" not in stale.text


def test_the_same_form_sent_twice_is_done_once(hall: Hall) -> None:
    report = hall.report()
    form = {"act": "note", "seen": "1", "uuid": str(uuid4()), "text": "一度だけ"}
    answers = [hall.people["doboku"].post(f"/desk/r/{report.public_id}/act", data=form) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert hall.now(report).version == 2
    other = hall.people["doboku"].post(f"/desk/r/{report.public_id}/act", data={**form, "text": "別のことば"})
    assert other.status_code == 409
    assert "すでに反映されています。通報を開き直して" in told(other)
    assert "ちがう内容" not in other.text


@pytest.mark.parametrize(
    ("act", "values", "sentence"),
    [
        ("status", {"status": "resolved"}, "その状態に進めません。選べる状態："),
        ("status", {"status": "nonsense"}, "どれか一つ"),
        ("rejected", {"x": "y"}, "何をするのかわからない"),
        ("status", {"status": "rejected"}, "理由"),
        ("assign", {"department": "どこにもない課", "assignee": ""}, "担当課を選んでください"),
        ("assign", {"department": "建設課", "assignee": "kankyo"}, "建設課の人ではありません"),
        ("place", {"lon": "nan", "lat": "35.6"}, "数字で入れて"),
        ("place", {"lon": "139.7", "lat": "35.68"}, "見本町"),
        ("category", {"category": "none"}, "種類を選んで"),
        ("asset", {"asset": "street_light:none"}, "いまの台帳に見つかりません"),
        ("asset", {"asset": "parcel:1"}, "いまの台帳に見つかりません"),
        ("note", {"text": "  "}, "何も入力されていません"),
        ("reply", {"public": " "}, "何も入力されていません"),
        ("merge", {"other": "R1-999999", "keep": "other"}, "見つかりません"),
        ("split", {"body_1": "", "category_1": "road_damage"}, "分ける内容がありません"),
        ("note", {"text": "a\x00b"}, ""),
        ("note", {"text": "あ" * 5000}, ""),
    ],
)
def test_what_cannot_be_done_is_told_in_words_and_changes_nothing(
    hall: Hall, act: str, values: dict[str, str], sentence: str
) -> None:
    report = hall.report()
    answer = hall.act(report, act, **values)
    assert answer.status_code in (400, 422), told(answer)
    if sentence != "見本町":
        assert sentence in told(answer)
    assert 'role="alert"' in answer.text
    assert "Status." not in answer.text
    assert hall.now(report).version == 1


def test_a_step_without_the_right_is_refused_and_so_is_a_form_of_another_site(hall: Hall) -> None:
    report = hall.report()
    assert hall.act(report, "status", "kankyo", status="triaged").status_code == 403
    assert hall.act(report, "hold", "doboku", held="yes", why="争い").status_code == 403
    address, form = f"/desk/r/{report.public_id}/act", {"act": "note", "seen": "1", "text": "x"}
    elsewhere = hall.people["doboku"].post(address, data=form, headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403
    assert hall.people[""].post(address, data=form).status_code == 303
    assert hall.now(report).version == 1


# --- duplicates, parts, other bodies


def test_a_possible_duplicate_is_shown_beside_and_merged_either_way_and_taken_back(hall: Hall) -> None:
    lon = LON + 0.002
    one, other = hall.report(lon=lon), hall.report(lon=lon + 0.0001, body="同じ穴です")
    page = told(hall.page(one))
    assert other.public_id in page
    assert "同じ種類" in page
    assert "同じ穴です" in page

    merged = hall.act(one, "merge", other=other.public_id, other_seen="1", keep="this", why="同じ穴")

    assert merged.status_code == 303
    assert hall.now(other).duplicate_of == one.public_id
    assert other.public_id in told(hall.page(one))
    assert one.public_id in told(hall.page(other))
    assert hall.act(other, "unmerge", why="ちがう穴").status_code == 303
    assert hall.now(other).duplicate_of is None
    assert hall.act(one, "merge", other=other.public_id, keep="other").status_code == 303
    assert hall.now(one).duplicate_of == other.public_id


def test_one_report_of_two_things_becomes_two(hall: Hall) -> None:
    report = hall.report(body="穴があり、街灯も消えています")
    answer = hall.act(report, "split", category_1="street_light", body_1="街灯が消えています")
    assert answer.status_code == 303
    parts = hall.town.reports.split_from(report.public_id)
    assert [(one.category, one.body) for one in parts] == [("street_light", "街灯が消えています")]
    assert parts[0].public_id in told(hall.page(report))
    assert report.public_id in told(hall.page(parts[0], "madoguchi"))


def test_a_letter_to_another_body_holds_the_report_its_place_and_no_reporter(hall: Hall) -> None:
    kept = hall.town.photos.put(photo_bytes(640, 480))
    report = hall.report(contact=SECRET, photos=(kept,))
    address = f"/desk/r/{report.public_id}/letter.pdf"
    form = {"to": "国土交通省 国道事務所長", "subject": "", "text": "<b>よろしく</b>\nお願いします"}

    answer = hall.people["doboku"].post(address, data=form)

    pages, text = pdf_text(answer.content)
    assert answer.headers["cache-control"] == "no-store"
    assert pages >= 1
    for said in ("国土交通省 国道事務所長", "道路の損傷に関する通報について（依頼）", report.public_id, "位置図", "写真",
                 "<b>よろしく</b>", "道路に穴があいています", "建設課の職員", "35.644300"):  # fmt: skip
        assert said in text
    assert SECRET.phone not in text
    assert "国土交通省 国道事務所長 様" in text
    line = hall.town.reports.latest_audit(limit=1)[0]
    assert (line.action, line.actor, line.target) == (EXPORT, "doboku", report.public_id)
    assert pdf_text(hall.people["doboku"].get(address).content)[0] >= 1
    for login in ("kankyo", "etsuran"):
        assert hall.people[login].get(f"{address}?to=県").status_code == 403


def test_a_letter_holds_the_reporter_only_where_it_was_ticked_and_that_is_in_the_trail(hall: Hall) -> None:
    report = hall.report(contact=SECRET)
    address = f"/desk/r/{report.public_id}/letter.pdf"
    answer = hall.people["doboku"].post(address, data={"to": "県 土木事務所", "with_contact": "yes"})
    assert SECRET.phone in pdf_text(answer.content)[1]
    lines = hall.town.reports.latest_audit(limit=2)
    assert {(one.action, one.target) for one in lines} == {
        (VIEW_CONTACT, report.public_id), (EXPORT, report.public_id),
    }  # fmt: skip
    line = next(one for one in lines if one.action == VIEW_CONTACT)
    assert "県 土木事務所" in str(line.detail)
    elsewhere = hall.people["kankyo"].post(address, data={"to": "県", "with_contact": "yes"})
    assert elsewhere.status_code == 403


def test_a_letter_holds_the_blackened_copy_and_nothing_that_stays_inside(hall: Hall) -> None:
    kept = [hall.town.photos.put(photo_bytes(400 + n, 300)) for n in range(3)]
    report = hall.report(photos=tuple(kept))
    first, second, third = report.own_photos
    photos = (
        replace(first, pii_state=PiiState.REDACTED, shown_as="b" * 64),
        replace(second, pii_state=PiiState.BLOCKED),
        third,
    )
    seen, town = replace(report, photos=photos), hall.town
    given = (
        seen,
        {"to": "県 土木事務所"},
        Person("x", "x", "建設課"),
        town.categories,
        town.profile,
        town.now(),
    )
    assert letter_of(*given).photos == ("b" * 64, third.sha256)
    assert letter_of(*given, originals=True).photos == tuple(one.sha256 for one in report.own_photos)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("県 土木事務所", "県 土木事務所　御中"),
        ("県 土木事務所長", "県 土木事務所長　様"),
        ("見本電力株式会社", "見本電力株式会社　御中"),
        ("警察署（信号・標識・落とし物）", "警察署（信号・標識・落とし物）　御中"),
        ("見本 太郎 様", "見本 太郎 様"),
        ("水道課御中", "水道課御中"),
        ("見本 太郎", "見本 太郎　様"),
    ],
)
def test_an_office_is_written_to_as_an_office_and_nobody_twice_with_respect(name: str, written: str) -> None:
    assert addressed(name) == written


def test_a_referral_is_recorded_with_the_body_and_stops_the_clock(hall: Hall) -> None:
    report = hall.report()
    hall.act(report, "status", status="triaged")
    answer = hall.act(
        report, "refer", status="referred", referred_to="県 土木事務所", public="県に伝えました"
    )
    assert answer.status_code == 303
    now = hall.now(report)
    assert (now.status, now.referred_to) == (Status.REFERRED, "県 土木事務所")
    assert now.waiting_since is not None
    assert "引き継ぐ先：なし → 県 土木事務所" in told(hall.page(report))


def test_the_sheet_is_one_page_for_the_crew_however_long_the_history_is(hall: Hall) -> None:
    kept = [hall.town.photos.put(photo_bytes(400 + n, 300)) for n in range(5)]
    report = hall.report(contact=SECRET, photos=tuple(kept), body="長い話。" * 200)
    for n in range(30):
        hall.act(report, "note", text=f"経過のメモ{n:02d} " + "くわしい説明。" * 12)

    answer = hall.people["doboku"].get(f"/desk/r/{report.public_id}/sheet.pdf")

    pages, text = pdf_text(answer.content)
    assert pages == 1
    for said in (
        report.public_id,
        "道路の損傷",
        "経過のメモ29",
        "件は画面で見てください",
        "ほか1枚",
        "庁内用",
    ):
        assert said in text
    assert "経過のメモ00" not in text
    assert not any(one in text for one in (SECRET.name, SECRET.phone, SECRET.email))


# --- equipment


def test_a_report_from_the_card_of_a_street_light_points_at_it(hall: Hall) -> None:
    light = hall.asset_near(hall.report())
    layer, _, feature = light.partition(":")
    card = httpx.get(f"{hall.server.url}/live/assets/{layer}/{feature}.json").json()
    with closing(phone(hall.server)) as resident:
        form = resident.get(card["report"])
        assert f'name="asset" value="{light}"' in form.text
        assert card["title"] in form.text
    lon, lat = (float(re.search(rf'name="{name}" value="([^"]+)"', form.text)[1]) for name in ("lon", "lat"))  # type: ignore[index]
    here = {"lon": lon, "lat": lat, "source": "map_tap"}
    with closing(phone(hall.server)) as resident:
        sent = words(hall.server, category="street_light", place=here, asset=light, answers={})
        number = resident.post("/api/reports", json=sent).json()["number"]
        again = resident.post("/api/reports", json={**sent, "asset": ""})
        far = {**words(hall.server, asset=light), "place": {**here, "lat": lat + 0.01}}
        elsewhere = resident.post("/api/reports", json=far).json()["number"]

    assert again.json()["number"] == number
    assert hall.town.reports.get(number).asset == Asset(layer, feature)
    assert hall.town.reports.get(elsewhere).asset is None


def test_the_history_of_a_street_light_is_public_for_residents_and_whole_for_the_town_hall(
    hall: Hall,
) -> None:
    public, private = hall.report(lon=LON + 0.0003), hall.report(lon=LON + 0.0003)
    light = hall.asset_near(public)
    for report in (public, private):
        hall.act(report, "asset", asset=light)
    hall.act(private, "release", visibility="private", body_public="no")
    address = f"/live/assets/{light.replace(':', '/')}.json"

    seen = {login: hall.people[login].get(address).json()["reports"] for login in ("", "doboku")}

    assert private.public_id not in {one["number"] for one in seen[""]}
    assert {private.public_id, public.public_id} <= {one["number"] for one in seen["doboku"]}
    assert all(one["link"].startswith("/map/r/") for one in seen[""])
    assert private.public_id in told(hall.page(public))
    for odd in ("parcel/1", "none/none", "street_light/none", "manhole/manhole-0001"):
        assert hall.people[""].get(f"/live/assets/{odd}.json").status_code == 404


def test_every_step_of_the_history_is_told(hall: Hall) -> None:
    """No kind of event is shown by its code."""
    report = hall.report()
    hall.act(report, "note", "madoguchi", text="メモ")
    kinds = {event.kind for event in hall.town.reports.events(report.id)}
    assert kinds == {EventKind.CREATED, EventKind.NOTE}
    text = told(hall.page(report))
    assert "通報を受け付けました" in text
    assert "メモ・追加" in text
