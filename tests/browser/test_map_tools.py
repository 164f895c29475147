"""The tools over the map: measuring, coordinates, printing, links, side by side, and the keyboard's way to everything."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pypdfium2
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from gisapp.auth.demo import DEMO_PASSWORD
from layers.crs import easting_northing
from tests.browser.conftest import map_frame, visiting
from tests.serving import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def page(app: Server, chromium: Browser) -> Iterator[Page]:
    context, visit = visiting(chromium, app.url)
    visit.page.goto(app.url)
    yield visit.page
    assert visit.outside_but_tiles == []
    assert [one for one in visit.troubles if "Failed to load" not in one] == []
    context.close()


def tool(frame: FrameLocator, name: str) -> None:
    frame.get_by_role("button", name=name, exact=True).click()


def tap(frame: FrameLocator, *places: tuple[int, int]) -> None:
    for x, y in places:
        frame.locator("#map_div").click(position={"x": x, "y": y})


def place_at(frame: FrameLocator, x: int, y: int) -> tuple[float, float]:
    found = frame.locator("#map_div").evaluate(
        "(_, at) => { const { lng, lat } = window.gisapp.map.map.containerPointToLatLng(at); return [lng, lat]; }",
        [x, y],
    )
    return found[0], found[1]


def test_the_pages_metres_are_the_servers_metres(page: Page) -> None:
    frame = map_frame(page)
    places = [(137.05, 35.64), (137.1666, 36.0), (138.2, 35.1), (136.2, 36.9)]

    found = frame.locator("#map_div").evaluate(
        """(_, places) => places.map(([lon, lat]) => {
            const zone = window.gisapp.map.plane;
            const { east, north } = zone.toPlane(lon, lat);
            const back = zone.toLonLat(east, north);
            return [east, north, back.lon, back.lat];
        })""",
        [list(place) for place in places],
    )

    for (lon, lat), (east, north, back_lon, back_lat) in zip(places, found, strict=True):
        assert (east, north) == pytest.approx(easting_northing(lon, lat, 6675), abs=0.001)
        assert (back_lon, back_lat) == pytest.approx((lon, lat), abs=1e-9)


def test_a_distance_is_measured_tap_by_tap_and_a_point_is_taken_back(page: Page) -> None:
    frame = map_frame(page)
    tool(frame, "距離をはかる")
    tap(frame, (620, 200), (820, 200), (820, 500))
    spots = [easting_northing(*place_at(frame, x, y), 6675) for x, y in ((620, 200), (820, 200), (820, 500))]
    whole = math.dist(spots[0], spots[1]) + math.dist(spots[1], spots[2])

    expect(frame.locator(".gt-result")).to_have_text(f"長さ {whole / 1000:.3f} km")
    expect(frame.locator(".leaflet-popup")).to_have_count(0)

    frame.get_by_role("button", name="1点もどす").click()
    expect(frame.locator(".gt-result")).to_have_text(f"長さ {math.dist(spots[0], spots[1]) / 1000:.3f} km")
    frame.get_by_role("button", name="消す").click()
    expect(frame.locator(".gt-told")).to_have_text("まだ点がありません。")


def test_an_area_is_measured_by_keyboard_alone(page: Page) -> None:
    frame = map_frame(page)
    frame.get_by_role("button", name="面積をはかる").press("Enter")
    put = frame.get_by_role("button", name="中心に点を置く")
    inside = frame.locator("#map_div").element_handle().owner_frame()
    assert inside
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        put.press("Enter")
        before = inside.evaluate("() => window.gisapp.map.map.getCenter().toString()")
        frame.locator("#map_div").press(key)
        inside.wait_for_function(
            "before => window.gisapp.map.map.getCenter().toString() !== before", arg=before
        )
        inside.evaluate("() => { window.gisapp.map.map.stop(); }")
    expect(frame.locator(".gt-result")).to_contain_text("ha")
    put.press("Escape")
    expect(frame.locator(".gt-box")).to_be_hidden()


def test_the_coordinates_of_a_tapped_place_are_the_servers(page: Page, app: Server) -> None:
    frame = map_frame(page)
    tool(frame, "座標を見る")
    tap(frame, (700, 320))
    lon, lat = place_at(frame, 700, 320)

    expect(frame.locator(".gt-rows")).to_contain_text("MGRS")
    rows = dict(
        zip(
            frame.locator(".gt-rows dt").all_inner_texts(),
            frame.locator(".gt-rows dd").all_inner_texts(),
            strict=True,
        )
    )
    shown = [float(part) for part in rows["緯度, 経度（JGD2011）"].split(",")]
    assert shown == pytest.approx([lat, lon], abs=2e-4)  # a pixel
    asked = httpx.get(f"{app.url}/api/coordinates?lon={shown[1]}&lat={shown[0]}").json()
    assert rows.keys() == dict(asked["rows"]).keys()
    assert rows["地域メッシュ（250m）"] == asked["mesh"]


def test_what_is_printed_is_what_the_blue_frame_holds(page: Page, app: Server) -> None:
    frame = map_frame(page)
    tool(frame, "印刷")
    frame.get_by_label("題名").fill("<b>見回り</b> {{ 7*191 }}")
    frame.get_by_label("用紙").select_option("A3")
    frame.get_by_label("向き").select_option("landscape")
    frame.get_by_label("縮尺").select_option("5000")
    link = frame.get_by_role("link", name="PDFを開く（新しい画面）")
    wish = parse_qs(urlsplit(link.get_attribute("href") or "").query)

    assert (wish["paper"], wish["orientation"], wish["scale"]) == (["A3"], ["landscape"], ["5000"])
    answer = httpx.get(f"{app.url}{link.get_attribute('href')}", timeout=60)
    document = pypdfium2.PdfDocument(answer.content)
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    assert "<b>見回り</b> {{ 7*191 }}" in text
    assert "縮尺 1:5,000" in text
    assert "指定避難所" in text


def test_a_link_reopens_the_same_view(page: Page, app: Server, chromium: Browser) -> None:
    frame = map_frame(page)
    frame.locator(".gm-check", has_text="避難所").first.click()
    frame.get_by_role("button", name="指定緊急避難場所の濃さと一覧").click()
    frame.get_by_label("濃さ 100％").fill("40")
    frame.locator("fieldset[data-filter=state] .gm-check", has_text="対応前").click()
    frame.get_by_role("button", name="拡大", exact=True).click()
    page.wait_for_url("**/?map=*")
    state = """() => { const { off, shares, filters, map } = window.gisapp.map;
        const place = [map.getZoom(), map.getCenter().lat.toFixed(4), map.getCenter().lng.toFixed(4)];
        return JSON.stringify([[...off].sort(), [...shares], [...filters.state].sort(), place]); }"""
    wanted = frame.locator("#map_div").evaluate(state)
    page.wait_for_timeout(700)  # the address follows half a second after the map

    context, visit = visiting(chromium, app.url)
    visit.page.goto(page.url)
    again = map_frame(visit.page)

    assert json.loads(again.locator("#map_div").evaluate(state)) == json.loads(wanted)
    expect(
        again.locator("fieldset[data-filter=state] .gm-check", has_text="対応前").locator("input")
    ).not_to_be_checked()
    assert visit.troubles == []
    context.close()


@pytest.mark.parametrize(
    "text",
    ["~~~~~", "99~999~999~evil~no_such_layer~on-x-y", "NaN~NaN~NaN", "13~35.64~137.05~__proto__~constructor*50~off",
     "<img src=x onerror=alert(1)>", "13~35.64~137.05~town~shelter*99999~on-none-none~more"],
)  # fmt: skip
def test_a_hostile_link_opens_an_ordinary_map(app: Server, chromium: Browser, text: str) -> None:
    context, visit = visiting(chromium, app.url)
    visit.page.goto(f"{app.url}/?map={quote(text)}")
    frame = map_frame(visit.page)
    inside = frame.locator("#map_div").evaluate(
        """() => { const { map, config, shares, baseChoice } = window.gisapp.map;
            const [w, s, e, n] = config.town.bounds;
            const seen = map.getBounds().intersects([[s, w], [n, e]]);
            return seen && baseChoice === "town" && [...shares.values()].every((one) => one <= 1); }"""
    )
    assert inside
    assert visit.troubles == []
    context.close()


def test_two_layers_stand_side_by_side_and_the_divider_moves_by_arrow_keys(page: Page) -> None:
    frame = map_frame(page)
    tool(frame, "左右にくらべる")
    frame.get_by_label("左に出すもの").select_option(label="自治会・町内会")
    frame.get_by_label("右に出すもの").select_option(label="土砂災害警戒区域・特別警戒区域")
    divider = frame.get_by_role("slider", name="左右の境目")
    expect(frame.locator(".leaflet-gt-left-pane canvas")).to_be_attached()
    expect(frame.locator(".leaflet-gt-right-pane canvas")).to_be_attached()
    clip = frame.locator(".leaflet-gt-left-pane").evaluate("pane => pane.style.clip")

    divider.press("ArrowRight")

    expect(divider).to_have_attribute("aria-valuenow", "52")
    expect(divider).to_have_attribute(
        "aria-valuetext", "左「自治会・町内会」 52％、右「土砂災害警戒区域・特別警戒区域」"
    )
    assert frame.locator(".leaflet-gt-left-pane").evaluate("pane => pane.style.clip") != clip
    frame.get_by_role("button", name="左右にくらべるを閉じる").click()
    expect(divider).to_be_hidden()
    expect(frame.locator(".leaflet-gt-left-pane canvas")).to_have_count(0)


def test_areas_are_reached_by_keyboard_through_the_list_of_what_is_in_the_window(page: Page) -> None:
    frame = map_frame(page)
    frame.get_by_role("button", name="自治会・町内会の濃さと一覧").press("Enter")
    row = frame.locator(".gm-layer", has_text="自治会・町内会").locator(".gt-row")
    row.get_by_role("button", name="この画面にあるもの").press("Enter")
    first = row.locator(".gt-features button").first
    name = first.locator("b").inner_text()
    first.press("Enter")

    expect(frame.locator(".gm-popup h3")).to_have_text(name)


def test_an_area_under_a_line_layer_can_still_be_tapped(page: Page) -> None:
    frame = map_frame(page)
    frame.get_by_text("通報を地図に出す").click()
    for title in ("自治会・町内会", "水道管"):
        if frame.locator(".gm-check", has_text=title).count():
            frame.locator(".gm-check", has_text=title).first.click()
    expect(frame.locator("#map_div")).to_have_attribute("data-busy", "no")
    for _ in range(4):
        frame.get_by_role("button", name="拡大", exact=True).click()
        expect(frame.locator("#map_div")).to_have_attribute("data-busy", "no")
    spot = frame.locator("#map_div").evaluate(
        """() => { const { map, renderers } = window.gisapp.map; const size = map.getSize();
            for (let x = 560; x < size.x - 400; x += 23) for (let y = 90; y < size.y - 60; y += 19) {
                const at = map.containerPointToLayerPoint([x, y]);
                const lines = renderers["gm-line"];
                const free = document.elementFromPoint(x, y).id === "map_div" && !(lines._container && lines.shapeAt(at));
                if (free && renderers["gm-area"].shapeAt(at)) return [x, y];
            } return null; }"""
    )
    assert spot
    tap(frame, (spot[0], spot[1]))
    expect(frame.locator(".gm-popup h3").first).to_be_visible()


def test_internal_layers_are_marked_and_own_layers_offer_editing(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url)
    context.request.post(
        f"{app.url}/login", form={"login": "kankyo", "password": DEMO_PASSWORD}, headers={"Origin": app.url}
    )
    visit.page.goto(app.url)
    frame = map_frame(visit.page)

    expect(frame.locator(".gm-layer", has=frame.locator(".gm-inside")).first).to_be_visible()
    own = frame.get_by_role("link", name="ごみステーションを編集する（新しい画面）")
    assert own.get_attribute("href") == "/edit?layer=garbage_station"
    expect(frame.get_by_role("link", name="洪水浸水想定区域を編集する（新しい画面）")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("width", [390, 820])
def test_on_a_narrow_screen_the_tools_fold_away_and_nothing_sticks_out(
    app: Server, chromium: Browser, width: int
) -> None:
    context, visit = visiting(chromium, app.url, width)
    visit.page.goto(app.url)
    frame = map_frame(visit.page)
    expect(frame.locator(".gt-list")).to_be_hidden()
    frame.get_by_role("button", name="道具", exact=True).click()
    tool(frame, "印刷")
    expect(frame.get_by_role("link", name="PDFを開く（新しい画面）")).to_be_visible()
    expect(frame.locator(".gt-list")).to_be_hidden()
    trouble = frame.locator("#map_div").evaluate(
        """() => [...document.querySelectorAll('.gt-box :is(button, select, a, .gm-check), .gt-fold')]
            .filter((one) => { const { height, left, right } = one.getBoundingClientRect();
                return height < 44 || left < 0 || right > innerWidth; })
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert trouble == []
    context.close()
