"""A resident photographs a pothole; minutes later anybody sees it on the map, and nobody sees who sent it."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SIZES, Visit, map_frame, visiting
from tests.photo_makers import phone_photo, png_of
from tests.serving import Server

pytestmark = pytest.mark.browser


def middle_of_town(server: Server) -> tuple[float, float]:
    """A place on a road near the middle, taken from the town's own layers."""
    config = httpx.get(f"{server.url}/live/config.json").json()
    west, south, east, north = config["town"]["bounds"]
    box = f"{west},{south},{east},{north}"
    found = httpx.get(f"{server.url}/live/layers/road_section.json?bbox={box}&z=16").json()
    line = found["features"][0]["geometry"]["coordinates"]
    return line[0][0], line[0][1]


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


def test_a_photo_becomes_a_receipt_a_followed_report_and_a_pin(
    app: Server, chromium: Browser, tmp_path: Path
) -> None:
    lon, lat = middle_of_town(app)
    photo = tmp_path / "IMG_0001.jpg"
    photo.write_bytes(phone_photo(lon, lat))
    context, visit = visiting(chromium, app.url, 390)
    page = visit.page
    page.goto(f"{app.url}/report")
    expect(page.get_by_text("警察 110")).to_be_visible()

    page.locator("input[type=file]").set_input_files(str(photo))
    expect(page.get_by_text("写真に記録された位置に印を付けました")).to_be_visible()
    page.get_by_text("道路の損傷", exact=False).first.click()
    page.get_by_role("textbox", name="気づいたこと").fill("横断歩道の手前に穴があります。")
    page.get_by_role("textbox", name="お名前").fill("秘密 花子")
    page.get_by_role("textbox", name="電話番号").fill("090-1234-5678")
    page.get_by_role("button", name="内容を確かめる").click()
    page.get_by_role("button", name="この内容で送る").click()
    number = page.locator("[data-receipt=number]").inner_text()
    code = page.locator("[data-receipt=code]").inner_text()

    assert re.fullmatch(r"R\d+-\d{6}", number)
    assert followed(page, app, code, number)
    assert pinned(page, app, number)
    assert visit.outside_but_tiles == []
    assert no_console_troubles(visit) == []
    everywhere = public_text(app, number)
    assert "秘密" not in everywhere
    assert "090-1234" not in everywhere
    context.close()


def followed(page: Page, app: Server, code: str, number: str) -> bool:
    page.goto(f"{app.url}/lookup")
    page.get_by_role("textbox", name="照会番号").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="照会する").click()
    expect(page.get_by_text(number)).to_be_visible()
    expect(page.get_by_text("横断歩道の手前に穴があります。")).to_be_visible()
    expect(page.get_by_text("通報を受け付けました")).to_be_visible()
    return True


def pinned(page: Page, app: Server, number: str) -> bool:
    page.goto(f"{app.url}/?report={number}")
    frame = map_frame(page)
    expect(frame.locator(".gm-popup h3")).to_contain_text(number)
    frame.locator(".leaflet-popup-close-button").click()
    expect(frame.locator(".gm-popup")).to_have_count(0)
    frame.locator(f"[aria-label*='{number}']").click()
    expect(frame.locator(".gm-popup h3")).to_contain_text(number)
    return True


def public_text(app: Server, number: str) -> str:
    addresses = ("/opendata/reports.geojson", "/opendata/reports.csv", f"/live/reports/{number}.json")
    return "".join(httpx.get(f"{app.url}{address}").text for address in addresses)


def test_a_photo_from_another_town_says_so_and_the_map_takes_a_tap(
    app: Server, chromium: Browser, tmp_path: Path
) -> None:
    photo = tmp_path / "far.jpg"
    photo.write_bytes(phone_photo(139.76, 35.68))
    context, visit = visiting(chromium, app.url, 820)
    page = visit.page
    page.goto(f"{app.url}/report")
    page.locator("input[type=file]").set_input_files(str(photo))
    expect(page.get_by_text("写真に記録された位置は見本町の外でした")).to_be_visible()
    page.get_by_text("漏水", exact=False).first.click()
    page.get_by_role("button", name="内容を確かめる").click()
    expect(page.get_by_text("場所がまだ選ばれていません")).to_be_visible()

    map_frame(page).locator("#map_div").click(position={"x": 380, "y": 230})

    expect(page.get_by_text("決め方：地図で選んだ位置")).to_be_visible()
    context.close()


def test_the_place_can_be_chosen_by_name_without_a_map(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 390)
    page = visit.page
    page.goto(f"{app.url}/report")
    map_frame(page)
    page.get_by_role("combobox").first.click()
    page.keyboard.type("役場")
    page.get_by_role("option").first.click()
    expect(page.get_by_text("決め方：目印から選んだ位置")).to_be_visible()
    context.close()


def test_the_choice_made_last_is_the_place_and_the_check_names_it(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 1440)
    page = visit.page
    page.goto(f"{app.url}/report")
    map_frame(page).locator("#map_div").click(position={"x": 380, "y": 230})
    expect(page.get_by_text("決め方：地図で選んだ位置")).to_be_visible()
    page.get_by_role("combobox").first.click()
    page.keyboard.type("役場")
    page.get_by_role("option").first.click()
    expect(page.get_by_text("決め方：目印から選んだ位置（見本町役場）")).to_be_visible()
    expect(map_frame(page).locator(".gm-chosen")).to_be_visible()

    page.get_by_text("漏水", exact=False).first.click()
    page.get_by_role("textbox", name="気づいたこと").fill("水が出ています。")
    page.get_by_role("button", name="内容を確かめる").click()
    expect(page.get_by_role("dialog")).to_contain_text("目印から選んだ位置（見本町役場）")
    page.get_by_role("button", name="直す").click()

    map_frame(page).locator("#map_div").click(position={"x": 300, "y": 200})
    expect(page.get_by_text("決め方：地図で選んだ位置")).to_be_visible()
    expect(page.get_by_role("textbox", name="気づいたこと")).to_have_value("水が出ています。")
    context.close()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("page.jpg", b"<html>not a photo</html>", "写真として読めない"),
        ("empty.jpg", b"", "中身が空"),
        ("cut.jpg", phone_photo()[:5_000], "途中で切れています"),
        ("bomb.png", png_of(13_000, 13_000), "大きすぎます"),
        ("huge.png", png_of(50_000, 50_000), "大きすぎます"),
    ],
)
def test_a_file_that_is_no_photo_is_refused_in_words_and_nothing_typed_is_lost(
    app: Server, chromium: Browser, tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    wrong = tmp_path / name
    wrong.write_bytes(data)
    context, visit = visiting(chromium, app.url, 390)
    page = visit.page
    page.goto(f"{app.url}/report")
    page.get_by_role("textbox", name="気づいたこと").fill("これは消えてはいけない")

    page.locator("input[type=file]").set_input_files(str(wrong))

    expect(page.get_by_text(f"{name}：")).to_contain_text(said)
    expect(page.get_by_role("textbox", name="気づいたこと")).to_have_value("これは消えてはいけない")
    assert httpx.get(f"{app.url}/healthz").status_code == 200
    context.close()
