"""Being told by e-mail, over a real mail server: asked for twice, in one's language, with public words, ended at once."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from gisapp.flows.desk.steps import Desk, Part, reply, split
from gisapp.flows.notify import notify
from gisapp.keep_post import TRIES, send_due, tell_departments, tell_news
from gisapp.person import Person, Role
from gisapp.post import BadServer, Letter, MailServer, NotSent, connected, send, written
from gisapp.profile import Office
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from reports_store import Contact, EventKind, Mail, MailState, NewMail, Report, Status, Visibility
from reports_store.fiscal import JST
from reports_store.tracking import code_for, hash_of
from tests.certificates import Authority, authority
from tests.report_makers import moved, pothole, step
from tests.serving import Server, command, copied, free_port, serving
from tests.small_town import at_moment, small_town

CLERK = Person("madoguchi", "見本 受付", "総務課", frozenset({Role.CLERK}))
FROM = "見本町 <machi@example.jp>"


@dataclass
class Mailbox:
    """What a mail server has taken; refuse maps an address to what it answers instead."""

    taken: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def of(self, address: str) -> list[EmailMessage]:
        return [one for one in self.taken if one["To"] == address]

    def wait(self, address: str, n: int = 1) -> list[EmailMessage]:
        until = time.monotonic() + 60
        while len(self.of(address)) < n and time.monotonic() < until:
            time.sleep(0.1)
        found = self.of(address)
        assert len(found) >= n, f"{len(found)} mails for {address} came"
        return found


@dataclass
class Hall:
    """The running app, the same town opened beside it to play the clerk, and the mail server."""

    server: Server
    town: Town
    box: Mailbox

    def report(self, **given: object) -> tuple[Report, str]:
        new = pothole(**given)  # type: ignore[arg-type]
        code = code_for(self.town.secret, new.uuid)
        new = replace(new, tracking_hash=hash_of(code), received_at=datetime.now(UTC))
        return self.town.reports.add(new).report, code

    def step(self, report: Report, *steps: object) -> None:
        for one in steps:
            seen = self.town.reports.by_id(report.id).version
            self.town.reports.append(report.id, replace(one, at=datetime.now(UTC)), seen=seen)  # type: ignore[type-var]

    def post(self, path: str, data: dict[str, str], **options: object) -> httpx.Response:
        return httpx.post(
            f"{self.server.url}{path}", data=data, headers={"Origin": self.server.url}, **options
        )  # type: ignore[arg-type]

    def subscribed(self, address: str, query: str = "", **wish: str) -> str:
        """Ask, wait for the mail and press its button; returns the mail's link."""
        asked = self.post(f"/track/subscribe{query}", {**wish, "email": address})
        assert asked.status_code == 200, asked.text
        link = self.link(self.box.wait(address)[-1], "confirm")
        assert self.post(link, {}).status_code == 200
        return link

    def link(self, mail: EmailMessage, which: str) -> str:
        found = re.search(rf"https://chizu\.example\.lg\.jp(/mail/{which}/\S+)", text(mail))
        assert found is not None, text(mail)
        return found[1]


def text(mail: EmailMessage) -> str:
    body = mail.get_body()
    assert body is not None
    return str(body.get_content())


