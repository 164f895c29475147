"""Walks through the residents' form as a person does, for tests that need it done."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from playwright.sync_api import Locator, Page, expect

from gisapp.settings import Settings
from gisapp.town import open_town
from reports_store import Filters, Report
from tests.photo_makers import photo_bytes
from tests.serving import Server

PLACE = (137.046, 35.645)  # a street in the sample town


def photo(n: int = 0) -> bytes:
    """A photo as a phone held upright takes it, with its place; each n is another picture."""
    lon, lat = (_degrees(one) for one in PLACE)
    return photo_bytes(1200 + 8 * n, 900, gps={1: "N", 2: lat, 3: "E", 4: lon}, orientation=6)


def _degrees(value: float) -> tuple[float, float, float]:
    whole, minutes = int(value), int(value % 1 * 60)
    return float(whole), float(minutes), round((value - whole - minutes / 60) * 3600, 4)


def hash_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def screen(page: Page, name: str) -> Locator:
    """The step that has to be there now."""
    found = page.locator(f".dr-step[data-screen={name}]")
    expect(found).to_be_visible()
    return found


def open_form(page: Page, url: str) -> None:
    page.goto(f"{url}/report/")
    screen(page, "photos")


def choose(page: Page, *photos: bytes) -> None:
    """Choose photos from the phone and wait until each is shown."""
    before = page.locator(".dr-photos > li").count()
    files: Sequence[Any] = [
        {"name": f"IMG_{n}.jpg", "mimeType": "image/jpeg", "buffer": data} for n, data in enumerate(photos)
    ]
    page.locator(".dr-steps input[type=file][multiple]").set_input_files(files)
    expect(page.locator(".dr-photos > li")).to_have_count(before + len(photos))


def to_the_check(page: Page) -> None:
    """From chosen photos with a place in them to the last question."""
    press(page, "次へ")
    screen(page, "place")
    press(page, "次へ")
    screen(page, "category").get_by_role("button", name="道路の損傷").click()
    questions = screen(page, "questions")
    questions.get_by_role("button", name="ひび割れ・段差").click()
    questions.get_by_role("button", name="通れない").click()
    past_similar(page)
    screen(page, "check")


def past_similar(page: Page) -> None:
    """Where others have reported something near: it is another thing."""
    expect(page.locator(".dr-step:is([data-screen=similar], [data-screen=check])")).to_be_visible()
    if page.locator(".dr-step[data-screen=similar]").count():
        press(page, "ちがうので、送る")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def kept_reports(server: Server) -> dict[str, Report]:
    """Every report in the store, by its number."""
    with open_town(Settings.from_env({"GISAPP_DATA": str(server.data)})).reports as reports:
        return {one.public_id: one for one in reports.stream(Filters())}


def hashes(report: Report) -> set[str]:
    """The hashes of the photos a report has, whether they are worked up already or not."""
    return {one.original_sha256 for one in (*report.photos, *report.coming)}
