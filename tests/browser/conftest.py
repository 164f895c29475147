"""Chromium over the running app; every request to another host is aborted and remembered."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Frame,
    FrameLocator,
    Page,
    Route,
    expect,
    sync_playwright,
)

GSI = "https://cyberjapandata.gsi.go.jp/"
Seen = TypeVar("Seen")
SIZES = {390: 844, 820: 1180, 1440: 900}
expect.set_options(timeout=30_000)  # CI has two cores and much else to do
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass
class Visit:
    """A page over the app, and what it tried to fetch elsewhere."""

    page: Page
    outside: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def outside_but_tiles(self) -> list[str]:
        """Requests to other hosts, 地理院タイル aside."""
        return [url for url in self.outside if not url.startswith(GSI)]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    program = os.environ.get("GISAPP_CHROMIUM") or shutil.which("chromium")
    if not program:
        pytest.fail("Chromium is not installed: run `make test`, or name it in GISAPP_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def visiting(
    browser: Browser, base: str, width: int = 1440, **options: object
) -> tuple[BrowserContext, Visit]:
    """A fresh context of a width, blind to every other host."""
    size = {"width": width, "height": SIZES[width]}
    context = browser.new_context(viewport=size, locale="ja-JP", **options)
    context.set_default_timeout(30_000)
    visit = Visit(context.new_page())

    def judge(route: Route) -> None:
        if route.request.url.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            visit.outside.append(route.request.url)
            route.abort()

    context.route("**/*", judge)
    # A request that the content policy stops never becomes a request: the console tells of it.
    visit.page.on("console", lambda message: message.type == "error" and visit.troubles.append(message.text))
    visit.page.on("pageerror", lambda error: visit.troubles.append(str(error)))
    return context, visit


def map_of(page: Page) -> FrameLocator:
    """The page's map; while a rerun puts another in its place both are there, and the last is the one that stays."""
    return page.frame_locator("iframe[data-testid=stCustomComponentV1]").last


def map_frame(page: Page) -> FrameLocator:
    """The page's map once its layers are drawn."""
    frame = map_of(page)
    expect(frame.locator("#map_div")).to_have_attribute("data-ready", "yes", timeout=60_000)
    return frame


def in_every_frame(page: Page, look: Callable[[Frame], Seen], within_s: float = 60) -> list[Seen]:
    """What look sees in each frame once the script has ended; a rerun that replaces a frame meanwhile starts it anew."""
    until = time.monotonic() + within_s
    while True:
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        try:
            return [look(frame) for frame in page.frames]
        except Error as error:
            replaced = re.search("detached|navigat|destroyed", error.message)
            if not replaced or time.monotonic() > until:
                raise
