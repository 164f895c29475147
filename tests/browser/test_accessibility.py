"""axe-core finds no WCAG 2.2 AA failure on any page, in the map's frame or around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.conftest import in_every_frame, map_frame, visiting
from tests.conftest import ROOT
from tests.serving import Server

pytestmark = pytest.mark.browser
AXE = Path(ROOT) / "node_modules" / "axe-core" / "axe.min.js"
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], iframes: false}"


def violations(page: Page) -> list[str]:
    return [line for lines in in_every_frame(page, failures) for line in lines]


def failures(frame: Frame) -> list[str]:
    frame.evaluate(AXE.read_text())
    found = frame.evaluate(f"axe.run(document, {RULES})")["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/", "/data"])
def test_a_page_has_no_accessibility_failure(app: Server, chromium: Browser, path: str, width: int) -> None:
    context, visit = visiting(chromium, app.url, width, bypass_csp=True)
    visit.page.goto(f"{app.url}{path}")
    expect(visit.page.get_by_text("この町は架空の町です")).to_be_visible()
    if path == "/":
        map_frame(visit.page)
    if path == "/" and width == 390:
        map_frame(visit.page).get_by_role("button", name="地図の内容").click()
    assert violations(visit.page) == []
    context.close()


def test_the_measure_finds_a_failure_where_there_is_one(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<html><body><img src='x'><button></button></body></html>")
    assert {line.split(":")[0] for line in failures(page.main_frame)} >= {
        "image-alt",
        "button-name",
        "html-has-lang",
    }
    page.close()
