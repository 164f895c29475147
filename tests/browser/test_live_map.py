"""The integrated map as its users handle it: layers, legends, filters, search, and what it says when data fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect

from tests.browser.conftest import GSI, map_frame, visiting
from tests.serving import Server, copied, serving

pytestmark = pytest.mark.browser
ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)


@pytest.fixture
def page(app: Server, chromium: Browser) -> Iterator[Page]:
    context, visit = visiting(chromium, app.url)
    visit.page.goto(app.url)
    yield visit.page
    assert visit.outside_but_tiles == []
    context.close()


def test_every_layer_shows_its_source_date_and_legend(page: Page) -> None:
    frame = map_frame(page)
    rows = frame.locator(".gm-layer")
    expect(rows).to_have_count(27)
    for row in rows.all():
        expect(row.locator(".gm-source")).to_contain_text("出典：見本町")
        expect(row.locator(".gm-source")).to_contain_text("時点")
        assert row.locator(".gm-legend li").count() >= 1
    depths = frame.locator(".gm-layer", has_text="洪水浸水想定区域（想定最大規模）").locator(".gm-legend")
    expect(depths).to_contain_text("0.5")
    expect(depths).to_contain_text("20")


def test_layers_are_grouped_by_theme_or_by_department(page: Page) -> None:
    frame = map_frame(page)
    themes = frame.locator(".gm-panel summary").all_inner_texts()
    frame.get_by_role("button", name="担当課別").click()
    departments = frame.locator(".gm-panel summary").all_inner_texts()
    assert themes != departments
    assert any(name.endswith("課") for name in departments)


def test_a_hazard_layer_is_drawn_labelled_and_explained_in_words(page: Page, app: Server) -> None:
    frame = map_frame(page)
    frame.get_by_text("通報を地図に出す").click()
    frame.locator(".gm-check", has_text="洪水浸水想定区域（想定最大規模）").click()
    expect(frame.locator("#map_div")).to_have_attribute("data-busy", "no")
    for _ in range(3):
        frame.get_by_role("button", name="拡大", exact=True).click()
        expect(frame.locator("#map_div")).to_have_attribute("data-busy", "no")

    expect(frame.locator(".gm-label span", has_text="0.5〜3m").first).to_be_visible()


def test_reports_are_filtered_by_state(page: Page) -> None:
    frame = map_frame(page)
    before = total(frame)
    for name in ("対応前", "対応中", "その他の終了"):
        frame.locator("fieldset[data-filter=state] .gm-check", has_text=name).click()
        expect(frame.locator("#map_div")).to_have_attribute("data-busy", "no")

    assert 0 < total(frame) < before
    assert frame.locator(".gm-report.gm-state-open").count() == 0


def total(frame: FrameLocator) -> int:
    pins = frame.locator(".gm-report").count()
    return pins + sum(int(text) for text in frame.locator(".gm-cluster-report").all_inner_texts())


def test_a_facility_is_found_by_a_part_of_its_name(page: Page) -> None:
    frame = map_frame(page)
    frame.get_by_role("searchbox").fill("中学校")
    frame.locator(".gm-results button").first.click()
    expect(frame.locator(".gm-popup h3")).to_contain_text("中学校")
    frame.get_by_role("searchbox").fill("ありえない名前")
    expect(frame.locator(".gm-results")).to_contain_text("見つかりませんでした")


def test_my_location_is_shown_with_its_accuracy(app: Server, chromium: Browser) -> None:
    context, visit = visiting(
        chromium, app.url, 390,
        geolocation={"longitude": 137.0463, "latitude": 35.6446, "accuracy": 40}, permissions=["geolocation"],
    )  # fmt: skip
    visit.page.goto(app.url)
    frame = map_frame(visit.page)
    frame.get_by_role("button", name="現在地").click()
    expect(frame.locator(".leaflet-overlay-pane path")).to_have_count(2)
    context.close()


def test_without_position_the_person_is_told_what_to_do(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 390)
    visit.page.goto(app.url)
    frame = map_frame(visit.page)
    frame.get_by_role("button", name="現在地").click()
    expect(frame.locator(".gm-status")).to_contain_text("現在地がわかりませんでした")
    context.close()


def test_a_layer_that_fails_is_said_to_fail_and_what_was_drawn_stays(page: Page) -> None:
    frame = map_frame(page)
    drawn = frame.locator(".gm-pin, .gm-cluster-layer").count()
    page.route("**/live/layers/evacuation_site.json*", lambda route: route.fulfill(status=503, body="{}"))

    frame.get_by_role("button", name="拡大", exact=True).click()

    expect(frame.locator(".gm-status.gm-failed")).to_contain_text("指定緊急避難場所")
    assert drawn > 0
    assert frame.locator(".gm-pin, .gm-cluster-layer").count() > 0


def test_a_layer_whose_file_breaks_is_said_to_be_unreadable_on_map_panel_and_list(
    sample_town: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = copied(sample_town, tmp_path_factory.mktemp("broken") / "var")
    with serving(folder) as server:
        context, visit = visiting(chromium, server.url)
        visit.page.goto(server.url)
        frame = map_frame(visit.page)
        drawn = frame.locator(".gm-pin, .gm-cluster-layer").count()
        broken = folder / "layers" / "evacuation_site" / "v0001.parquet"
        broken.write_bytes(broken.read_bytes()[:200])

        frame.locator("#map_div").evaluate("() => window.gisapp.map.checkForNews()")

        expect(frame.locator(".gm-status.gm-failed")).to_contain_text("指定緊急避難場所")
        expect(frame.locator(".gm-panel .gm-bad")).to_contain_text("指定緊急避難場所")
        assert frame.locator(".gm-pin, .gm-cluster-layer").count() >= drawn > 0
        visit.page.goto(f"{server.url}/data")
        expect(visit.page.get_by_text("「指定緊急避難場所」を読み込めません")).to_be_visible()
        context.close()


def test_a_late_answer_to_a_filter_that_was_taken_back_is_not_shown(page: Page) -> None:
    frame = map_frame(page)
    everything = total(frame)

    def late(route: Route) -> None:
        page.wait_for_timeout(1500)  # the network is slow, the person is quick
        route.continue_()

    page.route("**/live/reports.json*state=*", late)
    for _ in range(2):
        frame.locator("fieldset[data-filter=state] .gm-check", has_text="対応前").click()
    expect(frame.locator("#map_div")).to_have_attribute("data-busy", "no")
    page.wait_for_timeout(2000)

    assert total(frame) == everything


def test_pins_and_clusters_are_pressed_by_keyboard(page: Page) -> None:
    frame = map_frame(page)
    before = frame.locator("#map_div").evaluate("() => window.gisapp.map.map.getZoom()")
    frame.locator(".leaflet-marker-icon:has(.gm-cluster-report)").first.press("Enter")
    expect(frame.locator("#map_div")).to_have_attribute("data-busy", "no")
    assert frame.locator("#map_div").evaluate("() => window.gisapp.map.map.getZoom()") > before

    frame.locator(".leaflet-marker-icon:has(.gm-report)").first.press(" ")
    expect(frame.locator(".gm-popup h3")).to_be_visible()
    assert frame.locator("#map_div").evaluate("() => document.activeElement.className") == "gm-popup"


def test_on_a_phone_the_panel_is_a_sheet_that_opens_and_closes(app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, app.url, 390)
    visit.page.goto(app.url)
    frame = map_frame(visit.page)
    expect(frame.locator(".gm-panel")).to_be_hidden()
    frame.get_by_role("button", name="地図の内容").click()
    expect(frame.locator(".gm-panel")).to_be_visible()
    frame.get_by_role("button", name="閉じる").click()
    expect(frame.locator(".gm-panel")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_targets_are_large_enough_for_a_finger_and_text_for_the_eye(
    app: Server, chromium: Browser, width: int
) -> None:
    context, visit = visiting(chromium, app.url, width)
    visit.page.goto(app.url)
    frame = map_frame(visit.page)
    if width == 390:
        frame.get_by_role("button", name="地図の内容").click()
    small = frame.locator("#map_div").evaluate(
        """() => [...document.querySelectorAll('button, .gm-check, .leaflet-control-zoom a, input[type=search]')]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert small == []
    context.close()


def test_tiles_are_used_where_they_answer_and_the_own_base_where_they_stop(
    sample_town: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = copied(sample_town, tmp_path_factory.mktemp("real") / "var")
    town = folder / "town.toml"
    town.write_text(town.read_text().replace("sample = true", "sample = false"))
    with serving(folder) as server:
        context, visit = visiting(chromium, server.url)
        alive = True

        def tiles(route: Route) -> None:
            if alive:
                route.fulfill(status=200, content_type="image/png", body=ONE_PIXEL)
            else:
                route.abort()

        context.route(f"{GSI}**", tiles)
        visit.page.goto(server.url)
        frame = map_frame(visit.page)
        expect(frame.locator("img.leaflet-tile").first).to_be_attached()
        expect(frame.locator(".leaflet-control-attribution")).to_contain_text("地理院タイル")

        alive = False
        for _ in range(2):
            frame.get_by_role("button", name="拡大", exact=True).click()

        expect(frame.locator(".gm-status")).to_contain_text("町のデータで描いた図")
        expect(frame.locator("img.leaflet-tile")).to_have_count(0)
        context.close()
