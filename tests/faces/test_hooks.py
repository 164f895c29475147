"""Webhooks over real local servers: signed, public words only, tried again, and led to no forbidden address."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gisapp.flows.hooks.hearing import NotHeard, hear
from gisapp.flows.hooks.signing import headers, key_of, new_salt, shown, verified
from gisapp.flows.hooks.telling import EVENTS
from gisapp.hook_line import NotAllowedThere, NotTaken, address_of, deliver, target_of
from gisapp.keep_hooks import TRIES, send_deliveries, tell_hooks, try_out
from gisapp.town import Town
from gisapp.web.hooks_in import hook_in_routes
from reports_store import Contact, EventKind, MailState, Report, Status, Visibility
from reports_store.errors import InvalidValue
from reports_store.hooks import Hook, NewHook, NewSender
from tests.certificates import authority
from tests.conftest import ROOT
from tests.report_makers import PLANTED, moved, pothole, step
from tests.serving import free_port
from tests.small_town import later, small_town

SECRET_WORDS = ("秘密 花子", "090-1234-5678", "hanako@example.com", "内部のメモ", "となりの佐藤さんの家の前")
Took = tuple[dict[str, str], bytes]


@dataclass
class Receiver:
    """A server of somebody else: what it was sent, and what it answers, the last for ever after."""

    url: str
    taken: list[Took] = field(default_factory=list)
    answers: list[int] = field(default_factory=lambda: [200])

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]


@contextmanager
def receiving(*answers: int, safely: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = found.answers.pop(0) if len(found.answers) > 1 else found.answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", found.url + "elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if safely is not None:
        server.socket = safely.wrap_socket(server.socket, server_side=True)
    found = Receiver(
        f"{'https' if safely else 'http'}://127.0.0.1:{server.server_port}/hook",
        answers=[*(answers or (200,))],
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that nobody serves: each turn of the keeper is made by the test."""
    with small_town(tmp_path_factory.mktemp("hooks"), GISAPP_URL="https://chizu.example.lg.jp") as town:
        yield town


@pytest.fixture
def town(opened: Town) -> Iterator[Town]:
    yield opened
    for hook in opened.reports.outgoing.hooks():
        opened.reports.outgoing.stop_hook(hook.id, opened.now(), "by_hand")


def letting(town: Town, receiver: Receiver) -> Town:
    """The same town whose operator has allowed the receiver's server."""
    origin = receiver.url.removesuffix("/hook")
    return replace(town, settings=replace(town.settings, hook_hosts=(origin,)))


def hooked(town: Town, url: str, *, internal: bool = False, events: tuple[str, ...] = EVENTS) -> Hook:
    salt = new_salt()
    return town.reports.outgoing.add_hook(
        NewHook(f"相手 {uuid4()}", url, events, internal, salt, town.now(), "admin")
    )


def reported(town: Town, **given: Any) -> Report:
    new = replace(pothole(**given), received_at=datetime.now(UTC))
    return town.reports.add(new).report


def stepped(town: Town, report: Report, *steps: Any) -> Report:
    for one in steps:
        seen = town.reports.by_id(report.id).version
        report = town.reports.append(report.id, replace(one, at=datetime.now(UTC)), seen=seen)
    return report


def turn(town: Town) -> int:
    tell_hooks(town)
    return send_deliveries(town)


