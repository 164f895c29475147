"""振り分けの規則, 送信の状況 and 外部のプログラム over the running app: tried before changed, told to both of two editors."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gisapp.auth.demo import plant_accounts
from gisapp.cli import main
from gisapp.flows.desk.routing_file import own_file
from gisapp.flows.hooks.signing import headers
from gisapp.profile import Office
from gisapp.town import Town
from reports_store import EventKind, MailState, NewMail, Report, Status
from reports_store.audit import RULES_CHANGED
from tests.faces.test_hooks import Receiver, documented, receiving
from tests.faces.test_signing_in import signed_in
from tests.front_door import phone, words
from tests.report_makers import PLANTED, pothole, step
from tests.serving import Server, serving
from tests.small_town import small_town

PAGE, HOOKS, OUTBOX = "/desk/admin/routing", "/desk/admin/hooks", "/desk/admin/outbox"
TO_KANKYO = '[[rules]]\nname = "道路は環境課へ"\nwhen = { category = ["road_damage"] }\nthen = { department = "環境課" }\n'


@dataclass
class Hall:
    """The running app, the same town opened beside it, the administrator's browser and a clerk's."""

    server: Server
    town: Town
    admin: httpx.Client
    clerk: httpx.Client
    receiver: Receiver

    def reported(self, **changed: Any) -> Report:
        """A resident's report, sent as the form's script sends it."""
        place = {"lon": 136.5, "lat": 35.5, "source": "gps", "accuracy_m": 8}
        given = words(self.server, place=place, answers={}, **changed)
        with closing(phone(self.server)) as browser:
            answer = browser.post("/api/reports", json=given)
        assert answer.status_code in (200, 201), answer.text
        return self.town.reports.by_uuid(given["uuid"])

    def post(self, path: str, **form: Any) -> httpx.Response:
        return self.admin.post(path, data=form)

    def apply(self, text: str, seen: str | None = None) -> httpx.Response:
        if seen is None:
            seen = value(self.post(f"{PAGE}/try", action="text", text=text), "seen")
        return self.post(f"{PAGE}/apply", text=text, seen=seen)


def value(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def text_in(page: httpx.Response) -> str:
    found = re.search(r'<textarea id="text"[^>]*>\n?(.*?)</textarea>', page.text, re.S)
    assert found is not None
    return unescape(found[1])


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = tmp_path_factory.mktemp("routing") / "var"
    data.mkdir()
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        town = stack.enter_context(small_town(data, Office("総務課", "somu@example.lg.jp")))
        plant_accounts(town.accounts, datetime.now(UTC))
        allowed = receiver.url.removesuffix("/hook")
        server = stack.enter_context(serving(data, GISAPP_HOOK_HOSTS=allowed))
        admin, clerk = (
            stack.enter_context(closing(signed_in(server, login))) for login in ("admin", "madoguchi")
        )
        yield Hall(server, town, admin, clerk, receiver)


@pytest.fixture(autouse=True)
def shipped_again(hall: Hall) -> Iterator[None]:
    yield
    own_file(hall.server.data).unlink(missing_ok=True)


def test_the_rules_are_read_in_plain_words_and_only_by_who_may_change_them(hall: Hall) -> None:
    page = hall.admin.get(PAGE)
    for told in (
        "県道は県への引継ぎを検討",
        "種類：道路の損傷",
        "道路：県道",
        "引継ぎ先の候補 県（土木事務所）",
    ):
        assert told in page.text
    for path in (PAGE, HOOKS, OUTBOX):
        assert hall.clerk.get(path).status_code == 403
        assert httpx.get(f"{hall.server.url}{path}").headers["location"].startswith("/login?next=")
        assert "no-store" in hall.admin.get(path).headers["cache-control"]


def test_a_residents_report_is_routed_on_arrival_and_its_history_says_why(hall: Hall) -> None:
    before = hall.reported()
    assert hall.apply(TO_KANKYO).status_code == 303
    report = hall.reported()

    assert (before.department, report.department) == ("建設課", "環境課")
    first, *_ = hall.town.reports.events(report.id)
    assert first.to["why"] == "道路の損傷のため「道路は環境課へ」の規則"
    with closing(httpx.Client(base_url=hall.server.url)) as resident:
        public = (
            resident.get("/opendata/reports.geojson").text + resident.get(f"/map/r/{report.public_id}").text
        )
    assert report.public_id in public
    assert "道路は環境課へ" not in public


def test_a_broken_file_stops_no_report_and_is_told_to_who_may_mend_it(hall: Hall) -> None:
    own_file(hall.server.data).write_text(
        '[[rules]]\nname = "壊れた"\nwhen = { category = ["nai"] }\nthen = {}\n'
    )

    report = hall.reported(category="water_leak")

    assert report.department == "上下水道課"
    page = hall.admin.get(PAGE)
    assert "規則のファイルに誤りがあり、使われていません" in page.text
    assert "when.category の「nai」は使えません" in page.text


def test_the_command_line_shows_checks_and_tries_the_rules(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GISAPP_DATA", str(hall.server.data))
    report = hall.town.reports.add(pothole(received_at=datetime.now(UTC))).report
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(TO_KANKYO)
    bad.write_text('[[rules]]\nname = "壊れた"\nthen = { department = 3 }\n')

    asked = (["show"], ["check"], ["check", str(good)], ["dry-run", str(good)])
    assert [main(["routing", *words]) for words in asked] == [0] * 4
    told = capsys.readouterr().out
    assert main(["routing", "check", str(bad)]) == main(["routing", "dry-run", str(bad)]) == 1

    assert "県道は県への引継ぎを検討" in told
    assert "建設課 → 環境課" in told
    assert report.public_id in told
    assert "1番目の規則「壊れた」：then.department の「3」は使えません" in capsys.readouterr().out
    assert not own_file(hall.server.data).exists()


def test_nothing_is_changed_before_a_person_has_seen_what_it_would_do(hall: Hall) -> None:
    report = hall.town.reports.add(pothole(received_at=datetime.now(UTC))).report

    tried = hall.post(f"{PAGE}/try", action="text", text=TO_KANKYO)

    assert tried.status_code == 200
    assert "建設課 → 環境課" in tried.text
    assert f"/desk/r/{report.public_id}" in tried.text
    assert not own_file(hall.server.data).exists()
    assert hall.apply(text_in(tried), value(tried, "seen")).headers["location"] == f"{PAGE}?done=yes"
    assert own_file(hall.server.data).read_text() == TO_KANKYO
    line = hall.town.reports.latest_audit(limit=1)[0]
    assert (line.actor, line.action, line.target) == ("admin", RULES_CHANGED, "routing")


def test_of_two_who_change_the_rules_at_once_the_second_is_told_and_keeps_the_text(hall: Hall) -> None:
    seen = value(hall.post(f"{PAGE}/try", action="text", text=TO_KANKYO), "seen")
    assert hall.apply(TO_KANKYO, seen).status_code == 303
    mine = TO_KANKYO.replace("環境課", "総務課")

    late = hall.apply(mine, seen)

    assert late.status_code == 409
    assert "ほかの人が先に規則を変えました" in late.text
    assert text_in(late) == mine
    assert own_file(hall.server.data).read_text() == TO_KANKYO


@pytest.mark.parametrize(
    "text", ["[[rules]", '[[rules]]\nname = ""\n', "<script>alert(1)</script>", "\ud7ff\u0001"]
)
def test_a_table_with_faults_is_told_about_and_never_put_in_force(hall: Hall, text: str) -> None:
    seen = value(hall.post(f"{PAGE}/try", action="text", text=TO_KANKYO), "seen")
    for answer in (hall.post(f"{PAGE}/try", action="text", text=text), hall.apply(text, seen)):
        assert answer.status_code == 422
        assert "使えない規則があります" in answer.text
        assert "<script>alert" not in answer.text
    assert not own_file(hall.server.data).exists()


def test_a_rule_is_added_moved_and_switched_off_with_buttons(hall: Hall) -> None:
    filled = hall.post(
        f"{PAGE}/try", action="add", name="休みの水漏れ", category=["water_leak"], road_manager=[], area="",
        days="closed", hours="１７：１５～０８：３０", mode="", department="総務課", person="admin", priority="high",
    )  # fmt: skip
    assert 'hours = "17:15-08:30"' in text_in(filled)
    assert "休みの水漏れ" in text_in(filled).splitlines()[1]
    hall.apply(text_in(filled))
    down = hall.post(f"{PAGE}/try", action="down", n="0")
    assert text_in(down).index("災害時の道路") < text_in(down).index("休みの水漏れ")
    off = hall.post(f"{PAGE}/try", action="turn", n="0")
    assert "active = false" in text_in(off).split("[[rules]]")[1]
    assert "休みの水漏れ" not in text_in(hall.post(f"{PAGE}/try", action="drop", n="0"))
    for odd in (
        {"action": "up", "n": "0"},
        {"action": "drop", "n": "99"},
        {"action": "drop", "n": "x"},
        {"action": "?"},
        {},
    ):
        assert hall.post(f"{PAGE}/try", **odd).status_code == 400
    bad = hall.post(f"{PAGE}/try", action="add", name="", hours="いつか", category=["nai"])
    assert bad.status_code == 422
    assert bad.text.count("<li>") >= 3


def test_a_rule_about_equipment_is_added_from_the_form(hall: Hall) -> None:
    offered = re.findall(r'name="asset" value="([^"]+)"', hall.admin.get(PAGE).text)
    assert "street_light" in offered and "parcel" not in offered
    tried = hall.post(
        f"{PAGE}/try", action="add", name="街灯の指定", asset=["street_light"], department="総務課"
    )
    assert (tried.status_code, 'asset = ["street_light"]' in text_in(tried)) == (200, True)


def test_what_was_in_force_before_can_be_brought_back(hall: Hall) -> None:
    shipped = text_in(hall.admin.get(PAGE))
    hall.apply(TO_KANKYO)
    name = re.findall(r'name="name" value="([^"]+\.toml)"', hall.admin.get(PAGE).text)[0]
    assert text_in(hall.post(f"{PAGE}/try", action="restore", name=name)) == shipped
    assert hall.post(f"{PAGE}/try", action="restore", name="../secret.key").status_code == 400


def test_moves_by_hand_are_shown_as_a_suggestion_and_nothing_follows_by_itself(hall: Hall) -> None:
    for _ in range(4):
        report = hall.reported(category="street_light")
        hall.town.reports.append(
            report.id,
            step(EventKind.ASSIGN, {"department": "建設課"}, at=datetime.now(UTC)),
            seen=report.version,
        )

    page = hall.admin.get(PAGE)

    assert re.search(
        r"直近90日に「[^」]+」で\S+課に届いた通報4件のうち4件が建設課へ移されました。規則を変えますか。",
        page.text,
    )
    assert hall.reported(category="street_light").department != "建設課"
    form = {name: value(page, name) for name in ("category", "old", "new")}
    tried = hall.post(f"{PAGE}/try", action="suggest", **form)
    assert "このうち4件は、職員が手で移した先と同じ課です。" in tried.text
    assert not own_file(hall.server.data).exists()
    assert hall.post(f"{PAGE}/try", action="suggest", **{**form, "new": "どこか"}).status_code == 400


# --- what is sent out


def until(look: Any, within_s: float = 60) -> Any:
    """What look sees, once it sees something."""
    end = time.monotonic() + within_s
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_a_hook_is_added_tried_and_told_of_a_report_by_the_running_app(hall: Hall) -> None:
    form = {"name": "県の地図", "url": hall.receiver.url, "events": ["report.created", "report.status"]}
    added = hall.post(f"{HOOKS}/add", **form)
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", added.text)
    assert "whsec_" not in hall.admin.get(HOOKS).text  # shown once
    assert secret not in (hall.server.data / "reports.sqlite").read_bytes().decode("latin-1")
    assert hall.post(f"{HOOKS}/add", **form).status_code == 422  # the name is taken
    number = value(hall.admin.get(HOOKS), "id")

    assert hall.post(f"{HOOKS}/act", action="try", id=number).status_code == 303
    report = hall.reported()

    took = until(lambda: len(hall.receiver.taken) >= 2 and hall.receiver.taken)
    told = {one["event"]: one for one in hall.receiver.events()}
    assert told["report.created"]["report"]["public_id"] == report.public_id
    assert "test" in told
    assert all(documented()(given, body, secret) for given, body in took)
    assert until(lambda: hall.town.reports.outgoing.delivery_counts()[MailState.SENT] == 2)
    assert "県の地図" in hall.admin.get(OUTBOX).text
    hall.post(f"{HOOKS}/act", action="stop", id=number)
    assert "理由：職員が止めた" in hall.admin.get(HOOKS).text
    actions = [line.target for line in hall.town.reports.latest_audit(limit=3)]
    assert actions == ["hook:県の地図"] * 3


@pytest.mark.parametrize(
    ("url", "told"),
    [("https://evil.example/", "送ってよい相手（GISAPP_HOOK_HOSTS）にありません"),
     ("javascript:alert(1)", "URLの形が正しくありません"),
     ("http://169.254.169.254/", "にありません"), ("http://127.0.0.1:1/", "にありません")],
)  # fmt: skip
def test_a_hook_elsewhere_than_the_operator_allows_is_refused_in_words(
    hall: Hall, url: str, told: str
) -> None:
    answer = hall.post(f"{HOOKS}/add", name="どこか", url=url, events=["report.created"])
    assert answer.status_code == 422
    assert told in answer.text
    assert "どこか" in answer.text  # what was typed is still there


def test_a_hook_without_events_or_with_planted_words_is_refused_or_shown_as_words(hall: Hall) -> None:
    none = hall.post(f"{HOOKS}/add", name="なし", url=hall.receiver.url)
    assert "1つ以上選んでください" in none.text
    for planted in PLANTED:
        hall.post(f"{HOOKS}/add", name=planted, url=hall.receiver.url, events=["report.hidden"])
    page = hall.admin.get(HOOKS).text
    assert "1337" not in page
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_body_outside_finishes_a_referred_report_over_the_wire(hall: Hall) -> None:
    added = hall.post(f"{HOOKS}/senders", body="県土木事務所", sender="ken")
    (secret,) = re.findall(r"whsec_([A-Za-z0-9+/=]+)", added.text)
    assert hall.post(f"{HOOKS}/senders", body="県土木事務所", sender="Ken!").status_code == 422
    report = hall.town.reports.add(pothole(received_at=datetime.now(UTC))).report
    referring = {"status": "referred", "referred_to": "県土木事務所"}
    hall.town.reports.append(report.id, step(EventKind.STATUS, referring, at=datetime.now(UTC)), seen=1)

    def tell(told: object, name: str = "ken", key: str = secret, message_id: str = "") -> httpx.Response:
        body = json.dumps(told).encode()
        signed = headers(base64.b64decode(key), message_id or str(uuid4()), datetime.now(UTC), body)
        return httpx.post(f"{hall.server.url}/hooks/in/{name}", content=body, headers=signed)

    finished = {"report": report.public_id, "action": "finished", "message": "舗装しました"}
    answers = [tell(finished, message_id="a-1"), tell(finished, message_id="a-1")]

    assert [one.status_code for one in answers] == [200, 200]
    assert [one.json()["again"] for one in answers] == [False, True]
    assert hall.town.reports.get(report.public_id).status is Status.REFERRED_CLOSED
    assert "舗装しました" not in httpx.get(f"{hall.server.url}/map/r/{report.public_id}").text
    for wrong in (
        tell(finished, "nobody"),
        tell(finished, key="A" * 43 + "="),
        tell({**finished, "report": "R8-1"}),
    ):
        assert wrong.status_code in (401, 404)
        assert "message" in wrong.json()
    assert httpx.post(f"{hall.server.url}/hooks/in/ken", content=b"x" * 20_000).status_code == 413
    assert httpx.get(f"{hall.server.url}/hooks/in/ken").status_code in (404, 405)
    hall.post(f"{HOOKS}/sender", name="ken", action="stop")
    assert tell(finished, message_id="a-1").status_code == 401


def test_what_could_not_be_sent_is_seen_with_its_reason_and_tried_again_now(hall: Hall) -> None:
    outgoing, now = hall.town.reports.outgoing, datetime.now(UTC)
    hall.town.reports.post(NewMail("himitsu@example.com", "受付番号のお知らせ", "本文", "news:1", now))
    mail = outgoing.latest_mails(MailState.WAITING, 1)[0]
    hall.town.reports.mail_postponed(mail.id, "SMTPRecipientsRefused [550]", None)

    page = hall.admin.get(OUTBOX)
    assert "SMTPRecipientsRefused [550]" in page.text
    assert "himitsu@example.com" not in page.text
    assert "メールサーバーが設定されていない" in page.text

    again = hall.post(f"{OUTBOX}/retry", what="mail", id=str(mail.id))
    assert again.headers["location"] == f"{OUTBOX}?done=again"
    (waiting,) = outgoing.latest_mails(MailState.WAITING, 9)
    assert (waiting.id, waiting.attempts) == (mail.id, 0)
    assert hall.post(f"{OUTBOX}/retry", what="delivery", id="9999").headers["location"].endswith("gone")
    for odd in ({"what": "mail", "id": "x"}, {"what": "all", "id": "1"}, {}):
        assert hall.post(f"{OUTBOX}/retry", **odd).status_code == 400
