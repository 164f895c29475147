"""The public map as residents handle it: map and list in step, choices in the address, and all of it without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SIZES, Visit, visiting
from tests.browser.test_accessibility import failures
from tests.serving import Server

pytestmark = pytest.mark.browser
FIRST_LOAD_BYTES = 150_000


@pytest.fixture(params=sorted(SIZES))
def visit(app: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    context, visit = visiting(chromium, app.url, request.param)
    visit.page.goto(f"{app.url}/map/")
    yield visit
    assert visit.outside == []
    assert visit.troubles == []
    context.close()


@pytest.fixture
def wide(app: Server, chromium: Browser) -> Iterator[Page]:
    context, visit = visiting(chromium, app.url, 1440)
    visit.page.goto(f"{app.url}/map/")
    ready(visit.page)
    yield visit.page
    assert visit.outside == []
    context.close()


def ready(page: Page) -> None:
    expect(page.locator("#pm-map")).to_have_attribute("data-ready", "yes", timeout=60_000)
    expect(page.locator("#pm-map")).to_have_attribute("data-busy", "no")
    expect(page.locator("#pm-board")).to_have_attribute("data-listed", re.compile(r"\d+"))
    expect(page.locator(".pm-side")).not_to_have_attribute("aria-busy", "true")


def numbers(page: Page) -> list[str]:
    return page.locator(".pm-line").evaluate_all("lines => lines.map((line) => line.dataset.id)")


def numbers_without_scripts(page: Page) -> list[str | None]:
    return [line.get_attribute("data-id") for line in page.locator(".pm-line").all()]


def listed(page: Page) -> int:
    return int(page.locator("#pm-board").get_attribute("data-listed") or "-1")


def on_map(page: Page) -> int:
    """How many reports the pins and circles that lie within the window stand for."""
    return page.evaluate(
        """() => {
            const box = document.getElementById('pm-map').getBoundingClientRect();
            return [...document.querySelectorAll('.gm-report, .gm-cluster-report')].filter((pin) => {
                const at = pin.getBoundingClientRect(), x = at.x + at.width / 2, y = at.y + at.height / 2;
                return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
            }).reduce((sum, pin) => sum + (pin.classList.contains('gm-report') ? 1 : Number(pin.textContent)), 0);
        }"""
    )


def public_within(app: Server, page: Page) -> list[str]:
    """The numbers of the reports whose public place lies in the window, by the open data."""
    west, south, east, north = page.evaluate(
        """() => {
            const box = window.gisapp.map.map.getBounds();
            return [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
        }"""
    )
    features = httpx.get(f"{app.url}/opendata/reports.geojson").json()["features"]
    placed = [(one["id"], one["geometry"]["coordinates"]) for one in features if one["geometry"]]
    return [number for number, (lon, lat) in placed if west <= lon <= east and south <= lat <= north]


def test_map_and_list_show_the_same_reports_at_every_width(visit: Visit) -> None:
    page = visit.page
    ready(page)
    assert listed(page) > 100
    assert on_map(page) == listed(page)
    assert len(numbers(page)) == 30
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    painted = page.evaluate(
        """() => [...document.querySelectorAll('#pm-map canvas')].reduce((sum, canvas) => sum + (canvas.width
            && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)
            && canvas.getBoundingClientRect().width > 100 ? 1 : 0), 0)"""
    )
    assert painted >= 1, "the town's own base map is blank"


def test_no_accessibility_failure_on_map_list_report_and_figures(app: Server, chromium: Browser) -> None:
    number = httpx.get(f"{app.url}/opendata/reports.geojson").json()["features"][0]["id"]
    for width in (390, 1440):
        context, visit = visiting(chromium, app.url, width, bypass_csp=True)
        for path in ("/map/", "/map/list?state=open", f"/map/r/{number}", "/map/figures"):
            visit.page.goto(f"{app.url}{path}")
            if path == "/map/":
                ready(visit.page)
                visit.page.locator("#pm-filters summary").click()
                visit.page.get_by_role("button", name="地図の内容").click()
            assert failures(visit.page.main_frame) == [], (path, width)
            assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        context.close()


@pytest.mark.parametrize("path", ["/map/", "/map/list", "/map/figures"])
def test_nothing_is_cut_off_at_320_px_with_letters_of_twice_the_size(
    app: Server, chromium: Browser, path: str
) -> None:
    context, visit = visiting(chromium, app.url, 390)
    visit.page.set_viewport_size({"width": 320, "height": 640})
    visit.page.goto(f"{app.url}{path}")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320
    visit.page.set_viewport_size({"width": 640, "height": 900})
    visit.page.evaluate("document.documentElement.style.fontSize = '225%'")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 640
    context.close()


def test_a_choice_stands_in_the_address_and_the_back_button_takes_it_back(app: Server, wide: Page) -> None:
    everything = listed(wide)
    wide.locator("#pm-filters summary").click()
    wide.get_by_role("checkbox", name="対応後").check()
    expect(wide).to_have_url(re.compile("state=done"))
    expect(wide.locator("#pm-board")).not_to_have_attribute("data-listed", str(everything))
    ready(wide)
    done = listed(wide)
    assert 0 < done < everything
    assert on_map(wide) == done
    wide.get_by_role("checkbox", name="道路の損傷").check()
    expect(wide).to_have_url(re.compile("category=road_damage"))
    expect(wide.locator("#pm-board")).not_to_have_attribute("data-listed", str(done))
    ready(wide)
    both = listed(wide)
    shared = wide.url

    wide.go_back()
    expect(wide.get_by_role("checkbox", name="道路の損傷")).not_to_be_checked()
    expect(wide.locator("#pm-board")).to_have_attribute("data-listed", str(done))
    wide.goto(shared)
    ready(wide)
    wide.locator("#pm-filters summary").click()
    expect(wide.get_by_role("checkbox", name="道路の損傷")).to_be_checked()
    expect(wide.get_by_role("checkbox", name="対応後")).to_be_checked()
    assert listed(wide) == both
    assert on_map(wide) == both
    expect(wide.locator("#pm-now")).to_have_text("いまのしぼりこみ：対応後・道路の損傷")
    asked = parse_qs(urlsplit(wide.locator("#pm-to-list").get_attribute("href") or "").query)
    assert asked == {"state": ["done"], "category": ["road_damage"]}


def test_words_and_a_period_narrow_map_and_list_alike(app: Server, wide: Page) -> None:
    number = numbers(wide)[0]
    wide.locator("#pm-filters summary").click()
    wide.get_by_role("searchbox", name="ことば").fill(number)
    wide.get_by_role("button", name="しぼりこむ").click()
    expect(wide.locator("#pm-board")).to_have_attribute("data-listed", "1")
    ready(wide)
    assert on_map(wide) == 1
    assert numbers(wide) == [number]
    wide.get_by_role("link", name="しぼりこみをやめる").click()
    expect(wide.locator("#pm-board")).not_to_have_attribute("data-listed", "1")
    ready(wide)
    everything = listed(wide)
    wide.get_by_label("受け付けた時期").select_option("30")
    expect(wide.locator("#pm-board")).not_to_have_attribute("data-listed", str(everything))
    ready(wide)
    assert on_map(wide) == listed(wide) < everything
    wide.get_by_role("searchbox", name="ことば").fill("どこにもない言葉")
    wide.get_by_role("searchbox", name="ことば").press("Enter")
    expect(wide.locator("#pm-none")).to_contain_text("条件に合う通報はありません")
    expect(wide.locator(".gm-report, .gm-cluster-report")).to_have_count(0)


def test_the_list_follows_the_map_and_a_link_opens_at_the_same_place(app: Server, wide: Page) -> None:
    everything = listed(wide)
    for _ in range(3):
        wide.locator("#pm-map").focus()
        wide.keyboard.press("+")
        wide.wait_for_timeout(400)
    expect(wide.locator("#pm-board")).not_to_have_attribute("data-listed", str(everything))
    expect(wide).to_have_url(re.compile("z="))
    ready(wide)
    near, place = listed(wide), parse_qs(urlsplit(wide.url).query)
    assert 0 < near < everything
    assert near == len(public_within(app, wide))

    wide.goto(wide.url)
    ready(wide)

    assert listed(wide) == near
    assert parse_qs(urlsplit(wide.url).query)["z"] == place["z"]


def test_a_report_of_the_list_opens_on_the_map_and_has_a_page_of_its_own(app: Server, wide: Page) -> None:
    line = wide.locator(".pm-line").filter(has=wide.locator(".pm-on-map:visible")).first
    number = line.get_attribute("data-id") or ""
    line.locator(".pm-on-map").click()
    expect(wide.locator(".gm-popup h3")).to_contain_text(number)
    wide.locator(".gm-popup").get_by_role("link", name="くわしく見る").click()
    expect(wide.locator("h1")).to_contain_text(number)
    expect(wide.get_by_text("これまでの経過")).to_be_visible()
    feed = wide.get_by_role("link", name="Atom").get_attribute("href")
    assert httpx.get(f"{app.url}{feed}").status_code == 200
    wide.get_by_role("link", name="地図で見る").click()
    ready(wide)
    expect(wide.locator(".gm-popup h3")).to_contain_text(number)


def test_layers_that_residents_may_see_can_be_switched_on(app: Server, wide: Page) -> None:
    wide.get_by_role("button", name="地図の内容").click()
    assert wide.locator(".gm-layer").count() == len(httpx.get(f"{app.url}/live/config.json").json()["layers"])
    expect(wide.locator(".gm-inside")).to_have_count(0)
    wide.locator(".gm-check", has_text="洪水浸水想定区域（想定最大規模）").click()
    expect(wide.locator("#pm-map")).to_have_attribute("data-tiles", "ready")


def test_a_phone_shows_the_list_alone_and_the_map_again(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 390)
    page = visit.page
    page.goto(f"{app.url}/map/")
    ready(page)
    everything = listed(page)
    page.get_by_role("button", name="一覧", exact=True).click()
    expect(page.locator("#pm-map")).to_be_hidden()
    expect(page.locator(".pm-line").first).to_be_in_viewport()
    page.locator("#pm-filters summary").click()
    page.get_by_role("checkbox", name="対応前").check()
    expect(page.locator("#pm-board")).not_to_have_attribute("data-listed", str(everything))
    some = listed(page)
    page.get_by_role("button", name="地図", exact=True).click()
    expect(page.locator("#pm-map")).to_be_visible()
    ready(page)
    assert 0 < some < everything
    assert on_map(page) == listed(page)
    context.close()


def test_more_of_the_list_comes_on_demand_and_nothing_twice(app: Server, wide: Page) -> None:
    wide.get_by_role("button", name="もっと見る").click()
    expect(wide.locator(".pm-line")).to_have_count(60)
    assert len(set(numbers(wide))) == 60


def test_the_map_goes_to_where_the_phone_is(app: Server, chromium: Browser) -> None:
    bounds = httpx.get(f"{app.url}/live/config.json").json()["town"]["bounds"]
    lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    place = {"longitude": lon, "latitude": lat}
    context, visit = visiting(chromium, app.url, 390, geolocation=place, permissions=["geolocation"])
    visit.page.goto(f"{app.url}/map/")
    ready(visit.page)
    visit.page.get_by_role("button", name="現在地").click()
    expect(visit.page).to_have_url(re.compile("z=17"))
    assert float(parse_qs(urlsplit(visit.page.url).query)["lon"][0]) == pytest.approx(lon, abs=0.001)
    context.close()


def test_the_first_load_before_the_map_is_small(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 390)
    session = context.new_cdp_session(visit.page)
    session.send("Network.enable")
    named: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session.on(
        "Network.responseReceived", lambda told: named.__setitem__(told["requestId"], told["response"]["url"])
    )
    session.on(
        "Network.loadingFinished",
        lambda told: sizes.__setitem__(told["requestId"], told["encodedDataLength"]),
    )
    visit.page.goto(f"{app.url}/map/")
    ready(visit.page)
    shell = {
        named[one]: size
        for one, size in sizes.items()
        if not re.search("/live/|/photos/|/tiles/", named[one])
    }
    assert sum(shell.values()) < FIRST_LOAD_BYTES, shell
    context.close()


def test_without_scripts_every_report_can_be_read_page_by_page(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 390, java_script_enabled=False)
    page = visit.page
    page.goto(f"{app.url}/map/")
    expect(page.locator("#pm-map")).to_be_hidden()
    assert re.search("<noscript>.*JavaScriptを使えるように", page.content(), re.S)
    expect(page.locator(".pm-line")).to_have_count(30)
    page.locator("#pm-filters summary").click()
    page.get_by_role("checkbox", name="道路の損傷").check()
    page.get_by_role("button", name="しぼりこむ").click()
    expect(page.locator("h3").first).to_contain_text("道路の損傷")

    page.get_by_role("link", name="地図を使わずに一覧で見る").click()
    total = int(re.search(r"(\d+)件", page.locator("h2").first.inner_text())[1])  # type: ignore[index]
    seen = numbers_without_scripts(page)
    while (following := page.get_by_role("link", name="もっと前の通報")).count():
        following.click()
        seen += numbers_without_scripts(page)
    assert len(seen) == len(set(seen)) == total
    wanted = httpx.get(f"{app.url}/opendata/reports.geojson").json()["features"]
    assert set(seen) == {one["id"] for one in wanted if one["properties"]["category"] == "road_damage"}
    page.locator(".pm-line h3 a").first.click()
    expect(page.get_by_text("これまでの経過")).to_be_visible()
    assert visit.outside == []
    context.close()


def test_a_lost_line_keeps_the_list_and_says_so(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 1440)
    page = visit.page
    page.goto(f"{app.url}/map/")
    ready(page)
    before = numbers(page)
    context.route("**/live/**", lambda route: route.abort())
    page.locator("#pm-filters summary").click()
    page.get_by_role("checkbox", name="対応後").check()
    expect(page.locator("#pm-trouble")).to_contain_text("通報がないという意味ではありません")
    assert numbers(page) == before
    context.unroute("**/live/**")
    page.get_by_role("checkbox", name="対応後").uncheck()
    expect(page.locator("#pm-trouble")).to_be_hidden()
    context.close()


def test_the_old_addresses_lead_to_the_new_pages(app: Server) -> None:
    for old, new in (
        ("/reports", "/map/list"),
        ("/map", "/map/"),
        ("/reports?state=open", "/map/list?state=open"),
    ):
        answer = httpx.get(f"{app.url}{old}")
        assert (answer.status_code, answer.headers["location"]) == (308, new)
