"""A clerk's morning at 受付・対応: the map and the list in step, the keys, many reports at once, and the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gisapp.settings import Settings
from gisapp.town import open_town
from tests.browser.conftest import Visit, visiting
from tests.browser.test_accessibility import failures
from tests.faces.test_signing_in import signed_in
from tests.report_makers import pothole
from tests.serving import Server, copied, serving

pytestmark = pytest.mark.browser
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def server(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(copied(sample_town, tmp_path_factory.mktemp("desk") / "var")) as running:
        yield running


@contextmanager
def at_the_desk(
    browser: Browser, server: Server, login: str, width: int, path: str, **more: object
) -> Iterator[Visit]:
    """A page of the desk for a demo account; nothing outside may be asked and no script may fail."""
    with closing(signed_in(server, login)) as client:
        token = client.cookies["gisapp_session"]
    context, visit = visiting(browser, server.url, width, **more)
    context.add_cookies([{"name": "gisapp_session", "value": token, "url": server.url}])
    visit.page.goto(f"{server.url}{path}")
    yield visit
    assert visit.outside == []
    assert visit.troubles == []
    context.close()


def drawn(page: Page) -> None:
    expect(page.locator("#dk-map")).to_have_attribute("data-ready", "yes", timeout=60_000)
    expect(page.locator("#dk-map")).to_have_attribute("data-busy", "no")
    expect(page.locator("#dk-side")).not_to_have_attribute("aria-busy", "true")


def on_map(page: Page) -> int:
    """How many reports the pins and circles of the map stand for."""
    return page.evaluate(
        """() => [...document.querySelectorAll('#dk-map .gm-report, #dk-map .gm-cluster-report')]
            .reduce((sum, pin) => sum + (pin.classList.contains('gm-report') ? 1 : Number(pin.textContent)), 0)"""
    )


def counted(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator("#dk-count").inner_text()))


def test_a_clerk_finds_gives_away_takes_back_and_never_leaves_the_keyboard(
    server: Server, chromium: Browser
) -> None:
    with at_the_desk(chromium, server, "madoguchi", 1440, "/desk/") as visit:
        page = visit.page
        drawn(page)
        assert on_map(page) == counted(page) > 20

        # narrowed down by a box of the form: the address says so, and the map follows
        page.get_by_text("くわしい条件").click()
        page.get_by_role("checkbox", name="道路の損傷").check()
        expect(page).to_have_url(re.compile("category=road_damage"))
        expect(page.locator("#dk-chosen")).to_contain_text("道路の損傷")
        drawn(page)
        expect(page.locator("#dk-map")).to_have_attribute("data-busy", "no")
        page.wait_for_function(
            "n => [...document.querySelectorAll('#dk-map .gm-report, #dk-map .gm-cluster-report')]"
            ".reduce((sum, pin) => sum + (pin.classList.contains('gm-report') ? 1 : Number(pin.textContent)), 0) === n",
            arg=counted(page),
        )
        page.get_by_text("くわしい条件").click()

        # by keys: down the list, three are picked; where the keys are the map shows a ring
        page.locator("h1").click()
        for _ in range(3):
            page.keyboard.press("j")
            page.keyboard.press("x")
        expect(page.locator("#dk-picked")).to_have_text("3件を選んでいます")
        expect(page.locator(".dk-halo")).to_have_count(1)
        picked = [
            one.get_attribute("value").split(":")[0] for one in page.locator(".dk-pick input:checked").all()
        ]  # type: ignore[union-attr]

        # in a field the same letters are letters
        page.keyboard.press("/")
        page.keyboard.type("jx?")
        expect(page.locator("#dk-text")).to_have_value("jx?")
        expect(page.locator("#dk-picked")).to_have_text("3件を選んでいます")
        page.locator("#dk-text").fill("")

        # given to a person of another department in one go, and taken back
        page.locator("h1").click()
        page.keyboard.press("a")
        page.get_by_label("担当者（選ぶと、その人の課になります）").select_option("kankyo")
        page.get_by_role("button", name="選んだ通報の担当を決める").click()
        expect(page.locator("#dk-result")).to_contain_text("3件の担当を決めました")
        for number in picked:
            expect(page.locator(f".dk-line[data-id='{number}'] .dk-meta")).to_contain_text(
                "環境課／環境課の職員"
            )
        page.get_by_role("button", name="この操作を取り消す").click()
        expect(page.locator("#dk-result")).to_contain_text(re.compile("3件(を|は、一部だけ)元に戻しました"))
        expect(page.locator(f".dk-line[data-id='{picked[0]}'] .dk-meta")).not_to_contain_text("環境課")

        # one pin leads to its line, and one line to the report and back
        drawn(page)
        page.locator(f".dk-line[data-id='{picked[1]}']").get_by_role("button", name="地図で見る").click()
        expect(page.locator(".dk-card")).to_contain_text(picked[1])
        expect(page.locator(".dk-line.dk-here")).to_have_attribute("data-id", picked[1])
        before = counted(page)
        page.get_by_label("この地図の範囲だけを一覧に出す").check()
        expect(page).to_have_url(re.compile("box="))
        drawn(page)
        assert 0 < counted(page) < before

        # the list of keys, and the switch that turns them off
        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_label("1文字のキーでの操作を使う").uncheck()
        page.locator("#dk-keys").get_by_role("button", name="閉じる").click()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_a_telephone_list_and_map_take_turns_and_nothing_hinders_anybody(
    server: Server, chromium: Browser
) -> None:
    for width in (390, 1440):
        with at_the_desk(chromium, server, "admin", width, "/desk/", bypass_csp=True) as visit:
            page = visit.page
            expect(page.locator(".dk-line")).not_to_have_count(0)
            if width == 1440:
                drawn(page)
            page.get_by_text("くわしい条件").click()
            page.locator(".dk-pick input").first.check()
            page.locator("#dk-act-assign summary").click()
            assert failures(page.main_frame) == [], width
            assert not page.evaluate(SIDEWAYS)
            if width == 390:
                page.get_by_role("button", name="地図", exact=True).click()
                expect(page.locator("#dk-list")).to_be_hidden()
                drawn(page)
                assert on_map(page) > 20
                assert failures(page.main_frame) == [], "map"
            page.keyboard.press("Escape")

    # what comes while somebody reads is told, and shown when they ask
    with at_the_desk(chromium, server, "madoguchi", 1440, "/desk/?state=received") as visit:
        page = visit.page
        drawn(page)
        town = open_town(Settings.from_env({"GISAPP_DATA": str(server.data)}))
        lon, lat = town.profile.center
        new = town.reports.add(pothole(lon=lon, lat=lat, received_at=town.now())).report
        town.close()
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#dk-news")).to_contain_text("新しい通報が1件あります")
        page.get_by_role("button", name="一覧を新しくする").click()
        expect(page.locator(".dk-line").first).to_have_attribute("data-id", new.public_id)


def test_a_head_sees_at_a_glance_what_is_late_in_the_department_and_since_when(
    chromium: Browser, server: Server
) -> None:
    with at_the_desk(chromium, server, "kacho", 820, "/desk/") as visit:
        page = visit.page
        tab = page.get_by_role("link", name=re.compile("遅れ")).first
        late = int(re.sub(r"\D", "", tab.inner_text()))
        assert late > 0

        tab.click()

        page.wait_for_url(re.compile("due=late"))
        lines = page.locator(".dk-line")
        assert counted(page) == late
        expect(lines.first).to_contain_text(re.compile(r"遅れ\s*\d+日"))
        expect(lines.first).to_contain_text("建設課")
        lines.first.locator("a[href*='/desk/r/']").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"R\d+-\d+"))
        expect(page.locator("main")).to_contain_text("期限")
