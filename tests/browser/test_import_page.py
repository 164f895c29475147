"""A clerk brings in a file with faults: told in words, repaired on the map with a yes, refused to the neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gisapp.auth.demo import DEMO_PASSWORD
from tests.browser.conftest import map_of, visiting
from tests.import_makers import bowtie_parks, stations
from tests.serving import Server, copied, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own_app(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(copied(sample_town, tmp_path_factory.mktemp("imports") / "var")) as server:
        yield server


def as_clerk(browser: Browser, app: Server, login: str, width: int = 1440) -> Page:
    _, visit = visiting(browser, app.url, width)
    visit.page.goto(f"{app.url}/login?next=/layers")
    visit.page.fill("input[name=login]", login)
    visit.page.fill("input[name=password]", DEMO_PASSWORD)
    visit.page.get_by_role("button").click()
    expect(visit.page.get_by_role("heading", name="レイヤー").first).to_be_visible()
    return visit.page


def send(page: Page, layer: str, file: Path) -> None:
    form = page.locator("form.gp-form").first
    form.locator("select[name=layer]").select_option(layer)
    form.locator("input[type=file]").set_input_files(file)
    form.get_by_role("button", name="送って調べる").click()
    expect(page.get_by_role("heading", name="取込の確認")).to_be_visible()


def test_a_file_with_faults_is_repaired_on_the_map_and_taken_with_a_yes(
    own_app: Server, chromium: Browser, tmp_path: Path
) -> None:
    page = as_clerk(chromium, own_app, "admin")
    send(page, "park", bowtie_parks(tmp_path))

    expect(page.get_by_text("直せば使えます。下の2件")).to_be_visible()
    expect(page.get_by_text("増える 3")).to_be_visible()
    expect(page.locator(".gp-table tbody tr")).to_have_count(2)
    frame = map_of(page)
    expect(frame.locator("#map_div")).to_have_attribute("data-draft", "ready")
    frame.get_by_role("button", name="2行目").click()
    expect(frame.locator(".gd-spot")).to_have_count(1)
    page.reload()  # nothing is lost: the draft is on the server
    expect(page.get_by_text("直せば使えます。下の2件")).to_be_visible()
    page.get_by_role("button", name="直して取り込む").click()

    expect(page.get_by_text(re.compile("取り込みました：公園 3件（版2）"))).to_be_visible()
    expect(page.locator("tr", has_text="公園").filter(has_text="3件")).to_be_visible()
    page.context.close()


def test_a_file_that_cannot_be_used_says_why_and_has_no_button_to_take_it(
    own_app: Server, chromium: Browser, tmp_path: Path
) -> None:
    page = as_clerk(chromium, own_app, "kankyo", 390)
    send(page, "garbage_station", stations(tmp_path, "零,0,0,本町,月・木,第2水"))

    expect(page.get_by_text("このままでは使えません。")).to_be_visible()
    expect(page.get_by_text("位置が 0, 0 です。")).to_be_visible()
    expect(page.get_by_role("button", name="やめる")).to_be_visible()
    expect(page.get_by_role("button", name="取り込む")).to_have_count(0)
    url = page.url
    page.context.close()

    neighbour = as_clerk(chromium, own_app, "kiki", 390)
    choices = neighbour.locator("form.gp-form select[name=layer]").first.locator("option")
    expect(choices.filter(has_text="指定緊急避難場所").first).to_be_attached()
    expect(choices.filter(has_text="ごみステーション")).to_have_count(0)
    neighbour.goto(url)
    expect(neighbour.get_by_text("環境課のレイヤーです")).to_be_visible()
    neighbour.context.close()


def test_a_resident_is_shown_the_way_in(own_app: Server, chromium: Browser) -> None:
    context, visit = visiting(chromium, own_app.url)
    visit.page.goto(f"{own_app.url}/layers")

    expect(visit.page.get_by_text("職員のためのページです")).to_be_visible()
    expect(visit.page.locator("form.gp-form")).to_have_count(0)
    context.close()
