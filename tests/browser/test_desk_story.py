"""One report through the town hall: received, given on, answered, repaired, and read by the person who sent it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from gisapp.auth.demo import DEMO_PASSWORD
from tests.browser.conftest import Visit, visiting
from tests.browser.test_accessibility import failures
from tests.front_door import phone, words
from tests.photo_makers import phone_photo
from tests.serving import Server, copied, serving

pytestmark = pytest.mark.browser
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SAID = "公民館の前の道路に大きな穴があります"


@pytest.fixture(scope="module")
def server(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(copied(sample_town, tmp_path_factory.mktemp("story") / "var")) as running:
        yield running


def sent_by_a_resident(server: Server) -> tuple[str, str]:
    """受付番号 and 照会番号 of a report of something that is no road, though it was sent as one."""
    with closing(phone(server)) as resident:
        told = resident.post(
            "/api/reports", json=words(server, body=SAID, category="other", answers={})
        ).json()
    return told["number"], told["code"]


def enter(page: Page, server: Server, login: str, number: str) -> None:
    """Sign in and open the report; its maps and ready words are there."""
    page.goto(f"{server.url}/login?next=/desk/r/{number}")
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("button").click()
    if f"/desk/r/{number}" not in page.url:
        page.goto(f"{server.url}/desk/r/{number}")
    expect(page.locator("html")).to_have_attribute("data-desk", "ready")
    expect(page.locator("#dk-map")).to_have_attribute("data-ready", "yes")


def fold(page: Page, act: str) -> None:
    page.locator(f"#do-{act} > summary").click()


def done(page: Page, words_: str) -> None:
    expect(page.locator("[role=status]", has_text=words_)).to_be_visible()


def looked_at(visit: Visit) -> None:
    assert not visit.page.evaluate(SIDEWAYS)
    assert failures(visit.page.main_frame) == []
    assert visit.troubles == []
    assert visit.outside == []


def test_a_clerk_routes_and_answers_a_department_repairs_and_the_resident_reads_it(
    server: Server, chromium: Browser, tmp_path: Path
) -> None:
    number, code = sent_by_a_resident(server)

    context, visit = visiting(chromium, server.url)
    page = visit.page
    enter(page, server, "madoguchi", number)
    expect(page.locator(".dk-body").first).to_have_text(SAID)
    fold(page, "category")
    page.locator("#category-category").select_option("road_damage")
    page.locator("#do-category button").click()
    done(page, "種類を変えました")
    fold(page, "assign")
    page.get_by_role("button", name="建設課に渡す").click()
    done(page, "担当を変えました")
    expect(page.locator(".dk-facts")).to_contain_text("建設課")
    page.locator("#do-status").get_by_text("担当決定").click()
    page.locator("#status-ready").select_option(label="受け付けました")
    expect(page.locator('[data-preview="status-public"]')).to_contain_text(number)
    page.get_by_role("button", name="状態を変える").click()
    done(page, "状態を変えました")
    looked_at(visit)
    context.close()

    context, visit = visiting(chromium, server.url, 390)
    page = visit.page
    enter(page, server, "doboku", number)
    page.locator("#do-status").get_by_text("対応中", exact=True).click()
    page.get_by_role("button", name="状態を変える").click()
    done(page, "状態を変えました")
    after = tmp_path / "after.jpg"
    after.write_bytes(phone_photo())
    page.locator("#do-status").get_by_text("対応済").click()
    page.locator("#status-ready").select_option(label="道路を直しました")
    page.locator("#status-photos").set_input_files(after)
    page.get_by_role("button", name="状態を変える").click()
    done(page, "状態を変えました")
    photo = page.locator(".dk-pairs > div").last.locator("img")
    for _ in range(40):  # the photo is worked on beside the page
        if photo.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(photo).to_have_js_property("complete", True)
    assert photo.evaluate("image => image.naturalWidth") == 240
    looked_at(visit)
    context.close()

    context, visit = visiting(chromium, server.url, 390)
    page = visit.page
    page.goto(f"{server.url}/track/")
    page.locator("input[name=code]").fill(code)
    page.locator("main button").first.click()
    expect(page.locator("main")).to_contain_text("対応済")
    expect(page.locator("main")).to_contain_text("補修しました")
    expect(page.locator("main")).to_contain_text("担当課で内容を確認し")
    context.close()


def test_who_comes_second_is_told_what_changed_and_moves_the_pin_without_losing_words(
    server: Server, chromium: Browser
) -> None:
    number, _ = sent_by_a_resident(server)
    context, visit = visiting(chromium, server.url, 820)
    page = visit.page
    enter(page, server, "madoguchi", number)
    fold(page, "place")
    box = page.locator("#dk-pick")
    expect(box).to_have_attribute("data-ready", "yes")
    before = page.locator("#place-lat").input_value()
    box.scroll_into_view_if_needed()
    box.click(position={"x": 120, "y": 90})
    expect(page.locator("#place-lat")).not_to_have_value(before)
    page.locator("#place-why").fill("電話で聞いた場所")
    colleague = httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30)
    assert colleague.post("/login", data={"login": "admin", "password": DEMO_PASSWORD}).status_code == 303
    form = {
        "act": "priority",
        "seen": "1",
        "uuid": "00000000-0000-4000-8000-000000000001",
        "priority": "high",
    }
    assert colleague.post(f"/desk/r/{number}/act", data=form).status_code == 303
    colleague.close()

    page.get_by_role("button", name="この位置に直す").click()

    expect(page.locator("main")).to_contain_text("優先度：ふつう → 高い")
    expect(page.locator("#typed-why")).to_have_value("電話で聞いた場所")
    assert not page.evaluate(SIDEWAYS)
    assert failures(page.main_frame) == []
    page.get_by_role("button", name="いまの状態に、この内容で行う").click()
    done(page, "場所を直しました")
    expect(page.locator(".dk-history")).to_contain_text("電話で聞いた場所")
    context.close()
