"""自治会の要望 over a real server: who may do what, what is refused in words, and what the letter holds."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from gisapp.flows.desk.acting import Desk
from gisapp.flows.desk.petitions import petition_seen
from gisapp.person import Person, Role
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from reports_store import Channel, EventKind, Status, Visibility
from reports_store.petition import Petition, PetitionAnswer
from tests.faces.test_signing_in import signed_in
from tests.photo_makers import photo_bytes
from tests.report_makers import moved
from tests.serving import Server, copied, serving

BASE = "/desk/petitions"
PLACE = {"lon": "137.0463", "lat": "35.6443"}


@pytest.fixture(scope="module")
def hall(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(copied(sample_town, tmp_path_factory.mktemp("petitions") / "var")) as server:
        yield server


@pytest.fixture(scope="module")
def town(hall: Server) -> Iterator[Town]:
    """The town behind the server, to see what it has kept."""
    with closing(open_town(Settings.from_env({"GISAPP_DATA": str(hall.data)}))) as opened:
        yield opened


@pytest.fixture(scope="module")
def clerk(hall: Server) -> Iterator[httpx.Client]:
    with closing(signed_in(hall, "madoguchi")) as client:
        yield client


def form(*wishes: dict[str, str], **head: str) -> dict[str, str]:
    filled = {
        "uuid": str(uuid4()),
        "association": "association-0001",
        "fiscal_year": "2026",
        "act": "file",
        **head,
    }
    for n, wish in enumerate(wishes, start=1):
        filled |= {f"w{n}-{name}": value for name, value in wish.items()}
    return filled


def wish(title: str = "側溝の蓋", category: str = "road_damage", **more: str) -> dict[str, str]:
    return {"title": title, "category": category, **PLACE, **more}


def removed(town: Town, number: str) -> str:
    """Ten years later nothing is left of a report that was resolved; its category."""
    report = town.reports.get(number)
    for status in (Status.TRIAGED, Status.INVESTIGATING, Status.RESOLVED):
        event = replace(moved(status, noted="済み"), at=town.now())
        town.reports.append(report.id, event, seen=town.reports.get(number).version)
    later = town.now() + timedelta(days=3660)
    for _ in ("archived", "removed"):
        due = [one for one in town.reports.retention_due(later) if one.public_id == number]
        town.reports.carry_out_retention(due, "admin", later)
    return report.category


def number_in(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:2000]
    return re.search(r"/petitions/([^/?]+)", answer.headers["location"])[1]  # type: ignore[index]


def filed(clerk: httpx.Client, *wishes: dict[str, str], **head: str) -> str:
    """The address of a new petition."""
    return f"{BASE}/{number_in(clerk.post(f'{BASE}/new', data=form(*wishes, **head)))}"


def kept(town: Town, address: str) -> Petition:
    return town.reports.petition(f"要{address.rpartition('/')[2]}")


def answering(seen: int = 1, position: int = 1, answer: str = "done", **more: str) -> dict[str, str]:
    return {"position": str(position), "seen": str(seen), "answer": answer, "text": "直しました", **more}


def test_the_overview_tells_each_association_and_year_and_what_is_unanswered(clerk: httpx.Client) -> None:
    whole = clerk.get(BASE).text
    waiting = clerk.get(f"{BASE}?answer=unanswered").text

    for words in ("R7年度", "R8年度", "西町", "未回答 4", "回答書 発行済", "要R7-001"):
        assert words in whole
    assert "要R7-002" not in waiting and "要R8-001" in waiting


def test_each_wish_becomes_a_report_on_the_desk(clerk: httpx.Client, town: Town) -> None:
    address = filed(
        clerk, wish(consents="board"), wish("遊具の点検", "park_playground", lon="", lat=""), name="見本 一郎"
    )

    petition = kept(town, address)
    first, second = (town.reports.get(one.report) for one in petition.items)
    assert (first.channel, first.department, first.body) == (Channel.JICHIKAI, "建設課", "側溝の蓋")
    assert (first.contact_given, second.place.accuracy_m is not None) == (False, True)
    page = clerk.get(address).text
    assert petition.items[0].report in page and "自治会の区域全体" in page
    assert "見本 一郎" not in page


def test_the_same_form_twice_is_one_petition(clerk: httpx.Client, town: Town) -> None:
    sent = form(wish())
    numbers = {number_in(clerk.post(f"{BASE}/new", data=sent)) for _ in range(2)}
    assert len(numbers) == 1


def test_every_fault_of_a_form_is_told_at_once_and_nothing_is_kept(clerk: httpx.Client, town: Town) -> None:
    before = town.reports.revision()
    sent = form(
        wish("", "no_such_kind"),
        wish(priority="9"),
        wish(lon="10", lat="10"),
        wish(lon="", lat="", place_text="どこにもない場所"),
        wish(report="R8-999999"),
        wish(lon="x", lat="y"),
        association="",
        fiscal_year="八",
    )
    answer = clerk.post(f"{BASE}/new", data=sent)

    assert answer.status_code == 422
    for words in (
        "自治会を選ぶか", "年度を西暦4けた", "件名を入力", "no_such_kind", "優先順位「9」", "場所が町の外", "どこにもない場所",
        "R8-999999", "「y x」を読めません",
    ):  # fmt: skip
        assert words in answer.text, words
    assert town.reports.revision() == before


def test_a_report_that_is_there_is_linked_and_none_is_made(clerk: httpx.Client, town: Town) -> None:
    known = kept(town, filed(clerk, wish())).items[0].report
    petition = kept(town, filed(clerk, {"title": "同じ側溝", "report": known}))
    assert petition.items[0].report == known


def test_a_report_of_another_department_is_linked_by_that_department_or_a_clerk_alone(
    hall: Server, clerk: httpx.Client, town: Town
) -> None:
    known = kept(town, filed(clerk, wish())).items[0].report  # 建設課's
    before = town.reports.get(known).version
    linking = form({"title": "同じ側溝", "report": known})
    with closing(signed_in(hall, "toshi")) as toshi:
        refused = toshi.post(f"{BASE}/new", data=linking)
    assert refused.status_code == 422
    assert f"「{known}」は建設課の通報です" in refused.text
    assert town.reports.get(known).version == before
    with closing(signed_in(hall, "doboku")) as doboku:
        assert doboku.post(f"{BASE}/new", data=linking).status_code == 303


def test_an_item_stays_hidden_when_the_time_of_its_report_is_over(clerk: httpx.Client, town: Town) -> None:
    address = filed(clerk, wish("見せない題", "water_leak"))
    petition = kept(town, address)
    (item,), stone = petition.items, removed(town, petition.items[0].report)
    kept_back = {**town.categories, stone: replace(town.categories[stone], seen_by=("上下水道課",))}
    person = Person("toshi", "都市計画課の職員", "都市計画課", frozenset({Role.STAFF}))
    own, others = (
        petition_seen(petition.number, Desk(town.reports, kept_back, one, town.now)).items[0]
        for one in (replace(person, department="上下水道課"), person)
    )
    assert (item.report, own.report, others.report) == (item.report, None, None)
    assert (own.hidden, others.hidden, others.may_answer) == (False, True, False)


def test_photos_of_a_wish_reach_its_report_and_survive_a_form_sent_back(
    clerk: httpx.Client, town: Town
) -> None:
    picture = {
        "w1-photos": ("mizo.jpg", photo_bytes(), "image/jpeg"),
        "w2-photos": ("x.jpg", b"no photo", "image/jpeg"),
    }
    sent = form(wish(), wish("二つ目"))
    back = clerk.post(f"{BASE}/new", data=sent, files=picture)
    assert back.status_code == 422
    assert "「x.jpg」は写真ではありません" in back.text
    assert "受け取った写真 1枚" in back.text
    seal = re.search(r'name="w1-kept" value="([^"]+)"', back.text)[1]  # type: ignore[index]

    answer = clerk.post(f"{BASE}/new", data={**sent, "w1-kept": seal})

    report = town.reports.get(kept(town, f"x/{number_in(answer)}").items[0].report)
    assert report.photo_count == 1


def a_table(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in (("件名", "種類", "緯度", "経度", "優先順位", "同意"), *rows):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_table_fills_the_form_and_says_what_is_wrong_with_it(clerk: httpx.Client) -> None:
    body = a_table(
        ("穴", "道路の損傷", 35.6443, 137.0463, 1, "役員会・班長"), ("暗い", "ふしぎ", "", "", 1, "町長")
    )
    answer = clerk.post(
        f"{BASE}/new", data=form(act="read"), files={"table": ("要望.xlsx", body, "application/octet-stream")}
    )

    assert "2件を読み込みました" in answer.text
    assert re.search(r'name="w1-consents" value="board" checked', answer.text)
    for words in ("種類「ふしぎ」", "優先順位「1」", "同意「町長」"):
        assert words in answer.text


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "ファイルを選ぶか"),
        ({"paste": "件名\t種類"}, "表に要望がありません"),
        ({"paste": "種類\n穴"}, "「件名」の列がありません"),
    ],
)
def test_a_table_that_cannot_be_used_is_answered_in_words(
    clerk: httpx.Client, sent: dict[str, str], told: str
) -> None:
    assert told in clerk.post(f"{BASE}/new", data=form(act="read", **sent)).text


def test_a_broken_excel_file_is_answered_in_words(clerk: httpx.Client) -> None:
    files = {"table": ("a.xlsx", b"PK\x03\x04broken", "application/octet-stream")}
    answer = clerk.post(f"{BASE}/new", data=form(act="read"), files=files)
    assert answer.status_code == 200
    assert "ファイルを読めません" in answer.text


def test_the_template_is_read_back(clerk: httpx.Client) -> None:
    book = load_workbook(io.BytesIO(clerk.get(f"{BASE}/template.xlsx").content))
    assert [cell.value for cell in book.worksheets[0][1]][:3] == ["優先順位", "件名", "内容"]
    assert "道路の損傷" in [row[0].value for row in book.worksheets[1].iter_rows()]


def test_a_department_answers_its_own_items_and_no_others(
    hall: Server, clerk: httpx.Client, town: Town
) -> None:
    address = filed(clerk, wish(), wish("遊具", "park_playground"))
    with closing(signed_in(hall, "doboku")) as doboku:
        own = doboku.post(f"{address}/answer", data=answering())
        others = doboku.post(f"{address}/answer", data=answering(position=2))
        whole = doboku.get(f"{address}/edit")

    assert own.status_code == 303
    assert (others.status_code, "都市計画課" in others.text) == (403, True)
    assert whole.status_code == 403
    assert [one.answer for one in kept(town, address).items] == [PetitionAnswer.DONE, None]
    page = clerk.get(address).text
    assert "建設課の職員" in page and "doboku" not in page


def test_what_was_typed_stays_when_somebody_else_was_first(clerk: httpx.Client) -> None:
    address = filed(clerk, wish())
    assert clerk.post(f"{address}/answer", data=answering()).status_code == 303

    late = clerk.post(f"{address}/answer", data=answering(text="わたしの書いた回答"))

    assert late.status_code == 409
    assert "わたしの書いた回答" in late.text and "ほかの人が先に" in late.text


def test_an_answer_without_its_reason_is_refused_in_words(clerk: httpx.Client) -> None:
    address = filed(clerk, wish())
    for sent, told in (
        (answering(answer="difficult", text=""), "理由や引き継ぎ先"),
        (answering(answer="planned"), "実施する年度を選んで"),
        (answering(answer="maybe"), "回答を選んで"),
    ):
        refused = clerk.post(f"{address}/answer", data=sent)
        assert (refused.status_code, told in refused.text) == (422, True)


def test_the_letter_waits_for_every_answer_and_then_says_it_to_residents_too(
    clerk: httpx.Client, town: Town
) -> None:
    address = filed(clerk, wish("=1+1"), wish("遊具", "park_playground"))
    issue = {"dated": "2026-11-30", "document_number": "見総第9号", "mayor": ""}
    clerk.post(f"{address}/answer", data=answering(text='=HYPERLINK("x")'))
    early = clerk.post(f"{address}/issue", data={**issue, "seen": "2"})
    clerk.post(f"{address}/answer", data=answering(position=2, answer="planned", planned_year="2027"))
    stale = clerk.post(f"{address}/issue", data={**issue, "seen": "2"})
    issued = clerk.post(f"{address}/issue", data={**issue, "seen": "3"})

    assert (early.status_code, "2番" in early.text) == (422, True)
    assert (stale.status_code, issued.status_code) == (409, 303)
    sheet = load_workbook(io.BytesIO(clerk.get(f"{address}/letter.xlsx?edition=1").content)).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {'=HYPERLINK("x")', "実施予定（R9年度）", "見総第9号", "本町自治会　会長　様"} <= {
        cell.value for cell in cells
    }
    assert all(cell.data_type != "f" for cell in cells)
    report = town.reports.get(kept(town, address).items[1].report)
    last = town.reports.events(report.id)[-1]
    assert last.kind is EventKind.PUBLIC_REPLY
    assert last.public_message == "自治会の要望への回答：実施予定（R9年度）\n直しました"
    assert "本町" not in last.public_message


def test_an_answer_changed_after_the_letter_asks_for_another_edition(clerk: httpx.Client, town: Town) -> None:
    address = filed(clerk, wish())
    clerk.post(f"{address}/answer", data=answering())
    clerk.post(f"{address}/issue", data={"dated": "2026-11-30", "seen": "2"})
    clerk.post(f"{address}/answer", data=answering(seen=2, answer="considered", text="もう一度調べます"))

    assert "発行したあとに回答が変わりました" in clerk.get(address).text
    assert clerk.post(f"{address}/issue", data={"dated": "2026-12-01", "seen": "3"}).status_code == 303
    first, second = kept(town, address).letters
    assert (first.content["items"][0]["text"], second.content["items"][0]["text"]) == (
        "直しました",
        "もう一度調べます",
    )  # type: ignore[index]


def test_carried_over_it_is_found_from_both_years(clerk: httpx.Client, town: Town) -> None:
    address = filed(clerk, wish(), wish("水路", "river_channel"), association="association-0002")
    clerk.post(f"{address}/answer", data=answering())

    answer = clerk.post(f"{address}/carry", data={"item": "2", "seen": "2", "uuid": str(uuid4())})

    target = f"{BASE}/{number_in(answer)}"
    petition = kept(town, target)
    assert (petition.fiscal_year, [one.title for one in petition.items]) == (2027, ["水路"])
    assert "から引き継ぎ" in clerk.get(target).text and "へ引き継ぎ" in clerk.get(address).text


def test_what_was_typed_wrongly_is_corrected_together(clerk: httpx.Client, town: Town) -> None:
    address = filed(clerk, wish("一"), wish("二"))
    right = {
        "i1-title": "壱",
        "i1-body": "",
        "i1-priority": "2",
        "i2-title": "弐",
        "i2-priority": "1",
        "seen": "1",
    }
    assert "同意" in clerk.get(f"{address}/edit").text
    assert clerk.post(f"{address}/edit", data={**right, "i2-priority": "2"}).status_code == 422
    assert clerk.post(f"{address}/edit", data=right).status_code == 303
    assert [(one.title, one.priority) for one in kept(town, address).items] == [("壱", 2), ("弐", 1)]


def test_the_representatives_name_is_shown_for_a_reason_that_is_written_down(
    hall: Server, clerk: httpx.Client, town: Town
) -> None:
    address = filed(clerk, wish(), name="架空 五月", role="会長")
    with closing(signed_in(hall, "genba")) as field:
        assert field.post(f"{address}/representative", data={"why": "x"}).status_code == 403
    with closing(signed_in(hall, "toshi")) as other_department:
        assert other_department.post(f"{address}/representative", data={"why": "x"}).status_code == 403
    assert clerk.post(f"{address}/representative", data={"why": " "}).status_code == 422

    shown = clerk.post(f"{address}/representative", data={"why": "電話で確かめるため"})

    assert "架空 五月" in shown.text
    line = town.reports.latest_audit(limit=1)[0]
    assert (line.actor, line.action, line.target) == ("madoguchi", "view_contact", kept(town, address).number)
    assert "架空" not in clerk.get(f"{address}/letter.xlsx").text


def test_planted_words_run_nowhere(clerk: httpx.Client) -> None:
    odd = '<img src=x onerror="1">{{7*191}}'
    address = filed(clerk, wish(odd, body=odd, place_text=""))
    page = clerk.get(address).text
    assert "<img src=x" not in page and "1337" not in page
    assert clerk.get(f"{address}/letter.pdf").status_code == 200


def test_a_letter_that_leaves_is_in_the_trail(clerk: httpx.Client, town: Town) -> None:
    address = filed(clerk, wish())
    for name in ("letter.pdf", "letter.xlsx"):
        assert clerk.get(f"{address}/{name}").status_code == 200
        line = town.reports.latest_audit(limit=1)[0]
        number = kept(town, address).number
        assert (line.actor, line.action, line.target) == ("madoguchi", "export", number)
        assert line.detail["format"] == name


def test_a_report_is_no_more_public_for_having_been_asked_for(clerk: httpx.Client, town: Town) -> None:
    report = town.reports.get(kept(town, filed(clerk, wish("漏水", "water_leak"))).items[0].report)
    assert not report.body_public
    assert report.visibility in {Visibility.PUBLIC, Visibility.PENDING}
