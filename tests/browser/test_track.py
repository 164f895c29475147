"""A reporter follows up on a telephone, with a script and without: from the QR code to 「直っていない」."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gisapp.settings import Settings
from gisapp.town import Town, open_town
from gisapp.words import LANGUAGES
from reports_store import EventKind, Report, Status
from reports_store.tracking import code_for, hash_of
from tests.browser.conftest import Visit, visiting
from tests.browser.test_accessibility import failures
from tests.photo_makers import phone_photo
from tests.report_makers import moved, pothole, step
from tests.serving import Server, copied, free_port, serving

pytestmark = pytest.mark.browser
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def server(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = copied(sample_town, tmp_path_factory.mktemp("track") / "var")
    # e-mail is offered where there is a server for it, whether or not it answers just now
    offered = {"GISAPP_SMTP": f"smtp://127.0.0.1:{free_port()}", "GISAPP_MAIL_FROM": "machi@example.jp"}
    with serving(data, **offered) as running:
        yield running


@pytest.fixture(scope="module")
def town(server: Server) -> Iterator[Town]:
    opened = open_town(Settings.from_env({"GISAPP_DATA": str(server.data)}))
    yield opened
    opened.close()


def filed(town: Town, *steps: object, **given: object) -> tuple[Report, str]:
    """A report with steps taken, and its 照会番号."""
    new = pothole(**given)  # type: ignore[arg-type]
    code = code_for(town.secret, new.uuid)
    report = town.reports.add(replace(new, tracking_hash=hash_of(code), received_at=datetime.now(UTC))).report
    for one in steps:
        seen = town.reports.by_id(report.id).version
        report = town.reports.append(report.id, replace(one, at=datetime.now(UTC)), seen=seen)  # type: ignore[type-var]
    return report, code


def fixed(town: Town) -> tuple[Report, str]:
    """A report that counts as resolved, with a photo that may be seen."""
    photo = town.photos.put(phone_photo(136.47, 35.36))
    return filed(
        town,
        step(EventKind.PHOTO, {"photo": photo.sha256, "pii_state": "clear"}),
        moved(Status.TRIAGED),
        step(EventKind.PUBLIC_REPLY, said="金曜日に見に行きます。"),
        moved(Status.IN_PROGRESS),
        moved(Status.RESOLVED, said="穴をふさぎました。"),
        photos=(photo,),
        body="横断歩道の手前です。\n自転車が通れません。",
    )


@contextmanager
def visit(chromium: Browser, server: Server, width: int = 390, **options: object) -> Iterator[Visit]:
    context, found = visiting(chromium, server.url, width, **options)
    yield found
    assert found.outside == []
    context.close()


def troubles(found: Visit) -> list[str]:
    return [one for one in found.troubles if "status of 4" not in one]


def test_from_the_qr_code_to_not_fixed(server: Server, town: Town, chromium: Browser, tmp_path: Path) -> None:
    report, code = fixed(town)
    picture = tmp_path / "IMG_0002.jpg"
    picture.write_bytes(phone_photo(136.48, 35.36))
    with visit(chromium, server) as found:
        page = found.page
        page.goto(f"{server.url}/track/#{code}")
        expect(page.get_by_label("照会番号")).to_have_value(code)
        assert page.url == f"{server.url}/track/"
        page.get_by_role("button", name="その後を見る").click()

        expect(page.get_by_text(report.public_id)).to_be_visible()
        expect(page.get_by_text("金曜日に見に行きます。")).to_be_visible()
        expect(page.get_by_role("img", name="通報の写真 1枚め")).to_be_visible()
        expect(page.get_by_text("自転車が通れません。")).to_be_visible()
        page.get_by_label("どこが、どうなっていますか").fill("まだ端に穴があります。")
        page.locator("#reopen-photos").set_input_files(str(picture))
        page.get_by_role("button", name="直っていない").click()

        expect(page.get_by_role("status")).to_contain_text("町に知らせました")
        expect(page.get_by_text("まだ端に穴があります。")).to_be_visible()
        assert page.url == f"{server.url}/track/?done=reopened"
        assert not page.evaluate(SIDEWAYS)
        assert troubles(found) == []
    kept = town.reports.by_id(report.id)
    assert kept.status is Status.REOPENED
    assert len(kept.photos) + len(kept.coming) == 2


def test_the_whole_story_without_a_script(server: Server, town: Town, chromium: Browser) -> None:
    report, code = filed(town)
    with visit(chromium, server, java_script_enabled=False) as found:
        page = found.page
        page.goto(f"{server.url}/track/#{code}")
        slip = code[:-1] + ("0" if code[-1] != "0" else "1")
        page.get_by_label("照会番号").fill(slip)
        page.get_by_role("button", name="その後を見る").click()
        expect(page.get_by_role("alert")).to_contain_text("打ちまちがい")
        expect(page.get_by_label("照会番号")).to_have_value(slip)
        page.get_by_label("照会番号").fill(code)
        page.get_by_role("button", name="その後を見る").click()

        page.get_by_label("足したいこと").fill("夜は暗くて見えません。")
        page.get_by_role("button", name="足す").click()
        expect(page.get_by_role("status")).to_contain_text("受け取りました")
        page.get_by_role("link", name="通報を取り下げる").click()
        expect(page.get_by_role("heading", name="通報を取り下げますか")).to_be_visible()
        page.get_by_role("button", name="取り下げる").click()
        expect(page.get_by_role("status")).to_contain_text("取り下げました")
        page.get_by_role("button", name="この画面を閉じる").click()
        expect(page.get_by_label("照会番号")).to_have_value("")
    assert town.reports.by_id(report.id).status is Status.WITHDRAWN


def test_two_telephones_follow_two_reports(server: Server, town: Town, chromium: Browser) -> None:
    one, other = filed(town), filed(town)
    with visit(chromium, server) as mine, visit(chromium, server) as theirs:
        for found, (_, code) in ((mine, one), (theirs, other)):
            found.page.goto(f"{server.url}/track/#{code}")
            found.page.get_by_role("button", name="その後を見る").click()
        expect(mine.page.locator("[data-number]")).to_have_text(one[0].public_id)
        expect(theirs.page.locator("[data-number]")).to_have_text(other[0].public_id)


def screens(page: Page, server: Server, town: Town) -> Iterator[str]:
    """Each screen of following up, one after the other, by a name for the report of a failure."""
    page.goto(f"{server.url}/track/")
    yield "ask"
    page.get_by_label("照会番号").fill("0000")
    page.get_by_role("button", name="その後を見る").click()
    yield "ask again"
    page.get_by_label("照会番号").fill(fixed(town)[1])
    page.get_by_role("button", name="その後を見る").click()
    expect(page.locator("[data-number]")).to_be_visible()
    yield "report"
    page.get_by_role("button", name="足す").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "report with a fault"
    page.get_by_role("button", name="この画面を閉じる").click()
    page.get_by_label("照会番号").fill(filed(town)[1])
    page.get_by_role("button", name="その後を見る").click()
    page.get_by_role("link", name="通報を取り下げる").click()
    yield "withdraw"
    page.goto(f"{server.url}/track/subscribe?bbox=136,35,137,36")
    yield "subscribe"
    page.goto(f"{server.url}/mail/stop/none")
    yield "mail link"
    page.get_by_role("button").last.click()
    expect(page.get_by_role("heading", name="リンクが使えません")).to_be_visible()
    yield "wrong mail link"


@pytest.mark.parametrize("width", [390, 1440])
def test_no_screen_has_an_accessibility_failure(
    server: Server, town: Town, chromium: Browser, width: int
) -> None:
    with visit(chromium, server, width, bypass_csp=True) as found:
        faults = [
            f"{name}: {one}"
            for name in screens(found.page, server, town)
            for one in failures(found.page.main_frame)
        ]
    assert faults == []


def test_nothing_scrolls_sideways_on_a_narrow_screen_with_large_letters(
    server: Server, town: Town, chromium: Browser
) -> None:
    with visit(chromium, server) as found:
        found.page.set_viewport_size({"width": 320, "height": 600})
        wide = []
        for name in screens(found.page, server, town):
            found.page.add_style_tag(content="html { font-size: 200% !important; }")
            if found.page.evaluate(SIDEWAYS):
                wide.append(name)
    assert wide == []


def test_every_screen_can_be_read_in_every_language(server: Server, town: Town, chromium: Browser) -> None:
    _, code = fixed(town)
    with visit(chromium, server) as found:
        page = found.page
        page.goto(f"{server.url}/track/#{code}")
        page.get_by_role("button", name="その後を見る").click()
        for lang in LANGUAGES:
            page.goto(f"{server.url}/track/?lang={lang}")
            expect(page.locator("html")).to_have_attribute("data-lang", lang)
            expect(page.locator("[data-number]")).to_be_visible()
