"""集計・分析 as a head of department sees it: numbers, the map of density, and a round for tomorrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from gisapp.auth.demo import DEMO_PASSWORD
from tests.browser.conftest import visiting
from tests.browser.test_accessibility import failures
from tests.serving import Server

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [390, 1440])
def test_a_head_reads_the_figures_sees_where_it_is_dense_and_plans_a_round(
    app: Server, chromium: Browser, width: int
) -> None:
    context, visit = visiting(chromium, app.url, width, bypass_csp=True)
    form = {"login": "kacho", "password": DEMO_PASSWORD}
    assert context.request.post(f"{app.url}/login", form=form, headers={"Origin": app.url}).ok
    page = visit.page

    page.goto(f"{app.url}/desk/figures?period=all")
    expect(page.get_by_role("img", name="折れ線グラフ")).to_be_visible()
    assert failures(page.main_frame) == []

    page.get_by_role("link", name="密度の地図").click()
    expect(page.locator("#dk-map[data-drawn]")).to_be_visible()
    expect(page.locator("#dk-legend li").first).to_be_visible()
    cells = page.locator("#dk-map .dk-cell")
    expect(cells.first).to_be_attached()
    seen = sum(int(text.replace(",", "")) for text in cells.all_inner_texts())
    expect(page.locator("#dk-map-count")).to_contain_text(f"{seen:,}件")
    assert failures(page.main_frame) == []

    page.goto(f"{app.url}/desk/patrol?over=choice&open=1&period=all")
    expect(page.locator("#dk-map .dk-pinned-stop").first).to_be_visible()
    stops = page.locator("#dk-map .dk-pinned-stop").count()
    expect(page.locator(".dk-table tbody tr")).to_have_count(stops + 1)  # and the way back
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert failures(page.main_frame) == []
    assert visit.outside == []
    context.close()
