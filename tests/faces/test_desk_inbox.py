"""受付・対応 over a real server: what somebody finds, what they do with many reports, and what they take back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

import reports_store
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from reports_store import Priority, Report, Status
from tests.faces.test_signing_in import signed_in
from tests.report_makers import PLANTED, pothole
from tests.serving import copied, serving

LOGINS = ("doboku", "kacho", "kankyo", "madoguchi", "etsuran", "admin")
HIDDEN = "park_playground"


class Hall:
    """The running app, a browser of each person, and the town itself to look at what became of a report."""

    def __init__(self, town: Town, browsers: dict[str, httpx.Client]) -> None:
        self.town, self.browsers = town, browsers

    def file(self, **about: object) -> Report:
        """A fresh report of the sample town's middle."""
        lon, lat = self.town.profile.center
        return self.town.reports.add(pothole(lon=lon, lat=lat, received_at=self.town.now(), **about)).report  # type: ignore[arg-type]

    def now(self, report: Report) -> Report:
        return self.town.reports.by_id(report.id)

    def page(self, login: str, query: str = "") -> str:
        answer = self.browsers[login].get(f"/desk/{query}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def numbers(self, login: str, query: str) -> list[str]:
        return re.findall(r'class="dk-line[^"]*" data-id="([^"]+)"', self.page(login, query))

    def bulk(self, login: str, reports: list[Report], **form: str) -> str:
        """What the inbox tells after a step with reports as they were seen."""
        picks = [f"{one.public_id}:{one.version}" for one in reports]
        sent = {"uuid": str(uuid4()), "back": "q=x", **form, "pick": picks}
        answer = self.browsers[login].post("/desk/bulk", data=sent)
        assert (answer.status_code, answer.headers["location"].split("&done=")[0]) == (303, "/desk/?q=x")
        return self.page(login, "?" + answer.headers["location"].split("?")[1])

    def undo(self, login: str, page: str) -> str:
        """What the inbox tells after the undo that a page offers was pressed."""
        form = page.split('id="dk-undo"')[1].split("</form>")[0]
        fields = re.findall(r'name="(\w+)" value="([^"]*)"', form)
        sent = {name: [value for key, value in fields if key == name] for name in ("uuid", "back", "number")}
        answer = self.browsers[login].post("/desk/undo", data=sent)
        return self.page(login, "?" + answer.headers["location"].split("?")[1])


@pytest.fixture(scope="module")
def hall(sample_town: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = copied(sample_town, tmp_path_factory.mktemp("inbox") / "var")  # type: ignore[arg-type]
    keep_parks_for_their_department(data)
    town = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
    with serving(data) as server, ExitStack() as stack:
        stack.callback(town.close)
        browsers = {login: stack.enter_context(closing(signed_in(server, login))) for login in LOGINS}
        yield Hall(town, browsers)


def keep_parks_for_their_department(data: Path) -> None:
    """The town has decided that reports of playgrounds are for 都市計画課 alone."""
    shipped = (Path(reports_store.__file__).parent / "categories.toml").read_text(encoding="utf-8")
    own = shipped.replace(f"[{HIDDEN}]\n", f'[{HIDDEN}]\nseen_by = ["都市計画課"]\n', 1)
    (data / "categories.toml").write_text(own, encoding="utf-8")


def test_a_word_in_the_middle_of_a_sentence_finds_the_report_and_nothing_else(hall: Hall) -> None:
    wanted = hall.file(body="橋のたもとの側溝のふたが割れています")
    hall.file(body="橋のたもとの街灯が消えています")

    assert hall.numbers("doboku", "?q=もとの側溝") == [wanted.public_id]
    page = hall.page("doboku", "?q=もとの側溝")
    assert 'id="dk-count" role="status">1件<' in page
    assert "条件に合う通報はありません" in hall.page("doboku", "?q=そのような言葉はない")


def test_conditions_stand_in_the_address_and_restrict_together(hall: Hall) -> None:
    urgent = hall.file(body="組み合わせの試験")
    hall.bulk("madoguchi", [urgent], act="priority", priority="emergency")

    assert hall.numbers("madoguchi", "?q=組み合わせの試験&priority=emergency&state=received") == [
        urgent.public_id
    ]
    assert hall.numbers("madoguchi", "?q=組み合わせの試験&priority=emergency&state=ended") == []
    assert hall.numbers("madoguchi", "?q=組み合わせの試験&photo=yes") == []
    assert hall.numbers("madoguchi", "?q=組み合わせの試験&department=環境課") == []
    assert hall.now(urgent).priority is Priority.EMERGENCY


def test_the_pages_of_a_long_list_follow_each_other_without_gap_or_repetition(hall: Hall) -> None:
    found, address = [], "?state=any&order=oldest"
    while address:
        page = hall.page("admin", address)
        found += re.findall(r'class="dk-line[^"]*" data-id="([^"]+)"', page)
        following = re.search(r'rel="next" href="/desk/([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""

    assert len(found) == len(set(found)) > 250
    assert f">{len(found)}件<" in page


def test_the_map_and_the_list_speak_of_the_same_reports(hall: Hall) -> None:
    browser = hall.browsers["admin"]
    west, south, east, north = hall.town.profile.bounds
    for query in ("state=open", "category=road_damage&state=any", "due=late"):
        drawn = browser.get(f"/desk/map.json?bbox={west},{south},{east},{north}&z=13&{query}").json()[
            "features"
        ]
        listed = browser.get(f"/desk/list.json?{query}").json()["total"]
        assert sum(one["properties"].get("cluster", 1) for one in drawn) == listed > 0


def test_a_clerk_gives_three_reports_to_a_department_and_takes_it_back(hall: Hall) -> None:
    reports = [hall.file(body="まとめて割り当てる") for _ in range(3)]

    told = hall.bulk("madoguchi", reports, act="assign", assignee="kankyo", triage="yes")

    assert "3件の担当を決めました" in told
    given = [hall.now(one) for one in reports]
    assert {(one.department, one.assignee, one.status) for one in given} == {
        ("環境課", "kankyo", Status.TRIAGED)
    }

    undone = hall.undo("madoguchi", told)

    back = [hall.now(one) for one in reports]
    assert {(one.department, one.assignee) for one in back} == {(reports[0].department, None)}
    assert "0件を元に戻しました" in undone
    assert "次の3件は、一部だけ元に戻しました" in undone
    assert "担当は元に戻しました。 状態は「担当決定」のままです。「受付」へは戻せません" in undone
    assert "戻せませんでした" not in undone
    assert "もう取り消してあります" in hall.undo("madoguchi", told)


def test_who_gave_a_report_away_by_mistake_may_take_the_gift_back_but_not_what_others_changed_since(
    hall: Hall,
) -> None:
    mine, touched = hall.file(), hall.file()
    told = hall.bulk("doboku", [mine, touched], act="assign", department="環境課")
    hall.bulk("kankyo", [hall.now(touched)], act="priority", priority="high")

    undone = hall.undo("doboku", told)

    assert "1件を元に戻しました" in undone
    assert (hall.now(mine).department, hall.now(touched).department) == ("建設課", "環境課")
    assert touched.public_id in undone.split('id="dk-result"')[1].split("</ul>")[0]


def test_taking_back_tells_of_a_report_that_is_not_ones_to_see_as_of_none(hall: Hall) -> None:
    secret = hall.file(category=HIDDEN, body="見えない通報")
    told = {}
    for number in (secret.public_id, "R8-999999"):
        sent = {"uuid": str(uuid4()), "back": "", "number": number}
        answer = hall.browsers["doboku"].post("/desk/undo", data=sent)
        page = hall.page("doboku", "?" + answer.headers["location"].split("?")[1])
        told[number] = page.split('id="dk-result"')[1].split("</ul>")[0].replace(number, "")
    assert len(set(told.values())) == 1, told


def test_more_than_can_be_done_at_once_is_refused_in_words_and_nothing_is_done(hall: Hall) -> None:
    report = hall.file()
    picks = [f"{report.public_id}:{report.version}", *(f"R1-{n:06d}:1" for n in range(300))]
    sent = {"uuid": str(uuid4()), "back": "", "act": "priority", "priority": "high", "pick": picks}
    answer = hall.browsers["doboku"].post("/desk/bulk", data=sent)
    assert "一度に操作できるのは200件までです" in hall.page(
        "doboku", "?" + answer.headers["location"].split("?")[1]
    )
    assert hall.now(report).version == report.version


def test_one_that_is_stale_or_of_another_department_stops_no_other_and_is_told_why(hall: Hall) -> None:
    good, stale = hall.file(), hall.file()
    foreign = hall.file(category="illegal_dumping")
    hall.bulk("kacho", [stale], act="priority", priority="high")

    told = hall.bulk("doboku", [good, stale, foreign], act="state", status="triaged")

    assert "1件の状態を変えました" in told
    assert "次の2件は、このとおりにはできませんでした" in told
    result = told.split('id="dk-result"')[1].split("</ul>")[0]
    assert (stale.public_id in result, foreign.public_id in result, good.public_id in result) == (
        True,
        True,
        False,
    )
    assert [hall.now(one).status for one in (good, stale, foreign)] == [
        Status.TRIAGED, Status.RECEIVED, Status.RECEIVED,
    ]  # fmt: skip


def test_a_step_that_the_workflow_forbids_is_refused_in_words_for_each(hall: Hall) -> None:
    report = hall.file()
    told = hall.bulk("doboku", [report], act="state", status="resolved", internal="現地で直した")
    assert "0件の状態を変えました" in told
    assert "いまの状態からは" in told.split('id="dk-result"')[1].split("</ul>")[0]
    assert hall.now(report).version == report.version


def test_pressing_twice_does_it_once(hall: Hall) -> None:
    report, uuid = hall.file(), str(uuid4())
    for _ in range(2):
        told = hall.bulk("doboku", [report], act="reply", reply="見に行きます。", uuid=uuid)
    assert "1件に返信しました" in told
    assert hall.now(report).version == report.version + 1
    given, uuid = hall.file(), str(uuid4())
    for _ in range(2):
        told = hall.bulk("doboku", [given], act="assign", department="環境課", triage="yes", uuid=uuid)
    assert "1件の担当を決めました" in told
    assert "次の1件は、一部だけ元に戻しました" in hall.undo("doboku", told)


def test_one_press_on_a_line_takes_a_report_for_oneself(hall: Hall) -> None:
    report = hall.file()
    hall.bulk("doboku", [], take=f"{report.public_id}:{report.version}")
    taken = hall.now(report)
    assert (taken.assignee, taken.status) == ("doboku", Status.TRIAGED)
    assert report.public_id in hall.numbers("doboku", "?of=mine&state=open")


def test_nothing_picked_and_nothing_chosen_are_answered_in_words(hall: Hall) -> None:
    assert "通報が選ばれていません" in hall.bulk("doboku", [], act="priority", priority="high")
    assert "何をするかが選ばれていません" in hall.bulk("doboku", [hall.file()], act="priority")
    assert "結果の表示は残っていません" in hall.page("doboku", f"?state=any&done={uuid4()}")


def test_a_reader_sees_the_list_and_has_no_way_to_change_it(hall: Hall) -> None:
    assert 'id="dk-bulk-bar"' not in hall.page("etsuran")
    sent = {"uuid": str(uuid4()), "pick": "R8-000001:1", "act": "priority", "priority": "high"}
    assert hall.browsers["etsuran"].post("/desk/bulk", data=sent).status_code == 403


def test_a_choice_is_kept_under_a_name_for_oneself_or_for_the_department(hall: Hall) -> None:
    back = "state=open&category=road_damage&q=穴"
    for name, shared in (("私の穴", ""), ("課の穴", "yes")):
        hall.browsers["doboku"].post("/desk/views", data={"name": name, "shared": shared, "back": back})

    own, colleague, other = hall.page("doboku"), hall.page("kacho"), hall.page("kankyo")

    assert ("私の穴" in own, "課の穴" in own) == (True, True)
    assert ("私の穴" in colleague, "課の穴" in colleague) == (False, True)
    assert "課の穴" not in other
    kept = re.search(r'href="(/desk/\?[^"]+)">課の穴', colleague)
    assert kept
    assert "category=road_damage" in kept[1]
    number = re.search(r'name="drop" value="(\d+)"', own)
    assert number
    hall.browsers["kankyo"].post("/desk/views", data={"drop": number[1]})
    assert "私の穴" in hall.page("doboku")
    hall.browsers["doboku"].post("/desk/views", data={"drop": number[1]})
    assert "私の穴" not in hall.page("doboku")


def test_new_reports_are_counted_from_the_moment_the_list_was_drawn(hall: Hall) -> None:
    at = hall.town.now()
    hall.file()
    hall.file(category="illegal_dumping")
    ask = hall.browsers["doboku"].get
    assert (
        ask("/desk/news.json", params={"at": at.isoformat(), "category": "illegal_dumping"}).json()["new"]
        == 1
    )
    assert ask("/desk/news.json", params={"at": hall.town.now().isoformat()}).json()["new"] == 0


@pytest.mark.parametrize("planted", PLANTED)
def test_what_people_wrote_stays_text(hall: Hall, planted: str) -> None:
    report = hall.file(body=planted)
    page = hall.page("doboku", f"?q={report.public_id}")
    assert "1337" not in page
    assert "<img src=x" not in page
    assert "<script>window" not in page


def test_the_page_of_settings_lists_what_ones_rights_open(hall: Hall) -> None:
    assert hall.browsers["doboku"].get("/desk/admin").status_code == 403
    page = hall.browsers["admin"].get("/desk/admin").text
    for name in ("routing", "outbox", "hooks", "users", "trail", "retention"):
        assert f'href="/desk/admin/{name}"' in page
