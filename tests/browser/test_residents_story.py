"""The integrated map as a resident meets it: drawn with every other host blocked, and opened by a link to a report."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SIZES, Visit, map_frame, visiting
from tests.serving import Server

pytestmark = pytest.mark.browser


def no_console_troubles(visit: Visit) -> list[str]:
    # Streamlit looks for its server below the page's own path first; our gate answers 404, as it should.
    return [text for text in visit.troubles if "404" not in text and "ERR_FAILED" not in text]


@pytest.mark.parametrize("width", SIZES)
def test_the_map_shows_base_layers_and_reports_with_every_other_host_blocked(
    app: Server, chromium: Browser, width: int
) -> None:
    context, visit = visiting(chromium, app.url, width)
    visit.page.goto(app.url)
    frame = map_frame(visit.page)

    expect(frame.locator(".gm-cluster-report, .gm-report").first).to_be_visible()
    expect(frame.locator(".gm-cluster-layer, .gm-pin").first).to_be_visible()
    expect(visit.page.get_by_text("この町は架空の町です")).to_be_visible()
    painted = frame.locator(".leaflet-gm-base-pane canvas, .leaflet-gm-base canvas, canvas").first.evaluate(
        PAINTED
    )

    assert painted > 1000, "the base map is blank"
    assert visit.outside_but_tiles == []
    assert no_console_troubles(visit) == []
    context.close()


PAINTED = """() => [...document.querySelectorAll('canvas.leaflet-zoom-animated')].reduce((sum, canvas) => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let n = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i]) n++;
    return sum + n;
}, 0)"""


def test_a_link_to_a_report_opens_the_map_there_and_its_card_leads_to_its_page(
    app: Server, chromium: Browser
) -> None:
    features = httpx.get(f"{app.url}/opendata/reports.geojson").json()["features"]
    number = next(one["id"] for one in features if one["geometry"])
    context, visit = visiting(chromium, app.url, 390)
    visit.page.goto(f"{app.url}/?report={number}")
    frame = map_frame(visit.page)
    expect(frame.locator(".gm-popup h3")).to_contain_text(number)
    expect(frame.get_by_role("link", name="くわしく見る")).to_have_attribute("href", f"/map/r/{number}")
    frame.locator(".leaflet-popup-close-button").click()
    expect(frame.locator(".gm-popup")).to_have_count(0)
    frame.locator(f"[aria-label*='{number}']").click()
    expect(frame.locator(".gm-popup h3")).to_contain_text(number)
    context.close()
