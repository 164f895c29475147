"""Each step of the residents' form, looked at by axe-core and for sideways scrolling, narrow, wide and in large letters."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import visiting
from tests.browser.door_walk import PLACE, choose, open_form, past_similar, photo, press, screen
from tests.browser.test_accessibility import failures
from tests.serving import Server

pytestmark = pytest.mark.browser
TWICE_PX = 36  # 200 % of 18 px


class Looked:
    """What was found wrong on the way, step by step."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        self.steps: list[str] = []

    def look(self, step: str) -> None:
        self.steps.append(step)
        self.found += [f"{step}: {line}" for line in failures(self.page.main_frame)]
        wide = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        if wide[0] > wide[1]:
            self.found.append(f"{step}: {wide[0]} px in a window of {wide[1]} px")


@pytest.mark.parametrize(("width", "letters_px"), [(320, 18), (390, 18), (1440, 18), (390, TWICE_PX)])
def test_no_step_has_an_accessibility_failure_or_scrolls_sideways(
    app: Server, chromium: Browser, width: int, letters_px: int
) -> None:
    context, visit = visiting(
        chromium,
        app.url,
        390,
        bypass_csp=True,
        has_touch=True,
        permissions=["geolocation"],
        geolocation={"longitude": PLACE[0], "latitude": PLACE[1], "accuracy": 12},
    )
    page = visit.page
    page.set_viewport_size({"width": width, "height": 800})
    open_form(page, app.url)
    page.evaluate(f"document.documentElement.style.fontSize = '{letters_px}px'")
    looked = Looked(page)
    walk(page, looked)
    context.close()

    assert looked.found == []
    assert len(looked.steps) == len(set(looked.steps)) >= 14


def walk(page: Page, looked: Looked) -> None:
    looked.look("photos")
    page.locator(".dr-phones a").first.wait_for()
    choose(page, photo(20), photo(21))
    looked.look("photos chosen")
    page.get_by_role("button", name="写真1 顔や車の番号をかくす").click()
    screen(page, "paint")
    press(page, "四角を足す")
    looked.look("paint")
    press(page, "これでよい")
    screen(page, "photos")
    page.get_by_role("button", name="写真2 取り消す").click()
    expect(page.locator(".dr-photos > li")).to_have_count(1)
    press(page, "次へ")
    screen(page, "place")
    looked.look("place")
    press(page, "いまいる場所を使う")
    expect(screen(page, "place").get_by_text("自治会：東町")).to_be_visible()
    press(page, "地図で選ぶ")
    expect(page.locator(".dr-map canvas").first).to_be_visible()
    page.get_by_label("住所や目印で知らせる").fill("東町")
    press(page, "この場所をさがす")
    expect(page.locator(".dr-suggest button").first).to_be_visible()
    looked.look("place with map and names")
    press(page, "次へ")
    screen(page, "category")
    looked.look("category")
    page.get_by_role("button", name="道路の損傷").click()
    screen(page, "questions").get_by_role("button", name="穴", exact=True).click()
    looked.look("questions")
    press(page, "次へ")
    past_similar(page)
    screen(page, "check")
    looked.look("check")
    page.get_by_role("button", name="気づいたこと：書く").click()
    screen(page, "words").get_by_label("気づいたこと").fill("穴")
    looked.look("words")
    press(page, "次へ")
    page.get_by_role("button", name="連絡先：書く").click()
    screen(page, "contact").get_by_label("メールアドレス").fill("x")
    looked.look("contact")
    press(page, "次へ")
    expect(page.locator(".dr-error")).to_be_focused()
    looked.look("contact with a fault")
    page.get_by_label("メールアドレス").fill("")
    press(page, "次へ")
    screen(page, "check")
    page.evaluate("history.replaceState({}, '')")
    page.reload()
    screen(page, "left")
    looked.look("draft left")
    press(page, "続ける")
    press(page, "この内容で送る")
    expect(page.locator("[data-receipt=code]")).to_be_visible()
    expect(page.get_by_text("写真はすべて町に届きました")).to_be_visible()
    looked.look("receipt")
    press(page, "この端末から送った通報")
    expect(page.get_by_text("この端末から消す")).to_be_visible()
    looked.look("sent from this phone")