@pytest.fixture(scope="module")
def box() -> Iterator[tuple[Mailbox, int]]:
    found = Mailbox()
    controller = Controller(found, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield found, controller.port
    controller.stop()


@pytest.fixture(scope="module")
def hall(
    sample_town: Path, tmp_path_factory: pytest.TempPathFactory, box: tuple[Mailbox, int]
) -> Iterator[Hall]:
    data = copied(sample_town, tmp_path_factory.mktemp("mail") / "var")
    set_up = {"GISAPP_SMTP": f"smtp://127.0.0.1:{box[1]}", "GISAPP_MAIL_FROM": FROM}
    set_up |= {"GISAPP_URL": "https://chizu.example.lg.jp"}
    with serving(data, **set_up) as server:
        until = time.monotonic() + 60
        while not (data / "post.cursor").exists() and time.monotonic() < until:
            time.sleep(0.1)  # what happened before the post was set up is no news
        town = open_town(Settings.from_env({"GISAPP_DATA": str(data), **set_up}))
        yield Hall(server, town, box[0])
        town.close()


def test_nobody_is_told_before_the_button_in_the_mail_is_pressed(hall: Hall) -> None:
    report, _ = hall.report()
    address = "machi-no-hito@example.com"
    hall.post("/track/subscribe", {"kind": "category", "category": "road_damage", "email": address})
    mail = hall.box.wait(address)[0]
    link = hall.link(mail, "confirm")
    assert "道路の損傷" in text(mail)

    looked = httpx.get(f"{hall.server.url}{link}")  # as a scanner of mails does
    assert "受け取りますか" in looked.text
    control = hall.subscribed("control@example.com", kind="category", category="road_damage")
    hall.step(report, moved(Status.TRIAGED))
    hall.box.wait("control@example.com", 2)
    assert len(hall.box.of(address)) == 1

    assert "始めました" in hall.post(link, {}).text
    hall.step(report, moved(Status.IN_PROGRESS))
    news = hall.box.wait(address, 2)[1]
    assert report.public_id in str(news["Subject"])
    assert "対応中" in str(news["Subject"])
    assert f"https://chizu.example.lg.jp/map/r/{report.public_id}" in text(news)
    assert control != link


def test_a_look_at_the_stop_link_ends_nothing_and_one_tap_does(hall: Hall) -> None:
    report, _ = hall.report(area="やめる組")
    address = "yameru@example.com"
    hall.subscribed(address, "", kind="report", report=report.public_id)
    hall.step(report, moved(Status.TRIAGED))
    news = hall.box.wait(address, 2)[-1]
    link = hall.link(news, "stop")
    assert str(news["List-Unsubscribe"]).strip() == f"<https://chizu.example.lg.jp{link}>"
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    assert "やめますか" in httpx.get(f"{hall.server.url}{link}").text
    hall.step(report, moved(Status.IN_PROGRESS))
    hall.box.wait(address, 3)
    # a mail program's own request has no Origin
    one_click = httpx.post(f"{hall.server.url}{link}", data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    hall.subscribed("control2@example.com", kind="report", report=report.public_id)
    hall.step(report, moved(Status.RESOLVED, said="直しました。"))
    hall.box.wait("control2@example.com", 2)
    assert len(hall.box.of(address)) == 3
    assert hall.post(link, {}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/mail/confirm/x", "/mail/stop/x", "/mail/stop/" + "a" * 2000, "/mail/confirm/%0d%0a"]
)
def test_a_link_that_leads_nowhere_says_so(hall: Hall, path: str) -> None:
    answer = hall.post(path, {})
    assert answer.status_code == 404
    assert "使えません" in answer.text
    other_site = httpx.post(f"{hall.server.url}{path}", headers={"Origin": "https://evil.example"})
    assert other_site.status_code == 403


def test_an_area_an_association_and_a_box_hear_of_their_own_new_reports_only(hall: Hall) -> None:
    hall.subscribed("box@example.com", kind="place", bbox="136.0,35.0,136.01,35.01")
    name = re.findall(r"<option>(.+?)</option>", httpx.get(f"{hall.server.url}/track/subscribe").text)[0]
    hall.subscribed("kumi@example.com", kind="association", association=name)
    inside, _ = hall.report(lon=136.005, lat=35.005)
    ours, _ = hall.report(lon=136.9, lat=35.9, area=name)
    assert inside.public_id in str(hall.box.wait("box@example.com", 2)[1]["Subject"])
    assert ours.public_id in str(hall.box.wait("kumi@example.com", 2)[1]["Subject"])
    assert len(hall.box.of("box@example.com")) == len(hall.box.of("kumi@example.com")) == 2


def test_the_reporter_who_wants_an_answer_gets_it_and_can_end_it(hall: Hall) -> None:
    address = "tsuho@example.com"
    report, _ = hall.report(
        contact=Contact(name="秘密 花子", phone="090-1234-5678", email=address, wants_reply=True)
    )
    hall.step(
        report, moved(Status.TRIAGED, noted="内部のメモ"), step(EventKind.PUBLIC_REPLY, said="来週直します。")
    )
    first, second = hall.box.wait(address, 2)[:2]
    assert "来週直します。" in text(second)
    assert "町からの返事" in str(second["Subject"])
    everything = str(first) + str(second) + text(first) + text(second)
    for private in ("内部のメモ", "秘密", "090-1234", "建設課 1"):
        assert private not in everything
    assert hall.post(hall.link(second, "stop"), {}).status_code == 200
    other = replace(
        pothole(contact=Contact(email="b@example.com", wants_reply=True)), received_at=datetime.now(UTC)
    )
    control = hall.town.reports.add(other).report
    hall.step(report, moved(Status.IN_PROGRESS))
    hall.step(control, moved(Status.TRIAGED))
    hall.box.wait("b@example.com")
    assert len(hall.box.of(address)) == 2


def test_who_did_not_ask_for_an_answer_gets_none(hall: Hall) -> None:
    quiet, _ = hall.report(contact=Contact(email="quiet@example.com", wants_reply=False))
    asking, _ = hall.report(contact=Contact(email="asking@example.com", wants_reply=True))
    hall.step(quiet, moved(Status.TRIAGED))
    hall.step(asking, moved(Status.TRIAGED))
    hall.box.wait("asking@example.com")
    assert hall.box.of("quiet@example.com") == []


def test_a_mail_speaks_the_language_it_was_asked_for_in(hall: Hall) -> None:
    report, _ = hall.report()
    asked = hall.post(
        "/track/subscribe?lang=en", {"kind": "report", "report": report.public_id, "email": "en@example.com"}
    )
    assert asked.status_code == 200
    hall.post(hall.link(hall.box.wait("en@example.com")[0], "confirm"), {})
    hall.step(report, moved(Status.TRIAGED))
    news = hall.box.wait("en@example.com", 2)[1]
    assert not re.search("[ぁ-ん]", text(news).replace("見本町", ""))


def test_a_report_that_is_hidden_tells_its_holder_and_nobody_else(hall: Hall) -> None:
    report, code = hall.report()
    hall.subscribed("public@example.com", kind="report", report=report.public_id)
    with httpx.Client(
        base_url=hall.server.url, headers={"Origin": hall.server.url}, follow_redirects=True
    ) as browser:
        page = browser.post("/track/", data={"code": code})
        token = re.search(r'name="token" value="([^"]+)"', page.text)
        assert token is not None
        done = browser.post(
            "/track/mail",
            data={"token": unescape(token[1]), "uuid": str(uuid4()), "email": "own@example.com"},
        )
        assert "確認のメールを送りました" in done.text
    hall.post(hall.link(hall.box.wait("own@example.com")[0], "confirm"), {})
    hall.step(
        report, step(EventKind.VISIBILITY, {"visibility": Visibility.HIDDEN.value}), moved(Status.TRIAGED)
    )
    own = hall.box.wait("own@example.com", 2)[1]
    assert "https://chizu.example.lg.jp/track/" in text(own)
    assert len(hall.box.of("public@example.com")) == 1


def test_subscribers_of_a_merged_report_hear_of_the_original(hall: Hall) -> None:
    original, _ = hall.report()
    duplicate, _ = hall.report()
    hall.subscribed("merged@example.com", kind="report", report=duplicate.public_id)
    merged = command(hall.server.data, "report", "merge", duplicate.public_id, original.public_id)
    assert original.public_id in merged.stdout
    hall.step(original, moved(Status.TRIAGED))
    hall.box.wait("merged@example.com", 3)
    assert any(original.public_id in str(one["Subject"]) for one in hall.box.of("merged@example.com"))
    back = command(hall.server.data, "report", "unmerge", duplicate.public_id)
    assert "受付" in back.stdout
    assert hall.town.reports.get(duplicate.public_id).status is Status.RECEIVED


@pytest.mark.parametrize(
    "address",
    ["", "x", "a@b", "a@b.jp\r\nBcc: all@example.jp", "a b@example.jp", "a@example.jp,b@example.jp", "<a@example.jp>",
     "a@-x.jp", "a..b@example.jp", "あ@example.jp", "a@" + "x" * 250 + ".jp", '"a b"@example.jp'],
)  # fmt: skip
def test_what_is_no_mail_address_is_refused_and_kept_on_screen(hall: Hall, address: str) -> None:
    answer = hall.post("/track/subscribe", {"kind": "category", "category": "other", "email": address})
    assert answer.status_code == 400
    assert "メールアドレスの形が正しくありません" in answer.text


def test_full_width_letters_are_read_as_the_address_they_stand_for(hall: Hall) -> None:
    hall.post(
        "/track/subscribe",
        {"kind": "category", "category": "other", "email": "ｚｅｎｋａｋｕ＠ｅｘａｍｐｌｅ．ｃｏｍ"},
    )
    hall.box.wait("zenkaku@example.com")


def test_nobodys_mailbox_is_filled_through_us(hall: Hall) -> None:
    wish = {"kind": "category", "category": "other", "email": "victim@example.com"}
    answers = [hall.post("/track/subscribe", wish).status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2


def test_no_address_is_in_the_log_or_in_the_list_of_mails(hall: Hall) -> None:
    hall.box.refuse["refused@example.com"] = "550 no refused@example.com here"
    hall.post("/track/subscribe", {"kind": "category", "category": "other", "email": "refused@example.com"})
    until = time.monotonic() + 60
    while not hall.town.reports.mails(MailState.FAILED) and time.monotonic() < until:
        time.sleep(0.1)
    listed = command(hall.server.data, "mail", "list").stdout
    assert "あきらめました" in listed
    assert "550" in listed
    for shown in (listed, hall.server.log.read_text(errors="replace")):
        assert "@example.com" not in shown


# --- the post itself


@pytest.fixture
def quiet_town(sample_town: Path, tmp_path: Path, box: tuple[Mailbox, int]) -> Iterator[Town]:
    """A town that nobody serves: each turn of the post is made by the test."""
    given = {"GISAPP_DATA": str(copied(sample_town, tmp_path / "var")), "GISAPP_MAIL_FROM": FROM}
    town = open_town(Settings.from_env({**given, "GISAPP_SMTP": f"smtp://127.0.0.1:{box[1]}"}))
    yield town
    town.close()


def mail(to: str, key: str = "key") -> NewMail:
    return NewMail(to, "件名", "本文\n", key, datetime.now(UTC) - timedelta(minutes=1))


def later(town: Town, after: timedelta) -> Town:
    """The same town with its clock put forward."""

    class Ahead(Town):
        __slots__ = ()

        def now(self) -> datetime:
            return datetime.now(UTC) + after

    return Ahead(**{name: getattr(town, name) for name in town.__dataclass_fields__})


def test_a_mail_waits_while_no_server_answers_and_goes_when_one_does(
    quiet_town: Town, box: tuple[Mailbox, int]
) -> None:
    quiet_town.reports.post(mail("wait@example.com"))
    assert send_due(quiet_town, MailServer.of(f"smtp://127.0.0.1:{free_port()}")) == 0
    waiting = quiet_town.reports.mails(MailState.WAITING)
    assert [(one.attempts, one.last_error) for one in waiting] == [(1, "ConnectionRefusedError")]
    server = MailServer.of(quiet_town.settings.smtp)
    assert send_due(quiet_town, server) == 0  # not yet
    assert send_due(later(quiet_town, timedelta(minutes=2)), server) == 1
    assert len(box[0].of("wait@example.com")) == 1
    assert send_due(later(quiet_town, timedelta(days=9)), server) == 0


def test_a_mailbox_that_is_full_is_tried_less_and_less_often_and_given_up_at_last(
    quiet_town: Town, box: tuple[Mailbox, int]
) -> None:
    box[0].refuse["full@example.com"] = "452 mailbox full"
    quiet_town.reports.post(mail("full@example.com"))
    server, pauses, ahead = MailServer.of(quiet_town.settings.smtp), [], timedelta()
    for _ in range(TRIES):
        send_due(later(quiet_town, ahead), server)
        waiting = quiet_town.reports.mails(MailState.WAITING)
        if waiting:
            pause = waiting[0].next_try - datetime.now(UTC) - ahead
            pauses.append(round(pause.total_seconds() / 60))
            ahead += pause + timedelta(seconds=5)
    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert len(quiet_town.reports.mails(MailState.FAILED)) == 1


def test_one_bad_mailbox_does_not_hold_up_the_others(quiet_town: Town, box: tuple[Mailbox, int]) -> None:
    box[0].refuse["gone@example.com"] = "550 gone"
    quiet_town.reports.post(mail("gone@example.com", "1"))
    quiet_town.reports.post(mail("fine@example.com", "2"))
    assert send_due(quiet_town, MailServer.of(quiet_town.settings.smtp)) == 1
    assert len(box[0].of("fine@example.com")) == 1


def test_who_reported_two_things_at_once_hears_of_both(quiet_town: Town) -> None:
    contact = Contact(name="秘密 花子", email="futatsu@example.com", wants_reply=True)
    report = quiet_town.reports.add(replace(pothole(contact=contact), received_at=datetime.now(UTC))).report
    after = quiet_town.reports.last_event()
    desk = Desk(quiet_town.reports, quiet_town.categories, CLERK, quiet_town.now)

    child = split(desk, report, [Part("illegal_dumping", "看板がすてられている")], internal="内部のメモ")[0]
    reply(desk, child, "看板を片付けました。")
    notify(after, quiet_town.mail_room, quiet_town.now())

    told = [each for each in quiet_town.reports.mails(MailState.WAITING) if each.to == contact.email]
    assert len(told) == 2
    assert child.public_id in told[0].body
    assert "看板を片付けました。" in told[1].body
    for private in ("内部のメモ", "秘密", "看板がすてられている", CLERK.login):
        assert all(private not in each.body + each.subject for each in told)


def test_what_happened_before_the_post_was_set_up_and_what_is_told_already_is_not_told_again(
    quiet_town: Town,
) -> None:
    new = replace(
        pothole(contact=Contact(email="again@example.com", wants_reply=True)), received_at=datetime.now(UTC)
    )
    report = quiet_town.reports.add(new).report
    quiet_town.reports.append(report.id, replace(moved(Status.TRIAGED), at=datetime.now(UTC)), seen=1)
    tell_news(quiet_town)
    assert quiet_town.reports.mails(MailState.WAITING) == []
    quiet_town.reports.append(report.id, replace(moved(Status.IN_PROGRESS), at=datetime.now(UTC)), seen=2)
    tell_news(quiet_town)
    (quiet_town.settings.data / "post.cursor").write_text("0")  # as after a crash
    tell_news(quiet_town)
    subjects = [one.subject for one in quiet_town.reports.mails(MailState.WAITING)]
    assert len(subjects) == len(set(subjects)) == 2


@pytest.mark.parametrize("field_name", ["to", "subject"])
def test_no_line_break_becomes_a_header(field_name: str) -> None:
    letter = Letter("a@example.jp", "件名", "本文", "key", datetime.now(UTC))
    with pytest.raises(ValueError):
        written(replace(letter, **{field_name: "a@example.jp\r\nBcc: b@example.jp"}), FROM)


def test_a_mail_with_a_broken_header_is_given_up_and_reaches_nobody(box: tuple[Mailbox, int]) -> None:
    before = len(box[0].taken)
    letter = Letter("a@example.jp", "件名\nBcc: b@example.jp", "本文", "key", datetime.now(UTC))
    with connected(MailServer.of(f"smtp://127.0.0.1:{box[1]}")) as line, pytest.raises(NotSent) as told:
        send(letter, FROM, line)
    assert (told.value.again, told.value.others) == (False, True)
    assert len(box[0].taken) == before


@pytest.mark.parametrize("address", ["", "mail.example.jp", "http://x", "smtp://", "smtp://x:port"])
def test_a_server_that_is_told_wrongly_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(BadServer):
        MailServer.of(address)
    told = MailServer.of("starttls://machi:p%40ss@mail.example.jp")
    assert (told.host, told.port, told.user, told.password) == ("mail.example.jp", 587, "machi", "p@ss")
    assert "p@ss" not in repr(told)


# --- servers that ask for a password, and lines that nobody may read


@dataclass
class Guard:
    """What a mail server lets in: one name and one password; seen are the attempts."""

    seen: list[bool] = field(default_factory=list)

    def __call__(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, given: object
    ) -> AuthResult:
        right = given == LoginPassword(b"machi", b"kagi: 1/2@")
        self.seen.append(right)
        return AuthResult(success=right, handled=False)


PASSWORD_IN_ADDRESS = "kagi%3A%201%2F2%40"
LETTER = Letter("tls@example.com", "件名", "本文\n", "key", datetime(2026, 6, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Authority, dict[str, int], Mailbox, Guard]]:
    """Two real servers that want a password: by STARTTLS and by TLS from the first byte."""
    ours, taken, guard = authority(tmp_path_factory.mktemp("authority")), Mailbox(), Guard()
    wanting = {"authenticator": guard, "auth_required": True}
    plain_first = Controller(
        taken, hostname="127.0.0.1", port=free_port(), tls_context=ours.server("127.0.0.1"), require_starttls=True, **wanting
    )  # fmt: skip
    at_once = Controller(
        taken, hostname="127.0.0.1", port=free_port(), ssl_context=ours.server("127.0.0.1"), auth_require_tls=False, **wanting
    )  # fmt: skip
    # the controller greets its own server once as it starts: over TLS it has to trust the authority, too
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(ours.file))
        plain_first.start()
        at_once.start()
    yield ours, {"starttls": plain_first.port, "smtps": at_once.port}, taken, guard
    plain_first.stop()
    at_once.stop()


@pytest.mark.parametrize("scheme", ["starttls", "smtps"])
def test_a_mail_goes_over_tls_with_the_towns_password(
    guarded: tuple[Authority, dict[str, int], Mailbox, Guard], scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, ports, taken, guard = guarded
    server = MailServer.of(f"{scheme}://machi:{PASSWORD_IN_ADDRESS}@127.0.0.1:{ports[scheme]}")
    before = len(taken.taken)
    with pytest.raises(NotSent, match="SSLCertVerificationError"), connected(server):
        pass  # nobody vouches for its certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.file))
    with connected(server) as line:
        send(LETTER, FROM, line)
    assert len(taken.taken) == before + 1
    assert guard.seen[-1]


@pytest.mark.parametrize("scheme", ["starttls", "smtps"])
def test_a_wrong_password_is_told_without_repeating_it_and_the_mail_waits(
    guarded: tuple[Authority, dict[str, int], Mailbox, Guard], scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, ports, _, _ = guarded
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.file))
    server = MailServer.of(f"{scheme}://machi:himitsu-no-kagi@127.0.0.1:{ports[scheme]}")
    with pytest.raises(NotSent) as told, connected(server):
        pass
    assert (told.value.reason, told.value.again) == ("SMTPAuthenticationError 535", True)
    assert "himitsu" not in repr(server) + str(told.value)


def test_a_password_that_no_mail_server_can_be_told_is_refused_at_once() -> None:
    with pytest.raises(BadServer):
        MailServer.of("smtps://machi:%E9%8D%B5@127.0.0.1")


def test_a_server_that_speaks_no_tls_gets_neither_password_nor_mail(box: tuple[Mailbox, int]) -> None:
    before = len(box[0].taken)
    with (
        pytest.raises(NotSent, match="SMTPNotSupportedError"),
        connected(MailServer.of(f"starttls://machi:x@127.0.0.1:{box[1]}")),
    ):
        pass
    assert len(box[0].taken) == before


# --- the digest of the morning

MONDAY = datetime(2026, 6, 1, 8, 30, tzinfo=JST)
OFFICES = (Office("建設課", "doboku@example.lg.jp"), Office("環境課", "kankyo@example.lg.jp"))


def digests(town: Town, at: datetime) -> list[Mail]:
    tell_departments(at_moment(town, at), None)
    return [one for one in town.reports.mails(MailState.WAITING) if one.key.startswith("digest:")]


def test_each_department_gets_its_own_numbers_once_a_day_and_nothing_of_a_person(tmp_path: Path) -> None:
    with small_town(tmp_path, *OFFICES, GISAPP_URL="https://chizu.example.lg.jp") as town:
        contact = Contact(name="秘密 花子", phone="090-1234-5678", email="hanako@example.com")
        long_ago = [
            replace(pothole(body="佐藤さんの前", contact=contact), received_at=MONDAY - timedelta(days=30))
        ]
        due_today = replace(pothole(area="東町"), received_at=datetime(2026, 5, 18, 3, 0, tzinfo=UTC))
        reports = [
            town.reports.add(one).report
            for one in (*long_ago, due_today, replace(pothole(), received_at=MONDAY))
        ]

        assert digests(town, MONDAY - timedelta(minutes=1)) == []
        (mail,) = digests(town, MONDAY)
        assert digests(town, MONDAY + timedelta(hours=3)) == [mail]  # another process, or after a restart

        assert mail.to == "doboku@example.lg.jp"
        assert mail.subject == "【建設課】6/1 の通報：遅れ1・今日まで1・新着3"
        assert (
            f"{reports[1].public_id}　道路の損傷　東町　期限 6/1　https://chizu.example.lg.jp/desk/r/"
            in mail.body
        )
        asked = re.findall(r"https://chizu.example.lg.jp/desk/\?(\S+)", mail.body)
        assert [parse_qs(one) for one in asked] == [{"state": ["open", "working"], "department": ["建設課"]}]
        for private in ("佐藤", "秘密", "090-1234", "hanako"):
            assert private not in mail.subject + mail.body
        tuesday = digests(town, MONDAY + timedelta(days=1))
        assert len(tuesday) == 2


@pytest.mark.parametrize(
    "when", ["2026-06-06T09:00+09:00", "2026-05-04T09:00+09:00", "2026-06-01T17:15+09:00"]
)
def test_no_digest_goes_on_days_off_or_in_the_evening(tmp_path: Path, when: str) -> None:
    at = datetime.fromisoformat(when)
    with small_town(tmp_path, *OFFICES) as town:
        town.reports.add(replace(pothole(), received_at=at - timedelta(days=3)))
        assert digests(town, at) == []


def test_a_long_list_is_cut_and_still_fits_a_mail(tmp_path: Path) -> None:
    with small_town(tmp_path, *OFFICES) as town:
        long_ago = MONDAY - timedelta(days=40)
        town.reports.add_many([pothole(area="ながい名前" * 10, received_at=long_ago) for _ in range(90)])
        (mail,) = digests(town, MONDAY)
        assert "遅れ90" in mail.subject
        assert "ほか60件" in mail.body