def documented() -> Callable[..., bool]:
    """The receiver's check as docs/api.md gives it to other towns' programmers."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import base64.*?)```", text, re.S)
    names: dict[str, Any] = {}
    exec(example, names)
    return names["is_ours"]  # type: ignore[no-any-return]


def test_a_receiver_that_fails_twice_gets_the_third_try_signed_as_the_manual_says(town: Town) -> None:
    with receiving(500, 503, 200) as receiver:
        here = letting(town, receiver)
        hook = hooked(here, receiver.url)
        report = reported(here)

        assert turn(here) == 0
        assert send_deliveries(here) == 0  # not yet
        assert send_deliveries(later(here, timedelta(minutes=2))) == 0
        (waiting,) = here.reports.outgoing.latest_deliveries(MailState.WAITING, 9)
        assert (waiting.attempts, waiting.last_error) == (2, "HTTP 503")
        assert send_deliveries(later(here, timedelta(minutes=5))) == 1
        assert send_deliveries(later(here, timedelta(days=2))) == 0

    secret = shown(key_of(town.secret, "hook", hook.salt))
    is_ours = documented()
    assert [one["report"]["public_id"] for one in receiver.events()] == [report.public_id] * 3
    assert len({one["webhook-id"] for one, _ in receiver.taken}) == 1
    for given, body in receiver.taken:
        assert is_ours(given, body, secret)
        assert not is_ours(given, body + b" ", secret)
        assert not is_ours({**given, "webhook-id": "msg_0"}, body, secret)
        assert not is_ours(given, body, shown(bytes(32)))
        assert not is_ours(given, body, secret, window_s=-1)


def test_public_words_alone_leave_and_what_is_withdrawn_before_it_goes_does_not(town: Town) -> None:
    with receiving() as receiver:
        here = letting(town, receiver)
        hooked(here, receiver.url)
        contact = Contact(
            name="秘密 花子", phone="090-1234-5678", email="hanako@example.com", wants_reply=True
        )
        report = reported(here, body="となりの佐藤さんの家の前です", contact=contact)
        stepped(
            here, report, moved(Status.TRIAGED, noted="内部のメモ"), step(EventKind.NOTE, noted="内部のメモ"),
            step(EventKind.PUBLIC_REPLY, said="来週直します。"), step(EventKind.ASSIGN, {"department": "環境課"}),
        )  # fmt: skip
        turn(here)
        told = [one["event"] for one in receiver.events()]
        assert told == ["report.created", "report.status", "report.reply"]
        assert receiver.events()[2]["report"]["steps"][0]["message"] == "来週直します。"
        stepped(here, report, moved(Status.IN_PROGRESS))
        tell_hooks(here)
        stepped(here, report, step(EventKind.VISIBILITY, {"visibility": Visibility.HIDDEN.value}))
        turn(here)

    last = receiver.events()[-1]
    assert (last["event"], last["report"]) == ("report.hidden", {"public_id": report.public_id})
    assert len(receiver.taken) == 4
    assert here.reports.outgoing.latest_deliveries(MailState.FAILED, 1)[0].last_error == "withdrawn"
    everything = b"".join(body for _, body in receiver.taken).decode()
    assert [words for words in SECRET_WORDS if words in everything] == []


def test_a_receiver_inside_the_town_hall_learns_of_more_and_never_of_the_reporter(town: Town) -> None:
    with receiving() as receiver:
        here = letting(town, receiver)
        hooked(here, receiver.url, internal=True)
        contact = Contact(name="秘密 花子", phone="090-1234-5678", email="hanako@example.com")
        report = reported(
            here, category="illegal_dumping", body="となりの佐藤さんの家の前です", contact=contact
        )
        stepped(here, report, step(EventKind.ASSIGN, {"department": "建設課"}), step(noted="内部のメモ"))
        turn(here)

    created, assigned = receiver.events()
    assert created["report"] == {"public_id": report.public_id}  # 不法投棄 waits for a check
    assert assigned["desk"]["department"] == "建設課"
    assert assigned["desk"]["url"] == f"https://chizu.example.lg.jp/desk/r/{report.public_id}"
    everything = b"".join(body for _, body in receiver.taken).decode()
    assert [words for words in SECRET_WORDS if words in everything] == []


def test_what_happened_before_and_what_is_told_already_is_not_told_again(town: Town) -> None:
    with receiving() as receiver:
        here = letting(town, receiver)
        reported(here)
        hook = hooked(here, receiver.url)
        reported(here)
        turn(here)
        tell_hooks(here)
        here.reports.outgoing.stop_hook(hook.id, here.now(), "by_hand")
        reported(here)
        turn(here)
        here.reports.outgoing.start_hook(hook.id)
        reported(here)
        turn(here)

    assert [one["event"] for one in receiver.events()] == ["report.created"] * 2


def test_a_receiver_that_never_answers_is_stopped_with_the_reason_and_started_by_hand(town: Town) -> None:
    with receiving(500) as receiver:
        here = letting(town, receiver)
        hook = hooked(here, receiver.url)
        try_out(here, hook.id)
        ahead = timedelta()
        for _ in range(TRIES):
            send_deliveries(later(here, ahead))
            ahead += timedelta(hours=9)

        (stopped,) = [one for one in here.reports.outgoing.hooks() if one.id == hook.id]
        assert (stopped.disabled_why, len(receiver.taken)) == ("HTTP 500", TRIES)
        (failed,) = [
            one
            for one in here.reports.outgoing.latest_deliveries(MailState.FAILED, 9)
            if one.hook_id == hook.id
        ]
        receiver.answers = [200]
        assert here.reports.outgoing.retry_delivery(failed.id, here.now())
        assert send_deliveries(here) == 0  # stopped
        here.reports.outgoing.start_hook(hook.id)
        assert send_deliveries(here) == 1
        assert receiver.events()[-1]["event"] == "test"


def test_a_receiver_that_is_gone_is_stopped_at_once(town: Town) -> None:
    with receiving(410) as receiver:
        here = letting(town, receiver)
        hook = hooked(here, receiver.url)
        try_out(here, hook.id)
        send_deliveries(here)

    assert next(one.disabled_why for one in here.reports.outgoing.hooks() if one.id == hook.id) == "HTTP 410"


# --- where it may not go


def test_a_redirection_is_not_followed() -> None:
    with receiving() as other, receiving(307) as receiver, pytest.raises(NotTaken, match="HTTP 307"):
        receiver_origin = receiver.url.removesuffix("/hook")
        deliver(receiver.url, b"{}", {}, (receiver_origin, other.url.removesuffix("/hook")))
    assert (len(receiver.taken), len(other.taken)) == (1, 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/hook", "http://localhost:{port}/hook", "http://[::1]:{port}/", "http://0.0.0.0:{port}/",
        "http://2130706433:{port}/", "http://hooks.example.jp@127.0.0.1:{port}/", "http://hooks.example.jp:{port}/",
        "https://hooks.example.jp.evil.example/", "http://hooks.example.jp/", "https://hooks.example.jp:8443/",
        "file:///etc/passwd", "ftp://hooks.example.jp/", "https:///", "", "https://hooks.example.jp\\@evil/",
        "https://hooks.example.jp:99999/", "https://hooks.example.jp/ x", "https://[::ffff:169.254.169.254]/",
        "http://169.254.169.254/latest/meta-data", "https://ｈooks.example.jp/",
    ],
)  # fmt: skip
def test_only_servers_on_the_list_are_spoken_to(url: str) -> None:
    with receiving() as receiver, pytest.raises(NotAllowedThere):
        deliver(
            url.replace("{port}", receiver.url.rsplit(":", 1)[1].removesuffix("/hook")),
            b"{}",
            {},
            ("hooks.example.jp",),
        )
    assert receiver.taken == []


@pytest.mark.parametrize("host", ["127.0.0.1.nip.io", "localhost.localdomain", "ip6-localhost"])
def test_a_name_on_the_list_that_leads_to_this_machine_is_refused(host: str) -> None:
    """As a name server of somebody else could make it: names of this machine's own hosts file, none by itself."""
    target = target_of(f"https://{host}/", (host,))
    with pytest.raises((NotAllowedThere, NotTaken)):
        address_of(target)


