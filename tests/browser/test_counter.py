"""A clerk takes down what somebody tells on the telephone: the same report as any other, with the right channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from gisapp.auth.demo import DEMO_PASSWORD
from reports_store import ReportStore
from tests.browser.conftest import map_frame, visiting
from tests.browser.test_accessibility import violations
from tests.browser.test_residents_story import no_console_troubles
from tests.photo_makers import phone_photo
from tests.serving import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(app: Server, chromium: Browser) -> Iterator[Page]:
    """The page of a clerk who has signed in."""
    context, visit = visiting(chromium, app.url, 1440, bypass_csp=True)
    visit.page.goto(f"{app.url}/login?next=/counter")
    visit.page.locator("[name=login]").fill("madoguchi")
    visit.page.locator("[name=password]").fill(DEMO_PASSWORD)
    visit.page.locator("main button").first.click()
    expect(visit.page.get_by_role("heading", name="窓口・電話の受付")).to_be_visible()
    yield visit.page
    assert visit.outside_but_tiles == []
    assert no_console_troubles(visit) == []
    context.close()


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def tell_place(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="住所、大字・地番").fill(text)
    page.get_by_role("textbox", name="住所、大字・地番").press("Enter")
    settled(page)


def test_a_resident_finds_no_form_for_clerks(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 390)
    visit.page.goto(f"{app.url}/counter")
    expect(visit.page.get_by_text("このページは職員のためのページです")).to_be_visible()
    expect(visit.page.get_by_role("button", name="内容を確かめる")).to_have_count(0)
    expect(visit.page.locator("input[type=file]")).to_have_count(0)
    context.close()


def test_a_call_becomes_a_report_with_its_channel_place_caller_and_picture(
    app: Server, desk: Page, tmp_path: Path
) -> None:
    picture = tmp_path / "fax.jpg"
    picture.write_bytes(phone_photo())
    desk.get_by_text("電話", exact=True).click()
    tell_place(desk, "見本町役場")
    expect(desk.get_by_text("「見本町役場」に印を付けました")).to_be_visible()
    expect(map_frame(desk).locator(".gm-chosen")).to_be_visible()
    desk.get_by_text("道路の損傷", exact=False).first.click()
    desk.get_by_role("textbox", name="相手の話").fill("役場の前に穴があるとのこと。")
    desk.get_by_role("textbox", name="お名前").fill("秘密 花子")
    desk.get_by_role("textbox", name="電話番号").fill("090-1234-5678")
    desk.locator("input[type=file]").set_input_files(str(picture))
    expect(desk.get_by_text("1枚を預かりました")).to_be_visible()
    desk.get_by_role("button", name="内容を確かめる").click()
    expect(desk.get_by_role("dialog")).to_contain_text("秘密 花子")
    expect(desk.get_by_role("dialog")).to_contain_text("電話")
    for width in (390, 1440):  # each value has the room to be read
        desk.set_viewport_size({"width": width, "height": 900})
        told = desk.get_by_role("dialog").locator(".gp-rows dd").all()
        assert min(one.bounding_box()["width"] for one in told) > 150  # type: ignore[index]
    desk.get_by_role("button", name="この内容で送る").click()
    number = desk.locator("[data-receipt=number]").inner_text()

    assert re.fullmatch(r"R\d+-\d{6}", number)
    assert re.fullmatch(r"([0-9A-Z]{4}-){4}[0-9A-Z]", desk.locator("[data-receipt=code]").inner_text())
    with ReportStore.open(app.data / "reports.sqlite") as store:
        report = store.get(number)
        assert (report.channel, report.body) == ("phone", "役場の前に穴があるとのこと。")
        contact = store.contact(report.id)
        assert contact is not None
        assert (contact.name, contact.phone) == ("秘密 花子", "090-1234-5678")
        sent = sha256(picture.read_bytes()).hexdigest()
        assert sent in {one.original_sha256 for one in (*report.coming, *report.photos)}
    public = httpx.get(f"{app.url}/map/r/{number}", headers={"Accept-Language": "ja"})
    assert public.status_code == 200
    assert "秘密" not in public.text

    assert desk.get_by_role("link", name="この通報を開く").get_attribute("href") == f"/desk/r/{number}"
    desk.get_by_role("button", name="次の通報を受け付ける").click()
    expect(desk.get_by_role("radio", name="電話")).to_be_checked()
    expect(desk.get_by_role("textbox", name="相手の話")).to_have_value("")


def test_the_clerk_chooses_among_several_places_and_a_tap_corrects_the_words(desk: Page) -> None:
    tell_place(desk, "小学校")
    expect(desk.get_by_text("どの場所ですか")).to_be_visible()
    desk.get_by_role("combobox").last.click()
    desk.get_by_role("option").first.click()
    expect(desk.get_by_text("に印を付けました")).to_be_visible()
    map_frame(desk).locator("#map_div").click(position={"x": 380, "y": 230})
    expect(desk.get_by_text("決め方：地図で選んだ位置")).to_be_visible()
    tell_place(desk, "どこにもない場所の名前")
    expect(desk.get_by_text("「どこにもない場所の名前」は見つかりませんでした")).to_be_visible()
    expect(desk.get_by_text("決め方：地図で選んだ位置")).to_be_visible()


def test_what_is_missing_is_said_one_after_the_other_and_nothing_is_lost(desk: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "page.jpg"
    wrong.write_bytes(b"<html>not a photo</html>")
    desk.get_by_role("textbox", name="相手の話").fill("これは消えてはいけない")
    desk.get_by_role("button", name="内容を確かめる").click()
    expect(desk.get_by_text("受け方（電話・窓口・FAX）を選んでください")).to_be_visible()
    desk.get_by_text("窓口", exact=True).click()
    desk.get_by_role("button", name="内容を確かめる").click()
    expect(desk.get_by_text("場所がまだ決まっていません")).to_be_visible()
    tell_place(desk, "35.6446, 137.0463")
    desk.get_by_role("button", name="内容を確かめる").click()
    expect(desk.get_by_text("通報の種類を選んでください")).to_be_visible()
    desk.locator("input[type=file]").set_input_files(str(wrong))
    expect(desk.get_by_text("page.jpg：写真ではないようです")).to_be_visible()
    expect(desk.get_by_role("textbox", name="相手の話")).to_have_value("これは消えてはいけない")
    assert violations(desk) == []
