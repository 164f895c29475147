"""A resident and a clerk ask what is known of a place: by a tap on the map, by an address, and on paper."""

from __future__ import annotations

import re

import httpx
import pypdfium2
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import map_frame, visiting
from tests.serving import Server

pytestmark = pytest.mark.browser
TWICE = "lon=137.0021&lat=35.6364"  # deep in the flood zone, near the town's western edge
NARROWEST_TARGET_PX = 43.5


def test_a_tap_on_the_map_answers_and_leads_to_the_karte(chromium: Browser, app: Server) -> None:
    context, visit = visiting(chromium, app.url)
    page = visit.page
    page.goto(app.url)
    frame = map_frame(page)

    frame.locator("#map_div").click(position={"x": 420, "y": 430})

    card = frame.locator(".gm-popup")
    expect(card.get_by_role("heading", name="この場所について")).to_be_visible()
    expect(card).to_contain_text("不明")
    expect(card).to_contain_text("自治会")
    card.get_by_role("link", name="地点カルテをひらく").click()
    expect(page).to_have_url(re.compile(r"/place\?lon=137\.\d+&lat=35\.\d+$"))
    expect(page.get_by_role("heading", name="災害の危険")).to_be_visible()
    assert visit.outside_but_tiles == []
    context.close()


def test_a_features_own_card_stays_and_gets_the_way_to_the_karte(chromium: Browser, app: Server) -> None:
    context, visit = visiting(chromium, app.url)
    page = visit.page
    page.goto(f"{app.url}/place?{TWICE}")
    frame = map_frame(page)

    pin = frame.get_by_role("button", name=re.compile("^指定"))
    pin.first.press("Enter")

    card = frame.locator(".leaflet-popup .gm-popup")
    expect(card.locator(".gm-kind")).to_be_visible()
    expect(card.get_by_role("link", name="地点カルテをひらく")).to_be_visible()
    expect(card.get_by_role("heading", name="この場所について")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_karte_shows_dangers_first_and_unknown_as_unknown(
    chromium: Browser, app: Server, width: int
) -> None:
    context, visit = visiting(chromium, app.url, width)
    page = visit.page
    page.goto(f"{app.url}/place?{TWICE}")

    cards = page.locator(".gk-card:has(h3)")
    expect(cards.first).to_contain_text("洪水")
    expect(cards.first).to_contain_text("危険な区域の中です")
    unknown = page.locator(".gk-card.gk-unknown", has_text="津波")
    expect(unknown).to_contain_text("不明（データがありません）")
    expect(page.get_by_text("安全という意味ではありません").first).to_be_visible()
    expect(page.locator(".gk-warn")).to_contain_text("町の境まで")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for link in page.locator(".gk-links a").all():
        assert link.bounding_box()["height"] >= NARROWEST_TARGET_PX  # type: ignore[index]
    context.close()


def test_an_address_is_typed_as_people_write_it(chromium: Browser, app: Server) -> None:
    context, visit = visiting(chromium, app.url, 820)
    page = visit.page
    page.goto(f"{app.url}/place")
    page.get_by_label("住所・地番・施設の名前・通報の番号").fill("大字本町１２８番地の５")
    page.get_by_role("button", name="しらべる").click()

    expect(page.get_by_role("heading", name="本町公民館")).to_be_visible()
    expect(page.get_by_text("この場所の自治会（本町）のごみステーションです").first).to_be_visible()

    page.goto(f"{app.url}/place?q=%3Cimg%20src%3Dx%20onerror%3D%22window.__hit%3D1%22%3E")
    expect(page.get_by_text("に合う場所は見つかりませんでした")).to_be_visible()
    assert page.evaluate("window.__hit") is None
    context.close()


def test_the_karte_is_printed_with_its_map(chromium: Browser, app: Server) -> None:
    context, visit = visiting(chromium, app.url)
    page = visit.page
    page.goto(f"{app.url}/place?{TWICE}")
    address = page.get_by_role("link", name="印刷する（PDF）").get_attribute("href")

    pdf = pypdfium2.PdfDocument(httpx.get(f"{app.url}{address}", timeout=60).content)

    picture = pdf[0].render(scale=1).to_pil().convert("RGB")
    width, height = picture.size
    assert (width, height) == pytest.approx((595, 842), abs=2)
    upper = picture.crop((40, 120, 440, 380)).quantize(64).convert("RGB")
    colours = upper.getcolors(4096) or []
    assert len([count for count, colour in colours if colour != (255, 255, 255) and count > 30]) > 8  # a map
    pdf.close()
    context.close()