def test_an_address_on_the_list_by_itself_is_spoken_to() -> None:
    with receiving() as receiver:
        assert deliver(receiver.url + "?a=1", b"{}", {}, (receiver.url.removesuffix("/hook"),)) == 200
    assert receiver.taken[0][0]["host"] == receiver.url.removesuffix("/hook").removeprefix("http://")


def test_a_certificate_is_checked_against_the_name_by_an_authority_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other_name = authority(tmp_path), "hooks.example.jp"
    with (
        receiving(safely=ours.server("127.0.0.1")) as good,
        receiving(safely=ours.server(other_name)) as wrong,
    ):
        allowed = tuple(one.url.removesuffix("/hook") for one in (good, wrong))
        with pytest.raises(NotTaken, match="SSLCertVerificationError"):
            deliver(good.url, b"{}", {}, allowed)
        monkeypatch.setenv("SSL_CERT_FILE", str(ours.file))
        assert deliver(good.url, b"{}", {}, allowed) == 200
        with pytest.raises(NotTaken, match="SSLCertVerificationError"):
            deliver(wrong.url, b"{}", {}, allowed)
    assert (len(good.taken), len(wrong.taken)) == (1, 0)


def test_a_hook_whose_server_was_taken_off_the_list_is_stopped_with_the_reason(town: Town) -> None:
    hook = hooked(town, f"http://127.0.0.1:{free_port()}/hook")
    try_out(town, hook.id)
    send_deliveries(town)
    assert (
        next(one.disabled_why for one in town.reports.outgoing.hooks() if one.id == hook.id)
        == "not_on_the_list"
    )


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_in_a_name_is_kept_and_given_back_as_it_is(town: Town, planted: str) -> None:
    new = NewHook(planted, "https://x.example/", EVENTS, False, "s", town.now(), planted)
    assert town.reports.outgoing.add_hook(new).name == planted
    with pytest.raises(InvalidValue):
        town.reports.outgoing.add_hook(new)


