"""A resident changes the language of the town's pages with one tap, and it stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from gisapp.words import LANGUAGES, sentences
from tests.browser.conftest import map_frame, visiting
from tests.serving import Server

pytestmark = pytest.mark.browser


def test_one_tap_changes_the_language_of_the_map_and_of_the_pages_after_it(
    app: Server, chromium: Browser
) -> None:
    context, visit = visiting(chromium, app.url, 390)
    page, vi = visit.page, sentences("vi")
    page.goto(f"{app.url}/?lang=ja")
    page.locator(".gp-lang summary").click()
    offered = page.locator(".gp-lang a")
    expect(offered).to_have_text(list(LANGUAGES.values()))
    assert all(box["height"] >= 44 for one in offered.all() if (box := one.bounding_box()))

    offered.filter(has_text="Tiếng Việt").click()

    expect(page.locator("html")).to_have_attribute("lang", "vi")
    expect(page.locator(".gp-head .gp-go")).to_contain_text(vi["page.report"])
    expect(map_frame(page).get_by_text(vi["map.panel"])).to_be_visible()
    page.goto(f"{app.url}/map/list")
    expect(page.get_by_role("heading", level=1)).to_have_text(vi["public_map.list_title"])
    page.goto(f"{app.url}/data")
    expect(page.get_by_role("heading", level=1)).to_have_text(vi["page.data_page.title"])
    assert visit.outside == []
    context.close()


def test_the_language_changes_and_the_place_of_the_address_stays(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 820)
    page = visit.page
    page.goto(f"{app.url}/place?lon=137.05&lat=35.64")
    page.locator(".gp-lang summary").click()

    page.locator(".gp-lang a", has_text="English").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(sentences("en")["karte.title"])
    assert "lon=137.05" in page.url
    assert "lat=35.64" in page.url
    context.close()
