"""An association's twelve requests come in, are answered by two departments and come back as one 回答書."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from gisapp.auth.demo import DEMO_PASSWORD
from tests.browser.conftest import visiting
from tests.browser.test_accessibility import failures
from tests.serving import Server, copied, serving

pytestmark = pytest.mark.browser
ROADS, PARKS = range(1, 8), range(8, 13)
HEAD = ("優先順位", "件名", "内容", "種類", "場所", "緯度", "経度", "同意")
ANSWERS = ("done", "planned", "considered", "difficult", "other_body")


@pytest.fixture(scope="module")
def hall(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(copied(sample_town, tmp_path_factory.mktemp("petitions") / "var")) as server:
        yield server


def twelve_rows() -> str:
    """As they are copied from a spreadsheet: seven for roads, five for parks."""
    rows = [HEAD]
    for n in range(1, 13):
        kind = "道路の損傷" if n in ROADS else "公園・遊具"
        rows.append((str(n), f"要望その{n}", f"{n}番目のお願いです", kind, "", f"{35.640 + n * 0.0006:.5f}",
                     f"{137.040 + n * 0.0009:.5f}", "役員会、班長" if n % 2 else ""))  # fmt: skip
    return "\n".join("\t".join(row) for row in rows)


def sign_in(page: Page, hall: Server, login: str) -> None:
    sent = {"login": login, "password": DEMO_PASSWORD}
    page.context.clear_cookies()
    assert page.context.request.post(f"{hall.url}/login", form=sent, headers={"Origin": hall.url}).ok


def answer(page: Page, position: int, kind: str) -> None:
    """Answer one item on the page, as a department does."""
    item = page.locator(f"#item-{position}")
    item.locator("summary").click()
    item.locator(f"input[name=answer][value={kind}]").check()
    if kind == "planned":
        item.get_by_label("実施する年度").select_option("2027")
    item.get_by_label("回答の文（理由・内容）").fill(f"{position}番への町の回答です。")
    item.get_by_role("button", name="回答を保存する").click()
    expect(page.get_by_text("回答を保存しました")).to_be_visible()


def send_answer(page: Page, address: str, position: int, kind: str) -> None:
    """The same form without the pressing, for the rest of them."""
    year = "2027" if kind == "planned" else ""
    sent = {"position": str(position), "seen": "1", "answer": kind, "planned_year": year,
            "text": f"{position}番への町の回答です。"}  # fmt: skip
    origin = address.split("/desk/")[0]
    assert page.context.request.post(f"{address}/answer", form=sent, headers={"Origin": origin}).ok


def test_twelve_requests_come_back_as_one_letter(hall: Server, chromium: Browser, tmp_path: Path) -> None:
    context, visit = visiting(chromium, hall.url)
    page = visit.page
    sign_in(page, hall, "madoguchi")
    page.goto(f"{hall.url}/desk/petitions/new")
    page.get_by_text("表から取り込む").click()
    page.get_by_label("コピーした行を貼り付ける").fill(twelve_rows())
    page.get_by_role("button", name="表を読み込む").click()
    expect(page.get_by_text("12件を読み込みました")).to_be_visible()
    expect(page.locator("#pt-items .dk-pt-item")).to_have_count(12)
    page.get_by_label("自治会", exact=True).select_option(label="本町")
    page.get_by_label("代表者の役職").fill("会長")
    page.locator("[data-map]").first.click()
    expect(page.locator("#pt-map-box")).to_have_attribute("data-ready", "yes")
    page.get_by_role("button", name="地図の中央にする").click()
    page.get_by_role("button", name="この場所にする").click()
    expect(page.locator("[data-where]").first).to_contain_text("地図で選んだ場所")
    page.get_by_role("button", name="登録する").last.click()
    expect(page.get_by_text("要望書を登録しました")).to_be_visible()
    address = page.url.split("?")[0]
    expect(page.locator(".dk-pt-pin")).to_have_count(12)

    sign_in(page, hall, "doboku")
    page.goto(address)
    expect(page.locator(".dk-pt-wish form")).to_have_count(len(ROADS))
    answer(page, 1, ANSWERS[1])
    for position in ROADS[1:]:
        send_answer(page, address, position, ANSWERS[position % 5])
    page.reload()
    expect(page.get_by_text("未回答が5件あります")).to_be_visible()
    sign_in(page, hall, "toshi")
    page.goto(address)
    answer(page, 8, ANSWERS[3])
    for position in PARKS[1:]:
        send_answer(page, address, position, ANSWERS[position % 5])

    sign_in(page, hall, "madoguchi")
    page.goto(address)
    page.get_by_label("文書番号").fill("見総第123号")
    page.get_by_role("button", name="回答書を発行する").click()
    expect(page.get_by_text("回答書を発行しました")).to_be_visible()
    link = page.get_by_role("link", name=re.compile("^PDF 1$"))
    letter = context.request.get(f"{hall.url}{link.get_attribute('href')}").body()
    context.close()

    assert visit.outside == [] and visit.troubles == []
    document = pypdfium2.PdfDocument(letter)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    plain = re.sub(r"\s", "", text)
    for words in (
        "見総第123号",
        "本町自治会会長様",
        "要望12件について",
        "令和8年度要望書",
        "要望箇所の地図",
        "建設課",
        "都市計画課",
    ):
        assert words in plain, words
    for position in range(1, 13):
        assert f"要望その{position}" in plain and f"{position}番への町の回答です。" in plain
    assert "実施予定（R9年度）" in plain and "案】" not in plain
    drawn = [one.render(scale=1.5).to_pil().convert("RGB") for one in document]
    for number, picture in enumerate(drawn, start=1):
        picture.save(tmp_path / f"letter-{number}.png")
    assert len(drawn[-1].getcolors(1 << 20) or []) > 50, "the last page is the map"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_have_no_accessibility_failure_and_do_not_scroll_sideways(
    hall: Server, chromium: Browser, width: int
) -> None:
    context, visit = visiting(chromium, hall.url, width, bypass_csp=True)
    page = visit.page
    sign_in(page, hall, "admin")
    found = []
    for path in ("", "/new", "/R8-001", "/R7-001", "/R7-001/edit"):
        page.goto(f"{hall.url}/desk/petitions{path}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found += [f"{path}: {line}" for line in failures(page.main_frame)]
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        if wide[0] > wide[1]:
            found.append(f"{path}: {wide[0]} px in a window of {wide[1]} px")
    page.goto(f"{hall.url}/desk/petitions/new")
    page.get_by_role("button", name="登録する").last.click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += [f"faults: {line}" for line in failures(page.main_frame)]
    context.close()
    assert found == []