# --- what others tell us


@dataclass
class Body:
    """A body outside with its key, and how it sends."""

    town: Town
    name: str
    key: bytes

    def send(
        self, told: dict[str, Any] | bytes, message_id: str = "", at: datetime | None = None, **other: str
    ) -> Any:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        given = headers(self.key, message_id or str(uuid4()), at or datetime.now(UTC), body) | other
        return hear(self.name, given, body, self.town.reports, self.town.secret, self.town.now())


@pytest.fixture
def prefecture(town: Town) -> Body:
    salt, name = new_salt(), f"ken-{uuid4().hex[:8]}"
    town.reports.outgoing.add_sender(NewSender(name, "県土木事務所", salt, town.now(), "admin"))
    return Body(town, name, key_of(town.secret, "sender", salt))


def referred(town: Town, body: str = "県土木事務所") -> Report:
    return stepped(
        town,
        reported(town),
        step(EventKind.STATUS, {"status": "referred", "referred_to": body}, said="県へ引き継ぎました。"),
    )


def test_a_body_takes_up_and_finishes_what_was_referred_to_it(prefecture: Body) -> None:
    reports, report = prefecture.town.reports, referred(prefecture.town)

    prefecture.send({"report": report.public_id, "action": "acknowledged", "message": "来週見ます"})
    done = prefecture.send({"report": report.public_id, "action": "finished", "message": "舗装しました"})

    assert done.report.status is Status.REFERRED_CLOSED
    taken_up, finished = reports.events(report.id)[-2:]
    assert (taken_up.kind, taken_up.internal_message) == (
        EventKind.SYNC,
        "引継ぎ先が受け付けました。\n来週見ます",
    )
    assert (finished.actor, finished.actor_type.value) == ("県土木事務所", "contractor")
    assert not taken_up.public_message and not finished.public_message  # residents hear from the town alone


def test_the_same_delivery_twice_is_taken_once_and_another_under_its_id_is_refused(prefecture: Body) -> None:
    report = referred(prefecture.town)
    told = {"report": report.public_id, "action": "finished", "message": "済"}

    first, second = prefecture.send(told, "id-1"), prefecture.send(told, "id-1")

    assert (first.again, second.again) == (False, True)
    assert second.report.version == first.report.version
    other = referred(prefecture.town)
    for twisted in ({**told, "message": "別"}, {**told, "report": other.public_id}):
        with pytest.raises(NotHeard) as refused:
            prefecture.send(twisted, "id-1")
        assert (refused.value.code, refused.value.status) == ("conflict", 409)


