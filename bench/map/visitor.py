"""A visitor with a stop-watch: opens a map page in Chromium, times it, and counts what was sent for it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, sync_playwright
from playwright.sync_api import Page as Tab
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.map.servers import Page

PROGRAM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    # Nothing outside this machine is looked up: requests elsewhere fail at once for every page alike.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PATIENCE_MS = 90_000
WATCH = Path(__file__).with_name("stopwatch.js")
WORD = "usable map: "


class NeverUsable(Exception):
    """A visit whose map did not come up; the message tells what the page complained of."""


@dataclass(frozen=True)
class Sent:
    """What one visit received: everything, the map's message alone, and everything again on one rerun."""

    page_bytes: int
    message_bytes: int
    rerun_bytes: int


@dataclass
class Counter:
    """Adds up what a tab receives. Frames are counted as the page sees them, after any compression."""

    http_bytes: int = 0
    frame_bytes: int = 0
    map_messages: list[int] = field(default_factory=list)
    finished: int = 0

    @property
    def total_bytes(self) -> int:
        return self.http_bytes + self.frame_bytes

    def listen(self, session: CDPSession) -> None:
        session.on("Network.loadingFinished", self._file)
        session.on("Network.webSocketFrameReceived", self._frame)
        session.send("Network.enable")

    def _file(self, event: dict[str, Any]) -> None:
        self.http_bytes += int(event["encodedDataLength"])

    def _frame(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        body = base64.b64decode(answer["payloadData"]) if answer["opcode"] == 2 else b""
        self.frame_bytes += len(body)
        self._read(body)

    def _read(self, body: bytes) -> None:
        message = ForwardMsg()
        try:
            message.ParseFromString(body)
        except DecodeError:
            return
        kind = message.WhichOneof("type")
        self.finished += kind == "script_finished"
        if kind == "delta" and message.delta.new_element.WhichOneof("type") == "component_instance":
            self.map_messages.append(len(body))


@contextmanager
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    program = os.environ.get("GISAPP_CHROMIUM", PROGRAM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def timed(browser: Browser, page: Page, url: str) -> Mapping[str, float]:
    """Seconds from navigation to each part and to the usable map, in a fresh context that counts nothing."""
    with _context(browser, page) as context:
        return _opened(context.new_page(), url)


def counted(browser: Browser, page: Page, url: str) -> Sent:
    """What one visit and one rerun receive. Counting costs time, so nothing is timed here."""
    with _context(browser, page) as context:
        tab = context.new_page()
        counter = Counter()
        counter.listen(context.new_cdp_session(tab))
        _opened(tab, url)
        _wait_for_run(tab, counter, 1)
        first, message = counter.total_bytes, max(counter.map_messages, default=0)
        runs = counter.finished
        tab.keyboard.press("r")
        _wait_for_run(tab, counter, runs + 1)
        return Sent(first, message, counter.total_bytes - first)


@contextmanager
def _context(browser: Browser, page: Page) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="ja-JP")
    signs = json.dumps({"ready": page.ready, "pins": page.pins, "word": WORD})
    # In a block of its own: no name of ours reaches the page.
    context.add_init_script(f"{{ const SIGNS = {signs};\n{WATCH.read_text(encoding='utf-8')} }}")
    try:
        yield context
    finally:
        context.close()


def _opened(tab: Tab, url: str) -> Mapping[str, float]:
    troubles: list[str] = []
    tab.on("console", lambda message: troubles.extend([message.text] * (message.type == "error")))
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("requestfailed", lambda request: troubles.append(f"{request.failure} {request.url}"))
    try:
        # The page's content policy forbids asking it over and over; its watch speaks through the console instead.
        with tab.expect_console_message(_is_from_watch, timeout=PATIENCE_MS) as told:
            tab.goto(url, wait_until="commit")
    except PlaywrightTimeout:
        frames = [frame.url for frame in tab.frames]
        raise NeverUsable(f"{url}: no usable map in {PATIENCE_MS // 1000} s; {frames}; {troubles}") from None
    found: dict[str, float] = json.loads(told.value.text.removeprefix(WORD))
    return found


def _is_from_watch(message: ConsoleMessage) -> bool:
    return message.text.startswith(WORD)


def _wait_for_run(tab: Tab, counter: Counter, runs: int) -> None:
    waited_ms = 0
    while counter.finished < runs:
        if waited_ms > PATIENCE_MS:
            raise TimeoutError(f"{tab.url}: expected {runs} script runs, saw {counter.finished}")
        tab.wait_for_timeout(100)
        waited_ms += 100
    tab.wait_for_timeout(1500)  # what the last messages set off: the map's own requests