def test_a_body_reaches_no_report_but_its_own_and_cannot_tell_which_there_are(prefecture: Body) -> None:
    town = prefecture.town
    for number in (
        referred(town, "電力会社").public_id,
        reported(town).public_id,
        "R8-999999",
        "",
        "\0",
        "ア" * 500,
    ):
        with pytest.raises(NotHeard) as refused:
            prefecture.send({"report": number, "action": "finished", "message": ""})
        assert (refused.value.code, refused.value.status) == ("not_referred", 404)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"3", b"{", b"\xff", b'{"report": 3, "action": "finished"}', b'{"report": "x", "action": "reopen"}',
     b'{"report": "x", "action": "note"}', b'{"report": "x", "action": "note", "message": "' + b"a" * 2001 + b'"}',
     b'{"report": "x", "action": "note", "message": "\\u0000"}', b"[" * 9000],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(prefecture: Body, body: bytes) -> None:
    with pytest.raises(NotHeard) as refused:
        prefecture.send(body)
    assert refused.value.status == 400


def test_letters_that_nobody_sees_do_not_come_in_with_a_message(prefecture: Body) -> None:
    report = referred(prefecture.town)
    said = "来週\u202e直します\x01\r\n電話\t090\u2066\ufeff👨\u200d👩"
    told = {"report": report.public_id, "action": "note", "message": said}
    prefecture.send(told)
    last = prefecture.town.reports.events(report.id)[-1]
    assert last.internal_message.partition("\n")[2] == "来週直します\n電話\t090👨\u200d👩"
    with pytest.raises(NotHeard):
        prefecture.send({**told, "message": "\u202e\x01"})


def test_a_wrong_signature_a_stranger_an_old_delivery_and_a_stopped_sender_are_answered_alike(
    prefecture: Body,
) -> None:
    town, report = prefecture.town, referred(prefecture.town)
    told = {"report": report.public_id, "action": "finished", "message": ""}
    now = datetime.now(UTC)
    strange = replace(prefecture, name="nobody")
    attempts: list[Callable[[], Any]] = [
        lambda: replace(prefecture, key=bytes(32)).send(told),
        lambda: strange.send(told),
        lambda: prefecture.send(told, at=now - timedelta(minutes=6)),
        lambda: prefecture.send(told, at=now + timedelta(minutes=6)),
        lambda: prefecture.send(told, **{"webhook-timestamp": str(int(now.timestamp()) + 1)}),
        lambda: prefecture.send(told, **{"webhook-timestamp": "²"}),
        lambda: prefecture.send(told, **{"webhook-signature": ""}),
        lambda: prefecture.send(told, **{"webhook-signature": "v1,あ v1, " * 300}),
        lambda: prefecture.send(told, "x" * 101),
        lambda: hear(prefecture.name, {}, b"{}", town.reports, town.secret, now),
    ]
    for attempt in attempts:
        with pytest.raises(NotHeard) as refused:
            attempt()
        assert (refused.value.code, refused.value.status) == ("signature", 401)
    town.reports.outgoing.let_sender(prefecture.name, now)
    with pytest.raises(NotHeard):
        prefecture.send(told)
    assert town.reports.get(report.public_id).status is Status.REFERRED


def test_a_stranger_who_calls_a_name_over_and_over_shuts_nobody_out(prefecture: Body) -> None:
    report = referred(prefecture.town)
    told = json.dumps({"report": report.public_id, "action": "acknowledged", "message": ""}).encode()
    signed = headers(prefecture.key, str(uuid4()), datetime.now(UTC), told)
    door = TestClient(Starlette(routes=hook_in_routes(lambda: prefecture.town)))
    address = f"/hooks/in/{prefecture.name}"

    unsigned = [door.post(address, content=told).status_code for _ in range(125)]

    assert (set(unsigned[:120]), set(unsigned[120:])) == ({401}, {429})
    assert [door.post(address, content=told, headers=signed).status_code for _ in range(121)] == [
        200
    ] * 120 + [429]


def test_a_signature_among_several_is_enough() -> None:
    given = headers(bytes(32), "a", datetime.now(UTC), b"{}")
    assert verified(
        bytes(32),
        {**given, "webhook-signature": f"v1,AAAA {given['webhook-signature']}"},
        b"{}",
        datetime.now(UTC),
    )
